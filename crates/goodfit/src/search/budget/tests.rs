//! The arithmetic of a search in so many seconds, and whole searches by a simulated clock.

use std::convert::Infallible;

use goodfit_nn::{Purpose, Stream};

use super::*;
use crate::recipe::Experiment;
use crate::search::retrain::{Retrain, retrain};

fn search(more: &str) -> SearchRecipe {
    let text = format!(
        "[data]\nvalidation = 0.2\n[search]\nrescore_seeds = 5\nfinalists = 3\n{more}\n[search.space]\n\
         \"training.learning_rate\" = [0.1, 0.2]\n"
    );
    Experiment::from_toml("r.toml", &text).expect("a recipe").search.expect("a search")
}

const LAST: Last = Last { around: Duration::from_secs(2), networks: 1, folds: None, refit: true };

fn of_last(last: Last, total: f64, more: &str, n_jobs: usize, trials: &[f64]) -> Budget {
    let budget = Budget::new(Instant::now(), total, &search(more), n_jobs, 1, Some(last));
    for (i, &trial) in trials.iter().enumerate() {
        // Of an accuracy, so that the first ones are the best.
        budget.complete(1.0 - 0.01 * i as f64, Duration::from_secs_f64(trial));
    }
    budget
}

fn budget(total: f64, more: &str, n_jobs: usize, trials: &[f64]) -> Budget {
    of_last(LAST, total, more, n_jobs, trials)
}

#[track_caller]
fn leaves(budget: &Budget, expected: f64) {
    let found = budget.total - budget.trials_until();
    assert!((found - expected).abs() < 1e-9, "{found} {expected}");
}

#[test]
fn trials_leave_what_comes_after_them() {
    leaves(&budget(100.0, "", 2, &[]), 0.0);
    // A trial of a second; 3 finalists by 5 seeds on 2 jobs are 8 rounds, the winner's 3; 1 + 1.5 + 0.5 + 2 + 1 for the last.
    leaves(&budget(100.0, "", 2, &[1.0; 4]), 1.0 + 8.0 + 3.0 + 6.0);
    // Five networks at last, on 2 jobs, are 3 rounds of 3; without those on all rows 3 rounds of 1.5.
    let several = Last { networks: 5, ..LAST };
    leaves(&of_last(several, 100.0, "", 2, &[1.0; 4]), 1.0 + 11.0 + 9.0 + 3.0);
    leaves(&of_last(Last { refit: false, ..several }, 100.0, "", 2, &[1.0; 4]), 1.0 + 11.0 + 4.5 + 3.0);
    // Of five folds a training is a fifth of a trial: 38 + 13 rounds of it; at last 3 rounds score, 1.5 + 0.5 are one on all rows.
    let folds = Last { folds: Some(5), ..LAST };
    let text = "[search]\nfolds = 5\nrescore_seeds = 5\n[search.space]\n\"training.learning_rate\" = [0.1, 0.2]\n";
    let recipe = Experiment::from_toml("r.toml", text).expect("a recipe").search.expect("a search");
    let of_folds = Budget::new(Instant::now(), 100.0, &recipe, 2, 1, Some(folds));
    (0..4).for_each(|_| of_folds.complete(0.5, Duration::from_secs(1)));
    leaves(&of_folds, 1.0 + (38.0 + 13.0) * 0.2 + (3.0 + 1.5 + 0.5) * 0.2 + 3.0);
    // Of two trainings a trial each takes half of it; the upper quartile of 4, 1, 2, 1 is 2, and the best three are the first.
    leaves(&budget(100.0, "repeats = 2", 1, &[4.0, 1.0, 2.0, 1.0]), 2.0 + 5.0 * (2.0 + 0.5 + 1.0) + 10.0 + 6.0 + 3.0);
    // One complete trial is the only finalist.
    leaves(&budget(100.0, "", 1, &[1.0]), 1.0 + 10.0 + 6.0);
    // Training again takes half at most of what the last training leaves.
    leaves(&budget(100.0, "", 1, &[5.0; 8]), 5.0 + 41.0 + 15.0 + 3.0);
    // Where even one finalist by two seeds, and two more, take longer than that, nothing is left for them: 4 by 15 or 8 seconds.
    leaves(&budget(100.0, "", 1, &[15.0; 8]), 15.0 + 45.0 + 3.0);
    leaves(&budget(100.0, "", 1, &[8.0; 8]), 8.0 + 36.5 + 24.0 + 3.0);
    let pruned = budget(100.0, "pruner = \"median\"", 2, &[1.0; 4]);
    for _ in 0..3 {
        pruned.pruned();
    }
    leaves(&pruned, 1.0 + 11.0 + 2.0 + 6.0);
    // Of 100 seconds 17 are for the finalists and the last training: 2 rounds of 2 jobs before.
    assert_eq!([81.0, 81.5, 82.5].map(|now| pruned.audits(now)), [3, 2, 0]);
}

#[test]
fn dear_trials_count_where_they_are_the_best() {
    let quick = [vec![1.0; 3], vec![9.0]].concat();
    let dear = [vec![9.0], vec![1.0; 3]].concat();
    leaves(&budget(300.0, "", 1, &quick), 1.0 + 15.0 + 5.0 + 3.0 + 3.0);
    leaves(&budget(300.0, "", 1, &dear), 1.0 + 5.0 * (9.0 + 1.0 + 1.0) + 45.0 + 27.0 + 3.0);
}

#[test]
fn fewer_seeds_where_time_is_short() {
    let next = |total: f64, trials: &[f64], done: &[usize], floor| {
        let budget = budget(total, "", 1, trials);
        let Plan { finalists, seeds } = budget.next(0.0, &[1.0; 3], done, floor);
        (finalists, seeds)
    };
    let none = Plan::default();
    assert_eq!(next(100.0, &[1.0; 4], &[0; 3], none), (3, 5));
    // Of these 6 seconds are for the last training, and a round is one of 3 finalists and of the winner.
    assert_eq!(next(20.0, &[1.0; 4], &[0; 3], none), (3, 3));
    assert_eq!(next(14.5, &[1.0; 4], &[0; 3], none), (3, 2));
    assert_eq!(next(13.0, &[1.0; 4], &[0; 3], none), (2, 2));
    assert_eq!(next(10.5, &[1.0; 4], &[0; 3], none), (1, 2));
    assert_eq!(next(9.5, &[1.0; 4], &[0; 3], none), (0, 0));
    // What is done takes no time, and is never less than before.
    assert_eq!(next(14.0, &[1.0; 4], &[3, 3, 0], none), (3, 3));
    assert_eq!(next(9.5, &[1.0; 4], &[2, 2, 0], Plan { finalists: 2, seeds: 2 }), (2, 2));
}

#[test]
fn fewer_networks_where_time_is_short() {
    let several = Last { networks: 4, ..LAST };
    // On one job a network takes 3 of its trainings, and 3 seconds are for the rest: the last training is half of the time at most.
    leaves(&of_last(several, 100.0, "", 1, &[1.0; 4]), 1.0 + 20.0 + 12.0 + 3.0);
    leaves(&of_last(several, 100.0, "", 1, &[5.0; 4]), 5.0 + 26.0 + 45.0 + 3.0);
    leaves(&of_last(several, 100.0, "", 1, &[30.0; 4]), 30.0 + 90.0 + 3.0);
    let budget = of_last(several, 100.0, "", 1, &[5.0; 4]);
    let networks = |now: f64| budget.networks(now, 5.0);
    assert_eq!([0.0, 37.0, 37.5, 52.5, 70.0, 90.0, 200.0].map(networks), [4, 4, 3, 2, 1, 1, 1]);
    // Two at a time on two jobs.
    let two = of_last(several, 100.0, "", 2, &[5.0; 4]);
    assert_eq!([67.0, 68.0].map(|now| two.networks(now, 5.0)), [4, 2]);
}

#[test]
fn seeds_stay_paired() {
    let asked = Plan { finalists: 3, seeds: 5 };
    let reached = |done: [usize; 3]| asked.reached(&done);
    assert_eq!(reached([4, 4, 3]), Plan { finalists: 3, seeds: 3 });
    assert_eq!(reached([2, 2, 1]), Plan { finalists: 2, seeds: 2 });
    assert_eq!(reached([5, 1, 5]), Plan { finalists: 1, seeds: 5 });
    assert_eq!(reached([1, 1, 1]), Plan::default());
}

/// A search whose time passes by what its trainings take.
struct Simulated {
    now: f64,
    n_jobs: usize,
    /// What a training of each finalist is thought to take, and what it takes.
    costs: Vec<f64>,
    true_costs: Vec<f64>,
    done: Vec<usize>,
    n_planned: usize,
}

impl Simulated {
    /// Trainings on as many jobs as there are.
    fn work(&mut self, costs: &[f64], mut may_begin: impl FnMut(usize, f64) -> bool) -> usize {
        let mut free = vec![self.now; self.n_jobs];
        let mut n = 0;
        for (i, cost) in costs.iter().enumerate() {
            let next = free.iter_mut().min_by(|a, b| a.total_cmp(b)).expect("a job");
            if !may_begin(i, *next) {
                break;
            }
            *next += cost;
            n += 1;
        }
        self.now = free.into_iter().fold(self.now, f64::max);
        n
    }
}

impl Retrain for Simulated {
    type Error = Infallible;

    fn now(&self) -> f64 {
        self.now
    }

    fn costs(&self) -> &[f64] {
        &self.costs
    }

    fn done(&self) -> &[usize] {
        &self.done
    }

    fn train(
        &mut self,
        tasks: &[(usize, usize)],
        may_begin: &(dyn Fn(f64) -> bool + Sync),
    ) -> Result<bool, Infallible> {
        self.n_planned += 1;
        let costs: Vec<f64> = tasks.iter().map(|&(finalist, _)| self.true_costs[finalist]).collect();
        let n = self.work(&costs, |_, now| may_begin(now));
        for &(finalist, _) in &tasks[..n] {
            self.done[finalist] += 1;
            self.costs[finalist] = self.true_costs[finalist];
        }
        Ok(true)
    }
}

/// How a search ended.
#[derive(Debug)]
struct Ended {
    at: f64,
    plan: Plan,
    further: usize,
    /// The longest of what cannot be cut: a trial, or the last training.
    longest: f64,
    plans: usize,
}

/// A whole search; a training again takes `again` times what its trial took.
fn simulate(total: f64, n_jobs: usize, trial: impl Fn(&mut Stream) -> f64, again: f64) -> Ended {
    let budget = budget(total, "", n_jobs, &[]);
    let mut stream = Stream::new(5, Purpose::Data, n_jobs as u64);
    let mut free: Vec<(f64, Option<(f64, f64)>)> = vec![(0.0, None); n_jobs];
    let mut trials: Vec<(f64, f64)> = Vec::new();
    let mut ends: Vec<f64> = Vec::new();
    while !free.is_empty() {
        let next = (0..free.len()).min_by(|&a, &b| free[a].0.total_cmp(&free[b].0)).expect("a job");
        let (now, ran) = free[next];
        if let Some((value, took)) = ran {
            budget.complete(value, Duration::from_secs_f64(took));
            trials.push((value, took));
        }
        if now >= budget.trials_until() {
            ends.push(now);
            free.swap_remove(next);
            continue;
        }
        let took = trial(&mut stream);
        free[next] = (now + took, Some((stream.uniform(), took)));
    }
    trials.sort_by(|a, b| b.0.total_cmp(&a.0));
    let best = &trials[..trials.len().min(3)];
    let mut simulated = Simulated {
        now: ends.into_iter().fold(0.0, f64::max),
        n_jobs,
        costs: best.iter().map(|(_, took)| *took).collect(),
        true_costs: best.iter().map(|(_, took)| again * took).collect(),
        done: vec![0; best.len()],
        n_planned: 0,
    };
    let asked = Plan { finalists: best.len(), seeds: 5 };
    let Ok(plan) = retrain(&mut simulated, asked, Some(&budget));
    let plan = plan.expect("not stopped");
    // As like as not the last of them wins.
    let mut winner = again * best[0].1;
    let mut further = 0;
    if plan.finalists > 0 {
        winner = simulated.true_costs[plan.finalists - 1];
        further = simulated.work(&[winner; 5], |place, now| budget.lets_winner_begin(now, winner, place));
    }
    let last = 2.7 * winner + 2.0;
    let longest = trials.iter().map(|(_, took)| took * again.max(1.0)).fold(last, f64::max);
    Ended { at: simulated.now + last + WRITING, plan, further, longest, plans: simulated.n_planned }
}

const ALL: Plan = Plan { finalists: 3, seeds: 5 };

#[test]
fn time_is_used_and_not_exceeded_where_trials_are_short() {
    for n_jobs in [1, 2, 7] {
        let even = simulate(100.0, n_jobs, |stream| 0.5 + 0.3 * stream.uniform(), 1.0);
        assert!((85.0..=100.0 + even.longest).contains(&even.at), "{n_jobs} {even:?}");
        assert!(even.plan.finalists == 3 && even.plan.seeds >= 4 && even.further >= 4, "{n_jobs} {even:?}");
        // From a tenth of a second to two, as networks of many sizes have it.
        let spread = simulate(100.0, n_jobs, |stream| 0.1 * 20.0_f64.powf(stream.uniform()), 1.0);
        assert!((85.0..=100.0 + spread.longest).contains(&spread.at), "{n_jobs} {spread:?}");
    }
}

#[test]
fn what_cannot_be_cut_is_all_that_may_be_late() {
    for n_jobs in [1, 2, 7] {
        for trial in [5.0, 12.0, 30.0, 45.0, 90.0, 200.0] {
            for again in [0.5, 1.0, 1.5] {
                let ended = simulate(100.0, n_jobs, |stream| trial * (0.7 + 0.6 * stream.uniform()), again);
                let most = 100.0_f64.max(1.3 * trial) + 1.1 * ended.longest;
                assert!(ended.at <= most, "{n_jobs} x {trial} {again}: {ended:?}");
            }
        }
    }
}

#[test]
fn spare_time_goes_to_what_was_cut() {
    // Trials of 6 seconds leave half of 100 for 3 finalists by 5 seeds and the winner's 5; but trained again they take 2.
    let ended = simulate(100.0, 1, |_| 6.0, 1.0 / 3.0);
    assert!(ended.plan == ALL && ended.further == 5 && ended.plans > 1, "{ended:?}");
    let slow = simulate(100.0, 1, |_| 6.0, 1.0);
    assert!(slow.plan.finalists > 0 && slow.plan != ALL, "{slow:?}");
}
