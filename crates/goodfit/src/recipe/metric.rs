//! Checks of the score that decides: whether it is one of what is predicted, and whether it is recorded.

use crate::model::Metric;
use crate::recipe::error::RecipeError;
use crate::recipe::settings::Settings;
use crate::recipe::typed::{Evaluation, Length, Recipe, Source, StoppingMetric};

/// What contradicts itself in what decides. `free` are fields that arms or trials set.
pub(crate) fn check(settings: &Settings, recipe: &Recipe, free: &[&str]) -> Vec<RecipeError> {
    let training = &recipe.training;
    let mut faults = Vec::new();
    let mut fault = |path: &str, involved: &[&str], but: &str, hint: &str| {
        if !involved.iter().any(|path| free.contains(path)) {
            let word = settings.text(path).unwrap_or_default();
            faults.push(settings.fault(path, format!("{path} is \"{word}\", but {but}")).hint(hint));
        }
    };
    if let (StoppingMetric::Score(metric), true) =
        (training.stopping_metric, settings.is_set("training.stopping_metric"))
        && metric.is_of_classes() != recipe.classifies()
    {
        let involved = ["training.stopping_metric", "training.loss"];
        fault(involved[0], &involved, other_targets(recipe), &format!("loss, {}", those_that_fit(recipe)));
    }
    let Some(metric) = training.metric else { return faults };
    let path = "training.metric";
    if matches!(recipe.data.source, Source::Normal { .. }) {
        fault(path, &[path, "data.source"], "data.source is \"normal\", which has no targets", "leave it out");
    } else if metric.is_of_classes() != recipe.classifies() {
        fault(path, &[path, "training.loss"], other_targets(recipe), &those_that_fit(recipe));
    } else if training.length == Length::Steps(0) {
        fault(path, &[path, "training.steps"], "training.steps is 0, so that nothing is trained", "leave it out");
    } else if training.evaluate_every == Some(0) {
        let but = "training.evaluate_every is 0, so that nothing is evaluated";
        fault(path, &[path, "training.evaluate_every"], but, "leave training.evaluate_every out");
    }
    faults
}

/// Why the curve of a score cannot decide, and what to do about it; `None` where it can, or is no score.
pub(crate) fn unfit(curve: &str, recipe: &Recipe) -> Option<(String, String)> {
    let metric = Metric::of_curve(curve)?;
    if metric.is_of_classes() != recipe.classifies() {
        let rows = curve.split('_').next().unwrap_or_default();
        return Some((
            other_targets(recipe).to_owned(),
            format!("{rows}_loss, or {rows}_ with {}", those_that_fit(recipe)),
        ));
    }
    if matches!(metric, Metric::Accuracy | Metric::Rmse) {
        return None;
    }
    if recipe.training.metric != Some(metric) {
        let word = metric.word();
        return Some((
            "that is not recorded".to_owned(),
            format!("training.metric = \"{word}\" records it, and lets it decide"),
        ));
    }
    let evaluates = recipe.data.validates() || recipe.data.evaluation == Evaluation::Test;
    (curve.starts_with("train_") && evaluates).then(|| {
        let rows = if recipe.data.evaluation == Evaluation::Test { "test" } else { "validation" };
        let but = format!("of the training rows that is not recorded where there are {rows} rows");
        (but, format!("{rows}_{}", metric.word()))
    })
}

fn other_targets(recipe: &Recipe) -> &'static str {
    if recipe.classifies() { "classes are predicted" } else { "training.loss is \"mean-squared-error\"" }
}

/// The scores of what is predicted, as one lists them.
fn those_that_fit(recipe: &Recipe) -> String {
    let words: Vec<&str> = Metric::ALL
        .iter()
        .filter(|metric| metric.is_of_classes() == recipe.classifies())
        .map(|one| one.word())
        .collect();
    let (last, others) = words.split_last().unwrap_or((&"", &[]));
    format!("{} or {last}", others.join(", "))
}
