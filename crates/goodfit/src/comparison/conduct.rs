//! A whole comparison: tuning, trainings, statistics, results.

use std::time::Instant;

use super::{ComparisonError, Observer, Resplit, Runs, finished, load_all, run_all, tune};
use crate::recipe::Experiment;
use crate::results::{FORMAT, Results, RunTiming, Timing};
use crate::run::Monitor;
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
    let mut results = Results {
        format: FORMAT,
        experiment: experiment.name.clone(),
        goodfit: env!("CARGO_PKG_VERSION").to_owned(),
        data: loaded.summary(),
        seeds: seeds.clone(),
        primary_metric: compare.metric.clone().unwrap_or_default(),
        recipe: experiment.print(),
        command: options.command.clone(),
        report: experiment.report.clone(),
        arms: Vec::new(),
        comparisons: Vec::new(),
        trials: Vec::new(),
        claims: Vec::new(),
        findings: Vec::new(),
        parts: Vec::new(),
        complete: false,
    };
    let mut timing = Timing::new(options.n_jobs);
    let tuned = tune(&Runs { seeds: &tune_seeds, ..runs }, &results.primary_metric, monitor, observer)?;
    if let Some(tuned) = tuned {
        let runs = Runs { arms: &tuned.arms, ..runs };
        observer.begin("training", loaded.n_steps);
        let done = run_all(&runs, &loaded, monitor, |arm, seed, done| observer.done(&arm.name, seed, &done.run))?;
        results.complete = done.iter().flatten().all(Option::is_some);
        for (arm, runs) in tuned.arms.iter().zip(&done) {
            let timed = runs.iter().flatten().map(|done| RunTiming {
                arm: arm.name.clone(),
                seed: done.run.seed,
                seconds: done.elapsed.as_secs_f64(),
            });
            timing.runs.extend(timed);
        }
        results.arms = finished(&tuned.arms, done);
        for (arm, tuning) in results.arms.iter_mut().zip(tuned.tunings) {
            arm.tuning = tuning;
        }
        let pairs = if compare.all_pairs { Pairs::All } else { Pairs::Baseline };
        results.comparisons = compare_arms(&results.arms, &results.primary_metric, pairs, baseline);
    }
    timing.seconds = start.elapsed().as_secs_f64();
    Ok(Conducted { results, timing })
}
