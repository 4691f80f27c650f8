//! What a training leaves: a model of a table, or the weights of a network.

use std::collections::BTreeMap;
use std::path::Path;

use super::message::{Failure, note};
use super::predict::model_failure;
use super::stop::stopped;
use crate::comparison::Fit;
use crate::model::{Model, Training, WEIGHTS};
use crate::results::Results;
use crate::weights::Weights;

/// Where a model or weights are kept.
pub(super) enum Left {
    /// A model is in the folder.
    Model,
    /// The file of the weights alone.
    Weights,
}

/// Keeps what a training left in a folder, with what it found; of a search, of which trial it is.
pub(super) fn keep(fit: Fit, results: &Results, trial: Option<usize>, out: &Path) -> Result<Left, Failure> {
    let recipe = results.recipe.clone();
    let Fit { networks, schema, baselines, opened: _ } = fit;
    if let Some(schema) = schema {
        let model = Model::new(schema, recipe, networks).with_baselines(baselines);
        model.with_training(Some(Training::of(results, trial))).save(out).map_err(model_failure)?;
        return Ok(Left::Model);
    }
    let weights = Weights { metadata: BTreeMap::from([("recipe".to_owned(), recipe)]), ..Weights::of_all(&networks) };
    weights.save(&out.join(WEIGHTS)).map_err(|error| Failure::new(error, None::<String>))?;
    Ok(Left::Weights)
}

/// Says that nothing was kept.
pub(super) fn note_none(out: &Path) {
    let earlier = if out.join(WEIGHTS).exists() { "; that in the folder is of an earlier run" } else { "" };
    let run = if stopped() { "that was stopped" } else { "without a usable result" };
    note(format!("no model is left of a run {run}{earlier}"));
}
