//! Checks of what rows are split by.

use goodfit_nn::Loss;

use crate::recipe::error::RecipeError;
use crate::recipe::settings::Settings;
use crate::recipe::typed::{Recipe, Split};
use crate::recipe::value::Value;

/// What contradicts itself in how rows are split. `free` are fields that arms or trials set.
pub(crate) fn check(settings: &Settings, recipe: &Recipe, free: &[&str]) -> Vec<RecipeError> {
    let mut faults = Vec::new();
    let mut fault = |path: &str, involved: &[&str], message: &str, hint: &str| {
        if !involved.iter().any(|path| free.contains(path)) {
            faults.push(settings.fault(path, message).hint(hint));
        }
    };
    if recipe.data.split == Split::Stratified && recipe.training.loss == Loss::MeanSquaredError {
        let message = "data.split is \"stratified\", but numbers are predicted, which have no classes";
        fault("data.split", &["data.split", "training.loss"], message, "data.split = \"random\"");
    }
    if settings.text("data.test_file").as_deref() == Some("-") {
        let message = "data.test_file is -, but the standard input can be read only once";
        fault("data.test_file", &["data.test_file"], message, "save it to a file first");
    }
    let weight = settings.text("data.weight");
    let target = settings.text("data.target");
    let kinds = settings.get("data.kinds");
    for path in ["data.group", "data.time", "data.split_column"] {
        let Some(column) = settings.text(path) else { continue };
        if target.as_ref() == Some(&column) {
            let message = format!("{path} is {column:?}, which is the target");
            fault(path, &[path, "data.target"], &message, "a column that is known before the target is");
        }
        if weight.as_ref() == Some(&column) && path != "data.time" {
            let by = if path == "data.group" { "grouped" } else { "split" };
            let message = format!("data.weight is {column:?}, which is what rows are {by} by ({path})");
            fault("data.weight", &[path, "data.weight"], &message, "a column of numbers, or leave it out");
        }
        let kind = kinds.as_ref().and_then(|kinds| kinds.get(&column)).map(Value::shown);
        if let Some(kind) = kind.filter(|kind| path != "data.time" && kind != "\"unused\"") {
            let message = format!("{path} is {column:?}, which is no input, but data.kinds says {kind}");
            fault(path, &[path, "data.kinds"], &message, "leave it out of data.kinds");
        }
    }
    faults
}
