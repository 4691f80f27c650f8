//! Once a training has begun, its steps and its evaluations allocate nothing.

mod counting;

use counting::allocations;
use goodfit_nn::kernels::Csr;
use goodfit_nn::{
    Activation, Affine, Average, Batch, BatchNorm, BatchOrder, Batches, Convention, Dropout, DropoutForm, Embedding,
    Ensemble, Float, Init, Inputs, LayerSpec, LevelColumn, Loss, Matrix, NetworkSpec, NumericColumns, NumericEmbedding,
    Optimizer, Purpose, Stream, Targets, Trainer, TrainingSpec, WeightDecay, Workspace,
};

#[test]
fn the_counter_counts() {
    assert_eq!(allocations(|| drop(vec![1; 10])), 1);
    assert_eq!(allocations(|| drop(vec![0; 10])), 1);
    assert_eq!(
        allocations(|| {
            let mut grows = Vec::with_capacity(1);
            grows.extend([1, 2, 3]);
            drop(grows);
        }),
        2
    );
}

const ROWS: usize = 301;
const INPUTS: usize = 20;
const CLASSES: usize = 5;

fn spec(has_norm: bool, has_dropout: bool) -> NetworkSpec {
    let norm = LayerSpec::BatchNorm(BatchNorm::new(Convention::Field));
    let drop = LayerSpec::Dropout(Dropout { ratio: 0.3, form: DropoutForm::Inverted });
    let mut layers = Vec::new();
    for (units, activation) in [(33, Activation::Relu), (17, Activation::Gelu)] {
        let max_norm = Some(2.0);
        layers.push(LayerSpec::Affine(Affine { max_norm, ..Affine::new(units, Init::He) }));
        layers.extend(has_norm.then(|| norm.clone()));
        layers.push(LayerSpec::Activation(activation));
        layers.extend(has_dropout.then(|| drop.clone()));
    }
    layers.push(LayerSpec::Affine(Affine::new(CLASSES, Init::He)));
    NetworkSpec { inputs: INPUTS, layers }
}

fn check<T: Float>(spec: &NetworkSpec, training: TrainingSpec, inputs: &Inputs<T>, order: BatchOrder) {
    let classes: Vec<u32> = (0..ROWS).map(|row| (row % CLASSES) as u32).collect();
    let values = Matrix::from_rows(ROWS, CLASSES, vec![T::ONE; ROWS * CLASSES]);
    let weights = [T::ONE; ROWS];
    let targets = match training.loss {
        Loss::CrossEntropy { .. } => Targets::Classes(&classes),
        Loss::MeanSquaredError => Targets::Values(values.view()),
    };
    let mut batches = Batches::new(ROWS, 20, order, 1);
    let mut trainer = Trainer::<T>::new(spec, TrainingSpec { max_batch: batches.max_batch(), ..training }, 1).unwrap();
    let what = format!("{spec:?} {training:?} {order:?}");
    let row_weights = Some(&weights[..]);
    // The first step may make room for sparse inputs, the first `keep` for the copy.
    trainer.step(&Batch { inputs, targets, rows: batches.next_rows(), row_weights });
    trainer.keep();
    // Two epochs, so that shuffled batches end in one that is larger than the others.
    for step in 0..2 * batches.steps_per_epoch() {
        let n = allocations(|| {
            let batch = Batch { inputs, targets, rows: batches.next_rows(), row_weights };
            trainer.step(&batch);
            trainer.score_batch(&batch);
            trainer.differentiate(&batch);
        });
        assert_eq!(n, 0, "step {step} of {what}");
    }
    let [mut outputs, mut same] = [(); 2].map(|()| Matrix::<T>::zeros(ROWS, CLASSES));
    let n = allocations(|| {
        trainer.score(inputs, targets);
        trainer.inspect(inputs, |_, _| {});
        trainer.predict(outputs.view_mut(), inputs);
        trainer.score_outputs(outputs.view(), targets, row_weights);
        trainer.penalty();
        trainer.keep();
        trainer.restore();
    });
    assert_eq!(n, 0, "evaluation of {what}");
    let network = trainer.network();
    Workspace::new(&network).predict(same.view_mut(), &network, inputs);
    assert!(outputs.data() == same.data(), "outputs of {what}");
}

#[test]
fn nothing_after_the_first_step() {
    let mut stream = Stream::new(0, Purpose::Data, 0);
    let mut draw = || if stream.uniform() < 0.7 { 0.0 } else { stream.normal() };
    let data: Vec<f64> = (0..ROWS * INPUTS).map(|_| draw()).collect();
    let double = Matrix::from_rows(ROWS, INPUTS, data.clone());
    let single = Matrix::from_rows(ROWS, INPUTS, data.iter().map(|&x| x as f32).collect());
    let base = TrainingSpec { weight_decay: WeightDecay::L2(1e-3), n_steps: 40, ..Default::default() };
    for (has_norm, has_dropout) in [(false, false), (true, false), (false, true), (true, true)] {
        let spec = spec(has_norm, has_dropout);
        let dropped_inputs = NetworkSpec {
            layers: std::iter::once(LayerSpec::Dropout(Dropout { ratio: 0.1, form: DropoutForm::Inverted }))
                .chain(spec.layers.iter().cloned())
                .collect(),
            ..spec
        };
        let embedding = |form| {
            let numeric = NumericColumns { inputs: vec![0, 3, 4, 19], form, learning_rate: 1.0 };
            let levels = vec![LevelColumn { input: 1, levels: 3, size: 2 }];
            LayerSpec::Embedding(Embedding { numeric: Some(numeric), levels })
        };
        let behind = |front: Vec<LayerSpec>| NetworkSpec {
            layers: front.into_iter().chain(dropped_inputs.layers.iter().cloned()).collect(),
            ..dropped_inputs
        };
        let bins = embedding(NumericEmbedding::PiecewiseLinear { bins: 5, size: 3 });
        let waves = embedding(NumericEmbedding::PeriodicWithPhases { frequencies: 5, size: 3, std: 0.1 });
        let without_bound = |layer: LayerSpec| match layer {
            LayerSpec::Affine(affine) => LayerSpec::Affine(Affine { max_norm: None, ..affine }),
            layer => layer,
        };
        let members = |front: Option<&LayerSpec>| {
            let ensemble = LayerSpec::Ensemble(Ensemble { members: 4, average: Average::Probabilities });
            let spec = behind(front.cloned().into_iter().chain([ensemble]).collect());
            NetworkSpec { layers: spec.layers.into_iter().map(without_bound).collect(), ..spec }
        };
        let ensembles =
            if has_norm { Vec::new() } else { vec![members(None), members(Some(&bins)), members(Some(&waves))] };
        let others = [behind(vec![bins]), behind(vec![waves])];
        for spec in [spec, dropped_inputs].into_iter().chain(others).chain(ensembles) {
            for order in [BatchOrder::Shuffle, BatchOrder::Replacement] {
                let loss = Loss::CrossEntropy { label_smoothing: 0.1 };
                for (optimizer, clip_norm, loss) in [
                    (Optimizer::Sgd, None, loss),
                    (Optimizer::MOMENTUM, Some(0.1), loss),
                    (Optimizer::nesterov(Convention::Field), None, loss),
                    (Optimizer::adagrad(Convention::Field), None, loss),
                    (Optimizer::rmsprop(Convention::Field), None, loss),
                    (Optimizer::adam(Convention::Field), Some(0.1), Loss::MeanSquaredError),
                ] {
                    let training = TrainingSpec { optimizer, clip_norm, loss, ..base };
                    check(&spec, training, &Inputs::Dense(single.clone()), order);
                    check(&spec, training, &Inputs::Sparse(Csr::from_matrix(single.view())), order);
                    check(&spec, training, &Inputs::Sparse(Csr::from_matrix(double.view())), order);
                }
            }
        }
    }
}
