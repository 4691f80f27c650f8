//! `goodfit search`: studies out of recipe files.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use goodfit_tune::Order;
use goodfit_tune::storage::{Memory, Storage};

use super::args::{Common, Keep, Search};
use super::experiment::{
    comparison_failure, finish, open, options, out_dir, recipe_failure, resolve, set_count, usable,
};
use super::keep::{keep, note_none};
use super::message::{Failure, note};
use super::progress::Live;
use super::stop::{monitor, stopped};
use super::{Outcome, print};
use crate::comparison::{Conducted, Options, Resplit};
use crate::files::FileError;
use crate::recipe::{Experiment, Preset, SearchRecipe, Settings, Value};
use crate::results::{self, Timing};
use crate::search::{Keeping, Kept, SearchError, Searched, conduct_study, several, train_winner};

/// The file of a study in the output folder.
pub(super) const STUDY: &str = "study.db";

/// The storage that is gone with the process.
const MEMORY: &str = "memory";

/// `goodfit search RECIPE`
pub(super) fn search(args: &Search) -> Outcome {
    let of = &args.of;
    let mut settings = open(of, Preset::with_space)?;
    for change in &args.set {
        settings.set("--set", change).map_err(recipe_failure)?;
    }
    if let Some(trials) = args.trials {
        set_count(&mut settings, "--trials", "search.trials", trials)?;
    }
    for (option, path, word) in
        [("--sampler", "search.sampler", &args.sampler), ("--pruner", "search.pruner", &args.pruner)]
    {
        if let Some(word) = word {
            set_word(&mut settings, option, path, word)?;
        }
    }
    for point in &args.enqueue {
        settings.enqueue("--enqueue", point).map_err(recipe_failure)?;
    }
    let experiment = resolve(of, settings)?;
    let Some(recipe) = &experiment.search else {
        return Err(Failure::new(
            format!("{}: there is no [search.space], so that nothing varies", of.recipe.display()),
            Some("add [search.space] with \"training.learning_rate\" = { low = 1e-3, high = 1, log = true }"),
        ));
    };
    if of.print_recipe {
        print(&experiment.print())?;
        return Ok(0);
    }
    let out = out_dir(&of.common, &experiment.name)?;
    let (studies, timings) = studies(&experiment, recipe, &of.common, &args.keep, args.seeds, &out)?;
    let mut live = Live::new(&experiment.name, of.common.output);
    let start = Instant::now();
    let kept = train_winner(&studies, monitor(), &mut live);
    drop(live);
    let kept = kept.map_err(failure)?;
    let findings = kept.as_ref().map(|kept| kept.findings(&studies));
    let mut conducted = joined(studies, timings, args.seeds);
    conducted.timing.seconds += start.elapsed().as_secs_f64();
    if let Some(kept) = &kept {
        conducted.results.refit = kept.results.refit;
        conducted.results.complete &= kept.results.complete;
        conducted.results.findings.extend(findings.into_iter().flatten());
    }
    let status = finish(&conducted, &out, of.common.output, args.keep.storage.as_deref() != Some(MEMORY))?;
    let Some(Kept { trial, results, fit, .. }) = kept else { return Ok(status) };
    match fit.filter(|_| status == 0 && usable(&results)) {
        None => {
            note_none(&out);
            return Ok(if stopped() { status } else { status.max(1) });
        }
        Some(fit) => {
            keep(fit, &results, Some(trial), &out)?;
            if !of.common.output.quiet {
                let out = out.display();
                note(format!("model: {out} (trial {trial})"));
                note(format!("next: `goodfit predict {out} NEW.csv`, or `goodfit evaluate {out} --open-test`"));
            }
        }
    }
    Ok(status)
}

fn set_word(settings: &mut Settings, option: &str, path: &str, word: &str) -> Result<(), Failure> {
    settings.set_value(&format!("{option} {word}"), path, Value::Text(word.to_owned())).map_err(recipe_failure)
}

/// Runs a search with a live view: one study, or one for each of several seeds.
pub(super) fn run(
    experiment: &Experiment,
    recipe: &SearchRecipe,
    common: &Common,
    keep: &Keep,
    seeds: Option<usize>,
    out: &Path,
) -> Result<Conducted, Failure> {
    let (studies, timings) = studies(experiment, recipe, common, keep, seeds, out)?;
    Ok(joined(studies, timings, seeds))
}

/// The studies as one result.
fn joined(studies: Vec<Searched>, timings: Vec<Timing>, seeds: Option<usize>) -> Conducted {
    let one = |(one, timing): (Searched, Timing)| Conducted { results: one.results, timing };
    several(studies.into_iter().zip(timings).map(one).collect(), seeds.unwrap_or(1))
}

/// One study, or one for each of several seeds, with how long each took.
fn studies(
    experiment: &Experiment,
    recipe: &SearchRecipe,
    common: &Common,
    keep: &Keep,
    seeds: Option<usize>,
    out: &Path,
) -> Result<(Vec<Searched>, Vec<Timing>), Failure> {
    let options = options(common)?;
    if seeds == Some(0) {
        return Err(Failure::new("--seeds is 0, expected at least 1", Some("leave --seeds out for one study")));
    }
    let (first, last) = (options.first_seed, i64::MAX.unsigned_abs());
    if first.saturating_add(seeds.unwrap_or(1) as u64 - 1) > last {
        let message = format!("--seed is {first}, expected at most {last} for the last of the seeds");
        return Err(Failure::new(&message, Some("a winner's recipe keeps it, and TOML holds no larger number")));
    }
    if keep.storage.as_deref() == Some(MEMORY) && !keep.force {
        spare(experiment, &options, seeds.unwrap_or(1), out)?;
    }
    let (storage, n) = (storage(keep, out)?, seeds.unwrap_or(1));
    let (mut all, mut timings) = (Vec::new(), Vec::new());
    for i in 0..n as u64 {
        let mut options = options.clone();
        options.first_seed = options.first_seed.wrapping_add(i);
        let name = keep.study.clone().unwrap_or_else(|| experiment.name.clone());
        let study = if n > 1 { format!("{name}-seed-{}", options.first_seed) } else { name };
        if keep.force {
            forget(&*storage, &study)?;
        }
        let keeping = Keeping {
            storage: Arc::clone(&storage),
            study,
            order: if keep.asynchronous { Order::Asynchronous } else { Order::Generations },
            seconds: keep.seconds,
            resplit: if keep.resplit { Resplit::PerSeed } else { Resplit::Never },
        };
        let mut live = Live::new(&experiment.name, common.output);
        let conducted = conduct_study(experiment, recipe, &options, &keeping, monitor(), &mut live);
        drop(live);
        let Conducted { results, timing } = conducted.map_err(failure)?;
        all.push(Searched { results, keeping, options });
        timings.push(timing);
        if monitor().is_stopped() {
            break;
        }
    }
    Ok((all, timings))
}

/// Refuses to put a search that is kept nowhere in the place of another finished one.
fn spare(experiment: &Experiment, options: &Options, n_seeds: usize, out: &Path) -> Result<(), Failure> {
    let Ok(found) = results::read(out) else { return Ok(()) };
    let searches = if found.parts.is_empty() { std::slice::from_ref(&found) } else { &found.parts };
    let is_search = found.complete && searches.iter().all(|one| one.search.is_some());
    let seeds: Vec<u64> = (0..n_seeds as u64).map(|i| options.first_seed.wrapping_add(i)).collect();
    if !is_search || (found.recipe == experiment.print() && found.seeds == seeds) {
        return Ok(());
    }
    Err(Failure::new(
        format!("{}: there is another finished search in it", out.display()),
        Some("another --out keeps both, --force puts this one in its place"),
    ))
}

/// Deletes the study of that name, where there is one.
fn forget(storage: &dyn Storage, name: &str) -> Result<(), Failure> {
    let forgotten = storage.studies().and_then(|studies| {
        let study = studies.iter().find(|study| study.name == name);
        study.map_or(Ok(()), |study| storage.delete_study(study.id))
    });
    forgotten.map_err(|error| failure(error.into()))
}

/// Opens what `--storage` names.
pub(super) fn storage(keep: &Keep, out: &Path) -> Result<Arc<dyn Storage>, Failure> {
    match keep.storage.as_deref() {
        Some(MEMORY) => Ok(Arc::new(Memory::new())),
        Some(url) => file(url, keep.durable),
        None => {
            std::fs::create_dir_all(out).map_err(|source| {
                let error = FileError { action: "make the folder", path: out.to_owned(), source };
                Failure::new(error, Some("name a folder that you may write to by --out"))
            })?;
            file(&out.join(STUDY).to_string_lossy(), keep.durable)
        }
    }
}

/// Refuses an address of something that is no file.
#[cfg(feature = "sqlite")]
pub(super) fn check_address(what: &str, url: &str) -> Result<(), Failure> {
    match url.split_once("://") {
        Some(("sqlite", name)) if !name.starts_with('/') => Err(Failure::new(
            format!("{what}: expected three strokes after sqlite:"),
            Some(format!("sqlite:///{name}, or the name of a file")),
        )),
        Some((scheme, _)) if scheme != "sqlite" => {
            let hint = "sqlite:///study.db, or the name of a file";
            Err(Failure::new(format!("{what}: there are no studies in {scheme}"), Some(hint)))
        }
        _ => Ok(()),
    }
}

/// Opens a study file.
#[cfg(feature = "sqlite")]
fn file(url: &str, durable: bool) -> Result<Arc<dyn Storage>, Failure> {
    use goodfit_tune::storage::{Durability, Sqlite};
    if url.is_empty() {
        return Err(Failure::new(
            "--storage names no file",
            Some("sqlite:///study.db, or the name of a file, or memory"),
        ));
    }
    check_address(&format!("--storage {url}"), url)?;
    if Path::new(url.strip_prefix("sqlite:///").unwrap_or(url)).is_dir() {
        let hint = format!("a file in it: {}", Path::new(url).join(STUDY).display());
        return Err(Failure::new(format!("--storage {url}: a folder, expected a file"), Some(hint)));
    }
    let durability = if durable { Durability::Full } else { Durability::Normal };
    match Sqlite::open(url, durability) {
        Ok(storage) => Ok(Arc::new(storage)),
        Err(error) => Err(failure(error.into())),
    }
}

/// There are no study files in a program without them.
#[cfg(not(feature = "sqlite"))]
fn file(url: &str, _durable: bool) -> Result<Arc<dyn Storage>, Failure> {
    let message = format!("{url}: this program was built without study files");
    Err(Failure::new(message, Some("--storage memory, or build it with the feature sqlite")))
}

/// Why a search cannot be made.
pub(super) fn failure(error: SearchError) -> Failure {
    match error {
        SearchError::Recipe(error) => comparison_failure(error),
        error => {
            let hint = error.hint();
            Failure::new(error, hint)
        }
    }
}
