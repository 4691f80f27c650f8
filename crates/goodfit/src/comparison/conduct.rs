//! A whole comparison: tuning, trainings, statistics, results.

use std::time::Instant;

use goodfit_nn::Network;

use super::ensemble::{seeds, train_each};
use super::folds::train_folds;
use super::refit::{First, is_finite};
use super::{ComparisonError, Done, Loaded, Observer, Resplit, Runs, check_fits, finished, load_all, run_all, tune};
use crate::baseline::{Baselines, assess, like_the_majority};
use crate::data::table::Schema;
use crate::data::{Prepared, load};
use crate::model::Opened;
use crate::recipe::{Experiment, Recipe};
use crate::results::{Arm, ArmTiming, Assessment, Finding, Machine, Results, RunTiming, Timing};
use crate::run::{Monitor, Trained, n_steps, train};
use crate::statistics::{Pairs, compare_arms};

/// What the command line decides.
#[derive(Clone, Debug)]
pub struct Options {
    /// The first seed; the others follow it.
    pub first_seed: u64,
    /// Runs at the same time.
    pub n_jobs: usize,
    /// The command that makes the same results again, for the report.
    pub command: String,
}

/// Results, and the wall-clock facts that stay out of them.
#[derive(Clone, Debug)]
pub struct Conducted {
    /// What was found.
    pub results: Results,
    /// How long it took.
    pub timing: Timing,
}

/// Trains and compares the arms of an experiment.
///
/// Tuned arms choose on the seeds that follow those of the comparison.
///
/// # Errors
/// When the data cannot be loaded, or a recipe does not fit them or makes no network.
pub fn conduct(
    experiment: &Experiment,
    options: &Options,
    monitor: &Monitor,
    observer: &mut dyn Observer,
) -> Result<Conducted, ComparisonError> {
    let start = Instant::now();
    if experiment.recipe.data.folds.is_some() {
        let error = experiment.settings().fault("data.folds", "data.folds is for train, which keeps one network");
        return Err(error.hint("--resplit splits off other validation rows for each seed").into());
    }
    let arms = experiment.arms()?;
    let baseline = experiment.baseline(&arms)?;
    let compare = &experiment.compare;
    let seed = |i: usize| options.first_seed.wrapping_add(i as u64);
    let seeds: Vec<u64> = (0..compare.seeds).map(seed).collect();
    let tune_seeds: Vec<u64> = (compare.seeds..compare.seeds + compare.tune_seeds).map(seed).collect();
    let runs = Runs {
        arms: &arms,
        seeds: &seeds,
        first_seed: options.first_seed,
        resplit: if compare.resplit { Resplit::PerSeed } else { Resplit::Never },
        n_jobs: options.n_jobs,
    };
    let loaded = load_all(&runs)?;
    let mut results = blank(experiment, options, loaded.rows.first().map(|rows| &**rows), seeds.clone());
    results.findings.extend(loaded.overlap().findings());
    if results.primary_metric.is_empty() && loaded.n_steps > 0 && !experiment.recipe.training.diagnostics {
        return Err(ComparisonError::NothingRecorded);
    }
    let mut timing = Timing { seconds: 0.0, jobs: options.n_jobs, machine: Machine::current(), arms: Vec::new() };
    let tuned = tune(&Runs { seeds: &tune_seeds, ..runs }, &results.primary_metric, monitor, observer)?;
    if tuned.is_complete() {
        let runs = Runs { arms: &tuned.arms, ..runs };
        observer.begin("training", loaded.n_steps);
        let done = run_all(&runs, &loaded, monitor, |arm, seed, done| observer.done(&arm.name, seed, &done.run))?;
        results.complete = done.iter().flatten().all(Option::is_some);
        for (arm, runs) in tuned.arms.iter().zip(&done) {
            let timed = |done: &Done| RunTiming { seed: done.run.seed, seconds: done.elapsed.as_secs_f64() };
            let runs = runs.iter().flatten().map(timed).collect();
            timing.arms.push(ArmTiming { arm: arm.name.clone(), runs });
        }
        results.arms = finished(&tuned.arms, done);
        let data_differ = (0..arms.len()).any(|i| loaded.summary(i) != results.data);
        for (i, (arm, tuning)) in results.arms.iter_mut().zip(tuned.tunings).enumerate() {
            arm.tuning = tuning;
            arm.data = data_differ.then(|| loaded.summary(i));
        }
        if let Some(first) = loaded.rows.first().filter(|_| results.complete) {
            let baselines = Baselines::fit(first, arms[0].recipe.training.class_weight);
            let assessed = baselines.and_then(|baselines| assess(first, &baselines, &[], None, 1));
            let shared = !data_differ && !compare.resplit;
            results.assessment = assessed.map(|assessed| Assessment { shared, ..assessed });
            results.findings.extend(like_the_majority(&results));
        }
        let n_seeds = results.arms.iter().map(|arm| arm.runs.len()).max().unwrap_or(0);
        results.seeds.truncate(n_seeds);
        let pairs = if compare.all_pairs { Pairs::All } else { Pairs::Baseline };
        // Where nothing is trained there is no metric and nothing to compare by it; and somebody who
        // stops on seeing what they like has not made the test that a verdict speaks of.
        if results.complete && !results.primary_metric.is_empty() {
            results.comparisons = compare_arms(&results.arms, &results.primary_metric, pairs, baseline);
        }
        results.findings.extend(by_test_rows(&loaded, &results.primary_metric));
    } else {
        results.seeds.clear();
        results.arms = finished(&tuned.arms, tuned.arms.iter().map(|_| Vec::new()).collect());
        for (arm, tuning) in results.arms.iter_mut().zip(tuned.tunings) {
            arm.tuning = tuning;
        }
    }
    timing.seconds = start.elapsed().as_secs_f64();
    Ok(Conducted { results, timing })
}

/// What a single training leaves beside its results.
#[derive(Clone, Debug)]
pub struct Fit {
    /// The network, or those of `training.ensemble`.
    pub networks: Vec<Network<f32>>,
    /// On a table, what a model has to know of its columns.
    pub schema: Option<Schema>,
    /// On a table, what was fitted on the same rows beside it.
    pub baselines: Option<Baselines>,
    /// On a table, what it scores on the test rows, where the recipe has opened them.
    pub opened: Option<Opened>,
}

/// Trains the recipe of an experiment once, without its variations, or with as many seeds as `training.ensemble` says, and again
/// on all rows where `training.refit` says so. With `data.folds` it is so trained for each fold, and then on all rows.
/// There is no network when the monitor stopped the first training, or when one of several is no number.
///
/// # Errors
/// As for [`conduct`].
pub fn train_one(
    experiment: &Experiment,
    options: &Options,
    monitor: &Monitor,
    observer: &mut dyn Observer,
) -> Result<(Conducted, Option<Fit>), ComparisonError> {
    if let Some(of) = experiment.recipe.data.folds {
        return train_folds(experiment, of, options, monitor, observer);
    }
    let start = Instant::now();
    let seed = options.first_seed;
    let recipe = &experiment.recipe;
    let dataset = load(&recipe.data, seed)?;
    // Read once: the rows of a table are shared.
    let whole = recipe.training.refit.then(|| dataset.clone());
    let data = Prepared::new(dataset, &recipe.data, recipe.data.split_seed.unwrap_or(seed))?;
    let seeds = seeds(seed, recipe.training.ensemble);
    check_fits("recipe", recipe, &data, options.n_jobs.min(seeds.len()))?;
    observer.begin("training", (seeds.len() * n_steps(recipe, data.train.n_rows())) as u64);
    let name = "recipe".to_owned();
    let trained = train_each(
        seeds.len(),
        options.n_jobs,
        monitor,
        &name,
        |i| train(recipe, &data, seeds[i], monitor),
        |i, trained| observer.done(&name, seeds[i], &trained.run),
    )?;
    let (trained, seconds): (Vec<Trained>, Vec<f64>) = trained.into_iter().unzip();
    let mut results = blank(experiment, options, Some(&data), seeds.clone());
    results.findings.extend(data.overlap.findings());
    let mut arm = Arm { name: name.clone(), ..Arm::default() };
    let mut fit = None;
    if trained.len() == seeds.len() {
        let baselines = Baselines::fit(&data, recipe.training.class_weight);
        let networks: Vec<Network<f32>> = trained.iter().map(|trained| trained.network.clone()).collect();
        let metric = recipe.training.metric;
        results.assessment = baselines.as_ref().and_then(|own| assess(&data, own, &networks, metric, options.n_jobs));
        results.findings.extend(like_the_majority(&results));
        let first = First { recipe, seeds: &seeds, data: &data, trained: &trained, baselines: baselines.as_ref() };
        let again = match whole {
            Some(dataset) if first.is_repeated() => first.refit(dataset, options.n_jobs, monitor, observer)?,
            _ => None,
        };
        let (again, refit) = again.unzip();
        results.refit = refit;
        results.complete = !monitor.is_stopped();
        if again.is_none() && results.complete && first.is_repeated() {
            results.findings.push(not_refitted());
        }
        fit = again.or_else(|| {
            let opened = Opened::by_training(&data, &networks, baselines.as_ref());
            Some(Fit { networks, schema: data.schema.clone(), baselines, opened })
        });
        let lost = trained.iter().filter(|trained| !is_finite(&trained.network)).count();
        if lost > 0 && trained.len() > 1 {
            results.findings.push(not_an_ensemble(lost, trained.len()));
            fit = None;
        }
    }
    arm.runs.extend(trained.into_iter().map(|trained| trained.run));
    arm.summarise();
    results.arms = vec![arm];
    let runs = results.arms[0].runs.iter().zip(seconds).map(|(run, seconds)| RunTiming { seed: run.seed, seconds });
    let arms = vec![ArmTiming { arm: name, runs: runs.collect() }];
    let jobs = options.n_jobs.min(seeds.len());
    let timing = Timing { seconds: start.elapsed().as_secs_f64(), jobs, machine: Machine::current(), arms };
    Ok((Conducted { results, timing }, fit))
}

/// That arms were held against each other on test rows of a table, which were opened for that.
fn by_test_rows(loaded: &Loaded, metric: &str) -> Option<Finding> {
    let opened = loaded.rows.iter().find(|rows| rows.schema.is_some() && rows.test.is_some())?;
    let n = opened.summary.test_rows;
    let is_ranked = metric.starts_with("test_") || metric == "accuracy_gap";
    let what = if is_ranked { "the arms were ranked by" } else { "every arm was scored on" };
    Some(Finding {
        statement: format!("{what} the {n} test rows, which were opened for it"),
        evidence: "data.evaluation is \"test\"; rows that choose flatter what they have chosen, and no others are sealed that \
                   could say by how much"
            .to_owned(),
        next: "--set data.evaluation=validation --set data.validation=0.2 ranks by rows that are there for it".to_owned(),
    })
}

/// That networks of an ensemble are no numbers, and nothing is kept.
fn not_an_ensemble(lost: usize, of: usize) -> Finding {
    Finding {
        statement: format!("{lost} of the {of} networks of the ensemble diverged, so that no model is kept"),
        evidence: "they have weights that are no numbers".to_owned(),
        next: "a lower training.learning_rate".to_owned(),
    }
}

/// That the rows which rank have chosen the epoch as well.
fn flattered(recipe: &Recipe) -> Option<Finding> {
    let chooses = recipe.training.early_stopping.is_some() && recipe.data.stopping <= 0.0;
    chooses.then(|| Finding {
        statement: "the validation rows also choose the epoch, which flatters their scores".to_owned(),
        evidence: "training.early_stopping is set and data.stopping is 0".to_owned(),
        next: "--set data.stopping=0.1".to_owned(),
    })
}

/// That the network of all rows is no number, and the first one is kept.
fn not_refitted() -> Finding {
    Finding {
        statement: "the network trained anew on all rows diverged, so that the first one is kept".to_owned(),
        evidence: "training.refit is true, and the second network has weights that are no numbers".to_owned(),
        next: "a lower training.learning_rate".to_owned(),
    }
}

/// The results of an experiment before anything is trained.
pub(crate) fn blank(experiment: &Experiment, options: &Options, data: Option<&Prepared>, seeds: Vec<u64>) -> Results {
    let doubts = data.map(|data| data.doubts.clone()).unwrap_or_default();
    Results {
        findings: doubts.into_iter().chain(flattered(&experiment.recipe)).collect(),
        data: data.map(|data| data.summary.clone()).unwrap_or_default(),
        seeds,
        primary_metric: experiment.compare.metric.clone().unwrap_or_default(),
        recipe: experiment.print(),
        ..Results::new(&experiment.name, &options.command, experiment.report.clone())
    }
}
