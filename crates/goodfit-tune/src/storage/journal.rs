//! A study as the log of Optuna's `JournalFileBackend`.

use std::fmt::Write as _;

use serde_json::Value as Json;

use super::encoding::distribution::{number, to_json};
use super::{Scope, StoredParameter, StoredStudy, StoredTrial, time};
use crate::{Direction, TrialState, Value};

/// What Optuna calls the verbs of its log.
const CREATE_STUDY: u8 = 0;
const SET_STUDY_USER_ATTR: u8 = 2;
const SET_STUDY_SYSTEM_ATTR: u8 = 3;
const CREATE_TRIAL: u8 = 4;

/// A study and its trials as the log of Optuna 5's `JournalFileBackend`: one JSON object a line, which Optuna's
/// `JournalStorage` reads back to the trials that it sees in our own files.
///
/// The numbers of the trials have to be 0, 1, .. in this order. What only goodfit knows is left out: attributes of
/// [`Scope::Private`], reasons, curves.
///
/// ```
/// use goodfit_tune::Direction;
/// use goodfit_tune::storage::{Memory, NewStudy, Storage, journal};
///
/// let storage = Memory::new();
/// let study = NewStudy { name: "depth".to_owned(), directions: vec![Direction::Minimize], attributes: Vec::new() };
/// storage.create_study(&study)?;
/// let log = journal(&storage.studies()?[0], &[]);
/// assert_eq!(log, "{\"op_code\": 0, \"worker_id\": \"goodfit\", \"study_name\": \"depth\", \"directions\": [1]}\n");
/// # Ok::<(), goodfit_tune::storage::StorageError>(())
/// ```
pub fn journal(study: &StoredStudy, trials: &[StoredTrial]) -> String {
    let mut log = String::new();
    let mut line = |op_code: u8, fields: String| {
        // Writing to a text never fails.
        let _ = writeln!(log, "{{\"op_code\": {op_code}, \"worker_id\": \"goodfit\", {fields}}}");
    };
    let directions = list(study.directions.iter().map(|direction| match direction {
        Direction::Minimize => "1".to_owned(),
        Direction::Maximize => "2".to_owned(),
    }));
    line(CREATE_STUDY, format!("\"study_name\": {}, \"directions\": {directions}", text(&study.name)));
    for ((scope, key), value) in &study.attributes {
        let (op_code, field) = match scope {
            Scope::User => (SET_STUDY_USER_ATTR, "user_attr"),
            Scope::System => (SET_STUDY_SYSTEM_ATTR, "system_attr"),
            Scope::Private => continue,
        };
        line(op_code, format!("\"study_id\": 0, \"{field}\": {{{}: {value}}}", text(key)));
    }
    for trial in trials {
        line(CREATE_TRIAL, created(trial));
    }
    log
}

/// A trial as it is now, in the one verb with which Optuna adds a finished trial.
fn created(trial: &StoredTrial) -> String {
    let (state, values) = match &trial.state {
        TrialState::Running => (0, &[][..]),
        TrialState::Complete(values) => (1, values.as_slice()),
        TrialState::Pruned(value) => (2, value.as_slice()),
        TrialState::Failed(_) => (3, &[][..]),
        TrialState::Waiting => (4, &[][..]),
    };
    // Optuna refuses a trial that has both.
    let (value, values) = match values {
        [] => ("null".to_owned(), "null".to_owned()),
        [value] => (number(*value), "null".to_owned()),
        values => ("null".to_owned(), list(values.iter().map(|value| number(*value)))),
    };
    // Optuna takes a time without a zone for one of its own machine.
    let time = |micros: i64| text(&format!("{}+00:00", time::to_text(micros).replace(' ', "T")));
    let mut fields = vec![
        ("study_id", "0".to_owned()),
        ("datetime_start", trial.began.map_or_else(|| "null".to_owned(), time)),
        ("state", state.to_string()),
        ("value", value),
        ("values", values),
    ];
    // Absent where there is none: Optuna reads whatever stands there as a time.
    fields.extend(trial.ended.map(|ended| ("datetime_complete", time(ended))));
    let attributes = |wanted: Scope| {
        let of_scope = trial.attributes.iter().filter(move |((scope, _), _)| *scope == wanted);
        table(of_scope.map(|((_, key), value)| (key.clone(), value.to_string())))
    };
    let parameters = |of: fn(&StoredParameter) -> String| {
        table(trial.parameters.iter().map(|parameter| (parameter.name.clone(), of(parameter))))
    };
    fields.extend([
        // A text that holds JSON.
        ("distributions", parameters(|parameter| text(&to_json(&parameter.distribution)))),
        ("params", parameters(|parameter| internal(parameter.value))),
        ("user_attrs", attributes(Scope::User)),
        ("system_attrs", attributes(Scope::System)),
        ("intermediate_values", table(trial.intermediate.iter().map(|x| (x.step.to_string(), number(x.value))))),
    ]);
    fields.iter().map(|(name, value)| format!("\"{name}\": {value}")).collect::<Vec<_>>().join(", ")
}

/// A value as Optuna stores it: of a choice its place.
fn internal(value: Value) -> String {
    match value {
        Value::Float(x) => number(x),
        Value::Int(n) => n.to_string(),
        Value::Choice(i) => i.to_string(),
    }
}

fn text(text: &str) -> String {
    Json::from(text).to_string()
}

fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(", "))
}

fn table(entries: impl Iterator<Item = (String, String)>) -> String {
    let entries = entries.map(|(key, value)| format!("{}: {value}", text(&key)));
    format!("{{{}}}", entries.collect::<Vec<_>>().join(", "))
}
