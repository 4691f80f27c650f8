//! The verbs that read, each within a transaction, so that it sees one state of the file.

use std::collections::{BTreeMap, HashMap};

use rusqlite::{OptionalExtension, Row, Transaction, types::ValueRef};
use serde_json::Value as Json;

use super::fault::Fault;
use crate::storage::encoding::{curves as bytes, distribution, json, number};
use crate::storage::{
    Changes, Cursor, Scope, Series, StorageError, StoredParameter, StoredStudy, StoredTrial, StudyId, TrialId, time,
};
use crate::{Direction, Distribution, Intermediate, TrialState};

type Attributes = BTreeMap<(Scope, String), Json>;

/// A table of attributes and their scope.
const OF_STUDIES: [(&str, Scope); 3] = [
    ("study_user_attributes", Scope::User),
    ("study_system_attributes", Scope::System),
    ("goodfit_study_attributes", Scope::Private),
];
const OF_TRIALS: [(&str, Scope); 3] = [
    ("trial_user_attributes", Scope::User),
    ("trial_system_attributes", Scope::System),
    ("goodfit_trial_attributes", Scope::Private),
];

pub(super) fn studies(transaction: &Transaction<'_>) -> Result<Vec<StoredStudy>, Fault> {
    let sql = "SELECT study_id, study_name, \
               (SELECT number + 1 FROM trials t WHERE t.study_id = s.study_id ORDER BY trial_id DESC LIMIT 1) \
               FROM studies s ORDER BY study_id";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    let mut studies = BTreeMap::new();
    while let Some(row) = rows.next()? {
        let id = StudyId(row.get(0)?);
        let n_trials = row.get::<_, Option<u64>>(2)?.unwrap_or(0);
        let (directions, attributes) = (Vec::new(), Attributes::new());
        studies.insert(id.0, StoredStudy { id, name: row.get(1)?, directions, attributes, n_trials });
    }
    let sql = "SELECT study_id, direction FROM study_directions ORDER BY study_id, objective";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let direction = match text(row, 1)? {
            "MAXIMIZE" => Direction::Maximize,
            // Optuna minimises what has no direction.
            "MINIMIZE" | "NOT_SET" => Direction::Minimize,
            other => return Err(Fault::Content(format!("a study has the direction {other}"))),
        };
        if let Some(study) = studies.get_mut(&row.get(0)?) {
            study.directions.push(direction);
        }
    }
    for (table, scope) in OF_STUDIES {
        let sql = format!("SELECT study_id, \"key\", value_json FROM {table}");
        let mut statement = transaction.prepare_cached(&sql)?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            if let Some(study) = studies.get_mut(&row.get(0)?) {
                study.attributes.insert((scope, row.get(1)?), json::attribute(text(row, 2)?));
            }
        }
    }
    Ok(studies.into_values().collect())
}

/// A trial's parameters and attributes.
pub(super) fn given(transaction: &Transaction<'_>, trial: i64) -> Result<(Vec<StoredParameter>, Attributes), Fault> {
    let mut trials = vec![new_trial(trial, 0, TrialState::Waiting)];
    read_parameters(transaction, &mut trials)?;
    read_attributes(transaction, &mut trials)?;
    Ok(trials.pop().map(|trial| (trial.parameters, trial.attributes)).unwrap_or_default())
}

fn new_trial(id: i64, number: u64, state: TrialState) -> StoredTrial {
    StoredTrial {
        id: TrialId(id),
        number,
        state,
        parameters: Vec::new(),
        intermediate: Vec::new(),
        attributes: Attributes::new(),
        began: None,
        ended: None,
    }
}

pub(super) fn changes_since(transaction: &Transaction<'_>, study: StudyId, cursor: &Cursor) -> Result<Changes, Fault> {
    if !transaction.prepare_cached("SELECT 1 FROM studies WHERE study_id = ?1")?.exists([study.0])? {
        return Err(StorageError::NoStudy { what: study.0.to_string() }.into());
    }
    let mut trials = Vec::new();
    let columns = "SELECT trial_id, number, state, datetime_start, datetime_complete FROM trials";
    let mut old = transaction.prepare_cached(&format!("{columns} WHERE study_id = ?1 AND trial_id = ?2"))?;
    for id in &cursor.open {
        trials.extend(old.query_row((study.0, id.0), |row| Ok(stored(row))).optional()?.transpose()?);
    }
    let mut new =
        transaction.prepare_cached(&format!("{columns} WHERE study_id = ?1 AND trial_id > ?2 ORDER BY trial_id"))?;
    let mut rows = new.query((study.0, cursor.last.map_or(i64::MIN, |last| last.0)))?;
    while let Some(row) = rows.next()? {
        trials.push(stored(row)?);
    }
    let last = trials.last().map(|trial| trial.id).max(cursor.last);

    read_parameters(transaction, &mut trials)?;
    read_attributes(transaction, &mut trials)?;
    read_values(transaction, &mut trials)?;
    read_reasons(transaction, &mut trials)?;
    read_intermediate(transaction, &mut trials)?;
    let open = trials.iter().filter(|trial| !trial.state.is_finished()).map(|trial| trial.id).collect();
    Ok(Changes { trials, cursor: Cursor { last, open } })
}

/// A trial without what lies in other tables.
fn stored(row: &Row<'_>) -> Result<StoredTrial, Fault> {
    let (id, number) = (row.get(0)?, row.get(1)?);
    let state = match text(row, 2)? {
        "WAITING" => TrialState::Waiting,
        "RUNNING" => TrialState::Running,
        "COMPLETE" => TrialState::Complete(Vec::new()),
        "PRUNED" => TrialState::Pruned(None),
        "FAIL" => TrialState::Failed(String::new()),
        other => return Err(Fault::Content(format!("trial {number}: it has the state {other}"))),
    };
    let time = |column| Ok::<_, Fault>(row.get_ref(column)?.as_str_or_null().ok().flatten().and_then(time::from_text));
    Ok(StoredTrial { began: time(3)?, ended: time(4)?, ..new_trial(id, number, state) })
}

fn read_parameters(transaction: &Transaction<'_>, trials: &mut [StoredTrial]) -> Result<(), Fault> {
    // A study has few distributions and many trials.
    let mut known: HashMap<String, Distribution> = HashMap::new();
    let columns = "param_name, param_value, distribution_json";
    each_row(transaction, "trial_params", columns, "param_id", trials, |trial, row| {
        let (name, json) = (text(row, 1)?, text(row, 3)?);
        let unreadable = |what| Fault::Content(format!("trial {}: parameter {name}: {what}", trial.number));
        if !known.contains_key(json) {
            let distribution = distribution::from_json(json);
            let distribution = distribution.ok_or_else(|| unreadable(format!("{json} is no distribution")))?;
            known.insert(json.to_owned(), distribution);
        }
        let distribution = &known[json];
        let x: f64 = row.get(2)?;
        let value = distribution::from_number(x, distribution);
        let value = value.ok_or_else(|| unreadable(format!("{x} is no value of {json}")))?;
        trial.parameters.push(StoredParameter { name: name.to_owned(), value, distribution: distribution.clone() });
        Ok(())
    })?;
    for trial in trials {
        trial.parameters.shrink_to_fit();
    }
    Ok(())
}

fn read_attributes(transaction: &Transaction<'_>, trials: &mut [StoredTrial]) -> Result<(), Fault> {
    for (table, scope) in OF_TRIALS {
        each_row(transaction, table, "\"key\", value_json", "\"key\"", trials, |trial, row| {
            trial.attributes.insert((scope, row.get(1)?), json::attribute(text(row, 2)?));
            Ok(())
        })?;
    }
    Ok(())
}

fn read_values(transaction: &Transaction<'_>, trials: &mut [StoredTrial]) -> Result<(), Fault> {
    each_row(transaction, "trial_values", "value, value_type, objective", "objective", trials, |trial, row| {
        let Some(value) = number::value(row.get(1)?, text(row, 2)?) else {
            return Err(Fault::Content(format!("trial {}: its value is none", trial.number)));
        };
        // No study has more objectives.
        let objective = usize::from(row.get::<_, u8>(3)?);
        match &mut trial.state {
            TrialState::Complete(values) => {
                if values.len() <= objective {
                    values.reserve_exact(objective + 1);
                    values.resize(objective + 1, f64::NAN);
                }
                values[objective] = value;
            }
            TrialState::Pruned(pruned) if objective == 0 => *pruned = Some(value),
            _ => {}
        }
        Ok(())
    })?;
    for trial in trials {
        if let TrialState::Complete(values) = &trial.state
            && (values.is_empty() || values.iter().any(|value| value.is_nan()))
        {
            return Err(Fault::Content(format!("trial {}: it is complete, but lacks a value", trial.number)));
        }
    }
    Ok(())
}

fn read_reasons(transaction: &Transaction<'_>, trials: &mut [StoredTrial]) -> Result<(), Fault> {
    let mut statement = transaction.prepare_cached("SELECT reason FROM goodfit_ends WHERE trial_id = ?1")?;
    for trial in trials {
        if let TrialState::Failed(reason) = &mut trial.state {
            let found: Option<Option<String>> = statement.query_row([trial.id.0], |row| row.get(0)).optional()?;
            *reason = found.flatten().unwrap_or_default();
        }
    }
    Ok(())
}

fn read_intermediate(transaction: &Transaction<'_>, trials: &mut [StoredTrial]) -> Result<(), Fault> {
    let columns = "step, intermediate_value, intermediate_value_type";
    each_row(transaction, "trial_intermediate_values", columns, "step", trials, |trial, row| {
        // A negative step is none that a trial of ours or of Optuna can report.
        if let Ok(step) = row.get::<_, i64>(1)?.try_into() {
            let Some(value) = number::value(row.get(2)?, text(row, 3)?) else {
                return Err(Fault::Content(format!("trial {}: its value at step {step} is none", trial.number)));
            };
            trial.intermediate.push(Intermediate { step, value });
        }
        Ok(())
    })?;
    for trial in trials {
        trial.intermediate.sort_unstable_by_key(|intermediate| intermediate.step);
        trial.intermediate.shrink_to_fit();
    }
    Ok(())
}

pub(super) fn curves(transaction: &Transaction<'_>, trials: &[TrialId]) -> Result<Vec<Vec<Series>>, Fault> {
    let sql = "SELECT number, curves FROM trials LEFT JOIN goodfit_ends USING (trial_id) WHERE trial_id = ?1";
    let mut statement = transaction.prepare_cached(sql)?;
    let mut of = |trial: &TrialId| {
        let mut rows = statement.query([trial.0])?;
        let Some(row) = rows.next()? else { return Err(StorageError::NoTrial { id: trial.0 }.into()) };
        match row.get_ref(1)? {
            ValueRef::Blob(blob) => match bytes::from_bytes(blob) {
                Some(curves) => Ok(curves),
                None => Err(Fault::Content(format!("trial {}: its curves are damaged", row.get::<_, i64>(0)?))),
            },
            _ => Ok(Vec::new()),
        }
    };
    trials.iter().map(&mut of).collect()
}

/// From this many trials on, and for more than a tenth of all, a table is read from end to end.
const MANY: usize = 64;

/// The rows of a table that belong to trials, which stand by rising id; of each trial in the given order, or in the
/// order in which they were written. The first column of a row is the trial's id.
fn each_row(
    transaction: &Transaction<'_>,
    table: &str,
    columns: &str,
    order: &str,
    trials: &mut [StoredTrial],
    mut take: impl FnMut(&mut StoredTrial, &Row<'_>) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let (Some(first), Some(last)) = (trials.first(), trials.last()) else { return Ok(()) };
    let (first, last) = (first.id.0, last.id.0);
    let select = format!("SELECT trial_id, {columns} FROM {table}");
    if trials.len() < MANY || (trials.len() as i64) < last / 10 {
        let mut statement = transaction.prepare_cached(&format!("{select} WHERE trial_id = ?1 ORDER BY {order}"))?;
        for trial in trials {
            let mut rows = statement.query([trial.id.0])?;
            while let Some(row) = rows.next()? {
                take(trial, row)?;
            }
        }
        return Ok(());
    }
    // The plus keeps SQLite from an index, which would look up each row by itself.
    let mut statement = transaction.prepare_cached(&format!("{select} WHERE +trial_id BETWEEN ?1 AND ?2"))?;
    let mut rows = statement.query((first, last))?;
    let mut place = 0;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get(0)?;
        // Rows come mostly by rising id.
        for next in [place, place + 1] {
            if trials.get(next).is_some_and(|trial| trial.id.0 == id) {
                place = next;
            }
        }
        if trials[place].id.0 != id {
            let Ok(found) = trials.binary_search_by_key(&id, |trial| trial.id.0) else { continue };
            place = found;
        }
        take(&mut trials[place], row)?;
    }
    Ok(())
}

fn text<'a>(row: &'a Row<'_>, column: usize) -> Result<&'a str, Fault> {
    Ok(row.get_ref(column)?.as_str().map_err(rusqlite::Error::from)?)
}
