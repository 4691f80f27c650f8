//! Studies in memory.

mod kept;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde_json::Value as Json;

use self::kept::{Held, Kept, Study};
use super::{
    Changes, Claim, Cursor, Finish, NewStudy, NewTrial, Record, Scope, Series, Storage, StorageError, StoredParameter,
    StoredStudy, StudyId, Target, Ticket, TrialId, Wanted, check,
};

/// Studies in memory, for the threads of one process. Nothing is left of them when it is dropped.
#[derive(Debug, Default)]
pub struct Memory {
    studies: Mutex<Studies>,
}

#[derive(Debug, Default)]
struct Studies {
    /// Ids are not used again.
    n_made: i64,
    by_id: BTreeMap<StudyId, Study>,
}

impl Memory {
    /// No studies.
    pub fn new() -> Self {
        Self::default()
    }

    /// No verb leaves anything half done: each checks first.
    fn lock(&self) -> MutexGuard<'_, Studies> {
        self.studies.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Studies {
    fn get(&mut self, study: StudyId) -> Result<&mut Study, StorageError> {
        self.by_id.get_mut(&study).ok_or_else(|| StorageError::NoStudy { what: study.0.to_string() })
    }

    /// The study of a trial, and the trial's number.
    fn of(&mut self, trial: TrialId) -> Result<(&mut Study, u64), StorageError> {
        let (study, number) = kept::study_and_number(trial);
        let study = self.by_id.get_mut(&study).filter(|study| number < study.trials.len() as u64);
        Ok((study.ok_or(StorageError::NoTrial { id: trial.0 })?, number))
    }

    /// The same, of a ticket that holds.
    fn held(&mut self, ticket: Ticket) -> Option<(&mut Study, u64)> {
        let (study, number) = self.of(ticket.trial).ok()?;
        let holds = study.running.get(&number).is_some_and(|held| held.fence == ticket.fence);
        holds.then_some((study, number))
    }
}

impl Storage for Memory {
    fn create_study(&self, study: &NewStudy) -> Result<StudyId, StorageError> {
        check::study(study)?;
        let mut studies = self.lock();
        if studies.by_id.values().any(|other| other.name == study.name) {
            return Err(StorageError::StudyExists { name: study.name.clone() });
        }
        studies.n_made += 1;
        let id = StudyId(studies.n_made);
        studies.by_id.insert(id, Study::new(study));
        Ok(id)
    }

    fn studies(&self) -> Result<Vec<StoredStudy>, StorageError> {
        Ok(self.lock().by_id.iter().map(|(id, study)| study.stored(*id)).collect())
    }

    fn delete_study(&self, study: StudyId) -> Result<(), StorageError> {
        let mut studies = self.lock();
        studies.get(study)?;
        let deleted = studies.by_id.remove(&study);
        drop(studies);
        drop(deleted);
        Ok(())
    }

    fn create_trials(&self, study: StudyId, first: u64, trials: &[NewTrial]) -> Result<Vec<TrialId>, StorageError> {
        trials.iter().try_for_each(check::trial)?;
        let mut new: Vec<Arc<Kept>> = trials.iter().map(|trial| Arc::new(Kept::new(trial))).collect();
        let mut studies = self.lock();
        let kept = studies.get(study)?;
        let next = kept.trials.len() as u64;
        if first != next {
            return Err(StorageError::Conflict { first, next });
        }
        kept.take_kinds(trials.iter().flat_map(|trial| &trial.parameters))?;
        let numbers = next..next + new.len() as u64;
        kept.waiting.extend(numbers.clone().map(|number| (number, 0)));
        kept.trials.append(&mut new);
        Ok(numbers.map(|number| kept::trial_id(study, number)).collect())
    }

    fn claim(&self, wanted: &Wanted) -> Result<Vec<Claim>, StorageError> {
        let &Wanted { study, ref worker, lease, end, n } = wanted;
        let mut studies = self.lock();
        let kept = studies.get(study)?;
        let now = Instant::now();
        kept.release(worker, now);
        let held = Held { fence: 0, worker: Arc::new(worker.clone()), until: now.checked_add(lease) };
        let mut claimed = Vec::new();
        while claimed.len() < n
            && let Some(entry) = kept.waiting.first_entry()
            && *entry.key() < end
        {
            let (number, fence) = entry.remove_entry();
            let trial = &mut kept.trials[number as usize];
            Arc::make_mut(trial).begin();
            kept.running.insert(number, Held { fence: fence + 1, ..held.clone() });
            claimed.push((number, fence + 1, Arc::clone(trial)));
        }
        drop(studies);
        let claim = |(number, fence, trial): (u64, u64, Arc<Kept>)| Claim {
            ticket: Ticket { trial: kept::trial_id(study, number), fence },
            number,
            parameters: trial.parameters.to_vec(),
            attributes: trial.attributes.as_deref().cloned().unwrap_or_default(),
        };
        Ok(claimed.into_iter().map(claim).collect())
    }

    fn set_parameters(&self, ticket: Ticket, parameters: &[StoredParameter]) -> Result<bool, StorageError> {
        check::parameters(parameters)?;
        let mut studies = self.lock();
        let Some((study, number)) = studies.held(ticket) else { return Ok(false) };
        if !study.trials[number as usize].parameters.is_empty() {
            return Err(StorageError::Invalid { what: format!("trial {number} has its parameters already") });
        }
        study.take_kinds(parameters)?;
        Arc::make_mut(&mut study.trials[number as usize]).parameters = parameters.into();
        Ok(true)
    }

    fn heartbeat(&self, tickets: &[Ticket], lease: Duration) -> Result<Vec<bool>, StorageError> {
        let mut studies = self.lock();
        let until = Instant::now().checked_add(lease);
        let mut renew = |ticket: &Ticket| {
            let held = studies.held(*ticket).and_then(|(study, number)| study.running.get_mut(&number));
            held.map(|held| held.until = until).is_some()
        };
        Ok(tickets.iter().map(&mut renew).collect())
    }

    fn record(&self, records: &[Record]) -> Result<(), StorageError> {
        records.iter().try_for_each(|record| check::intermediate(&record.intermediate))?;
        let mut studies = self.lock();
        for record in records {
            if let Some((study, number)) = studies.held(record.ticket) {
                Arc::make_mut(&mut study.trials[number as usize]).report(record.intermediate);
            }
        }
        Ok(())
    }

    fn finish(&self, outcomes: &[Finish]) -> Result<Vec<bool>, StorageError> {
        outcomes.iter().try_for_each(check::finish)?;
        let copies: Vec<Finish> = outcomes.to_vec();
        let mut studies = self.lock();
        let mut end = |outcome: Finish| {
            let Some((study, number)) = studies.held(outcome.ticket) else { return false };
            study.running.remove(&number);
            Arc::make_mut(&mut study.trials[number as usize]).end(outcome);
            true
        };
        Ok(copies.into_iter().map(&mut end).collect())
    }

    fn set_attributes(&self, target: Target, scope: Scope, attributes: &[(String, Json)]) -> Result<(), StorageError> {
        let new = attributes.iter().map(|(key, value)| ((scope, key.clone()), value.clone()));
        let mut studies = self.lock();
        match target {
            Target::Study(study) => studies.get(study)?.attributes.extend(new),
            Target::Trial(trial) => {
                let (study, number) = studies.of(trial)?;
                let trial = &mut study.trials[number as usize];
                if trial.state.is_finished() && scope != Scope::Private {
                    return Err(StorageError::Finished { number });
                }
                Arc::make_mut(trial).attributes.get_or_insert_default().extend(new);
            }
        }
        Ok(())
    }

    fn changes_since(&self, study: StudyId, cursor: &Cursor) -> Result<Changes, StorageError> {
        let mut studies = self.lock();
        let kept = studies.get(study)?;
        let n_seen = cursor.last.map_or(0, |last| kept::study_and_number(last).1 + 1);
        let open = cursor.open.iter().map(|trial| kept::study_and_number(*trial).1);
        let numbers = open.chain(n_seen..kept.trials.len() as u64);
        let trials: Vec<(u64, Arc<Kept>)> =
            numbers.filter_map(|number| Some((number, Arc::clone(kept.trials.get(number as usize)?)))).collect();
        drop(studies);
        let mut cursor = Cursor { last: cursor.last, open: Vec::new() };
        if let Some((number, _)) = trials.last() {
            cursor.last = cursor.last.max(Some(kept::trial_id(study, *number)));
        }
        let open = trials.iter().filter(|(_, trial)| !trial.state.is_finished());
        cursor.open = open.map(|(number, _)| kept::trial_id(study, *number)).collect();
        let trials = trials.into_iter().map(|(number, trial)| trial.stored(study, number)).collect();
        Ok(Changes { trials, cursor })
    }

    fn curves(&self, trials: &[TrialId]) -> Result<Vec<Vec<Series>>, StorageError> {
        let mut studies = self.lock();
        let mut kept = Vec::with_capacity(trials.len());
        for trial in trials {
            let (study, number) = studies.of(*trial)?;
            kept.push(Arc::clone(&study.trials[number as usize]));
        }
        drop(studies);
        Ok(kept.iter().map(|trial| trial.curves.to_vec()).collect())
    }
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_contract() {
        crate::contract::storage(&|| Box::new(Memory::new()));
    }
}
