//! Worse than half at the same step.

use super::Percentile;
use crate::{History, Observed, Pruner};

/// Ends a trial whose best loss so far is above the median of the losses that the complete trials had at this step:
/// [`Percentile`] at 50, whose options it has.
///
/// Source: D. Golovin et al.: Google Vizier: A Service for Black-Box Optimization, KDD (2017), section 3.2.2, in the
/// form of Optuna 5's `MedianPruner`, with which it agrees.
///
/// ```
/// use goodfit_tune::pruners::Median;
/// assert_eq!(Median::default().n_startup_trials, 5);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Median {
    /// Before so many trials are complete, it ends none.
    pub n_startup_trials: usize,
    /// Before this step, it ends no trial.
    pub n_warmup_steps: u64,
    /// Steps from one decision about a trial to the next; 0 counts as 1.
    pub interval_steps: u64,
    /// At a step that fewer complete trials have reported, it ends no trial; 0 counts as 1.
    pub n_min_trials: usize,
}

impl Default for Median {
    /// After five complete trials, at every report.
    fn default() -> Self {
        Self { n_startup_trials: 5, n_warmup_steps: 0, interval_steps: 1, n_min_trials: 1 }
    }
}

impl Pruner for Median {
    fn prunes(&self, history: &History, trial: &Observed) -> bool {
        let &Self { n_startup_trials, n_warmup_steps, interval_steps, n_min_trials } = self;
        let half = Percentile { percentile: 50.0, n_startup_trials, n_warmup_steps, interval_steps, n_min_trials };
        half.prunes(history, trial)
    }

    fn looks_at(&self, step: u64) -> bool {
        step >= self.n_warmup_steps
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::pruners::tests::{history, trial};

    #[test]
    fn keeps_the_contract() {
        contract::pruner(&Median::default());
        contract::pruner(&Median { n_startup_trials: 0, n_warmup_steps: 3, ..Median::default() });
    }

    #[test]
    fn by_hand() {
        let history = history(&[&[1.0], &[2.0], &[3.0], &[4.0], &[5.0]]);
        let prunes = |value| Median::default().prunes(&history, &trial(7, &[value]));
        assert!(prunes(3.1));
        assert!(!prunes(3.0));
    }
}
