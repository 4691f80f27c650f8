//! Ends of several threads in one transaction.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::storage::{Finish, StorageError};

/// Whoever comes while nobody writes, writes, with all who came while the one before wrote.
#[derive(Debug, Default)]
pub(super) struct Group {
    state: Mutex<State>,
    written: Condvar,
}

#[derive(Debug, Default)]
struct State {
    is_writing: bool,
    n_came: u64,
    waiting: Vec<(u64, Vec<Finish>)>,
    /// What became of those who waited; `None` when the whole group failed, so that each has to try alone.
    answers: HashMap<u64, Option<Vec<bool>>>,
}

impl Group {
    /// Ends trials by `write`, which does all or nothing, together with those of other threads.
    pub(super) fn finish(
        &self,
        outcomes: &[Finish],
        write: impl Fn(&[&Finish]) -> Result<Vec<bool>, StorageError>,
    ) -> Result<Vec<bool>, StorageError> {
        let own: Vec<&Finish> = outcomes.iter().collect();
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_writing {
            let me = state.n_came;
            state.n_came += 1;
            state.waiting.push((me, outcomes.to_vec()));
            while state.is_writing && !state.answers.contains_key(&me) {
                state = self.written.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            match state.answers.remove(&me) {
                Some(Some(held)) => return Ok(held),
                Some(None) => {
                    drop(state);
                    return write(&own);
                }
                None => state.waiting.retain(|(who, _)| *who != me),
            }
        }
        state.is_writing = true;
        let others = std::mem::take(&mut state.waiting);
        drop(state);
        // Also when `write` panics, the next one gets to write.
        let turn = Turn(self);
        let together = own.iter().copied().chain(others.iter().flat_map(|(_, outcomes)| outcomes)).collect::<Vec<_>>();
        let result = write(&together);
        let (answer, mut rest) = match &result {
            Ok(held) => (Some(held[..own.len()].to_vec()), Some(&held[own.len()..])),
            Err(_) => (None, None),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (who, outcomes) in &others {
            let theirs = rest.map(|held| held.split_at(outcomes.len()));
            rest = theirs.map(|(_, after)| after);
            state.answers.insert(*who, theirs.map(|(theirs, _)| theirs.to_vec()));
        }
        drop(state);
        drop(turn);
        match (answer, result) {
            (Some(held), _) => Ok(held),
            (None, _) if !others.is_empty() => write(&own),
            (None, result) => result,
        }
    }
}

struct Turn<'a>(&'a Group);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner).is_writing = false;
        self.0.written.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::TrialState;
    use crate::storage::{Ticket, TrialId};

    fn outcome(trial: i64) -> Finish {
        let (ticket, state) = (Ticket { trial: TrialId(trial), fence: 1 }, TrialState::Pruned(None));
        Finish { ticket, state, intermediate: Vec::new(), curves: Vec::new(), attributes: Vec::new() }
    }

    fn ids(outcomes: &[&Finish]) -> Vec<i64> {
        outcomes.iter().map(|outcome| outcome.ticket.trial.0).collect()
    }

    /// While the first one writes, five others come; what they write together fails when one of them does.
    fn six_threads(fails: i64) -> (Vec<Vec<i64>>, Vec<Option<Vec<bool>>>) {
        let (group, calls) = (Group::default(), Mutex::new(Vec::new()));
        let (entered, has_entered) = mpsc::channel();
        let write = |outcomes: &[&Finish]| {
            let ids = ids(outcomes);
            calls.lock().expect("calls").push(ids.clone());
            if ids.contains(&0) {
                entered.send(()).expect("heard");
                while group.state.lock().expect("state").waiting.len() < 5 {
                    std::thread::yield_now();
                }
            }
            if ids.contains(&fails) {
                return Err(StorageError::NoTrial { id: fails });
            }
            Ok(ids.iter().map(|id| id % 2 == 0).collect())
        };
        let finish = |first: i64| group.finish(&[outcome(first), outcome(first + 1)], write).ok();
        let answers = std::thread::scope(|scope| {
            let leader = scope.spawn(|| finish(0));
            has_entered.recv().expect("it writes");
            let others: Vec<_> = (1..6).map(|i| scope.spawn(move || finish(2 * i))).collect();
            [leader].into_iter().chain(others).map(|thread| thread.join().expect("no panic")).collect()
        });
        (calls.into_inner().expect("calls"), answers)
    }

    #[test]
    fn who_waits_is_written_together() {
        let (calls, answers) = six_threads(-1);
        assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [2, 10]);
        assert!(answers.iter().all(|held| *held == Some(vec![true, false])));
    }

    #[test]
    fn one_that_fails_does_not_take_the_others_along() {
        let (calls, answers) = six_threads(7);
        assert_eq!(calls.len(), 7, "the first, all others, each of them alone");
        assert_eq!(answers[3], None);
        assert_eq!(answers.iter().filter(|held| **held == Some(vec![true, false])).count(), 5);
    }

    #[test]
    fn a_panic_leaves_the_turn_to_the_next() {
        let group = Group::default();
        let finish = || group.finish(&[outcome(0)], |_| panic!("a fault of the program"));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(finish)).expect_err("it panics");
        assert_eq!(group.finish(&[outcome(0)], |_| Ok(vec![true])).expect("an end"), [true]);
    }
}
