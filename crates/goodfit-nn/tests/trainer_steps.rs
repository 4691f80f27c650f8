//! Steps of a trainer against the plain gradient followed by the optimiser's update, in both precisions and on every path, on
//! rows with and without their zeros: every optimiser with every decay.

mod plain;

use std::process::Command;

use goodfit_nn::kernels::Isa;
use goodfit_nn::{
    Activation, Affine, Batch, BatchNorm, Convention, Dropout, DropoutForm, Float, Group, Init, Inputs, LayerSpec,
    Matrix, NetworkSpec, Optimizer, Schedule, Targets, Trainer, TrainingSpec, WeightDecay,
};
use plain::{Chain, distance, draw_classes, draw_sparse, exact, items_of, rows_of, shaken, sparse};

const N_ROWS: usize = 24;
const BATCH: usize = 8;
const INPUTS: usize = 12;
const CLASSES: usize = 5;

const DECAYS: [WeightDecay; 4] =
    [WeightDecay::None, WeightDecay::L2(0.05), WeightDecay::L1(0.02), WeightDecay::Decoupled(0.3)];

const SCHEDULES: [Schedule; 5] = [
    Schedule::Cosine { floor: 0.1 },
    Schedule::ONE_CYCLE,
    Schedule::Step { every: 2, factor: 0.5 },
    Schedule::CosLog4,
    Schedule::Constant,
];

/// Every optimiser with a rate that moves it.
fn optimizers() -> impl Iterator<Item = (Optimizer, f64)> {
    let of = |convention| {
        [
            (Optimizer::nesterov(convention), 0.1),
            (Optimizer::adagrad(convention), 0.02),
            (Optimizer::rmsprop(convention), 0.005),
            (Optimizer::adam(convention), 0.02),
        ]
    };
    [(Optimizer::Sgd, 0.3), (Optimizer::MOMENTUM, 0.1)]
        .into_iter()
        .chain(of(Convention::Textbook))
        .chain(of(Convention::Field))
}

/// A network whose affine layers have multipliers of their own and, maybe, a bound on their norm.
fn small(max_norm: Option<f64>) -> NetworkSpec {
    let group = Group { learning_rate: 0.5, bias_learning_rate: 2.0, decay: 3.0, ..Group::default() };
    let first = Affine { max_norm, bias: false, ..Affine::new(9, Init::He) };
    let second = Affine { max_norm, group, ..Affine::new(7, Init::He) };
    NetworkSpec {
        inputs: INPUTS,
        layers: vec![
            LayerSpec::Affine(first),
            LayerSpec::BatchNorm(BatchNorm::new(Convention::Field)),
            LayerSpec::Activation(Activation::Tanh),
            LayerSpec::Affine(second),
            LayerSpec::Activation(Activation::Silu),
            LayerSpec::Affine(Affine::new(CLASSES, Init::He)),
        ],
    }
}

/// A network with layers of several vectors and a rest, one of which moves in more than one piece (131 x 139 weights), an
/// activation at the end of a product, and dropout.
fn wide(max_norm: Option<f64>) -> NetworkSpec {
    let group = Group { learning_rate: 0.5, bias_learning_rate: 2.0, decay: 3.0, ..Group::default() };
    let affine = |units, bias| LayerSpec::Affine(Affine { max_norm, group, bias, ..Affine::new(units, Init::He) });
    NetworkSpec {
        inputs: INPUTS,
        layers: vec![
            affine(131, true),
            LayerSpec::Activation(Activation::Relu),
            affine(139, true),
            LayerSpec::Activation(Activation::Gelu),
            LayerSpec::Dropout(Dropout { ratio: 0.2, form: DropoutForm::Inverted }),
            // The mean that batch norm takes away would leave a bias a gradient of rounding errors.
            affine(37, false),
            LayerSpec::BatchNorm(BatchNorm::new(Convention::Field)),
            LayerSpec::Activation(Activation::Relu),
            LayerSpec::Affine(Affine::new(CLASSES, Init::He)),
        ],
    }
}

fn batches(n_steps: usize) -> impl Iterator<Item = Vec<u32>> {
    (0..n_steps).map(|step| (0..BATCH).map(|i| ((5 * i + 3 * step) % N_ROWS) as u32).collect())
}

fn norms<T: Float>(weights: &[T], n_units: usize) -> impl Iterator<Item = f64> {
    let square = |w: &T| w.to_f64() * w.to_f64();
    (0..n_units).map(move |j| weights.iter().skip(j).step_by(n_units).map(square).sum::<f64>().sqrt())
}

fn in_double_precision<T: Float>(matrix: &Matrix<T>) -> Matrix<f64> {
    let values = matrix.data().iter().map(|x| x.to_f64()).collect();
    Matrix::from_rows(matrix.n_rows(), matrix.n_columns(), values)
}

/// The largest error of the losses and parameters of 8 steps, and of a bound on norms.
fn worst<T: Float>(spec: &NetworkSpec, training: &TrainingSpec, max_norm: Option<f64>) -> f64 {
    let x = draw_sparse::<T>(N_ROWS, INPUTS, 0.5, 1);
    let (inputs, x) = (Inputs::Dense(x.clone()), in_double_precision(&x));
    let classes = draw_classes(N_ROWS, CLASSES, 1);
    let weight = |row: usize| 1.0 + (row % 3) as f64;
    let (own, weights): (Vec<T>, Vec<f64>) = (0..N_ROWS).map(|row| (T::from_f64(weight(row)), weight(row))).unzip();
    let network = shaken::<T>(spec, 2);
    let mut chain = Chain::new(spec, &network, 2).exact();
    let mut trainer = Trainer::from_network(network, *training, 2).unwrap();
    let mut worst = 0.0_f64;
    for rows in batches(8) {
        let targets = Targets::Classes(&classes);
        let loss = trainer.step(&Batch { inputs: &inputs, targets, rows: &rows, row_weights: Some(&own) });
        let (classes, weights) = (items_of(&classes, &rows), items_of(&weights, &rows));
        let expected = chain.step(&rows_of(&x, &rows), (Targets::Classes(&classes), Some(&weights)), training);
        worst = worst.max((loss - expected).abs() / (1.0 + expected.abs()));
        worst = worst.max(distance(&exact(&plain::parameters(&trainer)), &chain.parameters).unwrap());
        for parameter in trainer.parameters().iter().filter(|p| p.max_norm.is_some()) {
            let largest = norms(trainer.values(parameter), parameter.shape[1]).fold(0.0, f64::max);
            worst = worst.max(largest / max_norm.unwrap() - 1.0);
        }
    }
    worst
}

/// Every optimiser with every decay, clipped or not, its rate and its decay with a schedule each.
fn trainings() -> impl Iterator<Item = TrainingSpec> {
    let settings = optimizers().flat_map(|rule| DECAYS.map(|decay| (rule, decay)));
    settings.flat_map(|((optimizer, learning_rate), weight_decay)| {
        [None, Some(0.05)].map(|clip_norm| TrainingSpec {
            optimizer,
            learning_rate,
            weight_decay,
            clip_norm,
            schedule: SCHEDULES[0],
            decay_schedule: SCHEDULES[2],
            warmup_steps: 3,
            n_steps: 8,
            max_batch: BATCH,
            ..Default::default()
        })
    })
}

/// Every schedule, of the rate and of the decay.
fn scheduled() -> impl Iterator<Item = TrainingSpec> {
    let base = trainings().find(|training| matches!(training.weight_decay, WeightDecay::Decoupled(_))).unwrap();
    (0..SCHEDULES.len()).map(move |i| TrainingSpec {
        optimizer: Optimizer::MOMENTUM,
        learning_rate: 0.1,
        schedule: SCHEDULES[i],
        decay_schedule: SCHEDULES[(i + 2) % SCHEDULES.len()],
        ..base
    })
}

fn check<T: Float>(tolerance: f64) {
    for max_norm in [None, Some(1.1)] {
        for (name, spec) in [("small", small(max_norm)), ("wide", wide(max_norm))] {
            for training in trainings().chain(scheduled()) {
                let error = worst::<T>(&spec, &training, max_norm);
                let TrainingSpec { optimizer, weight_decay, clip_norm, .. } = training;
                let what = format!(
                    "{name}, {optimizer:?} {weight_decay:?} clip {clip_norm:?} max norm {max_norm:?}: {error:e}"
                );
                assert!(error < tolerance, "{what}");
            }
        }
    }
}

#[test]
fn a_step_is_the_plain_gradient_and_an_update() {
    check::<f64>(1e-9);
}

#[test]
fn in_single_precision() {
    check::<f32>(1e-5);
}

/// The path is chosen once in a process.
#[test]
fn in_single_precision_on_every_path() {
    for (isa, name) in Isa::ALL.into_iter().zip(["avx512", "avx2", "portable"]) {
        if !isa.is_available() {
            continue;
        }
        let ran = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "in_single_precision", "rows_without_zeros_in_single_precision"])
            .env("GOODFIT_ISA", name)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success() && said.contains("2 passed"), "{name}: {said}");
    }
}

/// Rows whose last two columns are never anything but zero.
fn without_last_columns<T: Float>() -> Matrix<T> {
    let mut x = draw_sparse::<T>(N_ROWS, INPUTS, 0.7, 1);
    for row in 0..N_ROWS {
        x[(row, 10)] = T::ZERO;
        x[(row, 11)] = -T::ZERO;
    }
    x
}

/// The largest errors of 600 steps on rows without their zeros: of the parameters, and of what the network that is kept puts
/// out for rows that do use the columns which training never saw.
fn far<T: Float>(spec: &NetworkSpec, training: &TrainingSpec) -> [f64; 2] {
    let x = without_last_columns::<T>();
    let (inputs, x) = (sparse(&x), in_double_precision(&x));
    let classes = draw_classes(N_ROWS, CLASSES, 1);
    let network = shaken::<T>(spec, 2);
    let mut chain = Chain::new(spec, &network, 2).exact();
    let mut trainer = Trainer::from_network(network, *training, 2).unwrap();
    for rows in batches(training.n_steps) {
        trainer.step(&Batch { inputs: &inputs, targets: Targets::Classes(&classes), rows: &rows, row_weights: None });
        let classes = items_of(&classes, &rows);
        chain.step(&rows_of(&x, &rows), (Targets::Classes(&classes), None), training);
    }
    let parameters = distance(&exact(&plain::parameters(&trainer)), &chain.parameters).unwrap();
    let others = draw_sparse::<T>(N_ROWS, INPUTS, 0.3, 9);
    assert!((0..N_ROWS).any(|row| others[(row, 10)] != T::ZERO && others[(row, 11)] != T::ZERO));
    let expected = chain.evaluate(&in_double_precision(&others));
    let largest = expected.data().iter().fold(1.0, |most: f64, x| most.max(x.abs()));
    let kept = trainer.network();
    let mut outputs = 0.0_f64;
    for inputs in [Inputs::Dense(others.clone()), sparse(&others)] {
        let [mut own, mut again] = [(); 2].map(|()| Matrix::<T>::zeros(N_ROWS, CLASSES));
        trainer.predict(own.view_mut(), &inputs);
        goodfit_nn::Workspace::new(&kept).predict(again.view_mut(), &kept, &inputs);
        assert!(own.data() == again.data(), "what is kept is what was trained");
        for (own, expected) in own.data().iter().zip(expected.data()) {
            outputs = outputs.max((own.to_f64() - expected).abs() / largest);
        }
    }
    [parameters, outputs]
}

fn check_far<T: Float>(tolerance: f64) {
    let spec = NetworkSpec {
        inputs: INPUTS,
        layers: vec![
            LayerSpec::Affine(Affine::new(19, Init::He)),
            LayerSpec::Activation(Activation::Tanh),
            LayerSpec::Affine(Affine::new(CLASSES, Init::He)),
        ],
    };
    for training in trainings() {
        // Rates at which 600 steps end where a rounding error does not decide.
        let training = TrainingSpec { learning_rate: 0.1 * training.learning_rate, n_steps: 600, ..training };
        let errors = far::<T>(&spec, &training);
        let TrainingSpec { optimizer, weight_decay, clip_norm, .. } = training;
        assert!(
            errors.iter().all(|&error| error < tolerance),
            "{optimizer:?} {weight_decay:?} clip {clip_norm:?}: {errors:?}"
        );
    }
}

#[test]
fn rows_without_zeros_train_like_all_of_them() {
    check_far::<f64>(1e-8);
}

#[test]
fn rows_without_zeros_in_single_precision() {
    check_far::<f32>(1e-5);
}
