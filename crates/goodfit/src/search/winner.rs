//! The winner of a search, trained as `train` does.

use goodfit_tune::storage::Cursor;

use super::{Keeping, SearchError, trial_recipe, words};
use crate::comparison::{ComparisonError, Fit, Observer, Options, train_one};
use crate::recipe::Source;
use crate::results::{Finding, Results};
use crate::run::Monitor;
use crate::statistics::Direction;

/// A study that was carried out.
#[derive(Clone)]
pub struct Searched {
    /// What was found.
    pub results: Results,
    /// Where it is kept, and how it was asked for.
    pub keeping: Keeping,
    /// Its options.
    pub options: Options,
}

/// A winner that was trained.
#[derive(Debug)]
pub struct Kept {
    /// Which of the studies it is of, from 0.
    pub study: usize,
    /// Its number there.
    pub trial: usize,
    /// What training it found.
    pub results: Results,
    /// The network, with what a model has to know; `None` when it was stopped.
    pub fit: Option<Fit>,
}

/// The winner of a study: of the finalists that were trained again, or of the trials where none were.
fn winner(results: &Results) -> Option<(usize, f64)> {
    let rescored = results.search.as_ref().and_then(|search| search.winner.as_ref());
    match rescored {
        Some(winner) => Some((winner.trial, winner.score.map_or(winner.searched, |score| score.mean))),
        None => results.trials.iter().find(|trial| trial.state == "complete").map(|trial| (trial.trial, trial.value)),
    }
    .filter(|(_, score)| score.is_finite())
}

/// Trains the winner of several studies of a table, the one with the best score of retraining, as `train` trains the recipe
/// that [`trial_recipe`] gives: the same model. `None` where the data are no table, no trial has a score, or a study is not
/// complete.
///
/// # Errors
/// As for [`train_one`], and when the storage fails.
pub fn train_winner(
    studies: &[Searched],
    monitor: &Monitor,
    observer: &mut dyn Observer,
) -> Result<Option<Kept>, SearchError> {
    if studies.iter().any(|one| !one.results.complete) {
        return Ok(None);
    }
    let metric = studies.first().map(|one| one.results.primary_metric.clone()).unwrap_or_default();
    let sign = if Direction::of(&metric) == Some(Direction::Lower) { 1.0 } else { -1.0 };
    let winners = studies.iter().enumerate().filter_map(|(study, one)| Some((study, winner(&one.results)?)));
    let Some((study, (trial, _))) = winners.min_by(|(_, a), (_, b)| (sign * a.1).total_cmp(&(sign * b.1))) else {
        return Ok(None);
    };
    let Searched { keeping, options, .. } = &studies[study];
    let all = keeping.storage.studies()?;
    let Some(stored) = all.iter().find(|stored| stored.name == keeping.study) else { return Ok(None) };
    let trials = keeping.storage.changes_since(stored.id, &Cursor::default())?.trials;
    let Some(best) = trials.iter().find(|stored| stored.number == trial as u64) else { return Ok(None) };
    let experiment = trial_recipe(stored, best).map_err(ComparisonError::from)?;
    if !matches!(experiment.recipe.data.source, Source::Table { .. }) {
        return Ok(None);
    }
    let (conducted, fit) = train_one(&experiment, options, monitor, observer)?;
    Ok(Some(Kept { study, trial, results: conducted.results, fit }))
}

impl Kept {
    /// What it is, and what its own scores are worth.
    pub fn finding(&self, studies: &[Searched]) -> Finding {
        let Searched { results, keeping, options } = &studies[self.study];
        let of = if studies.len() > 1 { format!(" of the study {}", keeping.study) } else { String::new() };
        let metric = &results.primary_metric;
        let own = self.results.arms.first().and_then(|arm| arm.summary.get(metric)).map_or(f64::NAN, |own| own.mean);
        let trial = self.trial;
        let (kept, scored) = match self.results.seeds.as_slice() {
            [first, .., last] => {
                let n = self.results.seeds.len();
                (
                    format!(
                        "the model that is kept is {n} networks of trial {trial}{of}, trained as `train` trains its recipe"
                    ),
                    format!("in the mean of the seeds {first} to {last} alone"),
                )
            }
            _ => (
                format!("the model that is kept is trial {trial}{of}, trained once more as `train` trains its recipe"),
                format!("with seed {}", options.first_seed),
            ),
        };
        Finding {
            statement: kept,
            evidence: format!(
                "{} on the {} validation rows {scored}, rows that have chosen it; what is sealed had no part in it",
                words::scored(own, metric),
                self.results.data.validation_rows,
            ),
            next: String::new(),
        }
    }
}
