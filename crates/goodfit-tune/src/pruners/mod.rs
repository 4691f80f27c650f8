//! Pruners: which trials are not worth training to the end.

mod halving;
mod hyperband;
mod median;
mod patience;
mod percentile;

pub use halving::SuccessiveHalving;
pub use hyperband::Hyperband;
pub use median::Median;
pub use patience::Patience;
pub use percentile::Percentile;

use std::ops::RangeInclusive;

use crate::{History, Observed};

/// The value that a trial reported first within some steps, if that is a number.
fn first_value(trial: &Observed, steps: RangeInclusive<u64>) -> Option<f64> {
    let place = trial.intermediate.partition_point(|reported| reported.step < *steps.start());
    let first = trial.intermediate.get(place).filter(|reported| steps.contains(&reported.step))?;
    Some(first.value).filter(|value| !value.is_nan())
}

/// The last step of the complete trial with the smallest number among those that reported.
fn steps_of_first_complete(history: &History) -> Option<u64> {
    let mut complete = history.iter().filter(|trial| trial.loss().is_some());
    complete.find_map(|trial| trial.last().map(|last| last.step))
}

/// The smallest of some values, those that are no number left out.
fn smallest(values: impl Iterator<Item = f64>) -> Option<f64> {
    values.filter(|value| !value.is_nan()).reduce(f64::min)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Distribution, Intermediate, Seen, Space, Value};

    /// A running trial that reported these losses at steps 0, 1, ..
    pub(super) fn running(number: u64, losses: &[f64]) -> Observed {
        let x = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
        let parameters = Space::new([("x", x)]).expect("a space").assemble(|_, _| Value::Float(0.5));
        let intermediate = (0..).zip(losses).map(|(step, &value)| Intermediate { step, value }).collect();
        Observed { number, parameters, seen: Seen::Running, intermediate }
    }

    /// The trial that is judged.
    pub(super) fn trial(number: u64, losses: &[f64]) -> Observed {
        running(number, losses)
    }

    /// A trial that ended with its last loss.
    pub(super) fn complete(number: u64, losses: &[f64]) -> Observed {
        let loss = losses.last().copied().filter(|loss| !loss.is_nan()).unwrap_or(0.0);
        Observed { seen: Seen::Complete(vec![loss]), ..running(number, losses) }
    }

    /// Complete trials 0, 1, .. with these losses.
    pub(super) fn history(losses: &[&[f64]]) -> History {
        let mut history = History::new();
        for (number, losses) in (0..).zip(losses) {
            history.insert(complete(number, losses));
        }
        history
    }
}
