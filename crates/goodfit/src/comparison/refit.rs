//! The network that is kept, trained on all rows that are not sealed.

use goodfit_nn::Network;

use super::ensemble::train_each;
use super::{ComparisonError, Fit, Observer};
use crate::baseline::Baselines;
use crate::data::{Dataset, Prepared};
use crate::recipe::{Evaluation, Recipe};
use crate::results::Refit;
use crate::run::{Monitor, Trained, n_steps, train_until};

/// A training whose rows that validate and choose the epoch have done their part.
pub(super) struct First<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) seeds: &'a [u64],
    pub(super) data: &'a Prepared,
    /// One for each seed.
    pub(super) trained: &'a [Trained],
    pub(super) baselines: Option<&'a Baselines>,
}

impl First<'_> {
    /// Trains its recipe again on the same data with all those rows among the training rows, to the share of the
    /// schedule that was best by all of them, each network of several to its own; the linear model keeps its penalty. `None`
    /// when the monitor stopped it, or when a new network is no number.
    ///
    /// The scores of the first network stand for the second: nothing but the sealed test rows can judge a network that has
    /// trained on all others. It is what scikit-learn's `refit` and `AutoGluon`'s `refit_full` do.
    ///
    /// # Errors
    /// As for [`super::train_one`].
    pub(super) fn refit(
        &self,
        dataset: Dataset,
        n_jobs: usize,
        monitor: &Monitor,
        observer: &mut dyn Observer,
    ) -> Result<Option<(Fit, Refit)>, ComparisonError> {
        let &Self { recipe, seeds, data, trained, baselines } = self;
        let split_seed = recipe.data.split_seed.unwrap_or(seeds[0]);
        let joined = Prepared::joined(dataset, &recipe.data, split_seed)?;
        let n_first = n_steps(recipe, data.train.n_rows()).max(1) as f64;
        let shares: Vec<f64> = trained.iter().map(|trained| trained.n_steps_on_all as f64 / n_first).collect();
        let all = OnAll { recipe, data: &joined, seeds, shares: &shares };
        let Some((networks, refit)) = all.train(n_jobs, monitor, observer)? else { return Ok(None) };
        let baselines = baselines.and_then(|baselines| baselines.refit(&joined, recipe.training.class_weight));
        Ok(Some((Fit { networks, schema: joined.schema, baselines, opened: None }, refit)))
    }

    /// Whether it is asked for and possible. Opened test rows are to have scored the network that is kept.
    pub(super) fn is_repeated(&self) -> bool {
        let splits = self.data.validation.is_some() || self.data.stopping.is_some();
        let validates = self.recipe.data.evaluation == Evaluation::Validation;
        self.recipe.training.refit
            && splits
            && validates
            && self.trained.iter().all(|trained| trained.run.diverged_at.is_none())
    }
}

/// The networks of all rows, and what is said of them.
pub(super) type OfAll = (Vec<Network<f32>>, Refit);

/// What is trained on rows of which none is split off.
pub(super) struct OnAll<'a> {
    pub(super) recipe: &'a Recipe,
    pub(super) data: &'a Prepared,
    pub(super) seeds: &'a [u64],
    /// The share of its schedule to which the network of each seed is trained.
    pub(super) shares: &'a [f64],
}

impl OnAll<'_> {
    /// The networks. `None` when the monitor stopped it, or when one of them is no number.
    ///
    /// # Errors
    /// When the recipe makes no network.
    pub(super) fn train(
        &self,
        n_jobs: usize,
        monitor: &Monitor,
        observer: &mut dyn Observer,
    ) -> Result<Option<OfAll>, ComparisonError> {
        let &Self { recipe, data, seeds, shares } = self;
        let mut again = recipe.clone();
        again.training.early_stopping = None;
        again.training.evaluate_every = Some(0);
        let rows = data.train.n_rows();
        let of_all = n_steps(&again, rows) as f64;
        let each: Vec<usize> = shares.iter().map(|share| (share * of_all).round() as usize).collect();
        let steps = each.iter().sum();
        observer.begin("training on all rows", steps as u64);
        let train = |i: usize| train_until(&again, data, seeds[i], monitor, each[i]);
        let trained = train_each(seeds.len(), n_jobs, monitor, "refit", train, |_, _| {})?;
        let networks: Vec<Network<f32>> = trained.into_iter().map(|(trained, _)| trained.network).collect();
        let all_there = networks.len() == seeds.len() && networks.iter().all(is_finite);
        let whole = recipe.training.early_stopping.is_none();
        let refit = Refit { rows, steps, networks: networks.len(), whole };
        Ok(all_there.then_some((networks, refit)))
    }
}

/// Whether all its weights are numbers.
pub(super) fn is_finite(network: &Network<f32>) -> bool {
    let of = |parameter| network.values(parameter).iter().all(|weight: &f32| weight.is_finite());
    network.parameters().iter().all(of)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::load;
    use crate::recipe::Experiment;
    use crate::results::Run;
    use crate::run::train;

    struct Nobody;

    impl Observer for Nobody {
        fn begin(&mut self, _: &str, _: u64) {}
        fn done(&mut self, _: &str, _: u64, _: &Run) {}
        fn line(&mut self, _: &str) {}
    }

    #[test]
    fn a_second_network_that_is_no_number_is_not_kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("t.csv");
        let rows: Vec<String> = (0..60).map(|i| format!("{}.5,{}", i * 37 % 101, i * 7 % 2)).collect();
        std::fs::write(&path, format!("x,y\n{}\n", rows.join("\n"))).expect("written");
        let text = format!(
            "[data]\nsource = {path:?}\ntarget = \"y\"\ntest = 0.0\nvalidation = 0.2\n[network]\nhidden = [4]\n\
             [training]\nsteps = 8\nbatch_size = 10\nrefit = true\n"
        );
        let recipe = Experiment::from_toml("r.toml", &text).expect("a recipe").recipe;
        let split = || load(&recipe.data, 1).expect("rows");
        let data = Prepared::new(split(), &recipe.data, 1).expect("rows");
        let monitor = Monitor::default();
        let trained = [train(&recipe, &data, 1, &monitor).expect("a network").expect("not stopped")];
        let kept = |recipe: &Recipe| {
            let first = First { recipe, seeds: &[1], data: &data, trained: &trained, baselines: None };
            assert!(first.is_repeated());
            first.refit(split(), 1, &monitor, &mut Nobody).expect("a training").map(|(_, refit)| refit)
        };
        assert_eq!(kept(&recipe), Some(Refit { rows: 60, steps: 8, networks: 1, whole: true }));
        let mut wild = recipe.clone();
        wild.training.learning_rate = 1e30;
        assert_eq!(kept(&wild), None);
    }
}
