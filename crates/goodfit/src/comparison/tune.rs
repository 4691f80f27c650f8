//! Tuning: each arm takes its own best value of a field before arms are compared.
//!
//! A setting that suits one arm and not another (a learning rate, say) would decide the comparison.
//! So each arm tries all candidates on seeds of their own, takes the best mean, and is then compared
//! on seeds that had no part in the choice.

use super::{ComparisonError, Observer, Runs, load_all, run_all};
use crate::recipe::ArmPlan;
use crate::results::{Arm, Summary, Tuning, TuningScore};
use crate::run::Monitor;
use crate::statistics::Direction;

/// The score of a candidate that has no value of the metric.
const NOT_MEASURED: Summary = Summary { mean: f64::NAN, sd: f64::NAN, n: 0 };

/// Arms with the values they chose.
#[derive(Clone, Debug)]
pub struct Tuned {
    /// The arms, with the recipe of their best candidate.
    pub arms: Vec<ArmPlan>,
    /// What each arm tried and chose, in the order of the arms; `None` where it was not tuned.
    pub tunings: Vec<Option<Tuning>>,
}

impl Tuned {
    /// Whether every arm has chosen.
    pub fn is_complete(&self) -> bool {
        self.tunings.iter().flatten().all(|tuning| tuning.best.is_some())
    }
}

/// The arms that a comparison has to train to tune `arms`: one for each of their candidates.
fn candidates(arms: &[ArmPlan]) -> Vec<ArmPlan> {
    let plan = |arm: &ArmPlan| -> Vec<ArmPlan> {
        let candidate = |candidate: &crate::recipe::Candidate| ArmPlan {
            name: format!("{}, {}", arm.name, candidate.name),
            settings: candidate.settings.clone(),
            recipe: candidate.recipe.clone(),
            candidates: Vec::new(),
        };
        arm.candidates.iter().map(candidate).collect()
    };
    arms.iter().flat_map(plan).collect()
}

/// Trains every candidate of every arm with the seeds of `runs` and gives each arm the one with the
/// best mean of `metric`; the first of equals, and any before one that was not finite. When the monitor
/// stopped it no arm chooses, and the scores are those of the runs that were finished.
///
/// # Errors
/// As for [`run_all`].
pub fn tune(
    runs: &Runs<'_>,
    metric: &str,
    monitor: &Monitor,
    observer: &mut dyn Observer,
) -> Result<Tuned, ComparisonError> {
    let plans = candidates(runs.arms);
    let mut tuned = Tuned { arms: runs.arms.to_vec(), tunings: vec![None; runs.arms.len()] };
    if plans.is_empty() {
        return Ok(tuned);
    }
    let candidate_runs = Runs { arms: &plans, ..*runs };
    let loaded = load_all(&candidate_runs)?;
    observer.begin("tuning", loaded.n_steps);
    let done = run_all(&candidate_runs, &loaded, monitor, |arm, seed, done| observer.done(&arm.name, seed, &done.run))?;
    let complete = done.iter().flatten().all(Option::is_some);
    let mut done = super::finished(&plans, done).into_iter();
    for (arm, tuning) in tuned.arms.iter_mut().zip(&mut tuned.tunings) {
        if arm.candidates.is_empty() {
            continue;
        }
        let trained: Vec<Arm> = done.by_ref().take(arm.candidates.len()).collect();
        let scores: Vec<TuningScore> = trained
            .iter()
            .filter(|trained| complete || !trained.runs.is_empty())
            .map(|trained| TuningScore {
                settings: trained.settings.clone(),
                score: trained.summary.get(metric).copied().unwrap_or(NOT_MEASURED),
            })
            .collect();
        let best = complete.then(|| best_of(scores.iter().map(|score| score.score.mean), Direction::of(metric)));
        if let Some(best) = best {
            arm.recipe = arm.candidates[best].recipe.clone();
        }
        *tuning = Some(Tuning { metric: metric.to_owned(), seeds: runs.seeds.to_vec(), best, scores });
    }
    Ok(tuned)
}

/// The place of the best mean: the first of equals; one that is not finite loses to every other.
fn best_of(means: impl Iterator<Item = f64>, direction: Option<Direction>) -> usize {
    let badness = |mean: f64| match direction {
        _ if !mean.is_finite() => f64::INFINITY,
        Some(Direction::Higher) => -mean,
        _ => mean,
    };
    means
        .map(badness)
        .enumerate()
        .fold((0, f64::INFINITY), |best, (i, bad)| if bad < best.1 { (i, bad) } else { best })
        .0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_best_mean_wins_and_nan_loses() {
        let best = |means: &[f64], direction| best_of(means.iter().copied(), direction);
        assert_eq!(best(&[f64::NAN, 0.3, 0.2, 0.2], Some(Direction::Lower)), 2);
        assert_eq!(best(&[f64::NAN, 0.3, 0.4, f64::INFINITY], Some(Direction::Higher)), 2);
        assert_eq!(best(&[f64::NAN, f64::NAN], Some(Direction::Lower)), 0);
    }
}
