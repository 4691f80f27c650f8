//! What samplers and pruners know: the trials so far.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

use crate::storage::StoredTrial;
use crate::{Direction, Intermediate, Parameters, TrialState};

/// A trial as samplers and pruners see it. Every value is a loss: small is good.
#[derive(Clone, Debug, PartialEq)]
pub struct Observed {
    /// Its number in its study, from 0.
    pub number: u64,
    /// What it was tried with.
    pub parameters: Parameters,
    /// Where it stands.
    pub seen: Seen,
    /// The losses that it reported on its way, by rising step.
    pub intermediate: Vec<Intermediate>,
}

/// Where a trial stands, in losses.
#[derive(Clone, Debug, PartialEq)]
pub enum Seen {
    /// Not finished yet.
    Running,
    /// Ended with a loss for each objective, none of them NaN.
    Complete(Vec<f64>),
    /// Given up early.
    Pruned,
    /// Ended without a value.
    Failed,
}

impl Observed {
    /// A trial in the words of samplers, for one direction an objective.
    pub fn new(
        number: u64,
        parameters: Parameters,
        state: &TrialState,
        intermediate: &[Intermediate],
        directions: &[Direction],
    ) -> Self {
        let seen = Seen::of(state, directions);
        let intermediate = intermediate.iter().map(|x| loss(x, directions)).collect();
        Self { number, parameters, seen, intermediate }
    }

    /// The loss of the first objective, where it is complete.
    pub fn loss(&self) -> Option<f64> {
        match &self.seen {
            Seen::Complete(losses) => losses.first().copied(),
            _ => None,
        }
    }

    /// What it reported last.
    pub fn last(&self) -> Option<Intermediate> {
        self.intermediate.last().copied()
    }

    fn rank(&self) -> Option<Rank> {
        self.seen.rank(self.number, self.last())
    }
}

impl Seen {
    fn of(state: &TrialState, directions: &[Direction]) -> Self {
        match state {
            TrialState::Waiting | TrialState::Running => Self::Running,
            TrialState::Complete(values) => {
                Self::Complete(values.iter().zip(directions).map(|(&x, direction)| direction.loss(x)).collect())
            }
            TrialState::Pruned(_) => Self::Pruned,
            TrialState::Failed(_) => Self::Failed,
        }
    }

    /// The rank of a trial whose last report is this loss.
    fn rank(&self, number: u64, last: Option<Intermediate>) -> Option<Rank> {
        let key = match self {
            Self::Running => return None,
            Self::Complete(losses) => (0, 0, Loss(losses.first().copied().unwrap_or(f64::NAN))),
            // The farther it came, the better; a report that is no number counts as none.
            Self::Pruned => match last {
                Some(last) if !last.value.is_nan() => (1, u64::MAX - last.step, Loss(last.value)),
                _ => (2, 0, Loss(0.0)),
            },
            Self::Failed => (3, 0, Loss(0.0)),
        };
        Some((key, number))
    }
}

/// A report as something that small is good for.
fn loss(reported: &Intermediate, directions: &[Direction]) -> Intermediate {
    let direction = directions.first().copied().unwrap_or(Direction::Minimize);
    Intermediate { value: direction.loss(reported.value), ..*reported }
}

/// The trials of a storage, best first, in the order of [`History::ranked`]; those that are not finished come last, by
/// number. They need not be of one space.
pub fn ranked<'a>(trials: &'a [StoredTrial], directions: &[Direction]) -> Vec<&'a StoredTrial> {
    let mut sorted: Vec<&StoredTrial> = trials.iter().collect();
    sorted.sort_by_cached_key(|trial| {
        let last = trial.intermediate.last().map(|last| loss(last, directions));
        let rank = Seen::of(&trial.state, directions).rank(trial.number, last);
        (rank.is_none(), rank, trial.number)
    });
    sorted
}

/// Class (complete, pruned, pruned without a value, failed) and order within it; then the number.
type Rank = ((u8, u64, Loss), u64);

#[derive(Clone, Copy, Debug)]
struct Loss(f64);

impl PartialEq for Loss {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Loss {}

impl PartialOrd for Loss {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Loss {
    fn cmp(&self, other: &Self) -> Ordering {
        // Adding 0 makes -0 and 0 a tie.
        (self.0 + 0.0).total_cmp(&(other.0 + 0.0))
    }
}

/// The trials of a study so far, with what samplers ask of them kept up to date as trials come in.
#[derive(Clone, Debug, Default)]
pub struct History {
    trials: BTreeMap<u64, Observed>,
    ranked: BTreeSet<Rank>,
    running: BTreeSet<u64>,
    n_complete: usize,
}

impl History {
    /// No trials.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a trial in, or what became of one that it has.
    pub fn insert(&mut self, trial: Observed) {
        self.remove(trial.number);
        match trial.rank() {
            Some(rank) => self.ranked.insert(rank),
            None => self.running.insert(trial.number),
        };
        self.n_complete += usize::from(matches!(trial.seen, Seen::Complete(_)));
        self.trials.insert(trial.number, trial);
    }

    /// Forgets a trial, and gives it back.
    pub fn remove(&mut self, number: u64) -> Option<Observed> {
        let trial = self.trials.remove(&number)?;
        match trial.rank() {
            Some(rank) => self.ranked.remove(&rank),
            None => self.running.remove(&number),
        };
        self.n_complete -= usize::from(matches!(trial.seen, Seen::Complete(_)));
        Some(trial)
    }

    /// All trials, by number.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = &Observed> {
        self.trials.values()
    }

    /// The trial of that number.
    pub fn get(&self, number: u64) -> Option<&Observed> {
        self.trials.get(&number)
    }

    /// The finished trials, best first: complete ones by loss, then pruned ones by how far they came and
    /// their last loss, then failed ones; ties by number.
    pub fn ranked(&self) -> impl DoubleEndedIterator<Item = &Observed> {
        self.ranked.iter().map(|(_, number)| &self.trials[number])
    }

    /// The trials that are not finished, by number.
    pub fn running(&self) -> impl DoubleEndedIterator<Item = &Observed> {
        self.running.iter().map(|number| &self.trials[number])
    }

    /// The complete trials, best first.
    pub fn complete(&self) -> impl Iterator<Item = &Observed> {
        self.ranked().take(self.n_complete)
    }

    /// The best complete trial.
    pub fn best(&self) -> Option<&Observed> {
        self.complete().next()
    }

    /// The number of finished trials.
    pub fn n_finished(&self) -> usize {
        self.ranked.len()
    }

    /// The number of complete trials.
    pub fn n_complete(&self) -> usize {
        self.n_complete
    }

    /// The history as it was when just the trials below a number had finished: later ones are still running.
    pub fn seen_at(&self, horizon: u64) -> Self {
        let mut history = Self::new();
        for trial in self.iter() {
            let mut trial = trial.clone();
            if trial.number >= horizon {
                trial.seen = Seen::Running;
                trial.intermediate.clear();
            }
            history.insert(trial);
        }
        history
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Distribution, Space, Value};

    fn trial(number: u64, seen: Seen, intermediate: &[(u64, f64)]) -> Observed {
        let x = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
        let space = Space::new([("x", x)]).expect("a space");
        let parameters = space.assemble(|_, _| Value::Float(0.5));
        let intermediate = intermediate.iter().map(|&(step, value)| Intermediate { step, value }).collect();
        Observed { number, parameters, seen, intermediate }
    }

    #[test]
    fn best_first() {
        let mut history = History::new();
        for (number, seen, intermediate) in [
            (0, Seen::Failed, &[][..]),
            (1, Seen::Pruned, &[(1, 0.1)]),
            (2, Seen::Complete(vec![2.0]), &[]),
            (3, Seen::Running, &[]),
            (4, Seen::Pruned, &[(1, 0.5), (2, 0.9)]),
            (5, Seen::Complete(vec![f64::INFINITY]), &[]),
            (6, Seen::Complete(vec![-0.0]), &[]),
            (7, Seen::Complete(vec![0.0]), &[]),
            (8, Seen::Pruned, &[(3, f64::NAN)]),
        ] {
            history.insert(trial(number, seen, intermediate));
        }
        let numbers = |history: &History| history.ranked().map(|trial| trial.number).collect::<Vec<_>>();
        assert_eq!(numbers(&history), [6, 7, 2, 5, 4, 1, 8, 0]);
        assert_eq!(history.running().map(|trial| trial.number).collect::<Vec<_>>(), [3]);
        assert_eq!((history.n_finished(), history.n_complete()), (8, 4));

        history.insert(trial(3, Seen::Complete(vec![-1.0]), &[]));
        assert_eq!(history.best().map(|trial| trial.number), Some(3));
        assert_eq!(history.running().count(), 0);
        let before = history.seen_at(3);
        assert_eq!(numbers(&before), [2, 1, 0]);
        assert_eq!(before.running().count(), 6);
    }
}
