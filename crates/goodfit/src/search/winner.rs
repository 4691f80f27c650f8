//! The winner of a search, trained as `train` does.

use goodfit_tune::storage::Cursor;

use super::{Keeping, SearchError, trial_recipe, words};
use crate::comparison::{ComparisonError, Fit, Observer, Options, train_one};
use crate::model::Metric;
use crate::recipe::{Experiment, Layer, Settings, Source};
use crate::results::{Finding, Results};
use crate::run::Monitor;
use crate::statistics::{Direction, summary};

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
    /// How many networks of it the recipe asks for.
    pub asked: usize,
    /// What training it found.
    pub results: Results,
    /// The network, with what a model has to know; `None` when it was stopped.
    pub fit: Option<Fit>,
}

/// The winner of a study: of the finalists that were trained again, or of the trials where none were.
pub(super) fn winner(results: &Results) -> Option<(usize, f64)> {
    let rescored = results.search.as_ref().and_then(|search| search.winner.as_ref());
    match rescored {
        Some(winner) => Some((winner.trial, winner.score.map_or(winner.searched, |score| score.mean))),
        None => results.trials.iter().find(|trial| trial.state == "complete").map(|trial| (trial.trial, trial.value)),
    }
    .filter(|(_, score)| score.is_finite())
}

/// Trains the winner of several studies of a table, the one with the best score of retraining, as `train` trains the recipe
/// that [`trial_recipe`] gives: the same model, but for networks of an ensemble that `--seconds` left no time for. `None` where
/// the data are no table, no trial has a score, or a study is not complete.
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
    let Searched { results, keeping, options } = &studies[study];
    let all = keeping.storage.studies()?;
    let Some(stored) = all.iter().find(|stored| stored.name == keeping.study) else { return Ok(None) };
    let trials = keeping.storage.changes_since(stored.id, &Cursor::default())?.trials;
    let Some(best) = trials.iter().find(|stored| stored.number == trial as u64) else { return Ok(None) };
    let found = trial_recipe(stored, best).map_err(ComparisonError::from)?;
    if !matches!(found.recipe.data.source, Source::Table { .. }) {
        return Ok(None);
    }
    // As `train` reads it from a file: a model keeps its recipe, comments included.
    let mut settings = Settings::parse(&found.name, &found.print()).map_err(ComparisonError::from)?;
    if let Some(n) = results.search.as_ref().and_then(|search| search.networks_in_time) {
        settings.set_toml("training.ensemble", &n.to_string(), Layer::File).map_err(ComparisonError::from)?;
    }
    let experiment = Experiment::resolve(&found.name, settings).map_err(ComparisonError::from)?;
    let (conducted, fit) = train_one(&experiment, options, monitor, observer)?;
    Ok(Some(Kept { study, trial, asked: found.recipe.training.ensemble, results: conducted.results, fit }))
}

impl Kept {
    /// What it is, what it was trained on, and what its own scores are worth; and what there was no time for. Where there is no
    /// network, why.
    pub fn findings(&self, studies: &[Searched]) -> Vec<Finding> {
        if self.fit.is_none() {
            // A training that was not stopped and leaves no network says so last.
            return self.results.findings.last().filter(|_| self.results.complete).cloned().into_iter().collect();
        }
        let n = self.results.seeds.len();
        let short = (n < self.asked).then(|| Finding {
            statement: format!("--seconds left time to keep {n} of the {} networks", self.asked),
            evidence: format!(
                "training.ensemble = {} was asked for, and one network took too long for that",
                self.asked
            ),
            next: "more --seconds".to_owned(),
        });
        std::iter::once(self.finding(studies)).chain(short).collect()
    }

    fn finding(&self, studies: &[Searched]) -> Finding {
        let Searched { results: searched, keeping, options } = &studies[self.study];
        let of = if studies.len() > 1 { format!(" of the study {}", keeping.study) } else { String::new() };
        let metric = &searched.primary_metric;
        let by_arm: Vec<f64> =
            self.results.arms.iter().filter_map(|arm| arm.summary.get(metric)).map(|own| own.mean).collect();
        let alone = words::scored(summary(&by_arm).mean, metric);
        let trial = self.trial;
        let (kept, scored) = match self.results.seeds.as_slice() {
            [first, .., last] => {
                let n = self.results.seeds.len();
                let together = self.of_ensemble(metric).map(|score| format!("{score} as an ensemble, "));
                (
                    format!("{n} networks of trial {trial}{of}, trained as `train` trains its recipe"),
                    format!("{}{alone} in the mean of the seeds {first} to {last} alone", together.unwrap_or_default()),
                )
            }
            _ => (
                format!("trial {trial}{of}, trained once more as `train` trains its recipe"),
                format!("{alone} with seed {}", options.first_seed),
            ),
        };
        let data = &self.results.data;
        let when = match (self.results.refit, data.folds) {
            (_, Some(folds)) => format!(", in the mean of {folds} folds,"),
            (Some(_), None) => ", before that,".to_owned(),
            (None, None) => String::new(),
        };
        Finding {
            statement: format!("the model that is kept is {kept}, {}", self.trained_on()),
            evidence: format!(
                "{scored}{when} on the {} validation rows, which have chosen it; what is sealed had no part in it",
                data.validation_rows
            ),
            next: String::new(),
        }
    }

    /// The rows behind its weights.
    fn trained_on(&self) -> String {
        let data = &self.results.data;
        match (self.results.refit, data.folds) {
            (Some(refit), Some(folds)) => format!(
                "on {} rows, all that are not sealed, for as long as was best in the median of {folds} folds",
                refit.rows
            ),
            (Some(refit), None) => format!("and then anew on {} rows, all that are not sealed", refit.rows),
            (None, _) if data.stopping_rows > 0 => {
                format!("on {} training rows, and {} more that chose its epoch", data.train_rows, data.stopping_rows)
            }
            (None, _) => format!("on {} training rows", data.train_rows),
        }
    }

    /// What several networks score together, by the metric of the search, or by the usual one where that is no score of
    /// predictions.
    fn of_ensemble(&self, metric: &str) -> Option<String> {
        let assessed = self.results.assessment.as_ref()?;
        let usual = if assessed.classes.is_empty() { Metric::Rmse } else { Metric::Accuracy };
        let metric = Metric::of_curve(metric).unwrap_or(usual);
        let ensemble = assessed.models.iter().find(|model| model.name == "ensemble")?;
        let score = ensemble.scores.get(metric.name())?;
        Some(words::scored(*score, &format!("validation_{}", metric.word())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Layout;

    #[test]
    fn a_winner_that_leaves_no_network_says_why() {
        let finding = |statement: &str| Finding {
            statement: statement.to_owned(),
            evidence: "weights that are no numbers".to_owned(),
            next: String::new(),
        };
        let findings = vec![finding("rows are in both"), finding("2 of the 4 networks diverged")];
        let results = Results { findings, complete: true, ..Results::new("a", "", Layout::default()) };
        let mut kept = Kept { study: 0, trial: 0, asked: 4, results, fit: None };
        assert_eq!(kept.findings(&[]), [finding("2 of the 4 networks diverged")]);
        kept.results.complete = false;
        assert!(kept.findings(&[]).is_empty(), "it was stopped");
    }
}
