//! Pruned trials that are trained to the end anyway: what pruning cost.

use goodfit_nn::{Purpose, derive_seed};
use goodfit_tune::storage::{Scope, Storage, StorageError, StoredTrial, Target};
use goodfit_tune::{Audit, History, Streams};
use serde_json::{Value as Json, json};

use super::objective::{NoValue, Objective};
use super::space::stored_settings;
use crate::comparison::Resplit;
use crate::jobs::run_jobs;
use crate::results::{Audited, PruningAudit};
use crate::run::Watched;
use crate::statistics::Direction;

/// Under this key a pruned trial keeps what it ended at when trained to the end. Samplers and ranking never see it.
const KEY: &str = "audit";

/// Confidence of the interval.
const CONFIDENCE: f64 = 0.95;

/// Trains a share of the pruned trials to the end, with the seeds they had, or as many as there is time for. `None` when none was
/// pruned or there is no time for any, or the monitor stopped it.
pub(super) fn audit(
    objective: &Objective<'_>,
    storage: &dyn Storage,
    trials: &[StoredTrial],
    history: &History,
) -> Result<Option<PruningAudit>, StorageError> {
    let audit = match &objective.budget {
        None => Audit { share: objective.search.audit, ..Audit::default() },
        Some(budget) => Audit { share: 0.0, least: budget.audits(budget.now()) },
    };
    let chosen = audit.chosen(history, Streams::new(objective.seed));
    if chosen.is_empty() || objective.search.audit == 0.0 {
        return Ok(None);
    }
    let chosen: Vec<&StoredTrial> = trials.iter().filter(|trial| chosen.contains(&trial.number)).collect();
    let known = |trial: &StoredTrial| trial.attributes.get(&(Scope::Private, KEY.to_owned())).cloned();
    let done = run_jobs(
        chosen.len(),
        objective.n_jobs,
        &objective.monitor.stop,
        |i| match known(chosen[i]) {
            Some(value) => Some(value.as_f64().unwrap_or(f64::NAN)),
            None => to_the_end(objective, chosen[i]),
        },
        |_, _| {},
    );
    let mut audited = Vec::new();
    for (trial, value) in chosen.iter().zip(done) {
        let Some(value) = value.flatten() else { return Ok(None) };
        let attribute = if value.is_nan() { Json::Null } else { json!(value) };
        storage.set_attributes(Target::Trial(trial.id), Scope::Private, &[(KEY.to_owned(), attribute)])?;
        audited.push(Audited { trial: trial.number as usize, value });
    }
    let sign = if Direction::of(&objective.search.metric) == Some(Direction::Lower) { 1.0 } else { -1.0 };
    let ends: Vec<f64> = audited.iter().map(|audited| sign * audited.value).collect();
    let Some(found) = goodfit_tune::Audited::new(history, &ends, CONFIDENCE) else { return Ok(None) };
    Ok(Some(PruningAudit {
        pruned: found.n_pruned,
        audited,
        in_top_tenth: found.n_top,
        ci95: [found.share.0, found.share.1],
    }))
}

/// The value of a trial that nobody prunes: the mean over its trainings, NaN where it fails.
fn to_the_end(objective: &Objective<'_>, trial: &StoredTrial) -> Option<f64> {
    let settings = stored_settings(objective.search, &trial.parameters);
    let mut values = Vec::new();
    for repeat in 0..objective.search.repeats as u64 {
        let seed = derive_seed(objective.seed, Purpose::Trial, trial.number + (repeat << 32));
        for fold in objective.folds() {
            match objective.train(&settings, seed, fold, objective.seed, Resplit::Never, &mut |_, _| Watched::GoOn) {
                Ok(run) if run.diverged_at.is_none() => values.push(objective.value(&run)),
                Ok(_) | Err(NoValue::Failed(_)) => return Some(f64::NAN),
                Err(NoValue::Stopped) => return None,
            }
        }
    }
    Some(values.iter().sum::<f64>() / values.len() as f64)
}
