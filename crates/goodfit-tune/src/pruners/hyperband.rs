//! Successive halving from several first rungs at once.

use super::{SuccessiveHalving, steps_of_first_complete};
use crate::{History, Observed, Pruner};

/// Shares the trials among brackets, each a [`SuccessiveHalving`] of its own that begins a rung later than the one
/// before, so that curves which cross late are not all cut at the first rung.
///
/// With r `min_resource`, R `max_resource` and eta `reduction_factor` there are `B = floor(log(R / r) / log(eta)) + 1`
/// brackets. Bracket b halves with `min_early_stopping_rate` = b among its own trials alone, and gets trials in
/// proportion to `w_b = ceil(B eta^(B - 1 - b) / (B - b))`. Trial n belongs to the bracket whose part of the unit
/// interval, cut in the proportions w, holds frac(n phi), phi = 0.618.. (the golden ratio's multiples, which fill the
/// interval evenly): a function of the number alone.
///
/// Source: L. Li et al.: Hyperband: A Novel Bandit-Based Approach to Hyperparameter Optimization, Journal of Machine
/// Learning Research 18 (2018), algorithm 1; brackets and weights as in Optuna 5's `HyperbandPruner`, which shares the
/// trials out by a checksum of the study's name and the number instead.
///
/// ```
/// use goodfit_tune::pruners::Hyperband;
/// let brackets = Hyperband { max_resource: Some(81), ..Hyperband::default() };
/// assert_eq!(brackets.weights(81), [81, 34, 15, 8, 5]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Hyperband {
    /// r, in steps; 0 counts as 1.
    pub min_resource: u64,
    /// R, in steps. `None`: one more than the last step of the first complete trial, and no trial ends before there is one.
    pub max_resource: Option<u64>,
    /// eta; at least 2.
    pub reduction_factor: u64,
}

impl Default for Hyperband {
    /// One in three goes on.
    fn default() -> Self {
        Self { min_resource: 1, max_resource: None, reduction_factor: 3 }
    }
}

impl Hyperband {
    /// w: how the trials are shared among the brackets, for a longest training of so many steps.
    pub fn weights(&self, max_resource: u64) -> Vec<u64> {
        let eta = self.reduction_factor.max(2);
        let rungs = std::iter::successors(Some(self.min_resource.max(1)), |rung| rung.checked_mul(eta));
        let n = rungs.take_while(|&rung| rung <= max_resource).count().max(1) as u32;
        let weight = |bracket: u32| {
            let left = n - bracket;
            // eta^(left - 1) is at most R / r.
            (u128::from(n) * u128::from(eta).pow(left - 1)).div_ceil(u128::from(left)) as u64
        };
        (0..n).map(weight).collect()
    }

    /// The bracket of a trial.
    fn bracket(weights: &[u64], number: u64) -> usize {
        // 2^64 over the golden ratio, as an odd whole number.
        const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;
        let total: u128 = weights.iter().map(|&weight| u128::from(weight)).sum();
        let place = (u128::from(number.wrapping_mul(GOLDEN)) * total) >> 64;
        let ends = weights.iter().scan(0_u128, |end, &weight| {
            *end += u128::from(weight);
            Some(*end)
        });
        ends.take_while(|&end| end <= place).count()
    }
}

impl Pruner for Hyperband {
    fn prunes(&self, history: &History, trial: &Observed) -> bool {
        let max_resource = self.max_resource.or_else(|| Some(steps_of_first_complete(history)? + 1));
        let Some(max_resource) = max_resource else { return false };
        let weights = self.weights(max_resource);
        let bracket = Self::bracket(&weights, trial.number);
        let halving = SuccessiveHalving {
            min_resource: Some(self.min_resource),
            reduction_factor: self.reduction_factor,
            min_early_stopping_rate: bracket as u32,
        };
        let others = history.iter().filter(|other| Self::bracket(&weights, other.number) == bracket);
        halving.prunes_among(others, self.min_resource, trial)
    }

    fn looks_at(&self, step: u64) -> bool {
        step >= self.min_resource.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::pruners::tests::{running, trial};

    #[test]
    fn keeps_the_contract() {
        contract::pruner(&Hyperband::default());
        contract::pruner(&Hyperband { max_resource: Some(9), ..Hyperband::default() });
    }

    #[test]
    fn brackets_in_proportion() {
        let weights = Hyperband::default().weights(9);
        // B = 3: ceil(3 * 9 / 3), ceil(3 * 3 / 2), ceil(3 / 1).
        assert_eq!(weights, [9, 5, 3]);
        let mut counts = [0_u64; 3];
        for number in 0..1700 {
            counts[Hyperband::bracket(&weights, number)] += 1;
        }
        for (count, weight) in counts.iter().zip(&weights) {
            assert!(count.abs_diff(weight * 100) <= 3, "{counts:?}");
        }
        assert_eq!(Hyperband { min_resource: 5, ..Hyperband::default() }.weights(3), [1]);
        // A training of any length has its brackets.
        assert_eq!(Hyperband { reduction_factor: 2, ..Hyperband::default() }.weights(u64::MAX).len(), 64);
    }

    #[test]
    fn each_bracket_for_itself() {
        let pruner = Hyperband { max_resource: Some(9), ..Hyperband::default() };
        let weights = pruner.weights(9);
        let of = |bracket| (0..).filter(|&n| Hyperband::bracket(&weights, n) == bracket).take(2).collect::<Vec<u64>>();
        for (bracket, first_rung) in [(0, 1), (1, 3), (2, 9)] {
            let numbers = of(bracket);
            let mut history = History::new();
            history.insert(running(numbers[0], &[1.0; 10]));
            // A good trial of another bracket is not held against it.
            history.insert(running(of((bracket + 1) % 3)[1], &[0.0; 10]));
            let ends = |value| {
                let reports = |n: usize| trial(numbers[1], &vec![value; n]);
                (1..=10).find(|&n| pruner.prunes(&history, &reports(n))).map(|n| n - 1)
            };
            assert_eq!(ends(2.0), Some(first_rung), "{bracket}");
            assert_eq!(ends(1.0), None, "{bracket}");
        }
    }
}
