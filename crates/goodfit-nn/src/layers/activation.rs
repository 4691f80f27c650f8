//! Activations. A buffer holds N x D values: N rows (samples), D units.

use super::unit_functions as unit;
use crate::error::require;
use crate::{Error, Float};

/// An activation function, applied unit by unit: y = f(z).
///
/// | name | f(z) | derivative |
/// |---|---|---|
/// | identity | z | 1 |
/// | relu | max(z, 0) | 1 for z > 0, else 0 |
/// | sigmoid | 1 / (1 + exp(-z)) | y (1 - y) |
/// | tanh | tanh(z) | 1 - y^2 |
/// | leaky relu | z for z > 0, else slope z | 1 or slope |
/// | elu | z for z > 0, else alpha (exp(z) - 1) | 1 or y + alpha |
/// | selu | lambda elu(z), with the paper's constants | lambda or y + lambda alpha |
/// | gelu | z Phi(z), Phi the normal distribution function | Phi(z) + z phi(z) |
/// | silu | z s, s = sigmoid(z) | s + z s (1 - s) |
/// | mish | z t, t = tanh(ln(1 + exp(z))) | t + z (1 - t^2) sigmoid(z) |
///
/// At the kink 0 the derivative is that of the left side. NaN stays NaN, in relu too.
///
/// Sources: leaky relu: A. Maas and others, ICML 2013; elu: D.-A. Clevert and others, ICLR 2016;
/// selu: G. Klambauer and others, NIPS 2017; gelu: D. Hendrycks, K. Gimpel, 2016 (the exact form,
/// not the approximation by tanh); silu: S. Elfwing and others, 2018; mish: D. Misra, 2019.
///
/// ```
/// use goodfit_nn::Activation;
/// let z = [-1.0, 0.0, 2.0];
/// let mut y = [0.0; 3];
/// Activation::Relu.forward(&mut y, &z);
/// assert_eq!(y, [0.0, 0.0, 2.0]);
///
/// let mut d = [1.0; 3];
/// Activation::Relu.backward(&mut d, &y, &[]);
/// assert_eq!(d, [0.0, 0.0, 1.0]);
///
/// Activation::Sigmoid.forward(&mut y, &z);
/// assert!((y[2] - 1.0 / (1.0 + f64::exp(-2.0))).abs() < 1e-15);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Activation {
    /// `z`
    Identity,
    /// `max(z, 0)`; NaN stays NaN.
    Relu,
    /// `1 / (1 + exp(-z))`
    Sigmoid,
    /// `tanh(z)`
    Tanh,
    /// `z` for z > 0, else `slope * z`.
    LeakyRelu {
        /// Slope for negative values, at least 0; 0.01 is usual.
        slope: f64,
    },
    /// `z` for z > 0, else `alpha * (exp(z) - 1)`.
    Elu {
        /// Limit for very negative values, with its sign changed, at least 0; 1 is usual.
        alpha: f64,
    },
    /// Elu scaled so that activations keep mean 0 and variance 1.
    Selu,
    /// `z * Phi(z)`, Phi the normal distribution function (exact form).
    Gelu,
    /// `z * sigmoid(z)`
    Silu,
    /// `z * tanh(ln(1 + exp(z)))`
    Mish,
}

impl Activation {
    /// The name that recipes and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::Identity => "identity",
            Self::Relu => "relu",
            Self::Sigmoid => "sigmoid",
            Self::Tanh => "tanh",
            Self::LeakyRelu { .. } => "leaky-relu",
            Self::Elu { .. } => "elu",
            Self::Selu => "selu",
            Self::Gelu => "gelu",
            Self::Silu => "silu",
            Self::Mish => "mish",
        }
    }

    /// y = f(z).
    ///
    /// # Shapes
    /// `y`, `z`: N x D.
    ///
    /// # Panics
    /// When the lengths differ.
    #[inline(always)]
    pub fn forward<T: Float>(self, y: &mut [T], z: &[T]) {
        assert_eq!(y.len(), z.len(), "values of an activation");
        self.map(Apart { y, z });
    }

    /// As [`Activation::forward`], with z on entry and y on return in the same buffer. For the
    /// activations whose backward pass reads z ([`Activation::needs_input`]) use `forward`.
    #[inline(always)]
    pub fn forward_in_place<T: Float>(self, y: &mut [T]) {
        self.map(InPlace { y });
    }

    /// d = d * f'(z): turns the gradient by y into the gradient by z, in place.
    ///
    /// # Shapes
    /// `d`, `y`: N x D. `z`: N x D where [`Activation::needs_input`], else not looked at; `y` is not
    /// looked at in that case.
    ///
    /// # Panics
    /// When the buffer that is read has another length than `d`.
    #[inline(always)]
    pub fn backward<T: Float>(self, d: &mut [T], y: &[T], z: &[T]) {
        match self {
            Self::Identity => {}
            Self::Relu => scale(d, y, unit::relu_backward),
            Self::Sigmoid => scale(d, y, unit::sigmoid_backward),
            Self::Tanh => scale(d, y, unit::tanh_backward),
            Self::LeakyRelu { slope } => {
                let slope = T::from_f64(slope);
                scale(d, y, |d, y| unit::leaky_relu_backward(d, y, slope));
            }
            Self::Elu { alpha } => {
                let alpha = T::from_f64(alpha);
                scale(d, y, |d, y| unit::elu_backward(d, y, T::ONE, alpha));
            }
            Self::Selu => {
                let (lambda, alpha) = (T::from_f64(unit::SELU_SCALE), T::from_f64(unit::SELU_ALPHA));
                scale(d, y, |d, y| unit::elu_backward(d, y, lambda, alpha));
            }
            Self::Gelu => scale(d, z, unit::gelu_backward),
            Self::Silu => scale(d, z, unit::silu_backward),
            Self::Mish => scale(d, z, unit::mish_backward),
        }
    }

    /// Whether [`Activation::backward`] reads z; otherwise it reads y, and z need not be kept.
    pub fn needs_input(self) -> bool {
        matches!(self, Self::Gelu | Self::Silu | Self::Mish)
    }

    /// Whether a unit's output lies at a flat end of the function, where hardly a gradient passes.
    ///
    /// sigmoid: y < 0.01 or y > 0.99; tanh: |y| > 0.99; relu: y is exactly 0; elu and selu: within
    /// 1 % of their lower limit; the others have no flat end that y alone shows: never.
    pub fn is_saturated<T: Float>(self, y: T) -> bool {
        let y = y.to_f64();
        match self {
            Self::Sigmoid => !(0.01..=0.99).contains(&y) && !y.is_nan(),
            Self::Tanh => y.abs() > 0.99,
            Self::Relu => y == 0.0,
            Self::Elu { alpha } => y < -0.99 * alpha,
            Self::Selu => y < -0.99 * unit::SELU_SCALE * unit::SELU_ALPHA,
            Self::Identity | Self::LeakyRelu { .. } | Self::Gelu | Self::Silu | Self::Mish => false,
        }
    }

    /// Whether the function has the constants that it needs.
    ///
    /// # Errors
    /// When a constant of the function is negative or not finite: the derivative is read off y,
    /// whose sign has to be that of z.
    pub fn check(self) -> Result<(), Error> {
        let (operation, constant) = match self {
            Self::LeakyRelu { slope } => ("slope of leaky relu", slope),
            Self::Elu { alpha } => ("alpha of elu", alpha),
            _ => return Ok(()),
        };
        require(constant.is_finite() && constant >= 0.0, operation, constant, "a finite number >= 0")
    }

    #[inline(always)]
    fn map<T: Float>(self, units: impl Units<T>) {
        match self {
            Self::Identity => units.map(|z| z),
            Self::Relu => units.map(unit::relu),
            Self::Sigmoid => units.map(unit::sigmoid),
            Self::Tanh => units.map(T::tanh),
            Self::LeakyRelu { slope } => {
                let slope = T::from_f64(slope);
                units.map(|z| unit::leaky_relu(z, slope));
            }
            Self::Elu { alpha } => {
                let alpha = T::from_f64(alpha);
                units.map(|z| unit::elu(z, T::ONE, alpha));
            }
            Self::Selu => {
                let (lambda, alpha) = (T::from_f64(unit::SELU_SCALE), T::from_f64(unit::SELU_ALPHA));
                units.map(|z| unit::elu(z, lambda, alpha));
            }
            Self::Gelu => units.map(unit::gelu),
            Self::Silu => units.map(unit::silu),
            Self::Mish => units.map(unit::mish),
        }
    }
}

/// Where the values of a forward pass lie: each function becomes one loop of its own.
trait Units<T> {
    fn map(self, f: impl Fn(T) -> T);
}

struct Apart<'a, T> {
    y: &'a mut [T],
    z: &'a [T],
}

struct InPlace<'a, T> {
    y: &'a mut [T],
}

impl<T: Float> Units<T> for Apart<'_, T> {
    #[inline(always)]
    fn map(self, f: impl Fn(T) -> T) {
        for (y, &z) in self.y.iter_mut().zip(self.z) {
            *y = f(z);
        }
    }
}

impl<T: Float> Units<T> for InPlace<'_, T> {
    #[inline(always)]
    fn map(self, f: impl Fn(T) -> T) {
        for y in self.y {
            *y = f(*y);
        }
    }
}

/// d = f(d, r), r being y or z.
#[inline(always)]
fn scale<T: Float>(d: &mut [T], r: &[T], f: impl Fn(T, T) -> T) {
    assert_eq!(d.len(), r.len(), "gradients of an activation");
    for (d, &r) in d.iter_mut().zip(r) {
        *d = f(*d, r);
    }
}
