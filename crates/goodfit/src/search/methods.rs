//! Samplers and pruners by the names that recipes give them.

use goodfit_tune::samplers::{Auto, CmaEs, Gp, Grid, Narrow, Random, Sobol, Tpe, narrow};
use goodfit_tune::{NoPruner, Pruner, Sampler, pruners};

use super::space::range;
use crate::recipe::SearchRecipe;

/// The sampler of a recipe.
pub(super) fn sampler(search: &SearchRecipe) -> Box<dyn Sampler> {
    match search.sampler.as_str() {
        "narrow" => Box::new(narrow(search)),
        "sobol" => Box::<Sobol>::default(),
        "tpe" => Box::<Tpe>::default(),
        "gp" => Box::new(Gp::new()),
        "cma-es" => Box::<CmaEs>::default(),
        "grid" => Box::<Grid>::default(),
        "auto" => Box::<Auto>::default(),
        _ => Box::new(Random),
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
