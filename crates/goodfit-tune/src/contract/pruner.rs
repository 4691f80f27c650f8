//! What every pruner has to keep.

use rand_core::Rng;

use crate::streams::{below, uniform};
use crate::{Distribution, History, Intermediate, Observed, Pruner, Seen, Space, Streams, Tag, Value};

/// Checks a pruner on histories of every sort: its answer is a function of the history and the trial, with the trial
/// itself in the history or not; it ends no trial that has reported nothing, nor at a step that it does not look at;
/// and it does not ask what a running trial reported after this step, since that depends on who was faster.
///
/// # Panics
/// When it does not.
pub fn pruner(pruner: &dyn Pruner) {
    for case in 0..200 {
        let mut stream = Streams::new(13).stream(Tag::Study, case);
        let mut draw = |n: u64| below(u128::from(n), stream.next_u64());
        let n_trials = draw(20);
        let history = trials(n_trials, case);
        let mut trial = random_trial(n_trials + draw(3), &mut draw);
        trial.seen = Seen::Running;
        let reported = std::mem::take(&mut trial.intermediate);
        assert!(!pruner.prunes(&history, &trial), "case {case}: it ended a trial without a report");
        for report in reported {
            trial.intermediate.push(report);
            let answer = pruner.prunes(&history, &trial);
            assert_eq!(answer, pruner.prunes(&history, &trial), "case {case}: a second time it answers otherwise");
            assert!(!answer || pruner.looks_at(report.step), "case {case}: it does not look at step {}", report.step);
            let mut with_itself = history.clone();
            with_itself.insert(trial.clone());
            assert_eq!(answer, pruner.prunes(&with_itself, &trial), "case {case}: the trial counts itself twice");
            let cut = cut_running(&history, report.step);
            assert_eq!(answer, pruner.prunes(&cut, &trial), "case {case}: it looks ahead of step {}", report.step);
        }
    }
}

/// The history in which running trials have come no farther than a step.
fn cut_running(history: &History, step: u64) -> History {
    let mut cut = History::new();
    for trial in history.iter() {
        let mut trial = trial.clone();
        if trial.seen == Seen::Running {
            trial.intermediate.retain(|reported| reported.step <= step);
        }
        cut.insert(trial);
    }
    cut
}

fn trials(n: u64, case: u64) -> History {
    let mut stream = Streams::new(17).stream(Tag::Study, case);
    let mut draw = |n: u64| below(u128::from(n), stream.next_u64());
    let mut history = History::new();
    for number in 0..n {
        history.insert(random_trial(number, &mut draw));
    }
    history
}

/// A trial with up to 12 reports, some steps left out, some values no numbers.
fn random_trial(number: u64, draw: &mut impl FnMut(u64) -> u64) -> Observed {
    let x = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
    let parameters = Space::new([("x", x)]).expect("a space").assemble(|_, _| Value::Float(0.5));
    let n_steps = draw(13);
    let mut intermediate = Vec::new();
    for step in 0..n_steps {
        let value = match draw(20) {
            0 => f64::NAN,
            1 => f64::INFINITY,
            2 => 0.5,
            _ => uniform(draw(u64::MAX)),
        };
        if draw(8) > 0 {
            intermediate.push(Intermediate { step, value });
        }
    }
    let seen = match draw(5) {
        0 => Seen::Running,
        1 => Seen::Pruned,
        2 => Seen::Failed,
        _ => Seen::Complete(vec![uniform(draw(u64::MAX))]),
    };
    Observed { number, parameters, seen, intermediate }
}
