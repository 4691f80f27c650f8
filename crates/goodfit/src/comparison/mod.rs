//! Comparisons: arms x seeds on the same data, seeds paired across arms.

mod conduct;
mod data;
mod ensemble;
mod fits;
mod folds;
mod memory;
mod refit;
mod tune;

use std::sync::Arc;
use std::time::{Duration, Instant};

pub(crate) use conduct::blank;
pub use conduct::{Conducted, Fit, Options, conduct, train_one};
pub use data::{DataShelf, Resplit};
pub(crate) use fits::{check_defined, check_fits};
pub use tune::{Tuned, tune};

use crate::data::{DataError, Overlap, Prepared};
use crate::jobs::run_jobs;
use crate::recipe::{ArmPlan, RecipeError};
use crate::results::{Arm, DataSummary, Run};
use crate::run::{Monitor, n_steps, train};

/// Which runs are made, and on how many threads.
#[derive(Clone, Copy, Debug)]
pub struct Runs<'a> {
    /// The arms.
    pub arms: &'a [ArmPlan],
    /// The seeds of each arm.
    pub seeds: &'a [u64],
    /// The seed that draws what all seeds share.
    pub first_seed: u64,
    /// Whether each seed splits off its own validation rows.
    pub resplit: Resplit,
    /// Runs at the same time.
    pub n_jobs: usize,
}

/// Why a comparison cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum ComparisonError {
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// A recipe does not fit the data.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The recipe records nothing that could be compared.
    #[error("nothing is recorded: training.evaluate_every is 0 and training.record_loss is \"never\"")]
    NothingRecorded,
    /// The runs need more memory than there is.
    #[error("arm \"{arm}\" needs {need} GB of memory in {n_jobs} runs at a time, but there are {have} GB")]
    Memory {
        /// Name of the arm.
        arm: String,
        /// What its runs need, in GB.
        need: u64,
        /// What there is, in GB.
        have: u64,
        /// Runs at the same time.
        n_jobs: usize,
    },
    /// A recipe makes no network.
    #[error("arm \"{arm}\": {source}")]
    Network {
        /// Name of the arm.
        arm: String,
        /// What is wrong.
        source: goodfit_nn::Error,
    },
}

impl ComparisonError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Data(error) => error.hint(),
            Self::Recipe(error) => error.hint.clone(),
            Self::NothingRecorded => Some("leave training.evaluate_every out".to_owned()),
            Self::Memory { .. } => Some("narrower layers, a smaller batch or fewer --jobs".to_owned()),
            Self::Network { .. } => None,
        }
    }
}

/// What is told while trainings go on.
pub trait Observer {
    /// Trainings of so many steps in all begin.
    fn begin(&mut self, what: &str, n_steps: u64);
    /// A run has ended; runs are told in the order of their numbers.
    fn done(&mut self, arm: &str, seed: u64, run: &Run);
    /// A line of the result that is complete before the rest is.
    fn line(&mut self, line: &str);
    /// A trial of so many steps at most has ended, with the best score so far in words.
    fn trial(&mut self, number: u64, n_steps: u64, best: Option<&str>) {
        let _ = (number, n_steps, best);
    }
}

/// A finished run with the wall-clock time it took.
#[derive(Clone, Debug)]
pub struct Done {
    /// What came out.
    pub run: Run,
    /// Wall-clock time of its training.
    pub elapsed: Duration,
}

/// The data of each (seed, arm), loaded and checked before anything is trained.
#[derive(Debug)]
pub struct Loaded {
    /// By seed, then arm.
    rows: Vec<Arc<Prepared>>,
    n_arms: usize,
    /// Steps of all runs together.
    pub n_steps: u64,
}

/// Loads the data of all runs and checks that each recipe fits its rows.
///
/// # Errors
/// When data cannot be loaded or a recipe does not fit them.
pub fn load_all(runs: &Runs<'_>) -> Result<Loaded, ComparisonError> {
    let mut shelf = DataShelf::default();
    let mut rows = Vec::with_capacity(runs.seeds.len() * runs.arms.len());
    let mut steps = 0;
    for &seed in runs.seeds {
        for arm in runs.arms {
            let prepared = shelf.get(&arm.recipe.data, runs.first_seed, seed, runs.resplit)?;
            check_fits(&arm.name, &arm.recipe, &prepared, runs.n_jobs.min(runs.arms.len() * runs.seeds.len()))?;
            steps += n_steps(&arm.recipe, prepared.train.n_rows()) as u64;
            rows.push(prepared);
        }
    }
    Ok(Loaded { rows, n_arms: runs.arms.len(), n_steps: steps })
}

impl Loaded {
    /// The data of an arm's first run, for the report.
    pub fn summary(&self, arm: usize) -> DataSummary {
        self.rows.get(arm).map(|rows| rows.summary.clone()).unwrap_or_default()
    }

    /// Rows on both sides of a split, over all splits that the first arm is trained on.
    fn overlap(&self) -> Overlap {
        let mut splits: Vec<&Arc<Prepared>> = self.rows.iter().step_by(self.n_arms.max(1)).collect();
        splits.dedup_by(|a, b| Arc::ptr_eq(a, b));
        splits.into_iter().map(|rows| rows.overlap.clone()).reduce(Overlap::and).unwrap_or_default()
    }
}

/// Trains every arm with every seed, seed by seed, and returns the runs by arm, then seed; a run that
/// was stopped is `None`. `on_done` sees finished runs in the order of their numbers.
///
/// # Errors
/// When a recipe makes no network.
pub fn run_all(
    runs: &Runs<'_>,
    loaded: &Loaded,
    monitor: &Monitor,
    mut on_done: impl FnMut(&ArmPlan, u64, &Done),
) -> Result<Vec<Vec<Option<Done>>>, ComparisonError> {
    let n_arms = runs.arms.len();
    let n_tasks = n_arms * runs.seeds.len();
    let of = |task: usize| (&runs.arms[task % n_arms], runs.seeds[task / n_arms]);
    let done = run_jobs(
        n_tasks,
        runs.n_jobs,
        &monitor.stop,
        |task| {
            let (arm, seed) = of(task);
            let start = Instant::now();
            let trained = train(&arm.recipe, &loaded.rows[task], seed, monitor)
                .map_err(|source| ComparisonError::Network { arm: arm.name.clone(), source })?;
            Ok::<_, ComparisonError>(trained.map(|trained| Done { run: trained.run, elapsed: start.elapsed() }))
        },
        |task, result| {
            if let Ok(Some(done)) = result {
                let (arm, seed) = of(task);
                on_done(arm, seed, done);
            }
        },
    );
    let mut by_arm: Vec<Vec<Option<Done>>> = (0..n_arms).map(|_| Vec::with_capacity(runs.seeds.len())).collect();
    for (task, result) in done.into_iter().enumerate() {
        by_arm[task % n_arms].push(result.transpose()?.flatten());
    }
    Ok(by_arm)
}

/// The arms of the results, each with its finished runs.
pub fn finished(plans: &[ArmPlan], runs: Vec<Vec<Option<Done>>>) -> Vec<Arm> {
    let arm = |(plan, runs): (&ArmPlan, Vec<Option<Done>>)| {
        let runs: Vec<Run> = runs.into_iter().flatten().map(|done| done.run).collect();
        let (name, settings) = (plan.name.clone(), plan.settings.clone());
        let mut arm = Arm { name, settings, runs, ..Arm::default() };
        arm.summarise();
        arm
    };
    plans.iter().zip(runs).map(arm).collect()
}
