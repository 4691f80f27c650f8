//! The thread that keeps how trials ended and takes the next ones, while the workers are at those that it took before.
//!
//! A transaction costs a worker some tenths of a millisecond: its own, and those in which what the trial needs comes back
//! into the caches. So a worker hands over what it has done and goes on, where trials are short. Where nothing is ready for
//! it (the last trial of a generation has ended, trials are long) it waits until what it has handed over is kept, and the
//! next one taken, in one transaction. What is ready when no trial may begin any more is given back. Trials that a pruner
//! holds in step do without.

use std::collections::VecDeque;
use std::sync::atomic::Ordering;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::Instant;

use super::Asked;
use super::crew::{Breaks, Crew};
use super::optimise::Event;
use crate::TrialState;

/// How a trial ended.
pub(super) struct Ended {
    pub(super) trial: Asked,
    pub(super) state: TrialState,
    /// When it began and ended, where that is not when it was claimed and is kept.
    pub(super) times: Option<[i64; 2]>,
}

impl Ended {
    /// Whether the next one may be taken in advance: longer ones gain nothing, and somebody else could begin them.
    fn is_short(&self) -> bool {
        self.times.is_some_and(|[began, ended]| ended - began < SHORT)
    }
}

/// In microseconds; what is gained is some thousandths of that.
const SHORT: i64 = 100_000;

/// What workers and clerk leave for each other.
pub(super) struct Desk {
    state: Mutex<State>,
    /// There is something for the clerk.
    handed: Condvar,
    /// What was handed over is kept.
    kept: Condvar,
}

struct State {
    /// With the number of the trial that the worker went on with.
    ends: Vec<(Ended, Option<u64>)>,
    n_handed: u64,
    n_kept: u64,
    /// Trials that are taken and not begun.
    ready: VecDeque<Asked>,
    n_workers: usize,
    /// A panic has ended the clerk.
    is_gone: bool,
}

impl Desk {
    /// For so many workers.
    pub(super) fn new(n_workers: usize) -> Self {
        let (ends, ready) = (Vec::new(), VecDeque::new());
        let state = State { ends, n_handed: 0, n_kept: 0, ready, n_workers, is_gone: false };
        Self { state: Mutex::new(state), handed: Condvar::new(), kept: Condvar::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A trial that is taken already.
    pub(super) fn ready(&self) -> Option<Asked> {
        self.state().ready.pop_front()
    }

    /// All of them.
    pub(super) fn clear(&self) -> Vec<Asked> {
        self.state().ready.drain(..).collect()
    }

    /// Hands over how a trial ended, and gives the next one; where none is ready, or none wanted, when the end is kept.
    fn hand_over(&self, ended: Ended, goes_on: bool) -> Option<Asked> {
        let mut state = self.state();
        let next = if goes_on { state.ready.pop_front() } else { None };
        state.ends.push((ended, next.as_ref().map(|next| next.number)));
        state.n_handed += 1;
        let mine = state.n_handed;
        self.handed.notify_one();
        while next.is_none() && state.n_kept < mine && !state.is_gone {
            state = self.kept.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        next
    }

    /// What a worker leaves when it goes.
    pub(super) fn worker(&self) -> Leaves<'_> {
        Leaves(self, |state| state.n_workers -= 1)
    }
}

/// Says on the desk that a thread has gone, by a panic too.
pub(super) struct Leaves<'a>(&'a Desk, fn(&mut State));

impl Drop for Leaves<'_> {
    fn drop(&mut self) {
        self.1(&mut self.0.state());
        self.0.handed.notify_all();
        self.0.kept.notify_all();
    }
}

impl Crew<'_> {
    /// Whether no worker may take another trial up.
    pub(super) fn is_over(&self) -> bool {
        let late = self.limits.deadline.is_some_and(|deadline| Instant::now() >= deadline());
        let shared = self.shared();
        late || self.limits.stop.load(Ordering::Relaxed) || shared.failed.is_some() || shared.is_broken
    }

    /// Hands over how a trial ended, and gives the next one.
    pub(super) fn hand_over(&self, desk: &Desk, ended: Ended) -> Option<Asked> {
        desk.hand_over(ended, !self.is_over())
    }

    /// The clerk's work, until all workers have gone.
    pub(super) fn clerk(&self, desk: &Desk, sender: &mpsc::Sender<Event>) {
        let (_gone, _breaks) = (Leaves(desk, |state| state.is_gone = true), Breaks(self));
        loop {
            let mut state = desk.state();
            while state.ends.is_empty() && state.n_workers > 0 {
                state = desk.handed.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            if state.ends.is_empty() {
                break;
            }
            let ends = std::mem::take(&mut state.ends);
            let n_waiting = ends.iter().filter(|(_, next)| next.is_none()).count();
            let in_advance = if ends.iter().all(|(ended, _)| ended.is_short()) { self.limits.jobs } else { 0 };
            let room = (n_waiting + in_advance).saturating_sub(state.ready.len());
            drop(state);
            let n = ends.len() as u64;
            let ready = self.keep(ends, room, sender);
            let mut state = desk.state();
            state.n_kept += n;
            state.ready.extend(ready);
            drop(state);
            desk.kept.notify_all();
            self.has_changed();
        }
        self.give_back(&desk.clear());
    }

    /// Keeps ends, tells of them, and takes trials for which there is room.
    fn keep(&self, ends: Vec<(Ended, Option<u64>)>, room: usize, sender: &mpsc::Sender<Event>) -> Vec<Asked> {
        let due = if room > 0 { self.study.due(self.limits, self) } else { None };
        if ends.is_empty() && due.is_none() {
            return Vec::new();
        }
        let told = |(ended, next): &(Ended, Option<u64>)| (ended.trial.number, ended.state.clone(), *next);
        let told: Vec<(u64, TrialState, Option<u64>)> = ends.iter().map(told).collect();
        let ends = ends.into_iter().map(|(ended, _)| ended).collect();
        let (held, claims) = self.study.finish(ends, due.map(|end| (end, room))).unwrap_or_else(|error| {
            self.fail(error);
            (Vec::new(), Vec::new())
        });
        let mut ready = Vec::new();
        let mut known = self.study.known();
        for claim in claims {
            match self.study.begin(&mut known, claim, self) {
                Ok(asked) => ready.push(asked),
                Err(error) => self.fail(error),
            }
        }
        self.tell_of_company(&known, sender);
        drop(known);
        for (i, (number, state, next)) in told.into_iter().enumerate() {
            let state = held.get(i).is_some_and(|held| *held).then_some(state);
            // Nobody listens any more when a progress callback panicked.
            let _ = sender.send(Event::Ended(number, state, next));
        }
        ready
    }

    /// Lets trials wait again that nobody has begun.
    pub(super) fn give_back(&self, ready: &[Asked]) {
        for trial in ready {
            self.shared().tickets.remove(&trial.number);
            if let Err(error) = self.study.release(trial) {
                self.fail(error);
            }
        }
        let mut known = self.study.known();
        if !ready.is_empty()
            && let Err(error) = self.study.reclaim(&mut known)
        {
            self.fail(error);
        }
    }
}
