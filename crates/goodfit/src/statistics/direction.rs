//! Which way of a metric is the good one.

/// Whether a metric should be high or low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Higher is better: `*_accuracy`.
    Higher,
    /// Lower is better: `*_loss`, `*_rmse`, and `*_gap`, the distance of training from evaluation.
    Lower,
}

impl Direction {
    /// The direction of a metric by the last word of its name; `None` when that says nothing.
    ///
    /// ```
    /// use goodfit::statistics::Direction;
    /// assert_eq!(Direction::of("test_accuracy"), Some(Direction::Higher));
    /// assert_eq!(Direction::of("train_loss"), Some(Direction::Lower));
    /// assert_eq!(Direction::of("validation_rmse"), Some(Direction::Lower));
    /// assert_eq!(Direction::of("weight_norm"), None);
    /// ```
    pub fn of(metric: &str) -> Option<Self> {
        match metric.rsplit('_').next()? {
            "accuracy" => Some(Self::Higher),
            "loss" | "gap" | "rmse" => Some(Self::Lower),
            _ => None,
        }
    }
}
