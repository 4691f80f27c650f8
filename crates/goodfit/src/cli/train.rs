//! `goodfit train`: one run, and the network it leaves.

use std::collections::BTreeMap;

use super::args::Train;
use super::experiment::{comparison_failure, finish, open, options, out_dir, recipe_failure, resolve};
use super::message::{Failure, note};
use super::predict::model_failure;
use super::progress::Live;
use super::stop::{monitor, stopped};
use super::{Outcome, print};
use crate::comparison::{Fit, train_one};
use crate::model::{Model, WEIGHTS};
use crate::weights::Weights;

/// Trains one network and saves its weights beside the report.
pub(super) fn train(args: &Train) -> Outcome {
    let mut settings = open(&args.of, false)?;
    for change in &args.set {
        settings.set("--set", change).map_err(recipe_failure)?;
    }
    let experiment = resolve(&args.of, settings)?;
    if args.of.print_recipe {
        print(&experiment.print())?;
        return Ok(0);
    }
    let out = out_dir(&args.of.common, &experiment.name)?;
    let options = options(&args.of.common)?;
    let mut live = Live::new(&experiment.name, args.of.common.output);
    let trained = train_one(&experiment, &options, monitor(), &mut live);
    drop(live);
    let (conducted, trained) = trained.map_err(comparison_failure)?;
    let status = finish(&conducted, &out, args.of.common.output, false)?;
    let nothing_left = || {
        let earlier = if out.join(WEIGHTS).exists() { "; that in the folder is of an earlier run" } else { "" };
        let run = if stopped() { "that was stopped" } else { "without a usable result" };
        note(format!("no model is left of a run {run}{earlier}"));
    };
    if trained.is_none() && !stopped() {
        nothing_left();
        return Ok(1);
    }
    if let Some(Fit { networks, schema, baselines }) = trained {
        let (recipe, quiet) = (conducted.results.recipe.clone(), args.of.common.output.quiet);
        if status != 0 {
            nothing_left();
        } else if let Some(schema) = schema {
            Model::new(schema, recipe, networks).with_baselines(baselines).save(&out).map_err(model_failure)?;
            if !quiet {
                note(format!("model: {}", out.display()));
            }
        } else {
            let path = out.join(WEIGHTS);
            let weights =
                Weights { metadata: BTreeMap::from([("recipe".to_owned(), recipe)]), ..Weights::of_all(&networks) };
            weights.save(&path).map_err(|error| Failure::new(error, None::<String>))?;
            if !quiet {
                note(format!("weights: {}", path.display()));
            }
        }
    }
    Ok(status)
}
