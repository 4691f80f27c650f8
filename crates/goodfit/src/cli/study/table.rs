//! Studies and trials for people.

use goodfit_tune::storage::{StoredStudy, StoredTrial};
use goodfit_tune::{Direction, TrialState};
use serde_json::Value as Json;

use super::super::columns::{Side, aligned};
use super::super::visible::visible;
use super::Found;
use super::export::{names, parameter, state, values};
use crate::search::{number, retrained};

/// What a direction is called.
pub(super) fn word(direction: Direction) -> &'static str {
    match direction {
        Direction::Minimize => "minimize",
        Direction::Maximize => "maximize",
    }
}

/// A study a line: its best trial by the value in the search, and the winner by the mean of fresh seeds.
pub(super) fn studies(found: &[Found]) -> String {
    let head = ["study", "direction", "trials", "complete", "best", "trial", "winner", "retrained"];
    let mut rows = vec![head.map(str::to_owned).to_vec()];
    for one in found {
        let (best, winner) = (one.best_of_search(), one.winner());
        let complete = one.trials.iter().filter(|trial| matches!(trial.state, TrialState::Complete(_))).count();
        rows.push(vec![
            one.study.name.clone(),
            directions(&one.study),
            one.trials.len().to_string(),
            complete.to_string(),
            best.map_or_else(String::new, |trial| shown(&trial.state)),
            best.map_or_else(String::new, |trial| trial.number.to_string()),
            winner.map_or_else(String::new, |trial| trial.number.to_string()),
            winner.and_then(retrained).map_or_else(String::new, |score| number(score.mean)),
        ]);
    }
    let mut sides = vec![Side::Left; 2];
    sides.resize(head.len(), Side::Right);
    aligned(&rows, &sides)
}

/// A trial a line, with a column for each parameter; complete trials have a rank.
pub(super) fn trials(study: &StoredStudy, trials: &[&StoredTrial]) -> String {
    let names = names(trials.iter().copied());
    let mut out = format!("{} ({}), {}\n", visible(&study.name), directions(study), counts(trials));
    let mut head = ["rank", "trial", "state", "value"].map(str::to_owned).to_vec();
    head.extend(names.iter().map(|name| (*name).to_owned()));
    let mut rows = vec![head];
    for (rank, trial) in (1..).zip(trials) {
        let complete = matches!(trial.state, TrialState::Complete(_));
        let state = match &trial.state {
            TrialState::Failed(reason) if !reason.is_empty() => format!("failed: {}", reason.replace('\n', " ")),
            other => state(other).to_owned(),
        };
        let rank = if complete && study.directions.len() == 1 { format!("{rank}") } else { String::new() };
        let mut row = vec![rank, trial.number.to_string(), state, shown(&trial.state)];
        row.extend(names.iter().map(|name| {
            let found = trial.parameters.iter().find(|parameter| parameter.name == **name);
            found.map_or_else(String::new, |found| plain(&parameter(found)))
        }));
        rows.push(row);
    }
    let mut sides = vec![Side::Right, Side::Right, Side::Left, Side::Right];
    sides.resize(4 + names.len(), Side::Left);
    out += &aligned(&rows, &sides);
    out
}

/// `trial 7: 0.85 | training.learning_rate = 0.0123, network.activation = relu`; of a winner
/// `trial 7: 0.85 in the search, 0.792 when retrained (mean of 5 seeds) | ..`.
pub(super) fn line(trial: &StoredTrial) -> String {
    let parameters = trial.parameters.iter().map(|one| format!("{} = {}", one.name, plain(&parameter(one))));
    let parameters = parameters.collect::<Vec<_>>().join(", ");
    let parameters = visible(&parameters);
    let again = retrained(trial).map_or_else(String::new, |score| {
        format!(" in the search, {} when retrained (mean of {} seeds)", number(score.mean), score.n)
    });
    format!("trial {}: {}{again} | {parameters}\n", trial.number, shown(&trial.state))
}

fn directions(study: &StoredStudy) -> String {
    study.directions.iter().map(|direction| word(*direction)).collect::<Vec<_>>().join(", ")
}

/// `12 trials: 10 complete, 2 pruned`
fn counts(trials: &[&StoredTrial]) -> String {
    let mut counts = Vec::new();
    for wanted in ["complete", "pruned", "failed", "running", "waiting"] {
        let n = trials.iter().filter(|trial| state(&trial.state) == wanted).count();
        if n > 0 {
            counts.push(format!("{n} {wanted}"));
        }
    }
    let trials = if trials.len() == 1 { "1 trial".to_owned() } else { format!("{} trials", trials.len()) };
    if counts.is_empty() { trials } else { format!("{trials}: {}", counts.join(", ")) }
}

/// The values of a trial.
fn shown(state: &TrialState) -> String {
    values(state).iter().map(|value| number(*value)).collect::<Vec<_>>().join(", ")
}

fn plain(value: &Json) -> String {
    match value {
        Json::String(text) => text.replace('\n', " "),
        Json::Number(n) if n.is_f64() => n.as_f64().map_or_else(String::new, number),
        other => other.to_string(),
    }
}
