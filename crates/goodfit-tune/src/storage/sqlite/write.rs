//! The verbs that write, each within a transaction.

mod claims;
mod ends;
mod trials;

use rusqlite::{OptionalExtension, Transaction};
use serde_json::Value as Json;

pub(super) use self::claims::{claim, heartbeat};
pub(super) use self::ends::{finish, record};
pub(super) use self::trials::{Kinds, create_trials, set_parameters};
use super::fault::Fault;
use crate::Direction;
use crate::storage::{NewStudy, Scope, StorageError, StudyId, Target, Ticket};

pub(super) fn create_study(transaction: &Transaction<'_>, study: &NewStudy) -> Result<StudyId, Fault> {
    let mut there = transaction.prepare_cached("SELECT 1 FROM studies WHERE study_name = ?1")?;
    if there.exists([&study.name])? {
        return Err(StorageError::StudyExists { name: study.name.clone() }.into());
    }
    transaction.execute("INSERT INTO studies (study_name) VALUES (?1)", [&study.name])?;
    let id = transaction.last_insert_rowid();
    for (objective, direction) in study.directions.iter().enumerate() {
        let direction = match direction {
            Direction::Minimize => "MINIMIZE",
            Direction::Maximize => "MAXIMIZE",
        };
        let sql = "INSERT INTO study_directions (direction, study_id, objective) VALUES (?1, ?2, ?3)";
        transaction.execute(sql, (direction, id, objective as i64))?;
    }
    for (scope, key, value) in &study.attributes {
        set_attribute(transaction, Owner::Study, id, *scope, key, value)?;
    }
    Ok(StudyId(id))
}

pub(super) fn delete_study(transaction: &Transaction<'_>, study: StudyId) -> Result<(), Fault> {
    let of_trials = [
        "trial_params",
        "trial_values",
        "trial_intermediate_values",
        "trial_user_attributes",
        "trial_system_attributes",
        "trial_heartbeats",
    ];
    for table in of_trials {
        let sql = format!("DELETE FROM {table} WHERE trial_id IN (SELECT trial_id FROM trials WHERE study_id = ?1)");
        transaction.execute(&sql, [study.0])?;
    }
    for table in ["trials", "study_directions", "study_user_attributes", "study_system_attributes"] {
        transaction.execute(&format!("DELETE FROM {table} WHERE study_id = ?1"), [study.0])?;
    }
    match transaction.execute("DELETE FROM studies WHERE study_id = ?1", [study.0])? {
        0 => Err(no_study(study).into()),
        _ => Ok(()),
    }
}

pub(super) fn set_attributes(
    transaction: &Transaction<'_>,
    target: Target,
    scope: Scope,
    attributes: &[(String, Json)],
) -> Result<(), Fault> {
    let (owner, id) = match target {
        Target::Study(study) => {
            writable(transaction, study)?;
            (Owner::Study, study.0)
        }
        Target::Trial(trial) => {
            let sql = "SELECT study_id, number, state NOT IN ('WAITING', 'RUNNING') FROM trials WHERE trial_id = ?1";
            let found: Option<(i64, u64, bool)> = transaction
                .prepare_cached(sql)?
                .query_row([trial.0], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
                .optional()?;
            let Some((study, number, is_finished)) = found else {
                return Err(StorageError::NoTrial { id: trial.0 }.into());
            };
            writable(transaction, StudyId(study))?;
            if is_finished && scope != Scope::Private {
                return Err(StorageError::Finished { number }.into());
            }
            (Owner::Trial, trial.0)
        }
    };
    attributes.iter().try_for_each(|(key, value)| set_attribute(transaction, owner, id, scope, key, value))
}

#[derive(Clone, Copy)]
enum Owner {
    Study,
    Trial,
}

fn set_attribute(
    transaction: &Transaction<'_>,
    owner: Owner,
    id: i64,
    scope: Scope,
    key: &str,
    value: &Json,
) -> Result<(), Fault> {
    let (owner, scope) = match (owner, scope) {
        (Owner::Study, Scope::User) => ("study_id", "study_user_attributes"),
        (Owner::Study, Scope::System) => ("study_id", "study_system_attributes"),
        (Owner::Study, Scope::Private) => ("study_id", "goodfit_study_attributes"),
        (Owner::Trial, Scope::User) => ("trial_id", "trial_user_attributes"),
        (Owner::Trial, Scope::System) => ("trial_id", "trial_system_attributes"),
        (Owner::Trial, Scope::Private) => ("trial_id", "goodfit_trial_attributes"),
    };
    let sql = format!(
        "INSERT INTO {scope} ({owner}, \"key\", value_json) VALUES (?1, ?2, ?3) \
         ON CONFLICT ({owner}, \"key\") DO UPDATE SET value_json = excluded.value_json"
    );
    transaction.prepare_cached(&sql)?.execute((id, key, value.to_string()))?;
    Ok(())
}

fn no_study(study: StudyId) -> StorageError {
    StorageError::NoStudy { what: study.0.to_string() }
}

/// That there is such a study and it has one objective.
fn writable(transaction: &Transaction<'_>, study: StudyId) -> Result<(), Fault> {
    let sql = "SELECT study_name, (SELECT COUNT(*) FROM study_directions WHERE study_id = ?1) \
               FROM studies WHERE study_id = ?1";
    let found: Option<(String, i64)> =
        transaction.prepare_cached(sql)?.query_row([study.0], |row| Ok((row.get(0)?, row.get(1)?))).optional()?;
    let Some((name, n_objectives)) = found else { return Err(no_study(study).into()) };
    if n_objectives > 1 {
        let what = format!("study \"{name}\" has {n_objectives} objectives: it can be read, but not written");
        return Err(StorageError::Invalid { what }.into());
    }
    Ok(())
}

/// Whether a ticket holds: its trial is running, and nobody has claimed it since.
fn holds(transaction: &Transaction<'_>, ticket: Ticket) -> Result<bool, Fault> {
    let sql = "SELECT 1 FROM goodfit_claims JOIN trials USING (trial_id) \
               WHERE trial_id = ?1 AND fence = ?2 AND expires IS NOT NULL AND state = 'RUNNING'";
    Ok(transaction.prepare_cached(sql)?.exists((ticket.trial.0, ticket.fence as i64))?)
}
