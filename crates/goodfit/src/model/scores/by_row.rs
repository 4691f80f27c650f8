//! What single rows add to a score: how far it may be from that of other rows.
//!
//! A score of n rows is a smooth function of means over rows, so that near to what it is it moves as a mean of one value a
//! row: `u_i = score + n d score / d w_i` at the weights `w_i = 1/n` of the rows, less what keeps their sum (the influence
//! function, also called the infinitesimal jackknife: Efron, "The jackknife, the bootstrap and other resampling plans",
//! 1982). The mean of `u` is the score, and its standard error that of the score. For an AUC this is the interval of `DeLong`,
//! `DeLong`, Clarke-Pearson: "Comparing the areas under two or more correlated receiver operating characteristic curves"
//! (Biometrics 44, 1988).

use super::classes::{most_probable, square, surprise};
use super::{ClassRows, Metric, NumberRows};

impl ClassRows<'_> {
    /// `u` of each row.
    pub(crate) fn by_row(&self, metric: Metric) -> Vec<f64> {
        let n = self.classes.len() as f64;
        match metric {
            Metric::LogLoss => self.rows().map(|(shares, class)| surprise(shares, class)).collect(),
            Metric::Brier => self.rows().map(|(shares, class)| square(shares, class)).collect(),
            Metric::Auc if self.n_classes == 2 => self.areas(1).unwrap_or_default(),
            Metric::Auc => mean((0..self.n_classes).filter_map(|k| self.areas(k)).collect()),
            Metric::BalancedAccuracy => {
                let there = self.tallies().into_iter().enumerate().filter(|(_, tally)| tally.rows > 0.0);
                let of_class = |(k, tally): (usize, super::classes::Tally)| {
                    let share = tally.hits / tally.rows;
                    let row = |(hit, own, _): (f64, f64, f64)| share + n / tally.rows * (hit - share * own);
                    self.counted(k).map(row).collect()
                };
                mean(there.map(of_class).collect())
            }
            Metric::F1 => {
                let tallies = self.tallies().into_iter().take(self.n_classes).enumerate();
                let there =
                    tallies.filter(|&(k, tally)| tally.rows + tally.predicted > 0.0 && (self.n_classes != 2 || k == 1));
                let of_class = |(k, tally): (usize, super::classes::Tally)| {
                    let n_both = tally.rows + tally.predicted;
                    let f1 = 2.0 * tally.hits / n_both;
                    let row = |(hit, own, found): (f64, f64, f64)| f1 + n / n_both * (2.0 * hit - f1 * (own + found));
                    self.counted(k).map(row).collect()
                };
                mean(there.map(of_class).collect())
            }
            _ => self.rows().map(|(shares, class)| one(most_probable(shares) == class as usize)).collect(),
        }
    }

    /// Of each row 1 or 0: whether it is found to be of a class that it is of, whether it is of it, whether it is found to be.
    fn counted(&self, k: usize) -> impl Iterator<Item = (f64, f64, f64)> {
        self.rows().map(move |(shares, class)| {
            let (own, found) = (class as usize == k, most_probable(shares) == k);
            (one(own && found), one(own), one(found))
        })
    }

    /// Of the AUC of a class against all others: a row of it counts the share of the others that have a lower probability,
    /// another one the share of its rows that have a higher one, ties half.
    fn areas(&self, k: usize) -> Option<Vec<f64>> {
        let mut rows: Vec<(f32, bool, usize)> =
            self.rows().enumerate().map(|(row, (shares, class))| (shares[k], class as usize == k, row)).collect();
        rows.sort_by(|a, b| a.0.total_cmp(&b.0));
        let n = rows.len() as f64;
        let n_own = rows.iter().filter(|row| row.1).count() as f64;
        let n_others = n - n_own;
        if n_own == 0.0 || n_others == 0.0 {
            return None;
        }
        let mut shares = vec![0.0; rows.len()];
        let (mut own_before, mut others_before, mut sum) = (0.0, 0.0, 0.0);
        for tied in rows.chunk_by(|a, b| a.0.total_cmp(&b.0).is_eq()) {
            let own = tied.iter().filter(|row| row.1).count() as f64;
            let others = tied.len() as f64 - own;
            for &(_, is_own, row) in tied {
                shares[row] = if is_own {
                    (others_before + 0.5 * others) / n_others
                } else {
                    1.0 - (own_before + 0.5 * own) / n_own
                };
                sum += if is_own { shares[row] } else { 0.0 };
            }
            (own_before, others_before) = (own_before + own, others_before + others);
        }
        let area = sum / n_own;
        let of_kind = |class: u32| if class as usize == k { n_own } else { n_others };
        Some(
            shares.iter().zip(self.classes).map(|(share, &class)| area + n / of_kind(class) * (share - area)).collect(),
        )
    }
}

impl NumberRows<'_> {
    /// `u` of each row.
    pub(crate) fn by_row(&self, metric: Metric) -> Vec<f64> {
        let squares: Vec<f64> = self.errors().map(|error| error * error).collect();
        let score = self.score(metric);
        match metric {
            Metric::Mae => self.errors().map(f64::abs).collect(),
            Metric::R2 => {
                let n = squares.len() as f64;
                let mean = self.numbers.iter().map(|&y| f64::from(y)).sum::<f64>() / n;
                let spreads: Vec<f64> = self.numbers.iter().map(|&y| (f64::from(y) - mean).powi(2)).collect();
                let spread = spreads.iter().sum::<f64>() / n;
                let row = |(square, own): (&f64, &f64)| score + (1.0 - score) * own / spread - square / spread;
                squares.iter().zip(&spreads).map(row).collect()
            }
            _ => {
                let row = |square: &f64| if score > 0.0 { f64::midpoint(square / score, score) } else { 0.0 };
                squares.iter().map(row).collect()
            }
        }
    }
}

fn one(is_so: bool) -> f64 {
    f64::from(u8::from(is_so))
}

/// The mean over classes, row by row.
fn mean(by_class: Vec<Vec<f64>>) -> Vec<f64> {
    let n_rows = by_class.first().map_or(0, Vec::len);
    (0..n_rows).map(|row| by_class.iter().map(|values| values[row]).sum::<f64>() / by_class.len() as f64).collect()
}

#[cfg(test)]
mod tests {
    use goodfit_nn::{Purpose, Stream};

    use super::super::Scored;
    use super::*;
    use crate::statistics::summary;

    const ROWS: usize = 400;

    /// Without each row in turn a score changes by what that row says, to the order of 1 / n.
    #[track_caller]
    fn check(metric: Metric, by_row: &[f64], score: f64, without: impl Fn(usize) -> f64) {
        let n = by_row.len() as f64;
        let mean = by_row.iter().sum::<f64>() / n;
        assert!((mean - score).abs() < 1e-9, "{metric:?}: {mean} {score}");
        let sd = (by_row.iter().map(|u| (u - mean).powi(2)).sum::<f64>() / n).sqrt();
        for (row, u) in by_row.iter().enumerate() {
            let jackknife = (n - 1.0) * (score - without(row));
            assert!(
                (u - mean - jackknife).abs() < 0.1 * sd + 0.05 * jackknife.abs(),
                "{metric:?} {row}: {} {jackknife}, sd {sd}",
                u - mean
            );
        }
    }

    fn dropped<T: Copy>(values: &[T], row: usize, width: usize) -> Vec<T> {
        [&values[..row * width], &values[(row + 1) * width..]].concat()
    }

    #[test]
    fn classes_against_the_jackknife() {
        for n_classes in [2, 3] {
            let mut stream = Stream::new(n_classes as u64, Purpose::Data, 0);
            let classes: Vec<u32> = (0..ROWS).map(|_| (stream.uniform().powi(2) * n_classes as f64) as u32).collect();
            let shares: Vec<f32> = classes
                .iter()
                .flat_map(|&class| {
                    // Steps of a sixteenth make ties.
                    let raw: Vec<f64> = (0..n_classes)
                        .map(|k| 1.0 + (4.0 * stream.uniform()).floor() + f64::from(u8::from(class as usize == k)))
                        .collect();
                    let sum: f64 = raw.iter().sum();
                    raw.into_iter().map(|x| (x / sum) as f32).collect::<Vec<_>>()
                })
                .collect();
            let rows = ClassRows { shares: &shares, classes: &classes, n_classes };
            for metric in Metric::ALL.into_iter().filter(|metric| metric.is_of_classes()) {
                check(metric, &rows.by_row(metric), rows.score(metric), |row| {
                    let (shares, classes) = (dropped(&shares, row, n_classes), dropped(&classes, row, 1));
                    ClassRows { shares: &shares, classes: &classes, n_classes }.score(metric)
                });
            }
        }
    }

    /// The variance of an AUC by the definition of `DeLong` et al., `s10 / a + s01 / b` of the placements of a rows among b others
    /// and of those among these, each from all pairs; and the spread of the AUC of rows drawn anew with replacement.
    #[test]
    fn the_error_of_an_area_is_that_of_delong_and_of_the_bootstrap() {
        let mut stream = Stream::new(7, Purpose::Data, 0);
        let (n, n_draws) = (300, 3000);
        let classes: Vec<u32> = (0..n).map(|_| u32::from(stream.uniform() < 0.3)).collect();
        let tenths = |class: u32, normal: f64| ((f64::from(class) + normal) * 10.0).round() / 10.0;
        let shares: Vec<f32> = classes
            .iter()
            .flat_map(|&class| {
                let p = 1.0 / (1.0 + (-tenths(class, stream.normal())).exp());
                [(1.0 - p) as f32, p as f32]
            })
            .collect();
        let of_class = |wanted: u32| -> Vec<f32> {
            let rows = classes.iter().zip(shares.chunks_exact(2));
            rows.filter(|(class, _)| **class == wanted).map(|(_, shares)| shares[1]).collect()
        };
        let (own, others) = (of_class(1), of_class(0));
        let above = |x: f32, y: f32| if x > y { 1.0 } else { 0.5 * one(x == y) };
        let share =
            |of: &dyn Fn(f32) -> f64, rows: &[f32]| rows.iter().map(|&x| of(x)).sum::<f64>() / rows.len() as f64;
        let of_own: Vec<f64> = own.iter().map(|&x| share(&|y| above(x, y), &others)).collect();
        let of_others: Vec<f64> = others.iter().map(|&y| share(&|x| above(x, y), &own)).collect();
        let variance = |values: &[f64]| summary(values).sd.powi(2) / values.len() as f64;
        let delong = (variance(&of_own) + variance(&of_others)).sqrt();
        let scored = Scored::Classes(shares.clone(), classes.clone(), 2);
        let found = scored.standard_error(Metric::Auc);
        assert!((found / delong - 1.0).abs() < 0.01, "{found} {delong}");

        let draws = (0..n_draws).map(|_| {
            let rows: Vec<usize> = (0..n).map(|_| (stream.uniform() * n as f64) as usize).collect();
            let drawn = rows.iter().flat_map(|&row| shares[2 * row..2 * row + 2].to_vec()).collect();
            Scored::Classes(drawn, rows.iter().map(|&row| classes[row]).collect(), 2).score(Metric::Auc)
        });
        let spread = summary(&draws.collect::<Vec<f64>>()).sd;
        // An sd of so many draws is known to 1.3 %, and that of the bootstrap is no more than near for 300 rows.
        assert!((found / spread - 1.0).abs() < 0.06, "{found} {spread}");
    }

    #[test]
    fn numbers_against_the_jackknife() {
        let mut stream = Stream::new(1, Purpose::Data, 0);
        let numbers: Vec<f32> = (0..ROWS).map(|_| 5.0 + 2.0 * stream.normal() as f32).collect();
        let predicted: Vec<f64> = numbers.iter().map(|&y| 0.8 * f64::from(y) + 1.0 + stream.normal()).collect();
        let rows = NumberRows { predicted: &predicted, numbers: &numbers };
        for metric in [Metric::Rmse, Metric::Mae, Metric::R2] {
            check(metric, &rows.by_row(metric), rows.score(metric), |row| {
                let (predicted, numbers) = (dropped(&predicted, row, 1), dropped(&numbers, row, 1));
                NumberRows { predicted: &predicted, numbers: &numbers }.score(metric)
            });
        }
    }
}
