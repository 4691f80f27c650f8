//! Whether a recipe fits the rows that it is to be trained on, and the machine.

use super::{ComparisonError, memory};
use crate::data::Prepared;
use crate::model::Metric;
use crate::recipe::{Recipe, RecipeError, StoppingMetric};
use crate::run::memory_needed;

/// Whether there are enough rows, scores that decide are defined on them, and so many runs at the same time fit into memory.
pub(crate) fn check_fits(arm: &str, recipe: &Recipe, data: &Prepared, n_jobs: usize) -> Result<(), ComparisonError> {
    recipe.check_rows(data.train.n_rows())?;
    recipe.check_inputs(&data.inputs())?;
    check_defined(recipe, data)?;
    check_memory(arm, recipe, data, n_jobs)
}

/// An AUC takes two classes, and an R2 two different numbers.
pub(crate) fn check_defined(recipe: &Recipe, data: &Prepared) -> Result<(), RecipeError> {
    let training = &recipe.training;
    let ranking = [("validation", &data.validation), ("test", &data.test)].map(|(name, rows)| (name, rows.as_ref()));
    let ranking = ranking.into_iter().map(|(name, rows)| ("training.metric", training.metric, name, rows));
    let choosing = match training.stopping_metric {
        StoppingMetric::Score(metric) => training.early_stopping.map(|_| metric),
        StoppingMetric::Loss => None,
    };
    let chosen_by = ("training.stopping_metric", choosing, "stopping", data.stopping.as_ref());
    for (field, metric, name, rows) in ranking.chain([chosen_by]) {
        let (Some(metric), Some(rows)) = (metric, rows) else { continue };
        let but = match metric {
            Metric::Auc if is_constant(&rows.classes) => "of one class",
            Metric::R2 if rows.numbers.as_ref().is_some_and(|numbers| is_constant(&numbers.own)) => "of one number",
            _ => continue,
        };
        let message = format!("{field} is \"{}\", but all {} {name} rows are {but}", metric.word(), rows.n_rows());
        let hint = if name == "test" { "another metric" } else { "more such rows, or another metric" };
        return Err(RecipeError::new(message).hint(hint));
    }
    Ok(())
}

fn is_constant<T: PartialEq>(values: &[T]) -> bool {
    values.windows(2).all(|pair| pair[0] == pair[1])
}

/// Whether so many runs of a recipe at the same time fit into memory.
fn check_memory(arm: &str, recipe: &Recipe, data: &Prepared, n_jobs: usize) -> Result<(), ComparisonError> {
    const GB: u64 = 1_000_000_000;
    // So little is always there, and to ask the system takes time, which a search of short trials would feel.
    const LITTLE: u64 = 64_000_000;
    let need = memory_needed(recipe, data).saturating_mul(n_jobs as u64);
    let have = if need > LITTLE { memory::available() } else { LITTLE };
    if need > have {
        let (need, have) = (need.div_ceil(GB), have / GB);
        return Err(ComparisonError::Memory { arm: arm.to_owned(), need, have, n_jobs });
    }
    Ok(())
}
