//! What tests of studies share: a space, an objective on it, a pruner, limits.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use goodfit_tune::{
    Decision, Distribution, History, Limits, Observed, Outcome, Parameters, Pruner, RunningTrial, Space, Value,
};

pub(crate) fn space() -> Space {
    let float = |low, high| Distribution::Float { low, high, log: false, step: None };
    Space::new([("x", float(-2.0, 2.0)), ("y", float(-2.0, 2.0))]).expect("a space")
}

/// Ends a trial that is worse than the median of what it knows of the same step.
pub(crate) struct Median;

impl Pruner for Median {
    fn prunes(&self, history: &History, trial: &Observed) -> bool {
        let Some(last) = trial.last() else { return false };
        let at = |other: &Observed| other.intermediate.iter().find(|x| x.step == last.step).map(|x| x.value);
        let mut others: Vec<f64> = history.iter().filter(|other| other.number != trial.number).filter_map(at).collect();
        others.sort_by(f64::total_cmp);
        others.len() >= 3 && last.value > others[others.len() / 2]
    }
}

pub(crate) fn xy(parameters: &Parameters) -> (f64, f64) {
    let float = |name| if let Some(Value::Float(x)) = parameters.get(name) { x } else { panic!("no {name}") };
    (float("x"), float("y"))
}

pub(crate) fn bowl(parameters: &Parameters) -> f64 {
    let (x, y) = xy(parameters);
    (x - 0.5).powi(2) + (y + 0.25).powi(2)
}

pub(crate) fn limits(trials: u64, jobs: usize, stop: &AtomicBool) -> Limits<'_> {
    Limits { trials, deadline: None, rule: None, stop, jobs }
}

/// An objective that takes a time which differs from run to run, and reports four times, two steps apart for odd
/// trials.
pub(crate) fn restless(trial: &mut RunningTrial<'_>) -> Outcome {
    static CALLS: AtomicU64 = AtomicU64::new(0);
    let value = bowl(trial.parameters());
    for i in 1..=4 {
        let nap = CALLS.fetch_add(7, Ordering::Relaxed) * 2_654_435_761 % 5;
        thread::sleep(Duration::from_micros(200 * nap));
        match trial.report(i * (1 + trial.number() % 2), value + 1.0 / i as f64) {
            Decision::Continue => {}
            Decision::Prune => return Outcome::Pruned,
            Decision::Stop => return Outcome::Interrupted,
        }
    }
    Outcome::Complete(value)
}
