//! Which epoch's weights a run gives back.

use goodfit_nn::{Batch, Score, Trainer};

use super::best::{Best, Seen};
use super::scorer::Scorer;
use super::weights;
use crate::data::{Labelled, Prepared};
use crate::model::Metric;
use crate::recipe::{Recipe, StoppingMetric};

/// The choice of the epoch: by the stopping rows, which nothing is ranked by, or by the validation rows where there are no
/// others.
///
/// A training on all rows that follows (`training.refit`) takes as many steps as were best on the stopping and the validation
/// rows together: it is not scored by either, and more rows choose better.
pub(super) struct Choice<'a> {
    /// Evaluations without improvement after which the run ends, and how many there were.
    patience: usize,
    n_without_improvement: usize,
    /// What it is chosen by.
    chosen_by: Option<Judge<'a>>,
    best: Best,
    /// What a training on all rows is chosen by beside it.
    others: Option<Judge<'a>>,
    best_of_all: Best,
}

/// Some rows, and what their score is taken with. For the loss and the accuracy they weigh as in training: what it minimises
/// would not get better epoch by epoch otherwise. Other scores are what somebody has asked for, and count each row once as they
/// do everywhere.
struct Judge<'a> {
    metric: StoppingMetric,
    labelled: &'a Labelled,
    /// Where rows differ in what they weigh: the numbers of all of them, and their weights.
    weighted: Option<(Vec<u32>, Vec<f32>)>,
    scorer: Option<Scorer<'a>>,
}

impl<'a> Choice<'a> {
    /// Ends a run after so many evaluations that are not better than the best.
    pub(super) fn new(patience: usize, recipe: &Recipe, data: &'a Prepared) -> Self {
        let metric = recipe.training.stopping_metric;
        let judge = |labelled: &'a Labelled| Judge::new(labelled, recipe, data);
        let chosen_by = data.stopping.as_ref().or(data.validation.as_ref()).map(judge);
        let both = data.stopping.as_ref().and(data.validation.as_ref());
        let others = both.filter(|_| recipe.training.refit).map(judge);
        let rows = chosen_by.as_ref().map_or(0.0, Judge::rows);
        let of_all = rows + others.as_ref().map_or(0.0, Judge::rows);
        let (best, best_of_all) = (Best::of(metric, rows), Best::of(metric, of_all));
        Self { patience, n_without_improvement: 0, chosen_by, best, others, best_of_all }
    }

    /// Looks at the weights after a step, keeps them when they are the best, and says whether the run goes on. `validation` is
    /// what their evaluation found on the validation rows, each of which counted once.
    pub(super) fn goes_on(&mut self, trainer: &mut Trainer<f32>, step: usize, validation: Option<Score>) -> bool {
        let Some(judge) = &mut self.chosen_by else { return true };
        let seen = judge.look(trainer);
        let found = self.best.observe(seen, step + 1);
        if found.is_best {
            trainer.keep();
        }
        self.n_without_improvement = if found.improves { 0 } else { self.n_without_improvement + 1 };
        let of_all = match &mut self.others {
            None => seen,
            Some(others) => {
                let found = match validation.filter(|_| others.counts_each_row_once()) {
                    Some(score) => others.seen(score),
                    None => others.look(trainer),
                };
                seen.together(judge.weight(), found, others.weight())
            }
        };
        self.best_of_all.observe(of_all, step + 1);
        self.n_without_improvement < self.patience
    }

    /// Steps behind the weights that are kept; `None` when no evaluation had a finite score.
    pub(super) fn n_steps(&self) -> Option<usize> {
        self.best.n_steps()
    }

    /// Steps for a training on all rows.
    pub(super) fn n_steps_on_all(&self) -> Option<usize> {
        self.best_of_all.n_steps()
    }
}

impl<'a> Judge<'a> {
    fn new(labelled: &'a Labelled, recipe: &Recipe, data: &'a Prepared) -> Self {
        let metric = recipe.training.stopping_metric;
        let scorer = match metric {
            StoppingMetric::Loss | StoppingMetric::Score(Metric::Accuracy) => None,
            StoppingMetric::Score(metric) => Some(Scorer::new(metric, labelled, data)),
        };
        let weights = weights::of_rows(labelled, recipe.training.class_weight, &data.train);
        let weights = weights.filter(|_| scorer.is_none());
        let weighted = weights.map(|weights| ((0..weights.len() as u32).collect(), weights));
        Self { metric, labelled, weighted, scorer }
    }

    /// Rows of equal weight that say as much (L. Kish, Survey Sampling, 1965): `(sum w)^2 / sum w^2`.
    fn rows(&self) -> f64 {
        let Some((_, weights)) = &self.weighted else { return self.labelled.n_rows() as f64 };
        let sum = |power: i32| weights.iter().map(|&weight| f64::from(weight).powi(power)).sum::<f64>();
        sum(1).powi(2) / sum(2)
    }

    /// The sum of what its rows weigh.
    fn weight(&self) -> f64 {
        let weights = self.weighted.as_ref().map(|(_, weights)| weights.iter().map(|&weight| f64::from(weight)).sum());
        weights.unwrap_or(self.labelled.n_rows() as f64)
    }

    fn look(&mut self, trainer: &mut Trainer<f32>) -> Seen {
        if let Some(scorer) = &mut self.scorer {
            return Seen { value: scorer.score(trainer), loss: f64::NAN };
        }
        let (inputs, targets) = (&self.labelled.inputs, self.labelled.targets());
        let score = match &self.weighted {
            None => trainer.score(inputs, targets),
            Some((rows, weights)) => trainer.score_batch(&Batch { inputs, targets, rows, row_weights: Some(weights) }),
        };
        self.seen(score)
    }

    /// Whether the scores of an evaluation are its own.
    fn counts_each_row_once(&self) -> bool {
        self.weighted.is_none() && self.scorer.is_none()
    }

    fn seen(&self, score: Score) -> Seen {
        let value = if self.metric == StoppingMetric::Loss { score.loss } else { score.accuracy };
        Seen { value, loss: score.loss }
    }
}
