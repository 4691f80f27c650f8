//! The threads that carry trials out.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::thread;
use std::time::Duration;

use super::clerk::{Desk, Ended};
use super::gate::Gate;
use super::known::{Known, Open};
use super::next::Next;
use super::optimise::Event;
use super::running::{Outcome, RunningTrial};
use super::{Asked, Limits, Stopped, Study, StudyError};
use crate::storage::{Ticket, time};
use crate::{Observed, TrialState};

/// How often to look for what other processes did, while there is nothing else to do.
const POLL: Duration = Duration::from_millis(50);

/// The threads of one call of `optimise`.
pub(super) struct Crew<'a> {
    pub(super) study: &'a Study,
    pub(super) objective: &'a (dyn Fn(&mut RunningTrial<'_>) -> Outcome + Sync),
    pub(super) limits: &'a Limits<'a>,
    pub(super) gate: Option<&'a Gate>,
    /// Where trials are not held in step.
    pub(super) desk: Option<&'a Desk>,
    pub(super) shared: Mutex<Shared>,
    pub(super) changed: Condvar,
    /// All workers have gone. Not `changed`: whoever renews leases would be woken by every trial.
    pub(super) over: Condvar,
}

#[derive(Default)]
pub(super) struct Shared {
    /// How often something has changed for those that wait, so that nobody waits for what has happened already.
    pub(super) n_changes: u64,
    /// Workers that wait for something to change.
    pub(super) n_waiting: usize,
    /// Whether all workers have gone.
    pub(super) over: bool,
    /// The first number of the generation that is held in step.
    pub(super) generation: Option<u64>,
    pub(super) failed: Option<StudyError>,
    /// A thread has panicked, so that others would wait for it for ever.
    pub(super) is_broken: bool,
    /// By number, the trials that run, and whether somebody else has taken them.
    pub(super) tickets: BTreeMap<u64, (Ticket, Arc<AtomicBool>)>,
    pub(super) stopped: Option<Stopped>,
    /// Whether others were seen to work on the study.
    pub(super) has_company: bool,
}

/// Lets a panic of a thread end the others after the trials they are at.
pub(super) struct Breaks<'a>(pub(super) &'a Crew<'a>);

impl Drop for Breaks<'_> {
    fn drop(&mut self) {
        self.0.shared().is_broken |= thread::panicking();
        self.0.changed.notify_all();
    }
}

/// Says that all workers have gone.
pub(super) struct Over<'a>(pub(super) &'a Crew<'a>);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.shared().over = true;
        self.0.over.notify_all();
    }
}

impl Crew<'_> {
    pub(super) fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a trial may begin: in step, only when the generations before its own have ended.
    pub(super) fn may_begin(&self, study: &Study, known: &mut Known, number: u64) -> Result<bool, StudyError> {
        let Some(gate) = self.gate else { return Ok(true) };
        let first = study.generation_of(number);
        if !known.open_below(first).is_empty() {
            return Ok(false);
        }
        let is_new = self.shared().generation.replace(first) != Some(first);
        if is_new {
            study.reclaim(known)?;
            // Trials beyond the limit (of an earlier run that asked for more) are not taken up now.
            let end = study.generation_end(first).min(self.limits.trials);
            let live: BTreeSet<u64> =
                known.open.range(first..end).filter(|(_, open)| **open == Open::Waiting).map(|(n, _)| *n).collect();
            let history = known.history.seen_at(first);
            let past: Vec<Observed> = known
                .history
                .iter()
                .filter(|t| (first..end).contains(&t.number) && !live.contains(&t.number))
                .cloned()
                .collect();
            gate.begin(history, live, past);
        }
        Ok(true)
    }

    /// Carries out trials until there is nothing more to do.
    pub(super) fn work(&self, sender: &mpsc::Sender<Event>) {
        let (_leaves, _breaks) = (self.desk.map(Desk::worker), Breaks(self));
        while let Some(asked) = self.wait_for_next(sender) {
            // Nobody listens any more when a progress callback panicked.
            let _ = sender.send(Event::Began(asked.number));
            let mut next = Some(asked);
            while let Some(asked) = next.take() {
                next = self.run(asked, sender);
            }
        }
    }

    /// Wakes the workers that wait for something to change.
    pub(super) fn has_changed(&self) {
        let mut shared = self.shared();
        shared.n_changes += 1;
        if shared.n_waiting > 0 {
            self.changed.notify_all();
        }
    }

    fn wait_for_next(&self, sender: &mpsc::Sender<Event>) -> Option<Asked> {
        loop {
            let n_changes = {
                let shared = self.shared();
                if shared.failed.is_some() || shared.is_broken {
                    return None;
                }
                shared.n_changes
            };
            if let Some(desk) = self.desk {
                if self.is_over() {
                    self.give_back(&desk.clear());
                } else if let Some(asked) = desk.ready() {
                    return Some(asked);
                }
            }
            let next = {
                let mut known = self.study.known();
                let next = self.study.next(&mut known, self.limits, self);
                // Whoever stops takes up no further trial, so that nobody may wait for one.
                let goes_on = matches!(next, Ok(Next::Run(_) | Next::Wait));
                self.let_go(&known, goes_on);
                self.tell_of_company(&known, sender);
                next
            };
            match next {
                Ok(Next::Run(asked)) => return Some(*asked),
                Ok(Next::Nothing(stopped)) => {
                    self.shared().stopped.get_or_insert(stopped);
                    return None;
                }
                Ok(Next::Wait) => {
                    let unchanged = |shared: &mut Shared| shared.n_changes == n_changes;
                    let mut shared = self.shared();
                    shared.n_waiting += 1;
                    let waited = self.changed.wait_timeout_while(shared, POLL, unchanged);
                    waited.unwrap_or_else(PoisonError::into_inner).0.n_waiting -= 1;
                }
                Err(error) => self.fail(error),
            }
        }
    }

    /// Others work on the study: told of once.
    pub(super) fn tell_of_company(&self, known: &Known, sender: &mpsc::Sender<Event>) {
        if known.has_company() && !self.limits.stop.load(Ordering::Relaxed) {
            let mut shared = self.shared();
            if !std::mem::replace(&mut shared.has_company, true) {
                let _ = sender.send(Event::Shared);
            }
        }
    }

    /// In step, nobody waits for trials that others took, or that nobody takes any more.
    fn let_go(&self, known: &Known, goes_on: bool) {
        let Some(gate) = self.gate else { return };
        let to_come = |number| match known.open.get(&number) {
            Some(Open::Mine) => true,
            Some(Open::Waiting) => goes_on,
            Some(Open::Elsewhere) | None => false,
        };
        gate.keep(to_come, &*self.study.pruner);
    }

    /// Carries out one trial, and gives the next one where it is ready.
    fn run(&self, asked: Asked, sender: &mpsc::Sender<Event>) -> Option<Asked> {
        let (number, began) = (asked.number, time::now());
        let lost = self.shared().tickets.get(&number).map(|(_, lost)| lost.clone()).unwrap_or_default();
        if let Some(gate) = self.gate {
            gate.enter(number);
        }
        let study = self.study;
        let mut trial = RunningTrial { study, asked, gate: self.gate, stop: self.limits.stop, lost: &lost };
        let outcome = catch_unwind(AssertUnwindSafe(|| (self.objective)(&mut trial)))
            .unwrap_or_else(|panic| Outcome::Failed(format!("panicked: {}", panic_message(&*panic))));
        let trial = trial.asked;
        let state = match outcome {
            Outcome::Interrupted => None,
            Outcome::Pruned => {
                let last = trial.report.intermediate.last().map(|last| last.value);
                Some(TrialState::Pruned(last.filter(|value| !value.is_nan())))
            }
            outcome => Some(outcome.state()),
        };
        self.shared().tickets.remove(&number);
        let kept = match (state, self.desk) {
            (Some(state), Some(desk)) => {
                return self.hand_over(desk, Ended { trial, state, times: Some([began, time::now()]) });
            }
            (Some(state), None) => {
                let end = Ended { trial, state: state.clone(), times: None };
                study.finish(vec![end], None).map(|(held, _)| (held == [true]).then_some(state))
            }
            (None, _) => study.release(&trial).map(|()| None),
        };
        if let Some(gate) = self.gate {
            gate.end(number, &*study.pruner);
        }
        let state = kept.unwrap_or_else(|error| {
            self.fail(error);
            None
        });
        let _ = sender.send(Event::Ended(number, state, None));
        self.has_changed();
        None
    }

    pub(super) fn fail(&self, error: StudyError) {
        let mut shared = self.shared();
        shared.failed.get_or_insert(error);
        for (_, lost) in shared.tickets.values() {
            lost.store(true, Ordering::Relaxed);
        }
    }

    /// Renews the leases of the trials that run here.
    pub(super) fn keep_alive(&self) {
        let every = self.study.options.lease / 3;
        let mut shared = self.shared();
        loop {
            shared = self
                .over
                .wait_timeout_while(shared, every, |shared| !shared.over)
                .unwrap_or_else(PoisonError::into_inner)
                .0;
            if shared.over {
                return;
            }
            // Not let go of meanwhile: a ticket that is given back must not be renewed after that.
            let tickets: Vec<Ticket> = shared.tickets.values().map(|(ticket, _)| *ticket).collect();
            // A storage that fails now will say so when the trial ends; until then the lease may hold.
            if let Ok(held) = self.study.storage.heartbeat(&tickets, self.study.options.lease) {
                for ((_, lost), held) in shared.tickets.values().zip(held) {
                    lost.fetch_or(!held, Ordering::Relaxed);
                }
            }
        }
    }
}

fn panic_message(panic: &(dyn Any + Send)) -> &str {
    let text = panic.downcast_ref::<&str>().copied();
    text.or_else(|| panic.downcast_ref::<String>().map(String::as_str)).unwrap_or("without a message")
}
