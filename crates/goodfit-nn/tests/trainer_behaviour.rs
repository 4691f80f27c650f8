//! What a training does besides following its gradient: clipping, schedules, kept parameters, row
//! weights, batches of one row, overflow.
#![allow(clippy::float_cmp, reason = "what is compared for equality is equal to the bit")]

mod plain;

use goodfit_nn::{
    Activation, Affine, Batch, BatchNorm, Convention, Dropout, DropoutForm, Init, Inputs, Kind, LayerSpec, Loss,
    Matrix, NetworkSpec, Optimizer, Schedule, Targets, Trainer, TrainingSpec, WeightDecay, clip_scale, gradient_norm,
    warmup_factor,
};
use plain::{distance, draw_classes, draw_sparse, shaken, sparse};

const INPUTS: usize = 6;
const CLASSES: usize = 3;
const N_ROWS: usize = 10;

fn affine(units: usize) -> LayerSpec {
    LayerSpec::Affine(Affine::new(units, Init::He))
}

fn plain_spec() -> NetworkSpec {
    NetworkSpec { inputs: INPUTS, layers: vec![affine(5), LayerSpec::Activation(Activation::Tanh), affine(CLASSES)] }
}

fn with_norm(convention: Convention) -> NetworkSpec {
    let norm = LayerSpec::BatchNorm(BatchNorm::new(convention));
    NetworkSpec {
        inputs: INPUTS,
        layers: vec![affine(5), norm, LayerSpec::Activation(Activation::Relu), affine(CLASSES)],
    }
}

/// Inputs and classes of [`N_ROWS`] rows.
fn data() -> (Inputs<f64>, Vec<u32>) {
    (Inputs::Dense(draw_sparse(N_ROWS, INPUTS, 0.0, 1)), draw_classes(N_ROWS, CLASSES, 1))
}

fn batch<'a>(data: &'a (Inputs<f64>, Vec<u32>), rows: &'a [u32]) -> Batch<'a, f64> {
    Batch { inputs: &data.0, targets: Targets::Classes(&data.1), rows, row_weights: None }
}

fn trainer(spec: &NetworkSpec, training: TrainingSpec) -> Trainer<f64> {
    Trainer::from_network(shaken(spec, 6), TrainingSpec { max_batch: N_ROWS, ..training }, 6).unwrap()
}

fn error(spec: &NetworkSpec, training: TrainingSpec) -> String {
    Trainer::<f64>::new(spec, training, 0).map(|_| ()).unwrap_err().to_string()
}

const ROWS: [u32; 6] = [0, 3, 4, 7, 8, 9];

#[test]
fn a_clipped_step_is_as_long_as_the_bound() {
    let data = data();
    let norm_of = |trainer: &Trainer<f64>| gradient_norm(plain::gradients(trainer).values().map(Vec::as_slice));
    let mut free = trainer(&plain_spec(), TrainingSpec::default());
    free.differentiate(&batch(&data, &ROWS));
    let norm = norm_of(&free);
    for (bound, expected) in [(norm / 10.0, norm / 10.0), (norm * 2.0, norm)] {
        let training = TrainingSpec { clip_norm: Some(bound), learning_rate: 0.5, ..Default::default() };
        let mut clipped = trainer(&plain_spec(), training);
        let before = plain::parameters(&clipped);
        clipped.step(&batch(&data, &ROWS));
        let after = plain::parameters(&clipped);
        let moved = before.values().flatten().zip(after.values().flatten()).map(|(a, b)| (a - b).powi(2));
        let length = moved.sum::<f64>().sqrt();
        assert!((length - 0.5 * expected).abs() < 1e-5 * expected, "{length} instead of {}", 0.5 * expected);
        // What is stored is the gradient before clipping.
        assert!((norm_of(&clipped) - norm).abs() < 1e-12);
        assert!((clip_scale(norm, bound) - expected / norm).abs() < 1e-5);
    }
}

/// Plain descent shows the rate of each step: `w -= rate (g + lambda w)`.
#[test]
fn schedules_and_warm_up_reach_the_update() {
    let data = data();
    let schedules = [
        Schedule::Constant,
        Schedule::Step { every: 2, factor: 0.5 },
        Schedule::Cosine { floor: 0.1 },
        Schedule::ONE_CYCLE,
        Schedule::CosLog4,
    ];
    for schedule in schedules {
        for (warmup_steps, decay_schedule) in [(0, Schedule::Constant), (4, Schedule::Cosine { floor: 0.5 })] {
            let training = TrainingSpec {
                learning_rate: 0.1,
                schedule,
                warmup_steps,
                weight_decay: WeightDecay::L2(0.3),
                decay_schedule,
                n_steps: 8,
                ..Default::default()
            };
            let mut trainer = trainer(&plain_spec(), training);
            for step in 0..10 {
                let before = plain::parameters(&trainer);
                trainer.step(&batch(&data, &ROWS));
                assert_eq!(trainer.n_steps_done(), step + 1);
                let rate = 0.1 * schedule.factor(step, 8) * warmup_factor(step, warmup_steps);
                let lambda = 0.3 * decay_schedule.factor(step, 8);
                for parameter in trainer.parameters() {
                    let lambda = if parameter.kind == Kind::Weight { lambda } else { 0.0 };
                    let moved = before[&parameter.name].iter().zip(trainer.values(parameter));
                    for ((before, after), g) in moved.zip(trainer.gradient(parameter)) {
                        let expected = before - rate * (g + lambda * before);
                        assert!((after - expected).abs() < 1e-14, "{schedule:?} step {step}: {after} {expected}");
                    }
                }
            }
        }
    }
}

#[test]
fn the_dropout_schedule_reaches_the_mask() {
    let drop = LayerSpec::Dropout(Dropout { ratio: 0.5, form: DropoutForm::Inverted });
    let spec = NetworkSpec { inputs: INPUTS, layers: vec![drop, affine(CLASSES)] };
    let data = data();
    let training = TrainingSpec {
        dropout_schedule: Schedule::Step { every: 1, factor: 0.0 },
        learning_rate: 1e-9,
        ..Default::default()
    };
    let mut falling = trainer(&spec, training);
    let mut never = trainer(&NetworkSpec { inputs: INPUTS, layers: vec![affine(CLASSES)] }, training);
    let losses: Vec<[f64; 2]> =
        (0..3).map(|_| [&mut falling, &mut never].map(|t| t.step(&batch(&data, &ROWS)))).collect();
    // The first step has the whole ratio, the others none.
    assert!((losses[0][0] - losses[0][1]).abs() > 1e-3);
    assert!(losses[1..].iter().all(|[with, without]| (with - without).abs() < 1e-7), "{losses:?}");
}

/// A ratio may not reach 1, and evaluation in the textbook's form has one ratio only.
#[test]
fn dropout_schedules_that_cannot_be() {
    let spec = |form| NetworkSpec {
        inputs: INPUTS,
        layers: vec![LayerSpec::Dropout(Dropout { ratio: 0.5, form }), affine(3)],
    };
    let with = |dropout_schedule| TrainingSpec { dropout_schedule, ..Default::default() };
    for rising in [
        Schedule::Step { every: 1, factor: 2.0 },
        Schedule::Cosine { floor: 1.5 },
        Schedule::OneCycle { rise: 0.3, start_divisor: 0.5, end_divisor: 1.0 },
        Schedule::OneCycle { rise: 0.3, start_divisor: 2.0, end_divisor: 0.25 },
    ] {
        let message = error(&spec(DropoutForm::Inverted), with(rising));
        assert!(message.starts_with("highest factor of the dropout schedule: got "), "{message}");
    }
    for falling in [Schedule::Constant, Schedule::Cosine { floor: 1.0 }, Schedule::ONE_CYCLE, Schedule::CosLog4] {
        assert!(Trainer::<f32>::new(&spec(DropoutForm::Inverted), with(falling), 0).is_ok());
    }
    assert_eq!(
        error(&spec(DropoutForm::Textbook), with(Schedule::CosLog4)),
        "textbook dropout under a schedule: got 0.5, expected the inverted form, whose evaluation has no ratio"
    );
    assert!(Trainer::<f32>::new(&spec(DropoutForm::Textbook), with(Schedule::Constant), 0).is_ok());
}

#[test]
fn the_best_parameters_come_back() {
    let data = data();
    let training = TrainingSpec { optimizer: Optimizer::adam(Convention::Field), ..Default::default() };
    let mut trainer = trainer(&with_norm(Convention::Field), training);
    let start = plain::parameters(&trainer);
    trainer.restore();
    assert_eq!(plain::parameters(&trainer), start, "nothing was kept yet");
    trainer.step(&batch(&data, &ROWS));
    let (best, score) = (plain::parameters(&trainer), trainer.score(&data.0, Targets::Classes(&data.1)));
    trainer.keep();
    for _ in 0..3 {
        trainer.step(&batch(&data, &ROWS));
    }
    assert_ne!(plain::parameters(&trainer), best);
    trainer.restore();
    // Running statistics included.
    assert_eq!(plain::parameters(&trainer), best);
    assert_eq!(trainer.score(&data.0, Targets::Classes(&data.1)), score);
    // A network taken now goes on from there.
    let network = trainer.network();
    for parameter in network.parameters() {
        assert_eq!(network.values(parameter), best[&parameter.name]);
    }
}

#[test]
fn rows_of_weight_0_are_left_out() {
    let mse_values = draw_sparse::<f64>(N_ROWS, CLASSES, 0.0, 9);
    let data = data();
    let weights: Vec<f64> = (0..N_ROWS).map(|row| f64::from(row % 3 != 0)).collect();
    let all: Vec<u32> = (0..N_ROWS as u32).collect();
    let kept: Vec<u32> = all.iter().copied().filter(|&row| weights[row as usize] == 1.0).collect();
    for loss in [Loss::CrossEntropy { label_smoothing: 0.1 }, Loss::MeanSquaredError] {
        let targets = match loss {
            Loss::CrossEntropy { .. } => Targets::Classes(&data.1),
            Loss::MeanSquaredError => Targets::Values(mse_values.view()),
        };
        let training = TrainingSpec { loss, learning_rate: 0.3, ..Default::default() };
        let [mut weighted, mut without] = [(); 2].map(|()| trainer(&plain_spec(), training));
        for _ in 0..5 {
            let base = Batch { targets, ..batch(&data, &all) };
            let loss = weighted.step(&Batch { row_weights: Some(&weights), ..base });
            let expected = without.step(&Batch { rows: &kept, ..base });
            assert!((loss - expected).abs() < 1e-12);
            assert!(distance(&plain::parameters(&weighted), &plain::parameters(&without)).unwrap() < 1e-12);
        }
    }
}

#[test]
fn running_statistics_move_in_training_only() {
    let data = data();
    let mut trainer = trainer(&with_norm(Convention::Field), TrainingSpec::default());
    let running = |trainer: &Trainer<f64>| {
        let running = trainer.parameters().iter().filter(|parameter| parameter.kind == Kind::Running);
        running.flat_map(|parameter| trainer.values(parameter).to_vec()).collect::<Vec<f64>>()
    };
    let start = running(&trainer);
    trainer.score(&data.0, Targets::Classes(&data.1));
    trainer.score_batch(&batch(&data, &ROWS));
    trainer.inspect(&data.0, |_, _| {});
    assert_eq!(running(&trainer), start);
    trainer.step(&batch(&data, &ROWS));
    let after_step = running(&trainer);
    assert!(after_step.iter().zip(&start).all(|(a, b)| a != b));
    // A pass without an update is training mode, too.
    trainer.differentiate(&batch(&data, &ROWS));
    assert!(running(&trainer).iter().zip(&after_step).all(|(a, b)| a != b));
}

#[test]
fn batch_norm_of_batches_of_one_row() {
    let data = data();
    let one = TrainingSpec { max_batch: 1, ..Default::default() };
    assert_eq!(
        error(&with_norm(Convention::Field), one),
        "batch normalisation of a training batch: got 1 rows, expected at least 2"
    );
    // The textbook's form normalises a single row to 0, so that only shifts go on, and its running
    // variance goes to 0.
    let mut textbook = Trainer::from_network(shaken::<f64>(&with_norm(Convention::Textbook), 6), one, 6).unwrap();
    for row in 0..5 {
        assert!(textbook.step(&batch(&data, &[row])).is_finite());
    }
    let parameters = plain::parameters(&textbook);
    let before = plain::parameters(&trainer(&with_norm(Convention::Textbook), TrainingSpec::default()));
    assert_eq!(parameters["affine1.weight"], before["affine1.weight"]);
    assert_eq!(parameters["batch_norm1.scale"], before["batch_norm1.scale"]);
    for (variance, start) in
        parameters["batch_norm1.running_variance"].iter().zip(&before["batch_norm1.running_variance"])
    {
        assert!((variance - start * 0.9_f64.powi(5)).abs() < 1e-12);
    }
}

/// The running variance would be NaN from then on.
#[test]
#[should_panic(expected = "a batch of 1 rows, at least 2")]
fn one_row_among_larger_batches() {
    let data = data();
    trainer(&with_norm(Convention::Field), TrainingSpec::default()).step(&batch(&data, &[4]));
}

#[test]
#[should_panic(expected = "a batch of 0 rows")]
fn no_row() {
    trainer(&plain_spec(), TrainingSpec::default()).step(&batch(&data(), &[]));
}

#[test]
#[should_panic(expected = "a batch of 11 rows")]
fn too_many_rows() {
    trainer(&plain_spec(), TrainingSpec::default()).step(&batch(&data(), &[0; 11]));
}

#[test]
#[should_panic(expected = "row 99 of a batch has no input, there are")]
fn a_row_that_is_not_there() {
    trainer(&plain_spec(), TrainingSpec::default()).step(&batch(&data(), &[0, 99]));
}

#[test]
fn inputs_of_another_width() {
    let classes = [0; N_ROWS];
    for n_columns in [INPUTS - 1, INPUTS + 1] {
        let x = draw_sparse(N_ROWS, n_columns, 0.7, 1);
        for inputs in [Inputs::Dense(x.clone()), sparse(&x)] {
            for first in [None, Some(LayerSpec::Dropout(Dropout { ratio: 0.1, form: DropoutForm::Inverted }))] {
                let spec = NetworkSpec { inputs: INPUTS, layers: first.into_iter().chain([affine(3)]).collect() };
                let panics = |work: &dyn Fn()| std::panic::catch_unwind(std::panic::AssertUnwindSafe(work)).is_err();
                let new = || trainer(&spec, TrainingSpec::default());
                let targets = Targets::Classes(&classes);
                let batch = Batch { inputs: &inputs, targets, rows: &ROWS, row_weights: None };
                assert!(panics(&|| _ = new().step(&batch)), "{n_columns} columns in training");
                assert!(panics(&|| _ = new().score(&inputs, targets)), "{n_columns} columns in evaluation");
            }
        }
    }
}

/// A run that overflows goes on: nothing panics, the loss is not a number from then on, and its
/// accuracy is that of rows which predict the place of their first NaN.
#[test]
fn a_run_that_overflows_goes_on() {
    let optimizers = [
        Optimizer::Sgd,
        Optimizer::MOMENTUM,
        Optimizer::rmsprop(Convention::Field),
        Optimizer::adam(Convention::Textbook),
    ];
    let relu = || LayerSpec::Activation(Activation::Relu);
    let norm = LayerSpec::BatchNorm(BatchNorm::new(Convention::Textbook));
    let huge = |outputs| LayerSpec::Affine(Affine::new(outputs, Init::Std(1e30)));
    let drop = LayerSpec::Dropout(Dropout { ratio: 0.2, form: DropoutForm::Textbook });
    let x = draw_sparse::<f32>(N_ROWS, INPUTS, 0.3, 1);
    let classes = draw_classes(N_ROWS, CLASSES, 1);
    for layers in [
        vec![huge(5), relu(), huge(5), relu(), huge(CLASSES)],
        vec![huge(5), relu(), huge(5), norm, relu(), drop, huge(CLASSES)],
    ] {
        let spec = NetworkSpec { inputs: INPUTS, layers };
        for inputs in [Inputs::Dense(x.clone()), sparse(&x)] {
            for (optimizer, clip_norm) in optimizers.into_iter().zip([None, Some(1.0), None, Some(1.0)]) {
                let training =
                    TrainingSpec { optimizer, clip_norm, weight_decay: WeightDecay::L1(0.1), ..Default::default() };
                let mut trainer = Trainer::<f32>::new(&spec, training, 0).unwrap();
                let batch =
                    Batch { inputs: &inputs, targets: Targets::Classes(&classes), rows: &ROWS, row_weights: None };
                let losses: Vec<f64> = (0..4).map(|_| trainer.step(&batch)).collect();
                assert!(losses.iter().all(|loss| !loss.is_finite()), "{losses:?}");
                assert!(losses[1..].iter().all(|loss| loss.is_nan()), "{losses:?}");
                let score = trainer.score(&inputs, batch.targets);
                assert!(score.loss.is_nan() && !score.finite);
                let first = classes.iter().filter(|&&class| class == 0).count();
                assert_eq!(score.accuracy, first as f64 / N_ROWS as f64);
                assert!(trainer.penalty().is_nan());
            }
        }
    }
}

#[test]
fn the_penalty_is_that_of_the_weights() {
    let mut trainer = trainer(&plain_spec(), TrainingSpec { weight_decay: WeightDecay::L2(0.3), ..Default::default() });
    let data = data();
    trainer.step(&batch(&data, &ROWS));
    let parameters = plain::parameters(&trainer);
    let squares = |name: &str| parameters[name].iter().map(|w| w * w).sum::<f64>();
    let expected = 0.15 * (squares("affine1.weight") + squares("affine2.weight"));
    assert!((trainer.penalty() - expected).abs() < 1e-12);
}

#[test]
fn settings_that_cannot_be() {
    let spec = plain_spec();
    let base = TrainingSpec::default();
    for (training, message) in [
        (TrainingSpec { learning_rate: 0.0, ..base }, "learning rate: got 0, expected a finite number > 0"),
        (TrainingSpec { learning_rate: f64::NAN, ..base }, "learning rate: got NaN, expected a finite number > 0"),
        (TrainingSpec { max_batch: 0, ..base }, "rows of the largest batch: got 0, expected at least 1"),
        (TrainingSpec { clip_norm: Some(0.0), ..base }, "bound of the gradient's norm: got 0, expected a number > 0"),
        (
            TrainingSpec { weight_decay: WeightDecay::L1(-1.0), ..base },
            "weight decay: got -1, expected a finite number >= 0",
        ),
    ] {
        assert_eq!(error(&spec, training), message);
    }
    let group = goodfit_nn::Group { learning_rate: -1.0, ..Default::default() };
    let layers = vec![LayerSpec::Affine(Affine { group, ..Affine::new(3, Init::He) })];
    assert_eq!(
        error(&NetworkSpec { inputs: 2, layers }, base),
        "factor of the learning rate of weights: got -1, expected a finite number >= 0"
    );
    assert_eq!(error(&NetworkSpec { inputs: 0, layers: vec![] }, base), "number of inputs: got 0, expected at least 1");
    let matrix = Matrix::from_rows(1, 1, vec![0.0_f32]);
    assert_eq!(Inputs::new(matrix).n_rows(), 1);
}
