//! Adam: `m = b1 * m + (1 - b1) * g`, `v = b2 * v + (1 - b2) * g^2`, both corrected for their start
//! at 0: `m^ = m / (1 - b1^t)`, `v^ = v / (1 - b2^t)`, `w -= lr * m^ / (sqrt(v^) + eps)`.
//!
//! Both forms of epsilon are one loop, `w -= rate * m / (sqrt(v) * root + eps)`:
//! after the correction rate = lr / (1 - b1^t) and root = 1 / sqrt(1 - b2^t); before it
//! rate = lr * sqrt(1 - b2^t) / (1 - b1^t) and root = 1.
//!
//! Source: D. P. Kingma, J. Ba: Adam, ICLR 2015.

use super::decay::{each, floored, settled, square};
use super::{AdamForm, UpdateStep};
use crate::Float;

/// The numbers of one step.
pub(super) struct Constants<T> {
    beta1: T,
    beta2: T,
    one_minus_beta1: T,
    one_minus_beta2: T,
    rate: T,
    root: T,
    epsilon: T,
}

impl<T: Float> Constants<T> {
    pub(super) fn new(step: &UpdateStep, beta1: f64, beta2: f64, epsilon: f64, form: AdamForm) -> Self {
        let t = step.step as f64;
        let correction1 = 1.0 - libm::pow(beta1, t);
        let correction2 = (1.0 - libm::pow(beta2, t)).sqrt();
        let (rate, root) = match form {
            AdamForm::BeforeCorrection => (step.learning_rate * correction2 / correction1, 1.0),
            AdamForm::AfterCorrection => (step.learning_rate / correction1, 1.0 / correction2),
        };
        Self {
            beta1: T::from_f64(beta1),
            beta2: T::from_f64(beta2),
            one_minus_beta1: T::from_f64(1.0 - beta1),
            one_minus_beta2: T::from_f64(1.0 - beta2),
            rate: T::from_f64(rate),
            root: T::from_f64(root),
            epsilon: T::from_f64(epsilon),
        }
    }
}

/// `moments`: 2 x P, first all m, then all v.
#[inline(always)]
pub(super) fn update<T: Float>(
    values: &mut [T],
    moments: &mut [T],
    gradient: &[T],
    step: &UpdateStep,
    constants: &Constants<T>,
) {
    let &Constants { beta1, beta2, one_minus_beta1, one_minus_beta2, rate, root, epsilon } = constants;
    let (first, second) = moments.split_at_mut(values.len());
    each(values, first.iter_mut().zip(second), gradient, step, |w, g, (m, v)| {
        *m = settled(beta1 * *m + one_minus_beta1 * g);
        *v = floored(beta2 * *v + one_minus_beta2 * square(g));
        w - rate * *m / (v.sqrt() * root + epsilon)
    });
}
