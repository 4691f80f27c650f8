//! What of the time of a search is left to its trials.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use goodfit_tune::TrialState;
use goodfit_tune::storage::StoredTrial;

use crate::recipe::SearchRecipe;

/// The share of the time that training the finalists again, and pruned trials to the end, may take.
const MOST_AGAIN: f64 = 0.5;
/// Trainings that the final one of a network is worth: itself, the one on all rows, which are more, and what it takes to score them.
const FINAL: f64 = 3.0;
/// Seconds for results, report and figures.
const WRITING: f64 = 1.0;
/// Fewer fresh seeds than this make no interval.
const LEAST_SEEDS: usize = 2;

/// What the final training takes beside that of a network.
#[derive(Clone, Copy, Debug)]
pub(super) struct Last {
    /// For data and simple models.
    pub(super) around: Duration,
    /// How many networks are trained.
    pub(super) networks: usize,
}

/// The time of a search: so many seconds, of which trials leave what is done after them. How long that takes follows
/// from the trials so far, by the upper quartile of their durations: the best ones are seldom the quickest.
#[derive(Debug)]
pub(super) struct Budget {
    start: Instant,
    total: f64,
    n_jobs: usize,
    /// Finalists and fresh seeds for each.
    finalists: usize,
    seeds: usize,
    /// Trainings of a trial with the same seed, and seeds.
    folds: usize,
    repeats: usize,
    /// Pruned trials that are trained to the end at most.
    audited: usize,
    /// How many times longer a trial takes than its trainings, because it waits for those of its generation.
    waiting: f64,
    /// What is trained at last, where anything is.
    last: Option<Last>,
    /// Seconds that complete trials took, and how many were pruned.
    seen: Mutex<(Vec<f64>, usize)>,
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
            finalists: search.finalists,
            seeds: search.rescore_seeds,
            folds: search.folds.unwrap_or(1),
            repeats: search.repeats,
            audited: if search.audit > 0.0 { goodfit_tune::Audit::default().least } else { 0 },
            last,
            seen: Mutex::default(),
        }
    }

    /// Takes up how long the trials of earlier commands took.
    pub(super) fn take_up(&self, trials: &[StoredTrial]) {
        for trial in trials {
            if let (TrialState::Complete(_), Some(began), Some(ended)) = (&trial.state, trial.began, trial.ended) {
                self.complete(Duration::from_micros(ended.saturating_sub(began).try_into().unwrap_or(0)));
            }
        }
    }

    /// A trial has come to its end.
    pub(super) fn complete(&self, took: Duration) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).0.push(took.as_secs_f64());
    }

    /// A trial was given up.
    pub(super) fn pruned(&self) {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).1 += 1;
    }

    /// When the last trial may begin; before any has ended, up to the end.
    pub(super) fn deadline(&self) -> Instant {
        let Some((trial, n_complete, n_pruned)) = self.typical() else { return self.at(self.total) };
        let finalists = self.finalists.min(n_complete);
        let audit = n_pruned.min(self.audited).div_ceil(self.n_jobs) as f64 * trial / self.waiting;
        let again = self.again(trial, finalists, self.seeds) + audit;
        self.at(self.total - trial - again.min(MOST_AGAIN * self.total) - self.last(trial))
    }

    /// How many finalists are trained again in the time that is left, and with how many fresh seeds each: rather fewer seeds
    /// than fewer finalists, and none where they would make no interval.
    pub(super) fn affords(&self) -> (usize, usize) {
        let Some((trial, n_complete, _)) = self.typical() else { return (self.finalists, self.seeds) };
        let left = self.total - self.start.elapsed().as_secs_f64() - self.last(trial);
        let finalists = (1..=self.finalists.min(n_complete)).rev();
        let seeds = || (LEAST_SEEDS.min(self.seeds)..=self.seeds).rev();
        let mut all = finalists.flat_map(|finalists| seeds().map(move |seeds| (finalists, seeds)));
        all.find(|&(finalists, seeds)| self.again(trial, finalists, seeds) <= left).unwrap_or((0, 0))
    }

    /// The upper quartile of how long a trial takes, and how many are complete and pruned.
    fn typical(&self) -> Option<(f64, usize, usize)> {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let mut took = seen.0.clone();
        took.sort_by(f64::total_cmp);
        let place = (3 * took.len()).div_ceil(4).saturating_sub(1);
        took.get(place).map(|&trial| (trial, took.len(), seen.1))
    }

    /// Finalists with fresh seeds, then the winner with further ones.
    fn again(&self, trial: f64, finalists: usize, seeds: usize) -> f64 {
        if finalists == 0 {
            return 0.0;
        }
        let rounds = |trials: usize| (trials * seeds * self.folds).div_ceil(self.n_jobs) as f64;
        (rounds(finalists) + rounds(1)) * self.training(trial)
    }

    fn training(&self, trial: f64) -> f64 {
        trial / self.waiting / (self.repeats * self.folds) as f64
    }

    /// The final training, and what is written.
    fn last(&self, trial: f64) -> f64 {
        let of = |Last { around, networks }| {
            FINAL * networks.div_ceil(self.n_jobs) as f64 * self.training(trial) + around.as_secs_f64()
        };
        self.last.map_or(0.0, of) + WRITING
    }

    fn at(&self, seconds: f64) -> Instant {
        self.start + Duration::from_secs_f64(seconds.max(0.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::Experiment;

    fn search(more: &str) -> SearchRecipe {
        let text = format!(
            "[data]\nvalidation = 0.2\n[search]\nrescore_seeds = 5\nfinalists = 3\n{more}\n[search.space]\n\
             \"training.learning_rate\" = [0.1, 0.2]\n"
        );
        Experiment::from_toml("r.toml", &text).expect("a recipe").search.expect("a search")
    }

    fn budget(total: f64, more: &str, n_jobs: usize, trials: &[f64]) -> Budget {
        of_networks(1, total, more, n_jobs, trials)
    }

    fn of_networks(networks: usize, total: f64, more: &str, n_jobs: usize, trials: &[f64]) -> Budget {
        let last = Some(Last { around: Duration::from_secs(2), networks });
        let budget = Budget::new(Instant::now(), total, &search(more), n_jobs, 1, last);
        for &trial in trials {
            budget.complete(Duration::from_secs_f64(trial));
        }
        budget
    }

    fn trials_have(budget: &Budget) -> f64 {
        budget.deadline().duration_since(budget.start).as_secs_f64()
    }

    #[test]
    fn trials_leave_what_comes_after_them() {
        assert!((trials_have(&budget(100.0, "", 2, &[])) - 100.0).abs() < 1e-6, "nothing is known yet");
        // A trial of a second; 3 finalists by 5 seeds on 2 jobs are 8 rounds, the winner's 3; 3 + 2 + 1 for the last training.
        let found = trials_have(&budget(100.0, "", 2, &[1.0; 4]));
        assert!((found - (100.0 - 1.0 - 11.0 - 6.0)).abs() < 1e-6, "{found}");
        // Five networks at last, on 2 jobs, are 3 rounds of 3.
        let found = trials_have(&of_networks(5, 100.0, "", 2, &[1.0; 4]));
        assert!((found - (100.0 - 1.0 - 11.0 - 12.0)).abs() < 1e-6, "{found}");
        // Of two trainings a trial each takes half of it; the upper quartile of 1, 1, 2, 4 is 2.
        let found = trials_have(&budget(100.0, "repeats = 2", 2, &[4.0, 1.0, 2.0, 1.0]));
        assert!((found - (100.0 - 2.0 - 11.0 - 6.0)).abs() < 1e-6, "{found}");
        // One complete trial is the only finalist.
        let found = trials_have(&budget(100.0, "", 1, &[1.0]));
        assert!((found - (100.0 - 1.0 - 10.0 - 6.0)).abs() < 1e-6, "{found}");
        // Training again takes half of the time at most.
        let found = trials_have(&budget(100.0, "", 1, &[5.0; 8]));
        assert!((found - (100.0 - 5.0 - 50.0 - 18.0)).abs() < 1e-6, "{found}");
        let pruned = budget(100.0, "pruner = \"median\"", 2, &[1.0; 4]);
        for _ in 0..3 {
            pruned.pruned();
        }
        assert!((trials_have(&pruned) - (100.0 - 1.0 - 11.0 - 2.0 - 6.0)).abs() < 1e-6);
    }

    #[test]
    fn fewer_seeds_where_time_is_short() {
        assert_eq!(budget(100.0, "", 2, &[1.0; 4]).affords(), (3, 5));
        // Of these 6 seconds are for the last training, and a round is one of 3 finalists or of the winner.
        assert_eq!(budget(20.0, "", 1, &[1.0; 4]).affords(), (3, 3));
        assert_eq!(budget(14.5, "", 1, &[1.0; 4]).affords(), (3, 2));
        assert_eq!(budget(13.0, "", 1, &[1.0; 4]).affords(), (2, 2));
        assert_eq!(budget(10.5, "", 1, &[1.0; 4]).affords(), (1, 2));
        assert_eq!(budget(9.5, "", 1, &[1.0; 4]).affords(), (0, 0));
        assert_eq!(budget(20.0, "", 1, &[]).affords(), (3, 5), "nothing was trained");
    }
}
