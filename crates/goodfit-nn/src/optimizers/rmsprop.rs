//! `RMSprop`: `h = rho * h + (1 - rho) * g^2`, `w -= lr * g / (sqrt(h) + eps)`.
//!
//! Source: T. Tieleman, G. Hinton: Lecture 6.5, Neural Networks for Machine Learning, Coursera (2012).

use super::UpdateStep;
use super::decay::{each, floored, square};
use crate::Float;

/// `squares`: P.
#[inline(always)]
pub(super) fn update<T: Float>(
    values: &mut [T],
    squares: &mut [T],
    gradient: &[T],
    step: &UpdateStep,
    decay: f64,
    epsilon: f64,
) {
    let lr = T::from_f64(step.learning_rate);
    let (kept, taken) = (T::from_f64(decay), T::from_f64(1.0 - decay));
    let epsilon = T::from_f64(epsilon);
    each(values, squares.iter_mut(), gradient, step, |w, g, h| {
        *h = floored(kept * *h + taken * square(g));
        w - lr * g / (h.sqrt() + epsilon)
    });
}
