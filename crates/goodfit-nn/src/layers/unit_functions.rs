//! The activation functions of one unit and their derivatives: branch-free, so that loops over them
//! vectorise. z is what enters a unit, y what leaves it, d the gradient by y.
//!
//! Each derivative comes as the function (d, y) -> d * dy/dz or (d, z) -> d * dy/dz, whichever of
//! y and z gives it more cheaply.

use crate::Float;
pub(super) use crate::kernels::relu;

/// `lambda` of selu, from Klambauer and others (2017).
pub(super) const SELU_SCALE: f64 = 1.050_700_987_355_480_5;
/// `alpha` of selu, from Klambauer and others (2017).
pub(super) const SELU_ALPHA: f64 = 1.673_263_242_354_377_2;

/// Selects instead of multiplying by 0 or 1, so that a gradient that is not finite goes where y is 0.
/// The added 0 is that of [`relu`].
#[inline(always)]
pub(super) fn relu_backward<T: Float>(d: T, y: T) -> T {
    let kept = if y <= T::ZERO { T::ZERO } else { d };
    kept + T::ZERO
}

/// With e = exp(-|z|), which cannot overflow: 1 / (1 + e) for z >= 0, else e / (1 + e).
#[inline(always)]
pub(super) fn sigmoid<T: Float>(z: T) -> T {
    let e = (-z.abs()).exp();
    let share = T::ONE / (T::ONE + e);
    if z < T::ZERO { e * share } else { share }
}

#[inline(always)]
pub(super) fn sigmoid_backward<T: Float>(d: T, y: T) -> T {
    d * (y * (T::ONE - y))
}

#[inline(always)]
pub(super) fn tanh_backward<T: Float>(d: T, y: T) -> T {
    d * ((T::ONE - y) * (T::ONE + y))
}

#[inline(always)]
pub(super) fn leaky_relu<T: Float>(z: T, slope: T) -> T {
    z * if z > T::ZERO { T::ONE } else { slope }
}

#[inline(always)]
pub(super) fn leaky_relu_backward<T: Float>(d: T, y: T, slope: T) -> T {
    d * if y > T::ZERO { T::ONE } else { slope }
}

/// exp(z) - 1 for z <= 0, as 2 t / (1 - t) with t = tanh(z / 2): unlike the difference it keeps its
/// digits where z is small, as it is in a network that starts from tiny weights.
#[inline(always)]
fn exp_minus_one<T: Float>(z: T) -> T {
    let t = (T::from_f64(0.5) * z).tanh();
    (t + t) / (T::ONE - t)
}

#[inline(always)]
pub(super) fn elu<T: Float>(z: T, scale: T, alpha: T) -> T {
    if z > T::ZERO { scale * z } else { scale * (alpha * exp_minus_one(z)) }
}

/// For z <= 0 the derivative `scale * alpha * exp(z)` is `y + scale * alpha`.
#[inline(always)]
pub(super) fn elu_backward<T: Float>(d: T, y: T, scale: T, alpha: T) -> T {
    d * if y > T::ZERO { scale } else { y + scale * alpha }
}

/// Phi(z), the normal distribution function.
#[inline(always)]
fn normal_cdf<T: Float>(z: T) -> T {
    let half = T::from_f64(0.5);
    half + half * (z * T::from_f64(std::f64::consts::FRAC_1_SQRT_2)).erf()
}

#[inline(always)]
pub(super) fn gelu<T: Float>(z: T) -> T {
    z * normal_cdf(z)
}

/// Phi(z) + z phi(z), phi the normal density.
#[inline(always)]
pub(super) fn gelu_backward<T: Float>(d: T, z: T) -> T {
    let root_of_two_pi_inverse = T::from_f64(std::f64::consts::FRAC_1_SQRT_2 * 0.5 * std::f64::consts::FRAC_2_SQRT_PI);
    let density = root_of_two_pi_inverse * (-(T::from_f64(0.5) * z * z)).exp();
    d * (normal_cdf(z) + z * density)
}

#[inline(always)]
pub(super) fn silu<T: Float>(z: T) -> T {
    z * sigmoid(z)
}

/// s + z s (1 - s), s = sigmoid(z).
#[inline(always)]
pub(super) fn silu_backward<T: Float>(d: T, z: T) -> T {
    let s = sigmoid(z);
    d * (s + z * (s * (T::ONE - s)))
}

/// tanh(ln(1 + exp(z))) is rational in exp(z), so it needs neither logarithm nor tanh. With
/// e = exp(-|z|): (1 + 2 e) / (1 + 2 e + 2 e^2) for z >= 0, else (e^2 + 2 e) / (e^2 + 2 e + 2).
#[inline(always)]
pub(super) fn mish<T: Float>(z: T) -> T {
    let two = T::from_f64(2.0);
    let e = (-z.abs()).exp();
    let is_negative = z < T::ZERO;
    let top = if is_negative { e * (e + two) } else { T::ONE + two * e };
    let rest = if is_negative { two } else { two * e * e };
    z * (top / (top + rest))
}

/// t + z (1 - t^2) sigmoid(z) with t = tanh(ln(1 + exp(z))); with e and the denominator q of
/// [`mish`], (1 - t^2) sigmoid(z) is 4 (1 + e) / q^2 times e for z < 0, e^2 for z >= 0.
#[inline(always)]
pub(super) fn mish_backward<T: Float>(d: T, z: T) -> T {
    let two = T::from_f64(2.0);
    let e = (-z.abs()).exp();
    let is_negative = z < T::ZERO;
    let top = if is_negative { e * (e + two) } else { T::ONE + two * e };
    let rest = if is_negative { two } else { two * e * e };
    let factor = if is_negative { e } else { e * e };
    let inverse = T::ONE / (top + rest);
    let slope = two * two * (T::ONE + e) * factor * inverse * inverse;
    d * (top * inverse + z * slope)
}
