//! What the network that is being trained says of some rows.

use goodfit_nn::{Matrix, Score, Trainer};

use super::scorer::Scorer;
use crate::data::{Labelled, Prepared};
use crate::model::Metric;

/// Rows, and what the network said of them when they were last looked at: one forward pass, whatever is made of it.
pub(super) struct Looked<'a> {
    rows: &'a Labelled,
    n_outputs: usize,
    /// Rows x outputs, where more is made of them than loss and accuracy.
    outputs: Option<Matrix<f32>>,
    /// The metric that is recorded beside these.
    recorded: Option<(Metric, Scorer, f64)>,
    score: Score,
}

impl<'a> Looked<'a> {
    pub(super) fn new(rows: &'a Labelled, data: &Prepared) -> Self {
        let score = Score { loss: f64::NAN, accuracy: f64::NAN, finite: false };
        Self { rows, n_outputs: data.n_outputs, outputs: None, recorded: None, score }
    }

    /// The same with a score that is recorded.
    pub(super) fn recording(mut self, metric: Metric, data: &Prepared) -> Self {
        self.recorded = Some((metric, Scorer::new(metric, &[self.rows], data.units, data.n_outputs), f64::NAN));
        self.keep_outputs();
        self
    }

    /// Has the outputs there for others, too.
    pub(super) fn keep_outputs(&mut self) {
        self.outputs.get_or_insert_with(|| Matrix::zeros(self.rows.n_rows(), self.n_outputs));
    }

    /// Has the network as it is now predict the rows.
    pub(super) fn look(&mut self, trainer: &mut Trainer<f32>) {
        let targets = self.rows.targets();
        let Some(outputs) = &mut self.outputs else {
            self.score = trainer.score(&self.rows.inputs, targets);
            return;
        };
        trainer.predict(outputs.view_mut(), &self.rows.inputs);
        self.score = trainer.score_outputs(outputs.view(), targets, None);
        if let Some((_, scorer, value)) = &mut self.recorded {
            *value = scorer.score(&[outputs.data()]);
        }
    }

    /// Loss and accuracy, for which each row counts once.
    pub(super) fn score(&self) -> Score {
        self.score
    }

    /// The same of rows that weigh as is said.
    pub(super) fn weighted(&self, trainer: &Trainer<f32>, weights: &[f32]) -> Score {
        let outputs = self.outputs.as_ref().expect("outputs that are kept");
        trainer.score_outputs(outputs.view(), self.rows.targets(), Some(weights))
    }

    /// The score that is recorded.
    pub(super) fn recorded(&self) -> Option<(Metric, f64)> {
        self.recorded.as_ref().map(|(metric, _, value)| (*metric, *value))
    }

    /// What the network puts out, rows x outputs.
    pub(super) fn outputs(&self) -> &[f32] {
        self.outputs.as_ref().expect("outputs that are kept").data()
    }
}
