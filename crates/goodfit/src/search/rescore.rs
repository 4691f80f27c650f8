//! The best trials once more, on fresh seeds: a score that was not chosen for being high.

use std::sync::atomic::{AtomicBool, Ordering};

use goodfit_nn::{Purpose, derive_seed};
use goodfit_tune::storage::{Scope, Storage, StorageError, StoredTrial, Target};
use serde_json::{Value as Json, json};

use super::budget::{Budget, Plan};
use super::objective::{NoValue, Objective};
use super::retrain::{Retrain, retrain};
use super::space::stored_settings;
use crate::baseline::goal;
use crate::comparison::Resplit;
use crate::data::Prepared;
use crate::jobs::run_jobs;
use crate::model::{Metric, Scored, predict};
use crate::recipe::Fold;
use crate::results::{Summary, Winner};
use crate::run::{Trained, Watched};
use crate::statistics::{Direction, quantile_975, summary};

/// Under this key a finalist keeps its scores on fresh seeds, under the other a winner those on further ones.
const FRESH: &str = "rescored";
const FURTHER: &str = "winner";

/// What the finalists and the winner came out as.
#[derive(Debug, Default)]
pub(super) struct Rescored {
    /// By number, the finalists' scores on fresh seeds.
    pub(super) finalists: Vec<(u64, Summary)>,
    pub(super) winner: Option<Winner>,
}

impl Rescored {
    /// Fresh seeds of each finalist.
    pub(super) fn n_fresh(&self) -> usize {
        self.finalists.first().map_or(0, |(_, summary)| summary.n)
    }

    /// Further seeds of the winner.
    pub(super) fn n_further(&self) -> usize {
        self.winner.as_ref().map_or(0, |winner| winner.seeds.len())
    }

    /// Whether it is less than was asked for.
    pub(super) fn is_short(&self, n_finalists: usize, n_seeds: usize) -> bool {
        self.finalists.len() < n_finalists || (n_finalists > 0 && self.n_fresh().min(self.n_further()) < n_seeds)
    }
}

/// Which trials are trained again.
pub(super) struct Again<'a> {
    /// Best first.
    pub(super) finalists: &'a [&'a StoredTrial],
    /// Fresh seeds for each, and as many further ones for the winner.
    pub(super) n_seeds: usize,
    /// Rows behind a score.
    pub(super) n_rows: usize,
    /// Whether each seed splits off its own rows.
    pub(super) resplit: Resplit,
}

/// Trains the finalists on fresh seeds, and the one with the best mean on further ones, as many as there is time for. What is
/// kept already is not trained again. `None` when the monitor stopped it.
pub(super) fn rescore(
    objective: &Objective<'_>,
    storage: &dyn Storage,
    again: &Again<'_>,
) -> Result<Option<Rescored>, StorageError> {
    let &Again { finalists, n_seeds, resplit, .. } = again;
    let n = n_seeds as u64;
    let seeds = |from: u64| -> Vec<u64> {
        (from..from + n).map(|i| derive_seed(objective.seed, Purpose::Rescore, i)).collect()
    };
    let (fresh, further) = (seeds(0), seeds(n));
    let mut course = Course::new(objective, finalists, &fresh, FRESH, resplit);
    let asked = Plan { finalists: finalists.len(), seeds: n_seeds };
    let Some(plan) = retrain(&mut course, asked, objective.budget.as_ref())? else { return Ok(None) };
    course.keep(storage, plan)?;
    let scores: Vec<Vec<f64>> = course.values().take(plan.finalists).map(|own| own[..plan.seeds].to_vec()).collect();
    let Some(best) = best(&objective.search.metric, &scores) else { return Ok(Some(Rescored::default())) };
    let summaries = finalists.iter().zip(&scores).map(|(trial, scores)| (trial.number, summary(scores))).collect();
    let winner = &finalists[best..=best];
    let cost = course.costs()[best];
    let mut course = Course::new(objective, winner, &further, FURTHER, resplit);
    let tasks: Vec<(usize, usize)> = (course.done()[0]..n_seeds).map(|seed| (0, seed)).collect();
    let budget = objective.budget.as_ref();
    let may_begin = |place: usize, now: f64| budget.is_none_or(|budget| budget.lets_winner_begin(now, cost, place));
    if !course.run(&tasks, &may_begin) {
        return Ok(None);
    }
    let plan = Plan { finalists: 1, seeds: course.done()[0] };
    course.keep(storage, plan)?;
    Ok(Some(Rescored { finalists: summaries, winner: Some(course.winner(again, &further[..plan.seeds])) }))
}

/// The place of the best mean.
fn best(metric: &str, scores: &[Vec<f64>]) -> Option<usize> {
    let lower = Direction::of(metric) == Some(Direction::Lower);
    let loss = |scores: &[f64]| {
        let mean = summary(scores).mean;
        // A finalist that failed on a fresh seed is no winner.
        if mean.is_nan() {
            f64::INFINITY
        } else if lower {
            mean
        } else {
            -mean
        }
    };
    (0..scores.len()).min_by(|&a, &b| loss(&scores[a]).total_cmp(&loss(&scores[b])))
}

/// What a trial scores with one seed, over the folds where there are some.
#[derive(Clone, Copy, Debug)]
struct Score {
    /// NaN where it failed.
    value: f64,
    /// The standard error of the value over the rows behind it; NaN where it is not known.
    row_error: f64,
}

/// Trials that are trained again with the same seeds.
struct Course<'a> {
    objective: &'a Objective<'a>,
    trials: &'a [&'a StoredTrial],
    seeds: &'a [u64],
    /// What a trial keeps its scores under.
    key: &'static str,
    resplit: Resplit,
    /// Of each trial those with the first seeds, how many of them it keeps already, and how many that are.
    scores: Vec<Vec<Score>>,
    kept: Vec<usize>,
    done: Vec<usize>,
    /// Seconds of a training.
    costs: Vec<f64>,
}

impl<'a> Course<'a> {
    fn new(
        objective: &'a Objective<'a>,
        trials: &'a [&'a StoredTrial],
        seeds: &'a [u64],
        key: &'static str,
        resplit: Resplit,
    ) -> Self {
        let known = |trial: &&StoredTrial| {
            known(trial.attributes.get(&(Scope::Private, key.to_owned())), seeds, resplit == Resplit::PerSeed)
        };
        let scores: Vec<Vec<Score>> = trials.iter().map(known).collect();
        let done: Vec<usize> = scores.iter().map(Vec::len).collect();
        let costs = trials.iter().map(|trial| objective.budget.as_ref().map_or(0.0, |budget| budget.cost(trial)));
        Self { objective, trials, seeds, key, resplit, kept: done.clone(), done, costs: costs.collect(), scores }
    }

    /// The values of each trial.
    fn values(&self) -> impl Iterator<Item = Vec<f64>> {
        self.scores.iter().map(|scores| scores.iter().map(|score| score.value).collect())
    }

    /// Trains trials with seeds by their places, on every fold, in this order as long as they may begin. False when the monitor
    /// stopped it.
    fn run(&mut self, tasks: &[(usize, usize)], may_begin: &(dyn Fn(usize, f64) -> bool + Sync)) -> bool {
        let folds = self.objective.folds();
        let trainings: Vec<(usize, usize, Option<Fold>)> =
            tasks.iter().flat_map(|&(trial, seed)| folds.iter().map(move |&fold| (trial, seed, fold))).collect();
        let no_time = AtomicBool::new(false);
        let budget = self.objective.budget.as_ref();
        let done = run_jobs(
            trainings.len(),
            self.objective.n_jobs,
            &self.objective.monitor.stop,
            |task| {
                let (trial, seed, fold) = trainings[task];
                let now = budget.map_or(0.0, Budget::now);
                if no_time.load(Ordering::Relaxed) || !may_begin(seed, now) {
                    no_time.store(true, Ordering::Relaxed);
                    return Some(None);
                }
                let score = self.train_once(trial, self.seeds[seed], fold)?;
                Some(Some((score, budget.map_or(0.0, Budget::now) - now)))
            },
            |_, _| {},
        );
        let Some(done) = done.into_iter().map(Option::flatten).collect::<Option<Vec<_>>>() else { return false };
        for (&(trial, seed), of_folds) in tasks.iter().zip(done.chunks(folds.len())) {
            // A seed counts with all folds, and behind all that come before it.
            let Some(of_folds) = of_folds.iter().copied().collect::<Option<Vec<(Score, f64)>>>() else { continue };
            if self.scores[trial].len() == seed {
                let n = of_folds.len() as f64;
                self.scores[trial].push(Score {
                    value: of_folds.iter().map(|(score, _)| score.value).sum::<f64>() / n,
                    row_error: of_folds.iter().map(|(score, _)| score.row_error.powi(2)).sum::<f64>().sqrt() / n,
                });
                self.costs[trial] = of_folds.iter().map(|(_, took)| took).sum::<f64>() / n;
            }
        }
        self.done = self.scores.iter().map(Vec::len).collect();
        true
    }

    /// `None` when the monitor stopped it.
    fn train_once(&self, trial: usize, seed: u64, fold: Option<Fold>) -> Option<Score> {
        let &Self { objective, resplit, .. } = self;
        let settings = stored_settings(objective.search, &self.trials[trial].parameters);
        let split_seed = if resplit == Resplit::PerSeed { seed } else { objective.seed };
        match objective.fit(&settings, seed, fold, split_seed, resplit, &mut |_, _| Watched::GoOn) {
            Ok((trained, data)) if trained.run.diverged_at.is_none() => {
                let is_winner = self.key == FURTHER;
                let row_error = if is_winner { row_error(&objective.search.metric, &trained, &data) } else { f64::NAN };
                Some(Score { value: objective.value(&trained.run), row_error })
            }
            Ok(_) | Err(NoValue::Failed(_)) => Some(Score { value: f64::NAN, row_error: f64::NAN }),
            Err(NoValue::Stopped) => None,
        }
    }

    /// Keeps the scores that count, where they are more than are kept.
    fn keep(&self, storage: &dyn Storage, plan: Plan) -> Result<(), StorageError> {
        for (i, trial) in
            self.trials.iter().enumerate().take(plan.finalists).filter(|(i, _)| self.kept[*i] < plan.seeds)
        {
            let of = |part: fn(&Score) -> f64| -> Vec<Json> {
                self.scores[i][..plan.seeds].iter().map(|score| Json::from(part(score))).collect()
            };
            let (seeds, resplit) = (&self.seeds[..plan.seeds], self.resplit == Resplit::PerSeed);
            let mut attribute = json!({ "seeds": seeds, "resplit": resplit, "values": of(|score| score.value) });
            if self.scores[i].iter().any(|score| score.row_error.is_finite()) {
                attribute["row_errors"] = Json::from(of(|score| score.row_error));
            }
            storage.set_attributes(Target::Trial(trial.id), Scope::Private, &[(self.key.to_owned(), attribute)])?;
        }
        Ok(())
    }

    /// The only trial, as the winner.
    fn winner(&self, again: &Again<'_>, seeds: &[u64]) -> Winner {
        let (metric, scores, n_rows) = (&self.objective.search.metric, &self.scores[0], again.n_rows);
        let score = summary(&scores.iter().map(|score| score.value).collect::<Vec<f64>>());
        let half = if score.n > 1 { quantile_975(score.n - 1) * score.sd / (score.n as f64).sqrt() } else { f64::NAN };
        let row_error = match Metric::of_curve(metric) {
            // The standard error of a share: a mean of n draws that are 0 or 1.
            Some(Metric::Accuracy) => (score.mean * (1.0 - score.mean) / n_rows as f64).sqrt(),
            // All seeds are scored on the same rows, so that more of them do not make it smaller.
            _ => summary(&scores.iter().map(|score| score.row_error).collect::<Vec<f64>>()).mean,
        };
        Winner {
            trial: self.trials[0].number as usize,
            searched: super::value(self.trials[0]),
            seeds: seeds.to_vec(),
            score: Some(score),
            ci95: possible(metric, [score.mean - half, score.mean + half]),
            row_error: Some(row_error).filter(|error| error.is_finite()),
            rows: n_rows,
        }
    }
}

impl Retrain for Course<'_> {
    type Error = StorageError;

    fn now(&self) -> f64 {
        self.objective.budget.as_ref().map_or(0.0, Budget::now)
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
    ) -> Result<bool, StorageError> {
        Ok(self.run(tasks, &|_, now| may_begin(now)))
    }
}

/// The standard error of a score over validation rows; NaN where the metric is no score of them, and for a share, which says it
/// itself.
fn row_error(metric: &str, trained: &Trained, data: &Prepared) -> f64 {
    match (Metric::of_curve(metric), &data.validation) {
        (Some(score), Some(rows)) if metric.starts_with("validation_") && score != Metric::Accuracy => {
            let predicts = data.predicts();
            let own = predict(std::slice::from_ref(&trained.network), &rows.inputs, &predicts);
            Scored::new(&own, &goal(rows, &predicts), &predicts).standard_error(score)
        }
        _ => f64::NAN,
    }
}

/// The part of an interval that a metric can lie in: few seeds that differ much give wider ones.
fn possible(metric: &str, interval: [f64; 2]) -> [f64; 2] {
    let [least, most] = Metric::of_curve(metric).map_or([0.0, f64::INFINITY], Metric::range);
    interval.map(|bound| bound.clamp(least, most))
}

/// What a stored trial scored on fresh seeds, as one of the finalists.
pub fn rescored(trial: &StoredTrial) -> Option<Summary> {
    kept(trial, FRESH)
}

/// What a stored trial scored on further seeds, as the winner among the finalists.
pub fn retrained(trial: &StoredTrial) -> Option<Summary> {
    kept(trial, FURTHER)
}

fn kept(trial: &StoredTrial, key: &str) -> Option<Summary> {
    let values = trial.attributes.get(&(Scope::Private, key.to_owned()))?["values"].as_array()?;
    let values: Vec<f64> = values.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect();
    (!values.is_empty()).then(|| summary(&values))
}

/// The scores that a trial keeps, with the first ones of these seeds.
fn known(kept: Option<&Json>, seeds: &[u64], resplit: bool) -> Vec<Score> {
    let Some(kept) = kept.filter(|kept| kept["resplit"] == json!(resplit)) else { return Vec::new() };
    let list = |name: &str| kept[name].as_array().map(Vec::as_slice).unwrap_or_default();
    let number = |value: Option<&Json>| value.and_then(Json::as_f64).unwrap_or(f64::NAN);
    let n = list("seeds").iter().zip(seeds).take_while(|(kept, seed)| kept.as_u64() == Some(**seed)).count();
    let score = |i: usize| Score { value: number(list("values").get(i)), row_error: number(list("row_errors").get(i)) };
    (0..n.min(list("values").len())).map(score).collect()
}
