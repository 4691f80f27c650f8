//! Trials told in the order of their numbers.

use std::collections::{BTreeMap, BTreeSet};

use super::optimise::Event;
use super::{Progress, Study, StudyError};
use crate::TrialState;
use crate::storage::Cursor;

/// Tells of trials in the order of their numbers, whoever carries them out.
pub(super) struct InOrder<'a> {
    study: &'a Study,
    progress: &'a mut dyn Progress,
    /// Up to where the storage has been read.
    cursor: Cursor,
    /// The number that is told next.
    next: u64,
    /// Those that run here.
    running: BTreeSet<u64>,
    /// Those that have ended and were not told yet.
    ended: BTreeMap<u64, TrialState>,
}

impl<'a> InOrder<'a> {
    pub(super) fn new(study: &'a Study, progress: &'a mut dyn Progress) -> Self {
        let (cursor, running, ended) = (Cursor::default(), BTreeSet::new(), BTreeMap::new());
        Self { study, progress, cursor, next: 0, running, ended }
    }

    /// Something has happened here.
    pub(super) fn take(&mut self, event: Event) -> Result<(), StudyError> {
        match event {
            Event::Began(number) => self.begin(number),
            Event::Ended(number, state, next) => {
                self.running.remove(&number);
                self.ended.extend(state.map(|state| (number, state)));
                self.tell();
                if let Some(next) = next {
                    self.begin(next);
                }
                // What is waited for does not run here: somebody else may have ended it.
                if !self.ended.is_empty() && !self.running.contains(&self.next) {
                    return self.look();
                }
            }
            Event::Shared => self.progress.shared(),
        }
        Ok(())
    }

    fn begin(&mut self, number: u64) {
        self.running.insert(number);
        self.progress.began(number);
    }

    /// Takes in what others have ended, and what had ended before.
    pub(super) fn look(&mut self) -> Result<(), StudyError> {
        let changes = self.study.storage.changes_since(self.study.id, &self.cursor)?;
        self.cursor = changes.cursor;
        let ended = changes.trials.into_iter().filter(|trial| trial.state.is_finished() && trial.number >= self.next);
        let n_before = self.ended.len();
        self.ended.extend(ended.map(|trial| (trial.number, trial.state)));
        if self.ended.len() > n_before {
            // Whoever is told of a trial may ask for its parameters.
            self.study.sync(&mut self.study.known())?;
        }
        self.tell();
        Ok(())
    }

    fn tell(&mut self) {
        while let Some(state) = self.ended.remove(&self.next) {
            self.progress.ended(self.next, &state);
            self.next += 1;
        }
    }
}
