//! What can be wrong with a space.

/// A space that nothing could be drawn from.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SpaceError {
    /// There is no parameter.
    #[error("the space has no parameters")]
    Empty,
    /// Two parameters have one name.
    #[error("{name}: the space has it twice")]
    Duplicate {
        /// The parameter.
        name: String,
    },
    /// The bounds are in the wrong order.
    #[error("{name}: low {low} is above high {high}")]
    Order {
        /// The parameter.
        name: String,
        /// Its lower bound.
        low: String,
        /// Its upper bound.
        high: String,
    },
    /// A bound, a step or the width between the bounds is NaN or infinite.
    #[error("{name}: its range from {low} to {high} is not finite")]
    NotFinite {
        /// The parameter.
        name: String,
        /// Its lower bound.
        low: f64,
        /// Its upper bound.
        high: f64,
    },
    /// A logarithmic scale does not reach 0.
    #[error("{name}: a logarithmic scale needs low > 0, got {low}")]
    LogOfNonPositive {
        /// The parameter.
        name: String,
        /// Its lower bound.
        low: String,
    },
    /// A step on a logarithmic scale.
    #[error("{name}: a logarithmic scale has no step, got {step}")]
    LogWithStep {
        /// The parameter.
        name: String,
        /// Its step.
        step: String,
    },
    /// A step that is not positive.
    #[error("{name}: the step has to be positive, got {step}")]
    Step {
        /// The parameter.
        name: String,
        /// Its step.
        step: String,
    },
    /// Steps from low do not meet high.
    #[error("{name}: steps of {step} from {low} do not meet {high}")]
    StepDoesNotDivide {
        /// The parameter.
        name: String,
        /// Its lower bound.
        low: String,
        /// Its upper bound.
        high: String,
        /// Its step.
        step: String,
    },
    /// A choice between nothing.
    #[error("{name}: there is nothing to choose from")]
    NoChoices {
        /// The parameter.
        name: String,
    },
    /// A condition on a parameter that is not there.
    #[error("{name}: its condition looks at {other}, which the space does not have")]
    UnknownCondition {
        /// The parameter.
        name: String,
        /// What its condition looks at.
        other: String,
    },
    /// A condition on no value, or on one outside the range.
    #[error("{name}: its condition is on values that {other} never takes")]
    ImpossibleCondition {
        /// The parameter.
        name: String,
        /// What its condition looks at.
        other: String,
    },
    /// Conditions in a circle.
    #[error("{name}: its condition leads back to itself")]
    CircularCondition {
        /// The parameter.
        name: String,
    },
    /// The same choice twice.
    #[error("{name}: the choice {choice} stands there twice")]
    DuplicateChoice {
        /// The parameter.
        name: String,
        /// The choice.
        choice: String,
    },
}

impl SpaceError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Empty => Some("name at least one parameter and its range".to_owned()),
            Self::Order { low, high, .. } => Some(format!("swap them: low = {high}, high = {low}")),
            Self::LogOfNonPositive { .. } => Some("raise low above 0, or leave out log".to_owned()),
            Self::LogWithStep { .. } => Some("leave out either log or step".to_owned()),
            Self::StepDoesNotDivide { .. } => Some("move high to a whole number of steps from low".to_owned()),
            Self::UnknownCondition { other, .. } => Some(format!("add {other} to the space")),
            Self::ImpossibleCondition { other, .. } => {
                Some(format!("name at least one value of {other}, and no other"))
            }
            Self::CircularCondition { .. } => Some("let one of them exist always".to_owned()),
            Self::Duplicate { .. }
            | Self::NotFinite { .. }
            | Self::Step { .. }
            | Self::NoChoices { .. }
            | Self::DuplicateChoice { .. } => None,
        }
    }
}
