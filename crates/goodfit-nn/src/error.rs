//! The errors of this library: what was done, what it got, what it expected.

/// What the library refuses. Each names the operation, what it got and what it expected.
///
/// Errors come from building things (a network, a trainer), never from a training step: a shape
/// that does not fit inside a step is a bug and panics.
///
/// ```
/// use goodfit_nn::Init;
/// let error = Init::Std(-1.0).check().unwrap_err();
/// assert_eq!(error.to_string(), "standard deviation of the initial weights: got -1, expected a finite number > 0");
/// ```
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum Error {
    /// A setting lies outside of what it may be.
    #[error("{operation}: got {got}, expected {expected}")]
    Setting {
        /// Which setting of what.
        operation: &'static str,
        /// Its value.
        got: f64,
        /// What it may be.
        expected: &'static str,
    },
    /// A batch has too few rows for what is computed on it.
    #[error("{operation}: got {got} rows, expected at least {expected}")]
    Rows {
        /// What is computed.
        operation: &'static str,
        /// Rows of the batch.
        got: usize,
        /// Fewest rows that do.
        expected: usize,
    },
    /// Targets do not fit the loss or the outputs.
    #[error("{operation}: got {got}, expected {expected}")]
    Targets {
        /// Which loss.
        operation: &'static str,
        /// What the targets are.
        got: String,
        /// What the loss needs.
        expected: String,
    },
    /// A network has no parameter of that name.
    #[error("parameter {name}: the network has none of that name")]
    UnknownParameter {
        /// The name.
        name: String,
    },
    /// Values for a parameter of another size.
    #[error("parameter {name}: got {got} values, expected {expected}")]
    ParameterValues {
        /// The parameter.
        name: String,
        /// Number of values given.
        got: usize,
        /// Number of values it has.
        expected: usize,
    },
}

/// `Ok` when a setting is as it should be.
pub(crate) fn require(is_met: bool, operation: &'static str, got: f64, expected: &'static str) -> Result<(), Error> {
    if is_met { Ok(()) } else { Err(Error::Setting { operation, got, expected }) }
}
