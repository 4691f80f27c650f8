//! `goodfit reproduce`: the chapter's experiments.

use super::args::Reproduce;
use super::experiment::{changed, finish, options, out_dir, recipe_failure, run};
use super::progress::Live;
use super::stop::{monitor, stopped};
use super::{Failure, Outcome, print};
use crate::chapter::{NAMES, claims};
use crate::recipe::{Experiment, Settings, nearest, shipped};

/// Runs one of the chapter's experiments, or all of them one after the other.
pub(super) fn reproduce(args: &Reproduce) -> Outcome {
    let names: Vec<&str> = match &args.name {
        None if args.print_recipe => return Err(unknown("", "which experiment's recipe?")),
        None => NAMES.to_vec(),
        Some(name) => match NAMES.iter().find(|known| **known == name) {
            Some(known) => vec![known],
            None => return Err(unknown(name, &format!("there is no experiment \"{name}\""))),
        },
    };
    if names.len() > 1 && args.common.out.is_some() {
        return Err(Failure::message("--out names one folder, but all experiments are to run", "name an experiment"));
    }
    let mut status = 0;
    for (i, name) in names.iter().enumerate() {
        if i > 0 && !args.common.output.json {
            print("\n");
        }
        status = status.max(one(name, args)?);
        if stopped() {
            break;
        }
    }
    Ok(status)
}

fn one(name: &str, args: &Reproduce) -> Outcome {
    let out = out_dir(&args.common, name);
    if name == claims::NAME {
        if args.print_recipe {
            print(&claims::recipes());
            return Ok(0);
        }
        let parts = claims::experiments(|settings| changed(settings, &args.changes), recipe_failure)?;
        let options = options(&args.common)?;
        let mut live = Live::new(name, args.common.output);
        let conducted = claims::conduct(&parts, &options, monitor(), &mut live);
        drop(live);
        return finish(&conducted.map_err(super::experiment::comparison_failure)?, &out, args.common.output);
    }
    let text = shipped(name).unwrap_or_default();
    let settings = Settings::parse(&format!("{name}.toml"), text).map_err(recipe_failure)?;
    let experiment = Experiment::resolve(name, changed(settings, &args.changes)?).map_err(recipe_failure)?;
    if args.print_recipe {
        // The shipped file itself, to start one's own from; with changes, every setting.
        let changed = !(args.changes.set.is_empty() && args.changes.vary.is_empty() && args.changes.seeds.is_none());
        print(&if changed { experiment.print() } else { text.to_owned() });
        return Ok(0);
    }
    let conducted = run(&experiment, &args.common)?;
    finish(&conducted, &out, args.common.output)
}

fn unknown(name: &str, message: &str) -> Failure {
    let hint = match nearest(name, NAMES.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("the experiments are {}", NAMES.join(", ")),
    };
    Failure::message(message, hint)
}
