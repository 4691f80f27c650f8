//! Scores of folds.

use super::{quantile_975, summary};

/// The mean of a score over k folds, and its 95 % interval.
///
/// Folds share most of the rows that they train on, so that their scores vary together and `s / sqrt(k)` is too small. The
/// interval is `mean +- t(k - 1) s sqrt(1/k + r)`, where s is the standard deviation with k - 1 and r the number of rows
/// that validate in a fold by that of rows it trains on, `1 / (k - 1)` where they are all others: the corrected resampled t
/// test of Nadeau, Bengio, "Inference for the generalization error" (Machine Learning 52, 2003). No estimate of the variance
/// over folds is without bias (Bengio, Grandvalet, JMLR 5, 2004).
///
/// # Panics
/// With fewer than two folds.
///
/// ```
/// let (mean, [low, high]) = goodfit::statistics::over_folds(&[0.9, 0.8, 0.95, 0.85, 1.0], 0.25);
/// // s = 0.0790569, t(4) = 2.7764451: half of it is 2.7764451 * 0.0790569 * sqrt(0.2 + 0.25).
/// assert!((mean - 0.9).abs() < 1e-12 && (high - mean - 0.147243).abs() < 1e-5 && (mean - low - 0.147243).abs() < 1e-5);
/// ```
pub fn over_folds(values: &[f64], ratio: f64) -> (f64, [f64; 2]) {
    let over = summary(values);
    let half = quantile_975(over.n - 1) * over.sd * (1.0 / over.n as f64 + ratio).sqrt();
    (over.mean, [over.mean - half, over.mean + half])
}
