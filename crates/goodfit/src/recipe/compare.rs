//! `[compare]`: how arms are compared.

use serde_json::Value as Json;

use crate::recipe::error::RecipeError;
use crate::recipe::metric::unfit;
use crate::recipe::settings::Settings;
use crate::recipe::typed::{Evaluation, Length, Recipe, RecordLoss};
use crate::recipe::value::Value;

/// How arms are compared.
#[derive(Clone, Debug, PartialEq)]
pub struct CompareRecipe {
    /// Number of seeds of each arm.
    pub seeds: usize,
    /// The arm the others are held against; `None` = the first.
    pub baseline: Option<Baseline>,
    /// The curve whose last point decides; `None` where nothing is trained or recorded.
    pub metric: Option<String>,
    /// Whether every arm is compared with every other.
    pub all_pairs: bool,
    /// Whether each seed has a split of its own.
    pub resplit: bool,
    /// Fields with their values; the last one varies fastest.
    pub vary: Vec<(String, Vec<Json>)>,
    /// Arms by name with their settings, instead of `vary`.
    pub arms: Vec<(String, Vec<(String, Json)>)>,
    /// Fields with the values of which each arm takes its own best.
    pub tune: Vec<(String, Vec<Json>)>,
    /// Number of seeds that these values are tried with.
    pub tune_seeds: usize,
}

/// Which arm the others are held against.
#[derive(Clone, Debug, PartialEq)]
pub enum Baseline {
    /// By name.
    Name(String),
    /// By some of its settings.
    Settings(Vec<(String, Json)>),
}

/// How settings compare arms.
pub(crate) fn compare(settings: &Settings) -> CompareRecipe {
    let arms = match settings.get("compare.arms") {
        Some(Value::Table(entries)) => {
            entries.iter().map(|entry| (entry.key.name.clone(), by_path(Some(&entry.item.value)))).collect()
        }
        _ => Vec::new(),
    };
    CompareRecipe {
        seeds: settings.count("compare.seeds"),
        baseline: settings.get("compare.baseline").map(|value| match value {
            Value::Text(name) => Baseline::Name(name),
            table => Baseline::Settings(by_path(Some(&table))),
        }),
        metric: settings.text("compare.metric"),
        all_pairs: settings.get("compare.all_pairs") == Some(Value::Bool(true)),
        resplit: settings.get("compare.resplit") == Some(Value::Bool(true)),
        vary: lists(settings.get("compare.vary").as_ref()),
        arms,
        tune: lists(settings.get("compare.tune").as_ref()),
        tune_seeds: settings.count("compare.tune_seeds"),
    }
}

/// Whether the metric that settings name is recorded.
pub(crate) fn check_metric(
    settings: &Settings,
    recipe: &Recipe,
    metric: Option<&str>,
    free: &[&str],
) -> Result<(), RecipeError> {
    if !settings.is_set("compare.metric") || free.iter().any(|path| path.starts_with("data.")) {
        return Ok(());
    }
    let Some(metric) = metric else { return Ok(()) };
    let fault = |why: &str, hint: &str| {
        let message = format!("compare.metric is \"{metric}\", but {why}");
        Err(settings.fault("compare.metric", message).hint(hint))
    };
    let evaluates = recipe.training.evaluate_every != Some(0);
    if recipe.training.length == Length::Steps(0) {
        return fault("training.steps is 0, so that nothing is trained", "leave it out");
    }
    if metric.starts_with("test") && recipe.data.evaluation != Evaluation::Test {
        return fault("the test rows are sealed", "data.evaluation = \"test\" opens them");
    }
    if metric.starts_with("validation") && recipe.data.evaluation == Evaluation::Test {
        return fault("data.evaluation is \"test\"", "data.evaluation = \"validation\"");
    }
    if metric.starts_with("validation") && !recipe.data.validates() {
        return fault("no rows are split off for validation", "data.validation = 0.2");
    }
    if metric == "accuracy_gap" && recipe.data.evaluation != Evaluation::Test && !recipe.data.validates() {
        return fault("there are no rows besides the training rows", "data.validation = 0.2");
    }
    if metric == "accuracy_gap" && !recipe.classifies() {
        return fault("training.loss is \"mean-squared-error\"", "a metric that ends in _loss");
    }
    if let Some((why, hint)) = unfit(metric, recipe) {
        return fault(&why, &hint);
    }
    if !metric.ends_with("train_loss") && !evaluates {
        return fault("training.evaluate_every is 0, which is never", "leave training.evaluate_every out");
    }
    if metric.ends_with("train_loss") && recipe.training.record_loss == RecordLoss::Never {
        return fault("training.record_loss is \"never\"", "training.record_loss = \"before\"");
    }
    Ok(())
}

fn by_path(value: Option<&Value>) -> Vec<(String, Json)> {
    match value {
        Some(Value::Table(entries)) => {
            entries.iter().map(|entry| (entry.key.name.clone(), entry.item.value.to_json())).collect()
        }
        _ => Vec::new(),
    }
}

fn lists(value: Option<&Value>) -> Vec<(String, Vec<Json>)> {
    let list = |json: Json| if let Json::Array(list) = json { list } else { Vec::new() };
    by_path(value).into_iter().map(|(path, json)| (path, list(json))).collect()
}
