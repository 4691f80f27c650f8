//! What runs at the moment, for a live view.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::At;

/// Trials that run, by number. Nothing is kept, and a trial costs next to nothing, while nobody looks.
#[derive(Debug, Default)]
pub struct Board {
    is_watched: AtomicBool,
    running: Mutex<BTreeMap<u64, Running>>,
}

/// A trial that runs.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Running {
    /// Its settings, in short.
    pub settings: String,
    /// Its trainings, and which of them it is at, from 0.
    pub n_trainings: usize,
    /// Which training it is at, from 0.
    pub training: usize,
    /// Its last evaluation, where there is one: when, and the score in words.
    pub evaluated: Option<(At, String)>,
}

impl Board {
    /// Says whether somebody looks.
    pub fn watch(&self, is_watched: bool) {
        self.is_watched.store(is_watched, Ordering::Relaxed);
        if !is_watched {
            self.running().clear();
        }
    }

    /// The trials that run now, by number.
    pub fn look(&self) -> Vec<(u64, Running)> {
        self.running().iter().map(|(number, running)| (*number, running.clone())).collect()
    }

    /// A trial begins, and runs until what this returns is dropped.
    pub fn begin(&self, number: u64, running: impl FnOnce() -> Running) -> Line<'_> {
        if self.is_watched.load(Ordering::Relaxed) {
            self.running().insert(number, running());
        }
        Line { board: self, number }
    }

    fn running(&self) -> MutexGuard<'_, BTreeMap<u64, Running>> {
        self.running.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The line of a trial on a board.
#[derive(Debug)]
pub struct Line<'a> {
    board: &'a Board,
    number: u64,
}

impl Line<'_> {
    /// A training of the trial was evaluated.
    pub fn evaluated(&self, training: usize, at: At, score: impl FnOnce() -> String) {
        if self.board.is_watched.load(Ordering::Relaxed)
            && let Some(running) = self.board.running().get_mut(&self.number)
        {
            running.training = training;
            running.evaluated = Some((at, score()));
        }
    }
}

impl Drop for Line<'_> {
    fn drop(&mut self) {
        if self.board.is_watched.load(Ordering::Relaxed) {
            self.board.running().remove(&self.number);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_there_while_it_runs_and_somebody_looks() {
        let board = Board::default();
        let unseen = board.begin(0, || unreachable!("nobody looks"));
        unseen.evaluated(0, At::default(), || unreachable!("nobody looks"));
        board.watch(true);
        assert_eq!(board.look(), []);
        let at = At { step: 9, n_steps: 20, per_epoch: 10 };
        let seen = board.begin(1, || Running { n_trainings: 2, ..Running::default() });
        seen.evaluated(1, at, || "val acc:0.5".to_owned());
        let expected = Running {
            n_trainings: 2,
            training: 1,
            evaluated: Some((at, "val acc:0.5".to_owned())),
            ..Running::default()
        };
        assert_eq!(board.look(), [(1, expected)]);
        drop((seen, unseen));
        assert_eq!(board.look(), []);
    }
}
