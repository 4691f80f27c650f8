//! Worse than most at the same step.

use super::smallest;
use crate::{History, Observed, Pruner};

/// Ends a trial whose best loss so far is above a percentile of the losses that the complete trials had at this step.
///
/// With b the smallest loss that the trial has reported and q the `percentile` of the losses of the complete trials
/// that reported at exactly this step, between neighbours linearly (`NumPy`'s `linear`, with what is no number left
/// out): it ends when b > q, so that about the best `percentile` of a hundred go on. A trial that has reported nothing
/// but NaN ends.
///
/// It is asked at step `n_warmup_steps` and every `interval_steps` after it; where a trial does not report at such a
/// step, at the next report. It holds a trial against complete ones alone: neither pruned nor running trials count.
///
/// Cost: one look at every complete trial for each report.
///
/// Source: T. Akiba et al.: Optuna: A Next-generation Hyperparameter Optimization Framework, KDD (2019), and the
/// `PercentilePruner` of Optuna 5, with which it agrees.
///
/// ```
/// use goodfit_tune::pruners::Percentile;
/// use goodfit_tune::Pruner;
/// let best_quarter = Percentile { n_warmup_steps: 10, ..Percentile::default() };
/// assert!(!best_quarter.looks_at(9) && best_quarter.looks_at(10));
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Percentile {
    /// How many of a hundred go on, 0 to 100.
    pub percentile: f64,
    /// Before so many trials are complete, it ends none.
    pub n_startup_trials: usize,
    /// Before this step, it ends no trial.
    pub n_warmup_steps: u64,
    /// Steps from one decision about a trial to the next; 0 counts as 1.
    pub interval_steps: u64,
    /// At a step that fewer complete trials have reported, it ends no trial; 0 counts as 1.
    pub n_min_trials: usize,
}

impl Default for Percentile {
    /// A quarter goes on, after five complete trials.
    fn default() -> Self {
        Self { percentile: 25.0, n_startup_trials: 5, n_warmup_steps: 0, interval_steps: 1, n_min_trials: 1 }
    }
}

impl Percentile {
    /// Whether this report is the trial's first since a decision was due.
    fn is_due(&self, trial: &Observed, step: u64) -> bool {
        let Some(since) = step.checked_sub(self.n_warmup_steps) else { return false };
        let interval = self.interval_steps.max(1);
        let due = self.n_warmup_steps + since / interval * interval;
        let before = trial.intermediate.iter().rev().find(|reported| reported.step != step);
        before.is_none_or(|before| before.step < due)
    }
}

impl Pruner for Percentile {
    fn prunes(&self, history: &History, trial: &Observed) -> bool {
        let Some(step) = trial.last().map(|last| last.step) else { return false };
        let n_complete = history.n_complete();
        if n_complete == 0 || n_complete < self.n_startup_trials || !self.is_due(trial, step) {
            return false;
        }
        let Some(best) = smallest(trial.intermediate.iter().map(|reported| reported.value)) else { return true };
        let at_step = |other: &Observed| {
            let place = other.intermediate.binary_search_by_key(&step, |reported| reported.step).ok()?;
            Some(other.intermediate[place].value)
        };
        let mut values: Vec<f64> =
            history.complete().filter(|other| other.number != trial.number).filter_map(at_step).collect();
        if values.len() < self.n_min_trials.max(1) {
            return false;
        }
        values.retain(|value| !value.is_nan());
        percentile(&mut values, self.percentile).is_some_and(|limit| best > limit)
    }

    fn looks_at(&self, step: u64) -> bool {
        step >= self.n_warmup_steps
    }
}

/// The value below which so many of a hundred lie, between neighbours linearly; `None` without values.
fn percentile(values: &mut [f64], percent: f64) -> Option<f64> {
    let last = values.len().checked_sub(1)?;
    let place = (percent.clamp(0.0, 100.0) / 100.0) * last as f64;
    let below = (place.floor() as usize).min(last);
    let (_, &mut low, above) = values.select_nth_unstable_by(below, f64::total_cmp);
    let Some(high) = above.iter().copied().reduce(f64::min) else { return Some(low) };
    let share = place - below as f64;
    // Written from the nearer end, as NumPy does; equal or infinite neighbours would make NaN.
    Some(if share <= 0.0 || low >= high {
        low
    } else if share >= 0.5 {
        high - (high - low) * (1.0 - share)
    } else {
        low + (high - low) * share
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::pruners::tests::{history, trial};

    #[test]
    fn keeps_the_contract() {
        contract::pruner(&Percentile { n_startup_trials: 0, ..Percentile::default() });
        contract::pruner(&Percentile { n_warmup_steps: 2, interval_steps: 3, ..Percentile::default() });
    }

    #[test]
    fn percentiles() {
        // numpy.percentile([5, 1, 3, 2], 25) = 1.75, at 50: 2.5, at 90: 4.4.
        let at = |percent| percentile(&mut [5.0, 1.0, 3.0, 2.0], percent).expect("values");
        assert_eq!([0.0, 25.0, 50.0, 100.0].map(at), [1.0, 1.75, 2.5, 5.0]);
        assert!((at(90.0) - 4.4).abs() < 1e-15);
        assert_eq!(percentile(&mut [f64::INFINITY, f64::INFINITY], 25.0), Some(f64::INFINITY));
        assert_eq!(percentile(&mut [], 25.0), None);
    }

    #[test]
    fn by_hand() {
        // Losses at step 1: 1, 2, 3, 4; their lower quartile is 1.75.
        let history = history(&[&[9.0, 1.0], &[9.0, 2.0], &[9.0, 3.0], &[9.0, 4.0]]);
        let pruner = Percentile { n_startup_trials: 4, ..Percentile::default() };
        for (values, expected) in [
            (&[9.0, 1.76][..], true),
            (&[9.0, 1.75], false),
            // What counts is its best loss so far.
            (&[1.0, 9.0], false),
            (&[f64::NAN, f64::NAN], true),
            (&[f64::NAN, 1.0], false),
            // Nobody has been at step 2.
            (&[9.0, 9.0, 9.0], false),
            (&[], false),
        ] {
            assert_eq!(pruner.prunes(&history, &trial(9, values)), expected, "{values:?}");
        }
        let bad = trial(9, &[9.0, 9.0]);
        for (patient, expected) in [
            (Percentile { n_startup_trials: 5, ..pruner.clone() }, false),
            (Percentile { n_min_trials: 5, ..pruner.clone() }, false),
            (Percentile { n_warmup_steps: 2, ..pruner.clone() }, false),
            (Percentile { n_warmup_steps: 1, ..pruner.clone() }, true),
            // Decisions at 0, 2, ..: step 1 is none.
            (Percentile { interval_steps: 2, ..pruner.clone() }, false),
        ] {
            assert_eq!(patient.prunes(&history, &bad), expected, "{patient:?}");
        }
    }
}
