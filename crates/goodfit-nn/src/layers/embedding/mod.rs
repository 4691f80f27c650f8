//! Embeddings: single columns of the inputs as several values each, in front of the first affine map.
//!
//! N rows, D inputs, F embedded numbers, K values that a number is encoded by, S outputs of its linear map.

mod periodic;
mod piecewise_linear;

use crate::Error;
use crate::error::require;

pub use periodic::{encode_periodic, encode_periodic_backward};
pub use piecewise_linear::{bin_of, encode_piecewise_linear};

/// What becomes of each input: most pass as they are, some are embedded.
///
/// A row of outputs holds the inputs that pass, in their order; then the embeddings of the numbers; then those of the levels.
///
/// # Shapes
/// Inputs N x D, outputs N x [`Embedding::outputs`].
///
/// ```
/// use goodfit_nn::{Embedding, LevelColumn, NumericColumns, NumericEmbedding};
/// let form = NumericEmbedding::Periodic { frequencies: 48, size: 24, std: 0.01 };
/// let embedding = Embedding {
///     numeric: Some(NumericColumns { inputs: vec![0, 2], form, learning_rate: 1.0 }),
///     levels: vec![LevelColumn { input: 3, levels: 100, size: 8 }],
/// };
/// // Of four inputs the second passes.
/// assert_eq!(embedding.outputs(4), 1 + 2 * 24 + 8);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedding {
    /// Inputs that are embedded as numbers.
    pub numeric: Option<NumericColumns>,
    /// Inputs that hold the number of a level.
    pub levels: Vec<LevelColumn>,
}

/// Inputs that are embedded as numbers, each with weights of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct NumericColumns {
    /// Which, ascending.
    pub inputs: Vec<usize>,
    /// How.
    pub form: NumericEmbedding,
    /// Multiplies the learning rate of all that they are embedded by.
    pub learning_rate: f64,
}

/// How a number x becomes several.
///
/// | form | embedding | initial values |
/// |---|---|---|
/// | piecewise linear | `relu(e(x) W + b)`, e by [`encode_piecewise_linear`] | W, b uniform on ± 1 / sqrt(K) |
/// | periodic | `relu([cos(2 pi c x), sin(2 pi c x)] W + b)` | c normal, W, b uniform on ± 1 / sqrt(K) |
/// | periodic with phases | `[x, cos(2 pi c x + p) W + b]` | the same, p uniform on ± pi |
///
/// Linear maps decay as weights do; frequencies c and phases p do not.
///
/// Sources: Y. Gorishniy, I. Rubachev, A. Babenko: On Embeddings for Numerical Features in Tabular Deep Learning,
/// `NeurIPS` 2022, sections 3.2 (there "Q-LR", where the edges are quantiles) and 3.3 ("PLR"), with the initial values of
/// their package `rtdl_num_embeddings`, which besides cuts the normal distribution off at three standard deviations; the
/// last one D. Holzmueller, L. Grinsztajn, I. Steinwart: Better by Default, `NeurIPS` 2024 ("PBLD").
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum NumericEmbedding {
    /// Of a piecewise linear encoding.
    PiecewiseLinear {
        /// Number of bins, K.
        bins: usize,
        /// Outputs of each number, S.
        size: usize,
    },
    /// Of cosines and sines.
    Periodic {
        /// Number of frequencies, K / 2.
        frequencies: usize,
        /// Outputs of each number, S.
        size: usize,
        /// Standard deviation of the initial frequencies.
        std: f64,
    },
    /// Of cosines with phases, beside the number itself.
    PeriodicWithPhases {
        /// Number of frequencies, K.
        frequencies: usize,
        /// Outputs of each number, S + 1.
        size: usize,
        /// Standard deviation of the initial frequencies.
        std: f64,
    },
}

/// An input that holds the number of a level, from 0. Level i has the row i of its weights; any other number, such as -1
/// for a level that is not known, is embedded as zeros.
///
/// Initial values are standard normal, as those of `PyTorch`'s `Embedding` and of `RealMLP`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LevelColumn {
    /// Which input.
    pub input: usize,
    /// Number of levels.
    pub levels: usize,
    /// Outputs.
    pub size: usize,
}

impl LevelColumn {
    /// The level that an input holds, if it is one.
    #[inline]
    pub fn level_of<T: crate::Float>(&self, x: T) -> Option<usize> {
        let x = x.to_f64();
        (x >= 0.0 && x < self.levels as f64).then_some(x as usize)
    }
}

impl NumericEmbedding {
    /// Outputs of each number.
    pub fn size(self) -> usize {
        match self {
            Self::PiecewiseLinear { size, .. }
            | Self::Periodic { size, .. }
            | Self::PeriodicWithPhases { size, .. } => size,
        }
    }

    /// Values that a number is encoded by, K.
    pub fn encoded(self) -> usize {
        match self {
            Self::PiecewiseLinear { bins, .. } => bins,
            Self::Periodic { frequencies, .. } => 2 * frequencies,
            Self::PeriodicWithPhases { frequencies, .. } => frequencies,
        }
    }

    /// Outputs of the linear map, S: all but the number itself where that stands in front.
    pub fn mapped(self) -> usize {
        self.size() - self.passed()
    }

    /// Outputs that are the number itself.
    pub fn passed(self) -> usize {
        usize::from(matches!(self, Self::PeriodicWithPhases { .. }))
    }

    /// Whether negative outputs become 0.
    pub fn is_rectified(self) -> bool {
        !matches!(self, Self::PeriodicWithPhases { .. })
    }

    fn check(self) -> Result<(), Error> {
        let count = |operation, n: usize, least: usize, expected| require(n >= least, operation, n as f64, expected);
        count("values of an embedded number", self.size(), 1 + self.passed(), "at least 1 besides the number itself")?;
        match self {
            Self::PiecewiseLinear { bins, .. } => count("bins of an embedded number", bins, 1, "at least 1"),
            Self::Periodic { frequencies, std, .. } | Self::PeriodicWithPhases { frequencies, std, .. } => {
                count("frequencies of an embedded number", frequencies, 1, "at least 1")?;
                let fits = std.is_finite() && std > 0.0;
                require(fits, "standard deviation of the initial frequencies", std, "a finite number > 0")
            }
        }
    }
}

impl Embedding {
    /// Number of outputs, of D inputs; like the other numbers the largest one where it would be larger.
    pub fn outputs(&self, inputs: usize) -> usize {
        let numeric = self.each_number(NumericEmbedding::size);
        let levels = self.levels.iter().map(|column| column.size).fold(0, usize::saturating_add);
        self.passed(inputs).count().saturating_add(numeric).saturating_add(levels)
    }

    /// Number of values of all parameters.
    pub fn n_values(&self) -> usize {
        let numeric = self.each_number(|form| {
            let encoded = match form {
                NumericEmbedding::PiecewiseLinear { bins, .. } => bins.saturating_add(1),
                NumericEmbedding::Periodic { frequencies, .. } => frequencies,
                NumericEmbedding::PeriodicWithPhases { frequencies, .. } => frequencies.saturating_mul(2),
            };
            form.encoded().saturating_add(1).saturating_mul(form.mapped()).saturating_add(encoded)
        });
        let levels = self.levels.iter().map(|column| column.levels.saturating_mul(column.size));
        levels.fold(numeric, usize::saturating_add)
    }

    /// Number of values that a training keeps of each row, of D inputs.
    pub fn n_kept(&self, inputs: usize) -> usize {
        let encoded = |form: NumericEmbedding| form.encoded().saturating_add(form.mapped()).saturating_add(1);
        self.outputs(inputs).saturating_add(self.each_number(encoded))
    }

    /// A number of values that each embedded number has, times their number.
    fn each_number(&self, of: impl Fn(NumericEmbedding) -> usize) -> usize {
        self.numeric.as_ref().map_or(0, |columns| columns.inputs.len().saturating_mul(of(columns.form)))
    }

    /// The inputs that pass as they are.
    pub fn passed(&self, inputs: usize) -> impl Iterator<Item = usize> {
        let mut passes = vec![true; inputs];
        let numeric = self.numeric.iter().flat_map(|columns| &columns.inputs).copied();
        for input in numeric.chain(self.levels.iter().map(|column| column.input)) {
            passes[input] = false;
        }
        (0..inputs).filter(move |&input| passes[input])
    }

    pub(crate) fn check(&self, inputs: usize) -> Result<(), Error> {
        let mut is_taken = vec![false; inputs];
        let mut take = |input: usize| {
            let is_free = is_taken.get_mut(input).is_some_and(|taken| !std::mem::replace(taken, true));
            require(is_free, "embedded input", input as f64, "an input that is embedded once")
        };
        if let Some(NumericColumns { inputs, form, learning_rate }) = &self.numeric {
            inputs.iter().try_for_each(|&input| take(input))?;
            let rises = inputs.is_sorted() && !inputs.is_empty();
            require(rises, "number of embedded numbers", inputs.len() as f64, "at least 1, in ascending order")?;
            form.check()?;
            let fits = learning_rate.is_finite() && *learning_rate >= 0.0;
            require(fits, "factor of the learning rate of embeddings", *learning_rate, "a finite number >= 0")?;
        }
        for column in &self.levels {
            take(column.input)?;
            require(column.levels > 0, "levels of an embedded column", 0.0, "at least 1")?;
            require(column.size > 0, "values of an embedded level", 0.0, "at least 1")?;
        }
        Ok(())
    }
}
