//! `[search]`: what a search looks for, and where.

use serde_json::Value as Json;

use crate::recipe::condition::{around, imply, there};
use crate::recipe::enqueue::{self, Point};
use crate::recipe::error::RecipeError;
use crate::recipe::experiment::Experiment;
use crate::recipe::fields::FIELDS;
use crate::recipe::metric::unfit;
use crate::recipe::settings::Settings;
use crate::recipe::space::{Dimension, dimensions};
use crate::recipe::target::target;
use crate::recipe::typed::Recipe;

/// What a search looks for, and where.
#[derive(Clone, Debug, PartialEq)]
pub struct SearchRecipe {
    /// Number of trials.
    pub trials: usize,
    /// How trials are chosen.
    pub sampler: String,
    /// Which trials are given up early.
    pub pruner: String,
    /// Trials drawn from the same knowledge.
    pub generation: u64,
    /// Trainings of a trial on each split.
    pub repeats: usize,
    /// Parts of the training rows that validate one after the other; `None` = a share is split off.
    pub folds: Option<usize>,
    /// Best trials that are trained again, one of `enqueue` among them.
    pub finalists: usize,
    /// Fresh seeds for each of them, and as many further ones for the winner.
    pub rescore_seeds: usize,
    /// Share of the pruned trials that is trained to the end.
    pub audit: f64,
    /// The curve whose last point ranks trials.
    pub metric: String,
    /// What it varies, in the order of the file.
    pub space: Vec<Dimension>,
    /// Points of the space that are tried first.
    pub enqueue: Vec<Point>,
}

/// What settings search for.
pub(crate) fn search(settings: &Settings, recipe: &Recipe, free: &[&str]) -> Result<Option<SearchRecipe>, RecipeError> {
    let set =
        FIELDS.iter().map(|field| field.path).filter(|path| path.starts_with("search.") && *path != "search.space");
    let Some(space) = settings.get("search.space") else {
        return match set.into_iter().find(|path| settings.is_set(path)) {
            None => Ok(None),
            Some(path) => Err(settings
                .fault(path, format!("{path} is set, but there is no [search.space], so that nothing varies"))
                .hint("[search.space] with \"training.learning_rate\" = { low = 1e-3, high = 1, log = true }")),
        };
    };
    let fault = |path: &str, message: &str, hint: &str| Err(settings.fault(path, message).hint(hint));
    if recipe.data.folds.is_some() {
        let message = "data.folds is for train; a search ranks its trials over search.folds";
        return fault("data.folds", message, "search.folds in its place");
    }
    let folds = settings.is_set("search.folds").then(|| settings.count("search.folds"));
    if folds.is_some() && recipe.data.validation > 0.0 {
        let message = "search.folds is set, but data.validation splits rows off as well";
        return fault("search.folds", message, "one of the two");
    }
    if recipe.data.validation <= 0.0 && folds.is_none() && !free.contains(&"data.validation") {
        let message = "[search] needs validation rows to rank trials by, but data.validation is 0";
        return fault("search.space", message, "data.validation = 0.2");
    }
    if recipe.training.evaluate_every == Some(0) {
        let message =
            "training.evaluate_every is 0, which is never, but a search ranks trials by their last evaluation";
        return fault("training.evaluate_every", message, "leave training.evaluate_every out");
    }
    let metric = settings.text("search.metric").unwrap_or_default();
    if let Some((why, hint)) = unfit(&metric, recipe) {
        return fault("search.metric", &format!("search.metric is \"{metric}\", but {why}"), &hint);
    }
    let mut space = dimensions(&space);
    imply(&mut space, settings)?;
    let enqueue = enqueue::points(settings, &space)?;
    Ok(Some(SearchRecipe {
        trials: settings.count("search.trials"),
        sampler: settings.text("search.sampler").unwrap_or_default(),
        pruner: settings.text("search.pruner").unwrap_or_default(),
        generation: settings.count("search.generation") as u64,
        repeats: settings.count("search.repeats"),
        folds,
        finalists: settings.count("search.finalists"),
        rescore_seeds: settings.count("search.rescore_seeds"),
        audit: settings.get("search.audit").and_then(|share| share.number()).unwrap_or_default(),
        metric,
        space,
        enqueue,
    }))
}

impl Experiment {
    /// Tries the two ends of the search space, with each field that is not always there.
    pub(crate) fn check_space(&self) -> Result<(), RecipeError> {
        let Some(search) = &self.search else { return Ok(()) };
        for dimension in &search.space {
            let needs = target(&dimension.path)?.field.needs;
            let Some(needs) = needs.filter(|needs| !search.space.iter().any(|other| other.is_of(needs.field()))) else {
                continue;
            };
            if !self.settings.holds(&needs) {
                let message = format!("search.space varies {}, which nothing has a use for", dimension.path);
                return Err(self
                    .settings
                    .fault_in("search.space", &dimension.path, message)
                    .hint(format!("it is for {needs}")));
            }
        }
        let space = &search.space;
        let ends: [fn(&Dimension) -> Json; 2] = [Dimension::first, Dimension::last];
        for end in ends {
            let all: Vec<(String, Json)> = space.iter().map(|other| (other.path.clone(), end(other))).collect();
            // What has a condition may be there at no end of the others.
            let conditional = space.iter().filter(|dimension| dimension.when.is_some());
            let corners = conditional.map(|dimension| around(space, dimension, end));
            for values in std::iter::once(there(space, &all)).chain(corners) {
                self.trial(values.iter().map(|(path, value)| (path, value)))?;
            }
        }
        for (i, point) in search.enqueue.iter().enumerate() {
            let values = enqueue::json(point);
            self.trial(values.iter().map(|(path, value)| (path, value))).map_err(|error| {
                let fault = self.settings.fault("search.enqueue", format!("search.enqueue[{i}]: {}", error.message));
                fault.hint(error.hint.unwrap_or_default())
            })?;
        }
        Ok(())
    }
}
