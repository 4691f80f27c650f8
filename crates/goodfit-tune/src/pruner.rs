//! Which trials are not worth training to the end.

use crate::{History, Observed};

/// Decides, each time a trial reports, whether it goes on.
///
/// Its answer is a function of its arguments alone.
pub trait Pruner: Send + Sync {
    /// Whether this trial ends here. `trial.intermediate` is what it reported so far, the last value being
    /// new; `history` holds the others it may be held against: those of finished generations, and, as running, those of
    /// its own generation with a smaller number. These have come at least as far as this step, or ended before; what
    /// they report after it depends on who is faster, so it may not be asked for ([`crate::contract::pruner`] checks).
    fn prunes(&self, history: &History, trial: &Observed) -> bool;

    /// Whether it may end a trial at this step at all. Where it may not, nobody waits for anybody.
    fn looks_at(&self, step: u64) -> bool {
        let _ = step;
        true
    }

    /// Whether it never ends any trial, so that nobody needs to wait for anybody.
    fn is_none(&self) -> bool {
        false
    }
}

/// Ends no trial early.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoPruner;

impl Pruner for NoPruner {
    fn prunes(&self, _history: &History, _trial: &Observed) -> bool {
        false
    }

    fn looks_at(&self, _step: u64) -> bool {
        false
    }

    fn is_none(&self) -> bool {
        true
    }
}
