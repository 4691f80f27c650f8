//! Losses. N rows (samples), K outputs, w the rows' weights (1 where there are none).

#![allow(clippy::inline_always, reason = "the loops are compiled into the kernels' dispatch by instruction set")]

mod cross_entropy;
mod squared_error;

pub use cross_entropy::softmax;

use crate::error::require;
use crate::{Error, Float, MatRef};

/// What a network's outputs are scored by: the mean over the rows, `sum w_n l_n / sum w_n`.
///
/// | loss | l of a row with outputs z | gradient by z, times `w_n / sum w` |
/// |---|---|---|
/// | cross-entropy | `-sum_k q_k ln p_k`, `p = softmax(z)` | `p - q` |
/// | mean squared error | mean over k of `(z_k - t_k)^2` | `2 (z - t) / K` |
///
/// q is 1 at the row's class and 0 elsewhere; with label smoothing e it is (1 - e) of that plus
/// e / K everywhere (C. Szegedy and others, CVPR 2016).
///
/// Softmax and logarithm are fused: `l = ln sum_k exp(z_k - m) - sum_k q_k (z_k - m)`, m the row's
/// largest output, so that outputs of ±1000 neither overflow nor lose the loss. The textbook instead
/// adds 1e-7 inside the logarithm: its loss of a row is smaller by less than 1e-7 / p, and never
/// more than `-ln 1e-7 = 16.1`, where this one goes on growing; its gradient is the same.
///
/// What is not finite passes through: outputs with NaN or +infinity give a loss of NaN, and so do
/// weights that sum to 0.
///
/// ```
/// use goodfit_nn::{Loss, Targets};
/// let loss = Loss::CrossEntropy { label_smoothing: 0.0 };
/// // Equal outputs for four classes: ln 4.
/// let (outputs, mut d) = ([0.5; 4], [0.0; 4]);
/// let value = loss.value_and_gradient(&mut d, &outputs, 4, Targets::Classes(&[2]), None);
/// assert!((value - f64::ln(4.0)).abs() < 1e-15);
/// assert_eq!(d, [0.25, 0.25, -0.75, 0.25]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Loss {
    /// Softmax and cross-entropy, fused.
    CrossEntropy {
        /// Share of the target that is spread evenly over all classes, in [0, 1).
        label_smoothing: f64,
    },
    /// Mean squared error, averaged over rows and outputs.
    MeanSquaredError,
}

/// The targets of a batch.
#[derive(Clone, Copy, Debug)]
pub enum Targets<'a, T> {
    /// One class index a row.
    Classes(&'a [u32]),
    /// One row of values a row (rows x outputs).
    Values(MatRef<'a, T>),
}

impl Loss {
    /// The loss of a batch, and in `d` its gradient by the outputs.
    ///
    /// # Shapes
    /// `d`, `outputs`: N x K with K = `n_outputs`. `targets`: N classes or N x K values.
    /// `row_weights`: N.
    ///
    /// # Panics
    /// When the shapes do not fit, targets are not of the loss's kind, or a class is not below K.
    #[inline(always)]
    pub fn value_and_gradient<T: Float>(
        self,
        d: &mut [T],
        outputs: &[T],
        n_outputs: usize,
        targets: Targets<'_, T>,
        row_weights: Option<&[T]>,
    ) -> f64 {
        assert_eq!(d.len(), outputs.len(), "gradients of a loss");
        let n_rows = count_rows(outputs, n_outputs, row_weights);
        let weight_sum = sum_of_weights(n_rows, row_weights);
        let sum = match (self, targets) {
            (Self::CrossEntropy { label_smoothing }, Targets::Classes(classes)) => {
                assert_eq!(classes.len(), n_rows, "classes of a batch");
                cross_entropy::sum_and_gradient(
                    d,
                    outputs,
                    n_outputs,
                    classes,
                    label_smoothing,
                    row_weights,
                    weight_sum,
                )
            }
            (Self::MeanSquaredError, Targets::Values(values)) => {
                assert_eq!((values.n_rows(), values.n_columns()), (n_rows, n_outputs), "values of a batch");
                squared_error::sum_and_gradient(d, outputs, values, row_weights, weight_sum)
            }
            (_, targets) => panic!("{} with {}", self.name(), targets.kind()),
        };
        sum / weight_sum
    }

    /// The loss of a batch without its gradient: `sum w_n l_n / sum w_n`, see [`Loss::sum`].
    #[inline(always)]
    pub fn value<T: Float>(
        self,
        outputs: &[T],
        n_outputs: usize,
        targets: Targets<'_, T>,
        row_weights: Option<&[T]>,
    ) -> f64 {
        let (sum, weight_sum) = self.sum(outputs, n_outputs, targets, row_weights);
        sum / weight_sum
    }

    /// `(sum w_n l_n, sum w_n)`, in double precision, so that the parts of a data set can be added.
    ///
    /// # Shapes
    /// `outputs`: N x K with K = `n_outputs`. `targets`: N classes or N x K values. `row_weights`: N.
    ///
    /// # Panics
    /// When the shapes do not fit, targets are not of the loss's kind, or a class is not below K.
    #[inline(always)]
    pub fn sum<T: Float>(
        self,
        outputs: &[T],
        n_outputs: usize,
        targets: Targets<'_, T>,
        row_weights: Option<&[T]>,
    ) -> (f64, f64) {
        let n_rows = count_rows(outputs, n_outputs, row_weights);
        let weight_sum = sum_of_weights(n_rows, row_weights);
        let sum = match (self, targets) {
            (Self::CrossEntropy { label_smoothing }, Targets::Classes(classes)) => {
                assert_eq!(classes.len(), n_rows, "classes of a batch");
                cross_entropy::sum(outputs, n_outputs, classes, label_smoothing, row_weights)
            }
            (Self::MeanSquaredError, Targets::Values(values)) => {
                assert_eq!((values.n_rows(), values.n_columns()), (n_rows, n_outputs), "values of a batch");
                squared_error::sum(outputs, values, row_weights)
            }
            (_, targets) => panic!("{} with {}", self.name(), targets.kind()),
        };
        (sum, weight_sum)
    }

    /// The name that recipes and reports use.
    pub fn name(self) -> &'static str {
        match self {
            Self::CrossEntropy { .. } => "cross-entropy",
            Self::MeanSquaredError => "mean-squared-error",
        }
    }

    /// Whether the settings can be used.
    ///
    /// # Errors
    /// When label smoothing is not in [0, 1).
    pub fn check(self) -> Result<(), Error> {
        match self {
            Self::CrossEntropy { label_smoothing } => require(
                (0.0..1.0).contains(&label_smoothing),
                "label smoothing",
                label_smoothing,
                "a number >= 0 and < 1",
            ),
            Self::MeanSquaredError => Ok(()),
        }
    }

    /// Whether targets are what this loss needs for so many rows and outputs.
    ///
    /// # Errors
    /// For targets of the other kind, of another number of rows or outputs, or with a class that is
    /// not below the number of outputs.
    pub fn check_targets<T: Float>(
        self,
        targets: Targets<'_, T>,
        n_rows: usize,
        n_outputs: usize,
    ) -> Result<(), Error> {
        let (fits, got, expected) = match (self, targets) {
            (Self::CrossEntropy { .. }, Targets::Classes(classes)) => {
                let highest = classes.iter().max().copied().unwrap_or(0);
                (
                    classes.len() == n_rows && (highest as usize) < n_outputs,
                    format!("{} classes up to {highest}", classes.len()),
                    format!("{n_rows} classes below {n_outputs}"),
                )
            }
            (Self::MeanSquaredError, Targets::Values(values)) => (
                (values.n_rows(), values.n_columns()) == (n_rows, n_outputs),
                format!("{} x {} values", values.n_rows(), values.n_columns()),
                format!("{n_rows} x {n_outputs} values"),
            ),
            (Self::CrossEntropy { .. }, _) => (false, targets.kind().into(), "classes".into()),
            (Self::MeanSquaredError, _) => (false, targets.kind().into(), "values".into()),
        };
        if fits { Ok(()) } else { Err(Error::Targets { operation: self.name(), got, expected }) }
    }
}

impl<T> Targets<'_, T> {
    fn kind(&self) -> &'static str {
        match self {
            Self::Classes(_) => "classes",
            Self::Values(_) => "values",
        }
    }
}

/// The class that a row of outputs predicts: its largest value, the first of several; a row with
/// NaN predicts the place of its first NaN (as in `NumPy`).
///
/// # Panics
/// When the row is empty.
///
/// ```
/// use goodfit_nn::losses::predicted_class;
/// assert_eq!(predicted_class(&[1.0, 3.0, 3.0]), 1);
/// assert_eq!(predicted_class(&[9.0, f32::NAN, f32::NAN]), 1);
/// ```
pub fn predicted_class<T: Float>(row: &[T]) -> usize {
    let mut best = 0;
    for (k, &z) in row.iter().enumerate() {
        if z.is_nan() {
            return k;
        }
        if z > row[best] {
            best = k;
        }
    }
    assert!(!row.is_empty(), "the class of an empty row");
    best
}

fn count_rows<T>(outputs: &[T], n_outputs: usize, row_weights: Option<&[T]>) -> usize {
    assert!(n_outputs > 0, "a loss of no outputs");
    assert_eq!(outputs.len() % n_outputs, 0, "rows of a loss");
    let n_rows = outputs.len() / n_outputs;
    if let Some(weights) = row_weights {
        assert_eq!(weights.len(), n_rows, "row weights of a loss");
    }
    n_rows
}

fn sum_of_weights<T: Float>(n_rows: usize, row_weights: Option<&[T]>) -> f64 {
    row_weights.map_or(n_rows as f64, |weights| weights.iter().map(|w| w.to_f64()).sum())
}

#[inline(always)]
pub(crate) fn weight_of_row<T: Float>(row_weights: Option<&[T]>, row: usize) -> f64 {
    row_weights.map_or(1.0, |weights| weights[row].to_f64())
}

/// Width of the sums below: a sum runs in so many lanes, so that it vectorises, and the lanes are
/// added in a fixed order, so that it gives the same bits on every machine.
const LANES: usize = 8;

#[inline(always)]
fn add_lanes<T: Float>(lanes: [T; LANES]) -> T {
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a + e) + (c + g)) + ((b + f) + (d + h))
}
