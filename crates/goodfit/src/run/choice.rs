//! Which epoch's weights a run gives back.

use goodfit_nn::{Batch, Decision, Direction, EarlyStopping, Trainer};

use super::weights;
use crate::data::{Labelled, Prepared};
use crate::recipe::{Recipe, StoppingMetric};

/// The choice of the epoch: by the stopping rows, which nothing is ranked by, or by the validation rows where there are no
/// others. They weigh as in training: what it minimises would not get better epoch by epoch otherwise.
pub(super) struct Choice<'a> {
    stopping: EarlyStopping,
    metric: StoppingMetric,
    n_steps: Option<usize>,
    /// What it is chosen by.
    labelled: Option<&'a Labelled>,
    /// Where rows differ in what they weigh: the numbers of all of them, and their weights.
    weighted: Option<(Vec<u32>, Vec<f32>)>,
}

impl<'a> Choice<'a> {
    /// Ends a run after so many evaluations that are not better than the best.
    pub(super) fn new(patience: usize, recipe: &Recipe, data: &'a Prepared) -> Self {
        let metric = recipe.training.stopping_metric;
        let direction = match metric {
            StoppingMetric::Loss => Direction::Minimize,
            StoppingMetric::Accuracy => Direction::Maximize,
        };
        let labelled = data.stopping.as_ref().or(data.validation.as_ref());
        let weights = labelled.and_then(|rows| weights::of_rows(rows, recipe.training.class_weight, &data.train));
        let weighted = weights.map(|weights| ((0..weights.len() as u32).collect(), weights));
        Self { stopping: EarlyStopping::new(patience, direction), metric, n_steps: None, labelled, weighted }
    }

    /// Looks at the weights after a step, keeps them when they are the best, and says whether the run goes on.
    pub(super) fn goes_on(&mut self, trainer: &mut Trainer<f32>, step: usize) -> bool {
        let Some(labelled) = self.labelled else { return true };
        let (inputs, targets) = (&labelled.inputs, labelled.targets());
        let score = match &self.weighted {
            None => trainer.score(inputs, targets),
            Some((rows, weights)) => trainer.score_batch(&Batch { inputs, targets, rows, row_weights: Some(weights) }),
        };
        let value = match self.metric {
            StoppingMetric::Loss => score.loss,
            StoppingMetric::Accuracy => score.accuracy,
        };
        let decision = self.stopping.observe(value);
        // Accuracies of few rows are often equal, and later weights are those of smaller steps.
        let ties = self.metric == StoppingMetric::Accuracy && self.stopping.best() == Some(value);
        if decision == Decision::Improved || ties {
            trainer.keep();
            self.n_steps = Some(step + 1);
        }
        decision != Decision::Stop
    }

    /// Steps behind the weights that are kept; `None` when no evaluation had a finite score.
    pub(super) fn n_steps(&self) -> Option<usize> {
        self.n_steps
    }
}
