//! How long samplers take: whole studies of ask and tell in memory, in 8 dimensions (6 float, 1 int,
//! 1 categorical), one trial after the other.
//!
//! ```sh
//! cargo run --release -p goodfit-tune --example sampler_speed -- tpe 1000 5
//! ```
//!
//! Arguments: the sampler, the number of trials, how often. Prints the seconds of each study. With `fresh` as the fourth,
//! prints instead the milliseconds of one more draw by a sampler that knows nothing yet of these trials, as when a study
//! is gone on with: for `gp` its hyperparameters are fitted in it.
//!
//! ```sh
//! cargo run --release -p goodfit-tune --example sampler_speed -- gp 150 5 fresh
//! ```

use std::error::Error;
use std::time::Instant;

use goodfit_tune::samplers::{Auto, CmaEs, Gp, Grid, Random, Sobol, Tpe};
use goodfit_tune::{Distribution, History, Observed, Parameters, Request, Sampler, SamplerError, Seen, Space, Streams};

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "tpe".to_owned());
    let n_trials: u64 = arguments.next().map_or(Ok(1000), |n| n.parse())?;
    let n_studies: u64 = arguments.next().map_or(Ok(5), |n| n.parse())?;
    let is_fresh = arguments.next().is_some_and(|word| word == "fresh");
    let space = space()?;
    for seed in 0..n_studies {
        let (mut history, streams) = (History::new(), Streams::new(seed));
        let start = Instant::now();
        study(&space, &mut *sampler(&name)?, n_trials, &mut history, streams)?;
        let seconds = start.elapsed().as_secs_f64();
        if is_fresh {
            let sampler = sampler(&name)?;
            let request = Request { space: &space, history: &history, numbers: n_trials..n_trials + 1, streams };
            let start = Instant::now();
            let drawn = draw(sampler, &request)?;
            let milliseconds = 1e3 * start.elapsed().as_secs_f64();
            println!(
                "{name}: a draw after {n_trials} trials in {milliseconds:.2} ms, its loss {:.6}",
                loss(&space, &drawn)
            );
        } else {
            let best = history.best().and_then(Observed::loss).unwrap_or(f64::INFINITY);
            println!("{name}: {n_trials} trials in {seconds:.4} s, best loss {best:.4}");
        }
    }
    Ok(())
}

fn sampler(name: &str) -> Result<Box<dyn Sampler>, Box<dyn Error>> {
    Ok(match name {
        "auto" => Box::new(Auto::default()),
        "cma-es" => Box::new(CmaEs::new()),
        "gp" => Box::new(Gp::new()),
        "grid" => Box::new(Grid { points: Some(4) }),
        "random" => Box::new(Random),
        "sobol" => Box::new(Sobol::default()),
        "tpe" => Box::new(Tpe::default()),
        _ => return Err(format!("unknown sampler {name}").into()),
    })
}

fn space() -> Result<Space, Box<dyn Error>> {
    let float = |low, high, log| Distribution::Float { low, high, log, step: None };
    Ok(Space::new([
        ("learning_rate", float(1e-5, 1.0, true)),
        ("weight_decay", float(1e-8, 1e-2, true)),
        ("momentum", float(0.0, 0.99, false)),
        ("dropout", float(0.0, 0.6, false)),
        ("smoothing", float(0.0, 0.2, false)),
        ("warmup", float(0.0, 0.5, false)),
        ("depth", Distribution::Int { low: 1, high: 8, log: false, step: 1 }),
        ("activation", Distribution::categorical(["relu", "tanh", "selu", "gelu"])),
    ])?)
}

/// Trials one after the other.
fn study(
    space: &Space,
    sampler: &mut dyn Sampler,
    n_trials: u64,
    history: &mut History,
    streams: Streams,
) -> Result<(), Box<dyn Error>> {
    for number in 0..n_trials {
        let request = Request { space, history, numbers: number..number + 1, streams };
        for parameters in sampler.sample(&request)? {
            let seen = Seen::Complete(vec![loss(space, &parameters)]);
            history.insert(Observed { number, parameters, seen, intermediate: Vec::new() });
        }
    }
    Ok(())
}

/// One trial.
fn draw(mut sampler: Box<dyn Sampler>, request: &Request<'_>) -> Result<Parameters, SamplerError> {
    Ok(sampler.sample(request)?.remove(0))
}

/// A bowl with its middle off the middle of the space.
fn loss(space: &Space, parameters: &Parameters) -> f64 {
    let units = space.iter().zip(parameters.values()).filter_map(|(p, x)| Some(p.distribution.to_unit((*x)?)));
    units.map(|u| (u - 0.3).powi(2)).sum()
}
