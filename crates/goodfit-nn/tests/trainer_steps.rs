//! Steps of a trainer against the plain gradient followed by the optimiser's update, and sparse
//! inputs against dense ones: every optimiser with every decay.

mod plain;

use goodfit_nn::{
    Activation, Affine, Batch, BatchNorm, Convention, Float, Group, Init, Inputs, LayerSpec, Matrix, NetworkSpec,
    Optimizer, Schedule, Targets, Trainer, TrainingSpec, WeightDecay,
};
use plain::{Chain, distance, draw_classes, draw_sparse, items_of, rows_of, shaken, sparse};

const N_ROWS: usize = 24;
const BATCH: usize = 8;
const INPUTS: usize = 12;
const CLASSES: usize = 5;

const DECAYS: [WeightDecay; 4] =
    [WeightDecay::None, WeightDecay::L2(0.05), WeightDecay::L1(0.02), WeightDecay::Decoupled(0.3)];

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
fn spec(max_norm: Option<f64>) -> NetworkSpec {
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

fn batches(n_steps: usize) -> impl Iterator<Item = Vec<u32>> {
    (0..n_steps).map(|step| (0..BATCH).map(|i| ((5 * i + 3 * step) % N_ROWS) as u32).collect())
}

fn norms(weights: &[f64], n_units: usize) -> impl Iterator<Item = f64> {
    (0..n_units).map(move |j| weights.iter().skip(j).step_by(n_units).map(|w| w * w).sum::<f64>().sqrt())
}

#[test]
fn a_step_is_the_plain_gradient_and_an_update() {
    let x = draw_sparse::<f64>(N_ROWS, INPUTS, 0.5, 1);
    let inputs = Inputs::Dense(x.clone());
    let classes = draw_classes(N_ROWS, CLASSES, 1);
    let weights: Vec<f64> = (0..N_ROWS).map(|row| 1.0 + (row % 3) as f64).collect();
    for max_norm in [None, Some(1.1)] {
        let spec = spec(max_norm);
        for (optimizer, learning_rate) in optimizers() {
            for weight_decay in DECAYS {
                for clip_norm in [None, Some(0.05)] {
                    let training = TrainingSpec {
                        optimizer,
                        learning_rate,
                        weight_decay,
                        clip_norm,
                        schedule: Schedule::Cosine { floor: 0.1 },
                        decay_schedule: Schedule::Step { every: 2, factor: 0.5 },
                        warmup_steps: 3,
                        n_steps: 8,
                        max_batch: BATCH,
                        ..Default::default()
                    };
                    let what = format!("{optimizer:?} {weight_decay:?} clip {clip_norm:?} max norm {max_norm:?}");
                    let network = shaken::<f64>(&spec, 2);
                    let mut chain = Chain::new(&spec, &network, 2);
                    let mut trainer = Trainer::from_network(network, training, 2).unwrap();
                    for rows in batches(8) {
                        let targets = Targets::Classes(&classes);
                        let batch = Batch { inputs: &inputs, targets, rows: &rows, row_weights: Some(&weights) };
                        let loss = trainer.step(&batch);
                        let (classes, weights) = (items_of(&classes, &rows), items_of(&weights, &rows));
                        let targets = Targets::Classes(&classes);
                        let expected = chain.step(&rows_of(&x, &rows), (targets, Some(&weights)), &training);
                        assert!((loss - expected).abs() < 1e-9, "{what}: loss {loss} instead of {expected}");
                        let error = distance(&plain::parameters(&trainer), &chain.parameters).unwrap();
                        assert!(error < 1e-9, "{what}: {error:e}");
                        if let Some(bound) = max_norm {
                            for parameter in trainer.parameters().iter().filter(|p| p.max_norm.is_some()) {
                                let mut norms = norms(trainer.values(parameter), parameter.shape[1]);
                                assert!(norms.all(|norm| norm <= bound * (1.0 + 1e-12)), "{what}");
                            }
                        }
                    }
                }
            }
        }
    }
}

/// What 30 steps on the same rows, dense and without zeros, differ by at most.
fn dense_and_sparse<T: Float>(training: &TrainingSpec, x: &Matrix<T>, spec: &NetworkSpec) -> f64 {
    let classes = draw_classes(N_ROWS, CLASSES, 1);
    let network = shaken::<T>(spec, 2);
    let [mut dense, mut without_zeros] =
        [(); 2].map(|()| Trainer::from_network(network.clone(), *training, 2).unwrap());
    let (dense_inputs, sparse_inputs) = (Inputs::Dense(x.clone()), sparse(x));
    let mut worst = 0.0_f64;
    for rows in batches(30) {
        let targets = Targets::Classes(&classes);
        let batch = Batch { inputs: &dense_inputs, targets, rows: &rows, row_weights: None };
        let loss = dense.step(&batch);
        let sparse_loss = without_zeros.step(&Batch { inputs: &sparse_inputs, ..batch });
        worst = worst.max((loss - sparse_loss).abs());
        worst = worst.max(distance(&plain::parameters(&without_zeros), &plain::parameters(&dense)).unwrap());
    }
    worst
}

#[test]
fn sparse_inputs_train_like_dense_ones() {
    let spec = NetworkSpec {
        inputs: INPUTS,
        layers: vec![
            LayerSpec::Affine(Affine::new(9, Init::He)),
            LayerSpec::Activation(Activation::Tanh),
            LayerSpec::Affine(Affine::new(CLASSES, Init::He)),
        ],
    };
    // The last columns are never anything but zero.
    let mut x = draw_sparse::<f64>(N_ROWS, INPUTS, 0.7, 1);
    for row in 0..N_ROWS {
        x[(row, 10)] = 0.0;
        x[(row, 11)] = -0.0;
    }
    let single = Matrix::from_rows(N_ROWS, INPUTS, x.data().iter().map(|&x| x as f32).collect());
    for (optimizer, learning_rate) in optimizers() {
        for weight_decay in DECAYS {
            for clip_norm in [None, Some(0.05)] {
                let training = TrainingSpec {
                    optimizer,
                    learning_rate,
                    weight_decay,
                    clip_norm,
                    max_batch: BATCH,
                    ..Default::default()
                };
                let what = format!("{optimizer:?} {weight_decay:?} clip {clip_norm:?}");
                let error = dense_and_sparse::<f64>(&training, &x, &spec);
                assert!(error < 1e-10, "{what}: {error:e}");
                let error = dense_and_sparse::<f32>(&training, &single, &spec);
                assert!(error < 2e-3, "{what} in single precision: {error:e}");
            }
        }
    }
}
