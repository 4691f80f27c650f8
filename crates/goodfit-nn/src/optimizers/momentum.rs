//! Momentum: `v = mu * v + g`, `w -= lr * v`, `PyTorch`'s form.
//!
//! The textbook's `v = mu * v - lr * g`, `w += v` keeps the velocity in steps instead of gradients:
//! the same at a constant learning rate. When a schedule changes the rate, the whole velocity
//! follows it at once here, and only new gradients do there.
//!
//! Source: B. T. Polyak: Some methods of speeding up the convergence of iteration methods, USSR
//! Computational Mathematics and Mathematical Physics 4 (1964).

use super::UpdateStep;
use super::decay::{each, settled};
use crate::Float;

/// `velocity`: P.
#[inline(always)]
pub(super) fn update<T: Float>(values: &mut [T], velocity: &mut [T], gradient: &[T], step: &UpdateStep, momentum: f64) {
    let lr = T::from_f64(step.learning_rate);
    let mu = T::from_f64(momentum);
    each(values, velocity.iter_mut(), gradient, step, |w, g, v| {
        *v = settled(mu * *v + g);
        w - lr * *v
    });
}
