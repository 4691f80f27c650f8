//! Weight decay, and the loop over parameters that every optimiser shares.

use super::UpdateStep;
use crate::error::require;
use crate::{Error, Float};

/// Weight decay, of weights only: biases, scales and shifts do not decay.
///
/// | form | added to the objective | to the gradient | beside the update |
/// |---|---|---|---|
/// | l2 | lambda / 2 sum w^2 | lambda w | |
/// | l1 | lambda sum \|w\| | lambda sign(w), sign(0) = 0 | |
/// | decoupled | | | w -= lr lambda w, before the optimiser's own step |
///
/// Sources: l2 as in the textbook; decoupled: I. Loshchilov, F. Hutter: Decoupled Weight Decay
/// Regularization, ICLR 2019, in `PyTorch`'s form, whose rate is that of the step.
///
/// ```
/// use goodfit_nn::WeightDecay;
/// assert_eq!(WeightDecay::L2(0.1).penalty(&[3.0, -4.0]), 0.1 / 2.0 * 25.0);
/// assert_eq!(WeightDecay::L1(0.1).penalty(&[3.0, -4.0]), 0.1 * 7.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum WeightDecay {
    /// None.
    #[default]
    None,
    /// Adds `lambda / 2 * sum w^2` to the objective: `lambda * w` to the gradient.
    L2(f64),
    /// Adds `lambda * sum |w|` to the objective: `lambda * sign(w)` to the gradient, sign(0) = 0.
    L1(f64),
    /// `w -= lr * lambda * w` beside the update, which the optimiser does not see.
    Decoupled(f64),
}

impl WeightDecay {
    /// What weights add to the objective: the curve of the penalty. Decoupled decay adds nothing.
    ///
    /// # Shapes
    /// `weights`: any.
    pub fn penalty<T: Float>(self, weights: &[T]) -> f64 {
        match self {
            Self::None | Self::Decoupled(_) => 0.0,
            Self::L2(lambda) => lambda / 2.0 * weights.iter().map(|w| w.to_f64() * w.to_f64()).sum::<f64>(),
            Self::L1(lambda) => lambda * weights.iter().map(|w| w.to_f64().abs()).sum::<f64>(),
        }
    }

    /// The same decay with lambda multiplied by a factor, for groups of parameters and schedules.
    #[must_use]
    pub fn scaled(self, factor: f64) -> Self {
        match self {
            Self::None => Self::None,
            Self::L2(lambda) => Self::L2(lambda * factor),
            Self::L1(lambda) => Self::L1(lambda * factor),
            Self::Decoupled(lambda) => Self::Decoupled(lambda * factor),
        }
    }

    /// Whether lambda can be used.
    ///
    /// # Errors
    /// When lambda is negative or not finite.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::None => Ok(()),
            Self::L2(lambda) | Self::L1(lambda) | Self::Decoupled(lambda) => {
                require(lambda.is_finite() && lambda >= 0.0, "weight decay", lambda, "a finite number >= 0")
            }
        }
    }
}

/// Moves every parameter: `w = rule(w, g, s)`, g being the scaled gradient with the decay's part and
/// s the parameter's state. One loop for each form of decay, so that none of them tests for it.
#[inline(always)]
pub(super) fn each<T: Float, S>(
    values: &mut [T],
    state: impl Iterator<Item = S>,
    gradient: &[T],
    step: &UpdateStep,
    rule: impl Fn(T, T, S) -> T,
) {
    let scale = T::from_f64(step.gradient_scale);
    let rows = values.iter_mut().zip(gradient).zip(state);
    match step.decay {
        WeightDecay::None => {
            for ((w, &g), s) in rows {
                *w = rule(*w, scale * g, s);
            }
        }
        WeightDecay::L2(lambda) => {
            let lambda = T::from_f64(lambda);
            for ((w, &g), s) in rows {
                *w = rule(*w, scale * g + lambda * *w, s);
            }
        }
        WeightDecay::L1(lambda) => {
            let lambda = T::from_f64(lambda);
            for ((w, &g), s) in rows {
                *w = rule(*w, scale * g + lambda * sign(*w), s);
            }
        }
        WeightDecay::Decoupled(lambda) => {
            let kept = T::from_f64(1.0 - step.learning_rate * lambda);
            for ((w, &g), s) in rows {
                *w = rule(kept * *w, scale * g, s);
            }
        }
    }
}

/// An average of gradients, 0 where it is smaller than 2^-100.
///
/// Where gradients cease, as those of units that died or of pixels that are nearly always empty, averages shrink step by
/// step to denormal numbers, and stay there by rounding. Such a factor costs some processors as much as dozens of others.
/// In double precision nothing gets there, and nothing is changed; NaN stays.
#[inline(always)]
pub(super) fn settled<T: Float>(average: T) -> T {
    zero_below(average, 100)
}

/// `g^2`, of gradients below 2^-50 that of 0: their squares are denormal, or nearly.
#[inline(always)]
pub(super) fn square<T: Float>(g: T) -> T {
    let g = zero_below(g, 50);
    g * g
}

/// An average of squares, at least 2^-110, so that it is never denormal, nor 0 under a gradient that is not.
#[inline(always)]
pub(super) fn floored<T: Float>(squares: T) -> T {
    let least = power_of_half(110);
    if squares < least { least } else { squares }
}

#[inline(always)]
fn zero_below<T: Float>(x: T, exponent: u32) -> T {
    if x.abs() < power_of_half(exponent) { T::ZERO } else { x }
}

/// `2^-exponent` in single precision, 0 in double.
#[inline(always)]
fn power_of_half<T: Float>(exponent: u32) -> T {
    if size_of::<T>() == size_of::<f32>() { T::from_f64(1.0 / (1_u128 << exponent) as f64) } else { T::ZERO }
}

/// -1, 0 or 1; 0 for NaN.
#[inline(always)]
fn sign<T: Float>(w: T) -> T {
    let positive = if w > T::ZERO { T::ONE } else { T::ZERO };
    let negative = if w < T::ZERO { T::ONE } else { T::ZERO };
    positive - negative
}
