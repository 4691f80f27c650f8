//! From what became of trials to values that a Gaussian process can be fitted to.

use std::f64::consts::FRAC_1_SQRT_2;

/// What became of a finished trial.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Outcome {
    /// It ended with this loss, which is not NaN.
    Loss(f64),
    /// It was given up early, after this loss, if any.
    Pruned(Option<f64>),
    /// It ended without a loss.
    Failed,
}

/// How much worse than the worst loss a failure is, in the spread of the losses below the median.
const FAILURE: f64 = 0.5;

/// Values with mean 0 and variance 1, small where the loss is small.
///
/// 1. An infinite loss becomes the finite one next to it.
/// 2. Losses below the median keep their distances from it, in units of their root mean square `s`. Losses above
///    it count by their rank only: the one of rank share p becomes s times the normal distribution's quantile of p.
///    So the size of bad losses, which may be anything, does not shape the model where the good ones lie.
/// 3. A pruned trial counts as the complete one whose loss it had when it was given up, but not as a better one
///    than the median and not as a worse one than the worst. A failed trial is worse than every complete one.
///
/// Source of 2: X. Song, Q. Zhang, C. Lee, E. Fertig, T.-K. Huang, L. Belenki, G. Kochanski, S. Ariafar,
/// S. Vasudevan, S. Perel, D. Golovin: The Vizier Gaussian Process Bandit Algorithm (2024), "half-rank warping".
pub(super) fn values(outcomes: &[Outcome]) -> Vec<f64> {
    let loss = |outcome: &Outcome| if let Outcome::Loss(loss) = outcome { Some(*loss) } else { None };
    let losses: Vec<f64> = outcomes.iter().filter_map(loss).collect();
    let warped = half_ranked(&finite(&losses));
    let mut order: Vec<usize> = (0..losses.len()).collect();
    order.sort_by(|&a, &b| losses[a].total_cmp(&losses[b]));
    let worst = order.last().map_or(0.0, |&i| warped[i]);
    let mut complete = warped.iter();
    let value = |outcome: &Outcome| match outcome {
        Outcome::Loss(_) => complete.next().copied().unwrap_or(worst),
        Outcome::Pruned(Some(last)) => {
            let place = order.partition_point(|&i| losses[i] < *last).max(order.len() / 2);
            order.get(place).map_or(worst, |&i| warped[i])
        }
        Outcome::Pruned(None) => worst,
        Outcome::Failed => worst + FAILURE,
    };
    standardised(outcomes.iter().map(value).collect())
}

/// Infinite losses become the nearest finite ones.
fn finite(losses: &[f64]) -> Vec<f64> {
    let finite = losses.iter().copied().filter(|x| x.is_finite());
    let (low, high) = finite.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
    if low > high {
        // None is finite: the signs are all there is.
        return losses.iter().map(|x| x.signum()).collect();
    }
    losses.iter().map(|x| x.clamp(low, high)).collect()
}

/// In units of the root mean square distance from the median of what lies below it.
fn half_ranked(losses: &[f64]) -> Vec<f64> {
    let mut sorted = losses.to_vec();
    sorted.sort_by(f64::total_cmp);
    let Some(&median) = sorted.get(sorted.len() / 2) else { return Vec::new() };
    // Divided first, so that the squares of huge losses do not overflow.
    let size = sorted[0].abs().max(median.abs()).max(f64::MIN_POSITIVE);
    let below: Vec<f64> = sorted.iter().filter(|x| **x <= median).map(|x| x / size - median / size).collect();
    let spread = (below.iter().map(|x| x * x).sum::<f64>() / below.len() as f64).sqrt();
    let quantile = |loss: f64| {
        let first = sorted.partition_point(|x| *x < loss);
        let equal = sorted.partition_point(|x| *x <= loss) - first;
        normal_quantile((first as f64 + 0.5 * equal as f64) / sorted.len() as f64)
    };
    let value = |&loss: &f64| match (loss / size - median / size) / spread {
        below if loss <= median && spread > 0.0 => below,
        _ => quantile(loss),
    };
    losses.iter().map(value).collect()
}

fn standardised(mut values: Vec<f64>) -> Vec<f64> {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let variance = values.iter().map(|y| (y - mean) * (y - mean)).sum::<f64>() / n;
    // Equal losses are 0 all of them; what rounding leaves of their differences is not to be blown up.
    let scale = if variance > 1e-20 { 1.0 / variance.sqrt() } else { 1.0 };
    for y in &mut values {
        *y = (*y - mean) * scale;
    }
    values
}

/// The z with Phi(z) = p, by bisection: it is asked for a few hundred numbers only.
fn normal_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (-10.0, 10.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if 0.5 * libm::erfc(-middle * FRAC_1_SQRT_2) < p {
            low = middle;
        } else {
            high = middle;
        }
    }
    0.5 * (low + high)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(values: &[f64]) -> Vec<usize> {
        let mut order: Vec<usize> = (0..values.len()).collect();
        order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
        order
    }

    #[test]
    fn in_the_order_of_the_losses() {
        let losses = [3.0, f64::NEG_INFINITY, 1e300, -7.0, 0.0, f64::INFINITY, 1e8, 1.0];
        let values = values(&losses.map(Outcome::Loss));
        assert!(values.iter().all(|y| y.is_finite() && y.abs() < 4.0), "{values:?}");
        assert!(values[5] == values[2] && values[1] == values[3]);
        for (a, y) in losses.iter().zip(&values) {
            for (b, z) in losses.iter().zip(&values) {
                assert!(a >= b || y <= z, "{a} {b}: {y} {z}");
            }
        }
    }

    #[test]
    fn distances_count_below_the_median_and_ranks_above() {
        let with = |largest: f64| values(&[0.0, 1.0, 3.0, 10.0, 20.0, 30.0, largest].map(Outcome::Loss));
        let y = with(40.0);
        assert!(((y[1] - y[0]) / (y[3] - y[0]) - 0.1).abs() < 1e-12, "{y:?}");
        assert_eq!(y, with(1e12));
        // Normal losses stay what they are, as far as so few can be normal.
        let quantiles: Vec<f64> = (0..101).map(|i| normal_quantile((f64::from(i) + 0.5) / 101.0)).collect();
        let y = values(&quantiles.iter().map(|&x| Outcome::Loss(5.0 + 2.0 * x)).collect::<Vec<_>>());
        assert!(quantiles.iter().zip(&y).all(|(a, b)| (a - b).abs() < 0.1));
    }

    #[test]
    fn failures_and_pruned_trials_are_bad() {
        let y = values(&[
            Outcome::Failed,
            Outcome::Loss(1.0),
            Outcome::Pruned(Some(0.5)),
            Outcome::Loss(2.0),
            Outcome::Pruned(None),
            Outcome::Loss(3.0),
            Outcome::Pruned(Some(2.5)),
            Outcome::Pruned(Some(f64::INFINITY)),
            Outcome::Loss(4.0),
        ]);
        assert_eq!(order(&y)[..2], [1, 3]);
        assert_eq!((y[2], y[6]), (y[5], y[5]), "not better than the median");
        assert_eq!((y[4], y[7]), (y[8], y[8]), "not worse than the worst");
        assert_eq!(order(&y).last(), Some(&0));
    }

    #[test]
    fn nothing_to_tell_apart() {
        assert_eq!(values(&[Outcome::Loss(4.0); 5]), [0.0; 5]);
        assert_eq!(values(&[Outcome::Failed; 3]), [0.0; 3]);
        let mixed = values(&[Outcome::Loss(4.0), Outcome::Failed, Outcome::Loss(4.0)]);
        assert!(mixed[1] > mixed[0] && mixed[0] == mixed[2]);
        assert_eq!(values(&[Outcome::Loss(f64::NEG_INFINITY), Outcome::Loss(f64::INFINITY)])[0], -1.0);
    }

    #[test]
    fn quantiles() {
        // SciPy: norm.ppf.
        for (p, z) in [(0.5, 0.0), (0.975, 1.959963984540054), (0.001, -3.090232306167813)] {
            assert!((normal_quantile(p) - z).abs() < 1e-12);
        }
    }
}
