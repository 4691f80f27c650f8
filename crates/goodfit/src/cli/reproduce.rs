//! `goodfit reproduce`: the chapter's experiments.

use std::path::PathBuf;

use super::args::{Common, Keep, Reproduce};
use super::experiment::{changed, finish, options, out_dir, recipe_failure, run};
use super::message::Failure;
use super::progress::Live;
use super::stop::{monitor, stopped};
use super::{Outcome, print};
use crate::chapter::{NAMES, claims};
use crate::comparison::Conducted;
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
    match names.as_slice() {
        [name] => one(name, args, None),
        names => all(names, args),
    }
}

/// Several experiments, each in a folder of its own; with `--json` one list of their summaries, `null` for
/// one that failed, which is the last.
fn all(names: &[&str], args: &Reproduce) -> Outcome {
    let [before, between, after] = if args.common.output.json { ["[\n", ",\n", "]\n"] } else { ["", "\n", ""] };
    let mut status = 0;
    print(before)?;
    for (i, name) in names.iter().enumerate() {
        if i > 0 {
            print(between)?;
        }
        let folder = args.common.out.as_ref().map(|out| out.join(name));
        match one(name, args, folder) {
            Ok(ended) => status = status.max(ended),
            Err(failure) => {
                if args.common.output.json {
                    print(&format!("null\n{after}"))?;
                }
                let changes = &args.changes;
                let unchanged = changes.set.is_empty() && changes.vary.is_empty();
                let advice = "the changes are made to every experiment, `goodfit reproduce NAME` is for one";
                return Err(if unchanged { failure } else { failure.advised(advice) });
            }
        }
        if stopped() {
            break;
        }
    }
    print(after)?;
    Ok(status)
}

/// The results with the command that makes them alone, where all experiments were asked for.
fn named(mut conducted: Conducted, name: &str, args: &Reproduce) -> Conducted {
    if args.name.is_none() {
        let results = &mut conducted.results;
        results.command = results.command.replacen("reproduce", &format!("reproduce {name}"), 1);
    }
    conducted
}

fn one(name: &str, args: &Reproduce, folder: Option<PathBuf>) -> Outcome {
    let common = Common { out: folder.or_else(|| args.common.out.clone()), ..args.common.clone() };
    if name == claims::NAME {
        if args.print_recipe {
            print(&claims::recipes())?;
            return Ok(0);
        }
        let out = out_dir(&common, name)?;
        let parts = claims::experiments(|settings| changed(settings, &args.changes), recipe_failure)?;
        let options = options(&common)?;
        let mut live = Live::new(name, common.output);
        let conducted = claims::conduct(&parts, &options, monitor(), &mut live);
        drop(live);
        let conducted = conducted.map_err(super::experiment::comparison_failure)?;
        return finish(&named(conducted, name, args), &out, common.output, false);
    }
    let text = shipped(name).unwrap_or_default();
    let settings = Settings::parse(&format!("{name}.toml"), text).map_err(recipe_failure)?;
    let experiment = Experiment::resolve(name, changed(settings, &args.changes)?).map_err(recipe_failure)?;
    if args.print_recipe {
        // The shipped file itself, to start one's own from; with changes, every setting.
        let changed = !(args.changes.set.is_empty() && args.changes.vary.is_empty() && args.changes.seeds.is_none());
        print(&if changed { experiment.print() } else { text.to_owned() })?;
        return Ok(0);
    }
    let out = out_dir(&common, name)?;
    let conducted = match &experiment.search {
        Some(recipe) => super::search::run(&experiment, recipe, &common, &Keep::default(), args.changes.seeds, &out)?,
        None => run(&experiment, &common)?,
    };
    finish(&named(conducted, name, args), &out, common.output, experiment.search.is_some())
}

fn unknown(name: &str, message: &str) -> Failure {
    let hint = match nearest(name, NAMES.iter().copied()) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => format!("the experiments are {}", NAMES.join(", ")),
    };
    Failure::new(message, Some(hint))
}
