//! What a trial does: it trains its recipe, on every split and with every seed that it is ranked over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use goodfit_nn::{Purpose, derive_seed};
use goodfit_tune::storage::{Scope, Series};
use goodfit_tune::{Decision, Outcome, RunningTrial};
use serde_json::Value as Json;

use super::budget::Budget;
use super::space::settings;
use super::words;
use crate::comparison::{DataShelf, Resplit, check_fits};
use crate::data::{DataError, Overlap, Prepared};
use crate::recipe::{Experiment, Fold, Recipe, SearchRecipe};
use crate::results::{Curve, Run};
use crate::run::{At, Monitor, Running, Trained, Watched, train_watched};

/// Under this key a trial keeps its runs without their curves.
pub(super) const RUNS: &str = "runs";

/// Why a trial failed whose loss or outputs overflowed.
pub(super) const DIVERGED: &str = "diverged";

/// Values that a trial reports at full resolution; later ones become sparser, so that a long training does not
/// fill its storage.
const DENSE: u64 = 64;

/// What the trainings of a search share.
pub(super) struct Objective<'a> {
    pub(super) experiment: &'a Experiment,
    pub(super) search: &'a SearchRecipe,
    pub(super) seed: u64,
    pub(super) n_jobs: usize,
    pub(super) monitor: &'a Monitor,
    /// The time there is, where it is bounded.
    pub(super) budget: Option<Budget>,
    shelf: Mutex<DataShelf>,
}

/// Why a training has no value.
pub(super) enum NoValue {
    /// It was stopped from outside.
    Stopped,
    /// It failed, for this reason.
    Failed(String),
}

impl<'a> Objective<'a> {
    pub(super) fn new(
        experiment: &'a Experiment,
        search: &'a SearchRecipe,
        seed: u64,
        n_jobs: usize,
        monitor: &'a Monitor,
    ) -> Self {
        Self { experiment, search, seed, n_jobs, monitor, budget: None, shelf: Mutex::default() }
    }

    /// The splits that a trial is trained on, one after the other.
    pub(super) fn folds(&self) -> Vec<Option<Fold>> {
        match self.search.folds {
            Some(of) => (0..of).map(|index| Some(Fold { index, of })).collect(),
            None => vec![None],
        }
    }

    /// Carries a trial out.
    pub(super) fn trial(&self, trial: &mut RunningTrial<'_>) -> Outcome {
        let start = Instant::now();
        let outcome = self.carry_out(trial);
        match (&self.budget, &outcome) {
            (Some(budget), Outcome::Complete(value)) => budget.complete(*value, start.elapsed()),
            (Some(budget), Outcome::Pruned) => budget.pruned(),
            _ => {}
        }
        outcome
    }

    fn carry_out(&self, trial: &mut RunningTrial<'_>) -> Outcome {
        let number = trial.number();
        let settings = settings(self.search, trial.parameters());
        let trainings: Vec<(u64, Option<Fold>)> = (0..self.search.repeats)
            .flat_map(|repeat| {
                let seed = derive_seed(self.seed, Purpose::Trial, number + ((repeat as u64) << 32));
                self.folds().into_iter().map(move |fold| (seed, fold))
            })
            .collect();
        let alone = trainings.len() == 1;
        let line = self.monitor.board.begin(number, || Running {
            settings: words::values(&settings),
            n_trainings: trainings.len(),
            ..Running::default()
        });
        let (mut runs, mut sum) = (Vec::new(), 0.0);
        let mut outcome = None;
        for (i, (seed, fold)) in trainings.iter().enumerate() {
            let mut decision = Decision::Continue;
            let mut n_evaluations = 0;
            let mut watcher = |run: &Run, at: At| {
                n_evaluations += 1;
                let value = run.curves.get(&self.search.metric).and_then(|curve| curve.value.last());
                line.evaluated(i, at, || words::scored(value.copied().unwrap_or(f64::NAN), &self.search.metric));
                if let (Some(value), true) = (value, alone && is_reported(n_evaluations)) {
                    decision = trial.report(n_evaluations, *value);
                } else if trial.is_stopped() {
                    decision = Decision::Stop;
                }
                if decision == Decision::Continue { Watched::GoOn } else { Watched::Enough }
            };
            let run = match self.train(&settings, *seed, *fold, self.seed, Resplit::Never, &mut watcher) {
                Ok(run) => run,
                Err(NoValue::Stopped) => return Outcome::Interrupted,
                Err(NoValue::Failed(reason)) => {
                    outcome = Some(Outcome::Failed(reason));
                    break;
                }
            };
            let value = self.value(&run);
            let diverged = run.diverged_at.is_some() || !value.is_finite();
            runs.push(run);
            sum += value;
            if decision == Decision::Continue && !alone {
                decision = trial.report(i as u64 + 1, sum / (i + 1) as f64);
            }
            match decision {
                Decision::Stop => return Outcome::Interrupted,
                _ if diverged => outcome = Some(Outcome::Failed(DIVERGED.to_owned())),
                Decision::Prune => outcome = Some(Outcome::Pruned),
                Decision::Continue => {}
            }
            if outcome.is_some() {
                break;
            }
        }
        let n = runs.len();
        keep(trial, runs);
        outcome.unwrap_or(Outcome::Complete(sum / n as f64))
    }

    /// Trains settings once, for its scores.
    pub(super) fn train(
        &self,
        settings: &BTreeMap<String, Json>,
        seed: u64,
        fold: Option<Fold>,
        split_seed: u64,
        resplit: Resplit,
        watcher: &mut dyn FnMut(&Run, At) -> Watched,
    ) -> Result<Run, NoValue> {
        self.fit(settings, seed, fold, split_seed, resplit, watcher).map(|(trained, _)| trained.run)
    }

    /// Trains settings once, and gives the network with the rows that it was trained and scored on.
    pub(super) fn fit(
        &self,
        settings: &BTreeMap<String, Json>,
        seed: u64,
        fold: Option<Fold>,
        split_seed: u64,
        resplit: Resplit,
        watcher: &mut dyn FnMut(&Run, At) -> Watched,
    ) -> Result<(Trained, Arc<Prepared>), NoValue> {
        let failed = |error: &dyn std::fmt::Display| NoValue::Failed(error.to_string());
        let mut recipe = self.experiment.trial(settings).map_err(|error| failed(&error))?;
        recipe.data.fold = fold;
        let data = self.data(&recipe, split_seed, resplit).map_err(|error| failed(&error))?;
        check_fits("trial", &recipe, &data, self.n_jobs).map_err(|error| failed(&error))?;
        let trained = train_watched(&recipe, &data, seed, self.monitor, watcher).map_err(|error| failed(&error))?;
        trained.map(|trained| (trained, data)).ok_or(NoValue::Stopped)
    }

    /// The rows of a recipe; with [`Resplit::PerSeed`] split by another seed.
    pub(super) fn data(&self, recipe: &Recipe, split_seed: u64, resplit: Resplit) -> Result<Arc<Prepared>, DataError> {
        let mut shelf = self.shelf.lock().unwrap_or_else(PoisonError::into_inner);
        shelf.get(&recipe.data, self.seed, split_seed, resplit)
    }

    /// Rows on both sides of a split, over all splits that a trial is trained on.
    ///
    /// # Errors
    /// As for [`Self::data`].
    pub(super) fn overlap(&self) -> Result<Overlap, DataError> {
        let mut recipe = self.experiment.recipe.clone();
        let mut found = Vec::new();
        for fold in self.folds() {
            recipe.data.fold = fold;
            found.push(self.data(&recipe, self.seed, Resplit::Never)?.overlap.clone());
        }
        Ok(found.into_iter().reduce(Overlap::and).unwrap_or_default())
    }

    /// What a run is ranked by; NaN when it has none.
    pub(super) fn value(&self, run: &Run) -> f64 {
        run.final_.get(&self.search.metric).copied().unwrap_or(f64::NAN)
    }
}

/// Whether an evaluation is reported: all of the first, then every second, every fourth and so on.
fn is_reported(n: u64) -> bool {
    let stride = (n.next_power_of_two() / DENSE).max(1);
    n.is_multiple_of(stride)
}

/// Keeps the curves of runs compactly, and the rest of them as text.
fn keep(trial: &mut RunningTrial<'_>, mut runs: Vec<Run>) {
    for (i, run) in runs.iter_mut().enumerate() {
        for (name, curve) in std::mem::take(&mut run.curves) {
            let steps = curve.step.iter().map(|&step| step as u64).collect();
            trial.keep(Series { name: curve_name(i, &name), steps, values: curve.value });
        }
    }
    if let Ok(runs) = serde_json::to_value(&runs) {
        trial.note(Scope::Private, RUNS, runs);
    }
}

/// The curve of a training in a storage, where those of a trial lie together.
fn curve_name(training: usize, name: &str) -> String {
    if training == 0 { name.to_owned() } else { format!("{name}#{training}") }
}

/// The runs that [`keep`] kept.
pub(super) fn kept(runs: Option<&Json>, curves: Vec<Series>) -> Vec<Run> {
    let mut runs: Vec<Run> = runs.and_then(|runs| serde_json::from_value(runs.clone()).ok()).unwrap_or_default();
    for Series { name, steps, values } in curves {
        let (name, training) = match name.rsplit_once('#') {
            Some((name, training)) => (name, training.parse().unwrap_or(0)),
            None => (name.as_str(), 0_usize),
        };
        if let Some(run) = runs.get_mut(training) {
            let curve = Curve { step: steps.iter().map(|&step| step as usize).collect(), value: values };
            run.curves.insert(name.to_owned(), curve);
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_training_reports_a_bounded_number_of_times() {
        assert!((1..=64).all(is_reported));
        let n = |most| (1..=most).filter(|&n| is_reported(n)).count();
        assert_eq!(n(128), 96);
        assert!(n(1_000_000) < 64 + 32 * 14);
    }
}
