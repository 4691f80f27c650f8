//! `goodfit evaluate`: the sealed test rows, opened on the record.

use std::path::Path;

use super::args::Evaluate;
use super::predict::model_failure;
use super::table::scores;
use super::{Failure, Outcome, message, print};
use crate::data::DataError;
use crate::data::table::date_text;
use crate::model::{Model, ModelError, Opened, RECIPE};
use crate::recipe::Experiment;
use crate::results::Assessed;

pub(super) fn evaluate(args: &Evaluate) -> Outcome {
    let model = Model::load(&args.model).map_err(model_failure)?;
    if !args.open_test {
        let message = match &model.schema.sealed {
            Some(sealed) => format!("{} test rows are sealed, and evaluating opens them", sealed.rows),
            None => "no test rows were sealed when the model was trained".to_owned(),
        };
        let hint = "--open-test opens them once everything is chosen; validation scores are in results.json";
        return Err(Failure::new(message, Some(hint)));
    }
    let openings = model.open_test(&args.model, args.table.as_deref()).map_err(|error| match error {
        ModelError::Data(DataError::Table(error)) if args.table.is_none() && !Path::new(&error.file).exists() => {
            let hint = format!("evaluate {} TABLE says where the table is now", args.model.display());
            Failure::new(error, Some(hint))
        }
        error => model_failure(error),
    })?;
    if args.json {
        let openings = serde_json::to_value(&openings).unwrap_or_default();
        print(&format!("{openings:#}\n"))?;
        return Ok(0);
    }
    let Some((last, earlier)) = openings.split_last() else { return Ok(1) };
    let name = if model.n_networks() > 1 { "ensemble" } else { "network" };
    let own = Assessed { name: name.to_owned(), scores: last.scores.clone(), ..Assessed::default() };
    let models: Vec<Assessed> = std::iter::once(own).chain(last.baselines.iter().cloned()).collect();
    let decides = Experiment::from_toml(RECIPE, &model.recipe).ok().and_then(|kept| kept.recipe.training.metric);
    print(&scores(&format!("{} on {} test rows", model.schema.target, last.rows), &models, decides))?;
    if !earlier.is_empty() {
        let times = if earlier.len() == 1 { "once".to_owned() } else { format!("{} times", earlier.len()) };
        message::note(format!("these rows were opened {times} before, first on {}", day(&earlier[0])));
    }
    Ok(0)
}

fn day(opened: &Opened) -> String {
    date_text((opened.time / 86_400) as f64)
}
