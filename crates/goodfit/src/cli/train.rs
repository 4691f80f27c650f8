//! `goodfit train`: one run, and the network it leaves.

use super::args::Train;
use super::experiment::{comparison_failure, finish, open, options, out_dir, recipe_failure, resolve};
use super::keep::{Left, keep, note_none};
use super::message::note;
use super::next;
use super::predict::model_failure;
use super::progress::Live;
use super::stop::{monitor, stopped};
use super::{Outcome, print};
use crate::comparison::train_one;
use crate::model::{WEIGHTS, check_openings};
use crate::recipe::{Evaluation, Preset};

/// Trains one network and saves its weights beside the report, and the record of the test rows that its recipe opens.
pub(super) fn train(args: &Train) -> Outcome {
    let mut settings = open(&args.of, Preset::settings)?;
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
    if experiment.recipe.data.evaluation == Evaluation::Test {
        check_openings(&out).map_err(model_failure)?;
    }
    let mut live = Live::new(&experiment.name, args.of.common.output);
    let trained = train_one(&experiment, &options, monitor(), &mut live);
    drop(live);
    let (conducted, trained) = trained.map_err(comparison_failure)?;
    // First of all: scores whose opening cannot be recorded are not shown.
    if let Some(opened) = trained.as_ref().and_then(|fit| fit.opened.as_ref()) {
        opened.record(&out).map_err(model_failure)?;
    }
    let status = finish(&conducted, &out, args.of.common.output, false)?;
    if !args.of.common.output.quiet {
        next::scalings(&experiment.recipe, &conducted.results).into_iter().for_each(note);
    }
    if trained.is_none() && !stopped() {
        note_none(&out);
        return Ok(1);
    }
    if let Some(fit) = trained {
        if status != 0 {
            note_none(&out);
            return Ok(status);
        }
        let left = keep(fit, &conducted.results, None, &out)?;
        if !args.of.common.output.quiet {
            note(match left {
                Left::Model => format!("model: {}", out.display()),
                Left::Weights => format!("weights: {}", out.join(WEIGHTS).display()),
            });
        }
    }
    Ok(status)
}
