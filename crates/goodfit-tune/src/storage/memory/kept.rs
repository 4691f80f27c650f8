//! A study and its trials as they lie in memory: a trial takes little room beyond its parameters and curves.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Instant;

use serde_json::Value as Json;

use crate::storage::{
    Finish, NewStudy, NewTrial, Scope, Series, StorageError, StoredParameter, StoredStudy, StoredTrial, StudyId,
    TrialId, Worker, check, time,
};
use crate::{Direction, Distribution, Intermediate, TrialState};

type Attributes = BTreeMap<(Scope, String), Json>;

/// A study.
#[derive(Debug)]
pub(super) struct Study {
    pub(super) name: String,
    directions: Vec<Direction>,
    pub(super) attributes: Attributes,
    /// By number. Shared with readers, which copy them when the lock is free again.
    pub(super) trials: Vec<Arc<Kept>>,
    /// Fences by number.
    pub(super) waiting: BTreeMap<u64, u64>,
    pub(super) running: BTreeMap<u64, Held>,
    /// The first distribution of each name.
    kinds: HashMap<String, Distribution>,
}

/// Who holds a trial.
#[derive(Clone, Debug)]
pub(super) struct Held {
    pub(super) fence: u64,
    pub(super) worker: Arc<Worker>,
    /// For ever when `None`.
    pub(super) until: Option<Instant>,
}

impl Study {
    pub(super) fn new(study: &NewStudy) -> Self {
        Self {
            name: study.name.clone(),
            directions: study.directions.clone(),
            attributes: by_scope(&study.attributes),
            trials: Vec::new(),
            waiting: BTreeMap::new(),
            running: BTreeMap::new(),
            kinds: HashMap::new(),
        }
    }

    pub(super) fn stored(&self, id: StudyId) -> StoredStudy {
        StoredStudy {
            id,
            name: self.name.clone(),
            directions: self.directions.clone(),
            attributes: self.attributes.clone(),
            n_trials: self.trials.len() as u64,
        }
    }

    /// Remembers the kinds of new names; an error when one differs from an earlier one.
    pub(super) fn take_kinds<'a>(
        &mut self,
        parameters: impl IntoIterator<Item = &'a StoredParameter>,
    ) -> Result<(), StorageError> {
        let mut new: HashMap<&str, &Distribution> = HashMap::new();
        for StoredParameter { name, distribution, .. } in parameters {
            match self.kinds.get(name) {
                Some(before) => check::kind(name, before, distribution)?,
                None => check::kind(name, new.entry(name).or_insert(distribution), distribution)?,
            }
        }
        self.kinds.extend(new.into_iter().map(|(name, distribution)| (name.to_owned(), distribution.clone())));
        Ok(())
    }

    /// Lets the trials wait again whose lease has run out or whose worker is gone. The one who asks is there.
    pub(super) fn release(&mut self, asking: &Worker, now: Instant) {
        let mut gone: HashMap<&Worker, bool> = HashMap::new();
        let mut lost = Vec::new();
        for (number, held) in &self.running {
            let expired = held.until.is_some_and(|until| until <= now);
            if expired
                || (*held.worker != *asking && *gone.entry(&held.worker).or_insert_with(|| held.worker.is_gone()))
            {
                lost.push((*number, held.fence));
            }
        }
        for (number, fence) in lost {
            self.running.remove(&number);
            self.waiting.insert(number, fence);
            Arc::make_mut(&mut self.trials[number as usize]).wait();
        }
    }
}

/// A trial.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) state: State,
    pub(super) parameters: Box<[StoredParameter]>,
    pub(super) curves: Box<[Series]>,
    pub(super) attributes: Option<Box<Attributes>>,
    intermediate: Vec<Intermediate>,
    /// Negative: not yet.
    began: i64,
    ended: i64,
}

/// A [`TrialState`] of one objective, without a list.
#[derive(Clone, Debug)]
pub(super) enum State {
    Waiting,
    Running,
    Complete(f64),
    Pruned(Option<f64>),
    Failed(Box<str>),
}

const NOT_YET: i64 = -1;

impl Kept {
    pub(super) fn new(trial: &NewTrial) -> Self {
        let attributes = Some(&trial.attributes).filter(|attributes| !attributes.is_empty());
        Self {
            state: State::Waiting,
            parameters: trial.parameters.as_slice().into(),
            curves: Box::default(),
            attributes: attributes.map(|attributes| Box::new(by_scope(attributes))),
            intermediate: Vec::new(),
            began: NOT_YET,
            ended: NOT_YET,
        }
    }

    pub(super) fn begin(&mut self) {
        self.state = State::Running;
        self.began = time::now();
    }

    /// What it reported is forgotten.
    fn wait(&mut self) {
        self.state = State::Waiting;
        self.began = NOT_YET;
        self.intermediate.clear();
    }

    /// Keeps the first value of a step.
    pub(super) fn report(&mut self, new: Intermediate) {
        if let Err(place) = self.intermediate.binary_search_by_key(&new.step, |there| there.step) {
            self.intermediate.insert(place, new);
        }
    }

    pub(super) fn end(&mut self, outcome: Finish) {
        outcome.intermediate.into_iter().for_each(|new| self.report(new));
        self.intermediate.shrink_to_fit();
        self.state = State::from(outcome.state);
        self.curves = outcome.curves.into();
        if !outcome.attributes.is_empty() {
            let new = outcome.attributes.into_iter().map(|(scope, key, value)| ((scope, key), value));
            self.attributes.get_or_insert_default().extend(new);
        }
        self.ended = time::now();
        if let Some(times) = outcome.times {
            [self.began, self.ended] = times;
        }
    }

    pub(super) fn stored(&self, study: StudyId, number: u64) -> StoredTrial {
        StoredTrial {
            id: trial_id(study, number),
            number,
            state: match &self.state {
                State::Waiting => TrialState::Waiting,
                State::Running => TrialState::Running,
                State::Complete(value) => TrialState::Complete(vec![*value]),
                State::Pruned(value) => TrialState::Pruned(*value),
                State::Failed(reason) => TrialState::Failed(reason.to_string()),
            },
            parameters: self.parameters.to_vec(),
            intermediate: self.intermediate.clone(),
            attributes: self.attributes.as_deref().cloned().unwrap_or_default(),
            began: (self.began != NOT_YET).then_some(self.began),
            ended: (self.ended != NOT_YET).then_some(self.ended),
        }
    }
}

impl State {
    pub(super) fn is_finished(&self) -> bool {
        !matches!(self, Self::Waiting | Self::Running)
    }
}

impl From<TrialState> for State {
    fn from(state: TrialState) -> Self {
        match state {
            TrialState::Waiting => Self::Waiting,
            TrialState::Running => Self::Running,
            TrialState::Complete(values) => Self::Complete(values.first().copied().unwrap_or(f64::NAN)),
            TrialState::Pruned(value) => Self::Pruned(value),
            TrialState::Failed(reason) => Self::Failed(reason.into()),
        }
    }
}

/// The study in the upper half, the number in the lower: ids need no table, and rise with the numbers.
pub(super) fn trial_id(study: StudyId, number: u64) -> TrialId {
    TrialId(study.0 << 32 | number as i64)
}

pub(super) fn study_and_number(trial: TrialId) -> (StudyId, u64) {
    (StudyId(trial.0 >> 32), (trial.0 & 0xffff_ffff) as u64)
}

fn by_scope(attributes: &[(Scope, String, Json)]) -> Attributes {
    attributes.iter().map(|(scope, key, value)| ((*scope, key.clone()), value.clone())).collect()
}
