//! No better for some time.

use super::smallest;
use crate::{History, NoPruner, Observed, Pruner};

/// Ends a trial, or lets another pruner end it, when it has not become better for some time.
///
/// The last `patience` + 1 reports are the time; it has not become better when the smallest loss before it, plus
/// `min_delta`, is below the smallest loss in it. What is no number is left out; with nothing left on either side, the
/// trial goes on.
///
/// Source: L. Prechelt: Early Stopping - But When? (1998), in the form of Optuna 5's `PatientPruner`, with which it
/// agrees.
///
/// ```
/// use goodfit_tune::pruners::{Median, Patience};
/// let alone = Patience { patience: 3, ..Patience::default() };
/// let both = Patience { patience: 3, min_delta: 0.0, inner: Some(Median::default()) };
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Patience<P = NoPruner> {
    /// How many reports without progress are borne.
    pub patience: usize,
    /// In units of the loss; what is less counts as no progress lost. Not below 0.
    pub min_delta: f64,
    /// Who decides once there is no progress; `None`: the trial ends.
    pub inner: Option<P>,
}

impl Default for Patience {
    /// Five reports, and the trial ends.
    fn default() -> Self {
        Self { patience: 5, min_delta: 0.0, inner: None }
    }
}

impl<P: Pruner> Pruner for Patience<P> {
    fn prunes(&self, history: &History, trial: &Observed) -> bool {
        let reported = &trial.intermediate;
        let n_before = reported.len().saturating_sub(self.patience.saturating_add(1));
        if n_before == 0 {
            return false;
        }
        let (before, after) = reported.split_at(n_before);
        let best = |part: &[crate::Intermediate]| smallest(part.iter().map(|reported| reported.value));
        let (Some(before), Some(after)) = (best(before), best(after)) else { return false };
        before + self.min_delta < after && self.inner.as_ref().is_none_or(|inner| inner.prunes(history, trial))
    }

    fn looks_at(&self, step: u64) -> bool {
        self.inner.as_ref().is_none_or(|inner| inner.looks_at(step))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;
    use crate::pruners::Median;
    use crate::pruners::tests::{history, trial};

    #[test]
    fn keeps_the_contract() {
        contract::pruner(&Patience { patience: 1, ..Patience::default() });
        contract::pruner(&Patience { patience: 0, min_delta: 0.1, inner: Some(Median::default()) });
    }

    #[test]
    fn by_hand() {
        let pruner = Patience { patience: 1, ..Patience::default() };
        for (values, expected) in [
            (&[1.0, 2.0][..], false),
            (&[1.0, 2.0, 2.0], true),
            (&[1.0, 2.0, 1.0], false),
            (&[1.0, 0.5, 2.0], false),
            (&[1.0, f64::NAN, f64::NAN], false),
            (&[f64::NAN, 1.0, 1.0], false),
            (&[1.0, f64::NAN, 2.0], true),
        ] {
            assert_eq!(pruner.prunes(&History::new(), &trial(0, values)), expected, "{values:?}");
        }
        let lenient = Patience { min_delta: 1.0, ..pruner };
        assert!(!lenient.prunes(&History::new(), &trial(0, &[1.0, 2.0, 2.0])));
        assert!(lenient.prunes(&History::new(), &trial(0, &[1.0, 2.1, 2.1])));
    }

    #[test]
    fn both_have_to_agree() {
        let history = history(&[&[3.0; 3][..]; 5]);
        let pruner = Patience { patience: 1, min_delta: 0.0, inner: Some(Median::default()) };
        assert!(!pruner.prunes(&history, &trial(9, &[1.0, 2.0, 2.0])));
        assert!(!pruner.prunes(&history, &trial(9, &[5.0, 4.0, 4.0])));
        assert!(pruner.prunes(&history, &trial(9, &[4.0, 5.0, 5.0])));
    }
}
