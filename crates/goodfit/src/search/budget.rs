//! What of the time of a search is left to its trials, and what of it to all that follows them.
//!
//! Every decision is a function of a time that it is given, in seconds since the search began.

mod plan;
#[cfg(test)]
mod tests;

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use goodfit_tune::storage::StoredTrial;
use goodfit_tune::{Audit, Direction, TrialState};

use super::goal;
use crate::recipe::SearchRecipe;
pub(super) use plan::Plan;

/// The share of the time that the final training may take, where fewer networks than were asked for take less.
const MOST_LAST: f64 = 0.5;
/// The share of what is left that training the finalists again, and pruned trials to the end, may take.
const MOST_AGAIN: f64 = 0.5;
/// What a training on all rows takes, which are more, by one of a trial.
const ON_ALL: f64 = 1.5;
/// What it takes to score what is kept, by a training of a trial.
const SCORES: f64 = 0.5;
/// Seconds for results, report and figures.
const WRITING: f64 = 1.0;

/// What the final training takes beside that of a trial.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    /// For data and simple models.
    pub(super) around: Duration,
    /// How many networks are asked for.
    pub(super) networks: usize,
    /// Folds that score them, where there are any.
    pub(super) folds: Option<usize>,
    /// Whether they are trained anew on all rows.
    pub(super) refit: bool,
}

/// The time of a search: so many seconds, of which trials leave what is done after them. How long that takes follows
/// from the trials so far: what is trained again by how long the best ones took, and a trial that begins last by the upper
/// quartile of all.
#[derive(Debug)]
pub(super) struct Budget {
    start: Instant,
    total: f64,
    n_jobs: usize,
    asked: Plan,
    /// Trainings of a trial with the same seed, and seeds.
    folds: usize,
    repeats: usize,
    /// The share of pruned trials that is trained to the end.
    audit: f64,
    /// How many times longer a trial takes than its trainings, because it waits for those of its generation.
    waiting: f64,
    goal: Direction,
    /// What is trained at last, where anything is.
    last: Option<Last>,
    seen: Mutex<Seen>,
}

/// The trials so far.
#[derive(Debug, Default)]
struct Seen {
    /// Loss and seconds of the complete ones.
    complete: Vec<(f64, f64)>,
    n_pruned: usize,
}

impl Budget {
    /// `in_step`: trials that wait for each other.
    pub(super) fn new(
        start: Instant,
        total: f64,
        search: &SearchRecipe,
        n_jobs: usize,
        in_step: u64,
        last: Option<Last>,
    ) -> Self {
        let n_jobs = n_jobs.max(1);
        Self {
            start,
            total,
            n_jobs,
            waiting: (in_step as f64 / n_jobs as f64).max(1.0),
            asked: Plan { finalists: search.finalists, seeds: search.rescore_seeds },
            folds: search.folds.unwrap_or(1),
            repeats: search.repeats,
            audit: search.audit,
            goal: goal(search),
            last,
            seen: Mutex::default(),
        }
    }

    /// Takes up how long the trials of earlier commands took.
    pub(super) fn take_up(&self, trials: &[StoredTrial]) {
        for trial in trials {
            match &trial.state {
                TrialState::Complete(values) => {
                    if let (Some(value), Some(took)) = (values.first(), took(trial)) {
                        self.complete(*value, took);
                    }
                }
                TrialState::Pruned(_) => self.pruned(),
                _ => {}
            }
        }
    }

    /// A trial has come to its end with this value.
    pub(super) fn complete(&self, value: f64, took: Duration) {
        self.seen().complete.push((self.goal.loss(value), took.as_secs_f64()));
    }

    /// A trial was given up.
    pub(super) fn pruned(&self) {
        self.seen().n_pruned += 1;
    }

    /// Seconds since the search began.
    pub(super) fn now(&self) -> f64 {
        self.start.elapsed().as_secs_f64()
    }

    /// When the last trial may begin.
    pub(super) fn deadline(&self) -> Instant {
        self.start + Duration::from_secs_f64(self.trials_until().max(0.0))
    }

    /// The same in seconds; before any trial has ended, up to the end.
    fn trials_until(&self) -> f64 {
        let Some(trial) = self.upper_quartile() else { return self.total };
        let costs = self.of_best();
        let last = self.last(dearest(&costs));
        let audit = self.of_audit(self.wanted_audit(), trial);
        self.total - trial - self.left_for_again(&costs, audit, last) - last
    }

    /// What trials leave to train the best ones again, and pruned ones to the end: nothing where even the least of that would
    /// take more than its share, for then it would not be done.
    fn left_for_again(&self, costs: &[f64], audit: f64, last: f64) -> f64 {
        let most = MOST_AGAIN * (self.total - last).max(0.0);
        let of = |finalists: usize, seeds: usize| self.again(costs, &vec![0; costs.len()], Plan { finalists, seeds });
        let all = of(costs.len(), self.asked.seeds) + audit;
        if all <= most {
            all
        } else if of(1, self.asked.least()) <= most {
            most
        } else {
            0.0
        }
    }

    /// How many pruned trials are trained to the end in the time that the finalists leave.
    pub(super) fn audits(&self, now: f64) -> usize {
        let Some(trial) = self.upper_quartile() else { return 0 };
        let costs = self.of_best();
        let last = self.last(dearest(&costs));
        let left = self.total - now - self.left_for_again(&costs, 0.0, last) - last;
        let wanted = self.wanted_audit();
        (0..=wanted).rev().find(|&n| self.of_audit(n, trial) <= left).unwrap_or(0)
    }

    fn wanted_audit(&self) -> usize {
        let n_pruned = self.seen().n_pruned;
        if self.audit > 0.0 { Audit { share: self.audit, ..Audit::default() }.wanted(n_pruned) } else { 0 }
    }

    fn of_audit(&self, n: usize, trial: f64) -> f64 {
        n.div_ceil(self.n_jobs) as f64 * trial / self.waiting
    }

    /// How long a trial of the upper quartile takes.
    fn upper_quartile(&self) -> Option<f64> {
        let mut took: Vec<f64> = self.seen().complete.iter().map(|(_, took)| *took).collect();
        took.sort_by(f64::total_cmp);
        took.get((3 * took.len()).div_ceil(4).saturating_sub(1)).copied()
    }

    /// How long a training of each trial takes that would be trained again if the search ended now; without finalists of the
    /// best one.
    fn of_best(&self) -> Vec<f64> {
        let mut complete = self.seen().complete.clone();
        complete.sort_by(|a, b| a.0.total_cmp(&b.0));
        complete.truncate(self.asked.finalists.max(1));
        complete.into_iter().map(|(_, took)| self.of_training(took)).collect()
    }

    /// How long one training of a stored trial takes.
    pub(super) fn cost(&self, trial: &StoredTrial) -> f64 {
        took(trial)
            .map(|took| took.as_secs_f64())
            .or_else(|| self.upper_quartile())
            .map_or(0.0, |took| self.of_training(took))
    }

    fn of_training(&self, trial: f64) -> f64 {
        trial / self.waiting / (self.repeats * self.folds) as f64
    }

    /// How many networks of all that are asked for there is time to train at last, when one training of a trial takes so long.
    pub(super) fn networks(&self, now: f64, training: f64) -> usize {
        self.networks_within(self.total - now, training)
    }

    fn networks_within(&self, seconds: f64, training: f64) -> usize {
        let asked = self.last.map_or(1, |last| last.networks);
        (1..=asked).rev().find(|&n| self.last_of(n, training) <= seconds).unwrap_or(1)
    }

    /// The final training as it is planned, and what is written.
    fn last(&self, training: f64) -> f64 {
        self.last_of(self.networks_within(MOST_LAST * self.total, training), training)
    }

    /// The final training of so many networks, and what is written.
    fn last_of(&self, networks: usize, training: f64) -> f64 {
        let of = |Last { around, folds, refit, .. }: Last| {
            let rounds = |n: usize| n.div_ceil(self.n_jobs) as f64;
            // Folds are shared out among the jobs, and the networks of one come one after the other.
            let scored = folds.map_or(rounds(networks), |folds| rounds(folds) * networks as f64);
            let on_all = if refit || folds.is_some() { ON_ALL * rounds(networks) } else { 0.0 };
            (scored + on_all + SCORES * rounds(networks)) * training + around.as_secs_f64()
        };
        self.last.map_or(0.0, of) + WRITING
    }

    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How long a trial took.
fn took(trial: &StoredTrial) -> Option<Duration> {
    let micros = trial.ended?.saturating_sub(trial.began?);
    Some(Duration::from_micros(micros.try_into().unwrap_or(0)))
}

fn dearest(costs: &[f64]) -> f64 {
    costs.iter().copied().fold(0.0, f64::max)
}
