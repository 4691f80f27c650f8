//! Elementary functions.

/// Double precision: the functions of the `libm` crate.
pub mod double {
    /// `e^x`
    pub fn exp(x: f64) -> f64 {
        libm::exp(x)
    }
    /// ln
    pub fn ln(x: f64) -> f64 {
        libm::log(x)
    }
    /// tanh
    pub fn tanh(x: f64) -> f64 {
        libm::tanh(x)
    }
    /// erf
    pub fn erf(x: f64) -> f64 {
        libm::erf(x)
    }
}

/// Single precision.
pub mod single {
    /// `e^x`
    pub fn exp(x: f32) -> f32 {
        libm::expf(x)
    }
    /// ln
    pub fn ln(x: f32) -> f32 {
        libm::logf(x)
    }
    /// tanh
    pub fn tanh(x: f32) -> f32 {
        libm::tanhf(x)
    }
    /// erf
    pub fn erf(x: f32) -> f32 {
        libm::erff(x)
    }
}
