//! 4. Resuming: a study in a file is broken off in the middle of a trial, opened again, and ends as if nothing had
//!    happened.
//!
//! `cargo run -p goodfit-tune --features sqlite --example 04_resuming`

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use goodfit_tune::samplers::Tpe;
use goodfit_tune::storage::{Durability, Memory, Sqlite, Storage, StoredTrial};
use goodfit_tune::{
    Distribution, Limits, NoPruner, Outcome, Parameters, RunningTrial, Space, Study, StudyOptions, TrialState, Value,
};
use serde_json::json;

const TRIALS: u64 = 30;
/// The trial in which the first run ends.
const BROKEN_OFF: u64 = 11;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::temp_dir().join(format!("goodfit-resuming-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let (resumed, straight) = run(&folder.join("study.db"))?;
    std::fs::remove_dir_all(folder)?;
    println!("all {} trials the same as without a break: {}", straight.len(), resumed == straight);
    Ok(())
}

/// The trials of a study that was broken off and gone on with, and those of one that was not.
fn run(file: &Path) -> Result<(Vec<Trial>, Vec<Trial>), Box<dyn Error>> {
    // The first run ends as with Ctrl-C: everything the program knows is gone, except for the file.
    {
        let study = open(Arc::new(Sqlite::open(file, Durability::Normal)?))?;
        let stop = AtomicBool::new(false);
        let objective = |trial: &mut RunningTrial<'_>| {
            if trial.number() == BROKEN_OFF {
                stop.store(true, Ordering::Relaxed);
                // Without a result it has not failed: it waits to be begun anew.
                return Outcome::Interrupted;
            }
            objective(trial.parameters())
        };
        let stopped = study.optimise(objective, &limits(&stop), &mut |_: u64, _: &TrialState| {})?;
        println!("first run: {stopped:?} after {} trials", study.history().n_finished());
    }
    // The second run asks for the same study by its name, with the same limits: what is there counts.
    let study = open(Arc::new(Sqlite::open(file, Durability::Normal)?))?;
    println!("second run: finds {} trials", study.history().n_finished());
    let stop = AtomicBool::new(false);
    let whole = |trial: &mut RunningTrial<'_>| objective(trial.parameters());
    let stopped = study.optimise(whole, &limits(&stop), &mut |_: u64, _: &TrialState| {})?;
    println!("second run: {stopped:?} with {} trials", study.history().n_finished());

    // A sampler has no memory of its own: what it draws follows from the seed and the trials in the file. So
    // the study has the same trials as one that was never broken off.
    let straight = open(Arc::new(Memory::new()))?;
    straight.optimise(whole, &limits(&stop), &mut |_: u64, _: &TrialState| {})?;
    Ok((trials(&study)?, trials(&straight)?))
}

fn open(storage: Arc<dyn Storage>) -> Result<Study, Box<dyn Error>> {
    let space = Space::new([
        ("x", Distribution::Float { low: -5.0, high: 5.0, log: false, step: None }),
        ("y", Distribution::Float { low: -5.0, high: 5.0, log: false, step: None }),
    ])?;
    let options = StudyOptions {
        // One file may hold many studies.
        name: "camel".to_owned(),
        // What the values depend on besides the space: a study with other data would be refused, rather than
        // mixing values that cannot be compared.
        identity: vec![("function".to_owned(), json!("three-hump camel"))],
        ..StudyOptions::default()
    };
    Ok(Study::open(storage, space, Box::new(Tpe::default()), Box::new(NoPruner), options)?)
}

fn limits(stop: &AtomicBool) -> Limits<'_> {
    // Trials in all, those of the run before included.
    Limits { trials: TRIALS, deadline: None, rule: None, stop, jobs: 1 }
}

/// The three-hump camel function: its minimum is 0, at the origin, and two others lie beside it.
fn objective(parameters: &Parameters) -> Outcome {
    match (parameters.get("x"), parameters.get("y")) {
        (Some(Value::Float(x)), Some(Value::Float(y))) => {
            Outcome::Complete(2.0 * x.powi(2) - 1.05 * x.powi(4) + x.powi(6) / 6.0 + x * y + y.powi(2))
        }
        _ => Outcome::Failed("it lacks a parameter".to_owned()),
    }
}

/// A trial's values in its space, and how it ended.
type Trial = (Vec<Value>, TrialState);

fn trials(study: &Study) -> Result<Vec<Trial>, Box<dyn Error>> {
    let of = |trial: StoredTrial| (trial.parameters.iter().map(|one| one.value).collect(), trial.state);
    Ok(study.trials()?.into_iter().map(of).collect())
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_ends_as_without_a_break() {
        let folder = std::env::temp_dir().join(format!("goodfit-resuming-test-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (resumed, straight) = super::run(&folder.join("study.db")).unwrap();
        std::fs::remove_dir_all(folder).unwrap();
        assert_eq!(resumed.len() as u64, super::TRIALS);
        assert_eq!(resumed, straight);
    }
}
