//! A single training that is scored over folds: each row that is not sealed validates once.

use std::time::Instant;

use goodfit_nn::Network;

use super::ensemble::{seeds, train_each};
use super::refit::OnAll;
use super::{ComparisonError, Conducted, Fit, Observer, Options, blank, check_fits};
use crate::baseline::{Baselines, Judged, like_the_majority};
use crate::data::{DataError, Dataset, Overlap, Prepared, load};
use crate::jobs::run_jobs;
use crate::recipe::{DataRecipe, Experiment, Fold, Recipe};
use crate::results::{Arm, ArmTiming, Finding, Machine, Refit, Run, RunTiming, Timing};
use crate::run::{Monitor, Trained, n_steps, train};

/// What a fold leaves, of each seed where it says so.
struct Done {
    runs: Vec<Run>,
    seconds: Vec<f64>,
    /// Which share of its steps was best.
    shares: Vec<f64>,
    baselines: Option<Baselines>,
    judged: Option<Judged>,
    /// Rows that it validated.
    n_rows: usize,
    overlap: Overlap,
}

/// What the folds of a training share.
struct Folds<'a> {
    recipe: &'a Recipe,
    dataset: &'a Dataset,
    seeds: &'a [u64],
    split_seed: u64,
    of: usize,
}

/// Trains a recipe once for each fold, each with the same seed, or with the same seeds of `training.ensemble`, and a network of
/// each seed on all rows that are not sealed, to the share of the schedule that was best in the median of the folds. There is no
/// network when the monitor stopped it, or when one of these is no number.
///
/// # Errors
/// As for [`super::train_one`].
pub(super) fn train_folds(
    experiment: &Experiment,
    of: usize,
    options: &Options,
    monitor: &Monitor,
    observer: &mut dyn Observer,
) -> Result<(Conducted, Option<Fit>), ComparisonError> {
    let start = Instant::now();
    let (recipe, seed) = (&experiment.recipe, options.first_seed);
    let seeds = seeds(seed, recipe.training.ensemble);
    let dataset = load(&recipe.data, seed)?;
    let folds =
        Folds { recipe, dataset: &dataset, seeds: &seeds, split_seed: recipe.data.split_seed.unwrap_or(seed), of };
    let first = folds.rows(0)?;
    observer.begin("training", (n_steps(recipe, first.train.n_rows()) * of * seeds.len()) as u64);
    let n_jobs = options.n_jobs.min(of);
    let done = run_jobs(
        of,
        options.n_jobs,
        &monitor.stop,
        |index| folds.train(index, n_jobs, monitor),
        |index, done| {
            if let Ok(Some(done)) = done {
                seeds.iter().zip(&done.runs).for_each(|(&seed, run)| observer.done(&name(index), seed, run));
            }
        },
    );
    let done: Vec<Option<Done>> =
        done.into_iter().map(|done| done.transpose().map(Option::flatten)).collect::<Result<_, _>>()?;
    let mut results = blank(experiment, options, Some(&first), seeds.clone());
    let overlaps = done.iter().flatten().map(|done| done.overlap.clone());
    results.findings.extend(overlaps.reduce(Overlap::and).unwrap_or_default().findings());
    let finished = || done.iter().enumerate().filter_map(|(index, done)| Some((index, done.as_ref()?)));
    for (index, done) in finished() {
        let mut arm = Arm { name: name(index), runs: done.runs.clone(), ..Arm::default() };
        arm.summarise();
        results.arms.push(arm);
    }
    results.data.folds = Some(of);
    results.data.validation_rows = finished().map(|(_, done)| done.n_rows).sum();
    let timed = |(index, done): (usize, &Done)| ArmTiming {
        arm: name(index),
        runs: seeds.iter().zip(&done.seconds).map(|(&seed, &seconds)| RunTiming { seed, seconds }).collect(),
    };
    let arms = finished().map(timed).collect();
    let mut fit = None;
    if let Some(done) = done.into_iter().collect::<Option<Vec<Done>>>() {
        let judged = done.iter().map(|done| done.judged.clone()).collect::<Option<Vec<Judged>>>();
        results.assessment = judged.and_then(Judged::over);
        results.findings.extend(like_the_majority(&results));
        if done.iter().flat_map(|done| &done.runs).all(|run| run.diverged_at.is_none()) {
            let kept = folds.on_all_rows(&done, options.n_jobs, monitor, observer)?;
            (fit, results.refit) = kept.unzip();
        }
        results.complete = !monitor.is_stopped();
        if fit.is_none() && results.complete {
            results.findings.push(none_kept());
        }
    }
    let timing = Timing { seconds: start.elapsed().as_secs_f64(), jobs: n_jobs, machine: Machine::current(), arms };
    Ok((Conducted { results, timing }, fit))
}

impl Folds<'_> {
    fn rows(&self, index: usize) -> Result<Prepared, DataError> {
        let recipe = DataRecipe { fold: Some(Fold { index, of: self.of }), ..self.recipe.data.clone() };
        Prepared::new(self.dataset.clone(), &recipe, self.split_seed)
    }

    /// `None` when the monitor stopped it.
    fn train(&self, index: usize, n_jobs: usize, monitor: &Monitor) -> Result<Option<Done>, ComparisonError> {
        let data = self.rows(index)?;
        let arm = name(index);
        check_fits(&arm, self.recipe, &data, n_jobs)?;
        // Folds are shared out among the jobs, so that the networks of one come one after the other.
        let train = |i: usize| train(self.recipe, &data, self.seeds[i], monitor);
        let trained = train_each(self.seeds.len(), 1, monitor, &arm, train, |_, _| {})?;
        if trained.len() < self.seeds.len() {
            return Ok(None);
        }
        let (trained, seconds): (Vec<Trained>, Vec<f64>) = trained.into_iter().unzip();
        let of_steps = n_steps(self.recipe, data.train.n_rows()).max(1) as f64;
        let shares = trained.iter().map(|trained| trained.n_steps_on_all as f64 / of_steps).collect();
        let (runs, networks): (Vec<Run>, Vec<Network<f32>>) =
            trained.into_iter().map(|trained| (trained.run, trained.network)).unzip();
        let baselines = Baselines::fit(&data, self.recipe.training.class_weight);
        let judged =
            baselines.as_ref().and_then(|own| Judged::new(&data, own, &networks, self.recipe.training.metric, 1));
        let n_rows = data.summary.validation_rows;
        Ok(Some(Done { runs, seconds, shares, baselines, judged, n_rows, overlap: data.overlap }))
    }

    /// Trains what is kept; the linear model takes the penalty of the middle fold.
    fn on_all_rows(
        &self,
        done: &[Done],
        n_jobs: usize,
        monitor: &Monitor,
        observer: &mut dyn Observer,
    ) -> Result<Option<(Fit, Refit)>, ComparisonError> {
        let recipe = DataRecipe { validation: 0.0, stopping: 0.0, fold: None, ..self.recipe.data.clone() };
        let data = Prepared::joined(self.dataset.clone(), &recipe, self.split_seed)?;
        let share = |i: usize| median(done.iter().map(|done| done.shares[i]).collect());
        let shares: Vec<f64> = (0..self.seeds.len()).map(share).collect();
        let all = OnAll { recipe: self.recipe, data: &data, seeds: self.seeds, shares: &shares };
        let Some((networks, refit)) = all.train(n_jobs, monitor, observer)? else { return Ok(None) };
        let mut by_penalty: Vec<&Baselines> = done.iter().filter_map(|done| done.baselines.as_ref()).collect();
        let penalty = |own: &Baselines| own.linear.as_ref().map_or(f64::INFINITY, |linear| linear.penalty);
        by_penalty.sort_by(|a, b| penalty(a).total_cmp(&penalty(b)));
        let middle = by_penalty.get((by_penalty.len().max(1) - 1) / 2);
        let baselines = middle.and_then(|middle| middle.refit(&data, self.recipe.training.class_weight));
        Ok(Some((Fit { networks, schema: data.schema, baselines, opened: None }, refit)))
    }
}

fn name(index: usize) -> String {
    format!("fold {}", index + 1)
}

/// The middle one, or the mean of the two in the middle.
fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let n = values.len();
    f64::midpoint(values[(n - 1) / 2], values[n / 2])
}

/// That no network of all rows is a number.
fn none_kept() -> Finding {
    Finding {
        statement: "no network is kept: one of the folds or that of all rows diverged".to_owned(),
        evidence: "with data.folds the network that is kept has trained on all rows that are not sealed".to_owned(),
        next: "a lower training.learning_rate".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_middle() {
        assert_eq!(median(vec![3.0, 1.0, 2.0]), 2.0);
        assert_eq!(median(vec![4.0, 1.0, 2.0, 3.0]), 2.5);
        assert_eq!(median(vec![1.0]), 1.0);
    }
}
