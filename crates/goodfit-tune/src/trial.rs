//! What becomes of a trial.

/// Whether small or large values are good.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Small values are good.
    Minimize,
    /// Large values are good.
    Maximize,
}

impl Direction {
    /// A value as something that small is good for: itself, or its negative.
    pub fn loss(self, value: f64) -> f64 {
        match self {
            Self::Minimize => value,
            Self::Maximize => -value,
        }
    }
}

/// Where a trial stands.
#[derive(Clone, Debug, PartialEq)]
pub enum TrialState {
    /// It has its parameters, and nobody has taken it.
    Waiting,
    /// Somebody is at it.
    Running,
    /// It ended with a value for each objective, none of them NaN.
    Complete(Vec<f64>),
    /// It was given up early; the value is the last it reported, unless that was no number.
    Pruned(Option<f64>),
    /// It ended without a value; the reason in a few words, for instance `diverged`.
    Failed(String),
}

impl TrialState {
    /// Whether it has ended, so that nothing about it changes any more.
    pub fn is_finished(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

/// A value that a trial reported on its way.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Intermediate {
    /// When: steps, epochs, whatever the objective counts; rising within a trial.
    pub step: u64,
    /// The value; may be NaN or infinite.
    pub value: f64,
}
