//! Search of recipes: a study of `goodfit-tune` whose objective trains.
//!
//! Trial n draws its values from the stream n of the study's seed and trains with the seed derived from
//! (seed, [`goodfit_nn::Purpose::Trial`], n), so it is the same trial whatever ran beside it. What comes out is a
//! function of what the storage keeps: a search that was stopped and gone on with ends in the same bytes.

mod audit;
mod budget;
mod checks;
mod error;
mod methods;
mod objective;
mod outcome;
mod rescore;
mod retrain;
mod several;
mod space;
mod stored;
mod winner;
mod words;

use std::sync::Arc;
use std::time::Instant;

use goodfit_tune::storage::{Memory, Scope, Storage, StorageError, StoredTrial, Target};
use goodfit_tune::{Deadline, Direction as Goal, Limits, Order, Progress, Stopped, Study, StudyOptions, TrialState};
use serde_json::Value as Json;

use crate::baseline::{Baselines, assess, like_the_majority};
use crate::comparison::{ComparisonError, Conducted, Observer, Options, Resplit, check_defined};
use crate::recipe::{Experiment, FIELDS, SearchRecipe};
use crate::results::{Assessment, DataSummary};
use crate::run::{Monitor, n_steps};
use crate::statistics::Direction;
use budget::{Budget, Last};
pub use error::SearchError;
use objective::Objective;
pub use rescore::{rescored, retrained};
pub use several::several;
pub use stored::{keeps_recipe, trial_recipe};
pub use winner::{Kept, Searched, train_winner};
pub use words::{number, ranking, trial_line};

/// Where and how a study is kept and carried out, besides its recipe.
#[derive(Clone)]
pub struct Keeping {
    /// Where its trials are kept.
    pub storage: Arc<dyn Storage>,
    /// Its name there.
    pub study: String,
    /// What trials may know of each other.
    pub order: Order,
    /// All of it is to end after so many seconds.
    pub seconds: Option<f64>,
    /// Whether retrained trials get other validation rows.
    pub resplit: Resplit,
}

impl Keeping {
    /// In memory, gone with the process.
    pub fn memory(experiment: &Experiment) -> Self {
        Self {
            storage: Arc::new(Memory::new()),
            study: experiment.name.clone(),
            order: Order::Generations,
            seconds: None,
            resplit: Resplit::Never,
        }
    }

    /// Why the same command may give other bytes, as far as this call says.
    fn why_not(&self) -> Option<&'static str> {
        match (self.order, self.seconds) {
            (Order::Asynchronous, _) => Some("--asynchronous: what a trial knows of others depends on their speed"),
            (_, Some(_)) => Some("--seconds: how many trials there are depends on the machine's speed"),
            _ => None,
        }
    }
}

/// The private attribute of a study some of whose trials were drawn with `--asynchronous`.
const ASYNCHRONOUS: &str = "asynchronous";
/// That of one on which several processes worked at the same time.
const SHARED: &str = "shared";

/// Rows behind the score of a trial: with folds each row validates once; along time, where chance splits nothing, all but
/// those of the first part.
fn ranking_rows(search: &SearchRecipe, data: &DataSummary) -> usize {
    match search.folds {
        None => data.validation_rows,
        Some(folds) if data.split_seed.is_none() => folds * data.validation_rows,
        Some(_) => data.train_rows + data.validation_rows + data.stopping_rows,
    }
}

/// Searches the space of an experiment in memory.
///
/// # Errors
/// As [`conduct_study`].
pub fn conduct_search(
    experiment: &Experiment,
    search: &SearchRecipe,
    options: &Options,
    monitor: &Monitor,
    observer: &mut dyn Observer,
) -> Result<Conducted, SearchError> {
    conduct_study(experiment, search, options, &Keeping::memory(experiment), monitor, observer)
}

/// Searches the space of an experiment: carries out its trials (those that the storage has already are kept), trains
/// a share of the pruned ones to the end, and the best again on fresh seeds.
///
/// A trial whose loss or outputs overflow has failed, with the reason `diverged`; one whose values make no recipe or
/// no network has failed with that as the reason. Neither ends the search.
///
/// # Errors
/// When the data cannot be loaded, the recipe does not fit them, or the storage fails or holds another study of
/// that name.
pub fn conduct_study(
    experiment: &Experiment,
    search: &SearchRecipe,
    options: &Options,
    keeping: &Keeping,
    monitor: &Monitor,
    observer: &mut dyn Observer,
) -> Result<Conducted, SearchError> {
    let start = Instant::now();
    keep_freed_memory();
    let seed = options.first_seed;
    let mut objective = Objective::new(experiment, search, seed, options.n_jobs, monitor);
    let mut recipe = experiment.recipe.clone();
    recipe.data.fold = objective.folds()[0];
    let data = objective.data(&recipe, seed, Resplit::Never).map_err(ComparisonError::from)?;
    check_defined(&recipe, &data).map_err(ComparisonError::from)?;
    let mut baselines = None;
    if let Some(seconds) = keeping.seconds {
        let loaded = start.elapsed();
        let before = Instant::now();
        baselines = Baselines::fit(&data, recipe.training.class_weight);
        // The final training reads the table again, and fits simple models beside each network that is scored.
        let last = || Last {
            around: loaded + (search.folds.unwrap_or(1) as u32 + 1) * before.elapsed(),
            networks: recipe.training.ensemble,
            folds: search.folds,
            refit: recipe.training.refit,
        };
        let last = data.schema.is_some().then(last);
        let waits = keeping.order == Order::Generations && search.pruner != "none";
        let in_step = if waits { search.generation } else { 1 };
        objective.budget = Some(Budget::new(start, seconds, search, options.n_jobs, in_step, last));
    }
    let study = Study::open(
        Arc::clone(&keeping.storage),
        space::space(search)?,
        methods::sampler(search),
        methods::pruner(search),
        StudyOptions {
            name: keeping.study.clone(),
            direction: goal(search),
            seed,
            generation: search.generation,
            order: keeping.order,
            identity: identity(experiment, seed),
            ..StudyOptions::default()
        },
    )?;
    let of_winner: Vec<(String, Json)> = OF_WINNER.iter().filter_map(|path| setting(experiment, path)).collect();
    study.storage().set_attributes(Target::Study(study.id()), Scope::Private, &of_winner)?;
    if keeping.order == Order::Asynchronous {
        mark(&study, ASYNCHRONOUS)?;
    }
    study.begin_with(&space::points(search, study.space())?)?;
    let n_trainings = (search.repeats * objective.folds().len()) as u64;
    let steps = n_steps(&experiment.recipe, data.train.n_rows()) as u64 * n_trainings;
    let n_trials = study.n_drawable().map_or(search.trials, |n| search.trials.min(n as usize));
    observer.begin("training", steps * n_trials as u64);
    if let Some(budget) = &objective.budget {
        budget.take_up(&study.trials()?);
    }
    let deadline = || objective.budget.as_ref().map_or(start, Budget::deadline);
    let limits = Limits {
        trials: search.trials as u64,
        deadline: objective.budget.as_ref().map(|_| &deadline as &Deadline<'_>),
        rule: None,
        stop: &monitor.stop,
        jobs: options.n_jobs,
    };
    let mut told = Told { study: &study, search, observer, steps, best: None, failed: None };
    let stopped = study.optimise(|trial| objective.trial(trial), &limits, &mut told)?;
    if let Some(error) = told.failed {
        return Err(error);
    }
    let trials = study.trials()?;
    let mut found = outcome::Found::new(&study, &trials, search);
    let mut short = false;
    let complete = matches!(stopped, Stopped::Finished | Stopped::Deadline) && !monitor.is_stopped();
    if complete {
        let storage = &*keeping.storage;
        found.audit = audit::audit(&objective, storage, &trials, &study.history())?;
        let finalists = found.finalists();
        let (n_finalists, n_seeds) = (finalists.len(), search.rescore_seeds);
        observer.begin("retraining", steps * ((n_finalists + n_finalists.min(1)) * n_seeds) as u64);
        let again = rescore::Again {
            finalists: &finalists,
            n_seeds,
            n_rows: ranking_rows(search, &data.summary),
            resplit: keeping.resplit,
        };
        found.rescored = rescore::rescore(&objective, storage, &again)?;
        short = found.rescored.as_ref().is_some_and(|rescored| rescored.is_short(n_finalists, n_seeds));
    }
    let complete = complete && !monitor.is_stopped();
    let mut results = found.results(experiment, options, keeping, &data, complete)?;
    let winner = winner::winner(&results).filter(|_| complete);
    let winner = winner.and_then(|(number, _)| trials.iter().find(|trial| trial.number == number as u64));
    if let (Some(budget), Some(winner), Some(search)) = (&objective.budget, winner, &mut results.search) {
        let n = budget.networks(budget.now(), budget.cost(winner));
        search.networks_in_time = Some(n).filter(|n| *n < recipe.training.ensemble);
    }
    let overlap = if complete { objective.overlap().map_err(ComparisonError::from)? } else { data.overlap.clone() };
    results.findings.splice(0..0, overlap.findings());
    if complete {
        let assessed = baselines
            .or_else(|| Baselines::fit(&data, recipe.training.class_weight))
            .and_then(|baselines| assess(&data, &baselines, &[], None, 1));
        let shared = recipe.data.fold.is_none();
        results.assessment = assessed.map(|assessed| Assessment { shared, ..assessed });
        results.findings.extend(like_the_majority(&results));
    }
    results.findings.extend(found.rescored.as_ref().filter(|_| short).map(|found| words::short_of_time(found, search)));
    let timing = found.timing(start.elapsed().as_secs_f64(), options.n_jobs);
    Ok(Conducted { results, timing })
}

/// Lets the allocator of glibc keep what a trial frees for the next one. It gives memory back to the system from twice
/// the size of the largest block on that was mapped and freed so far, up to 32 MiB (`M_MMAP_THRESHOLD` in mallopt(3));
/// small networks have none such, and the page faults of a trial then cost it several percent. Other allocators are
/// asked for a block, and no more.
fn keep_freed_memory() {
    drop(std::hint::black_box(Vec::<u8>::with_capacity(4 << 20)));
}

/// Sets a private attribute of a study for good.
fn mark(study: &Study, key: &str) -> Result<(), StorageError> {
    study.storage().set_attributes(Target::Study(study.id()), Scope::Private, &[(key.to_owned(), Json::Bool(true))])
}

/// Whether small or large values are good.
fn goal(search: &SearchRecipe) -> Goal {
    if Direction::of(&search.metric) == Some(Direction::Lower) { Goal::Minimize } else { Goal::Maximize }
}

/// Settings that no trial depends on, but what is kept of the winner: those of the last command.
const OF_WINNER: [&str; 2] = ["training.ensemble", "training.refit"];

/// A setting of a recipe, as a study keeps it.
fn setting(experiment: &Experiment, path: &str) -> Option<(String, Json)> {
    Some((path.to_owned(), Json::from(experiment.settings().get(path)?.to_string())))
}

/// What a study stands for: its seed, and every setting of its recipe that trials depend on.
fn identity(experiment: &Experiment, seed: u64) -> Vec<(String, Json)> {
    let counts = |path: &str| match path.split('.').next() {
        Some("data" | "network" | "training") => !OF_WINNER.contains(&path),
        // More trials go on with a study, and what is done with its best ones is no part of it.
        Some("search") => !["trials", "finalists", "rescore_seeds", "audit"].iter().any(|name| path[7..] == **name),
        _ => false,
    };
    let fields = FIELDS.iter().filter(|field| counts(field.path));
    let settings = fields.filter_map(|field| setting(experiment, field.path));
    std::iter::once(("seed".to_owned(), Json::from(seed))).chain(settings).collect()
}

/// Tells an observer of trials as they end.
struct Told<'a> {
    study: &'a Study,
    search: &'a SearchRecipe,
    observer: &'a mut dyn Observer,
    /// Steps of one trial.
    steps: u64,
    best: Option<f64>,
    failed: Option<SearchError>,
}

impl Progress for Told<'_> {
    fn ended(&mut self, number: u64, state: &TrialState) {
        let known = self.study.get(number).map(|trial| trial.parameters);
        let settings = known.map(|parameters| space::settings(self.search, &parameters)).unwrap_or_default();
        let trial = outcome::trial(number, state, settings, None);
        let value = match state {
            TrialState::Complete(values) => values.first().copied(),
            _ => None,
        };
        let better = |value: f64| {
            let goal = goal(self.search);
            self.best.is_none_or(|best| goal.loss(value) < goal.loss(best))
        };
        if let Some(value) = value.filter(|value| better(*value)) {
            self.best = Some(value);
        }
        self.observer.line(&trial_line(&trial, &self.search.metric));
        let best = self.best.map(|best| words::best(best, &self.search.metric));
        self.observer.trial(number, self.steps, best.as_deref());
    }

    fn shared(&mut self) {
        self.failed = mark(self.study, SHARED).err().map(SearchError::from);
    }
}

/// The value of a complete trial, or the last of a pruned one; NaN where there is none.
fn value(trial: &StoredTrial) -> f64 {
    match &trial.state {
        TrialState::Complete(values) => values.first().copied().unwrap_or(f64::NAN),
        TrialState::Pruned(value) => value.unwrap_or(f64::NAN),
        _ => f64::NAN,
    }
}
