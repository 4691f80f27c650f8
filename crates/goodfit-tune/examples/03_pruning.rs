//! 3. Pruning: trials that are plainly behind are given up on the way. The same search with and without says
//!    what that saves, and whether it costs anything.
//!
//! `cargo run -p goodfit-tune --example 03_pruning`

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use goodfit_tune::pruners::Median;
use goodfit_tune::samplers::Random;
use goodfit_tune::storage::Memory;
use goodfit_tune::{
    Decision, Distribution, Limits, NoPruner, Observed, Outcome, Pruner, RunningTrial, Space, Study, StudyOptions,
    TrialState, Value,
};

const TRIALS: u64 = 60;
const EPOCHS: u64 = 50;

fn main() -> Result<(), Box<dyn Error>> {
    println!("{TRIALS} trials of up to {EPOCHS} epochs");
    println!("pruner  pruned  epochs  best loss");
    let without = run(Box::new(NoPruner))?;
    println!("none    {:6}  {:6}  {:.4}", without.n_pruned, without.n_epochs, without.best);
    let with = run(pruner())?;
    println!("median  {:6}  {:6}  {:.4}", with.n_pruned, with.n_epochs, with.best);
    let saved = 1.0 - with.n_epochs as f64 / without.n_epochs as f64;
    println!("{:.0} % of the epochs saved", 100.0 * saved);
    // The price: a trial that starts slowly and would have ended best is given up with the bad ones.
    println!("{:.4} of the best loss lost", with.best - without.best);
    Ok(())
}

/// What a search took and what it found.
struct Found {
    n_pruned: usize,
    n_epochs: u64,
    best: f64,
}

/// Ends a trial whose best loss so far is worse than the median of the others at the same epoch. Early epochs say
/// little about the end, so it looks from the tenth on, and only at every fifth.
fn pruner() -> Box<dyn Pruner> {
    Box::new(Median { n_warmup_steps: 10, interval_steps: 5, ..Median::default() })
}

fn run(pruner: Box<dyn Pruner>) -> Result<Found, Box<dyn Error>> {
    let space = Space::new([
        ("rate", Distribution::Float { low: 1e-4, high: 1.0, log: true, step: None }),
        ("decay", Distribution::Float { low: 0.0, high: 1.0, log: false, step: None }),
    ])?;
    // A random search, so that both searches have the same trials: what differs is the pruner's doing alone.
    let study = Study::open(Arc::new(Memory::new()), space, Box::new(Random), pruner, StudyOptions::default())?;
    let n_epochs = AtomicU64::new(0);
    let stop = AtomicBool::new(false);
    // Any number of jobs gives the same trials and prunes the same ones: trials are drawn in generations, and within
    // one a trial is judged only when those before it have come as far.
    let limits = Limits { trials: TRIALS, deadline: None, rule: None, stop: &stop, jobs: 2 };
    study.optimise(|trial| train(trial, &n_epochs), &limits, &mut |_: u64, _: &TrialState| {})?;

    let history = study.history();
    let best = history.best().and_then(Observed::loss).ok_or("no trial is complete")?;
    let n_pruned = study.trials()?.iter().filter(|trial| matches!(trial.state, TrialState::Pruned(_))).count();
    Ok(Found { n_pruned, n_epochs: n_epochs.into_inner(), best })
}

/// In place of a training: a loss that falls from 2 to where the parameters let it, fast or slowly.
fn train(trial: &mut RunningTrial<'_>, n_epochs: &AtomicU64) -> Outcome {
    let (Some(Value::Float(rate)), Some(Value::Float(decay))) =
        (trial.parameters().get("rate"), trial.parameters().get("decay"))
    else {
        return Outcome::Failed("it lacks a parameter".to_owned());
    };
    let end = 0.1 * (rate.log10() + 1.5).powi(2) + 0.2 * (decay - 0.3).powi(2);
    let mut loss = 2.0;
    for epoch in 1..=EPOCHS {
        loss += (end - loss) * (3.0 * rate).min(0.3);
        n_epochs.fetch_add(1, Ordering::Relaxed);
        // What is reported is kept with the trial; the answer is whether it is worth going on.
        match trial.report(epoch, loss) {
            Decision::Continue => {}
            Decision::Prune => return Outcome::Pruned,
            Decision::Stop => return Outcome::Interrupted,
        }
    }
    Outcome::Complete(loss)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_saves_epochs_at_a_small_price() {
        let (without, with) = (run(Box::new(NoPruner)).unwrap(), run(pruner()).unwrap());
        assert_eq!((without.n_pruned, without.n_epochs), (0, TRIALS * EPOCHS));
        assert!(with.n_pruned > 20 && with.n_epochs < without.n_epochs * 3 / 4, "{} epochs", with.n_epochs);
        assert!(with.best >= without.best && with.best < without.best + 0.01, "{} {}", with.best, without.best);
    }
}
