//! The sampler to take when one does not want to choose.

use crate::samplers::{Gp, Random, Sobol, Tpe};
use crate::{Parameters, Request, Sampler, SamplerError, Space};

/// Chooses a sampler by the space and by how many trials have finished.
///
/// | finished trials, d parameters | space | sampler |
/// |---|---|---|
/// | below 2 (d + 1) | any | [`Sobol`] |
/// | up to 250 | without conditions, d <= 20 | [`Gp`] |
/// | more | any | [`Tpe`] |
/// | any from 2 (d + 1) | with conditions or d > 20 | [`Tpe`] |
///
/// A Gaussian process makes the most of few trials, and of their distances, but its cost grows with the cube of
/// their number, and distances say little in many dimensions.
#[derive(Clone, Debug, Default)]
pub struct Auto {
    sobol: Sobol,
    gp: Gp,
    tpe: Tpe,
}

/// The most parameters and the most finished trials for which it takes a Gaussian process.
const MOST_DIMENSIONS: usize = 20;
const MOST_FINISHED: usize = 250;

/// Which sampler draws.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    Sobol,
    Gp,
    Tpe,
}

fn phase(space: &Space, n_finished: usize) -> Phase {
    let n_dims = space.len();
    if n_finished < 2 * (n_dims + 1) {
        Phase::Sobol
    } else if !space.is_conditional() && n_dims <= MOST_DIMENSIONS && n_finished <= MOST_FINISHED {
        Phase::Gp
    } else {
        Phase::Tpe
    }
}

impl Sampler for Auto {
    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError> {
        match phase(request.space, request.history.n_finished()) {
            // A Sobol sequence has an end of dimensions.
            Phase::Sobol => self.sobol.sample(request).or_else(|_| Random.sample(request)),
            Phase::Gp => self.gp.sample(request),
            Phase::Tpe => self.tpe.sample(request),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Distribution;

    #[test]
    fn keeps_the_contract() {
        for (_, space) in crate::contract::spaces() {
            crate::contract::sampler(&|| Box::new(Auto::default()), &space);
        }
    }

    #[test]
    fn phases() {
        let space = |n: usize| {
            let x = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
            Space::new((0..n).map(|i| (i.to_string(), x.clone()))).expect("a space")
        };
        let (_, conditional) = crate::contract::spaces().pop().expect("spaces");
        for (space, n_finished, expected) in [
            (space(3), 0, Phase::Sobol),
            (space(3), 7, Phase::Sobol),
            (space(3), 8, Phase::Gp),
            (space(3), 250, Phase::Gp),
            (space(3), 251, Phase::Tpe),
            (space(20), 42, Phase::Gp),
            (space(21), 43, Phase::Sobol),
            (space(21), 44, Phase::Tpe),
            (conditional.clone(), 11, Phase::Sobol),
            (conditional, 12, Phase::Tpe),
        ] {
            assert_eq!(phase(&space, n_finished), expected, "{} dimensions, {n_finished} finished", space.len());
        }
    }
}
