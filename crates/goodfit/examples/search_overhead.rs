//! What a search costs beside its trainings: trials of about 20 ms are trained as a study that is kept in a file, and
//! alone, in turns, by one thread.
//!
//! ```sh
//! cargo run --release -p goodfit --example search_overhead -- tpe 200 10
//! ```
//!
//! The sampler, the number of trials and of rounds. Whatever else runs on the machine can only add time, so that of each
//! trial, of what a study does outside of its trials, and of loading the data, the least of all rounds counts. Whoever
//! trains loads the data once, in a study or not: that is no part of what a study costs.
//! `benchsuite/search-overhead.py` adds what the program does around a study.

use std::error::Error;
use std::sync::Arc;
use std::thread;
use std::time::Instant;

use goodfit::comparison::{DataShelf, Observer, Options, Resplit};
use goodfit::data::Prepared;
use goodfit::recipe::{Experiment, Recipe, SearchRecipe};
use goodfit::results::{Results, Run, Trial};
use goodfit::run::{Monitor, train};
use goodfit::search::{Keeping, conduct_study};
use goodfit_nn::{Purpose, derive_seed};
use goodfit_tune::storage::{Durability, Sqlite};

/// What is changed in the recipe, so that its trials are as long on every machine.
const ROWS: &str = "train_rows = 250";

const RECIPE: &str = include_str!("search_overhead.toml");

struct Nobody;

impl Observer for Nobody {
    fn begin(&mut self, _: &str, _: u64) {}
    fn done(&mut self, _: &str, _: u64, _: &Run) {}
    fn line(&mut self, _: &str) {}
}

fn main() -> Result<(), Box<dyn Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [sampler, trials, rounds] = &words[..] else { return Err("expected SAMPLER TRIALS ROUNDS".into()) };
    let searched = format!("[search]\nfinalists = 0\nsampler = \"{sampler}\"\ntrials = {trials}\n");
    let rows = rows()?;
    let text = RECIPE.replace(ROWS, &format!("train_rows = {rows}")) + &searched;
    let experiment = Experiment::from_toml("search_overhead.toml", &text)?;
    let recipe = experiment.search.clone().ok_or("it searches nothing")?;
    let (mut in_study, mut alone) = (vec![f64::INFINITY; recipe.trials], vec![f64::INFINITY; recipe.trials]);
    let (mut outside, mut loading) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..rounds.parse()? {
        let (results, trials, beside) = study(&experiment, &recipe)?;
        keep_least(&mut in_study, &trials);
        let (seconds, loaded) = trainings(&experiment, &results)?;
        keep_least(&mut alone, &seconds);
        (outside, loading) = (outside.min(beside), loading.min(loaded));
    }
    let per_trial = |seconds: f64| 1e3 * seconds / recipe.trials as f64;
    let [in_study, alone] = [in_study, alone].map(|seconds| per_trial(seconds.iter().sum()));
    let [outside, loading] = [outside - loading, loading].map(per_trial);
    println!(
        "{sampler}: {trials} trials on {rows} rows, of {alone:.3} ms when trained alone, {in_study:.3} ms in a study,"
    );
    println!(
        "{sampler}: and {outside:.3} ms for each that the study takes outside of trials, without the {loading:.3} ms"
    );
    println!("{sampler}: for each of loading the data once, in a study as alone");
    println!("{sampler}: overhead {:.2} %", 100.0 * ((in_study + outside) / alone - 1.0));
    Ok(())
}

/// So many rows that a trial takes about 20 ms on this machine.
fn rows() -> Result<u64, Box<dyn Error>> {
    let experiment = Experiment::from_toml("search_overhead.toml", RECIPE)?;
    let (recipe, seed) = (&experiment.recipe, 0);
    let data = DataShelf::default().get(&recipe.data, seed, seed, Resplit::Never)?;
    let mut least = f64::INFINITY;
    for _ in 0..20 {
        let start = Instant::now();
        train(recipe, &data, seed, &Monitor::default())?;
        least = least.min(start.elapsed().as_secs_f64());
    }
    let before: f64 = ROWS.rsplit(' ').next().ok_or("no number")?.parse()?;
    // In whole batches of 50, of which a fifth validates.
    Ok(((before * 0.020 / least / 125.0).round().max(1.0) * 125.0) as u64)
}

fn keep_least(least: &mut [f64], seconds: &[f64]) {
    for (least, seconds) in least.iter_mut().zip(seconds) {
        *least = least.min(*seconds);
    }
}

/// A study in a new file: its results, the seconds of its trials by number, and those that no trial took.
fn study(experiment: &Experiment, recipe: &SearchRecipe) -> Result<(Results, Vec<f64>, f64), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let storage = Arc::new(Sqlite::open(folder.path().join("study.db"), Durability::Normal)?);
    let keeping = Keeping { storage, ..Keeping::memory(experiment) };
    let options = Options { first_seed: 0, n_jobs: 1, command: String::new() };
    let conducted = conduct_study(experiment, recipe, &options, &keeping, &Monitor::default(), &mut Nobody)?;
    let trials: Vec<f64> = conducted.timing.arms.iter().flat_map(|arm| &arm.runs).map(|run| run.seconds).collect();
    let outside = conducted.timing.seconds - trials.iter().sum::<f64>();
    Ok((conducted.results, trials, outside))
}

/// Seconds of the same trainings by the number of their trials, and those of loading their data.
fn trainings(experiment: &Experiment, results: &Results) -> Result<(Vec<f64>, f64), Box<dyn Error>> {
    let (mut shelf, monitor, seed) = (DataShelf::default(), Monitor::default(), results.seeds[0]);
    let start = Instant::now();
    shelf.get(&experiment.recipe.data, seed, seed, Resplit::Never)?;
    let loading = start.elapsed().as_secs_f64();
    let mut trials: Vec<&Trial> = results.trials.iter().collect();
    trials.sort_by_key(|trial| trial.trial);
    let mut prepared = Vec::new();
    for trial in trials {
        let recipe = experiment.trial(&trial.settings)?;
        let data = shelf.get(&recipe.data, seed, seed, Resplit::Never)?;
        prepared.push((recipe, data, derive_seed(seed, Purpose::Trial, trial.trial as u64)));
    }
    let timed = |(recipe, data, seed): &(Recipe, Arc<Prepared>, u64)| {
        let start = Instant::now();
        train(recipe, data, *seed, &monitor).map(|_| start.elapsed().as_secs_f64())
    };
    // Memory is given out in another way to threads that are not the first, as a search's trials are.
    let all = || prepared.iter().map(timed).collect::<Result<_, _>>();
    let seconds = thread::scope(|scope| scope.spawn(all).join().expect("a training does not panic"))?;
    Ok((seconds, loading))
}
