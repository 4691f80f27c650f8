//! Applies verbs to a storage of studies, one JSON object a line on the standard input, and prints all its studies
//! as JSON. What scripts in other languages hold against Optuna's own storage.
//!
//!     storage_verbs FILE < verbs.jsonl > studies.json
//!
//! | verb | its fields |
//! |---|---|
//! | `create_study` | `study`, `direction` |
//! | `delete_study` | `study` |
//! | `create_trials` | `study`, `trials`: list of {`parameters`, `attributes`} |
//! | `claim` | `study`, `n`, `lease` in seconds; the claims are printed to the standard error, one JSON object a line |
//! | `set_parameters` | `study`, `number`, `parameters` |
//! | `record` | `study`, `number`, `step`, `value` |
//! | `finish` | `study`, `number`, `state`, `value`, `reason`, `attributes` |
//! | `set_attributes` | `study`, `number` or none, `attributes` |
//!
//! A parameter is {`name`, `value`, `kind`: `float`, `int` or `categorical`, `low`, `high`, `log`, `step` or `choices`};
//! the value of a categorical is its position. An attribute is a list of scope, key and value. A number that is not
//! finite is one of the texts `nan`, `inf` and `-inf`.

use std::collections::HashMap;
use std::error::Error;
use std::io::BufRead;
use std::time::Duration;

use goodfit_tune::storage::{
    Cursor, Durability, Finish, NewStudy, NewTrial, Record, Scope, Sqlite, Storage, StoredParameter, StoredStudy,
    StudyId, Target, Ticket, Wanted, Worker,
};
use goodfit_tune::{Choice, Direction, Distribution, Intermediate, TrialState, Value};
use serde_json::{Value as Json, json};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

fn main() -> Result<()> {
    let path = std::env::args().nth(1).ok_or("usage: storage_verbs FILE")?;
    let mut verbs = Verbs { storage: Sqlite::open(path, Durability::Normal)?, tickets: HashMap::new() };
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let verb: Json = serde_json::from_str(&line)?;
        verbs.apply(&verb).map_err(|error| format!("{line}: {error}"))?;
    }
    let studies = verbs.storage.studies()?;
    let studies: Vec<Json> = studies.iter().map(|study| dump(&verbs.storage, study)).collect::<Result<_>>()?;
    println!("{}", Json::from(studies));
    Ok(())
}

struct Verbs {
    storage: Sqlite,
    /// By study and number.
    tickets: HashMap<(StudyId, u64), Ticket>,
}

impl Verbs {
    fn apply(&mut self, verb: &Json) -> Result<()> {
        let name = text(verb, "study")?;
        if text(verb, "verb")? == "create_study" {
            let directions = match text(verb, "direction")? {
                "maximize" => vec![Direction::Maximize],
                _ => vec![Direction::Minimize],
            };
            self.storage.create_study(&NewStudy { name: name.to_owned(), directions, attributes: Vec::new() })?;
            return Ok(());
        }
        let studies = self.storage.studies()?;
        let study = studies.iter().find(|study| study.name == name).ok_or("there is no such study")?;
        let number = verb["number"].as_u64();
        let ticket = || {
            let ticket = self.tickets.get(&(study.id, number.unwrap_or_default()));
            ticket.copied().ok_or("this trial was not claimed here")
        };
        let held = match text(verb, "verb")? {
            "delete_study" => {
                self.storage.delete_study(study.id)?;
                true
            }
            "create_trials" => {
                let trials: Vec<NewTrial> = list(verb, "trials")?
                    .iter()
                    .map(|trial| Ok(NewTrial { parameters: parameters(trial)?, attributes: attributes(trial)? }))
                    .collect::<Result<_>>()?;
                self.storage.create_trials(study.id, study.n_trials, &trials)?;
                true
            }
            "claim" => {
                let lease = Duration::from_secs(verb["lease"].as_u64().ok_or("lease")?);
                let n = usize::try_from(verb["n"].as_u64().ok_or("n")?)?;
                let claims =
                    self.storage.claim(&Wanted { study: study.id, worker: Worker::here(), lease, end: u64::MAX, n })?;
                for claim in claims {
                    self.tickets.insert((study.id, claim.number), claim.ticket);
                    let fixed = claim.attributes.get(&(Scope::System, "fixed_params".to_owned()));
                    let n_parameters = claim.parameters.len();
                    eprintln!("{}", json!({"number": claim.number, "parameters": n_parameters, "fixed_params": fixed}));
                }
                true
            }
            "set_parameters" => self.storage.set_parameters(ticket()?, &parameters(verb)?)?,
            "record" => {
                let step = verb["step"].as_u64().ok_or("step")?;
                let intermediate = Intermediate { step, value: number_of(&verb["value"])? };
                self.storage.record(&[Record { ticket: ticket()?, intermediate }])?;
                true
            }
            "finish" => {
                let value = Some(&verb["value"]).filter(|value| !value.is_null()).map(number_of).transpose()?;
                let state = match text(verb, "state")? {
                    "COMPLETE" => TrialState::Complete(value.into_iter().collect()),
                    "PRUNED" => TrialState::Pruned(value),
                    _ => TrialState::Failed(text(verb, "reason").unwrap_or_default().to_owned()),
                };
                let end = Finish { attributes: attributes(verb)?, ..Finish::new(ticket()?, state) };
                self.storage.finish(&[end])?[0]
            }
            "set_attributes" => {
                let trial = || {
                    let changes = self.storage.changes_since(study.id, &Cursor::default())?;
                    let trial = changes.trials.into_iter().find(|trial| Some(trial.number) == number);
                    trial.map(|trial| trial.id).ok_or_else(|| Box::<dyn Error>::from("there is no such trial"))
                };
                let target = if number.is_some() { Target::Trial(trial()?) } else { Target::Study(study.id) };
                for (scope, key, value) in attributes(verb)? {
                    self.storage.set_attributes(target, scope, &[(key, value)])?;
                }
                true
            }
            other => return Err(format!("there is no verb {other}").into()),
        };
        if held { Ok(()) } else { Err("the ticket does not hold".into()) }
    }
}

fn dump(storage: &dyn Storage, study: &StoredStudy) -> Result<Json> {
    let trials = storage.changes_since(study.id, &Cursor::default())?.trials;
    let trials: Vec<Json> = trials
        .iter()
        .map(|trial| {
            let (state, values) = match &trial.state {
                TrialState::Waiting => ("WAITING", Vec::new()),
                TrialState::Running => ("RUNNING", Vec::new()),
                TrialState::Complete(values) => ("COMPLETE", values.clone()),
                TrialState::Pruned(value) => ("PRUNED", value.iter().copied().collect()),
                TrialState::Failed(_) => ("FAIL", Vec::new()),
            };
            let intermediate: Vec<Json> = trial.intermediate.iter().map(|x| json!([x.step, finite(x.value)])).collect();
            json!({
                "number": trial.number,
                "state": state,
                "values": values.into_iter().map(finite).collect::<Vec<_>>(),
                "parameters": trial.parameters.iter().map(parameter).collect::<Vec<_>>(),
                "intermediate": intermediate,
                "attributes": scoped(&trial.attributes),
                "began": trial.began,
                "ended": trial.ended,
            })
        })
        .collect();
    let direction = |direction: &Direction| if *direction == Direction::Maximize { "MAXIMIZE" } else { "MINIMIZE" };
    Ok(json!({
        "study": study.name,
        "directions": study.directions.iter().map(direction).collect::<Vec<_>>(),
        "attributes": scoped(&study.attributes),
        "trials": trials,
    }))
}

fn scoped(attributes: &std::collections::BTreeMap<(Scope, String), Json>) -> Json {
    attributes.iter().map(|((scope, key), value)| json!([format!("{scope:?}"), key, value])).collect()
}

fn parameter(StoredParameter { name, value, distribution }: &StoredParameter) -> Json {
    let value = match value {
        Value::Float(x) => json!(x),
        Value::Int(x) => json!(x),
        Value::Choice(i) => json!(i),
    };
    match distribution {
        Distribution::Float { low, high, log, step } => {
            json!({"name": name, "value": value, "kind": "float", "low": low, "high": high, "log": log, "step": step})
        }
        Distribution::Int { low, high, log, step } => {
            json!({"name": name, "value": value, "kind": "int", "low": low, "high": high, "log": log, "step": step})
        }
        Distribution::Categorical { choices } => {
            let choice = |choice: &Choice| match choice {
                Choice::Null => Json::Null,
                Choice::Bool(x) => json!(x),
                Choice::Int(x) => json!(x),
                Choice::Float(x) => finite(*x),
                Choice::Text(x) => json!(x),
            };
            let choices: Vec<Json> = choices.iter().map(choice).collect();
            json!({"name": name, "value": value, "kind": "categorical", "choices": choices})
        }
    }
}

fn finite(x: f64) -> Json {
    if x.is_finite() {
        json!(x)
    } else if x.is_nan() {
        json!("nan")
    } else {
        json!(x.to_string())
    }
}

fn text<'a>(json: &'a Json, key: &'static str) -> Result<&'a str> {
    Ok(json[key].as_str().ok_or(key)?)
}

fn list<'a>(json: &'a Json, key: &'static str) -> Result<&'a Vec<Json>> {
    Ok(json[key].as_array().ok_or(key)?)
}

fn number_of(json: &Json) -> Result<f64> {
    match json.as_str() {
        Some(text) => Ok(text.parse()?),
        None => Ok(json.as_f64().ok_or("a number is missing")?),
    }
}

fn attributes(json: &Json) -> Result<Vec<(Scope, String, Json)>> {
    let Some(attributes) = json["attributes"].as_array() else { return Ok(Vec::new()) };
    let attribute = |attribute: &Json| {
        let scope = match attribute[0].as_str() {
            Some("User") => Scope::User,
            Some("System") => Scope::System,
            _ => Scope::Private,
        };
        Ok((scope, attribute[1].as_str().ok_or("a key is missing")?.to_owned(), attribute[2].clone()))
    };
    attributes.iter().map(attribute).collect()
}

fn parameters(json: &Json) -> Result<Vec<StoredParameter>> {
    let parameter = |p: &Json| {
        let log = p["log"].as_bool().unwrap_or_default();
        let int = |key: &'static str| p[key].as_i64().ok_or(key);
        let (value, distribution) = match text(p, "kind")? {
            "float" => {
                let (low, high, step) = (number_of(&p["low"])?, number_of(&p["high"])?, p["step"].as_f64());
                (Value::Float(number_of(&p["value"])?), Distribution::Float { low, high, log, step })
            }
            "int" => {
                let (low, high, step) = (int("low")?, int("high")?, int("step")?);
                (Value::Int(int("value")?), Distribution::Int { low, high, log, step })
            }
            _ => {
                let choice = |choice: &Json| match choice {
                    Json::Bool(x) => Choice::Bool(*x),
                    Json::Number(x) => {
                        x.as_i64().map_or_else(|| Choice::Float(x.as_f64().unwrap_or_default()), Choice::Int)
                    }
                    Json::String(x) => Choice::Text(x.clone()),
                    _ => Choice::Null,
                };
                let choices = list(p, "choices")?.iter().map(choice).collect();
                (Value::Choice(usize::try_from(int("value")?)?), Distribution::Categorical { choices })
            }
        };
        Ok(StoredParameter { name: text(p, "name")?.to_owned(), value, distribution })
    };
    list(json, "parameters")?.iter().map(parameter).collect()
}
