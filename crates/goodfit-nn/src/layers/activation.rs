//! Activations.
/// An activation function, applied unit by unit.
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
        /// Slope for negative values; 0.01 is usual.
        slope: f64,
    },
    /// `z` for z > 0, else `alpha * (exp(z) - 1)`.
    Elu {
        /// Limit for very negative values, with its sign changed; 1 is usual.
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
