//! The network that is kept, trained on all rows that are not sealed.

use goodfit_nn::Network;

use super::{ComparisonError, DataShelf, Fit, Observer, Resplit};
use crate::baseline::Baselines;
use crate::recipe::{DataRecipe, Recipe};
use crate::results::Refit;
use crate::run::{Monitor, Trained, n_steps, train_until};

/// Trains a recipe again with the rows that validated and chose the epoch among the training rows, to the same share of
/// its schedule. `None` where there are no such rows, when the monitor stopped it, or when the new network is no number:
/// then the first one is kept.
///
/// The scores of the first network stand for it: nothing but the sealed test rows can judge a network that has trained on
/// all others. It is what scikit-learn's `refit` and AutoGluon's `refit_full` do.
///
/// # Errors
/// As for [`super::train_one`].
pub(super) fn refit(
    recipe: &Recipe,
    shelf: &mut DataShelf,
    seed: u64,
    first: &Trained,
    n_first: usize,
    monitor: &Monitor,
    observer: &mut dyn Observer,
) -> Result<Option<(Fit, Refit)>, ComparisonError> {
    let mut all = recipe.clone();
    all.data = DataRecipe { validation: 0.0, stopping: 0.0, ..recipe.data.clone() };
    all.training.early_stopping = None;
    all.training.evaluate_every = Some(0);
    let data = shelf.get(&all.data, seed, seed, Resplit::Never)?;
    let rows = data.train.n_rows();
    let share = first.n_steps as f64 / n_steps(recipe, n_first).max(1) as f64;
    let until = (share * n_steps(&all, rows) as f64).round() as usize;
    observer.begin("training on all rows", until as u64);
    let trained = train_until(&all, &data, seed, monitor, until)
        .map_err(|source| ComparisonError::Network { arm: "refit".to_owned(), source })?;
    let Some(Trained { network, .. }) = trained.filter(|trained| is_finite(&trained.network)) else { return Ok(None) };
    let baselines = Baselines::fit(&data);
    Ok(Some((Fit { network, schema: data.schema.clone(), baselines }, Refit { rows, steps: until })))
}

/// Whether all its weights are numbers.
fn is_finite(network: &Network<f32>) -> bool {
    let of = |parameter| network.values(parameter).iter().all(|weight: &f32| weight.is_finite());
    network.parameters().iter().all(of)
}
