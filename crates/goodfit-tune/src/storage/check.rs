//! What every storage refuses to keep.

use super::{Finish, NewStudy, NewTrial, Series, StorageError, StoredParameter};
use crate::{Distribution, Intermediate, TrialState, Value};

/// The longest name and the longest key, in characters: what the columns of a database take.
const LONGEST: usize = 512;

fn invalid<T>(what: String) -> Result<T, StorageError> {
    Err(StorageError::Invalid { what })
}

pub(super) fn study(study: &NewStudy) -> Result<(), StorageError> {
    if study.directions.len() != 1 {
        return invalid(format!("study \"{}\": it needs one objective, got {}", study.name, study.directions.len()));
    }
    name("the name of a study", &study.name)
}

pub(super) fn trial(trial: &NewTrial) -> Result<(), StorageError> {
    parameters(&trial.parameters)
}

pub(super) fn parameters(parameters: &[StoredParameter]) -> Result<(), StorageError> {
    for (i, StoredParameter { name: this, value, distribution }) in parameters.iter().enumerate() {
        name("the name of a parameter", this)?;
        if parameters[..i].iter().any(|other| other.name == *this) {
            return invalid(format!("parameter {this}: it stands there twice"));
        }
        // A point that somebody has chosen may lie outside its range.
        let fits = match (distribution, value) {
            (Distribution::Float { .. }, Value::Float(x)) => x.is_finite(),
            (Distribution::Int { .. }, Value::Int(_)) => true,
            (Distribution::Categorical { choices }, Value::Choice(i)) => *i < choices.len(),
            _ => false,
        };
        if !fits {
            return invalid(format!("parameter {this}: {value:?} is no value of its distribution"));
        }
    }
    Ok(())
}

/// A name has one kind of distribution in all trials of a study, though its range may change.
pub(super) fn kind(name: &str, before: &Distribution, now: &Distribution) -> Result<(), StorageError> {
    let same = match (before, now) {
        (Distribution::Float { log: a, .. }, Distribution::Float { log: b, .. })
        | (Distribution::Int { log: a, .. }, Distribution::Int { log: b, .. }) => a == b,
        (Distribution::Categorical { choices: a }, Distribution::Categorical { choices: b }) => a == b,
        _ => false,
    };
    if same {
        return Ok(());
    }
    invalid(format!("parameter {name}: its kind, scale and choices cannot change within a study"))
}

pub(super) fn intermediate(intermediate: &Intermediate) -> Result<(), StorageError> {
    if i64::try_from(intermediate.step).is_ok() {
        return Ok(());
    }
    invalid(format!("step {}: steps are kept up to {}", intermediate.step, i64::MAX))
}

pub(super) fn finish(outcome: &Finish) -> Result<(), StorageError> {
    match &outcome.state {
        TrialState::Waiting | TrialState::Running => {
            return invalid(format!("the state {:?} is not one of an end", outcome.state));
        }
        TrialState::Complete(values) => match values[..] {
            [value] if !value.is_nan() => {}
            _ => return invalid(format!("a complete trial needs one value that is a number, got {values:?}")),
        },
        TrialState::Pruned(Some(value)) if value.is_nan() => {
            return invalid("the value of a pruned trial is a number or missing, got NaN".to_owned());
        }
        TrialState::Pruned(_) | TrialState::Failed(_) => {}
    }
    outcome.intermediate.iter().try_for_each(intermediate)?;
    outcome.curves.iter().try_for_each(series)
}

fn series(series: &Series) -> Result<(), StorageError> {
    let Series { name, steps, values } = series;
    if steps.len() != values.len() {
        return invalid(format!("curve {name}: {} steps, but {} values", steps.len(), values.len()));
    }
    if !steps.is_sorted_by(|a, b| a < b) {
        return invalid(format!("curve {name}: its steps do not rise"));
    }
    Ok(())
}

fn name(what: &str, name: &str) -> Result<(), StorageError> {
    let n = name.chars().count();
    if (1..=LONGEST).contains(&n) {
        return Ok(());
    }
    invalid(format!("{what} has 1 to {LONGEST} characters, got {n}"))
}
