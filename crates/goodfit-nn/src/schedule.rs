//! Learning-rate schedules.

/// How the learning rate changes over a training.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Schedule {
    /// Stays as it is.
    #[default]
    Constant,
    /// Multiplied by `factor` after every `every` steps.
    Step {
        /// Length of a stage in steps.
        every: usize,
        /// Factor between stages.
        factor: f64,
    },
    /// Falls from 1 to `floor` along half a cosine.
    Cosine {
        /// Share of the learning rate that is left at the end.
        floor: f64,
    },
    /// Rises to the learning rate along a cosine and falls again (Smith's one-cycle policy).
    OneCycle {
        /// Share of the steps in which it rises.
        rise: f64,
        /// The learning rate divided by this is where it starts.
        start_divisor: f64,
        /// The start divided by this is where it ends.
        end_divisor: f64,
    },
}
