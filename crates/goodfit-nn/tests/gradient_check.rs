//! Every backward pass in f64 against central differences of its forward pass.

use goodfit_nn::layers::{
    BatchNormCache, RunningStatistics, SharedAffine, SharedAffineGradient, affine_backward, affine_forward,
};
use goodfit_nn::{
    Activation, BatchNorm, Convention, Dropout, DropoutForm, Loss, MatMut, MatRef, Purpose, Stream, Targets,
    WeightDecay,
};

const TOLERANCE: f64 = 1e-6;

fn draw(n: usize, index: u64) -> Vec<f64> {
    let mut stream = Stream::new(2, Purpose::Data, index);
    (0..n).map(|_| stream.normal()).collect()
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}

/// The largest difference between the gradient `d` of `f` at `x` and central differences, relative
/// to the larger of the two (and at least to 1e-3).
fn relative_error(x: &[f64], d: &[f64], mut f: impl FnMut(&[f64]) -> f64) -> f64 {
    assert_eq!(x.len(), d.len());
    let mut x = x.to_vec();
    let mut worst = 0.0_f64;
    for i in 0..x.len() {
        let (middle, h) = (x[i], 1e-5 * x[i].abs().max(1.0));
        x[i] = middle + h;
        let above = f(&x);
        x[i] = middle - h;
        let below = f(&x);
        x[i] = middle;
        let numeric = (above - below) / (2.0 * h);
        worst = worst.max((d[i] - numeric).abs() / d[i].abs().max(numeric.abs()).max(1e-3));
    }
    worst
}

fn check(what: &str, x: &[f64], d: &[f64], f: impl FnMut(&[f64]) -> f64) {
    let error = relative_error(x, d, f);
    assert!(error < TOLERANCE, "{what}: relative error {error:e}");
}

#[test]
fn the_check_finds_a_wrong_gradient() {
    let x = draw(4, 0);
    let f = |x: &[f64]| x.iter().map(|x| x.sin()).sum();
    let d: Vec<f64> = x.iter().map(|x| x.cos()).collect();
    assert!(relative_error(&x, &d, f) < TOLERANCE);
    for i in 0..x.len() {
        let mut wrong = d.clone();
        wrong[i] *= 1.0 + 1e-5;
        assert!(relative_error(&x, &wrong, f) > TOLERANCE);
    }
}

#[test]
fn activations() {
    // Away from the kink at 0, where a derivative does not exist.
    let z: Vec<f64> = draw(40, 1).iter().map(|z| 2.0 * z).filter(|z| z.abs() > 1e-3).collect();
    let c = draw(z.len(), 2);
    for activation in [
        Activation::Identity,
        Activation::Relu,
        Activation::Sigmoid,
        Activation::Tanh,
        Activation::LeakyRelu { slope: 0.01 },
        Activation::Elu { alpha: 0.7 },
        Activation::Selu,
        Activation::Gelu,
        Activation::Silu,
        Activation::Mish,
    ] {
        let forward = |z: &[f64]| {
            let mut y = vec![0.0; z.len()];
            activation.forward(&mut y, z);
            y
        };
        let mut d = c.clone();
        activation.backward(&mut d, &forward(&z), &z);
        check(activation.name(), &z, &d, |z| dot(&c, &forward(z)));
    }
}

#[test]
fn affine() {
    let (n, i, o) = (4, 3, 2);
    let (x, w, b, c) = (draw(n * i, 3), draw(i * o, 4), draw(o, 5), draw(n * o, 6));
    let f = |x: &[f64], w: &[f64], b: &[f64]| {
        let mut y = vec![0.0; n * o];
        affine_forward(&mut MatMut::new(&mut y, n, o), MatRef::new(x, n, i), MatRef::new(w, i, o), Some(b));
        dot(&c, &y)
    };
    let (mut dx, mut dw, mut db) = (vec![0.0; n * i], vec![0.0; i * o], vec![0.0; o]);
    affine_backward(
        &mut MatMut::new(&mut dx, n, i),
        &mut MatMut::new(&mut dw, i, o),
        Some(&mut db),
        MatRef::new(&c, n, o),
        MatRef::new(&x, n, i),
        MatRef::new(&w, i, o),
    );
    check("affine by x", &x, &dx, |x| f(x, &w, &b));
    check("affine by w", &w, &dw, |w| f(&x, w, &b));
    check("affine by b", &b, &db, |b| f(&x, &w, b));
}

#[test]
fn affine_maps_that_members_share() {
    let (m, n, i, o) = (3, 4, 3, 2);
    let (x, w, b, c) = (draw(m * n * i, 3), draw(i * o, 4), draw(m * o, 5), draw(m * n * o, 6));
    let (r, s) = (draw(m * i, 7), draw(m * o, 8));
    let f = |x: &[f64], [r, w, s, b]: [&[f64]; 4]| {
        let layer = SharedAffine { scale_in: r, weights: MatRef::new(w, i, o), scale_out: s, bias: Some(b) };
        let mut y = vec![0.0; m * n * o];
        layer.forward(&mut MatMut::new(&mut y, m * n, o), MatRef::new(x, m * n, i));
        dot(&c, &y)
    };
    let mut d = [x.len(), r.len(), w.len(), s.len(), b.len()].map(|n| vec![0.0; n]);
    let [dx, dr, dw, ds, db] = &mut d;
    let mut by_parameters =
        SharedAffineGradient { scale_in: dr, weights: MatMut::new(dw, i, o), scale_out: ds, bias: Some(db) };
    SharedAffine { scale_in: &r, weights: MatRef::new(&w, i, o), scale_out: &s, bias: Some(&b) }.backward(
        &mut MatMut::new(dx, m * n, i),
        &mut by_parameters,
        MatRef::new(&c, m * n, o),
        MatRef::new(&x, m * n, i),
    );
    let [dx, dr, dw, ds, db] = &d;
    check("shared affine by x", &x, dx, |x| f(x, [&r, &w, &s, &b]));
    check("shared affine by r", &r, dr, |r| f(&x, [r, &w, &s, &b]));
    check("shared affine by w", &w, dw, |w| f(&x, [&r, w, &s, &b]));
    check("shared affine by s", &s, ds, |s| f(&x, [&r, &w, s, &b]));
    check("shared affine by b", &b, db, |b| f(&x, [&r, &w, &s, b]));
}

/// The outputs, and what the backward pass needs: the normalised values and 1 / std.
fn normalize(norm: &BatchNorm, x: &[f64], scale: &[f64], shift: &[f64]) -> [Vec<f64>; 3] {
    let d = scale.len();
    let (mut y, mut normalized) = (vec![0.0; x.len()], x.to_vec());
    let [mut mean, mut inverse_std, mut running_mean, mut running_variance] = [(); 4].map(|()| vec![0.0; d]);
    norm.forward_training(
        &mut y,
        BatchNormCache { normalized: &mut normalized, mean: &mut mean, inverse_std: &mut inverse_std },
        RunningStatistics { mean: &mut running_mean, variance: &mut running_variance },
        scale,
        shift,
    );
    [y, normalized, inverse_std]
}

#[test]
fn batch_norm_in_training() {
    for convention in [Convention::Textbook, Convention::Field] {
        for (n, d) in [(2, 3), (7, 4)] {
            let norm = BatchNorm::new(convention);
            let (x, scale, shift, c) = (draw(n * d, 7), draw(d, 8), draw(d, 9), draw(n * d, 10));
            let [_, normalized, inverse_std] = normalize(&norm, &x, &scale, &shift);
            let (mut dx, mut dscale, mut dshift) = (c.clone(), vec![0.0; d], vec![0.0; d]);
            norm.backward(&mut dx, &mut dscale, &mut dshift, &normalized, &inverse_std, &scale);

            let f = |x: &[f64], scale: &[f64], shift: &[f64]| dot(&c, &normalize(&norm, x, scale, shift)[0]);
            let what = format!("batch norm {convention:?} {n} x {d} by");
            check(&format!("{what} x"), &x, &dx, |x| f(x, &scale, &shift));
            check(&format!("{what} scale"), &scale, &dscale, |scale| f(&x, scale, &shift));
            check(&format!("{what} shift"), &shift, &dshift, |shift| f(&x, &scale, shift));
        }
    }
}

#[test]
fn dropout_with_a_fixed_mask() {
    let (x, c) = (draw(50, 11), draw(50, 12));
    let mut mask = vec![0; 50 * Dropout::MASK_BYTES];
    Dropout::draw_mask(&mut mask, &mut Stream::new(0, Purpose::Dropout, 0));
    for form in [DropoutForm::Textbook, DropoutForm::Inverted] {
        let dropout = Dropout { ratio: 0.4, form };
        let mut d = c.clone();
        dropout.backward(&mut d, &mask);
        let dropped = d.iter().filter(|&&d| d == 0.0).count();
        assert!((5..=35).contains(&dropped), "{dropped} of 50 dropped");
        check("dropout", &x, &d, |x| {
            let mut y = x.to_vec();
            dropout.forward_training(&mut y, &mask);
            dot(&c, &y)
        });
    }
}

#[test]
fn losses() {
    let (n, k) = (5, 4);
    let (outputs, values) = (draw(n * k, 13), draw(n * k, 14));
    let weights = [1.0, 0.5, 0.0, 2.0, 3.0];
    let classes = [3, 0, 1, 1, 2];
    for row_weights in [None, Some(&weights[..])] {
        for (loss, targets) in [
            (Loss::CrossEntropy { label_smoothing: 0.0 }, Targets::Classes(&classes)),
            (Loss::CrossEntropy { label_smoothing: 0.1 }, Targets::Classes(&classes)),
            (Loss::MeanSquaredError, Targets::Values(MatRef::new(&values, n, k))),
        ] {
            let mut d = vec![0.0; n * k];
            loss.value_and_gradient(&mut d, &outputs, k, targets, row_weights);
            let what = format!("{loss:?} with row weights {row_weights:?}");
            check(&what, &outputs, &d, |z| loss.value(z, k, targets, row_weights));
        }
    }
}

/// The penalty is what the update adds to the gradient, integrated.
#[test]
fn weight_decay() {
    use goodfit_nn::{Optimizer, UpdateStep};
    let w = draw(6, 15);
    for decay in [WeightDecay::L2(0.3), WeightDecay::L1(0.2)] {
        let step = UpdateStep { learning_rate: 1.0, decay, gradient_scale: 1.0, step: 1 };
        let mut moved = w.clone();
        Optimizer::Sgd.update(&mut moved, &mut [], &[0.0; 6], &step);
        let d: Vec<f64> = w.iter().zip(&moved).map(|(w, moved)| w - moved).collect();
        check(&format!("{decay:?}"), &w, &d, |w| decay.penalty(w));
    }
}
