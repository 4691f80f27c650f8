//! New trials and their parameters.

use std::collections::HashMap;

use rusqlite::{OptionalExtension, Transaction};

use super::super::fault::Fault;
use super::{Owner, holds, set_attribute, writable};
use crate::Distribution;
use crate::storage::encoding::distribution;
use crate::storage::{NewTrial, StorageError, StoredParameter, StudyId, Ticket, TrialId, check};

/// The first distribution of each name of each study, as far as they were looked up.
#[derive(Debug, Default)]
pub(in crate::storage::sqlite) struct Kinds {
    by_study: HashMap<StudyId, HashMap<String, Distribution>>,
    /// The next numbers then. Where one is lower now, the study of that id is another one.
    next: HashMap<StudyId, u64>,
}

impl Kinds {
    /// What was remembered may not be true.
    pub(in crate::storage::sqlite) fn forget(&mut self) {
        *self = Self::default();
    }

    fn of(&mut self, study: StudyId, next: u64) -> &mut HashMap<String, Distribution> {
        let kinds = self.by_study.entry(study).or_default();
        if self.next.insert(study, next).is_some_and(|before| next < before) {
            kinds.clear();
        }
        kinds
    }
}

pub(in crate::storage::sqlite) fn create_trials(
    transaction: &Transaction<'_>,
    kinds: &mut Kinds,
    study: StudyId,
    first: u64,
    trials: &[NewTrial],
) -> Result<Vec<TrialId>, Fault> {
    writable(transaction, study)?;
    let next = next_number(transaction, study)?;
    if first != next {
        return Err(StorageError::Conflict { first, next }.into());
    }
    let kinds = kinds.of(study, next);
    let mut insert =
        transaction.prepare_cached("INSERT INTO trials (number, study_id, state) VALUES (?1, ?2, 'WAITING')")?;
    let mut ids = Vec::with_capacity(trials.len());
    for (number, trial) in (next..).zip(trials) {
        let id = insert.insert((number as i64, study.0))?;
        insert_parameters(transaction, kinds, study, id, &trial.parameters)?;
        for (scope, key, value) in &trial.attributes {
            set_attribute(transaction, Owner::Trial, id, *scope, key, value)?;
        }
        ids.push(TrialId(id));
    }
    Ok(ids)
}

pub(in crate::storage::sqlite) fn set_parameters(
    transaction: &Transaction<'_>,
    kinds: &mut Kinds,
    ticket: Ticket,
    parameters: &[StoredParameter],
) -> Result<bool, Fault> {
    if !holds(transaction, ticket)? {
        return Ok(false);
    }
    let sql = "SELECT study_id, number, EXISTS (SELECT 1 FROM trial_params WHERE trial_id = ?1) \
               FROM trials WHERE trial_id = ?1";
    let (study, number, has_parameters): (i64, u64, bool) = transaction
        .prepare_cached(sql)?
        .query_row([ticket.trial.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
    if has_parameters {
        return Err(StorageError::Invalid { what: format!("trial {number} has its parameters already") }.into());
    }
    let study = StudyId(study);
    writable(transaction, study)?;
    let next = next_number(transaction, study)?;
    insert_parameters(transaction, kinds.of(study, next), study, ticket.trial.0, parameters)?;
    Ok(true)
}

fn next_number(transaction: &Transaction<'_>, study: StudyId) -> Result<u64, Fault> {
    let sql = "SELECT number + 1 FROM trials WHERE study_id = ?1 ORDER BY trial_id DESC LIMIT 1";
    Ok(transaction.prepare_cached(sql)?.query_row([study.0], |row| row.get(0)).optional()?.unwrap_or(0))
}

fn insert_parameters(
    transaction: &Transaction<'_>,
    kinds: &mut HashMap<String, Distribution>,
    study: StudyId,
    trial: i64,
    parameters: &[StoredParameter],
) -> Result<(), Fault> {
    let sql = "INSERT INTO trial_params (trial_id, param_name, param_value, distribution_json) VALUES (?1, ?2, ?3, ?4)";
    let mut insert = transaction.prepare_cached(sql)?;
    for StoredParameter { name, value, distribution } in parameters {
        if let Some(before) = kinds.get(name) {
            check::kind(name, before, distribution)?;
        } else {
            let before = first_distribution(transaction, study, name)?.unwrap_or_else(|| distribution.clone());
            check::kind(name, &before, distribution)?;
            kinds.insert(name.clone(), before);
        }
        let Some(x) = distribution::to_number(*value) else {
            let what = format!("parameter {name}: whole numbers are kept within 2^53 of 0, got {value:?}");
            return Err(StorageError::Invalid { what }.into());
        };
        insert.execute((trial, name, x, distribution::to_json(distribution)))?;
    }
    Ok(())
}

/// Goes through the trials until one has a parameter of that name: once for each name that a process writes.
fn first_distribution(
    transaction: &Transaction<'_>,
    study: StudyId,
    name: &str,
) -> Result<Option<Distribution>, Fault> {
    let sql = "SELECT distribution_json FROM trials CROSS JOIN trial_params USING (trial_id) \
               WHERE study_id = ?1 AND param_name = ?2 LIMIT 1";
    let found: Option<String> =
        transaction.prepare_cached(sql)?.query_row((study.0, name), |row| row.get(0)).optional()?;
    let unreadable = |text: &String| Fault::Content(format!("parameter {name}: {text} is no distribution"));
    found.map(|text| distribution::from_json(&text).ok_or_else(|| unreadable(&text))).transpose()
}
