//! 1. An objective of one's own: what may vary, how good it is, and the best of forty trials.
//!
//! `cargo run -p goodfit-tune --example 01_own_objective`

use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use goodfit_tune::samplers::Tpe;
use goodfit_tune::storage::Memory;
use goodfit_tune::{
    Direction, Distribution, Limits, NoPruner, Outcome, Parameter, Parameters, Space, Study, StudyOptions, TrialState,
    Value,
};

const TRIALS: u64 = 40;

fn main() -> Result<(), Box<dyn Error>> {
    let score = run()?;
    println!("the best that there is: 1.0000, found: {score:.4}");
    Ok(())
}

/// Searches and returns the best score.
fn run() -> Result<f64, Box<dyn Error>> {
    let study = Study::open(
        // Trials that nobody needs tomorrow are kept in memory; example 4 has a file.
        Arc::new(Memory::new()),
        space()?,
        // Learns which regions are good, and is one of the samplers that can handle conditions.
        Box::new(Tpe::default()),
        Box::new(NoPruner),
        // The seed decides all that is drawn: the same seed gives the same trials, however many jobs there are.
        StudyOptions { direction: Direction::Maximize, seed: 1, ..StudyOptions::default() },
    )?;
    let stop = AtomicBool::new(false);
    let limits = Limits { trials: TRIALS, deadline: None, rule: None, stop: &stop, jobs: 2 };
    // Told in the order of the trials' numbers, whichever ends first.
    let mut best = f64::NEG_INFINITY;
    let mut progress = |number: u64, state: &TrialState| {
        if let TrialState::Complete(values) = state
            && values[0] > best
        {
            best = values[0];
            println!("trial {number:2} is the best so far: {best:.4}");
        }
    };
    study.optimise(|trial| objective(trial.parameters()), &limits, &mut progress)?;

    // A history holds losses, where small is good whatever the direction: here the score's negative.
    let history = study.history();
    let best = history.best().ok_or("no trial is complete")?;
    println!("\n{} of {TRIALS} trials are complete; the best is trial {}:", history.n_complete(), best.number);
    for (name, value) in best.parameters.iter() {
        println!("  {name} = {}", shown(study.space(), name, value));
    }
    Ok(-best.loss().ok_or("it is complete")?)
}

/// Four parameters, one of each kind.
fn space() -> Result<Space, Box<dyn Error>> {
    Ok(Space::new([
        // Of a rate the order of magnitude is unknown, so ratios count: 1e-5 to 1e-4 is as much as 0.1 to 1.
        Parameter::from(("rate", Distribution::Float { low: 1e-5, high: 1.0, log: true, step: None })),
        Parameter::from(("depth", Distribution::Int { low: 1, high: 8, log: false, step: 1 })),
        // Choices have no order: none lies between two others.
        Parameter::from(("optimizer", Distribution::categorical(["sgd", "momentum"]))),
        // Only momentum has one. A trial with sgd has no such parameter, so nothing is learnt from a number
        // that did nothing.
        Parameter::from(("momentum", Distribution::Float { low: 0.0, high: 0.99, log: false, step: None }))
            .when("optimizer", [Value::Choice(1)]),
    ])?)
}

/// How good some parameters are: in place of a training, a hill whose top is 1.
fn objective(parameters: &Parameters) -> Outcome {
    let (Some(Value::Float(rate)), Some(Value::Int(depth))) = (parameters.get("rate"), parameters.get("depth")) else {
        return Outcome::Failed("it lacks a rate or a depth".to_owned());
    };
    // A trial may fail: the study notes why and goes on.
    if rate > 0.5 {
        return Outcome::Failed("diverged".to_owned());
    }
    let from_optimizer = match parameters.get("momentum") {
        Some(Value::Float(momentum)) => (momentum - 0.9).powi(2),
        _ => 0.1,
    };
    let from_rate = (rate.log10() + 2.0).powi(2) / 10.0;
    let from_depth = (depth - 4).pow(2) as f64 / 50.0;
    Outcome::Complete(1.0 - from_rate - from_depth - from_optimizer)
}

/// A value as a person writes it: a choice is stored as its place among the choices.
fn shown(space: &Space, name: &str, value: Value) -> String {
    match (value, space.get(name)) {
        (Value::Choice(i), Some(Distribution::Categorical { choices })) => choices[i].to_string(),
        (Value::Float(x), _) => format!("{x:.4}"),
        (Value::Int(n), _) => n.to_string(),
        (Value::Choice(i), _) => i.to_string(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_comes_near_the_top() {
        assert!(super::run().unwrap() > 0.95);
    }
}
