//! 2. Ask and tell: the trials are carried out elsewhere, by a laboratory, a cluster or a kitchen, and the
//!    study only says what to try next. Here eighteen loaves of bread.
//!
//! `cargo run -p goodfit-tune --example 02_ask_and_tell`

use std::error::Error;
use std::sync::Arc;

use goodfit_tune::samplers::Gp;
use goodfit_tune::storage::Memory;
use goodfit_tune::{
    Direction, Distribution, NoPruner, Observed, Outcome, Parameters, Space, Study, StudyOptions, Value,
};

const LOAVES: usize = 18;
/// That fit into the oven.
const TOGETHER: usize = 3;

fn main() -> Result<(), Box<dyn Error>> {
    let (first, best) = run()?;
    println!("\nthe usual recipe: {first:.2} points, the best one: {best:.2} of 10");
    Ok(())
}

/// Bakes all loaves; returns the points of the usual recipe, which is tried first, and those of the best one.
fn run() -> Result<(f64, f64), Box<dyn Error>> {
    let space = Space::new([
        ("degrees", Distribution::Float { low: 160.0, high: 260.0, log: false, step: Some(5.0) }),
        ("minutes", Distribution::Int { low: 20, high: 60, log: false, step: 1 }),
    ])?;
    // Where a trial costs hours, a sampler may think for some milliseconds: the Gaussian process makes the most
    // of a few trials.
    let options = StudyOptions { direction: Direction::Maximize, seed: 1, ..StudyOptions::default() };
    let study = Study::open(Arc::new(Memory::new()), space, Box::new(Gp::new()), Box::new(NoPruner), options)?;

    // What is known to be decent is worth a trial: what is found then is at least as good.
    let usual = [("degrees", Value::Float(200.0)), ("minutes", Value::Int(50))];
    study.enqueue(&study.space().parameters(usual).ok_or("not of the space")?)?;

    println!("loaf  degrees  minutes  points");
    for _ in 0..LOAVES / TOGETHER {
        // Several may be asked for before any is told. Each is chosen knowing that the others are under way, so
        // they do not all try the same.
        let mut asked = Vec::new();
        for _ in 0..TOGETHER {
            asked.extend(study.ask()?);
        }
        // They may end in any order.
        while let Some(trial) = asked.pop() {
            let (degrees, minutes) = recipe(trial.parameters()).ok_or("it lacks a parameter")?;
            let points = taste(degrees, minutes);
            let shown = points.map_or("burnt".to_owned(), |points| format!("{points:.2}"));
            println!("{:4}  {degrees:7}  {minutes:7}  {shown:>6}", trial.number());
            // No points is no score of 0, which would be a number to learn from: it failed, and why is kept.
            study.tell(trial, points.map_or(Outcome::Failed("burnt".to_owned()), Outcome::Complete))?;
        }
    }
    // A history holds losses, the negatives of what is maximised.
    let history = study.history();
    let points = |loss: Option<f64>| loss.map(|loss| -loss).ok_or("no points");
    let first = points(history.get(0).and_then(Observed::loss))?;
    Ok((first, points(history.best().and_then(Observed::loss))?))
}

fn recipe(parameters: &Parameters) -> Option<(f64, i64)> {
    match (parameters.get("degrees")?, parameters.get("minutes")?) {
        (Value::Float(degrees), Value::Int(minutes)) => Some((degrees, minutes)),
        _ => None,
    }
}

/// What the study does not know: the points of a loaf, none for one that cannot be eaten.
fn taste(degrees: f64, minutes: i64) -> Option<f64> {
    let heat = (degrees - 100.0) * minutes as f64 / 1000.0;
    let crust = (degrees - 225.0) / 40.0;
    (heat < 7.0).then(|| 10.0 - 2.0 * (heat - 4.6).powi(2) - crust * crust)
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_bakes_a_better_loaf() {
        let (first, best) = super::run().unwrap();
        assert!(best > 9.8 && best > first, "{first} {best}");
    }
}
