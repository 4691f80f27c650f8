//! Properties that hold for all inputs, and f32 against f64.
#![allow(clippy::float_cmp, reason = "what is compared for equality is equal to the bit")]

use goodfit_nn::layers::{BatchNormCache, RunningStatistics};
use goodfit_nn::losses::{predicted_class, softmax};
use goodfit_nn::{Activation, BatchNorm, Convention, Loss, MatRef, Matrix, Targets, max_norm};
use proptest::collection::vec;
use proptest::prelude::*;

const ACTIVATIONS: [Activation; 10] = [
    Activation::Identity,
    Activation::Relu,
    Activation::Sigmoid,
    Activation::Tanh,
    Activation::LeakyRelu { slope: 0.01 },
    Activation::Elu { alpha: 1.0 },
    Activation::Selu,
    Activation::Gelu,
    Activation::Silu,
    Activation::Mish,
];

/// Outputs between -1000 and 1000, often at the ends, in rows of K with a class for each.
fn batches() -> impl Strategy<Value = (Vec<f64>, Vec<u32>)> {
    (1_usize..=20, 1_usize..=5).prop_flat_map(|(k, n)| {
        let output = prop_oneof![-1000.0..1000.0_f64, Just(1000.0), Just(-1000.0), -1.0..1.0_f64];
        (vec(output, k * n), vec(0..k as u32, n))
    })
}

proptest! {
    #[test]
    fn softmax_and_its_gradient((outputs, classes) in batches(), label_smoothing in prop_oneof![Just(0.0), 0.0..0.9]) {
        let k = outputs.len() / classes.len();
        let mut p = outputs.clone();
        softmax(&mut p, k);
        let loss = Loss::CrossEntropy { label_smoothing };
        let mut d = vec![0.0; outputs.len()];
        let value = loss.value_and_gradient(&mut d, &outputs, k, Targets::Classes(&classes), None);
        prop_assert!(value.is_finite() && value >= 0.0);
        for (p, d) in p.chunks(k).zip(d.chunks(k)) {
            prop_assert!(p.iter().all(|p| (0.0..=1.0).contains(p)));
            prop_assert!((p.iter().sum::<f64>() - 1.0).abs() < 1e-14);
            prop_assert!(d.iter().sum::<f64>().abs() < 1e-15);
        }

        // f32 has no larger range, but the same properties.
        let single: Vec<f32> = outputs.iter().map(|&z| z as f32).collect();
        let mut d = vec![0.0_f32; single.len()];
        let single_value = loss.value_and_gradient(&mut d, &single, k, Targets::Classes(&classes), None);
        prop_assert!((single_value - value).abs() <= 1e-4 + 1e-5 * value, "{} {}", single_value, value);
        for d in d.chunks(k) {
            prop_assert!(d.iter().sum::<f32>().abs() < 1e-6);
        }
        let without = loss.value(&single, k, Targets::Classes(&classes), None);
        prop_assert!((single_value - without).abs() <= 1e-6 * (1.0 + value));
    }

    #[test]
    fn losses_of_parts_add_up((outputs, classes) in batches(), cut in 0_usize..=5) {
        let k = outputs.len() / classes.len();
        let cut = cut.min(classes.len());
        let loss = Loss::CrossEntropy { label_smoothing: 0.1 };
        let weights: Vec<f64> = (0..classes.len()).map(|n| 0.5 + n as f64).collect();
        let part = |rows: std::ops::Range<usize>| {
            loss.sum(
                &outputs[rows.start * k..rows.end * k],
                k,
                Targets::Classes(&classes[rows.clone()]),
                Some(&weights[rows]),
            )
        };
        let (whole, first, second) = (part(0..classes.len()), part(0..cut), part(cut..classes.len()));
        prop_assert!((first.0 + second.0 - whole.0).abs() <= 1e-12 * (1.0 + whole.0));
        prop_assert_eq!(first.1 + second.1, whole.1);
    }

    #[test]
    fn activations_in_single_precision(z in vec(prop_oneof![-90.0..90.0_f64, -1.0..1.0_f64, -1e-4..1e-4_f64], 1..40)) {
        let z: Vec<f64> = z.iter().map(|&z| f64::from(z as f32)).collect();
        let single: Vec<f32> = z.iter().map(|&z| z as f32).collect();
        for activation in ACTIVATIONS {
            let (mut y, mut y_single) = (vec![0.0; z.len()], vec![0.0; z.len()]);
            activation.forward(&mut y, &z);
            activation.forward(&mut y_single, &single);
            let (mut d, mut d_single) = (vec![1.0; z.len()], vec![1.0; z.len()]);
            activation.backward(&mut d, &y, &z);
            activation.backward(&mut d_single, &y_single, &single);
            for i in 0..z.len() {
                // On the left, where gelu and its like vanish, relative to z; else relative to y.
                let size = if z[i] < -1.0 { z[i].abs() } else { y[i].abs() };
                let error = (f64::from(y_single[i]) - y[i]).abs();
                prop_assert!(error <= 2e-6 * size, "{} of {}: {} and {}", activation.name(), z[i], y_single[i], y[i]);
                let error = (f64::from(d_single[i]) - d[i]).abs();
                prop_assert!(error <= 1e-5, "derivative of {} at {}: {} and {}", activation.name(), z[i], d_single[i], d[i]);
            }
        }
    }

    #[test]
    fn max_norm_bounds_each_column(w in vec(-10.0..10.0_f64, 12), limit in 0.1..20.0_f64) {
        let mut bounded = w.clone();
        max_norm(&mut bounded, &mut [0.0; 3], limit);
        for j in 0..3 {
            let norm = |w: &[f64]| w.iter().skip(j).step_by(3).map(|w| w * w).sum::<f64>().sqrt();
            let (before, after) = (norm(&w), norm(&bounded));
            prop_assert!((after - before.min(limit)).abs() < 1e-12 * limit);
            for i in 0..4 {
                // The direction stays.
                prop_assert!((bounded[3 * i + j] * before - w[3 * i + j] * after).abs() < 1e-9);
            }
        }
    }
}

#[test]
fn what_is_not_finite_passes_through() {
    for z in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        for activation in ACTIVATIONS {
            let (mut y, mut y_single) = ([0.0], [0.0_f32]);
            activation.forward(&mut y, &[z]);
            activation.forward(&mut y_single, &[z as f32]);
            assert_eq!(y_single[0].is_nan(), y[0].is_nan(), "{} of {z}", activation.name());
            assert!(!z.is_nan() || y[0].is_nan(), "{} of {z} is {}", activation.name(), y[0]);
            activation.backward(&mut [1.0], &y, &[z]);
            assert!(!activation.is_saturated(f64::NAN));
        }
    }
    let mut d = [0.0; 6];
    let mut loss = |outputs: [f64; 6]| {
        let loss = Loss::CrossEntropy { label_smoothing: 0.1 };
        let with_gradient = loss.value_and_gradient(&mut d, &outputs, 3, Targets::Classes(&[0, 2]), None);
        let value = loss.value(&outputs, 3, Targets::Classes(&[0, 2]), None);
        assert!(value == with_gradient || value.is_nan() && with_gradient.is_nan());
        value
    };
    assert!(loss([0.0, f64::NAN, 0.0, 1.0, 2.0, 3.0]).is_nan());
    assert!(loss([f64::NAN, 0.0, 0.0, 1.0, 2.0, 3.0]).is_nan());
    assert!(loss([0.0, f64::INFINITY, 0.0, 1.0, 2.0, 3.0]).is_nan());
    assert!(loss([f64::NEG_INFINITY; 6]).is_nan());
    assert_eq!(loss([f64::NEG_INFINITY, 0.0, 0.0, 1.0, 2.0, 3.0]), f64::INFINITY);
}

/// A square that single precision does not hold is a number all the same.
#[test]
fn squared_errors_of_large_numbers_are_numbers() {
    let (outputs, values) = ([1e30_f32, 0.0], [0.0_f32, 3.0]);
    let values = Matrix::from_rows(2, 1, values.to_vec());
    let loss = Loss::MeanSquaredError.value(&outputs, 1, Targets::Values(values.view()), None);
    assert!((loss / 5e59 - 1.0).abs() < 1e-6, "{loss}");
    let mut d = [0.0; 2];
    let outputs = [f32::INFINITY, 0.0];
    let lost = Loss::MeanSquaredError.value_and_gradient(&mut d, &outputs, 1, Targets::Values(values.view()), None);
    assert_eq!(lost, f64::INFINITY, "an output that is none stays so");
}

#[test]
fn classes_that_outputs_predict() {
    assert_eq!(predicted_class(&[f64::NEG_INFINITY; 3]), 0);
    assert_eq!(predicted_class(&[-1.0, f64::INFINITY, f64::INFINITY]), 1);
    assert_eq!(predicted_class(&[f64::INFINITY, f64::NAN]), 1);
    assert_eq!(predicted_class(&[2.0]), 0);
}

#[test]
fn targets_that_do_not_fit() {
    let values = [0.0; 6];
    let classes = Loss::CrossEntropy { label_smoothing: 0.0 };
    let message = |loss: Loss, targets: Targets<'_, f64>| loss.check_targets(targets, 2, 3).unwrap_err().to_string();
    assert_eq!(
        message(classes, Targets::Classes(&[0, 3])),
        "cross-entropy: got 2 classes up to 3, expected 2 classes below 3"
    );
    assert_eq!(
        message(classes, Targets::Values(MatRef::new(&values, 2, 3))),
        "cross-entropy: got values, expected classes"
    );
    assert_eq!(
        message(Loss::MeanSquaredError, Targets::Values(MatRef::new(&values, 3, 2))),
        "mean-squared-error: got 3 x 2 values, expected 2 x 3 values"
    );
}

#[test]
fn batch_norm_of_vanishing_values() {
    // Activations of a net whose weights start at 1e-4: below the square root of epsilon.
    for convention in [Convention::Textbook, Convention::Field] {
        let norm = BatchNorm::new(convention);
        let mut x = [1e-9_f32, -2e-9, 0.0, 3e-9];
        let (mut y, mut mean, mut inverse_std) = ([0.0; 4], [0.0], [0.0]);
        let (mut running_mean, mut running_variance) = ([0.0], [norm.running.initial_variance() as f32]);
        norm.forward_training(
            &mut y,
            BatchNormCache { normalized: &mut x, mean: &mut mean, inverse_std: &mut inverse_std },
            RunningStatistics { mean: &mut running_mean, variance: &mut running_variance },
            &[1.0],
            &[0.0],
        );
        let factor = 1.0 / norm.epsilon.sqrt();
        for (y, x) in y.iter().zip([0.5e-9, -2.5e-9, -0.5e-9, 2.5e-9]) {
            assert!((f64::from(*y) - factor * x).abs() < 1e-6 * factor * 1e-9, "{y}");
        }
        assert!(norm.check_rows(2).is_ok());
    }
    let message = BatchNorm::new(Convention::Field).check_rows(1).unwrap_err().to_string();
    assert_eq!(message, "batch normalisation of a training batch: got 1 rows, expected at least 2");
    assert!(BatchNorm::new(Convention::Textbook).check_rows(1).is_ok());
}
