//! What this process knows of a study, kept in step with its storage.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::clerk::Ended;
use super::{Asked, Report, Study, StudyError, convert};
use crate::storage::{Claim, Cursor, Finish, NewTrial, StorageError, Wanted};
use crate::{History, Observed, Parameters, Request, Sampler, Seen, Streams, TrialState};

/// What this process knows of the study.
pub(super) struct Known {
    pub(super) sampler: Box<dyn Sampler>,
    pub(super) history: History,
    pub(super) cursor: Cursor,
    /// Number of trials there are.
    pub(super) n_trials: u64,
    /// Those that have not ended, and whether they wait for somebody.
    pub(super) open: BTreeMap<u64, Open>,
    /// Whether a trial has ended elsewhere since the study was opened.
    pub(super) has_company: bool,
    /// 1 while the clerk takes trials whose numbers it does not know yet.
    pub(super) n_taking: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Open {
    Waiting,
    Mine,
    Elsewhere,
}

impl Known {
    /// Nothing known yet.
    pub(super) fn new(sampler: Box<dyn Sampler>) -> Self {
        let (history, cursor) = (History::new(), Cursor::default());
        Self { sampler, history, cursor, n_trials: 0, open: BTreeMap::new(), has_company: false, n_taking: 0 }
    }

    /// Whether somebody else works on the study, or has done so since it was opened.
    pub(super) fn has_company(&self) -> bool {
        self.has_company || self.open.values().any(|open| *open == Open::Elsewhere)
    }

    /// The numbers that have not ended below another.
    pub(super) fn open_below(&self, end: u64) -> BTreeSet<u64> {
        self.open.range(..end).map(|(number, _)| *number).collect()
    }
}

impl Study {
    /// Reads what others have done.
    pub(super) fn sync(&self, known: &mut Known) -> Result<(), StudyError> {
        let changes = self.storage.changes_since(self.id, &known.cursor)?;
        known.cursor = changes.cursor;
        for trial in changes.trials {
            known.n_trials = known.n_trials.max(trial.number + 1);
            let open = match trial.state {
                TrialState::Waiting => Some(Open::Waiting),
                TrialState::Running if known.open.get(&trial.number) == Some(&Open::Mine) => Some(Open::Mine),
                // It may be the one that the clerk takes now. It will be looked at again.
                TrialState::Running if known.n_taking > 0 && known.open.contains_key(&trial.number) => continue,
                TrialState::Running => Some(Open::Elsewhere),
                _ => None,
            };
            // What ended here is known at once, or was still open as this worker's own.
            let is_known = known.open.get(&trial.number) == Some(&Open::Mine)
                || known.history.get(trial.number).is_some_and(|trial| trial.seen != Seen::Running);
            known.has_company |= trial.state.is_finished() && !is_known;
            match open {
                Some(Open::Mine) => continue,
                Some(open) => drop(known.open.insert(trial.number, open)),
                None => drop(known.open.remove(&trial.number)),
            }
            if let Some(observed) = convert::observed(&self.space, self.options.direction, &trial) {
                known.history.insert(observed);
            }
        }
        Ok(())
    }

    /// Draws the next trials, up to a number, from what is known below a horizon, or from all of it, and adds them.
    /// False when another worker was faster; what it did is then known.
    pub(super) fn create(&self, known: &mut Known, end: u64, horizon: Option<u64>) -> Result<bool, StudyError> {
        let first = known.n_trials;
        let parameters = self.draw(known, first..end, horizon)?;
        let trial = |parameters: &Parameters| NewTrial {
            parameters: convert::stored(&self.space, parameters),
            ..NewTrial::default()
        };
        let trials: Vec<NewTrial> = parameters.iter().map(trial).collect();
        self.add(known, first, &trials, &parameters)
    }

    /// What the sampler says; with a horizon, as if no trial from there on had ended.
    pub(super) fn draw(
        &self,
        known: &mut Known,
        numbers: std::ops::Range<u64>,
        horizon: Option<u64>,
    ) -> Result<Vec<Parameters>, StudyError> {
        let Known { sampler, history, .. } = known;
        let has_ended_after = |horizon: &u64| {
            let mut later = history.iter().rev().take_while(|trial| trial.number >= *horizon);
            later.any(|trial| trial.seen != Seen::Running)
        };
        let before = horizon.filter(has_ended_after).map(|horizon| history.seen_at(horizon));
        let history = before.as_ref().unwrap_or(history);
        let streams = Streams::new(self.options.seed);
        Ok(sampler.sample(&Request { space: &self.space, history, numbers, streams })?)
    }

    pub(super) fn add(
        &self,
        known: &mut Known,
        first: u64,
        trials: &[NewTrial],
        parameters: &[Parameters],
    ) -> Result<bool, StudyError> {
        match self.storage.create_trials(self.id, first, trials) {
            Err(StorageError::Conflict { .. }) => {
                self.sync(known)?;
                Ok(false)
            }
            Err(error) => Err(error.into()),
            Ok(_) => {
                for (number, parameters) in (first..).zip(parameters) {
                    known.n_trials = number + 1;
                    known.open.insert(number, Open::Waiting);
                    let intermediate = Vec::new();
                    let parameters = parameters.clone();
                    known.history.insert(Observed { number, parameters, seen: Seen::Running, intermediate });
                }
                Ok(true)
            }
        }
    }

    /// Lets trials wait again whose worker is gone.
    pub(super) fn reclaim(&self, known: &mut Known) -> Result<(), StudyError> {
        if known.open.values().any(|open| *open == Open::Elsewhere) {
            self.storage.claim(&self.wanted(0, 0))?;
            self.sync(known)?;
        }
        Ok(())
    }

    fn wanted(&self, end: u64, n: usize) -> Wanted {
        Wanted { study: self.id, worker: self.worker.clone(), lease: self.options.lease, end, n }
    }

    /// Takes the waiting trial of the lowest number below `end`, if there still is one.
    pub(super) fn claim(&self, known: &mut Known, end: u64) -> Result<Option<Claim>, StudyError> {
        let claim = self.storage.claim(&self.wanted(end, 1))?.pop();
        match &claim {
            Some(claim) => drop(known.open.insert(claim.number, Open::Mine)),
            None => self.sync(known)?,
        }
        Ok(claim)
    }

    /// A claimed trial with its parameters, drawn where another tool has enqueued it without.
    pub(super) fn asked(&self, known: &mut Known, claim: Claim) -> Result<Asked, StudyError> {
        let Claim { ticket, number, parameters, attributes } = claim;
        let parameters = if let Some(parameters) = convert::parameters(&self.space, &parameters) {
            parameters
        } else {
            let drawn = self.draw(known, number..number + 1, None)?.pop();
            let drawn = drawn.unwrap_or_else(|| self.space.assemble(|_, distribution| distribution.from_unit(0.5)));
            let complete = convert::complete(&self.space, &attributes, &drawn);
            // Whoever has taken the trial over meanwhile says so when it ends.
            self.storage.set_parameters(ticket, &convert::stored(&self.space, &complete))?;
            complete
        };
        let observed =
            Observed { number, parameters: parameters.clone(), seen: Seen::Running, intermediate: Vec::new() };
        known.history.insert(observed);
        Ok(Asked { ticket, number, parameters, report: Report::default() })
    }

    /// A trial as the pruner sees it.
    pub(super) fn observed(&self, trial: &Asked) -> Observed {
        let direction = [self.options.direction];
        Observed::new(
            trial.number,
            trial.parameters.clone(),
            &TrialState::Running,
            &trial.report.intermediate,
            &direction,
        )
    }

    /// Lets go of a trial that was broken off, so that somebody may take it at once.
    pub(super) fn release(&self, trial: &Asked) -> Result<(), StudyError> {
        self.storage.heartbeat(&[trial.ticket], Duration::ZERO)?;
        self.known().open.insert(trial.number, Open::Elsewhere);
        Ok(())
    }

    /// Keeps how trials ended, and takes up to `n` of the lowest numbers that wait below what [`Study::due`] said. Says of
    /// each whether it was this worker's to the end.
    pub(super) fn finish(
        &self,
        ends: Vec<Ended>,
        next: Option<(u64, usize)>,
    ) -> Result<(Vec<bool>, Vec<Claim>), StudyError> {
        let (outcomes, observed): (Vec<Finish>, Vec<Observed>) =
            ends.into_iter().map(|ended| self.split(ended)).unzip();
        let written = match next {
            None => self.storage.finish(&outcomes).map(|held| (held, Vec::new())),
            Some((end, n)) => self.storage.finish_and_claim(&outcomes, &self.wanted(end, n)),
        };
        let mut known = self.known();
        known.n_taking -= usize::from(next.is_some());
        let (held, claims) = written?;
        known.open.extend(claims.iter().map(|claim| (claim.number, Open::Mine)));
        for (observed, held) in observed.into_iter().zip(&held) {
            if *held {
                known.open.remove(&observed.number);
                known.history.insert(observed);
            } else {
                known.open.insert(observed.number, Open::Elsewhere);
            }
        }
        if held.contains(&false) {
            self.sync(&mut known)?;
        }
        Ok((held, claims))
    }

    /// What the storage keeps of a trial, and what samplers see of it.
    fn split(&self, ended: Ended) -> (Finish, Observed) {
        let Ended { trial: Asked { ticket, number, parameters, report }, state, times } = ended;
        let Report { intermediate, curves, attributes } = report;
        let observed = Observed::new(number, parameters, &state, &intermediate, &[self.options.direction]);
        (Finish { ticket, state, intermediate, curves, attributes, times }, observed)
    }
}
