//! Initial values of weights.

/// How the weights of an affine layer are drawn. `fan_in` is its number of inputs, `fan_out` its
/// number of outputs; biases start at 0.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Normal with this standard deviation.
    Std(f64),
    /// Normal, std = sqrt(1 / fan_in): the form of the textbook.
    Xavier,
    /// Uniform on ± sqrt(3 / fan_in): the same variance as [`Init::Xavier`].
    XavierUniform,
    /// Normal, std = sqrt(2 / (`fan_in` + `fan_out`)): `PyTorch`'s `xavier_normal_`.
    Glorot,
    /// Uniform on ± sqrt(6 / (`fan_in` + `fan_out`)): `PyTorch`'s `xavier_uniform_`.
    GlorotUniform,
    /// Normal, std = sqrt(2 / fan_in).
    He,
    /// Uniform on ± sqrt(6 / fan_in): the same variance as [`Init::He`].
    HeUniform,
}
