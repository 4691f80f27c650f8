//! Scores of classes.

use super::Metric;
use super::auc::auc;

/// Probabilities of rows whose class is known, or is none that the model knows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct ClassRows<'a> {
    /// The probability of each class, rows x classes.
    pub(crate) shares: &'a [f32],
    /// The class of each row; their number for one that the model does not know.
    pub(crate) classes: &'a [u32],
    /// Their number.
    pub(crate) n_classes: usize,
}

/// What is counted of a class.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Tally {
    /// Rows of it.
    pub(super) rows: f64,
    /// Rows that are predicted to be of it.
    pub(super) predicted: f64,
    /// Rows that are both.
    pub(super) hits: f64,
}

/// The place of the most probable class, the first one of several.
pub(crate) fn most_probable(shares: &[f32]) -> usize {
    (0..shares.len()).reduce(|best, i| if shares[i] > shares[best] { i } else { best }).unwrap_or(0)
}

impl<'a> ClassRows<'a> {
    /// A score; NaN where it is not defined, or is one of numbers.
    pub(crate) fn score(&self, metric: Metric) -> f64 {
        let n = self.classes.len() as f64;
        let mean = |of: fn(&[f32], u32) -> f64| self.rows().map(|(shares, class)| of(shares, class)).sum::<f64>() / n;
        match metric {
            Metric::Accuracy => self.tallies().iter().map(|tally| tally.hits).sum::<f64>() / n,
            Metric::BalancedAccuracy => {
                let tallies = self.tallies();
                let there = || tallies.iter().filter(|tally| tally.rows > 0.0);
                there().map(|tally| tally.hits / tally.rows).sum::<f64>() / there().count() as f64
            }
            Metric::LogLoss => mean(surprise),
            Metric::Auc => self.area(),
            Metric::F1 => f1(&self.tallies(), self.n_classes),
            Metric::Brier => mean(square),
            Metric::Rmse | Metric::Mae | Metric::R2 => f64::NAN,
        }
    }

    /// The probabilities of each row with its class.
    pub(super) fn rows(&self) -> impl Iterator<Item = (&'a [f32], u32)> {
        self.shares.chunks_exact(self.n_classes.max(1)).zip(self.classes.iter().copied())
    }

    /// By class; the last place is that of classes which the model does not know.
    pub(super) fn tallies(&self) -> Vec<Tally> {
        let mut tallies = vec![Tally::default(); self.n_classes + 1];
        for (shares, class) in self.rows() {
            let found = most_probable(shares);
            tallies[found].predicted += 1.0;
            let own = &mut tallies[class as usize];
            own.rows += 1.0;
            own.hits += f64::from(u8::from(found == class as usize));
        }
        tallies
    }

    fn area(&self) -> f64 {
        let of =
            |k: usize| auc(self.rows().map(|(shares, class)| (f64::from(shares[k]), class as usize == k)).collect());
        if self.n_classes == 2 {
            return of(1).unwrap_or(f64::NAN);
        }
        let there: Vec<f64> = (0..self.n_classes).filter_map(of).collect();
        there.iter().sum::<f64>() / there.len() as f64
    }
}

/// What a row adds to the log loss.
pub(super) fn surprise(shares: &[f32], class: u32) -> f64 {
    0.0 - shares.get(class as usize).map_or(0.0, |&share| f64::from(share)).max(1e-15).ln()
}

/// What a row adds to the Brier score.
pub(super) fn square(shares: &[f32], class: u32) -> f64 {
    let one = |k: usize, share: f32| (f64::from(share) - f64::from(u8::from(class as usize == k))).powi(2);
    match shares {
        &[_, second] => one(1, second),
        _ => shares.iter().enumerate().map(|(k, &share)| one(k, share)).sum(),
    }
}

fn f1(tallies: &[Tally], n_classes: usize) -> f64 {
    let one = |tally: &Tally| 2.0 * tally.hits / (tally.rows + tally.predicted);
    if n_classes == 2 {
        let second = &tallies[1];
        return if second.rows + second.predicted > 0.0 { one(second) } else { 0.0 };
    }
    let there: Vec<f64> = tallies.iter().filter(|tally| tally.rows + tally.predicted > 0.0).map(one).collect();
    there.iter().sum::<f64>() / there.len() as f64
}
