//! Which way of a metric is the good one.

/// Whether a metric should be high or low.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Higher is better: `*_accuracy`, `*_auc`, `*_f1`, `*_r2`.
    Higher,
    /// Lower is better: `*_loss`, `*_brier`, `*_rmse`, `*_mae`, and `*_gap`, the distance of training from evaluation.
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
            "accuracy" | "auc" | "f1" | "r2" => Some(Self::Higher),
            "loss" | "gap" | "brier" | "rmse" | "mae" => Some(Self::Lower),
            _ => None,
        }
    }
}
