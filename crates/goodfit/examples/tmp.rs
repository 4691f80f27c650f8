#![allow(missing_docs)]
use goodfit::data::*; use goodfit::recipe::*; use goodfit::run::*; use goodfit_nn::*;
fn main() {
    let mut r = Recipe { data: DataRecipe { source: Source::Mnist, train_rows: None, validation: 0.0, evaluation: Evaluation::Validation, split_seed: None },
      network: NetworkRecipe { hidden: vec![100; 4], activation: Activation::Relu, init: Init::He, bias: true, batch_norm: None, input_dropout: 0.0, hidden_dropout: 0.0, dropout_form: DropoutForm::Textbook, max_norm: None, convention: Convention::Textbook },
      training: TrainingRecipe { optimizer: Optimizer::Sgd, learning_rate: 0.01, weight_decay: WeightDecay::None, batch_size: 128, batches: goodfit::recipe::Batches::Replacement, length: Length::Steps(2000), evaluate_every: Some(0), schedule: Schedule::Constant, warmup_steps: 0, clip_norm: None, early_stopping: None, loss: Loss::CrossEntropy { label_smoothing: 0.0 }, record_loss: RecordLoss::After, diagnostics: false } };
    let t = std::time::Instant::now();
    let data = Prepared::new(load(&r.data, 0).unwrap(), &r.data, 0).unwrap();
    println!("load {:?}", t.elapsed());
    let m = Monitor::default();
    for init in [Init::Std(0.01), Init::Xavier, Init::He] { r.network.init = init;
      for seed in 0..2 { let t = std::time::Instant::now(); let x = train(&r, &data, seed, &m).unwrap().unwrap();
        let c = &x.run.curves["train_loss"].value; let mean = |e: usize| c[e-100..e].iter().sum::<f64>()/100.0;
        println!("{init:?} {seed} {:.3} {:.3} {:.3} {:.3} {:?}", mean(100), mean(500), mean(1000), mean(2000), t.elapsed()); } }
    r.data.train_rows = Some(300); r.data.evaluation = Evaluation::Test; r.network.hidden = vec![100; 6]; r.training.batch_size = 100; r.training.length = Length::Steps(601); r.training.evaluate_every = Some(3); r.training.record_loss = RecordLoss::Never;
    let data = Prepared::new(load(&r.data, 0).unwrap(), &r.data, 0).unwrap();
    for l in [0.0, 0.1] { r.training.weight_decay = WeightDecay::L2(l); for seed in 0..3 { let t = std::time::Instant::now(); let x = train(&r, &data, seed, &m).unwrap().unwrap(); println!("{l} {:?} {:?}", x.run.final_, t.elapsed()); } }
    r.training.weight_decay = WeightDecay::None; r.network.hidden_dropout = 0.2;
    for seed in 0..3 { let t = std::time::Instant::now(); let x = train(&r, &data, seed, &m).unwrap().unwrap(); println!("dropout {:?} {:?}", x.run.final_, t.elapsed()); } 
    r.network.hidden_dropout = 0.0; r.network.batch_norm = Some(BatchNorm::new(Convention::Textbook)); r.network.hidden = vec![100; 5];
    r.data.train_rows = Some(1000); r.data.evaluation = Evaluation::Validation; r.training.evaluate_every = Some(10); r.training.length = Length::Steps(191);
    let data = Prepared::new(load(&r.data, 0).unwrap(), &r.data, 0).unwrap();
    for std in [1.0, 0.1, 0.01, 1e-4] { r.network.init = Init::Std(std); let t = std::time::Instant::now(); let x = train(&r, &data, 0, &m).unwrap().unwrap(); println!("bn {std} {:?} {:?}", x.run.final_, t.elapsed()); } 
}
