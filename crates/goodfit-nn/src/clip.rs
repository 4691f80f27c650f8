//! Clipping of the gradient by its norm.

use crate::Float;

const LANES: usize = 8;

/// The Euclidean norm of a gradient that lies in several pieces, in double precision.
///
/// The sum runs in eight lanes that are added in a fixed order: the same bits on every machine.
///
/// ```
/// use goodfit_nn::gradient_norm;
/// assert_eq!(gradient_norm([&[3.0_f32][..], &[0.0, 4.0]]), 5.0);
/// ```
pub fn gradient_norm<'a, T: Float>(pieces: impl IntoIterator<Item = &'a [T]>) -> f64 {
    pieces.into_iter().map(sum_of_squares).sum::<f64>().sqrt()
}

/// What the gradient is multiplied by so that its norm is at most `max_norm`:
/// `min(1, max_norm / (norm + 1e-6))`, as `PyTorch`'s `clip_grad_norm_`.
///
/// An infinite norm gives 0, and NaN gives NaN, which the update then spreads: a run that overflows
/// goes on as one that has diverged, instead of with a gradient that means nothing.
///
/// ```
/// use goodfit_nn::clip_scale;
/// assert_eq!(clip_scale(0.5, 1.0), 1.0);
/// assert_eq!(clip_scale(4.0, 1.0), 1.0 / 4.000001);
/// ```
pub fn clip_scale(norm: f64, max_norm: f64) -> f64 {
    let scale = max_norm / (norm + 1e-6);
    if scale > 1.0 { 1.0 } else { scale }
}

#[inline]
fn sum_of_squares<T: Float>(values: &[T]) -> f64 {
    let mut lanes = [0.0; LANES];
    let (parts, rest) = values.as_chunks::<LANES>();
    for part in parts {
        for (lane, x) in lanes.iter_mut().zip(part) {
            *lane += x.to_f64() * x.to_f64();
        }
    }
    for (lane, x) in lanes.iter_mut().zip(rest) {
        *lane += x.to_f64() * x.to_f64();
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}
