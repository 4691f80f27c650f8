//! Which epoch's weights a run gives back.

use goodfit_nn::Trainer;

use super::best::{Best, Seen};
use super::looked::Looked;
use super::scorer::Scorer;
use crate::data::{Labelled, Prepared, row_weights};
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
    /// The stopping rows, which nobody else looks at.
    stopping: Option<Looked<'a>>,
    /// How it is chosen by these, or by the validation rows.
    judge: Option<Judge>,
    best: Best,
    /// How a training on all rows is chosen by both.
    judge_of_all: Option<Judge>,
    best_of_all: Best,
}

/// How the score of sets of rows is taken. For the loss and the accuracy they weigh as in training: what it minimises would not
/// get better epoch by epoch otherwise. Other scores are what somebody has asked for, and count each row once as they do
/// everywhere.
struct Judge {
    metric: StoppingMetric,
    sets: Vec<Weight>,
    scorer: Option<Scorer>,
}

/// What the rows of a set weigh.
struct Weight {
    n_rows: usize,
    /// Of each row, where they differ.
    by_row: Option<Vec<f32>>,
}

impl<'a> Choice<'a> {
    /// Ends a run after so many evaluations that are not better than the best.
    pub(super) fn new(patience: usize, recipe: &Recipe, data: &'a Prepared) -> Self {
        let metric = recipe.training.stopping_metric;
        let (stopping, validation) = (data.stopping.as_ref(), data.validation.as_ref());
        let judge = stopping.or(validation).map(|rows| Judge::new(&[rows], recipe, data));
        let both = stopping.zip(validation).filter(|_| recipe.training.refit);
        let judge_of_all = both.map(|(stopping, validation)| Judge::new(&[stopping, validation], recipe, data));
        let rows = judge.as_ref().map_or(0.0, Judge::rows);
        let of_all = judge_of_all.as_ref().map_or(rows, Judge::rows);
        let (best, best_of_all) = (Best::of(metric, rows), Best::of(metric, of_all));
        let stopping = stopping.map(|rows| {
            let mut looked = Looked::new(rows, data);
            if judge.as_ref().is_some_and(|judge| judge.reads_outputs(0)) {
                looked.keep_outputs();
            }
            looked
        });
        Self { patience, n_without_improvement: 0, stopping, judge, best, judge_of_all, best_of_all }
    }

    /// Whether it takes more of the validation rows than their loss and accuracy.
    pub(super) fn reads_validation(&self) -> bool {
        let reads = |judge: Option<&Judge>, set: usize| judge.is_some_and(|judge| judge.reads_outputs(set));
        reads(self.judge_of_all.as_ref(), 1) || self.stopping.is_none() && reads(self.judge.as_ref(), 0)
    }

    /// Looks at the weights after a step, keeps them when they are the best, and says whether the run goes on. `validation` is
    /// what their evaluation has found.
    pub(super) fn goes_on(&mut self, trainer: &mut Trainer<f32>, validation: Option<&Looked<'_>>, step: usize) -> bool {
        if let Some(stopping) = &mut self.stopping {
            stopping.look(trainer);
        }
        let (Some(judge), Some(own)) = (&mut self.judge, self.stopping.as_ref().or(validation)) else { return true };
        let seen = judge.seen(trainer, &[own]);
        let found = self.best.observe(seen, step + 1);
        if found.is_best {
            trainer.keep();
        }
        self.n_without_improvement = if found.improves { 0 } else { self.n_without_improvement + 1 };
        let of_all = match (&mut self.judge_of_all, validation) {
            (Some(judge), Some(validation)) => judge.seen(trainer, &[own, validation]),
            _ => seen,
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

impl Judge {
    fn new(sets: &[&Labelled], recipe: &Recipe, data: &Prepared) -> Self {
        let metric = recipe.training.stopping_metric;
        let scorer = match metric {
            StoppingMetric::Loss | StoppingMetric::Score(Metric::Accuracy) => None,
            StoppingMetric::Score(metric) => Some(Scorer::new(metric, sets, data.units, data.n_outputs)),
        };
        let weight = |rows: &&Labelled| {
            let weights = row_weights(rows, recipe.training.class_weight, &data.train);
            Weight { n_rows: rows.n_rows(), by_row: weights.filter(|_| scorer.is_none()) }
        };
        Self { metric, sets: sets.iter().map(weight).collect(), scorer }
    }

    /// Whether it takes more of a set than loss and accuracy for which each row counts once.
    fn reads_outputs(&self, set: usize) -> bool {
        self.scorer.is_some() || self.sets[set].by_row.is_some()
    }

    /// Rows of equal weight that say as much.
    fn rows(&self) -> f64 {
        self.sets.iter().map(Weight::rows).sum()
    }

    /// What is found on the sets together. Loss and accuracy are means over rows, and so over sets by their weight; all others
    /// are taken of the rows as one set, for most of them are no means.
    fn seen(&mut self, trainer: &Trainer<f32>, sets: &[&Looked<'_>]) -> Seen {
        if let Some(scorer) = &mut self.scorer {
            let recorded = match sets {
                [only] => only.recorded().filter(|(metric, _)| self.metric == StoppingMetric::Score(*metric)),
                _ => None,
            };
            let outputs = || sets.iter().map(|set| set.outputs()).collect::<Vec<_>>();
            let value = recorded.map_or_else(|| scorer.score(&outputs()), |(_, value)| value);
            return Seen { value, loss: f64::NAN };
        }
        let of_set = |(set, weight): (&&Looked<'_>, &Weight)| {
            let score = weight.by_row.as_ref().map_or_else(|| set.score(), |weights| set.weighted(trainer, weights));
            let value = if self.metric == StoppingMetric::Loss { score.loss } else { score.accuracy };
            (Seen { value, loss: score.loss }, weight.sum())
        };
        let together = |(one, weight): (Seen, f64), (other, of_other): (Seen, f64)| {
            (one.together(weight, other, of_other), weight + of_other)
        };
        let all = sets.iter().zip(&self.sets).map(of_set).reduce(together);
        all.map_or(Seen { value: f64::NAN, loss: f64::NAN }, |(seen, _)| seen)
    }
}

impl Weight {
    /// Rows of equal weight that say as much (L. Kish, Survey Sampling, 1965): `(sum w)^2 / sum w^2`.
    fn rows(&self) -> f64 {
        let Some(weights) = &self.by_row else { return self.n_rows as f64 };
        let sum = |power: i32| weights.iter().map(|&weight| f64::from(weight).powi(power)).sum::<f64>();
        sum(1).powi(2) / sum(2)
    }

    /// The sum of what the rows weigh.
    fn sum(&self) -> f64 {
        let sum = |weights: &Vec<f32>| weights.iter().map(|&weight| f64::from(weight)).sum::<f64>();
        self.by_row.as_ref().map_or(self.n_rows as f64, sum)
    }
}

#[cfg(test)]
mod tests;
