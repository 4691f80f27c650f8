//! Trials that failed beyond a threshold.

use super::Side;
use crate::stats::hypergeometric_at_least;
use crate::{Distribution, History, Observed, Seen, Space, Value};

/// A parameter's range cut in two, where the failed trials lie on one side.
#[derive(Clone, Debug, PartialEq)]
pub struct Split {
    /// The parameter's name.
    pub parameter: String,
    /// Which side fails more often.
    pub side: Side,
    /// The first value of that side among the trials: the smallest one of the upper side, the largest one of the lower.
    pub from: Value,
    /// On that side: how many failed, of how many.
    pub beyond: (usize, usize),
    /// On the other side.
    pub within: (usize, usize),
    /// The probability that as many of the failed lie beyond by chance, times the number of cuts and sides looked at;
    /// at most 1.
    pub p: f64,
}

/// For each parameter with an order the cut that parts finished trials that failed from the others best, in the order
/// of the space; none where nothing or everything failed, or only one value was tried.
///
/// Cuts lie between neighbouring values. Of n trials, f of which failed, and m beyond a cut, g of which failed, the best
/// cut has the largest (g n - f m)^2 / (m (n - m)), which is the chi-square statistic up to a factor. Its p is the
/// hypergeometric tail (Fisher's exact test, one-sided) times twice the number of cuts (Bonferroni), so it is the more
/// cautious the more values there are.
///
/// What failed is up to the caller: for instance only those that ended for a certain reason.
///
/// ```
/// use goodfit_tune::{Distribution, History, Seen, Space};
/// let space = Space::new([("rate", Distribution::Float { low: 1e-6, high: 1.0, log: true, step: None })])?;
/// assert!(goodfit_tune::findings::splits(&space, &History::new(), |trial| trial.seen == Seen::Failed).is_empty());
/// # Ok::<(), goodfit_tune::SpaceError>(())
/// ```
pub fn splits(space: &Space, history: &History, failed: impl Fn(&Observed) -> bool) -> Vec<Split> {
    let finished: Vec<(&Observed, bool)> =
        history.iter().filter(|trial| trial.seen != Seen::Running).map(|trial| (trial, failed(trial))).collect();
    let ordered = space.iter().filter(|parameter| !matches!(parameter.distribution, Distribution::Categorical { .. }));
    ordered
        .filter_map(|parameter| {
            let there = finished.iter().filter_map(|(trial, failed)| {
                let value = trial.parameters.get(&parameter.name)?;
                Some((parameter.distribution.to_unit(value), value, *failed))
            });
            best_split(&parameter.name, there.collect())
        })
        .collect()
}

fn best_split(name: &str, mut trials: Vec<(f64, Value, bool)>) -> Option<Split> {
    trials.sort_by(|a, b| a.0.total_cmp(&b.0));
    let n = trials.len();
    let f = trials.iter().filter(|trial| trial.2).count();
    let (mut below, mut n_cuts) = (0, 0_usize);
    let mut best: Option<(f64, usize, usize)> = None;
    for i in 1..n {
        below += usize::from(trials[i - 1].2);
        if trials[i - 1].0 < trials[i].0 {
            n_cuts += 1;
            let difference = below as f64 * n as f64 - f as f64 * i as f64;
            let score = difference * difference / (i as f64 * (n - i) as f64);
            if best.is_none_or(|(most, ..)| score > most) {
                best = Some((score, i, below));
            }
        }
    }
    let (score, cut, below) = best?;
    if score <= 0.0 {
        return None;
    }
    let (lower, upper) = ((below, cut), (f - below, n - cut));
    let lower_fails = lower.0 * upper.1 > upper.0 * lower.1;
    let (side, from, beyond, within) = if lower_fails {
        (Side::Low, trials[cut - 1].1, lower, upper)
    } else {
        (Side::High, trials[cut].1, upper, lower)
    };
    let tail = hypergeometric_at_least(beyond.0 as u64, n as u64, f as u64, beyond.1 as u64);
    let p = (2.0 * n_cuts as f64 * tail).min(1.0);
    Some(Split { parameter: name.to_owned(), side, from, beyond, within, p })
}

#[cfg(test)]
mod tests {
    use super::super::tests::{number, study};
    use super::*;

    fn space() -> Space {
        let rate = Distribution::Float { low: 1e-6, high: 1.0, log: true, step: None };
        let depth = Distribution::Int { low: 1, high: 6, log: false, step: 1 };
        Space::new([("rate", rate), ("depth", depth)]).expect("a space")
    }

    fn failed(trial: &Observed) -> bool {
        trial.seen == Seen::Failed
    }

    #[test]
    fn a_rate_above_which_trials_diverge() {
        let seen = |_, x: &[Option<Value>]| {
            if number(x[0]) > 1e-2 { Seen::Failed } else { Seen::Complete(vec![1.0]) }
        };
        let history = study(&space(), 60, 2, seen);
        let found = splits(&space(), &history, failed);
        let rate = &found[0];
        assert_eq!((rate.side, rate.beyond.0, rate.within.0), (Side::High, rate.beyond.1, 0));
        assert!(matches!(rate.from, Value::Float(x) if x > 1e-2) && rate.p < 1e-8, "{rate:?}");
        assert!(found[1].p > 0.05, "{found:?}");
        assert!(splits(&space(), &history, |_| true).is_empty());
    }

    #[test]
    fn by_hand() {
        let trials = [false, false, true, true, true].into_iter().zip(1..);
        let trials = trials.map(|(failed, i)| (i as f64, Value::Int(i), failed)).collect();
        let split = best_split("x", trials).expect("a split");
        // All three failed ones among the upper three of five: 1 / C(5, 3), times 2 sides and 4 cuts.
        assert_eq!((split.from, split.beyond, split.within), (Value::Int(3), (3, 3), (0, 2)));
        assert!((split.p - 0.8).abs() < 1e-12);
        let lower = [true, false, false].into_iter().zip(1..).map(|(failed, i)| (i as f64, Value::Int(i), failed));
        let split = best_split("x", lower.collect()).expect("a split");
        assert_eq!((split.side, split.from), (Side::Low, Value::Int(1)));
        assert_eq!(best_split("x", vec![(0.5, Value::Int(1), true), (0.5, Value::Int(1), false)]), None);
    }

    #[test]
    fn chance_finds_no_threshold() {
        let spoke: usize = (0..300)
            .map(|seed| {
                let noise = |i: u64, _: &[Option<Value>]| {
                    if (i * 7919 + seed) % 100 < 20 { Seen::Failed } else { Seen::Complete(vec![0.0]) }
                };
                splits(&space(), &study(&space(), 100, seed, noise), failed)
                    .iter()
                    .filter(|split| split.p <= 0.05)
                    .count()
            })
            .sum();
        // Of 600: 5 % would be 30, with a standard deviation of 5.3.
        assert!(spoke <= 30, "{spoke}");
    }
}
