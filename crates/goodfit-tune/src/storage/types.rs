//! What storages take and give back.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value as Json;

use crate::{Direction, Distribution, Intermediate, TrialState, Value};

/// A study in its storage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct StudyId(pub i64);

/// A trial in its storage, unique among all studies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TrialId(pub i64);

/// Who works on trials: unique among all that share a storage.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Worker {
    /// The machine, by a name that changes when it starts anew.
    pub machine: String,
    /// The process on that machine.
    pub process: u32,
    /// When the process began, by the machine's clock, so that a later process of the same number differs.
    pub began: u64,
}

/// The right to work on a trial. It ends when the trial is claimed again: the fence is then higher.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket {
    /// The trial.
    pub trial: TrialId,
    /// How many times it was claimed.
    pub fence: u64,
}

/// A study to be made.
#[derive(Clone, Debug, PartialEq)]
pub struct NewStudy {
    /// Its name, unique in the storage.
    pub name: String,
    /// One for each objective.
    pub directions: Vec<Direction>,
    /// What it is called besides, in each scope.
    pub attributes: Vec<(Scope, String, Json)>,
}

/// A study that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredStudy {
    /// Its id.
    pub id: StudyId,
    /// Its name.
    pub name: String,
    /// One for each objective.
    pub directions: Vec<Direction>,
    /// Attributes by scope and key.
    pub attributes: BTreeMap<(Scope, String), Json>,
    /// Number of its trials.
    pub n_trials: u64,
}

/// Whom an attribute is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// For people, and shown by every tool.
    User,
    /// For the tools that share the storage, such as `fixed_params` of an enqueued trial.
    System,
    /// For goodfit alone: other tools never see it. The only scope in which a finished trial may change.
    Private,
}

/// What an attribute belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// A study.
    Study(StudyId),
    /// A trial.
    Trial(TrialId),
}

/// A parameter of a trial with the distribution that it was drawn from.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredParameter {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: Value,
    /// What it was drawn from.
    pub distribution: Distribution,
}

/// A trial to be added.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NewTrial {
    /// Its parameters.
    pub parameters: Vec<StoredParameter>,
    /// Attributes to begin with.
    pub attributes: Vec<(Scope, String, Json)>,
}

/// Who takes trials, and which: up to `n` that wait, of the lowest numbers, all of them below `end`.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Of this study.
    pub study: StudyId,
    /// For this worker.
    pub worker: Worker,
    /// For so long, unless it renews its lease.
    pub lease: Duration,
    /// Below which number.
    pub end: u64,
    /// How many, at most.
    pub n: usize,
}

/// A trial that a worker has taken.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// The right to work on it.
    pub ticket: Ticket,
    /// Its number in its study.
    pub number: u64,
    /// Its parameters; none for a trial that another tool has enqueued with `fixed_params` alone.
    pub parameters: Vec<StoredParameter>,
    /// Its attributes.
    pub attributes: BTreeMap<(Scope, String), Json>,
}

/// Values of one name over the steps of a trial.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    /// The name, for instance `validation_accuracy`.
    pub name: String,
    /// Rising steps.
    pub steps: Vec<u64>,
    /// The value at each step; kept to the bit.
    pub values: Vec<f64>,
}

/// What a running trial reported.
#[derive(Clone, Debug, PartialEq)]
pub struct Record {
    /// The right to do so.
    pub ticket: Ticket,
    /// The value.
    pub intermediate: Intermediate,
}

/// How a trial ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Finish {
    /// The right to end it.
    pub ticket: Ticket,
    /// How it ended: no NaN among complete values.
    pub state: TrialState,
    /// What it reported on its way that was not recorded yet.
    pub intermediate: Vec<Intermediate>,
    /// Its curves.
    pub curves: Vec<Series>,
    /// Attributes that it got.
    pub attributes: Vec<(Scope, String, Json)>,
    /// When it began and ended, in microseconds since 1970, where that was not when it was claimed and is kept.
    pub times: Option<[i64; 2]>,
}

impl Finish {
    /// An end of which nothing else is to be kept.
    pub fn new(ticket: Ticket, state: TrialState) -> Self {
        let (intermediate, curves, attributes) = (Vec::new(), Vec::new(), Vec::new());
        Self { ticket, state, intermediate, curves, attributes, times: None }
    }
}

/// A trial that is there.
#[derive(Clone, Debug, PartialEq)]
pub struct StoredTrial {
    /// Its id.
    pub id: TrialId,
    /// Its number in its study: the count of trials of smaller id.
    pub number: u64,
    /// Where it stands.
    pub state: TrialState,
    /// Its parameters, in the order in which they were stored.
    pub parameters: Vec<StoredParameter>,
    /// What it reported, by rising step.
    pub intermediate: Vec<Intermediate>,
    /// Attributes by scope and key.
    pub attributes: BTreeMap<(Scope, String), Json>,
    /// When it was begun, in microseconds since 1970 (UTC).
    pub began: Option<i64>,
    /// When it ended.
    pub ended: Option<i64>,
}

/// How far somebody has read the trials of a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cursor {
    /// The last trial that was there.
    pub(crate) last: Option<TrialId>,
    /// Those that were there and not finished.
    pub(crate) open: Vec<TrialId>,
}

/// What has changed in a study.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Changes {
    /// New trials and those that were not finished when the cursor was made, by number, as they are now.
    pub trials: Vec<StoredTrial>,
    /// Where to read on.
    pub cursor: Cursor,
}

/// Why a storage did not do what it was asked for.
#[derive(Debug, thiserror::Error)]
pub enum StorageError {
    /// There is a study of that name.
    #[error("there is already a study \"{name}\"")]
    StudyExists {
        /// The name.
        name: String,
    },
    /// There is no such study.
    #[error("there is no study {what}")]
    NoStudy {
        /// Its id or name.
        what: String,
    },
    /// There is no such trial.
    #[error("there is no trial with the id {id}")]
    NoTrial {
        /// Its id.
        id: i64,
    },
    /// Another worker has added trials.
    #[error("trials from number {first} on were to be added, but the next number is {next}")]
    Conflict {
        /// The number that was expected.
        first: u64,
        /// The next number.
        next: u64,
    },
    /// A finished trial does not change.
    #[error("trial {number} is finished and cannot change")]
    Finished {
        /// Its number.
        number: u64,
    },
    /// What was given cannot be kept.
    #[error("{what}")]
    Invalid {
        /// Got and expected.
        what: String,
    },
    /// The file is not a storage that this program can use.
    #[error("{path}: {what}")]
    File {
        /// The file.
        path: PathBuf,
        /// What is the matter with it.
        what: String,
        /// What to do about it.
        hint: Option<String>,
    },
}

impl StorageError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::StudyExists { .. } => Some("take another name, or go on with that study".to_owned()),
            Self::File { hint, .. } => hint.clone(),
            _ => None,
        }
    }
}
