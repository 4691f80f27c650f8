//! Search of recipes: trials drawn at random, trained, ranked by what the recipe ranks them by.
//!
//! Trial n draws its values from the stream (seed, [`Purpose::Sampler`], n) and trains with the seed
//! derived from (seed, [`Purpose::Trial`], n), so it is the same trial whatever ran beside it.

mod words;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Instant;

use goodfit_nn::{Purpose, derive_seed};
use goodfit_tune::samplers::Random;
use goodfit_tune::{Distribution, History, Parameters, Request, Sampler, Space, SpaceError, Streams, Value};
use serde_json::Value as Json;

use crate::comparison::{ComparisonError, Conducted, DataShelf, Observer, Options, Resplit, blank, check_memory};
use crate::data::Prepared;
use crate::jobs::run_jobs;
use crate::recipe::{Dimension, Experiment, Recipe, SearchRecipe, Values};
use crate::results::{Arm, ArmTiming, Machine, RunTiming, Timing, Trial};
use crate::run::{Monitor, Trained, n_steps, train};
use crate::statistics::Direction;
pub use words::{ranking, trial_line};

/// Trials whose curves go into the results.
const N_KEPT: usize = 20;

/// Searches the space of an experiment.
///
/// A trial whose loss or outputs overflow has failed, with the reason `diverged`; one whose values
/// make no recipe or no network has failed with that as the reason. Neither ends the search.
///
/// # Errors
/// When the data cannot be loaded or the recipe does not fit them.
pub fn conduct_search(
    experiment: &Experiment,
    search: &SearchRecipe,
    options: &Options,
    monitor: &Monitor,
    observer: &mut dyn Observer,
) -> Result<Conducted, ComparisonError> {
    let start = Instant::now();
    let seed = options.first_seed;
    let space = space(search)?;
    let mut shelf = DataShelf::default();
    let first = shelf.get(&experiment.recipe.data, seed, seed, Resplit::Never)?;
    let mut results = blank(experiment, options, first.summary.clone(), vec![seed]);
    results.primary_metric.clone_from(&search.metric);
    let request = Request {
        space: &space,
        history: &History::new(),
        numbers: 0..search.trials as u64,
        streams: Streams::new(seed),
    };
    let plans = Random
        .sample(&request)?
        .iter()
        .map(|parameters| plan(experiment, search, parameters, &mut shelf, seed))
        .collect::<Result<Vec<_>, _>>()?;
    let steps = |plan: &Plan| plan.recipe.as_ref().map_or(0, |(recipe, data)| n_steps(recipe, data.train.n_rows()));
    for (number, plan) in plans.iter().enumerate() {
        if let Ok((recipe, data)) = &plan.recipe {
            check_memory(&words::name(number), recipe, data, options.n_jobs.min(plans.len()))?;
        }
    }
    observer.begin("training", plans.iter().map(|plan| steps(plan) as u64).sum());

    let done = run_jobs(
        plans.len(),
        options.n_jobs,
        &monitor.stop,
        |number| plans[number].train(search, number, derive_seed(seed, Purpose::Trial, number as u64), monitor),
        |_, outcome| {
            if let Some(outcome) = outcome {
                observer.line(&trial_line(&outcome.trial, &search.metric));
            }
        },
    );
    let mut outcomes: Vec<Outcome> = done.into_iter().flatten().flatten().collect();
    results.complete = outcomes.len() == plans.len();
    let timed = |outcome: &Outcome| ArmTiming {
        arm: words::name(outcome.trial.trial),
        runs: vec![RunTiming { seed: outcome.seed, seconds: outcome.seconds }],
    };
    let arms = outcomes.iter().map(timed).collect();
    rank(&mut outcomes, &search.metric);
    results.findings = words::findings(&outcomes.iter().map(|o| &o.trial).collect::<Vec<_>>(), search, &results.data);
    for outcome in outcomes {
        if let Some(trained) = outcome.trained.filter(|_| results.arms.len() < N_KEPT) {
            let (name, settings) = (words::name(outcome.trial.trial), outcome.trial.settings.clone());
            let mut arm = Arm { name, settings, runs: vec![trained.run], ..Arm::default() };
            arm.summarise();
            results.arms.push(arm);
        }
        results.trials.push(outcome.trial);
    }
    let seconds = start.elapsed().as_secs_f64();
    Ok(Conducted { results, timing: Timing { seconds, jobs: options.n_jobs, machine: Machine::current(), arms } })
}

/// A trial before it is trained.
struct Plan {
    settings: BTreeMap<String, Json>,
    /// What is trained on what, or why its values make no recipe.
    recipe: Result<(Recipe, Arc<Prepared>), String>,
}

/// A trial after it was trained.
struct Outcome {
    trial: Trial,
    /// What was trained, unless it failed before.
    trained: Option<Trained>,
    seed: u64,
    seconds: f64,
}

fn plan(
    experiment: &Experiment,
    search: &SearchRecipe,
    parameters: &Parameters,
    shelf: &mut DataShelf,
    seed: u64,
) -> Result<Plan, ComparisonError> {
    let settings = settings(search, parameters);
    let recipe = match experiment.trial(&settings) {
        Ok(recipe) => {
            let data = shelf.get(&recipe.data, seed, seed, Resplit::Never)?;
            recipe.check_rows(data.train.n_rows()).map(|()| (recipe, data)).map_err(|error| error.to_string())
        }
        Err(error) => Err(error.to_string()),
    };
    Ok(Plan { settings, recipe })
}

impl Plan {
    /// Trains it; `None` when the monitor stopped it.
    fn train(&self, search: &SearchRecipe, number: usize, seed: u64, monitor: &Monitor) -> Option<Outcome> {
        let start = Instant::now();
        let trained = match &self.recipe {
            Ok((recipe, data)) => train(recipe, data, seed, monitor).map_err(|error| error.to_string()),
            Err(reason) => Err(reason.clone()),
        };
        let value = |trained: &Trained| trained.run.final_.get(&search.metric).copied().unwrap_or(f64::NAN);
        let (value, reason, trained) = match trained {
            Ok(trained) => {
                let trained = trained?;
                let diverged = trained.run.diverged_at.is_some() || !value(&trained).is_finite();
                (value(&trained), diverged.then(|| "diverged".to_owned()), Some(trained))
            }
            Err(reason) => (f64::NAN, Some(reason), None),
        };
        let trial = Trial {
            trial: number,
            state: if reason.is_some() { "failed" } else { "complete" }.to_owned(),
            reason,
            value,
            settings: self.settings.clone(),
            rescored: None,
        };
        Some(Outcome { trial, trained, seed, seconds: start.elapsed().as_secs_f64() })
    }
}

/// Best first; ties by number; the failed ones last.
fn rank(outcomes: &mut [Outcome], metric: &str) {
    let sign = if Direction::of(metric) == Some(Direction::Lower) { 1.0 } else { -1.0 };
    let key = |outcome: &Outcome| {
        let failed = outcome.trial.reason.is_some();
        (failed, if failed { 0.0 } else { sign * outcome.trial.value }, outcome.trial.trial)
    };
    outcomes.sort_by(|a, b| {
        let ((a_failed, a, a_number), (b_failed, b, b_number)) = (key(a), key(b));
        a_failed.cmp(&b_failed).then(a.total_cmp(&b)).then(a_number.cmp(&b_number))
    });
}

/// The space of a recipe in the words of the search.
fn space(search: &SearchRecipe) -> Result<Space, SpaceError> {
    let distribution = |dimension: &Dimension| match &dimension.values {
        Values::Float { low, high, log, step } => {
            Distribution::Float { low: *low, high: *high, log: *log, step: *step }
        }
        Values::Int { low, high, log, step } => Distribution::Int { low: *low, high: *high, log: *log, step: *step },
        Values::Choices(choices) => Distribution::categorical(choices.iter().map(ToString::to_string)),
    };
    Space::new(search.space.iter().map(|dimension| (dimension.path.clone(), distribution(dimension))))
}

/// Drawn values as settings of a recipe, by path.
fn settings(search: &SearchRecipe, parameters: &Parameters) -> BTreeMap<String, Json> {
    let value = |dimension: &Dimension| match (parameters.get(&dimension.path)?, &dimension.values) {
        (Value::Float(x), _) => Some(Json::from(x)),
        (Value::Int(n), _) => Some(Json::from(n)),
        (Value::Choice(i), Values::Choices(choices)) => choices.get(i).map(crate::recipe::Value::to_json),
        (Value::Choice(_), _) => None,
    };
    search.space.iter().filter_map(|dimension| Some((dimension.path.clone(), value(dimension)?))).collect()
}
