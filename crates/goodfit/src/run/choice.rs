//! Which epoch's weights a run gives back.

use goodfit_nn::{Batch, Decision, Direction, EarlyStopping, Trainer};

use super::scorer::Scorer;
use super::weights;
use crate::data::{Labelled, Prepared};
use crate::model::Metric;
use crate::recipe::{Recipe, StoppingMetric};
use crate::statistics::Direction as Good;

/// The choice of the epoch: by the stopping rows, which nothing is ranked by, or by the validation rows where there are no
/// others. For the loss and the accuracy they weigh as in training: what it minimises would not get better epoch by epoch
/// otherwise. Other scores are what somebody has asked for, and count each row once as they do everywhere.
pub(super) struct Choice<'a> {
    stopping: EarlyStopping,
    metric: StoppingMetric,
    n_steps: Option<usize>,
    /// What it is chosen by.
    by: Option<By<'a>>,
}

enum By<'a> {
    Trainer {
        labelled: &'a Labelled,
        /// Where rows differ in what they weigh: the numbers of all of them, and their weights.
        weighted: Option<(Vec<u32>, Vec<f32>)>,
    },
    Scorer(Scorer<'a>),
}

impl<'a> Choice<'a> {
    /// Ends a run after so many evaluations that are not better than the best.
    pub(super) fn new(patience: usize, recipe: &Recipe, data: &'a Prepared) -> Self {
        let metric = recipe.training.stopping_metric;
        let direction = match metric {
            StoppingMetric::Score(metric) if metric.direction() == Good::Higher => Direction::Maximize,
            StoppingMetric::Loss | StoppingMetric::Score(_) => Direction::Minimize,
        };
        let labelled = data.stopping.as_ref().or(data.validation.as_ref());
        let by = labelled.map(|labelled| match metric {
            StoppingMetric::Loss | StoppingMetric::Score(Metric::Accuracy) => {
                let weights = weights::of_rows(labelled, recipe.training.class_weight, &data.train);
                By::Trainer {
                    labelled,
                    weighted: weights.map(|weights| ((0..weights.len() as u32).collect(), weights)),
                }
            }
            StoppingMetric::Score(metric) => By::Scorer(Scorer::new(metric, labelled, data)),
        });
        Self { stopping: EarlyStopping::new(patience, direction), metric, n_steps: None, by }
    }

    /// Looks at the weights after a step, keeps them when they are the best, and says whether the run goes on.
    pub(super) fn goes_on(&mut self, trainer: &mut Trainer<f32>, step: usize) -> bool {
        let value = match &mut self.by {
            None => return true,
            Some(By::Scorer(scorer)) => scorer.score(trainer),
            Some(By::Trainer { labelled, weighted }) => {
                let (inputs, targets) = (&labelled.inputs, labelled.targets());
                let score = match weighted {
                    None => trainer.score(inputs, targets),
                    Some((rows, weights)) => {
                        trainer.score_batch(&Batch { inputs, targets, rows, row_weights: Some(weights) })
                    }
                };
                if self.metric == StoppingMetric::Loss { score.loss } else { score.accuracy }
            }
        };
        let decision = self.stopping.observe(value);
        // What is counted over few rows is often equal, and later weights are those of smaller steps.
        let is_counted = matches!(self.metric, StoppingMetric::Score(metric) if metric.is_counted());
        let ties = is_counted && self.stopping.best() == Some(value);
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
