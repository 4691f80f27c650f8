//! Initial values of weights. I = `fan_in` (inputs of a layer), O = `fan_out` (its outputs).

use crate::error::require;
use crate::{Error, Float, Stream};

/// How the weights of an affine layer are drawn. `fan_in` is its number of inputs, `fan_out` its
/// number of outputs.
///
/// | variant | distribution | standard deviation |
/// |---|---|---|
/// | `Std(s)` | normal | s |
/// | `Xavier` | normal | sqrt(1 / I) |
/// | `XavierUniform` | uniform on ± sqrt(3 / I) | sqrt(1 / I) |
/// | `Glorot` | normal | sqrt(2 / (I + O)) |
/// | `GlorotUniform` | uniform on ± sqrt(6 / (I + O)) | sqrt(2 / (I + O)) |
/// | `He` | normal | sqrt(2 / I) |
/// | `HeUniform` | uniform on ± sqrt(6 / I) | sqrt(2 / I) |
/// | `PyTorch` | uniform on ± sqrt(1 / I) | sqrt(1 / (3 I)) |
/// | `Zero` | 0 for all | 0 |
///
/// Sources: X. Glorot, Y. Bengio: Understanding the difficulty of training deep feedforward neural
/// networks, AISTATS 2010 (`Xavier` is the form in which the textbook gives it); K. He, X. Zhang,
/// S. Ren, J. Sun: Delving deep into rectifiers, ICCV 2015. `PyTorch` is the default of `torch.nn.Linear`.
///
/// ```
/// use goodfit_nn::{Init, Purpose, Stream};
/// assert_eq!(Init::Xavier.standard_deviation(100, 50), 0.1);
/// assert_eq!(Init::Glorot.standard_deviation(100, 100), 0.1);
/// assert_eq!(Init::He.standard_deviation(200, 50), 0.1);
///
/// let mut weights = [0.0; 6];
/// Init::Std(0.01).fill(&mut weights, 2, 3, &mut Stream::new(0, Purpose::Init, 0));
/// let mut draws = Stream::new(0, Purpose::Init, 0);
/// assert_eq!(weights[5], 0.01 * (0..6).map(|_| draws.normal()).last().unwrap());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Init {
    /// Normal with this standard deviation.
    Std(f64),
    /// Normal, std = `sqrt(1 / fan_in)`: the form of the textbook.
    Xavier,
    /// Uniform on ± `sqrt(3 / fan_in)`: the same variance as [`Init::Xavier`].
    XavierUniform,
    /// Normal, std = `sqrt(2 / (fan_in + fan_out))`: `PyTorch`'s `xavier_normal_`.
    Glorot,
    /// Uniform on ± `sqrt(6 / (fan_in + fan_out))`: `PyTorch`'s `xavier_uniform_`.
    GlorotUniform,
    /// Normal, std = `sqrt(2 / fan_in)`.
    He,
    /// Uniform on ± `sqrt(6 / fan_in)`: the same variance as [`Init::He`].
    HeUniform,
    /// Uniform on ± `sqrt(1 / fan_in)`: the default of `PyTorch`'s `Linear`.
    PyTorch,
    /// All 0: for a last layer, whose outputs then start equal.
    Zero,
}

impl Init {
    /// The standard deviation of each weight; see the table of [`Init`].
    pub fn standard_deviation(self, fan_in: usize, fan_out: usize) -> f64 {
        let (i, o) = (fan_in as f64, fan_out as f64);
        match self {
            Self::Std(std) => std,
            Self::Xavier | Self::XavierUniform => (1.0 / i).sqrt(),
            Self::Glorot | Self::GlorotUniform => (2.0 / (i + o)).sqrt(),
            Self::He | Self::HeUniform => (2.0 / i).sqrt(),
            Self::PyTorch => (1.0 / (3.0 * i)).sqrt(),
            Self::Zero => 0.0,
        }
    }

    /// Draws the weights of a layer.
    ///
    /// Weight k, in the order of storage, is `std * z_k` with the stream's k-th standard normal, or
    /// `sqrt(3) * std * (2 u_k - 1)` with its k-th uniform, in double precision and then rounded
    /// once. So arms that differ in their standard deviation share their draws.
    ///
    /// # Shapes
    /// `weights`: I x O, row-major.
    ///
    /// # Panics
    /// When `weights` does not hold `fan_in * fan_out` values.
    pub fn fill<T: Float>(self, weights: &mut [T], fan_in: usize, fan_out: usize, stream: &mut Stream) {
        assert_eq!(weights.len(), fan_in * fan_out, "{fan_in} x {fan_out} weights");
        let std = self.standard_deviation(fan_in, fan_out);
        if self == Self::Zero {
            weights.fill(T::ZERO);
        } else if self.is_uniform() {
            let limit = 3.0_f64.sqrt() * std;
            weights.fill_with(|| T::from_f64(limit * (2.0 * stream.uniform() - 1.0)));
        } else {
            weights.fill_with(|| T::from_f64(std * stream.normal()));
        }
    }

    /// Whether weights can be drawn by it.
    ///
    /// # Errors
    /// When a given standard deviation is not a finite number above 0.
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::Std(std) => require(
                std.is_finite() && std > 0.0,
                "standard deviation of the initial weights",
                std,
                "a finite number > 0",
            ),
            _ => Ok(()),
        }
    }

    fn is_uniform(self) -> bool {
        matches!(self, Self::XavierUniform | Self::GlorotUniform | Self::HeUniform | Self::PyTorch)
    }
}
