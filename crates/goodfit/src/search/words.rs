//! Trials in words, in the form of the chapter.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value as Json;

use super::rescore::Rescored;
use crate::model::Metric;
use crate::recipe::{SearchRecipe, Values, target};
use crate::results::{DataSummary, Finding, Results, Trial, Winner};

/// Trials that the ranking prints, as in the chapter.
const N_RANKED: usize = 20;

/// Trials whose ranges say where to search next, as in the chapter.
const N_BEST: usize = 5;

/// The name of a trial as an arm.
pub(super) fn name(number: usize) -> String {
    format!("trial {number}")
}

/// `val acc:0.62 | lr:0.00311823, weight decay:3.03e-06`
pub fn trial_line(trial: &Trial, metric: &str) -> String {
    match &trial.reason {
        Some(reason) => format!("{reason} | {}", values(&trial.settings)),
        None => format!("{} | {}", scored(trial.value, metric), values(&trial.settings)),
    }
}

/// The best trials, `Best-1(val acc:0.79) | lr:.., weight decay:..`, one a line.
pub fn ranking(results: &Results) -> String {
    let mut out = String::new();
    let complete = results.trials.iter().filter(|trial| trial.reason.is_none());
    for (rank, trial) in (1..=N_RANKED).zip(complete) {
        let score = scored(trial.value, &results.primary_metric);
        let _ = writeln!(out, "Best-{rank}({score}) | {}", values(&trial.settings));
    }
    for state in ["pruned", "failed"] {
        let n = results.trials.iter().filter(|trial| trial.state == state).count();
        if n > 0 {
            let _ = writeln!(out, "{n} of {} trials {state}", results.trials.len());
        }
    }
    out
}

/// The best score so far, for a live view: `val acc:0.79`.
pub(super) fn best(value: f64, metric: &str) -> String {
    format!("best {}", scored(value, metric))
}

/// `val acc:0.79`
pub(super) fn scored(value: f64, metric: &str) -> String {
    format!("{}:{}", score(metric), number(value))
}

/// What a search found, in sentences: what its winner scores when trained again, and what the chapter reads off its
/// ranking, the range of each parameter among the best trials.
pub(super) fn findings(results: &Results, search: &SearchRecipe) -> Vec<Finding> {
    let (data, ranked) = (&results.data, &results.trials);
    let mut findings: Vec<Finding> = results
        .search
        .iter()
        .filter_map(|search| {
            let won = search.winner.as_ref()?;
            let mut again = ranked.iter().filter(|trial| trial.rescored.is_some());
            let beats_found = search.is_set(won.trial) && again.any(|trial| !search.is_set(trial.trial));
            winner(won, beats_found, &results.primary_metric, data)
        })
        .collect();
    let best: Vec<&Trial> = ranked.iter().filter(|trial| trial.reason.is_none()).take(N_BEST).collect();
    if best.len() < N_BEST {
        return findings;
    }
    let finding = |dimension: &crate::recipe::Dimension| {
        let (low, high, log) = match dimension.values {
            Values::Float { low, high, log, .. } => (low, high, log),
            Values::Int { low, high, log, .. } => (low as f64, high as f64, log),
            Values::Choices(_) => return None,
        };
        // A field with a condition is not there in all of them.
        let values: Vec<f64> = best.iter().filter_map(|trial| trial.settings.get(&dimension.path)?.as_f64()).collect();
        let (least, most) = values.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), &x| (a.min(x), b.max(x)));
        let which = match values.len() {
            0 => return None,
            N_BEST => String::new(),
            n => format!(", in {n} of them,"),
        };
        Some(Finding {
            statement: format!(
                "among the best {N_BEST} trials the {}{which} lies between {} and {}",
                dimension.label,
                number(least),
                number(most)
            ),
            evidence: format!(
                "{} {} to {}{}; {} trials ranked by {} on {} rows of {}",
                // That sampler goes beyond the range of the recipe where trials are good there.
                if search.sampler == "narrow" { "the first round searched from" } else { "searched from" },
                number(low),
                number(high),
                if log { " on a log scale" } else { "" },
                ranked.len(),
                search.metric,
                super::ranking_rows(search, data),
                data.source
            ),
            next: String::new(),
        })
    };
    findings.extend(search.space.iter().filter_map(finding));
    findings
}

/// The score that the winner was chosen by, and the one to believe; and whether the recipe sets it and others, which were
/// found, were trained again beside it.
fn winner(winner: &Winner, beats_found: bool, metric: &str, data: &DataSummary) -> Option<Finding> {
    let found = winner.score?;
    let mut evidence = format!("mean of {} further seeds and its 95 % interval", winner.seeds.len());
    if let Some(error) = winner.row_error {
        let _ = write!(evidence, "; the {} validation rows of {} alone leave {error:.3}", winner.rows, data.source);
    }
    if beats_found {
        evidence +=
            "; the recipe sets this trial (search.enqueue), and none that was found and trained again is better";
    }
    Some(Finding {
        statement: format!(
            "trial {}: {} {} in the search, {:.3} ({:.3} to {:.3}) when retrained",
            winner.trial,
            score(metric),
            number(winner.searched),
            found.mean,
            winner.ci95[0],
            winner.ci95[1]
        ),
        evidence,
        next: String::new(),
    })
}

/// That there was no time for as many finalists or seeds as were asked for.
pub(super) fn short_of_time(found: &Rescored, search: &SearchRecipe) -> Finding {
    let (fresh, further) = (found.n_fresh(), found.n_further());
    let statement = match found.finalists.len() {
        0 => "--seconds left no time to train the best trials again, so that the score of the winner flatters it"
            .to_owned(),
        1 => format!(
            "--seconds left time to train the best trial again with {fresh} fresh seeds and {further} further ones, and no other"
        ),
        n => format!(
            "--seconds left time to train {n} finalists again with {fresh} fresh seeds each, and the winner with {further} further \
             ones"
        ),
    };
    let evidence = format!(
        "search.finalists = {} and search.rescore_seeds = {} were asked for, and trials took too long for that",
        search.finalists, search.rescore_seeds
    );
    Finding { statement, evidence, next: "more --seconds".to_owned() }
}

/// `lr:0.00311823, weight decay:3.03e-06`
pub(super) fn values(settings: &BTreeMap<String, Json>) -> String {
    let value = |(path, value): (&String, &Json)| {
        let shown = value.as_f64().map_or_else(|| value.to_string().replace('"', ""), number);
        format!("{}:{shown}", label(path))
    };
    // A choice whose own value is drawn beside it is said by that.
    let is_said =
        |path: &str| settings.keys().any(|other| other.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')));
    settings.iter().filter(|(path, _)| !is_said(path)).map(value).collect::<Vec<_>>().join(", ")
}

/// What the chapter calls a field, else its label.
pub(super) fn label(path: &str) -> String {
    match path {
        "training.learning_rate" => "lr".to_owned(),
        _ => target(path).map_or_else(|_| path.to_owned(), |target| target.field.label.to_owned()),
    }
}

/// What the chapter calls a metric.
fn score(metric: &str) -> &str {
    match metric {
        "validation_accuracy" => "val acc",
        "validation_loss" => "val loss",
        _ => Metric::of_curve(metric).map_or(metric, |score| score.name()),
    }
}

/// A number with up to 6 significant digits, as Python prints it: 0.0031, 3.03e-06.
pub fn number(x: f64) -> String {
    if !x.is_finite() || x == 0.0 {
        return format!("{x}");
    }
    let rounded: f64 = format!("{x:.5e}").parse().unwrap_or(x);
    if (1e-4..1e16).contains(&rounded.abs()) {
        return format!("{rounded}");
    }
    let text = format!("{rounded:e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    format!("{digits}e{}{:02}", if exponent < 0 { '-' } else { '+' }, exponent.abs())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_that_is_drawn_for_a_choice_stands_in_its_place() {
        let shown = |settings: &[(&str, Json)]| {
            values(&settings.iter().map(|(path, value)| ((*path).to_owned(), value.clone())).collect())
        };
        let choice = ("training.weight_decay", serde_json::json!({ "decoupled": 3e-4 }));
        let drawn = ("training.weight_decay.decoupled", Json::from(0.01));
        assert_eq!(shown(&[("network.depth", Json::from(2)), choice, drawn]), "depth:2, weight decay:0.01");
        assert_eq!(shown(&[("training.weight_decay", Json::from(0.0))]), "weight decay:0");
    }

    #[test]
    fn a_trial_in_the_form_of_the_chapter() {
        let settings = [("training.learning_rate", 0.003_118_234_9), ("training.weight_decay", 3.03e-6)];
        let settings = settings.map(|(path, value)| (path.to_owned(), Json::from(value))).into();
        let trial = Trial { trial: 0, state: "complete".into(), reason: None, value: 0.62, settings, rescored: None };
        assert_eq!(trial_line(&trial, "validation_accuracy"), "val acc:0.62 | lr:0.00311823, weight decay:3.03e-06");
    }
}
