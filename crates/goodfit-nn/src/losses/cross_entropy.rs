//! Softmax and cross-entropy, fused. N rows (samples), K classes, q a row's target distribution;
//! m its largest output, `s = sum_k exp(z_k - m)`, so that `-sum_k q_k ln p_k` is
//! `ln s - sum_k q_k (z_k - m)`.

use super::{LANES, add_lanes, weight_of_row};
use crate::Float;

/// Turns each row of outputs into probabilities, in place: `p_k = exp(z_k - m) / s`.
///
/// # Shapes
/// `p`: N x `n_outputs`, outputs on entry.
///
/// # Panics
/// When `n_outputs` is 0 or does not divide the length.
///
/// ```
/// use goodfit_nn::losses::softmax;
/// let mut p = [1000.0, 1000.0, -1000.0];
/// softmax(&mut p, 3);
/// assert_eq!(p, [0.5, 0.5, 0.0]);
/// ```
#[inline(always)]
pub fn softmax<T: Float>(p: &mut [T], n_outputs: usize) {
    assert_eq!(p.len() % n_outputs, 0, "rows of softmax");
    for row in p.chunks_exact_mut(n_outputs) {
        let m = largest(row);
        for z in &mut *row {
            *z -= m;
        }
    }
    for z in &mut *p {
        *z = z.exp();
    }
    for row in p.chunks_exact_mut(n_outputs) {
        let inverse = T::ONE / sum_row(row);
        for p in row {
            *p *= inverse;
        }
    }
}

/// The weighted sum of the rows' losses.
#[inline(always)]
pub(super) fn sum<T: Float>(
    outputs: &[T],
    n_outputs: usize,
    classes: &[u32],
    label_smoothing: f64,
    row_weights: Option<&[T]>,
) -> f64 {
    let mut sum = 0.0;
    for (n, (z, &class)) in outputs.chunks_exact(n_outputs).zip(classes).enumerate() {
        let m = largest(z);
        let s = sum_of_exponentials(z, m);
        sum += weight_of_row(row_weights, n) * (s.ln().to_f64() - target_part(z, m, class, label_smoothing));
    }
    sum
}

/// The same, and in `d` the gradient of the mean: `w / sum w * (p - q)`.
#[inline(always)]
pub(super) fn sum_and_gradient<T: Float>(
    d: &mut [T],
    outputs: &[T],
    n_outputs: usize,
    classes: &[u32],
    label_smoothing: f64,
    row_weights: Option<&[T]>,
    weight_sum: f64,
) -> f64 {
    let mut target_sum = 0.0;
    let rows = d.chunks_exact_mut(n_outputs).zip(outputs.chunks_exact(n_outputs));
    for (n, ((d, z), &class)) in rows.zip(classes).enumerate() {
        let m = largest(z);
        for (d, &z) in d.iter_mut().zip(z) {
            *d = z - m;
        }
        target_sum += weight_of_row(row_weights, n) * target_part(z, m, class, label_smoothing);
    }
    // One loop over all rows, since rows are often shorter than a few vectors.
    for d in &mut *d {
        *d = d.exp();
    }
    let mut log_sum = 0.0;
    for (n, (d, &class)) in d.chunks_exact_mut(n_outputs).zip(classes).enumerate() {
        let s = sum_row(d);
        let weight = weight_of_row(row_weights, n);
        log_sum += weight * s.ln().to_f64();
        let share = weight / weight_sum;
        let factor = T::from_f64(share) / s;
        let spread = T::from_f64(share * label_smoothing / n_outputs as f64);
        for d in &mut *d {
            *d = *d * factor - spread;
        }
        let place = &mut d[class as usize];
        *place -= T::from_f64(share * (1.0 - label_smoothing));
    }
    log_sum - target_sum
}

/// `sum_k q_k (z_k - m)`
#[inline(always)]
fn target_part<T: Float>(z: &[T], m: T, class: u32, label_smoothing: f64) -> f64 {
    assert!((class as usize) < z.len(), "class {class} of {} outputs", z.len());
    let at_class = (z[class as usize] - m).to_f64();
    if label_smoothing == 0.0 {
        return at_class;
    }
    let mean = z.iter().map(|&z| (z - m).to_f64()).sum::<f64>() / z.len() as f64;
    (1.0 - label_smoothing) * at_class + label_smoothing * mean
}

/// The largest value of a row. NaN in front stays, elsewhere it is passed over and comes back with the
/// exponentials: in both cases the loss is NaN.
#[inline(always)]
fn largest<T: Float>(row: &[T]) -> T {
    row.iter().copied().reduce(|m, z| if z > m { z } else { m }).expect("a row of at least one output")
}

/// `sum_k z_k` in the order of [`sum_of_exponentials`].
#[inline(always)]
fn sum_row<T: Float>(row: &[T]) -> T {
    let mut lanes = [T::ZERO; LANES];
    for part in row.chunks(LANES) {
        for (lane, &z) in lanes.iter_mut().zip(part) {
            *lane += z;
        }
    }
    add_lanes(lanes)
}

/// `sum_k exp(z_k - m)`, without a buffer.
#[inline(always)]
fn sum_of_exponentials<T: Float>(row: &[T], m: T) -> T {
    let mut lanes = [T::ZERO; LANES];
    let (parts, rest) = row.as_chunks::<LANES>();
    for part in parts {
        for (lane, &z) in lanes.iter_mut().zip(part) {
            *lane += (z - m).exp();
        }
    }
    for (lane, &z) in lanes.iter_mut().zip(rest) {
        *lane += (z - m).exp();
    }
    add_lanes(lanes)
}
