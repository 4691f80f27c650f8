//! Losses.
use crate::MatRef;

/// What the outputs of a network are compared with.
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
