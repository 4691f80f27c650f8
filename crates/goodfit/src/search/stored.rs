//! From what a study keeps back to a recipe.

use goodfit_tune::storage::{Scope, StoredParameter, StoredStudy, StoredTrial};
use goodfit_tune::{Distribution, Value};
use serde_json::Value as Json;

use super::rescore::retrained;
use super::words;
use crate::recipe::{Experiment, FIELDS, Layer, RecipeError, Settings, Value as Setting};

/// The recipe of one trial: the settings that its study was begun with, and the trial's values in place of the search
/// space.
///
/// It validates on the rows that the trial was ranked by: those that were split off, or the same folds (`data.folds`) of a table,
/// so that `train` keeps a network of all rows; what is no table has no such folds, and splits off as many rows as one has.
///
/// # Errors
/// When the study keeps no recipe, as one that another program made, or its values make none.
pub fn trial_recipe(study: &StoredStudy, trial: &StoredTrial) -> Result<Experiment, RecipeError> {
    let kept = |key: &str| study.attributes.get(&(Scope::Private, key.to_owned()));
    let toml = |path: &str| kept(path).and_then(Json::as_str);
    let file = format!("study {:?}", study.name);
    if !keeps_recipe(study) {
        let error = RecipeError::new(format!("{file} keeps no recipe: `goodfit search` did not begin it"));
        return Err(error.hint("`goodfit study show` shows the values of its trials"));
    }
    let mut settings = Settings::parse(&file, &head(study, trial, toml("search.metric")))?;
    let folds = toml("search.folds");
    let of_table = kept("data.target").is_some();
    if let Some(folds) = folds.filter(|_| of_table) {
        settings.set_toml("data.folds", folds, Layer::File)?;
    }
    // What the folds say in their place.
    let is_said = |path: &str| folds.is_some() && ["data.validation", "training.refit"].contains(&path);
    let tables = ["data", "network", "training"];
    for field in FIELDS.iter().filter(|field| tables.contains(&field.table()) && !is_said(field.path)) {
        let Some(value) = toml(field.path) else { continue };
        // A study keeps defaults as well, and a recipe that sets them all would hardly be read.
        if settings.get(field.path).is_none_or(|default| default.to_string() != value) {
            settings.set_toml(field.path, value, Layer::File)?;
        }
    }
    if let Some(folds) = folds.filter(|_| !of_table).and_then(|folds| folds.parse::<f64>().ok()) {
        settings.set_toml("data.validation", &Setting::Number(1.0 / folds).to_string(), Layer::File)?;
    }
    let splits = settings.get("data.validation").and_then(|share| share.number()) > Some(0.0);
    if let (true, false, Some(seed)) = (splits, settings.is_set("data.split_seed"), kept("seed")) {
        settings.set_toml("data.split_seed", &seed.to_string(), Layer::File)?;
    }
    for parameter in &trial.parameters {
        settings.set_toml(&parameter.name, &text(parameter), Layer::Arm)?;
    }
    Experiment::resolve(&study.name, settings.without_unused())
}

/// Whether `goodfit search` began a study, so that it keeps a recipe and its choices are TOML.
pub fn keeps_recipe(study: &StoredStudy) -> bool {
    study.attributes.contains_key(&(Scope::Private, "data.source".to_owned()))
}

/// Where the recipe comes from, as the comment at its head.
fn head(study: &StoredStudy, trial: &StoredTrial, metric: Option<&str>) -> String {
    let metric = metric.map_or("value", |metric| metric.trim_matches('"'));
    let value = super::value(trial);
    let again = retrained(trial)
        .map_or_else(String::new, |score| format!(" in the search, {} when retrained", words::number(score.mean)));
    let score = if value.is_nan() { String::new() } else { format!(", {metric} {}{again}", words::number(value)) };
    format!("# Trial {} of the study {:?}{score}.\n", trial.number, study.name)
}

/// A value as TOML: the study keeps choices as such.
fn text(parameter: &StoredParameter) -> String {
    match (parameter.value, &parameter.distribution) {
        (Value::Float(x), _) => Setting::Number(x).to_string(),
        (Value::Int(n), _) => n.to_string(),
        (Value::Choice(i), Distribution::Categorical { choices }) => {
            choices.get(i).map(ToString::to_string).unwrap_or_default()
        }
        (Value::Choice(i), _) => i.to_string(),
    }
}
