//! A run as it grows: its curves and its final metrics.

use std::collections::BTreeMap;

use goodfit_nn::{Score, Trainer, WeightDecay};

use super::diagnostics::push;
use super::looked::Looked;
use crate::data::{Labelled, Prepared, Units};
use crate::model::Metric;
use crate::recipe::Recipe;
use crate::results::{Curve, Run};

/// Number of steps at the end of a training over which `late_train_loss` is the mean.
const LATE_STEPS: usize = 100;
/// What the training rows are called in curves.
const TRAIN: &str = "train";
/// What those are called that rank.
const VALIDATION: &str = "validation";

/// The run as it grows.
pub(super) struct Record<'a> {
    pub(super) run: Run,
    penalty: bool,
    units: Option<Units>,
    /// The training rows, where others are evaluated on, and whether each evaluation scores them.
    train: Option<&'a Labelled>,
    train_scores: bool,
    /// The rows evaluated on, with their names in curves: the training rows where there are no others.
    looked: Vec<(&'static str, Looked<'a>)>,
    /// Final metrics of the weights that early stopping gave back, and of training rows that are scored at the end only.
    best: BTreeMap<String, f64>,
}

impl<'a> Record<'a> {
    pub(super) fn new(recipe: &Recipe, data: &'a Prepared, seed: u64) -> Self {
        let penalty = match recipe.training.weight_decay {
            WeightDecay::L1(lambda) | WeightDecay::L2(lambda) => lambda > 0.0,
            WeightDecay::None | WeightDecay::Decoupled(_) => false,
        };
        // The accuracy and the RMSE are there anyhow. Of training rows, which are many, a score says little where others do.
        let metric = recipe.training.metric.filter(|metric| !matches!(metric, Metric::Accuracy | Metric::Rmse));
        let looked = |rows: &'a Labelled| match metric {
            None => Looked::new(rows, data),
            Some(metric) => Looked::new(rows, data).recording(metric, data),
        };
        let others = [(VALIDATION, &data.validation), ("test", &data.test)];
        let mut all: Vec<(&str, Looked<'_>)> =
            others.into_iter().filter_map(|(name, rows)| Some((name, looked(rows.as_ref()?)))).collect();
        let train = (!all.is_empty()).then_some(&data.train);
        if all.is_empty() {
            all.push((TRAIN, looked(&data.train)));
        }
        let run = Run { seed, ..Run::default() };
        let train_scores = recipe.training.train_scores;
        Self { run, penalty, units: data.units, train, train_scores, looked: all, best: BTreeMap::new() }
    }

    /// The validation rows as they were last looked at.
    pub(super) fn validation(&self) -> Option<&Looked<'a>> {
        self.looked.iter().find(|(name, _)| *name == VALIDATION).map(|(_, looked)| looked)
    }

    /// Has the outputs of the validation rows there for others.
    pub(super) fn keep_outputs(&mut self) {
        self.looked.iter_mut().filter(|(name, _)| *name == VALIDATION).for_each(|(_, looked)| looked.keep_outputs());
    }

    /// Whether evaluations leave the training rows to the end.
    pub(super) fn leaves_train_to_the_end(&self) -> bool {
        self.train.is_some() && !self.train_scores
    }

    pub(super) fn push(&mut self, name: &str, step: usize, value: f64) {
        if let Some(curve) = self.run.curves.get_mut(name) {
            curve.step.push(step);
            curve.value.push(value);
        } else {
            push(&mut self.run.curves, name, step, value);
        }
    }

    pub(super) fn step(&mut self, step: usize, loss: f64) {
        if !loss.is_finite() {
            self.run.diverged_at.get_or_insert(step);
        }
    }

    /// Scores training rows and the rows the recipe evaluates on.
    pub(super) fn evaluate(&mut self, trainer: &mut Trainer<f32>, step: usize) {
        let train = self.train.filter(|_| self.train_scores);
        for (rows, score) in self.look(trainer, train) {
            self.step(step, if score.finite { score.loss } else { f64::NAN });
            for (curve, value) in self.named(rows, score) {
                self.push(&curve, step, value);
            }
        }
        for (curve, value) in self.recorded() {
            self.push(&curve, step, value);
        }
        if self.penalty {
            self.push("penalty", step, trainer.penalty());
        }
    }

    /// The final metrics of the weights as they are.
    pub(super) fn best(&mut self, trainer: &mut Trainer<f32>) {
        for (rows, score) in self.look(trainer, self.train) {
            let named = self.named(rows, score);
            self.best.extend(named);
        }
        let recorded = self.recorded();
        self.best.extend(recorded);
    }

    /// Loss and accuracy of training rows and of those evaluated on.
    fn look(&mut self, trainer: &mut Trainer<f32>, train: Option<&Labelled>) -> Vec<(&'static str, Score)> {
        let train = train.map(|rows| (TRAIN, trainer.score(&rows.inputs, rows.targets())));
        let others = self.looked.iter_mut().map(|(name, looked)| {
            looked.look(trainer);
            (*name, looked.score())
        });
        train.into_iter().chain(others).collect()
    }

    /// A score by the names of its curves.
    fn named(&self, rows: &str, score: Score) -> Vec<(String, f64)> {
        let error = match self.units {
            None => (format!("{rows}_accuracy"), score.accuracy),
            Some(units) => (format!("{rows}_rmse"), units.sd * score.loss.sqrt()),
        };
        let loss = (rows != TRAIN).then(|| (format!("{rows}_loss"), score.loss));
        loss.into_iter().chain([error]).collect()
    }

    /// The scores that decide, by the names of their curves.
    fn recorded(&self) -> Vec<(String, f64)> {
        let of = |(rows, looked): &(&str, Looked<'_>)| {
            looked.recorded().map(|(metric, value)| (format!("{rows}_{}", metric.word()), value))
        };
        self.looked.iter().filter_map(of).collect()
    }

    pub(super) fn finish(mut self) -> Run {
        let last = |curve: &Curve| curve.value.last().copied();
        self.run.final_ =
            self.run.curves.iter().filter_map(|(name, curve)| Some((name.clone(), last(curve)?))).collect();
        self.run.final_.append(&mut self.best);
        if let Some(losses) = self.run.curves.get("train_loss").map(|curve| &curve.value) {
            let late = &losses[losses.len().saturating_sub(LATE_STEPS)..];
            let mean = late.iter().sum::<f64>() / late.len() as f64;
            self.run.final_.insert("late_train_loss".to_owned(), mean);
        }
        let of = |name: &str| self.run.final_.get(name).copied();
        let evaluated = of("test_accuracy").or(of("validation_accuracy"));
        if let (Some(train), Some(evaluated)) = (of("train_accuracy"), evaluated) {
            self.run.final_.insert("accuracy_gap".to_owned(), train - evaluated);
        }
        self.run
    }
}
