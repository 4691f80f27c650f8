//! The scores by which models can be chosen.

use crate::statistics::Direction;

/// A score by which models can be chosen; [`super::scores`] defines each.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Metric {
    /// The share of rows whose most probable class is theirs.
    Accuracy,
    /// The mean over classes of the share of their rows that is found.
    BalancedAccuracy,
    /// The mean of `-ln p` of each row's class, in nats.
    LogLoss,
    /// The area under the receiver operating characteristic.
    Auc,
    /// The harmonic mean of precision and recall.
    F1,
    /// The mean squared distance of probabilities from what happened.
    Brier,
    /// The root of the mean squared error, in the target's units.
    Rmse,
    /// The mean absolute error, in the target's units.
    Mae,
    /// The share of the variance that is explained.
    R2,
}

impl Metric {
    /// All of them, those of classes first, in the order in which scores are shown.
    pub const ALL: [Self; 9] = [
        Self::Accuracy,
        Self::BalancedAccuracy,
        Self::LogLoss,
        Self::Auc,
        Self::F1,
        Self::Brier,
        Self::Rmse,
        Self::Mae,
        Self::R2,
    ];
    /// What recipes call them: the names of their curves without the rows.
    pub const WORDS: &[&str] =
        &["accuracy", "balanced_accuracy", "log_loss", "auc", "f1", "brier", "rmse", "mae", "r2"];

    /// What recipes and curves call it.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize]
    }

    /// What tables of scores call it.
    pub fn name(self) -> &'static str {
        super::SCORES[self as usize]
    }

    /// The metric that recipes call so.
    pub fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.word() == word)
    }

    /// The metric that tables of scores call so.
    pub fn of_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|metric| metric.name() == name)
    }

    /// The metric of a curve of rows.
    ///
    /// ```
    /// use goodfit::model::Metric;
    /// assert_eq!(Metric::of_curve("validation_log_loss"), Some(Metric::LogLoss));
    /// assert_eq!(Metric::of_curve("validation_loss"), None, "smoothed labels may be in it");
    /// ```
    pub fn of_curve(curve: &str) -> Option<Self> {
        let rows = ["train_", "validation_", "test_"];
        rows.iter().find_map(|rows| curve.strip_prefix(rows)).and_then(Self::named)
    }

    /// Whether it is of classes, and not of numbers.
    pub fn is_of_classes(self) -> bool {
        self < Self::Rmse
    }

    /// Which way is the good one.
    pub fn direction(self) -> Direction {
        match self {
            Self::Accuracy | Self::BalancedAccuracy | Self::Auc | Self::F1 | Self::R2 => Direction::Higher,
            Self::LogLoss | Self::Brier | Self::Rmse | Self::Mae => Direction::Lower,
        }
    }

    /// Whether it moves in steps, as what is counted does.
    pub fn is_counted(self) -> bool {
        matches!(self, Self::Accuracy | Self::BalancedAccuracy | Self::Auc | Self::F1)
    }

    /// Between which values it lies.
    pub fn range(self) -> [f64; 2] {
        match self {
            Self::Accuracy | Self::BalancedAccuracy | Self::Auc | Self::F1 => [0.0, 1.0],
            Self::Brier => [0.0, 2.0],
            Self::LogLoss | Self::Rmse | Self::Mae => [0.0, f64::INFINITY],
            Self::R2 => [f64::NEG_INFINITY, 1.0],
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_and_curves_lead_to_each_other() {
        for (metric, word) in Metric::ALL.into_iter().zip(Metric::WORDS) {
            assert_eq!(Metric::named(word), Some(metric));
            let curve = format!("validation_{word}");
            assert_eq!(Metric::of_curve(&curve), Some(metric));
            assert_eq!(Direction::of(&curve), Some(metric.direction()), "{curve}");
        }
        assert_eq!(Metric::LogLoss.name(), "log loss");
        assert_eq!(Metric::ALL.map(Metric::is_of_classes), [true, true, true, true, true, true, false, false, false]);
    }
}
