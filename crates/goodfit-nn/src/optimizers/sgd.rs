//! Stochastic gradient descent: `w -= lr * g`.
//!
//! Source: H. Robbins, S. Monro: A Stochastic Approximation Method, Annals of Mathematical
//! Statistics 22 (1951).

use super::UpdateStep;
use super::decay::each;
use crate::Float;

#[inline(always)]
pub(super) fn update<T: Float>(values: &mut [T], gradient: &[T], step: &UpdateStep) {
    let lr = T::from_f64(step.learning_rate);
    each(values, std::iter::repeat(()), gradient, step, |w, g, ()| w - lr * g);
}
