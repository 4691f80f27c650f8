//! Checks of recipe fields against each other.

use goodfit_nn::Loss;

use crate::data::table::{InputColumns, TextEncoding, delimiter_named};
use crate::recipe::error::RecipeError;
use crate::recipe::settings::Settings;
use crate::recipe::typed::{Batches, Evaluation, Length, Recipe, Source};
use crate::recipe::value::Value;

/// What contradicts itself in a recipe. `free` are fields that arms or trials set.
pub(crate) fn check(settings: &Settings, recipe: &Recipe, free: &[&str]) -> Vec<RecipeError> {
    let Recipe { data, training, .. } = recipe;
    let mut faults = Vec::new();
    let mut fault = |path: &str, involved: &[&str], message: &str, hint: &str| {
        if !involved.iter().any(|path| free.contains(path)) {
            faults.push(settings.fault(path, message).hint(hint));
        }
    };
    let validates = data.validates() || settings.is_set("search.folds");
    let never = training.evaluate_every == Some(0);
    let (opens, searches) = (data.evaluation == Evaluation::Test, settings.is_set("search.space"));
    let untrained = training.length == Length::Steps(0);

    if opens && searches {
        let message = "data.evaluation is \"test\", but a search may not choose by test rows";
        fault("data.evaluation", &["data.evaluation"], message, "data.evaluation = \"validation\"");
    }
    if matches!(data.source, Source::Normal { .. }) {
        if !untrained {
            let message = "data.source is \"normal\", which has no targets to train on";
            fault("data.source", &["data.source", "training.steps"], message, "training.steps = 0");
        }
        for path in ["data.train_rows", "data.validation", "data.evaluation"] {
            if settings.is_set(path) && settings.get(path) != Some(Value::Number(0.0)) {
                let message = format!("{path} is set, but data.source is \"normal\", which has no such rows");
                fault(path, &["data.source", path], &message, "data.rows says how many rows are drawn");
            }
        }
    }
    if settings.is_set("data.target") && !matches!(data.source, Source::Table { .. }) {
        let message = "data.target is set, but data.source is no table";
        fault("data.target", &["data.target", "data.source"], message, "data.source = \"sales.csv\", for instance");
    }
    if settings.is_set("data.weight") && settings.text("data.weight") == settings.text("data.target") {
        let message = "data.weight is the column that is predicted";
        fault("data.weight", &["data.weight", "data.target"], message, "another column, or leave it out");
    }
    if let Some(text) = settings.text("data.delimiter").filter(|text| delimiter_named(text).is_none()) {
        let message = format!("data.delimiter is {text:?}, expected one character that is no part of a number, or tab");
        fault("data.delimiter", &[], &message, "data.delimiter = \";\"");
    }
    if let Some(name) = settings.text("data.encoding").filter(|name| TextEncoding::named(name).is_none()) {
        let message = format!("data.encoding is {name:?}, expected {}", TextEncoding::EXPECTED);
        fault(
            "data.encoding",
            &[],
            &message,
            "data.encoding = \"shift_jis\", or leave it out to have it told by the text",
        );
    }
    if settings.is_set("data.evaluation") && data.evaluation == Evaluation::Validation && !validates {
        let message = "data.evaluation is \"validation\", but no rows are split off for it";
        fault("data.evaluation", &["data.evaluation", "data.validation"], message, "data.validation = 0.2");
    }
    if let Some(form) = recipe.network.numeric_embedding
        && form.mapped() == 0
    {
        let path = "network.numeric_embedding_size";
        let message = format!("{path} is 1, but network.numeric_embedding is \"pbld\", which counts the number itself");
        fault(path, &[path, "network.numeric_embedding"], &message, "network.numeric_embedding_size = 4");
    }
    // That a search may not look at test rows says it already.
    if training.early_stopping.is_some() && !(opens && searches) {
        let path = "training.early_stopping";
        if opens {
            let message = "training.early_stopping is set, but data.evaluation is \"test\": test rows may not choose";
            fault(path, &[path, "data.evaluation"], message, "data.evaluation = \"validation\"");
        } else if !validates {
            let message = "training.early_stopping is set, but no rows are split off for validation";
            fault(path, &[path, "data.validation"], message, "data.validation = 0.2");
        } else if never {
            let message = "training.early_stopping is set, but training.evaluate_every is 0, which is never";
            fault(path, &[path, "training.evaluate_every"], message, "training.evaluate_every = 10");
        }
    }
    if let Some(Value::Table(entries)) = settings.get("training.weight_decay")
        && settings.get("training.optimizer") == Some(Value::Text("adamw".into()))
        && let Some(form) = entries.first().map(|entry| entry.key.name.as_str()).filter(|form| *form != "decoupled")
    {
        let message = format!("training.weight_decay is {{ {form} = .. }}, but adamw decouples weight decay");
        let involved = ["training.weight_decay", "training.optimizer"];
        fault("training.weight_decay", &involved, &message, "training.optimizer = \"adam\"");
    }
    if data.folds.is_some() {
        if opens {
            let message = "data.folds is set, but data.evaluation is \"test\": what folds score is what they validate";
            let hint = "leave one of them out; `goodfit evaluate MODEL --open-test` scores the network that is kept";
            fault("data.folds", &["data.folds", "data.evaluation"], message, hint);
        }
        if settings.is_set("training.refit") && !training.refit {
            let message = "training.refit is false, but with data.folds the network that is kept is that of all rows";
            fault(
                "training.refit",
                &["training.refit", "data.folds"],
                message,
                "leave training.refit or data.folds out",
            );
        }
    }
    if untrained && !training.diagnostics {
        let message = "training.diagnostics is false and training.steps is 0: nothing would be recorded";
        let involved = ["training.diagnostics", "training.steps"];
        fault("training.diagnostics", &involved, message, "training.diagnostics = true");
    }
    // A split that leaves no rows is the data's to tell.
    let left = |rows: usize| rows - (data.validation * rows as f64).round() as usize;
    if let (Batches::Shuffle, Some(rows)) = (training.batches, data.train_rows.map(left).filter(|rows| *rows > 0))
        && training.batch_size > rows
        && !untrained
    {
        let involved = ["training.batch_size", "training.batches", "data.train_rows", "data.validation"];
        let error = too_large(training.batch_size, rows);
        let path = if settings.is_set("training.batch_size") { "training.batch_size" } else { "data.train_rows" };
        fault(path, &involved, &error.message, &error.hint.unwrap_or_default());
    }
    if matches!(data.source, Source::Mnist | Source::Idx(_)) && training.loss == Loss::MeanSquaredError {
        let message = "training.loss is \"mean-squared-error\", but the targets of data.source are classes";
        fault("training.loss", &["training.loss", "data.source"], message, "training.loss = \"cross-entropy\"");
    }
    if recipe.network.batch_norm.is_some() && training.batch_size == 1 && !untrained {
        let message = "training.batch_size is 1, but network.batch_norm needs at least 2 rows";
        fault(
            "training.batch_size",
            &["training.batch_size", "network.batch_norm"],
            message,
            "training.batch_size = 2",
        );
    }
    if let Source::Normal { rows, columns } = data.source
        && rows.saturating_mul(columns) > LARGEST
    {
        let message = format!("data.rows x data.columns is {rows} x {columns}, expected at most {LARGEST} values");
        fault("data.rows", &["data.rows", "data.columns"], &message, "fewer rows");
    }
    let weights = recipe.network.hidden.windows(2).map(|pair| pair[0].saturating_mul(pair[1]));
    if weights.fold(0_usize, usize::saturating_add) > LARGEST {
        let path = if settings.is_set("network.depth") { "network.depth" } else { "network.hidden" };
        let message = format!("the hidden layers have more than {LARGEST} weights");
        fault(path, &["network.hidden", "network.depth", "network.width"], &message, "fewer or narrower layers");
    }
    faults
}

/// The most numbers that a network or drawn data may have.
const LARGEST: usize = 100_000_000;

impl Recipe {
    /// Whether this number of training rows, after the split, is enough.
    ///
    /// # Errors
    /// When there is none, or less than a batch that has to hold different rows.
    pub fn check_rows(&self, n_train: usize) -> Result<(), RecipeError> {
        if n_train == 0 {
            let error = RecipeError::new("there are no training rows, expected at least 1");
            let less = self.data.validation > 0.0;
            return Err(error.hint(if less { "a smaller data.validation" } else { "another data.source" }));
        }
        let Self { training, .. } = self;
        let draws = training.batches == Batches::Shuffle && training.length != Length::Steps(0);
        if draws && training.batch_size > n_train {
            return Err(too_large(training.batch_size, n_train));
        }
        Ok(())
    }

    /// Whether its embeddings have something to embed.
    ///
    /// # Errors
    /// When numbers are to be embedded and there are none.
    pub fn check_inputs(&self, inputs: &InputColumns) -> Result<(), RecipeError> {
        if self.network.numeric_embedding.is_some() && inputs.numbers.is_empty() {
            let error = RecipeError::new("network.numeric_embedding is set, but the table has no columns of numbers");
            return Err(error.hint("network.numeric_embedding = \"none\""));
        }
        Ok(())
    }

    /// Whether the targets are classes, so that there is an accuracy.
    pub fn classifies(&self) -> bool {
        matches!(self.training.loss, Loss::CrossEntropy { .. }) && !matches!(self.data.source, Source::Normal { .. })
    }
}

fn too_large(batch: usize, rows: usize) -> RecipeError {
    let message = format!("training.batch_size is {batch}, expected at most the number of training rows, {rows}");
    RecipeError::new(message).hint(format!(
        "training.batch_size = {rows}, or training.batches = \"replacement\", which draws rows more than once"
    ))
}
