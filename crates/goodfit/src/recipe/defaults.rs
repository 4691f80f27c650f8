//! Defaults that follow from other fields.
#![allow(clippy::unnecessary_wraps, reason = "all have the type of the rules in the table of fields")]

use crate::recipe::field::Default::{self, From};
use crate::recipe::settings::Settings;
use crate::recipe::value::Value;

fn word(word: &str) -> Option<Value> {
    Some(Value::Text(word.to_owned()))
}

fn is(settings: &Settings, path: &str, word: &str) -> bool {
    settings.get(path) == Some(Value::Text(word.to_owned()))
}

fn validates(settings: &Settings) -> bool {
    settings.is_set("search.folds")
        || settings.is_set("data.folds")
        || settings.get("data.validation").and_then(|value| value.number()).is_some_and(|share| share > 0.0)
}

/// The default of `data.test`.
pub(crate) const TEST: Default = From { fields: &["data.target"], rule: "0.2 of a table", value: test };

/// The default of `data.validation`.
pub(crate) const VALIDATION: Default = From {
    fields: &["data.target", "search.folds"],
    rule: "0.2 of a table without folds, else 0.0",
    value: validation,
};

fn test(settings: &Settings) -> Option<Value> {
    settings.is_set("data.target").then_some(Value::Number(0.2))
}

fn validation(settings: &Settings) -> Option<Value> {
    let splits = settings.is_set("data.target") && !settings.is_set("search.folds");
    Some(Value::Number(if splits { 0.2 } else { 0.0 }))
}

/// The default of `data.split`.
pub(crate) const SPLIT: Default =
    From { fields: &["training.loss"], rule: "\"stratified\" with classes, else \"random\"", value: split };

fn split(settings: &Settings) -> Option<Value> {
    word(if is(settings, "training.loss", "cross-entropy") { "stratified" } else { "random" })
}

/// The default of `data.evaluation`.
pub(crate) const EVALUATION: Default = From {
    fields: &["data.validation", "data.folds"],
    rule: "\"validation\" when rows are split off, else only the training rows",
    value: evaluation,
};

fn evaluation(settings: &Settings) -> Option<Value> {
    if validates(settings) { word("validation") } else { None }
}

/// The default of `data.stopping`.
pub(crate) const STOPPING: Default = From {
    fields: &["data.validation", "data.folds", "training.early_stopping"],
    rule: "0.1 with training.early_stopping, else 0.0",
    value: stopping,
};

fn stopping(settings: &Settings) -> Option<Value> {
    let chooses = validates(settings) && settings.get("training.early_stopping").is_some();
    Some(Value::Number(if chooses { 0.1 } else { 0.0 }))
}

/// The default of `network.dropout_form`.
pub(crate) const DROPOUT_FORM: Default = From {
    fields: &["network.convention"],
    rule: "\"textbook\" by the textbook convention, \"inverted\" by the field's",
    value: dropout_form,
};

fn dropout_form(settings: &Settings) -> Option<Value> {
    word(if is(settings, "network.convention", "textbook") { "textbook" } else { "inverted" })
}

/// The default of `network.numeric_embedding_size`.
pub(crate) const NUMERIC_EMBEDDING_SIZE: Default = From {
    fields: &["network.numeric_embedding"],
    rule: "16 with piecewise-linear, 24 with periodic, 4 with pbld",
    value: numeric_embedding_size,
};

fn numeric_embedding_size(settings: &Settings) -> Option<Value> {
    Some(Value::Integer(match settings.text("network.numeric_embedding")?.as_str() {
        "piecewise-linear" => 16,
        "periodic" => 24,
        _ => 4,
    }))
}

fn is_pbld(settings: &Settings) -> bool {
    is(settings, "network.numeric_embedding", "pbld")
}

/// The default of `network.frequencies`.
pub(crate) const FREQUENCIES: Default = From {
    fields: &["network.numeric_embedding"],
    rule: "48 with periodic, 16 with pbld",
    value: |settings| Some(Value::Integer(if is_pbld(settings) { 16 } else { 48 })),
};

/// The default of `network.frequency_std`.
pub(crate) const FREQUENCY_STD: Default = From {
    fields: &["network.numeric_embedding"],
    rule: "0.01 with periodic, 0.1 with pbld",
    value: |settings| Some(Value::Number(if is_pbld(settings) { 0.1 } else { 0.01 })),
};

/// The default of `training.embedding_rate`.
pub(crate) const EMBEDDING_RATE: Default = From {
    fields: &["network.numeric_embedding"],
    rule: "0.1 with pbld, else 1.0",
    value: |settings| Some(Value::Number(if is_pbld(settings) { 0.1 } else { 1.0 })),
};

/// The default of `training.epsilon`.
pub(crate) const EPSILON: Default = From {
    fields: &["training.optimizer", "network.convention"],
    rule: "1e-7 by the textbook convention; by the field's 1e-10 for adagrad, else 1e-8",
    value: epsilon,
};

fn epsilon(settings: &Settings) -> Option<Value> {
    Some(Value::Number(if is(settings, "network.convention", "textbook") {
        1e-7
    } else if is(settings, "training.optimizer", "adagrad") {
        1e-10
    } else {
        1e-8
    }))
}

/// The default of `training.refit`.
pub(crate) const REFIT: Default =
    From { fields: &["data.folds"], rule: "true with data.folds, else false", value: refit };

fn refit(settings: &Settings) -> Option<Value> {
    Some(Value::Bool(settings.is_set("data.folds")))
}

/// The default of `training.diagnostics`.
pub(crate) const DIAGNOSTICS: Default =
    From { fields: &["training.steps"], rule: "true when steps = 0, else false", value: diagnostics };

fn diagnostics(settings: &Settings) -> Option<Value> {
    Some(Value::Bool(settings.get("training.steps") == Some(Value::Integer(0))))
}

/// The default of `training.stopping_metric`.
pub(crate) const STOPPING_METRIC: Default =
    From { fields: &["training.metric"], rule: "training.metric, else \"loss\"", value: stopping_metric };

fn stopping_metric(settings: &Settings) -> Option<Value> {
    word(settings.text("training.metric").as_deref().unwrap_or("loss"))
}

/// What decides: the metric that is said, else the accuracy, or the loss where there are no classes.
fn measure(settings: &Settings) -> String {
    let usual = if is(settings, "training.loss", "cross-entropy") { "accuracy" } else { "loss" };
    settings.text("training.metric").unwrap_or_else(|| usual.to_owned())
}

/// The default of `compare.metric`.
pub(crate) const COMPARE_METRIC: Default = From {
    fields: &["data.evaluation", "training.metric", "training.loss", "training.evaluate_every"],
    rule: "training.metric, else accuracy (the loss, without classes), on the evaluation rows, else on the training rows; \
           late_train_loss without evaluations",
    value: compare_metric,
};

fn compare_metric(settings: &Settings) -> Option<Value> {
    let trains = settings.get("training.steps") != Some(Value::Integer(0));
    let evaluates = settings.get("training.evaluate_every") != Some(Value::Integer(0));
    let measure = measure(settings);
    let rows = match settings.get("data.evaluation") {
        Some(Value::Text(rows)) => rows,
        _ => "train".to_owned(),
    };
    if !trains {
        None
    } else if evaluates {
        word(&format!("{rows}_{measure}"))
    } else if is(settings, "training.record_loss", "never") {
        None
    } else {
        word("late_train_loss")
    }
}

/// The default of `search.metric`.
pub(crate) const SEARCH_METRIC: Default = From {
    fields: &["training.metric", "training.loss"],
    rule: "training.metric on the validation rows, else their accuracy, or their loss where it is not classes",
    value: search_metric,
};

fn search_metric(settings: &Settings) -> Option<Value> {
    word(&format!("validation_{}", measure(settings)))
}

/// The default of `report.figure`.
pub(crate) const FIGURE: Default = From {
    fields: &["search.space", "training.steps"],
    rule: "\"trials\" for a search, \"histograms\" when steps = 0, else \"curves\"",
    value: figure,
};

fn figure(settings: &Settings) -> Option<Value> {
    word(if settings.is_set("search.space") {
        "trials"
    } else if settings.get("training.steps") == Some(Value::Integer(0)) {
        "histograms"
    } else {
        "curves"
    })
}
