//! `goodfit compare`, `search`, `report`: experiments out of recipe files.

use std::path::{Path, PathBuf};

use serde_json::json;

use super::args::{Changes, Common, Compare, OfRecipe, Output, Reading, Report};
use super::message::Failure;
use super::progress::Live;
use super::stop::{monitor, stopped};
use super::{Outcome, message, next, print, table};
use crate::comparison::{ComparisonError, Conducted, Options, conduct};
use crate::data::survey;
use crate::data::table::{ColumnKind, TableOptions};
use crate::files::check_folder;
use crate::jobs::default_jobs;
use crate::recipe::{
    Entry, Experiment, Key, PRESETS, Place, Predicted, Preset, RecipeError, Settings, Value, fit_batch_size,
};
use crate::report::{ReportError, write_report};
use crate::results::{Results, ResultsError, Run, read, write};

/// `goodfit compare RECIPE`
pub(super) fn compare(args: &Compare) -> Outcome {
    let settings = changed(open(&args.of, Preset::settings)?, &args.changes)?;
    let experiment = resolve(&args.of, settings)?;
    if args.of.print_recipe {
        print(&experiment.print())?;
        return Ok(0);
    }
    if experiment.search.is_some() && experiment.arms().map_err(recipe_failure)?.len() == 1 {
        let recipe = args.of.recipe.display();
        return Err(Failure::new(
            format!("{recipe}: it has a [search.space] and varies nothing, so that there is nothing to compare"),
            Some(format!("`goodfit search {recipe}` searches it, --vary FIELD=V1,V2 makes arms")),
        ));
    }
    single(&experiment)?;
    let experiment = Experiment { search: None, ..experiment };
    let out = out_dir(&args.of.common, &experiment.name)?;
    let conducted = run(&experiment, &args.of.common)?;
    let status = finish(&conducted, &out, args.of.common.output, false)?;
    if status == 0 && !args.of.common.output.quiet {
        next::training(&experiment.recipe, &conducted.results).into_iter().for_each(message::note);
    }
    Ok(status)
}

/// What compares single networks takes no recipe for several.
fn single(experiment: &Experiment) -> Result<(), Failure> {
    match experiment.recipe.training.ensemble {
        1 => Ok(()),
        n => Err(Failure::new(
            format!("training.ensemble is {n}, but compare trains single networks"),
            Some(
                "--set training.ensemble=1: train and search keep ensembles, and network.members are those of one training",
            ),
        )),
    }
}

/// `goodfit report DIR`
pub(super) fn report(args: &Report) -> Outcome {
    let results = read(&args.dir).map_err(results_failure)?;
    let files = write_report(&args.dir, &results).map_err(|error| {
        Failure::new(error, Some("copy the folder to where there is room and you may write, and name the copy"))
    })?;
    if args.output.json {
        let files: Vec<String> = files.iter().map(|file| file.display().to_string()).collect();
        print(&format!("{:#}\n", json!({ "files": files })))?;
    } else {
        print(&format!("{}\n", args.dir.join("report.html").display()))?;
    }
    Ok(0)
}

/// Runs a comparison with a live view.
pub(super) fn run(experiment: &Experiment, common: &Common) -> Result<Conducted, Failure> {
    let options = options(common)?;
    let mut live = Live::new(&experiment.name, common.output);
    let conducted = conduct(experiment, &options, monitor(), &mut live);
    drop(live);
    conducted.map_err(comparison_failure)
}

/// Writes results and report, prints what was found, and says how it ended. `goes_on`: whether the same command goes on
/// with what was finished.
pub(super) fn finish(conducted: &Conducted, out: &Path, output: Output, goes_on: bool) -> Outcome {
    let Conducted { results, timing } = conducted;
    if stopped() && n_finished(results) == 0 {
        // Earlier results in that folder are worth more than none.
        if output.json {
            print("null\n")?;
        }
        message::hint(format!("nothing was finished and nothing written; `{}` runs it again", typed(&[])));
        return Ok(130);
    }
    write(out, results, timing).map_err(results_failure)?;
    write_report(out, results).map_err(report_failure)?;
    if output.json {
        print(&format!("{:#}\n", summary(results, out)))?;
    } else {
        print(&table::text(results))?;
    }
    if !output.quiet {
        message::note(format!("report: {}", out.join("report.html").display()));
    }
    if stopped() {
        let again = if goes_on { "goes on" } else { "runs the whole again" };
        message::hint(format!("what was finished is in {}; `{}` {again}", out.display(), typed(&[])));
        return Ok(130);
    }
    Ok(u8::from(!usable(results)))
}

/// The number of finished runs or trials, those of tuning and of parts among them.
fn n_finished(results: &Results) -> usize {
    let tried = results.arms.iter().filter_map(|arm| arm.tuning.as_ref()).flat_map(|tuning| &tuning.scores);
    let tried: usize = tried.map(|score| score.score.n).sum();
    let runs: usize = results.arms.iter().map(|arm| arm.runs.len()).sum();
    tried + runs + results.trials.len() + results.parts.iter().map(n_finished).sum::<usize>()
}

/// Whether anything came out that can be compared or ranked.
pub(super) fn usable(results: &Results) -> bool {
    if !results.trials.is_empty() {
        return results.trials.iter().any(|trial| trial.reason.is_none());
    }
    let metric = results.primary_metric.as_str();
    let is_usable = |run: &Run| run.final_.get(metric).is_some_and(|value| value.is_finite()) && !run.ends_overflowed();
    let mut runs = results.arms.iter().flat_map(|arm| &arm.runs);
    results.parts.iter().any(usable) || metric.is_empty() || runs.any(is_usable)
}

/// The machine-readable summary: everything but the curves.
fn summary(results: &Results, out: &Path) -> serde_json::Value {
    let arms: Vec<_> = results
        .arms
        .iter()
        .map(|arm| json!({ "name": arm.name, "settings": arm.settings, "summary": arm.summary }))
        .collect();
    let parts: Vec<_> = results.parts.iter().map(|part| summary(part, out)).collect();
    json!({
        "format": results.format, "experiment": results.experiment, "out": out.display().to_string(),
        "data": results.data, "seeds": results.seeds, "primary_metric": results.primary_metric,
        "complete": results.complete, "arms": arms, "comparisons": results.comparisons,
        "trials": results.trials, "claims": results.claims, "findings": results.findings, "parts": parts,
        "assessment": results.assessment, "refit": results.refit,
    })
}

/// What of a preset is taken: [`Preset::settings`], or [`Preset::with_space`] for a search.
pub(super) type Part = fn(&Preset) -> Result<Settings, RecipeError>;

/// The settings of a recipe file, or those of the preset for a table.
pub(super) fn open(of: &OfRecipe, part: Part) -> Result<Settings, Failure> {
    let is_missing = of.target.is_some() && !of.recipe.exists() && of.recipe != Path::new("-");
    if is_missing && of.recipe.extension().is_none_or(|extension| extension != "toml") {
        survey(&of.recipe, "", &TableOptions::default()).map_err(Failure::table)?;
    }
    if !is_table(of) {
        if let Some(preset) = &of.preset {
            let message = format!("--preset {preset} is for a table, and {} is a recipe", of.recipe.display());
            return Err(Failure::new(message, Some("leave it out, or name the table and --target COLUMN")));
        }
        let mut settings = Settings::open(&of.recipe).map_err(recipe_failure)?;
        set_target(&mut settings, of)?;
        set_reading(&mut settings, of)?;
        return Ok(settings);
    }
    let source = of.recipe.to_string_lossy().into_owned();
    refuse_stdin(&source)?;
    if of.target.is_none() {
        let message = format!("{source}: a table, of which no column is named that is to be predicted");
        let hint = format!("--target COLUMN; `goodfit data info {source}` shows the columns");
        return Err(Failure::new(message, Some(hint)));
    }
    let mut settings = part(preset(of)).map_err(recipe_failure)?;
    settings.set_value(&source, "data.source", Value::Text(source.clone())).map_err(recipe_failure)?;
    set_target(&mut settings, of)?;
    set_reading(&mut settings, of)?;
    Ok(settings)
}

/// Refuses the standard input as a table to train on.
fn refuse_stdin(source: &str) -> Result<(), Failure> {
    if source != "-" {
        return Ok(());
    }
    let message = "the standard input can be read once, but the table of a training is read again when its sealed test rows \
                   are opened";
    Err(Failure::new(message, Some("save it to a file first; `goodfit data info -` describes it")))
}

/// Whether it is a table; what there is no file of is a recipe that cannot be read.
fn is_table(of: &OfRecipe) -> bool {
    let is_recipe = of.recipe.extension().is_some_and(|extension| extension == "toml");
    of.recipe == Path::new("-") || (!is_recipe && of.recipe.is_file())
}

/// The preset that is asked for, or the first.
fn preset(of: &OfRecipe) -> &'static Preset {
    of.preset.as_deref().and_then(Preset::named).unwrap_or(&PRESETS[0])
}

fn set_target(settings: &mut Settings, of: &OfRecipe) -> Result<(), Failure> {
    let Some(target) = &of.target else { return Ok(()) };
    let option = format!("--target {target}");
    settings.set_value(&option, "data.target", Value::Text(target.clone())).map_err(recipe_failure)
}

/// What the command line says of how a table is read.
fn set_reading(settings: &mut Settings, of: &OfRecipe) -> Result<(), Failure> {
    let Reading { delimiter, encoding, no_header, decimal_comma, missing } = &of.reading;
    let known = match settings.get("data.kinds") {
        Some(Value::Table(entries)) => entries,
        _ => Vec::new(),
    };
    let mut set = |option: &str, path: &str, value| settings.set_value(option, path, value).map_err(recipe_failure);
    if let Some(delimiter) = delimiter {
        set("--delimiter", "data.delimiter", Value::Text(char::from(*delimiter).to_string()))?;
    }
    if let Some(encoding) = encoding {
        set("--encoding", "data.encoding", Value::Text(encoding.name().to_owned()))?;
    }
    if let Some(is_row) = no_header {
        set("--no-header", "data.header", Value::Bool(!is_row))?;
    }
    if let Some(decimal_comma) = decimal_comma {
        set("--decimal-comma", "data.decimal_comma", Value::Bool(*decimal_comma))?;
    }
    if !missing.is_empty() {
        let words = missing.iter().map(|word| Value::Text(word.clone()).into()).collect();
        set("--missing", "data.missing", Value::List(words))?;
    }
    if !of.kinds.kinds.is_empty() {
        // Beside those of the recipe; of two for one column the last.
        let entry = |(column, kind): &(String, ColumnKind)| Entry {
            key: Key { name: column.clone(), place: Place::NOWHERE },
            item: Value::Text(kind.name().to_owned()).into(),
        };
        let mut entries = known;
        for said in of.kinds.kinds.iter().map(entry) {
            entries.retain(|entry| entry.key.name != said.key.name);
            entries.push(said);
        }
        set("--kind", "data.kinds", Value::Table(entries))?;
    }
    Ok(())
}

/// The experiment that settings describe, with what a table says of itself: whether its target holds classes or
/// numbers, and how large batches may be.
pub(super) fn resolve(of: &OfRecipe, mut settings: Settings) -> Result<Experiment, Failure> {
    if let (Some(source), Some(target)) = (settings.text("data.source"), settings.text("data.target"))
        && !["mnist", "normal"].contains(&source.as_str())
    {
        refuse_stdin(&source)?;
        let found = survey(Path::new(&source), &target, &settings.table_options()).map_err(Failure::table)?;
        if found.is_guessed && !settings.is_set("training.loss") {
            message::hint(format!(
                "{target} has few different numbers and is taken for classes; --set training.loss=mean-squared-error predicts numbers"
            ));
        }
        if let Some(encoding) = found.detected {
            message::detected(&source, encoding);
        }
        let loss = if found.is_of_classes { "cross-entropy" } else { "mean-squared-error" };
        settings.infer("training.loss", Value::Text(loss.to_owned())).map_err(recipe_failure)?;
        let predicted = match settings.text("training.loss").as_deref() {
            Some("cross-entropy") => Predicted::Classes,
            _ => Predicted::Numbers,
        };
        if is_table(of) {
            preset(of).fit(&mut settings, predicted, found.n_rows)
        } else {
            fit_batch_size(&mut settings, found.n_rows)
        }
        .map_err(recipe_failure)?;
    }
    Experiment::resolve(&name_of(&of.recipe), settings).map_err(recipe_failure)
}

/// Applies what the command line changes.
pub(super) fn changed(mut settings: Settings, changes: &Changes) -> Result<Settings, Failure> {
    for change in &changes.set {
        settings.set("--set", change).map_err(recipe_failure)?;
    }
    for vary in &changes.vary {
        settings.vary("--vary", vary).map_err(recipe_failure)?;
        let path = vary.split('=').next().unwrap_or_default().trim();
        let values = settings.get("compare.vary").and_then(|vary| vary.get(path).cloned());
        if matches!(values, Some(Value::List(values)) if values.len() == 1) {
            message::hint(format!("--vary {vary} has one value, which makes no arms; --set {vary} says the same"));
        }
    }
    if let Some(seeds) = changes.seeds {
        set_count(&mut settings, "--seeds", "compare.seeds", seeds)?;
    }
    if let Some(baseline) = &changes.baseline {
        let value = Value::Text(baseline.clone());
        settings.set_value(&format!("--baseline {baseline}"), "compare.baseline", value).map_err(recipe_failure)?;
    }
    for (option, path, on) in
        [("--all-pairs", "compare.all_pairs", changes.all_pairs), ("--resplit", "compare.resplit", changes.resplit)]
    {
        if on {
            settings.set_value(option, path, Value::Bool(true)).map_err(recipe_failure)?;
        }
    }
    Ok(settings)
}

pub(super) fn set_count(settings: &mut Settings, option: &str, path: &str, count: usize) -> Result<(), Failure> {
    let value = Value::Integer(i64::try_from(count).unwrap_or(i64::MAX));
    settings.set_value(&format!("{option} {count}"), path, value).map_err(recipe_failure)
}

/// Each is a thread with its own rows and buffers.
const MOST_JOBS: usize = 1024;

/// Seed, jobs and the command line as it was typed.
pub(super) fn options(common: &Common) -> Result<Options, Failure> {
    if common.jobs == Some(0) {
        return Err(Failure::new("--jobs is 0, expected at least 1", Some("leave --jobs out to use all cores")));
    }
    if let Some(jobs) = common.jobs.filter(|jobs| *jobs > MOST_JOBS) {
        let message = format!("--jobs is {jobs}, expected at most {MOST_JOBS}");
        return Err(Failure::new(message, Some("more than there are cores make nothing faster")));
    }
    let n_jobs = common.jobs.unwrap_or_else(default_jobs);
    monitor().use_threads(n_jobs.min(default_jobs()));
    Ok(Options { first_seed: common.seed, n_jobs, command: typed(&["--jobs", "--out", "--quiet", "--json"]) })
}

/// The command as it was typed, without these options: results say it without those that have no
/// influence on them.
fn typed(without: &[&str]) -> String {
    let mut words = vec!["goodfit".to_owned()];
    let mut arguments = std::env::args_os().skip(1).map(|argument| argument.to_string_lossy().into_owned());
    while let Some(argument) = arguments.next() {
        let name = argument.split('=').next().unwrap_or_default();
        match name {
            _ if !without.contains(&name) => words.push(quoted(&argument)),
            "--jobs" | "--out" if name == argument => drop(arguments.next()),
            _ => {}
        }
    }
    words.join(" ")
}

/// An argument as a shell reads it back.
pub(super) fn quoted(argument: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./:,+@%".contains(c);
    if !argument.is_empty() && argument.chars().all(plain) {
        argument.to_owned()
    } else {
        format!("'{}'", argument.replace('\'', r"'\''"))
    }
}

/// The folder for results, which is known to take files before anything is trained for it.
pub(super) fn out_dir(common: &Common, name: &str) -> Result<PathBuf, Failure> {
    let out = common.out.clone().unwrap_or_else(|| Path::new("goodfit-out").join(name));
    check_folder(&out).map_err(|error| Failure::new(&error, error.hint()))?;
    Ok(out)
}

/// The name of an experiment out of its file's.
pub(super) fn name_of(path: &Path) -> String {
    path.file_stem().map_or_else(|| "recipe".to_owned(), |stem| stem.to_string_lossy().into_owned())
}

/// Every fault of a recipe.
pub(super) fn recipe_failure(error: RecipeError) -> Failure {
    Failure::recipe(&error)
}

/// Why a comparison cannot be made.
pub(super) fn comparison_failure(error: ComparisonError) -> Failure {
    match error {
        ComparisonError::Recipe(error) => recipe_failure(error),
        error => {
            let hint = error.hint();
            Failure::new(error, hint)
        }
    }
}

fn results_failure(error: ResultsError) -> Failure {
    Failure::new(&error, error.hint())
}

fn report_failure(error: ReportError) -> Failure {
    Failure::new(&error, error.hint())
}
