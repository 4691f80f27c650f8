//! A trial as its objective sees it.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value as Json;

use super::gate::Gate;
use super::{Asked, Study};
use crate::storage::{Scope, Series};
use crate::{Parameters, TrialState};

/// How an objective ended.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// With a value. NaN counts as failed.
    Complete(f64),
    /// Given up because [`RunningTrial::report`] said so.
    Pruned,
    /// Without a value, for a reason of a few words.
    Failed(String),
    /// Broken off because the study stops: the trial waits for somebody to take it up again from its start.
    Interrupted,
}

impl Outcome {
    /// The state that the trial ends in; an interrupted one that is told by hand has failed.
    pub(super) fn state(self) -> TrialState {
        match self {
            Self::Complete(value) if value.is_nan() => TrialState::Failed("not a number".to_owned()),
            Self::Complete(value) => TrialState::Complete(vec![value]),
            Self::Pruned => TrialState::Pruned(None),
            Self::Failed(reason) => TrialState::Failed(reason),
            Self::Interrupted => TrialState::Failed("interrupted".to_owned()),
        }
    }
}

/// What a trial is told when it reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// Go on.
    Continue,
    /// End with [`Outcome::Pruned`].
    Prune,
    /// The study stops: end with [`Outcome::Interrupted`].
    Stop,
}

/// A trial as its objective sees it.
pub struct RunningTrial<'a> {
    pub(super) study: &'a Study,
    pub(super) asked: Asked,
    pub(super) gate: Option<&'a Gate>,
    pub(super) stop: &'a AtomicBool,
    pub(super) lost: &'a AtomicBool,
}

impl RunningTrial<'_> {
    /// Its number in its study, from 0.
    pub fn number(&self) -> u64 {
        self.asked.number
    }

    /// What to try.
    pub fn parameters(&self) -> &Parameters {
        &self.asked.parameters
    }

    /// Whether the study stops, so that the objective may as well end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed) || self.lost.load(Ordering::Relaxed)
    }

    /// Reports a value on the way, and asks whether to go on. Steps have to rise; a step that does not is
    /// passed over.
    pub fn report(&mut self, step: u64, value: f64) -> Decision {
        let study = self.study;
        let ends = match self.gate {
            Some(gate) => {
                let new = self.asked.report.push(step, value).is_some();
                new && study.pruner.looks_at(step) && gate.reach(study.observed(&self.asked), &*study.pruner)
            }
            None if study.pruner.is_none() => {
                self.asked.report.push(step, value);
                false
            }
            // What cannot be recorded now is kept when the trial ends.
            None => study.report(&mut self.asked, step, value).unwrap_or(false),
        };
        // Where trials stop, the others of a generation are decided on without them: that counts for nothing.
        if self.is_stopped() {
            Decision::Stop
        } else if ends {
            Decision::Prune
        } else {
            Decision::Continue
        }
    }

    /// Keeps a curve with the trial.
    pub fn keep(&mut self, curve: Series) {
        self.asked.report.curves.push(curve);
    }

    /// Keeps an attribute with the trial.
    pub fn note(&mut self, scope: Scope, key: impl Into<String>, value: Json) {
        self.asked.report.attributes.push((scope, key.into(), value));
    }
}
