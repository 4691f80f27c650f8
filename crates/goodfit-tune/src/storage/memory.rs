//! Studies in memory: quick, and gone with the process.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use serde_json::Value as Json;

use super::{
    Changes, Claim, Cursor, Finish, NewStudy, NewTrial, Record, Scope, Series, Storage, StorageError, StoredParameter,
    StoredStudy, StoredTrial, StudyId, Target, Ticket, TrialId, Worker,
};
use crate::{Intermediate, TrialState};

/// Studies in memory, for one process and its threads.
#[derive(Debug, Default)]
pub struct Memory {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    /// By id, which is never given twice.
    studies: BTreeMap<i64, Study>,
    n_studies: i64,
    /// By id: study and number.
    trials: Vec<(i64, usize)>,
}

#[derive(Debug)]
struct Study {
    stored: StoredStudy,
    trials: Vec<Trial>,
    waiting: BTreeSet<usize>,
    running: BTreeSet<usize>,
}

#[derive(Debug)]
struct Trial {
    stored: StoredTrial,
    curves: Vec<Series>,
    fence: u64,
    expires: Option<Instant>,
}

impl Memory {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Kept {
    fn study(&mut self, id: StudyId) -> Result<&mut Study, StorageError> {
        self.studies.get_mut(&id.0).ok_or_else(|| StorageError::NoStudy { what: format!("with the id {}", id.0) })
    }

    fn trial(&mut self, id: TrialId) -> Result<(&mut Study, usize), StorageError> {
        let missing = || StorageError::NoTrial { id: id.0 };
        let place = usize::try_from(id.0 - 1).map_err(|_| missing())?;
        let &(study, number) = self.trials.get(place).ok_or_else(missing)?;
        Ok((self.studies.get_mut(&study).ok_or_else(missing)?, number))
    }

    /// The trial of a ticket that still holds.
    fn held(&mut self, ticket: Ticket) -> Result<Option<(&mut Study, usize)>, StorageError> {
        let (study, number) = self.trial(ticket.trial)?;
        let trial = &study.trials[number];
        let holds = trial.fence == ticket.fence && trial.stored.state == TrialState::Running;
        Ok(holds.then_some((study, number)))
    }
}

fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_micros() as i64)
}

fn report(reported: &mut Vec<Intermediate>, intermediate: Intermediate) {
    if let Err(place) = reported.binary_search_by_key(&intermediate.step, |x| x.step) {
        reported.insert(place, intermediate);
    }
}

fn add_parameters(stored: &mut Vec<StoredParameter>, parameters: Vec<StoredParameter>) {
    for parameter in parameters {
        if stored.iter().all(|other| other.name != parameter.name) {
            stored.push(parameter);
        }
    }
}

/// Whether a trial may end in a state.
pub(super) fn check_end(state: &TrialState, n_objectives: usize) -> Result<(), StorageError> {
    let invalid = |what: String| Err(StorageError::Invalid { what });
    match state {
        TrialState::Waiting | TrialState::Running => invalid(format!("a trial cannot end in the state {state:?}")),
        TrialState::Complete(values) if values.len() != n_objectives => {
            invalid(format!("a trial ends with {} values, expected {n_objectives}", values.len()))
        }
        TrialState::Complete(values) if values.iter().any(|value| value.is_nan()) => {
            invalid("a trial ends with NaN, expected a number".to_owned())
        }
        TrialState::Pruned(Some(value)) if value.is_nan() => {
            invalid("a pruned trial ends with NaN, expected a number or nothing".to_owned())
        }
        _ => Ok(()),
    }
}

impl Storage for Memory {
    fn create_study(&self, study: &NewStudy) -> Result<StudyId, StorageError> {
        let mut kept = self.kept();
        if kept.studies.values().any(|other| other.stored.name == study.name) {
            return Err(StorageError::StudyExists { name: study.name.clone() });
        }
        kept.n_studies += 1;
        let id = StudyId(kept.n_studies);
        let attributes = study.attributes.iter().map(|(scope, key, value)| ((*scope, key.clone()), value.clone()));
        let stored = StoredStudy {
            id,
            name: study.name.clone(),
            directions: study.directions.clone(),
            attributes: attributes.collect(),
            n_trials: 0,
        };
        let study = Study { stored, trials: Vec::new(), waiting: BTreeSet::new(), running: BTreeSet::new() };
        kept.studies.insert(id.0, study);
        Ok(id)
    }

    fn studies(&self) -> Result<Vec<StoredStudy>, StorageError> {
        Ok(self.kept().studies.values().map(|study| study.stored.clone()).collect())
    }

    fn delete_study(&self, study: StudyId) -> Result<(), StorageError> {
        let mut kept = self.kept();
        kept.study(study)?;
        kept.studies.remove(&study.0);
        Ok(())
    }

    fn create_trials(&self, study: StudyId, first: u64, trials: &[NewTrial]) -> Result<Vec<TrialId>, StorageError> {
        let mut kept = self.kept();
        let n_all = kept.trials.len();
        let kept_study = kept.study(study)?;
        let next = kept_study.stored.n_trials;
        if next != first {
            return Err(StorageError::Conflict { first, next });
        }
        let mut ids = Vec::with_capacity(trials.len());
        for (i, trial) in trials.iter().enumerate() {
            let (id, number) = (TrialId((n_all + i + 1) as i64), next as usize + i);
            let attributes = trial.attributes.iter().map(|(scope, key, value)| ((*scope, key.clone()), value.clone()));
            let stored = StoredTrial {
                id,
                number: number as u64,
                state: TrialState::Waiting,
                parameters: trial.parameters.clone(),
                intermediate: Vec::new(),
                attributes: attributes.collect(),
                began: None,
                ended: None,
            };
            kept_study.trials.push(Trial { stored, curves: Vec::new(), fence: 0, expires: None });
            kept_study.waiting.insert(number);
            ids.push(id);
        }
        kept_study.stored.n_trials += trials.len() as u64;
        kept.trials.extend((0..trials.len()).map(|i| (study.0, next as usize + i)));
        Ok(ids)
    }

    fn claim(&self, study: StudyId, _worker: &Worker, lease: Duration, n: usize) -> Result<Vec<Claim>, StorageError> {
        let mut kept = self.kept();
        let study = kept.study(study)?;
        let now_instant = Instant::now();
        let late = |number: &usize| study.trials[*number].expires.is_some_and(|expires| expires <= now_instant);
        let expired: Vec<usize> = study.running.iter().copied().filter(late).collect();
        for number in expired {
            let trial = &mut study.trials[number];
            trial.stored.state = TrialState::Waiting;
            trial.stored.intermediate.clear();
            study.running.remove(&number);
            study.waiting.insert(number);
        }
        let mut claims = Vec::new();
        while claims.len() < n
            && let Some(number) = study.waiting.pop_first()
        {
            study.running.insert(number);
            let Trial { stored, fence, expires, .. } = &mut study.trials[number];
            *fence += 1;
            // A lease too long for the clock never ends.
            *expires = now_instant.checked_add(lease);
            stored.state = TrialState::Running;
            stored.began = Some(now());
            claims.push(Claim {
                ticket: Ticket { trial: stored.id, fence: *fence },
                number: stored.number,
                parameters: stored.parameters.clone(),
                attributes: stored.attributes.clone(),
            });
        }
        Ok(claims)
    }

    fn heartbeat(&self, tickets: &[Ticket], lease: Duration) -> Result<Vec<bool>, StorageError> {
        let mut kept = self.kept();
        let expires = Instant::now().checked_add(lease);
        let renew = |ticket: &Ticket| {
            let held = kept.held(*ticket)?;
            let holds = held.is_some();
            if let Some((study, number)) = held {
                study.trials[number].expires = expires;
            }
            Ok(holds)
        };
        tickets.iter().map(renew).collect()
    }

    fn record(&self, records: &[Record]) -> Result<(), StorageError> {
        let mut kept = self.kept();
        for record in records {
            if let Some((study, number)) = kept.held(record.ticket)? {
                report(&mut study.trials[number].stored.intermediate, record.intermediate);
            }
        }
        Ok(())
    }

    fn finish(&self, outcomes: &[Finish]) -> Result<Vec<bool>, StorageError> {
        let mut kept = self.kept();
        for outcome in outcomes {
            let (study, _) = kept.trial(outcome.ticket.trial)?;
            check_end(&outcome.state, study.stored.directions.len())?;
        }
        let end = |outcome: &Finish| {
            let Some((study, number)) = kept.held(outcome.ticket)? else { return Ok(false) };
            study.running.remove(&number);
            let Trial { stored, curves, expires, .. } = &mut study.trials[number];
            for &intermediate in &outcome.intermediate {
                report(&mut stored.intermediate, intermediate);
            }
            add_parameters(&mut stored.parameters, outcome.parameters.clone());
            let attributes =
                outcome.attributes.iter().map(|(scope, key, value)| ((*scope, key.clone()), value.clone()));
            stored.attributes.extend(attributes);
            stored.state = outcome.state.clone();
            stored.ended = Some(now());
            curves.clone_from(&outcome.curves);
            *expires = None;
            Ok(true)
        };
        outcomes.iter().map(end).collect()
    }

    fn set_attributes(&self, target: Target, scope: Scope, attributes: &[(String, Json)]) -> Result<(), StorageError> {
        let mut kept = self.kept();
        let new = attributes.iter().map(|(key, value)| ((scope, key.clone()), value.clone()));
        match target {
            Target::Study(id) => kept.study(id)?.stored.attributes.extend(new),
            Target::Trial(id) => {
                let (study, number) = kept.trial(id)?;
                let trial = &mut study.trials[number].stored;
                if trial.state.is_finished() && scope != Scope::Private {
                    return Err(StorageError::Finished { number: trial.number });
                }
                trial.attributes.extend(new);
            }
        }
        Ok(())
    }

    fn changes_since(&self, study: StudyId, cursor: &Cursor) -> Result<Changes, StorageError> {
        let mut kept = self.kept();
        let study = kept.study(study)?;
        let old = cursor.open.iter().filter_map(|number| study.trials.get(*number as usize));
        let new = study.trials.iter().skip(cursor.n_trials as usize);
        let trials: Vec<StoredTrial> = old.chain(new).map(|trial| trial.stored.clone()).collect();
        let open = study.waiting.union(&study.running).map(|number| *number as u64).collect();
        Ok(Changes { trials, cursor: Cursor { n_trials: study.stored.n_trials, open } })
    }

    fn curves(&self, trials: &[TrialId]) -> Result<Vec<Vec<Series>>, StorageError> {
        let mut kept = self.kept();
        let curves = |id: &TrialId| kept.trial(*id).map(|(study, number)| study.trials[number].curves.clone());
        trials.iter().map(curves).collect()
    }
}
