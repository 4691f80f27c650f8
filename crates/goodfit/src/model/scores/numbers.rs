//! Scores of numbers.

use super::Metric;

/// Numbers that are predicted, beside those that are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct NumberRows<'a> {
    /// The predicted number of each row.
    pub(crate) predicted: &'a [f64],
    /// The number that it is.
    pub(crate) numbers: &'a [f32],
}

impl NumberRows<'_> {
    /// A score; NaN where it is not defined, or is one of classes.
    pub(crate) fn score(&self, metric: Metric) -> f64 {
        let n = self.numbers.len() as f64;
        let squares = || self.errors().map(|error| error * error).sum::<f64>();
        match metric {
            Metric::Rmse => (squares() / n).sqrt(),
            Metric::Mae => self.errors().map(f64::abs).sum::<f64>() / n,
            Metric::R2 => {
                let mean = self.numbers.iter().map(|&y| f64::from(y)).sum::<f64>() / n;
                let from_mean = self.numbers.iter().map(|&y| f64::from(y) - mean);
                1.0 - squares() / from_mean.map(|distance| distance * distance).sum::<f64>()
            }
            _ => f64::NAN,
        }
    }

    /// What each row is less what is predicted.
    pub(super) fn errors(&self) -> impl Iterator<Item = f64> {
        self.predicted.iter().zip(self.numbers).map(|(f, &y)| f64::from(y) - f)
    }
}
