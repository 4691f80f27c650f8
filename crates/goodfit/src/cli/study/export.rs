//! Trials for other programs.

use goodfit_tune::storage::{Scope, StoredParameter, StoredTrial, time_text};
use goodfit_tune::{Choice, Distribution, TrialState, Value};
use serde_json::{Map, Value as Json, json};

use crate::results::Summary;
use crate::search::{rescored, retrained};

/// The names of all parameters, by their first appearance.
pub(super) fn names<'a>(trials: impl IntoIterator<Item = &'a StoredTrial>) -> Vec<&'a str> {
    let mut names = Vec::new();
    for parameter in trials.into_iter().flat_map(|trial| &trial.parameters) {
        if !names.contains(&parameter.name.as_str()) {
            names.push(parameter.name.as_str());
        }
    }
    names
}

/// What a state is called.
pub(super) fn state(state: &TrialState) -> &'static str {
    match state {
        TrialState::Waiting => "waiting",
        TrialState::Running => "running",
        TrialState::Complete(_) => "complete",
        TrialState::Pruned(_) => "pruned",
        TrialState::Failed(_) => "failed",
    }
}

/// One value for each objective; of a pruned trial the last it reported.
pub(super) fn values(state: &TrialState) -> &[f64] {
    match state {
        TrialState::Complete(values) => values,
        TrialState::Pruned(value) => value.as_slice(),
        _ => &[],
    }
}

/// A parameter as itself: of a choice what was chosen.
pub(super) fn parameter(parameter: &StoredParameter) -> Json {
    match (parameter.value, &parameter.distribution) {
        (Value::Float(x), _) => number(x),
        (Value::Int(n), _) => Json::from(n),
        (Value::Choice(i), Distribution::Categorical { choices }) => match choices.get(i) {
            None | Some(Choice::Null) => Json::Null,
            Some(Choice::Bool(x)) => Json::from(*x),
            Some(Choice::Int(n)) => Json::from(*n),
            Some(Choice::Float(x)) => number(*x),
            Some(Choice::Text(text)) => Json::from(text.as_str()),
        },
        (Value::Choice(i), _) => Json::from(i),
    }
}

/// JSON has no words for what is not finite, so that this stands as a text.
fn number(x: f64) -> Json {
    if x.is_finite() { Json::from(x) } else { Json::from(x.to_string()) }
}

/// A line a trial: number, state, value (one for each objective where there are several), times, parameters.
pub(super) fn csv(trials: &[StoredTrial]) -> String {
    let names = names(trials);
    let n_values = trials.iter().map(|trial| values(&trial.state).len()).max().unwrap_or(1).max(1);
    let mut head = vec!["number".to_owned(), "state".to_owned()];
    head.extend((1..=n_values).map(|i| if n_values == 1 { "value".to_owned() } else { format!("value {i}") }));
    head.extend(["began".to_owned(), "ended".to_owned()]);
    head.extend(names.iter().map(|name| (*name).to_owned()));
    let rows = trials.iter().map(|trial| {
        let mut row = vec![trial.number.to_string(), state(&trial.state).to_owned()];
        let values = values(&trial.state);
        row.extend((0..n_values).map(|i| values.get(i).map_or_else(String::new, |value| format!("{value:?}"))));
        row.extend([trial.began, trial.ended].map(|time| time.map_or_else(String::new, time_text)));
        row.extend(names.iter().map(|name| {
            let found = trial.parameters.iter().find(|parameter| parameter.name == **name);
            match found.map(parameter) {
                None => String::new(),
                Some(Json::String(text)) => text,
                Some(value) => value.to_string(),
            }
        }));
        row
    });
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in std::iter::once(head).chain(rows) {
        // Writing into memory does not fail, and all rows have the same length.
        let _ = writer.write_record(row);
    }
    String::from_utf8(writer.into_inner().unwrap_or_default()).unwrap_or_default()
}

/// A trial with all that other programs may want of it.
pub(super) fn trial(trial: &StoredTrial) -> Json {
    let values: Vec<Json> = values(&trial.state).iter().map(|value| number(*value)).collect();
    let parameters: Map<_, _> = trial.parameters.iter().map(|one| (one.name.clone(), parameter(one))).collect();
    let attributes = trial.attributes.iter().filter(|((scope, _), _)| *scope == Scope::User);
    let attributes: Map<_, _> = attributes.map(|((_, key), value)| (key.clone(), value.clone())).collect();
    let intermediate: Vec<Json> = trial.intermediate.iter().map(|x| json!([x.step, number(x.value)])).collect();
    let mut whole = json!({
        "number": trial.number,
        "state": state(&trial.state),
        "value": if values.len() == 1 { values[0].clone() } else { Json::Null },
        "began": trial.began.map(time_text),
        "ended": trial.ended.map(time_text),
        "parameters": parameters,
        "attributes": attributes,
        "intermediate": intermediate,
    });
    if values.len() > 1 {
        whole["values"] = Json::from(values);
    }
    for (key, score) in [("rescored", rescored(trial)), ("retrained", retrained(trial))] {
        if let Some(Summary { mean, sd, n }) = score {
            whole[key] = json!({ "mean": number(mean), "sd": number(sd), "n": n });
        }
    }
    if let TrialState::Failed(reason) = &trial.state {
        whole["reason"] = Json::from(reason.as_str());
    }
    whole
}
