//! Nesterov's accelerated gradient, with the gradient taken where the parameters are:
//! `v = mu * v + g`, `w -= lr * (g + mu * v)`.
//!
//! In terms of the velocity before its update that is `lr * ((1 + mu) * g + mu^2 * v)`, the form in
//! which the paper gives it. The textbook's program has the same formula but updates the velocity
//! first, so that it steps farther. As for momentum, the velocity is kept in gradients, which makes
//! no difference at a constant rate.
//!
//! Source: Y. Bengio, N. Boulanger-Lewandowski, R. Pascanu: Advances in optimizing recurrent
//! networks, arXiv 1212.0901 (2012), equation 7.

use super::decay::{each, settled};
use super::{NesterovForm, UpdateStep};
use crate::Float;

/// `velocity`: P.
#[inline(always)]
pub(super) fn update<T: Float>(
    values: &mut [T],
    velocity: &mut [T],
    gradient: &[T],
    step: &UpdateStep,
    momentum: f64,
    form: NesterovForm,
) {
    let lr = T::from_f64(step.learning_rate);
    let mu = T::from_f64(momentum);
    let (of_gradient, of_velocity) = match form {
        NesterovForm::Textbook => (T::ONE + mu, mu * mu),
        NesterovForm::Field => (T::ONE, mu),
    };
    each(values, velocity.iter_mut(), gradient, step, |w, g, v| {
        *v = settled(mu * *v + g);
        w - lr * (of_gradient * g + of_velocity * *v)
    });
}
