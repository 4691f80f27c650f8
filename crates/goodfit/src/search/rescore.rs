//! The best trials once more, on fresh seeds: a score that was not chosen for being high.

use goodfit_nn::{Purpose, derive_seed};
use goodfit_tune::storage::{Scope, Storage, StorageError, StoredTrial, Target};
use serde_json::{Value as Json, json};

use super::objective::{NoValue, Objective};
use super::space::stored_settings;
use crate::comparison::Resplit;
use crate::jobs::run_jobs;
use crate::model::Metric;
use crate::recipe::Fold;
use crate::results::{Summary, Winner};
use crate::run::Watched;
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

/// Trains the finalists on fresh seeds, and the one with the best mean on further ones. What is kept already is not
/// trained again. `None` when the monitor stopped it.
pub(super) fn rescore(
    objective: &Objective<'_>,
    storage: &dyn Storage,
    again: &Again<'_>,
) -> Result<Option<Rescored>, StorageError> {
    let search = objective.search;
    let &Again { finalists, n_seeds, n_rows, resplit } = again;
    if finalists.is_empty() {
        return Ok(Some(Rescored::default()));
    }
    let n = n_seeds as u64;
    let seeds = |from: u64| -> Vec<u64> {
        (from..from + n).map(|i| derive_seed(objective.seed, Purpose::Rescore, i)).collect()
    };
    let (fresh, further) = (seeds(0), seeds(n));
    let Some(scores) = train(objective, storage, finalists, FRESH, &fresh, resplit)? else { return Ok(None) };
    let lower = Direction::of(&search.metric) == Some(Direction::Lower);
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
    let best = (0..finalists.len()).min_by(|&a, &b| loss(&scores[a]).total_cmp(&loss(&scores[b])));
    let summaries = finalists.iter().zip(&scores).map(|(trial, scores)| (trial.number, summary(scores))).collect();
    let Some(best) = best.map(|best| finalists[best]) else { return Ok(Some(Rescored::default())) };
    let Some(scores) = train(objective, storage, &[best], FURTHER, &further, resplit)? else { return Ok(None) };
    let score = summary(&scores[0]);
    let half = if score.n > 1 { quantile_975(score.n - 1) * score.sd / (score.n as f64).sqrt() } else { f64::NAN };
    // The standard error of a share: a mean of n draws that are 0 or 1.
    let row_error = (Metric::of_curve(&search.metric) == Some(Metric::Accuracy))
        .then(|| (score.mean * (1.0 - score.mean) / n_rows as f64).sqrt());
    let winner = Winner {
        trial: best.number as usize,
        searched: super::value(best),
        seeds: further,
        score: Some(score),
        ci95: possible(&search.metric, [score.mean - half, score.mean + half]),
        row_error,
        rows: n_rows,
    };
    Ok(Some(Rescored { finalists: summaries, winner: Some(winner) }))
}

/// The score of each trial with each seed (the mean over folds; NaN where it failed), kept under a key.
fn train(
    objective: &Objective<'_>,
    storage: &dyn Storage,
    trials: &[&StoredTrial],
    key: &str,
    seeds: &[u64],
    resplit: Resplit,
) -> Result<Option<Vec<Vec<f64>>>, StorageError> {
    let resplits = resplit == Resplit::PerSeed;
    let kept = |trial: &&StoredTrial| known(trial.attributes.get(&(Scope::Private, key.to_owned())), seeds, resplits);
    let mut scores: Vec<Option<Vec<f64>>> = trials.iter().map(kept).collect();
    let folds = objective.folds();
    let tasks: Vec<(usize, u64, Option<Fold>)> = (0..trials.len())
        .filter(|&i| scores[i].is_none())
        .flat_map(|i| seeds.iter().flat_map(move |&seed| [(i, seed)]))
        .flat_map(|(i, seed)| folds.iter().map(move |&fold| (i, seed, fold)))
        .collect();
    let done = run_jobs(
        tasks.len(),
        objective.n_jobs,
        &objective.monitor.stop,
        |task| {
            let (i, seed, fold) = tasks[task];
            let settings = stored_settings(objective.search, &trials[i].parameters);
            let split_seed = if resplits { seed } else { objective.seed };
            match objective.train(&settings, seed, fold, split_seed, resplit, &mut |_, _| Watched::GoOn) {
                Ok(run) if run.diverged_at.is_none() => Some(objective.value(&run)),
                Ok(_) | Err(NoValue::Failed(_)) => Some(f64::NAN),
                Err(NoValue::Stopped) => None,
            }
        },
        |_, _| {},
    );
    let Some(values) = done.into_iter().map(Option::flatten).collect::<Option<Vec<f64>>>() else { return Ok(None) };
    let missing: Vec<usize> = (0..trials.len()).filter(|&i| scores[i].is_none()).collect();
    for (i, values) in missing.into_iter().zip(values.chunks(seeds.len() * folds.len())) {
        let means: Vec<f64> =
            values.chunks(folds.len()).map(|folds| folds.iter().sum::<f64>() / folds.len() as f64).collect();
        let values: Vec<Json> = means.iter().map(|&mean| Json::from(mean)).collect();
        let attribute = json!({ "seeds": seeds, "resplit": resplits, "values": values });
        storage.set_attributes(Target::Trial(trials[i].id), Scope::Private, &[(key.to_owned(), attribute)])?;
        scores[i] = Some(means);
    }
    Ok(Some(scores.into_iter().flatten().collect()))
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

/// The scores that a trial keeps, if they are of these seeds.
fn known(kept: Option<&Json>, seeds: &[u64], resplit: bool) -> Option<Vec<f64>> {
    let kept = kept?;
    let same = kept["seeds"] == json!(seeds) && kept["resplit"] == json!(resplit);
    let values = kept["values"].as_array().filter(|_| same)?;
    Some(values.iter().map(|value| value.as_f64().unwrap_or(f64::NAN)).collect())
}
