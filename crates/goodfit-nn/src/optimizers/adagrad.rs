//! `AdaGrad`: `h += g^2`, `w -= lr * g / (sqrt(h) + eps)`.
//!
//! Source: J. Duchi, E. Hazan, Y. Singer: Adaptive Subgradient Methods for Online Learning and
//! Stochastic Optimization, JMLR 12 (2011).

use super::UpdateStep;
use super::decay::{each, floored, square};
use crate::Float;

/// `squares`: P.
#[inline(always)]
pub(super) fn update<T: Float>(values: &mut [T], squares: &mut [T], gradient: &[T], step: &UpdateStep, epsilon: f64) {
    let lr = T::from_f64(step.learning_rate);
    let epsilon = T::from_f64(epsilon);
    each(values, squares.iter_mut(), gradient, step, |w, g, h| {
        *h = floored(*h + square(g));
        w - lr * g / (h.sqrt() + epsilon)
    });
}
