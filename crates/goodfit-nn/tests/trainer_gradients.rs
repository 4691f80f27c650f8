//! Gradients of whole networks in f64, as the trainer computes them, against central differences of
//! its own loss.

mod plain;

use goodfit_nn::{
    Activation, Affine, Average, Batch, BatchNorm, Convention, Dropout, DropoutForm, Embedding, Ensemble, Init, Inputs,
    LayerSpec, LevelColumn, Loss, Matrix, Network, NetworkSpec, NumericColumns, NumericEmbedding, Targets, Trainer,
    TrainingSpec,
};
use plain::{draw, draw_classes, draw_sparse, shaken, sparse};

const TOLERANCE: f64 = 1e-6;
const SEED: u64 = 4;
const N: usize = 9;
const I: usize = 6;
const O: usize = 4;

fn affine(units: usize) -> LayerSpec {
    LayerSpec::Affine(Affine::new(units, Init::Xavier))
}

fn without_bias(units: usize) -> LayerSpec {
    LayerSpec::Affine(Affine { bias: false, ..Affine::new(units, Init::Xavier) })
}

fn norm(convention: Convention) -> LayerSpec {
    LayerSpec::BatchNorm(BatchNorm::new(convention))
}

fn dropout(ratio: f64, form: DropoutForm) -> LayerSpec {
    LayerSpec::Dropout(Dropout { ratio, form })
}

/// The largest difference between the trainer's gradients and central differences, relative to the
/// larger of the two (and at least to 1e-3).
fn relative_error(network: &Network<f64>, training: TrainingSpec, batch: &Batch<'_, f64>) -> f64 {
    let trainer = |network: &Network<f64>| Trainer::from_network(network.clone(), training, SEED).unwrap();
    let mut at_start = trainer(network);
    at_start.differentiate(batch);
    let mut worst = 0.0_f64;
    for parameter in network.parameters().iter().filter(|parameter| parameter.kind.is_trained()) {
        for (i, &d) in at_start.gradient(parameter).iter().enumerate() {
            // The same seed and step: the same dropout masks.
            let loss = |shift: f64| {
                let mut shifted = network.clone();
                let mut values = network.values(parameter).to_vec();
                values[i] += shift;
                shifted.set(&parameter.name, &values).unwrap();
                trainer(&shifted).differentiate(batch)
            };
            let h = 1e-5;
            let numeric = (loss(h) - loss(-h)) / (2.0 * h);
            worst = worst.max((d - numeric).abs() / d.abs().max(numeric.abs()).max(1e-3));
        }
    }
    worst
}

fn check(what: &str, layers: Vec<LayerSpec>, loss: Loss, row_weights: Option<&[f64]>, zeros: f64) {
    let spec = NetworkSpec { inputs: I, layers };
    let n_outputs = spec.outputs();
    let x = draw_sparse::<f64>(N, I, zeros, 1);
    let inputs = if zeros > 0.0 { sparse(&x) } else { Inputs::Dense(x) };
    let classes = draw_classes(N, n_outputs, 1);
    let values = Matrix::from_rows(N, n_outputs, draw::<f64>(N * n_outputs, 2));
    let targets = match loss {
        Loss::CrossEntropy { .. } => Targets::Classes(&classes),
        Loss::MeanSquaredError => Targets::Values(values.view()),
    };
    let rows = [3, 0, 8, 1, 3, 7, 5];
    let batch = Batch { inputs: &inputs, targets, rows: &rows, row_weights };
    let training = TrainingSpec { loss, max_batch: N, ..Default::default() };
    let error = relative_error(&shaken(&spec, SEED), training, &batch);
    assert!(error < TOLERANCE, "{what}: relative error {error:e}");
}

const CROSS_ENTROPY: Loss = Loss::CrossEntropy { label_smoothing: 0.0 };

#[test]
fn activations_and_depths() {
    for activation in [
        Activation::Identity,
        Activation::Relu,
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::LeakyRelu { slope: 0.1 },
        Activation::Elu { alpha: 0.8 },
        Activation::Selu,
        Activation::Gelu,
        Activation::Silu,
        Activation::Mish,
    ] {
        let activation_layer = LayerSpec::Activation(activation);
        let layers = vec![affine(5), activation_layer.clone(), without_bias(7), activation_layer, affine(O)];
        check(activation.name(), layers, CROSS_ENTROPY, None, 0.0);
    }
    check("no hidden layer", vec![affine(O)], CROSS_ENTROPY, None, 0.0);
}

#[test]
fn scales_of_inputs() {
    let mish = || LayerSpec::Activation(Activation::Mish);
    let scaled = |units| LayerSpec::Affine(Affine { input_scale: true, ..Affine::new(units, Init::Xavier) });
    for zeros in [0.0, 0.7] {
        check("scales in front", vec![scaled(5), mish(), affine(O)], CROSS_ENTROPY, None, zeros);
        let layers = vec![affine(5), mish(), scaled(7), norm(Convention::Field), mish(), scaled(O)];
        check("scales within", layers, CROSS_ENTROPY, None, zeros);
    }
}

/// Every form, with levels and inputs that pass beside it, dropout behind it, and alone.
#[test]
fn embeddings() {
    let std = 0.4;
    for form in [
        NumericEmbedding::PiecewiseLinear { bins: 4, size: 3 },
        NumericEmbedding::Periodic { frequencies: 3, size: 5, std },
        NumericEmbedding::PeriodicWithPhases { frequencies: 4, size: 3, std },
    ] {
        let columns = |inputs: &[usize]| NumericColumns { inputs: inputs.to_vec(), form, learning_rate: 1.0 };
        let levels = vec![LevelColumn { input: 2, levels: 2, size: 3 }, LevelColumn { input: 0, levels: 1, size: 1 }];
        let some = Embedding { numeric: Some(columns(&[1, 4])), levels };
        let all = Embedding { numeric: Some(columns(&[0, 1, 2, 3, 4, 5])), levels: Vec::new() };
        for zeros in [0.0, 0.5] {
            let mish = LayerSpec::Activation(Activation::Mish);
            let dropout = dropout(0.3, DropoutForm::Inverted);
            let embedding = |of: &Embedding| LayerSpec::Embedding(of.clone());
            let layers = vec![embedding(&some), dropout, affine(5), mish.clone(), affine(O)];
            check(&format!("{form:?}"), layers, CROSS_ENTROPY, None, zeros);
            check(&format!("{form:?} of all"), vec![embedding(&all), affine(O)], CROSS_ENTROPY, None, zeros);
            check(&format!("{form:?} alone"), vec![embedding(&some)], Loss::MeanSquaredError, None, zeros);
            check(&format!("{form:?}, no product"), vec![embedding(&all), mish], Loss::MeanSquaredError, None, zeros);
        }
    }
}

#[test]
fn members_of_ensembles() {
    let mish = || LayerSpec::Activation(Activation::Mish);
    let weights = [1.0, 0.5, 0.0, 2.0, 3.0, 1.0, 0.0, 0.25, 1.5];
    for members in [1, 3] {
        for (loss, average) in [(CROSS_ENTROPY, Average::Probabilities), (Loss::MeanSquaredError, Average::Values)] {
            let ensemble = || LayerSpec::Ensemble(Ensemble { members, average });
            for row_weights in [None, Some(&weights[..])] {
                let what = format!("{members} members, {loss:?}");
                let drop = || dropout(0.3, DropoutForm::Inverted);
                let layers = vec![ensemble(), drop(), affine(5), mish(), drop(), without_bias(7), mish(), affine(O)];
                check(&what, layers, loss, row_weights, 0.0);
                check(&what, vec![ensemble(), affine(5), mish(), affine(O)], loss, row_weights, 0.6);
                check(&what, vec![ensemble(), affine(O)], loss, row_weights, 0.0);
                for form in [
                    NumericEmbedding::PiecewiseLinear { bins: 4, size: 3 },
                    NumericEmbedding::PeriodicWithPhases { frequencies: 4, size: 3, std: 0.4 },
                ] {
                    let what = format!("{what} behind {form:?}");
                    let numeric = Some(NumericColumns { inputs: vec![1, 4], form, learning_rate: 1.0 });
                    let levels = vec![LevelColumn { input: 2, levels: 2, size: 3 }];
                    let embedding =
                        || LayerSpec::Embedding(Embedding { numeric: numeric.clone(), levels: levels.clone() });
                    let layers = vec![embedding(), ensemble(), drop(), affine(5), mish(), affine(O)];
                    check(&what, layers, loss, row_weights, 0.0);
                    check(&what, vec![embedding(), ensemble(), affine(O)], loss, row_weights, 0.6);
                }
            }
        }
    }
}

#[test]
fn batch_norm_in_training_mode() {
    let tanh = || LayerSpec::Activation(Activation::Tanh);
    for convention in [Convention::Textbook, Convention::Field] {
        let layers = vec![without_bias(5), norm(convention), tanh(), affine(6), norm(convention), tanh(), affine(O)];
        check("batch norm", layers, CROSS_ENTROPY, None, 0.0);
        let layers = vec![norm(convention), affine(5), tanh(), norm(convention), affine(O), norm(convention)];
        check("batch norm in odd places", layers, CROSS_ENTROPY, None, 0.0);
    }
}

#[test]
fn dropout_with_the_mask_of_the_step() {
    let silu = || LayerSpec::Activation(Activation::Silu);
    for form in [DropoutForm::Textbook, DropoutForm::Inverted] {
        let layers = vec![dropout(0.2, form), affine(8), silu(), dropout(0.4, form), affine(O)];
        check("dropout", layers.clone(), CROSS_ENTROPY, None, 0.0);
        check("dropout of sparse inputs", layers, CROSS_ENTROPY, None, 0.5);
    }
}

#[test]
fn losses_and_row_weights() {
    let gelu = || LayerSpec::Activation(Activation::Gelu);
    let weights = [1.0, 0.5, 0.0, 2.0, 3.0, 1.0, 0.0, 0.25, 1.5];
    for row_weights in [None, Some(&weights[..])] {
        for loss in [CROSS_ENTROPY, Loss::CrossEntropy { label_smoothing: 0.2 }, Loss::MeanSquaredError] {
            for zeros in [0.0, 0.6] {
                let layers = vec![affine(5), gelu(), affine(O)];
                check(&format!("{loss:?} with weights {row_weights:?}"), layers, loss, row_weights, zeros);
            }
        }
    }
    let everything = vec![
        without_bias(8),
        norm(Convention::Field),
        gelu(),
        dropout(0.3, DropoutForm::Inverted),
        affine(5),
        LayerSpec::Activation(Activation::Mish),
        affine(1),
    ];
    check("everything", everything, Loss::MeanSquaredError, Some(&weights), 0.6);
}

/// The gradient is that of the data loss: decay and clipping come later.
#[test]
fn the_check_finds_a_wrong_gradient() {
    let spec = NetworkSpec { inputs: I, layers: vec![affine(3), LayerSpec::Activation(Activation::Tanh), affine(O)] };
    let network = shaken::<f64>(&spec, SEED);
    let inputs = Inputs::Dense(draw_sparse(N, I, 0.0, 1));
    let classes = draw_classes(N, O, 1);
    let rows: Vec<u32> = (0..N as u32).collect();
    let batch = Batch { inputs: &inputs, targets: Targets::Classes(&classes), rows: &rows, row_weights: None };
    let training = TrainingSpec { max_batch: N, clip_norm: Some(1e-3), ..Default::default() };
    assert!(relative_error(&network, training, &batch) < TOLERANCE);
    // Other rows have another gradient.
    let mut trainer = Trainer::from_network(network.clone(), training, SEED).unwrap();
    let loss = trainer.differentiate(&batch);
    let mut other = Trainer::from_network(network, training, SEED).unwrap();
    let other_loss = other.differentiate(&Batch { rows: &rows[1..], ..batch });
    assert!((loss - other_loss).abs() > 1e-3);
    let error = plain::distance(&plain::gradients(&other), &plain::gradients(&trainer)).unwrap();
    assert!(error > 1e-3, "{error:e}");
}
