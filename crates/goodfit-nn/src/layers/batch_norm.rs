//! Batch normalisation.
use crate::layers::Convention;

/// Batch normalisation of the values between an affine map and its activation.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance.
    pub epsilon: f64,
    /// Weight of the new batch in the running mean and variance.
    pub momentum: f64,
    /// Which form the running variance takes.
    pub running: RunningForm,
}

/// The form of the running variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunningForm {
    /// Starts at 0 and averages the population variance (textbook).
    PopulationFromZero,
    /// Starts at 1 and averages the unbiased variance (`PyTorch`).
    UnbiasedFromOne,
}

impl BatchNorm {
    /// The settings of a convention: epsilon 1e-6 and running values from 0 (textbook), or 1e-5 and
    /// the unbiased variance from 1 (field); momentum 0.1 in both.
    pub fn new(convention: Convention) -> Self {
        match convention {
            Convention::Textbook => Self { epsilon: 1e-6, momentum: 0.1, running: RunningForm::PopulationFromZero },
            Convention::Field => Self { epsilon: 1e-5, momentum: 0.1, running: RunningForm::UnbiasedFromOne },
        }
    }
}
