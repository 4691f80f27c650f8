//! Samplers and pruners by the names that recipes give them.

use goodfit_tune::samplers::{Auto, CmaEs, Gp, Grid, Narrow, Random, Sobol, Tpe, narrow};
use goodfit_tune::{NoPruner, Parameters, Pruner, Request, Sampler, SamplerError, Space, pruners};

use super::space::range;
use crate::recipe::SearchRecipe;

/// The sampler of a recipe.
pub(super) fn sampler(search: &SearchRecipe) -> Box<dyn Sampler> {
    let first = search.enqueue.len() as u64;
    match search.sampler.as_str() {
        "narrow" => Box::new(narrow(search)),
        "sobol" => Box::new(After { first, sampler: Sobol::default() }),
        "tpe" => Box::<Tpe>::default(),
        "gp" => Box::new(Gp::new()),
        "cma-es" => Box::<CmaEs>::default(),
        "grid" => Box::new(After { first, sampler: Grid::default() }),
        "auto" => Box::<Auto>::default(),
        _ => Box::new(Random),
    }
}

/// A sampler that goes by numbers alone, after trials that were enqueued: it misses no combination for them.
struct After<S> {
    /// How many trials were enqueued.
    first: u64,
    sampler: S,
}

impl<S: Sampler> Sampler for After<S> {
    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError> {
        let shifted = |number: u64| number.saturating_sub(self.first);
        let numbers = shifted(request.numbers.start)..shifted(request.numbers.end);
        self.sampler.sample(&Request { numbers, ..request.clone() })
    }

    fn horizon(&self, number: u64, generation: u64) -> u64 {
        self.sampler.horizon(number, generation)
    }

    fn n_trials(&self, space: &Space) -> Option<u64> {
        self.sampler.n_trials(space).map(|n| n.saturating_add(self.first))
    }
}

/// The sampler `narrow`, which begins with the ranges of the recipe.
pub(super) fn narrow(search: &SearchRecipe) -> Narrow {
    let start = search.space.iter().map(|dimension| (dimension.path.clone(), range(dimension))).collect();
    Narrow::new(narrow::Options { start, ..narrow::Options::default() })
}

/// The pruner of a recipe.
pub(super) fn pruner(search: &SearchRecipe) -> Box<dyn Pruner> {
    match search.pruner.as_str() {
        "median" => Box::new(pruners::Median::default()),
        "percentile" => Box::new(pruners::Percentile::default()),
        "successive-halving" => Box::new(pruners::SuccessiveHalving::default()),
        "hyperband" => Box::new(pruners::Hyperband::default()),
        "patience" => Box::<pruners::Patience>::default(),
        _ => Box::new(NoPruner),
    }
}
