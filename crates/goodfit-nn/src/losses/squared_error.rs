//! Mean squared error. N rows (samples), K outputs z, targets t: a row's loss is the mean over k of
//! `(z_k - t_k)^2`.

use super::{LANES, add_lanes, weight_of_row};
use crate::{Float, MatRef};

/// The weighted sum of the rows' losses.
#[inline(always)]
pub(super) fn sum<T: Float>(outputs: &[T], targets: MatRef<'_, T>, row_weights: Option<&[T]>) -> f64 {
    let n_outputs = targets.n_columns();
    let mut sum = 0.0;
    for (n, z) in outputs.chunks_exact(n_outputs).enumerate() {
        sum += weight_of_row(row_weights, n) * sum_of_squares(z, targets.row(n));
    }
    sum / n_outputs as f64
}

/// The same, and in `d` the gradient of the mean: `w / sum w * 2 (z - t) / K`.
#[inline(always)]
pub(super) fn sum_and_gradient<T: Float>(
    d: &mut [T],
    outputs: &[T],
    targets: MatRef<'_, T>,
    row_weights: Option<&[T]>,
    weight_sum: f64,
) -> f64 {
    let n_outputs = targets.n_columns();
    let rows = d.chunks_exact_mut(n_outputs).zip(outputs.chunks_exact(n_outputs));
    for (n, (d, z)) in rows.enumerate() {
        let factor = T::from_f64(2.0 * weight_of_row(row_weights, n) / (weight_sum * n_outputs as f64));
        for ((d, &z), &t) in d.iter_mut().zip(z).zip(targets.row(n)) {
            *d = factor * (z - t);
        }
    }
    sum(outputs, targets, row_weights)
}

#[inline(always)]
fn sum_of_squares<T: Float>(z: &[T], t: &[T]) -> f64 {
    let mut lanes = [T::ZERO; LANES];
    for (z, t) in z.chunks(LANES).zip(t.chunks(LANES)) {
        for ((lane, &z), &t) in lanes.iter_mut().zip(z).zip(t) {
            *lane += (z - t) * (z - t);
        }
    }
    let sum = add_lanes(lanes).to_f64();
    if sum.is_finite() {
        return sum;
    }
    // In single precision the square of 2e19 is too large to be told from what is not finite.
    z.iter().zip(t).map(|(&z, &t)| (z.to_f64() - t.to_f64()).powi(2)).sum()
}
