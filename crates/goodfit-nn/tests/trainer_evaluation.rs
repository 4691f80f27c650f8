//! Scores: whatever the chunk a row falls into, it is scored as by itself.
#![allow(clippy::float_cmp, reason = "what is compared for equality is equal to the bit")]

mod plain;

use goodfit_nn::losses::predicted_class;
use goodfit_nn::{
    Activation, Affine, Batch, BatchNorm, Convention, Dropout, DropoutForm, Float, Init, Inputs, LayerSpec, Loss,
    Matrix, NetworkSpec, Targets, Trainer, TrainingSpec, Workspace,
};
use plain::{Chain, draw, draw_classes, draw_sparse, items_of, rows_of, shaken, sparse};

const INPUTS: usize = 11;
const OUTPUTS: usize = 7;

fn spec() -> NetworkSpec {
    NetworkSpec {
        inputs: INPUTS,
        layers: vec![
            LayerSpec::Affine(Affine::new(19, Init::He)),
            LayerSpec::BatchNorm(BatchNorm::new(Convention::Field)),
            LayerSpec::Activation(Activation::Relu),
            LayerSpec::Dropout(Dropout { ratio: 0.3, form: DropoutForm::Textbook }),
            LayerSpec::Affine(Affine::new(8, Init::He)),
            LayerSpec::Activation(Activation::Gelu),
            LayerSpec::Affine(Affine::new(OUTPUTS, Init::He)),
        ],
    }
}

fn check<T: Float>(n: usize, loss: Loss, is_sparse: bool, tolerance: f64) {
    let x = draw_sparse::<T>(n, INPUTS, 0.5, 1);
    let inputs = if is_sparse { sparse(&x) } else { Inputs::Dense(x.clone()) };
    let classes = draw_classes(n, OUTPUTS, 1);
    let values = Matrix::from_rows(n, OUTPUTS, draw::<T>(n * OUTPUTS, 3));
    let targets = match loss {
        Loss::CrossEntropy { .. } => Targets::Classes(&classes),
        Loss::MeanSquaredError => Targets::Values(values.view()),
    };
    let network = shaken::<T>(&spec(), 5);
    let chain = Chain::new(&spec(), &network, 5);
    let training = TrainingSpec { loss, max_batch: 2, ..Default::default() };
    let mut trainer = Trainer::from_network(network, training, 5).unwrap();
    let whole = trainer.score(&inputs, targets);
    let what = format!("{n} rows, {loss:?}, sparse {is_sparse}");

    let outputs = chain.evaluate(&x);
    let expected = loss.value(outputs.data(), OUTPUTS, targets, None);
    assert!((whole.loss - expected).abs() < tolerance * (1.0 + expected), "{what}: {} and {expected}", whole.loss);
    assert!(whole.finite);
    if let Targets::Classes(classes) = targets {
        let n_right = outputs.rows().zip(classes).filter(|(z, class)| predicted_class(z) == **class as usize).count();
        assert!((whole.accuracy - n_right as f64 / n as f64).abs() < 1e-12, "{what}: accuracy");
    } else {
        assert!(whole.accuracy.is_nan());
    }

    // Of outputs that are there, to the bit.
    let mut there = Matrix::zeros(n, OUTPUTS);
    trainer.predict(there.view_mut(), &inputs);
    let again = trainer.score_outputs(there.view(), targets, None);
    assert_eq!((again.loss, again.finite), (whole.loss, true), "{what}: outputs");
    let weights: Vec<T> = (0..n).map(|row| T::from_f64((row % 4) as f64 + 0.5)).collect();
    let rows: Vec<u32> = (0..n as u32).collect();
    let row_weights = Some(&weights[..]);
    let weighted = trainer.score_batch(&Batch { inputs: &inputs, targets, rows: &rows, row_weights });
    let again = trainer.score_outputs(there.view(), targets, row_weights);
    assert_eq!(again.loss, weighted.loss, "{what}: weighted outputs");
    assert!(again.accuracy == weighted.accuracy || again.accuracy.is_nan() && weighted.accuracy.is_nan(), "{what}");

    // One row at a time.
    let (mut sum, mut n_right) = (0.0, 0.0);
    for row in 0..n as u32 {
        let one = trainer.score_batch(&Batch { inputs: &inputs, targets, rows: &[row], row_weights: None });
        sum += one.loss;
        n_right += one.accuracy;
    }
    let n_rows = n as f64;
    assert!((sum / n_rows - whole.loss).abs() < tolerance * (1.0 + whole.loss), "{what}: one row at a time");
    assert!(whole.accuracy.is_nan() && n_right.is_nan() || (n_right / n_rows - whole.accuracy).abs() < 1e-12);
}

#[test]
fn in_chunks_or_one_row_at_a_time() {
    for n in (1..=20).chain((21..=600).step_by(29)).chain([255, 256, 257, 511, 512, 513, 600]) {
        for loss in [Loss::CrossEntropy { label_smoothing: 0.1 }, Loss::MeanSquaredError] {
            for is_sparse in [false, true] {
                check::<f64>(n, loss, is_sparse, 1e-12);
                check::<f32>(n, loss, is_sparse, 1e-5);
            }
        }
    }
}

#[test]
fn a_batch_takes_its_rows_and_their_weights() {
    let n = 300;
    let x = draw_sparse::<f64>(n, INPUTS, 0.5, 1);
    let classes = draw_classes(n, OUTPUTS, 1);
    let weights: Vec<f64> = (0..n).map(|row| (row % 4) as f64).collect();
    // More rows than any batch of the training has, in an order of their own, some of them twice.
    let rows: Vec<u32> = (0..400).map(|i| (7 * i + 11) % n as u32).collect();
    let mut trainer =
        Trainer::from_network(shaken::<f64>(&spec(), 5), TrainingSpec { max_batch: 2, ..Default::default() }, 5)
            .unwrap();
    let inputs = Inputs::Dense(x.clone());
    let targets = Targets::Classes(&classes);
    let mut score = |row_weights| trainer.score_batch(&Batch { inputs: &inputs, targets, rows: &rows, row_weights });
    let (unweighted, weighted) = (score(None), score(Some(&weights)));

    let outputs = Chain::new(&spec(), &shaken::<f64>(&spec(), 5), 5).evaluate(&rows_of(&x, &rows));
    let (classes, weights) = (items_of(&classes, &rows), items_of(&weights, &rows));
    let loss = Loss::CrossEntropy { label_smoothing: 0.0 };
    let expected = |weights| loss.value(outputs.data(), OUTPUTS, Targets::Classes(&classes), weights);
    assert!((unweighted.loss - expected(None)).abs() < 1e-12);
    assert!((weighted.loss - expected(Some(&weights))).abs() < 1e-12, "{} {}", weighted.loss, expected(Some(&weights)));
    let is_right = |i: usize| predicted_class(outputs.row(i)) == classes[i] as usize;
    let right = (0..rows.len()).filter(|&i| is_right(i));
    assert_eq!(unweighted.accuracy, right.clone().count() as f64 / rows.len() as f64);
    let share = right.map(|i| weights[i]).sum::<f64>() / weights.iter().sum::<f64>();
    assert!((weighted.accuracy - share).abs() < 1e-12 && share != unweighted.accuracy, "{share}");
}

#[test]
fn predictions_are_the_outputs_of_the_chain() {
    for n in [0, 1, 256, 300] {
        let x = draw_sparse::<f64>(n, INPUTS, 0.5, 1);
        let network = shaken::<f64>(&spec(), 5);
        let expected = Chain::new(&spec(), &network, 5).evaluate(&x);
        for inputs in [Inputs::Dense(x.clone()), sparse(&x)] {
            let mut outputs = Matrix::zeros(n, OUTPUTS);
            Workspace::new(&network).predict(outputs.view_mut(), &network, &inputs);
            let error = outputs.data().iter().zip(expected.data()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(error < 1e-12, "{n} rows: {error:e}");
        }
    }
}

/// Evaluation leaves the training alone, running statistics included.
#[test]
fn scoring_moves_nothing() {
    let x = draw_sparse::<f32>(300, INPUTS, 0.5, 1);
    let classes = draw_classes(300, OUTPUTS, 1);
    let (inputs, targets) = (Inputs::Dense(x), Targets::Classes(&classes));
    let training = TrainingSpec { max_batch: 8, ..Default::default() };
    let [mut with, mut without] = [(); 2].map(|()| Trainer::<f32>::new(&spec(), training, 5).unwrap());
    for step in 0..4 {
        let rows: Vec<u32> = (8 * step..8 * step + 8).collect();
        let batch = Batch { inputs: &inputs, targets, rows: &rows, row_weights: None };
        assert_eq!(with.step(&batch), without.step(&batch));
        let before = plain::parameters(&with);
        assert_eq!(with.score(&inputs, targets), with.score(&inputs, targets));
        with.score_batch(&batch);
        with.inspect(&inputs, |_, _| {});
        assert_eq!(plain::parameters(&with), before);
    }
    assert_eq!(plain::parameters(&with), plain::parameters(&without));
}

#[test]
fn what_is_inspected() {
    let n = 300;
    let x = draw_sparse::<f64>(n, INPUTS, 0.5, 1);
    let network = shaken::<f64>(&spec(), 5);
    let mut trainer = Trainer::from_network(network.clone(), TrainingSpec::default(), 5).unwrap();
    let mut seen = vec![Vec::new(); 3];
    trainer.inspect(&Inputs::Dense(x.clone()), |block, values| seen[block].extend_from_slice(values));
    // Up to the activation of each block, before its dropout.
    for (block, n_layers) in [(0, 3), (1, 6), (2, 7)] {
        let mut part = spec();
        part.layers.truncate(n_layers);
        let expected = Chain::new(&part, &network, 5).evaluate(&x);
        assert_eq!(seen[block].len(), expected.data().len());
        let error = seen[block].iter().zip(expected.data()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
        assert!(error < 1e-12, "block {block}: {error:e}");
    }
}
