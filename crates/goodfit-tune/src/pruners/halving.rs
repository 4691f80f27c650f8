//! The best share of those that came as far.

use super::{first_value, steps_of_first_complete};
use crate::{History, Observed, Pruner};

/// Asynchronous successive halving: at each rung the best 1/eta of the trials that came so far go on.
///
/// With r `min_resource`, eta `reduction_factor` and s `min_early_stopping_rate`, rung k lies at step r eta^(s + k). A
/// trial's value at a rung is the one that it reported first at or after it; a trial that reports there is held
/// against all n trials of the history that have one by this step, itself included: it goes on when its value is among the
/// max(1, floor(n / eta)) smallest, ties to its favour. A report that passes several rungs at once is judged at the
/// highest of them. NaN at a rung ends a trial, and does not count among the others' values.
///
/// It asks at what step a trial was, not how it ended, so running and failed trials count as far as they came.
///
/// Source: L. Li et al.: A System for Massively Parallel Hyperparameter Tuning, `MLSys` (2020), algorithm 2, decided at
/// once as in Optuna 5's `SuccessiveHalvingPruner`, with which it agrees where every rung has a report of its own.
///
/// ```
/// use goodfit_tune::pruners::SuccessiveHalving;
/// use goodfit_tune::Pruner;
/// let pruner = SuccessiveHalving { min_resource: Some(3), ..SuccessiveHalving::default() };
/// assert!(!pruner.looks_at(2) && pruner.looks_at(3));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct SuccessiveHalving {
    /// r, in steps; 0 counts as 1. `None`: a hundredth of the last step of the first complete trial, at least 1, and no
    /// trial ends before there is one.
    pub min_resource: Option<u64>,
    /// eta; at least 2.
    pub reduction_factor: u64,
    /// s: how many of the lowest rungs are left out.
    pub min_early_stopping_rate: u32,
}

impl Default for SuccessiveHalving {
    /// One in four goes on; the first rung is found from the first complete trial.
    fn default() -> Self {
        Self { min_resource: None, reduction_factor: 4, min_early_stopping_rate: 0 }
    }
}

impl SuccessiveHalving {
    /// The highest rung at or below a step.
    fn rung(&self, min_resource: u64, step: u64) -> Option<u64> {
        let eta = self.reduction_factor.max(2);
        let first = min_resource.max(1).checked_mul(eta.checked_pow(self.min_early_stopping_rate)?)?;
        let rungs = std::iter::successors(Some(first), |rung| rung.checked_mul(eta));
        rungs.take_while(|&rung| rung <= step).last()
    }

    /// Its answer among these trials; `trial` may be one of them.
    pub(super) fn prunes_among<'a>(
        &self,
        others: impl Iterator<Item = &'a Observed>,
        min_resource: u64,
        trial: &Observed,
    ) -> bool {
        let Some(last) = trial.last() else { return false };
        let Some(rung) = self.rung(min_resource, last.step) else { return false };
        let first_there = trial.intermediate.iter().find(|reported| reported.step >= rung);
        if first_there.is_some_and(|first| first.step < last.step) {
            return false;
        }
        if last.value.is_nan() {
            return true;
        }
        let values = others.filter(|other| other.number != trial.number);
        let (mut n, mut n_better) = (1, 0);
        for value in values.filter_map(|other| first_value(other, rung..=last.step)) {
            n += 1;
            n_better += u64::from(value < last.value);
        }
        n_better >= (n / self.reduction_factor.max(2)).max(1)
    }
}

impl Pruner for SuccessiveHalving {
    fn prunes(&self, history: &History, trial: &Observed) -> bool {
        let min_resource = self.min_resource.or_else(|| Some((steps_of_first_complete(history)? / 100).max(1)));
        min_resource.is_some_and(|min_resource| self.prunes_among(history.iter(), min_resource, trial))
    }

    fn looks_at(&self, step: u64) -> bool {
        self.rung(self.min_resource.unwrap_or(1), step).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::pruners::tests::{complete, history, running, trial};

    fn pruner() -> SuccessiveHalving {
        SuccessiveHalving { min_resource: Some(1), reduction_factor: 2, min_early_stopping_rate: 0 }
    }

    #[test]
    fn keeps_the_contract() {
        contract::pruner(&SuccessiveHalving::default());
        contract::pruner(&pruner());
        contract::pruner(&SuccessiveHalving { min_resource: Some(2), min_early_stopping_rate: 1, ..pruner() });
    }

    #[test]
    fn rungs() {
        let rung = |step| pruner().rung(3, step);
        assert_eq!([2, 3, 5, 6, 11, 12, 25].map(rung), [None, Some(3), Some(3), Some(6), Some(6), Some(12), Some(24)]);
        let late = SuccessiveHalving { min_early_stopping_rate: 2, ..pruner() };
        assert_eq!([11, 12, 24].map(|step| late.rung(3, step)), [None, Some(12), Some(24)]);
        assert_eq!(SuccessiveHalving { min_early_stopping_rate: 70, ..pruner() }.rung(3, u64::MAX), None);
        assert_eq!(pruner().rung(1, u64::MAX), Some(1 << 63));
    }

    #[test]
    fn by_hand() {
        // At rung 1: 4, 3, 2, 1, NaN; at rung 2: 1 and 5.
        let mut history =
            history(&[&[0.0, 4.0], &[0.0, 3.0], &[0.0, 2.0, 1.0], &[0.0, 1.0, 5.0, 5.0], &[0.0, f64::NAN]]);
        for (values, expected) in [
            // Step 0 is before the first rung.
            (&[9.0][..], false),
            // The fifth value at rung 1: floor(5 / 2) = 2 go on.
            (&[9.0, 1.5], false),
            (&[9.0, 2.0], false),
            (&[9.0, 2.1], true),
            (&[9.0, f64::NAN], true),
            // The third at rung 2: 1 goes on.
            (&[9.0, 9.0, 1.0], false),
            (&[9.0, 9.0, 1.1], true),
            // Step 3 is between rungs 2 and 4.
            (&[0.0, 0.0, 0.0, 9.0], false),
        ] {
            assert_eq!(pruner().prunes(&history, &trial(9, values)), expected, "{values:?}");
        }
        // Running trials count as far as they came: the best three of six.
        history.insert(running(7, &[0.0, 7.0]));
        assert!(!pruner().prunes(&history, &trial(9, &[9.0, 2.1])));
        // Alone, or as the best, a trial goes on.
        assert!(!pruner().prunes(&History::new(), &trial(0, &[9.0, 9.0])));
    }

    #[test]
    fn the_first_rung_comes_from_the_first_complete_trial() {
        let automatic = SuccessiveHalving { min_resource: None, ..pruner() };
        let steps = |n: u64| (0..n).map(|_| 1.0).collect::<Vec<_>>();
        let mut history = History::new();
        history.insert(running(0, &steps(100)));
        assert!(!automatic.prunes(&history, &trial(9, &steps(3))));
        history.insert(complete(1, &steps(401)));
        let worse = |n| trial(9, &vec![2.0; n]);
        // Steps 0 to 400: the first rung is 4.
        assert!(!automatic.prunes(&history, &worse(4)));
        assert!(automatic.prunes(&history, &worse(5)));
    }
}
