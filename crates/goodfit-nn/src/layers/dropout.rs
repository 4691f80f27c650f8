//! Dropout.
/// Dropout after an activation (or of the inputs).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Share of units that a training step drops, in [0, 1).
    pub ratio: f64,
    /// Where the scale is made up for.
    pub form: DropoutForm,
}

/// Where dropout makes up for the dropped units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DropoutForm {
    /// Training: `x * mask`; evaluation: `x * (1 - ratio)`.
    Textbook,
    /// Training: `x * mask / (1 - ratio)`; evaluation: `x`.
    #[default]
    Inverted,
}
