//! The command to type next.

use super::experiment::quoted;
use crate::data::table::Scaling;
use crate::recipe::{Recipe, Source, Value};
use crate::results::{Arm, Results};
use crate::statistics::Direction;

/// Options of `compare` that `train` does not take, and whether a value follows.
const OF_COMPARE: [(&str, bool); 5] =
    [("--vary", true), ("--seeds", true), ("--baseline", true), ("--all-pairs", false), ("--resplit", false)];
/// Options that say where and how results are shown.
const OF_SHOWING: [(&str, bool); 4] = [("--jobs", true), ("--out", true), ("--quiet", false), ("--json", false)];

/// Fields of what `train` keeps, of which a comparison keeps nothing.
const NOT_COMPARED: [&str; 2] = ["training.ensemble", "data.folds"];

/// How to get a model of a table after it was compared what to train: the command that was typed, as one of `train` with the
/// settings of the arm whose mean is best.
pub(super) fn training(recipe: &Recipe, results: &Results) -> Option<String> {
    if !matches!(recipe.data.source, Source::Table { .. }) {
        return None;
    }
    let mean = |arm: &&Arm| arm.summary.get(&results.primary_metric).map(|summary| summary.mean);
    let sign = if Direction::of(&results.primary_metric) == Some(Direction::Higher) { -1.0 } else { 1.0 };
    let finite = results.arms.iter().filter(|arm| mean(arm).is_some_and(f64::is_finite));
    let best = finite.min_by(|a, b| (sign * mean(a).unwrap_or(0.0)).total_cmp(&(sign * mean(b).unwrap_or(0.0))))?;
    let words = command(typed(), best);
    Some(format!("a comparison keeps no model; `{words}` keeps one of the arm with the best mean"))
}

/// What to try where the linear model is better than a network on a table whose numbers are clipped and nobody said so: whether
/// that is why, as a comparison of scalings with everything else as it was typed.
pub(super) fn scalings(recipe: &Recipe, results: &Results) -> Option<String> {
    let against = results.assessment.as_ref()?.against_linear.as_ref()?;
    let is_clipped = matches!(recipe.data.source, Source::Table { .. }) && recipe.data.scaling == Scaling::Robust;
    let is_chosen = || typed().any(|word| word.contains("data.scaling"));
    if against.tells() != -1 || !is_clipped || is_chosen() {
        return None;
    }
    let is_typed = |field: &str| typed().any(|word| sets(&word, field));
    if recipe.data.folds.is_some() && !is_typed("data.folds") {
        return None;
    }
    let words = as_verb("compare", typed());
    let single =
        if recipe.training.ensemble > 1 && !is_typed("training.ensemble") { " --set training.ensemble=1" } else { "" };
    Some(format!(
        "robust scaling clips long tails, which a linear model may live by; `{words}{single} --vary \
         data.scaling=robust,standard,quantile` tells whether another scaling is better"
    ))
}

fn typed() -> impl Iterator<Item = String> {
    std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned())
}

/// Whether a word is a value of this field.
fn sets(word: &str, field: &str) -> bool {
    word.strip_prefix("--set=")
        .unwrap_or(word)
        .strip_prefix(field)
        .is_some_and(|rest| rest.trim_start().starts_with('='))
}

/// What was typed, as words of another command, without what that one does not take and without how results are shown.
fn as_verb(verb: &str, typed: impl Iterator<Item = String>) -> String {
    let mut words = vec!["goodfit".to_owned()];
    let is_left_out = |word: &str| verb == "compare" && NOT_COMPARED.iter().any(|field| sets(word, field));
    let mut typed = typed.peekable();
    while let Some(word) = typed.next() {
        if word == "--set" && typed.next_if(|value| is_left_out(value)).is_some() || is_left_out(&word) {
            continue;
        }
        let name = word.split('=').next().unwrap_or_default();
        match OF_COMPARE.iter().chain(&OF_SHOWING).find(|(option, _)| *option == name) {
            Some((_, true)) if name == word => drop(typed.next()),
            Some(_) => {}
            None if words.len() == 1 => words.push(verb.to_owned()),
            None => words.push(quoted(&word)),
        }
    }
    words.join(" ")
}

/// The words of `compare` as those of `train`, with the settings of an arm.
fn command(typed: impl Iterator<Item = String>, arm: &Arm) -> String {
    let mut words = vec![as_verb("train", typed)];
    for (path, json) in &arm.settings {
        let value = Value::from_json(json).map(|value| value.to_string()).unwrap_or_default();
        words.extend(["--set".to_owned(), quoted(&format!("{path}={value}"))]);
    }
    words.join(" ")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_training_as_a_comparison() {
        let typed = "train my.csv --target y --preset plain --jobs 2 --set data.test=0.1 --out=o --quiet";
        let words = as_verb("compare", typed.split(' ').map(str::to_owned));
        assert_eq!(words, "goodfit compare my.csv --target y --preset plain --set data.test=0.1");
        let typed = "train my.csv --set training.ensemble=2 --target y --set=data.folds=3 --set data.seed=1";
        let words = as_verb("compare", typed.split(' ').map(str::to_owned));
        assert_eq!(words, "goodfit compare my.csv --target y --set data.seed=1");
    }

    #[test]
    fn a_comparison_as_a_training() {
        let settings = [("network.hidden", json!([8, 8])), ("training.optimizer", json!("adam"))];
        let settings = settings.map(|(path, value)| (path.to_owned(), value)).into();
        let arm = Arm { settings, ..Arm::default() };
        let typed = "compare my.csv --target y --vary network.hidden=[8],[8,8] --seeds=3 --all-pairs --out o --set data.test=0.1";
        let words = command(typed.split(' ').map(str::to_owned), &arm);
        assert_eq!(
            words,
            "goodfit train my.csv --target y --set data.test=0.1 --set 'network.hidden=[8, 8]' --set \
             'training.optimizer=\"adam\"'"
        );
    }
}
