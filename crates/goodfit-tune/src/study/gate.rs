//! Trials of a generation, held in step where a pruner looks at them.
//!
//! What a pruner answers depends on what it knows of the other trials. So that this does not depend on threads,
//! trials of one generation wait for each other at each step that the pruner looks at: when all of them have
//! arrived or ended, those at the lowest step are decided on, in the order of their numbers, and go on. Each
//! sees the generations before, and of its own the trials of smaller numbers, as far as that step. Trials of the
//! generation that ended before (in a study that is gone on with) take part with what they had reported.
//!
//! Meanwhile a permit keeps the number of trials that compute at the same time to that of the jobs.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};

use crate::{History, Intermediate, Observed, Pruner, Seen};

/// Holds the trials of a generation in step.
#[derive(Debug, Default)]
pub(super) struct Gate {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct State {
    /// How many more trials may compute.
    permits: usize,
    /// What the pruner knows of the generations before.
    history: History,
    /// What the trials of this one have reported, up to the step that was decided on last.
    members: BTreeMap<u64, Observed>,
    /// The trials that compute, wait or have not begun yet.
    live: BTreeSet<u64>,
    /// Those of them that were taken up here.
    here: BTreeSet<u64>,
    /// Those that wait, as they are now.
    waiting: BTreeMap<u64, Observed>,
    /// Trials of this generation that ended before it was gone on with, with what they still have to report.
    past: BTreeMap<u64, (Observed, VecDeque<Intermediate>)>,
    /// What was decided and not yet heard.
    decided: BTreeMap<u64, bool>,
}

impl Gate {
    /// A gate for so many trials that compute at the same time.
    pub(super) fn new(n_jobs: usize) -> Self {
        Self { state: Mutex::new(State { permits: n_jobs.max(1), ..State::default() }), changed: Condvar::new() }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Begins a generation: what was known before it, its trials that are still to run, and those of it that
    /// had ended.
    pub(super) fn begin(&self, history: History, live: BTreeSet<u64>, past: Vec<Observed>) {
        let mut state = self.lock();
        state.history = history;
        state.members.clear();
        state.live = live;
        let reports = |mut trial: Observed| {
            let reports = std::mem::take(&mut trial.intermediate).into();
            trial.seen = Seen::Running;
            (trial.number, (trial, reports))
        };
        state.past = past.into_iter().map(reports).collect();
    }

    /// Waits no longer for trials that were not taken up here and will not be: those are given back. A trial that
    /// others take may have ended by the next look, so that what counts is who is still to come, not who was seen to go.
    pub(super) fn keep(&self, to_come: impl Fn(u64) -> bool, pruner: &dyn Pruner) {
        let mut state = self.lock();
        let State { live, here, .. } = &mut *state;
        let n_before = live.len();
        live.retain(|number| here.contains(number) || to_come(*number));
        if live.len() < n_before {
            state.resolve(pruner);
            self.changed.notify_all();
        }
    }

    /// A trial is taken up here: waits for a permit to compute.
    pub(super) fn enter(&self, number: u64) {
        let mut state = self.lock();
        state.here.insert(number);
        while state.permits == 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.permits -= 1;
    }

    /// A trial has reported: waits for the others of its generation and says whether it ends here.
    pub(super) fn reach(&self, trial: Observed, pruner: &dyn Pruner) -> bool {
        let number = trial.number;
        let mut state = self.lock();
        state.waiting.insert(number, trial);
        state.permits += 1;
        state.resolve(pruner);
        self.changed.notify_all();
        let ends = loop {
            if let Some(ends) = state.decided.remove(&number) {
                break ends;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        };
        while state.permits == 0 {
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        state.permits -= 1;
        ends
    }

    /// A trial has ended, and gives its permit back.
    pub(super) fn end(&self, number: u64, pruner: &dyn Pruner) {
        let mut state = self.lock();
        state.permits += 1;
        state.live.remove(&number);
        state.here.remove(&number);
        state.resolve(pruner);
        self.changed.notify_all();
    }
}

impl State {
    /// When all have arrived or ended, decides on those at the lowest step.
    fn resolve(&mut self, pruner: &dyn Pruner) {
        if !self.live.iter().all(|number| self.waiting.contains_key(number)) {
            return;
        }
        let step = |trial: &Observed| trial.last().map_or(0, |last| last.step);
        let Some(lowest) = self.waiting.values().map(step).min() else { return };
        for (trial, reports) in self.past.values_mut() {
            while let Some(report) = reports.pop_front_if(|report| report.step <= lowest) {
                trial.intermediate.push(report);
                self.members.insert(trial.number, trial.clone());
            }
        }
        let arrived: Vec<u64> =
            self.waiting.values().filter(|trial| step(trial) == lowest).map(|trial| trial.number).collect();
        for number in &arrived {
            self.members.extend(self.waiting.remove_entry(number));
        }
        for (number, trial) in &self.members {
            if arrived.contains(number) {
                self.decided.insert(*number, pruner.prunes(&self.history, trial));
            }
            self.history.insert(trial.clone());
        }
        for number in self.members.keys() {
            self.history.remove(*number);
        }
    }
}
