//! Many trials of an objective, on several threads.

use std::panic::resume_unwind;
use std::sync::atomic::AtomicBool;
use std::sync::mpsc::{self, RecvTimeoutError};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::clerk::Desk;
use super::crew::{Breaks, Crew, Over, Shared};
use super::gate::Gate;
use super::in_order::InOrder;
use super::running::{Outcome, RunningTrial};
use super::{Order, Study, StudyError};
use crate::{History, TrialState};

/// A reason to stop, found in the trials so far.
pub type StopRule = dyn Fn(&History) -> Option<String> + Sync;

/// When the last trial may begin. Asked before each, as it may depend on those before it.
pub type Deadline<'a> = dyn Fn() -> Instant + Sync + 'a;

/// When a study stops.
pub struct Limits<'a> {
    /// Trials in all, those of earlier runs included.
    pub trials: u64,
    /// No trial begins after this time.
    pub deadline: Option<&'a Deadline<'a>>,
    /// Asked between generations: a reason to stop, or `None`.
    pub rule: Option<&'a StopRule>,
    /// Set from outside to stop at once.
    pub stop: &'a AtomicBool,
    /// Trials at the same time.
    pub jobs: usize,
}

/// What is told while a study goes on.
pub trait Progress {
    /// A trial has begun.
    fn began(&mut self, number: u64) {
        let _ = number;
    }

    /// A trial has ended. Trials are told in the order of their numbers, those of earlier runs and of other
    /// processes included.
    fn ended(&mut self, number: u64, state: &TrialState);

    /// Another process carries out trials beside those here: what a pruner decides depends on how far the others had
    /// come, and how many trials there are on what each was asked for. Told once.
    fn shared(&mut self) {}
}

impl<F: FnMut(u64, &TrialState)> Progress for F {
    fn ended(&mut self, number: u64, state: &TrialState) {
        self(number, state);
    }
}

/// Why a study stopped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stopped {
    /// It has all its trials.
    Finished,
    /// The time is up.
    Deadline,
    /// The rule said so.
    Rule(String),
    /// It was told to.
    Interrupted,
}

pub(super) enum Event {
    Began(u64),
    /// With the state it ended in, unless it was broken off or is somebody else's by now, and the trial that began then.
    Ended(u64, Option<TrialState>, Option<u64>),
    Shared,
}

/// How often to look for trials that others ended, while none ends here.
const LOOK: Duration = Duration::from_millis(200);

impl Study {
    /// Carries out trials of an objective until a limit is reached. Trials that waited go first.
    ///
    /// An objective that panics has failed, with the panic's message as the reason; its study goes on.
    ///
    /// # Errors
    /// When the storage or the sampler fails. Trials that run then are ended first.
    ///
    /// # Panics
    /// When the sampler, the pruner or `progress` does; trials that run then are ended first.
    pub fn optimise(
        &self,
        objective: impl Fn(&mut RunningTrial<'_>) -> Outcome + Sync,
        limits: &Limits<'_>,
        progress: &mut dyn Progress,
    ) -> Result<Stopped, StudyError> {
        let in_step = self.options.order == Order::Generations && !self.never_prunes();
        // Trials that wait for each other need a thread each; the gate lets only as many compute as there are jobs.
        let n_threads = if in_step { limits.jobs.max(self.options.generation as usize) } else { limits.jobs }.max(1);
        let gate = in_step.then(|| Gate::new(limits.jobs));
        let desk = (!in_step).then(|| Desk::new(n_threads));
        let crew = Crew {
            study: self,
            objective: &objective,
            limits,
            gate: gate.as_ref(),
            desk: desk.as_ref(),
            shared: Mutex::new(Shared::default()),
            changed: Condvar::new(),
            over: Condvar::new(),
        };
        let (sender, receiver) = mpsc::channel();
        // Whoever is gone is no company.
        self.reclaim(&mut self.known())?;
        let mut in_order = InOrder::new(self, progress);
        in_order.look()?;
        let panic = thread::scope(|scope| {
            let (_over, _breaks) = (Over(&crew), Breaks(&crew));
            let workers: Vec<_> = (0..n_threads)
                .map(|_| {
                    let (crew, sender) = (&crew, sender.clone());
                    scope.spawn(move || crew.work(&sender))
                })
                .collect();
            let clerk = desk.as_ref().map(|desk| {
                let crew = &crew;
                scope.spawn(move || crew.clerk(desk, &sender))
            });
            scope.spawn(|| crew.keep_alive());
            loop {
                // Whoever needs the storage next will say that it fails.
                let _ = match receiver.recv_timeout(LOOK) {
                    Ok(event) => in_order.take(event),
                    Err(RecvTimeoutError::Timeout) => in_order.look(),
                    Err(RecvTimeoutError::Disconnected) => break,
                };
            }
            let _ = in_order.look();
            // A worker catches the panics of its objective, none of the sampler's.
            let panics = workers.into_iter().chain(clerk).filter_map(|thread| thread.join().err());
            panics.reduce(|first, _| first)
        });
        if let Some(panic) = panic {
            resume_unwind(panic);
        }
        let shared = crew.shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        match shared.failed {
            Some(error) => Err(error),
            None => Ok(shared.stopped.unwrap_or(Stopped::Finished)),
        }
    }

    /// Whether no step is ever looked at.
    fn never_prunes(&self) -> bool {
        self.pruner.is_none()
    }
}
