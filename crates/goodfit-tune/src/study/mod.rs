//! A study: trials of an objective, drawn by a sampler, watched by a pruner, kept in a storage.

mod clerk;
mod convert;
mod crew;
mod error;
mod gate;
mod in_order;
mod known;
mod next;
mod open;
mod optimise;
mod options;
mod running;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value as Json;

use crate::storage::{Cursor, NewTrial, Record, Scope, Series, Storage, StoredTrial, StudyId, Ticket, Worker};
use crate::{History, Intermediate, Observed, Parameters, Pruner, Request, Sampler, Space, Streams};
use clerk::Ended;
use known::{Known, Open};
use open::open_study;

pub use error::StudyError;
pub use optimise::{Deadline, Limits, Progress, StopRule, Stopped};
pub use options::{Order, StudyOptions};
pub use running::{Decision, Outcome, RunningTrial};

/// A study in a storage, open for more trials.
///
/// ```
/// use std::sync::Arc;
/// use goodfit_tune::samplers::Random;
/// use goodfit_tune::storage::Memory;
/// use goodfit_tune::{Distribution, NoPruner, Outcome, Space, Study, StudyOptions, Value};
///
/// let x = Distribution::Float { low: -3.0, high: 3.0, log: false, step: None };
/// let space = Space::new([("x", x)])?;
/// let storage = Arc::new(Memory::new());
/// let study = Study::open(storage, space, Box::new(Random), Box::new(NoPruner), StudyOptions::default())?;
/// for _ in 0..20 {
///     let trial = study.ask()?.expect("random never ends");
///     let Some(Value::Float(x)) = trial.parameters().get("x") else { unreachable!() };
///     study.tell(trial, Outcome::Complete(x * x))?;
/// }
/// assert!(study.history().best().and_then(|trial| trial.loss()).is_some_and(|loss| loss < 1.0));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct Study {
    storage: Arc<dyn Storage>,
    id: StudyId,
    space: Space,
    pruner: Box<dyn Pruner>,
    options: StudyOptions,
    worker: Worker,
    known: Mutex<Known>,
}

impl Study {
    /// Makes a study, or opens it where the storage has one of that name.
    ///
    /// # Errors
    /// When the sampler cannot draw from the space, the storage fails, or its study of that name stands for something
    /// else.
    pub fn open(
        storage: Arc<dyn Storage>,
        space: Space,
        mut sampler: Box<dyn Sampler>,
        pruner: Box<dyn Pruner>,
        options: StudyOptions,
    ) -> Result<Self, StudyError> {
        let (history, streams) = (History::new(), Streams::new(options.seed));
        sampler.sample(&Request { space: &space, history: &history, numbers: 0..0, streams })?;
        let id = open_study(&*storage, &options)?;
        let (worker, known) = (Worker::here(), Mutex::new(Known::new(sampler)));
        let study = Self { storage, id, space, pruner, options, worker, known };
        let mut known = study.known();
        study.sync(&mut known)?;
        known.has_company = false;
        drop(known);
        Ok(study)
    }

    /// The next trial: one that waits, or a new one. It knows all that has ended so far, whatever the
    /// generation. `None` when the sampler has nothing new to say.
    ///
    /// # Errors
    /// When the storage or the sampler fails.
    pub fn ask(&self) -> Result<Option<Asked>, StudyError> {
        let mut known = self.known();
        loop {
            if known.open.values().any(|open| *open == Open::Waiting)
                && let Some(claim) = self.claim(&mut known, u64::MAX)?
            {
                return Ok(Some(self.asked(&mut known, claim)?));
            }
            if known.sampler.n_trials(&self.space).is_some_and(|n| known.n_trials >= n) {
                return Ok(None);
            }
            let next = known.n_trials;
            self.create(&mut known, next + 1, None)?;
        }
    }

    /// Ends a trial.
    ///
    /// # Errors
    /// [`StudyError::Lost`] when somebody else has taken the trial over; else when the storage fails.
    pub fn tell(&self, trial: Asked, outcome: Outcome) -> Result<(), StudyError> {
        let number = trial.number;
        let (held, _) = self.finish(vec![Ended { trial, state: outcome.state(), times: None }], None)?;
        if held == [true] { Ok(()) } else { Err(StudyError::Lost { number }) }
    }

    /// Reports a value of a trial on its way, and says whether the pruner would end it now, knowing all that is
    /// known. Steps have to rise; a step that does not is passed over.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn report(&self, trial: &mut Asked, step: u64, value: f64) -> Result<bool, StudyError> {
        let Some(intermediate) = trial.report.push(step, value) else { return Ok(false) };
        self.storage.record(&[Record { ticket: trial.ticket, intermediate }])?;
        let mut known = self.known();
        let observed = self.observed(trial);
        let ends = self.pruner.looks_at(step) && self.pruner.prunes(&known.history, &observed);
        known.history.insert(observed);
        Ok(ends)
    }

    /// Adds a trial of these parameters, to be taken next.
    ///
    /// # Errors
    /// When they are not of the space, or the storage fails.
    pub fn enqueue(&self, parameters: &Parameters) -> Result<u64, StudyError> {
        if !self.space.contains(parameters) {
            return Err(StudyError::NotInSpace { got: format!("{}", convert::external(&self.space, parameters)) });
        }
        let mut known = self.known();
        loop {
            let number = known.n_trials;
            if self.add(&mut known, number, &[self.enqueued(parameters)], std::slice::from_ref(parameters))? {
                return Ok(number);
            }
        }
    }

    /// Makes these parameters the first trials, all at once. A study that has trials already stays as it is, so
    /// that whoever goes on with it may ask for the same again; then the answer is false.
    ///
    /// # Errors
    /// When they are not of the space, or the storage fails.
    pub fn begin_with(&self, first: &[Parameters]) -> Result<bool, StudyError> {
        if let Some(other) = first.iter().find(|parameters| !self.space.contains(parameters)) {
            return Err(StudyError::NotInSpace { got: format!("{}", convert::external(&self.space, other)) });
        }
        let mut known = self.known();
        if known.n_trials > 0 || first.is_empty() {
            return Ok(false);
        }
        let trials: Vec<NewTrial> = first.iter().map(|parameters| self.enqueued(parameters)).collect();
        self.add(&mut known, 0, &trials, first)
    }

    /// A trial that somebody has asked for, marked as Optuna does.
    fn enqueued(&self, parameters: &Parameters) -> NewTrial {
        let fixed = convert::external(&self.space, parameters);
        let attributes = vec![(Scope::System, convert::FIXED.to_owned(), fixed)];
        NewTrial { parameters: convert::stored(&self.space, parameters), attributes }
    }

    /// The trials so far, as samplers see them.
    pub fn history(&self) -> History {
        self.known().history.clone()
    }

    /// One trial as samplers see it; `None` for one that is not of the space.
    pub fn get(&self, number: u64) -> Option<Observed> {
        self.known().history.get(number).cloned()
    }

    /// All trials as they are kept.
    ///
    /// # Errors
    /// When the storage fails.
    pub fn trials(&self) -> Result<Vec<StoredTrial>, StudyError> {
        Ok(self.storage.changes_since(self.id, &Cursor::default())?.trials)
    }

    /// The number of trials after which its sampler has nothing new to say; `None` when it never ends.
    pub fn n_drawable(&self) -> Option<u64> {
        self.known().sampler.n_trials(&self.space)
    }

    /// What may vary.
    pub fn space(&self) -> &Space {
        &self.space
    }

    /// Where it is kept.
    pub fn storage(&self) -> &Arc<dyn Storage> {
        &self.storage
    }

    /// Its id there.
    pub fn id(&self) -> StudyId {
        self.id
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A trial to be carried out, and to be told about.
#[derive(Debug)]
pub struct Asked {
    ticket: Ticket,
    number: u64,
    parameters: Parameters,
    report: Report,
}

/// What a trial leaves behind besides its value.
#[derive(Clone, Debug, Default)]
struct Report {
    intermediate: Vec<Intermediate>,
    curves: Vec<Series>,
    attributes: Vec<(Scope, String, Json)>,
}

impl Report {
    /// Takes a report in, unless its step does not rise.
    fn push(&mut self, step: u64, value: f64) -> Option<Intermediate> {
        let rises = self.intermediate.last().is_none_or(|last| last.step < step);
        rises.then(|| {
            self.intermediate.push(Intermediate { step, value });
            Intermediate { step, value }
        })
    }
}

impl Asked {
    /// Its number in its study, from 0.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// What to try.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }
}
