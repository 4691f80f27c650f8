//! The two number types that the engine computes in: `f32` for work, `f64` for gradient checks.

use std::fmt::{Debug, Display};
use std::iter::Sum;
use std::ops::{Add, AddAssign, Div, Mul, MulAssign, Neg, Sub, SubAssign};

use crate::kernels::math;

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
}

/// `f32` or `f64`.
///
/// The transcendental functions are our own for `f32` (branch-free, so that loops over them
/// vectorise) and those of the `libm` crate for `f64`. None comes from the C library of the
/// machine, so the same binary gives the same bits everywhere.
pub trait Float:
    Copy
    + Default
    + PartialOrd
    + Debug
    + Display
    + Send
    + Sync
    + 'static
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + Sum
    + private::Sealed
    + crate::kernels::simd::Dispatch
{
    /// 0
    const ZERO: Self;
    /// 1
    const ONE: Self;

    /// The nearest value of this type.
    fn from_f64(x: f64) -> Self;
    /// Exact.
    fn to_f64(self) -> f64;
    /// `|x|`
    #[must_use]
    fn abs(self) -> Self;
    /// Square root, correctly rounded.
    #[must_use]
    fn sqrt(self) -> Self;
    /// `e^x`
    #[must_use]
    fn exp(self) -> Self;
    /// Natural logarithm.
    #[must_use]
    fn ln(self) -> Self;
    /// Hyperbolic tangent.
    #[must_use]
    fn tanh(self) -> Self;
    /// The error function `2/sqrt(pi) * integral from 0 to x of exp(-t^2)`.
    #[must_use]
    fn erf(self) -> Self;
    /// `cos(2 pi x)`
    #[must_use]
    fn cos_turns(self) -> Self;
    /// `sin(2 pi x)`
    #[must_use]
    fn sin_turns(self) -> Self;
    /// Neither infinite nor NaN.
    fn is_finite(self) -> bool;
    /// Not a number.
    fn is_nan(self) -> bool;
}

macro_rules! float {
    ($type:ty, $math:ident) => {
        impl Float for $type {
            const ZERO: Self = 0.0;
            const ONE: Self = 1.0;

            #[inline(always)]
            fn from_f64(x: f64) -> Self {
                x as $type
            }
            #[inline(always)]
            fn to_f64(self) -> f64 {
                f64::from(self)
            }
            #[inline(always)]
            fn abs(self) -> Self {
                <$type>::abs(self)
            }
            #[inline(always)]
            fn sqrt(self) -> Self {
                <$type>::sqrt(self)
            }
            #[inline(always)]
            fn exp(self) -> Self {
                math::$math::exp(self)
            }
            #[inline(always)]
            fn ln(self) -> Self {
                math::$math::ln(self)
            }
            #[inline(always)]
            fn tanh(self) -> Self {
                math::$math::tanh(self)
            }
            #[inline(always)]
            fn erf(self) -> Self {
                math::$math::erf(self)
            }
            #[inline(always)]
            fn cos_turns(self) -> Self {
                math::$math::cos_turns(self)
            }
            #[inline(always)]
            fn sin_turns(self) -> Self {
                math::$math::sin_turns(self)
            }
            #[inline(always)]
            fn is_finite(self) -> bool {
                <$type>::is_finite(self)
            }
            #[inline(always)]
            fn is_nan(self) -> bool {
                <$type>::is_nan(self)
            }
        }
    };
}

float!(f32, single);
float!(f64, double);
