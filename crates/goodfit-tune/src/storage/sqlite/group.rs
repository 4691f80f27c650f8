//! What several threads write, in one transaction.

use std::collections::HashMap;
use std::sync::{Condvar, Mutex, PoisonError};

use crate::storage::StorageError;

/// Whoever comes while nobody writes, writes, with all who came while the one before wrote.
#[derive(Debug)]
pub(super) struct Group<Q, A> {
    state: Mutex<State<Q, A>>,
    written: Condvar,
}

#[derive(Debug)]
struct State<Q, A> {
    is_writing: bool,
    n_came: u64,
    /// Threads that wait.
    n_asleep: usize,
    waiting: Vec<(u64, Q)>,
    /// What became of those who waited; `None` when the whole group failed, so that each has to try alone.
    answers: HashMap<u64, Option<A>>,
}

impl<Q, A> Default for Group<Q, A> {
    fn default() -> Self {
        let state = State { is_writing: false, n_came: 0, n_asleep: 0, waiting: Vec::new(), answers: HashMap::new() };
        Self { state: Mutex::new(state), written: Condvar::new() }
    }
}

impl<Q: Clone, A> Group<Q, A> {
    /// Does what is asked by `write`, which does all or nothing, together with what other threads ask.
    pub(super) fn write(
        &self,
        own: &Q,
        write: impl Fn(&[&Q]) -> Result<Vec<A>, StorageError>,
    ) -> Result<A, StorageError> {
        let alone = || write(&[own]).map(|mut answers| answers.remove(0));
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_writing {
            let me = state.n_came;
            state.n_came += 1;
            state.waiting.push((me, own.clone()));
            state.n_asleep += 1;
            while state.is_writing && !state.answers.contains_key(&me) {
                state = self.written.wait(state).unwrap_or_else(PoisonError::into_inner);
            }
            state.n_asleep -= 1;
            match state.answers.remove(&me) {
                Some(Some(answer)) => return Ok(answer),
                Some(None) => {
                    drop(state);
                    return alone();
                }
                None => state.waiting.retain(|(who, _)| *who != me),
            }
        }
        state.is_writing = true;
        let others = std::mem::take(&mut state.waiting);
        drop(state);
        // Also when `write` panics, the next one gets to write.
        let turn = Turn(self);
        let together: Vec<&Q> = std::iter::once(own).chain(others.iter().map(|(_, asked)| asked)).collect();
        let (answer, mut rest) = match write(&together) {
            Ok(mut answers) => {
                let rest = answers.split_off(1).into_iter();
                (Ok(answers.remove(0)), Some(rest))
            }
            Err(error) => (Err(error), None),
        };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        for (who, _) in &others {
            state.answers.insert(*who, rest.as_mut().and_then(Iterator::next));
        }
        drop(state);
        drop(turn);
        if answer.is_err() && !others.is_empty() { alone() } else { answer }
    }
}

struct Turn<'a, Q, A>(&'a Group<Q, A>);

impl<Q, A> Drop for Turn<'_, Q, A> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.is_writing = false;
        // Nobody to wake is the rule.
        if state.n_asleep > 0 {
            self.0.written.notify_all();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;

    use super::*;
    use crate::storage::StorageError;

    /// While the first one writes, five others come; what they write together fails when one of them does.
    fn six_threads(fails: i64) -> (Vec<Vec<i64>>, Vec<Option<i64>>) {
        let (group, calls) = (Group::default(), Mutex::new(Vec::new()));
        let (entered, has_entered) = mpsc::channel();
        let write = |asked: &[&i64]| {
            let asked: Vec<i64> = asked.iter().map(|id| **id).collect();
            calls.lock().expect("calls").push(asked.clone());
            if asked.contains(&0) {
                entered.send(()).expect("heard");
                while group.state.lock().expect("state").waiting.len() < 5 {
                    std::thread::yield_now();
                }
            }
            if asked.contains(&fails) {
                return Err(StorageError::NoTrial { id: fails });
            }
            Ok(asked.iter().map(|id| 10 * id).collect())
        };
        let ask = |id: i64| group.write(&id, write).ok();
        let answers = std::thread::scope(|scope| {
            let leader = scope.spawn(|| ask(0));
            has_entered.recv().expect("it writes");
            let others: Vec<_> = (1..6).map(|i| scope.spawn(move || ask(i))).collect();
            [leader].into_iter().chain(others).map(|thread| thread.join().expect("no panic")).collect()
        });
        (calls.into_inner().expect("calls"), answers)
    }

    #[test]
    fn who_waits_is_written_together() {
        let (calls, answers) = six_threads(-1);
        assert_eq!(calls.iter().map(Vec::len).collect::<Vec<_>>(), [1, 5]);
        assert_eq!(answers, (0..6).map(|id| Some(10 * id)).collect::<Vec<_>>());
    }

    #[test]
    fn one_that_fails_does_not_take_the_others_along() {
        let (calls, answers) = six_threads(3);
        assert_eq!(calls.len(), 7, "the first, all others, each of them alone");
        assert_eq!(answers, [Some(0), Some(10), Some(20), None, Some(40), Some(50)]);
    }

    #[test]
    fn a_panic_leaves_the_turn_to_the_next() {
        let group = Group::default();
        let ask = || group.write(&0, |_| panic!("a fault of the program"));
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(ask)).expect_err("it panics");
        assert!(group.write(&0, |_| Ok(vec![true])).expect("an answer"));
    }

    /// Whoever waited when the writer panicked writes for itself.
    #[test]
    fn a_panic_wakes_those_who_wait() {
        let group = &Group::default();
        let (entered, has_entered) = mpsc::channel();
        let write = |asked: &[&i64]| {
            if asked.contains(&&0) {
                entered.send(()).expect("heard");
                while group.state.lock().expect("state").n_asleep < 2 {
                    std::thread::yield_now();
                }
                // The two are taken along by the one that comes next, or write themselves.
                panic!("a fault of the program");
            }
            Ok(asked.iter().map(|id| 10 * *id).collect())
        };
        std::thread::scope(|scope| {
            let leader = scope.spawn(|| group.write(&0, write));
            has_entered.recv().expect("it writes");
            let others: Vec<_> = (1..3).map(|id| (id, scope.spawn(move || group.write(&id, write)))).collect();
            leader.join().expect_err("it panics");
            for (id, other) in others {
                assert_eq!(other.join().expect("no panic").expect("an answer"), 10 * id);
            }
        });
    }
}
