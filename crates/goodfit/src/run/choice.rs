//! Which epoch's weights a run gives back.

use goodfit_nn::{Decision, Direction, EarlyStopping, Trainer};

use crate::data::Prepared;
use crate::recipe::{Recipe, StoppingMetric};

/// The choice of the epoch: by the stopping rows, which nothing is ranked by, or by the validation rows where there are no
/// others.
pub(super) struct Choice {
    stopping: EarlyStopping,
    metric: StoppingMetric,
    n_steps: Option<usize>,
}

impl Choice {
    /// Ends a run after so many evaluations that are not better than the best.
    pub(super) fn new(patience: usize, recipe: &Recipe) -> Self {
        let metric = recipe.training.stopping_metric;
        let direction = match metric {
            StoppingMetric::Loss => Direction::Minimize,
            StoppingMetric::Accuracy => Direction::Maximize,
        };
        Self { stopping: EarlyStopping::new(patience, direction), metric, n_steps: None }
    }

    /// Looks at the weights of an evaluation, keeps them when they are the best, and says whether the run goes on.
    pub(super) fn goes_on(&mut self, trainer: &mut Trainer<f32>, data: &Prepared, step: usize) -> bool {
        let Some(rows) = data.stopping.as_ref().or(data.validation.as_ref()) else { return true };
        let score = trainer.score(&rows.inputs, rows.targets());
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
