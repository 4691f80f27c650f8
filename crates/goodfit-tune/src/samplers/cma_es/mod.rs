//! An evolution strategy.
#![allow(clippy::doc_markdown, reason = "formulas are no code")]

mod eigen;
mod evolution;
mod replay;

use replay::{Axes, Replay};

use crate::samplers::random::draw;
use crate::{Parameters, Request, Sampler, SamplerError};

/// CMA-ES: draws populations from a normal distribution whose mean, step size and covariance follow the better half
/// of the population before.
///
/// The (mu/mu_w, lambda)-CMA-ES in the unit cube, where a parameter is its share of its range on its own scale (see
/// [`crate::Distribution::to_unit`]): `x = m + sigma N(0, C)`, `m` moves to the weighted mean of the best half,
/// `sigma` by the length of the path of `m` (cumulative step-size adaptation), `C` by that path (rank one) and the
/// steps of the best half (rank mu). It starts in the middle with `sigma = 0.3`.
///
/// - A point outside the cube is drawn anew, up to 16 times, then put on the bounds.
/// - **Whole numbers and steps** are rounded to their nearest value. Their standard deviation is kept so large that,
///   from the middle of a value, each trial leaves it with a probability of at least 1 / (lambda d): a simple form of
///   the margin of CMA-ES with margin.
/// - **Choices and parameters with a condition** are drawn independently at random.
/// - Trials rank by loss, then pruned ones by how far they came, then failed ones.
/// - **Restarts.** When all points are as good as one, C is as good as singular, or the best losses of many
///   populations in a row are equal, it starts anew at a random mean with twice the population (IPOP).
///
/// A population are the next lambda trials by number. It changes the distribution when all of its trials have
/// finished, and all populations before it; until then trials are drawn from the distribution as it is. So a study
/// in which lambda is a multiple of the generation, or the generation is 1, gives the textbook's algorithm; in others
/// the first trials of a population may come from the distribution before. Setting [`Self::population`] makes the
/// study wait for whole populations instead: see [`Sampler::horizon`].
///
/// It keeps no state but what it can work out from the history: it goes through the finished populations again and
/// remembers how far it came. Trials that others drew count with a step of bounded length.
///
/// Sources: N. Hansen: The CMA Evolution Strategy: A Tutorial (arXiv 1604.00772); A. Auger, N. Hansen: A Restart CMA
/// Evolution Strategy With Increasing Population Size, CEC 2005; R. Hamano, S. Saito, M. Nomura, S. Shirakawa:
/// CMA-ES with Margin, GECCO 2022.
#[derive(Clone, Debug, Default)]
pub struct CmaEs {
    /// lambda, at least 4; 4 + floor(3 ln d) for d parameters when `None`.
    pub population: Option<u64>,
    replay: Option<Replay>,
}

impl CmaEs {
    /// With populations of the usual size.
    pub fn new() -> Self {
        Self::default()
    }

    /// With populations of this size, which a study waits for.
    pub fn with_population(population: u64) -> Self {
        Self { population: Some(population), replay: None }
    }
}

impl Sampler for CmaEs {
    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError> {
        let space = request.space;
        if let Some(got) = self.population.filter(|&population| population < 4) {
            let what = format!("a population has at least 4 trials, got {got}");
            return Err(SamplerError::Setting { sampler: "cma-es", what });
        }
        let axes = Axes::new(space);
        if axes.n() == 0 {
            return Ok(request.numbers.clone().map(|number| draw(space, &mut request.streams.trial(number))).collect());
        }
        let known = self.replay.take().filter(|replay| replay.is_of(space, request.streams, self.population));
        let mut replay = known.unwrap_or_else(|| Replay::new(space, request.streams, self.population));
        replay.go_through(request.history);
        let drawn = request.numbers.clone().map(|number| replay.draw(number).1).collect();
        self.replay = Some(replay);
        Ok(drawn)
    }

    /// With a population of its own, all trials of the populations before; otherwise those of the generations before.
    fn horizon(&self, number: u64, generation: u64) -> u64 {
        // Populations after a restart are twice as large: their bounds are bounds of these.
        let size = self.population.unwrap_or(generation).max(1);
        number - number % size
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Distribution, History, Observed, Seen, Space, Streams, Value};

    #[test]
    fn keeps_the_contract() {
        for (_, space) in crate::contract::spaces() {
            crate::contract::sampler(&|| Box::new(CmaEs::new()), &space);
            crate::contract::sampler(&|| Box::new(CmaEs::with_population(8)), &space);
        }
    }

    #[test]
    fn populations_and_generations() {
        assert_eq!(CmaEs::new().horizon(21, 8), 16);
        assert_eq!(CmaEs::with_population(6).horizon(21, 8), 18);
        let (_, space) = crate::contract::spaces().remove(0);
        let (history, streams) = (History::new(), Streams::new(0));
        let request = Request { space: &space, history: &history, numbers: 0..1, streams };
        let error = CmaEs::with_population(3).sample(&request).expect_err("too small");
        assert_eq!(error.to_string(), "cma-es: a population has at least 4 trials, got 3");
    }

    fn number(parameters: &Parameters, name: &str) -> f64 {
        match parameters.get(name) {
            Some(Value::Float(x)) => x,
            Some(Value::Int(x)) => x as f64,
            Some(Value::Choice(i)) => i as f64,
            None => panic!("no {name}"),
        }
    }

    /// The losses of a study with so many trials at a time.
    fn losses(space: &Space, n: u64, together: u64, loss: impl Fn(&Parameters) -> f64) -> Vec<f64> {
        let (mut history, mut sampler, streams) = (History::new(), CmaEs::new(), Streams::new(4));
        let mut losses = Vec::new();
        for first in (0..n).step_by(together as usize) {
            let numbers = first..first + together;
            let request = Request { space, history: &history, numbers: numbers.clone(), streams };
            let drawn = sampler.sample(&request).expect("it draws");
            for (number, parameters) in numbers.zip(drawn) {
                losses.push(loss(&parameters));
                let seen = Seen::Complete(vec![losses[number as usize]]);
                history.insert(Observed { number, parameters, seen, intermediate: Vec::new() });
            }
        }
        losses
    }

    fn least(losses: &[f64]) -> f64 {
        losses.iter().copied().fold(f64::INFINITY, f64::min)
    }

    #[test]
    fn converges_whatever_the_generation() {
        let float = Distribution::Float { low: -5.0, high: 5.0, log: false, step: None };
        let space = Space::new(["a", "b", "c", "d"].map(|name| (name, float.clone()))).expect("a space");
        let bowl = |parameters: &Parameters| {
            parameters
                .iter()
                .zip([1.0, 10.0, 100.0, 1000.0])
                .map(|((name, _), weight)| weight * (number(parameters, name) - 1.0).powi(2))
                .sum::<f64>()
        };
        for together in [1, 5, 8] {
            let least = least(&losses(&space, 1200, together, bowl));
            assert!(least < 1e-8, "{together} at a time: {least}");
        }
    }

    #[test]
    fn whole_numbers_do_not_freeze() {
        let int = Distribution::Int { low: 0, high: 20, log: false, step: 1 };
        let float = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
        let space = Space::new([("a", int.clone()), ("b", int), ("x", float)]).expect("a space");
        // The float converges long before the whole numbers matter.
        let loss = |parameters: &Parameters| {
            let x = |name| number(parameters, name);
            100.0 * (x("x") - 0.2).abs() + (x("a") - 17.0).abs() + (x("b") - 3.0).abs()
        };
        assert!(least(&losses(&space, 800, 1, loss)) < 1e-3);
    }

    #[test]
    fn starts_anew_when_it_has_converged() {
        let float = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
        let space = Space::new([("a", float.clone()), ("b", float)]).expect("a space");
        let loss =
            |parameters: &Parameters| (number(parameters, "a") - 0.6).powi(2) + (number(parameters, "b") - 0.4).powi(2);
        let losses = losses(&space, 1000, 1, loss);
        // It converges within some hundred trials, and then looks elsewhere, with populations of 12.
        let is_close = |population: &[f64]| population.iter().all(|&loss| loss < 1e-10);
        let is_wide = |population: &[f64]| population.iter().any(|&loss| loss > 0.01);
        let converged = losses.chunks(12).position(is_close).expect("it converges");
        assert!(losses.chunks(12).skip(converged).any(is_wide));
        assert!(losses.chunks(12).take(converged).skip(20).all(|population| !is_wide(population)));
    }
}
