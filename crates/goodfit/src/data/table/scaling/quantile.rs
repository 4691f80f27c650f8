//! Quantiles to normal scores.

use serde::{Deserialize, Serialize};
use statrs::distribution::{ContinuousCDF, Normal};

use crate::data::table::sorted::quantile;

/// Numbers to the normal scores of their ranks: the column becomes nearly N(0, 1), whatever its distribution.
///
/// Of n sorted numbers the quantiles at m evenly spaced shares are kept, `m = min(max(min(n / 30, 1000), 10), n)`, as
/// `TabM` (Gorishniy et al., 2025) chooses them. A quantile has the score `z(p) = Phi^-1(p)` of its share p; one that
/// comes at several shares has that of the mean of the first and last; the smallest and the largest have those of 1e-7
/// and `1 - 1e-7`, -5.199 and 5.199. Between them scores run on straight lines, and numbers beyond have the scores of
/// the ends. So far this is scikit-learn's `QuantileTransformer(output_distribution="normal", subsample=None)`, which
/// draws the lines between shares and takes their scores then, where here scores themselves are piecewise linear, so that
/// a graph of comparisons and products computes the same. So that they stay close, shares whose scores are multiples of
/// 1/16 are knots, too: away from numbers that come at several shares the two differ by less than 0.003. Behind such a
/// number scikit-learn jumps to the last of its shares, where here a line leads to the next knot.
///
/// `TabM` adds noise to the training rows, to tell equal numbers apart. It is left out: equal numbers share their ranks as
/// it is, and a fit is the same every time. A column that is the same in all rows is 0.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Quantiles {
    /// Ascending.
    pub(crate) values: Vec<f32>,
    /// One for each of them.
    pub(crate) scores: Vec<f32>,
}

/// The scores of the ends are those of this share, and of 1 less it.
const END: f64 = 1e-7;

impl Quantiles {
    /// Fits sorted finite numbers.
    pub(super) fn fit(sorted: &[f32]) -> Self {
        let (low, high) = super::ends(sorted);
        if low >= high {
            return Self { values: vec![low], scores: vec![0.0] };
        }
        let quantiles: Vec<f32> = shares(count(sorted.len())).map(|share| quantile(sorted, share)).collect();
        let mut knots: Vec<(f64, f32)> = shares(quantiles.len()).zip(quantiles.iter().copied()).collect();
        knots.extend(bends().map(|share| (share, quantile(&quantiles, share))));
        knots.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));

        let (mut values, mut scores) = (Vec::new(), Vec::new());
        // They ascend, so that the next one is equal where it is not larger.
        for same in knots.chunk_by(|a, b| a.1 >= b.1) {
            let (first, last) = (same[0], same[same.len() - 1]);
            let share = if first.1 <= low {
                0.0
            } else if first.1 >= high {
                1.0
            } else {
                f64::midpoint(first.0, last.0)
            };
            values.push(first.1);
            scores.push(score(share) as f32);
        }
        Self { values, scores }
    }

    /// The slope of the scores from one of the values to the next, in double precision; 0 behind the last.
    pub(crate) fn slope(&self, i: usize) -> f64 {
        if i + 1 == self.values.len() {
            return 0.0;
        }
        let rise = |of: &[f32]| f64::from(of[i + 1]) - f64::from(of[i]);
        rise(&self.scores) / rise(&self.values)
    }

    pub(super) fn apply(&self, x: f32) -> f32 {
        let x = x.clamp(self.values[0], self.values[self.values.len() - 1]);
        let i = self.values.partition_point(|value| *value <= x).saturating_sub(1);
        (f64::from(self.scores[i]) + (f64::from(x) - f64::from(self.values[i])) * self.slope(i)) as f32
    }

    /// The number that has this score; the ends where none has.
    pub(super) fn number(&self, score: f32) -> f32 {
        let score = score.clamp(self.scores[0], self.scores[self.scores.len() - 1]);
        let i = self.scores.partition_point(|known| *known <= score).saturating_sub(1);
        let slope = self.slope(i);
        let from = f64::from(self.values[i]);
        if slope > 0.0 { (from + (f64::from(score) - f64::from(self.scores[i])) / slope) as f32 } else { from as f32 }
    }

    pub(super) fn is_sound(&self) -> bool {
        let finite = self.values.iter().chain(&self.scores).all(|x| x.is_finite());
        let ascending = self.values.windows(2).all(|pair| pair[0] < pair[1]);
        finite && ascending && !self.values.is_empty() && self.values.len() == self.scores.len()
    }
}

/// Number of quantiles of n numbers.
fn count(n: usize) -> usize {
    (n / 30).clamp(10, 1000).min(n)
}

/// So many shares from 0 to 1, evenly.
fn shares(n: usize) -> impl Iterator<Item = f64> {
    (0..n).map(move |i| i as f64 / (n - 1) as f64)
}

/// Shares between which scores are nearly straight.
fn bends() -> impl Iterator<Item = f64> {
    (-83..=83).map(|i| Normal::standard().cdf(f64::from(i) / 16.0))
}

/// The normal score of a share.
fn score(share: f64) -> f64 {
    Normal::standard().inverse_cdf(share.clamp(END, 1.0 - END))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `QuantileTransformer(n_quantiles=.., output_distribution="normal", subsample=None)` of scikit-learn 1.9 says.
    fn check(numbers: &[f32], expected: &[(f32, f64)]) {
        let quantiles = Quantiles::fit(numbers);
        assert!(quantiles.is_sound());
        for &(x, expected) in expected {
            let found = f64::from(quantiles.apply(x));
            assert!((found - expected).abs() < 0.003, "{x}: {found}, expected {expected}");
        }
    }

    #[test]
    fn as_scikit_learn_has_it() {
        // Ten quantiles.
        let numbers = [0.0, 0.0, 0.0, 1.0, 2.0, 2.0, 3.0, 5.0, 8.0, 13.0, 21.0, 34.0];
        check(
            &numbers,
            &[
                (-1.0, -5.199_337_6),
                (0.0, -5.199_337_6),
                (1.0, -0.604_585_3),
                (1.5, -0.472_789_1),
                (2.0, -0.139_710_3),
                (2.5, -0.025_322_2),
                (3.0, 0.088_734_5),
                (4.0, 0.218_978_7),
                (5.0, 0.323_037_7),
                (8.0, 0.562_693_8),
                (13.0, 0.866_958_2),
                (20.0, 1.252_119_5),
                (33.0, 2.431_472_4),
                (34.0, 5.199_337_6),
                (f32::INFINITY, 5.199_337_6),
            ],
        );
        // Twenty quantiles of e^(3 u), u spread evenly over [0, 1].
        let mut numbers: Vec<f32> =
            (1..=600).map(|i| (3.0 * (f64::from(i) * 0.618_033_988_749_894_9).fract()).exp() as f32).collect();
        numbers.sort_unstable_by(f32::total_cmp);
        check(
            &numbers,
            &[
                (1.01, -3.007_399_3),
                (1.1, -1.889_983_2),
                (1.5, -1.117_050_8),
                (2.0, -0.741_843_1),
                (3.0, -0.343_968_4),
                (4.5, -0.002_889_6),
                (7.0, 0.377_777_5),
                (10.0, 0.725_749_3),
                (15.0, 1.299_763_9),
                (19.0, 2.084_453_4),
                (20.0, 3.470_667_7),
                (20.05, 5.199_337_6),
            ],
        );
    }

    #[test]
    fn a_number_at_several_shares_has_their_middle() {
        // 0 from 3/9 to 7/9; scipy.stats.norm.ppf of 5/9, 1/9 and 8/9.
        let quantiles = Quantiles::fit(&[-4.0, -3.0, -1.0, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 7.0]);
        for (x, expected) in [(0.0, 0.139_710_3), (-3.0, -1.220_640_3), (2.0, 1.220_640_3)] {
            assert!((quantiles.apply(x) - expected).abs() < 1e-6, "{x}: {}", quantiles.apply(x));
        }
    }

    #[test]
    fn scores_rise_with_the_numbers() {
        let numbers: Vec<f32> = (0..100).map(|i| if i < 40 { 0.0 } else { (i * i) as f32 }).collect();
        let quantiles = Quantiles::fit(&numbers);
        let scores: Vec<f32> = (0..=9900).map(|x| quantiles.apply(x as f32)).collect();
        assert!(scores.windows(2).all(|pair| pair[0] <= pair[1]));
        assert_eq!([Quantiles::fit(&[7.0; 3]).apply(9.0), Quantiles::fit(&[]).apply(9.0)], [0.0; 2], "all the same");
    }

    #[test]
    fn as_many_quantiles_as_tabm_takes() {
        assert_eq!([5, 12, 299, 600, 30_000, 90_000].map(count), [5, 10, 10, 20, 1000, 1000]);
    }
}
