//! A score of models over a training.

use goodfit_nn::losses::softmax;
use goodfit_nn::{Matrix, Trainer};

use crate::data::{Labelled, Prepared, Units};
use crate::model::{ClassRows, Metric, NumberRows};

/// The deciding score of some rows, with the buffers that each evaluation needs. Every row counts once, as in all scores.
pub(super) struct Scorer<'a> {
    metric: Metric,
    rows: &'a Labelled,
    /// Outputs of the network, then probabilities, rows x outputs.
    outputs: Matrix<f32>,
    /// Where numbers are predicted: their units, what they are, and what is predicted.
    numbers: Option<(Units, &'a [f32], Vec<f64>)>,
}

impl<'a> Scorer<'a> {
    pub(super) fn new(metric: Metric, rows: &'a Labelled, data: &Prepared) -> Self {
        let outputs = Matrix::zeros(rows.n_rows(), data.n_outputs);
        let numbers = data.units.map(|units| (units, rows.own_numbers(), vec![0.0; rows.n_rows()]));
        Self { metric, rows, outputs, numbers }
    }

    /// The score of the weights as they are; NaN where an output is not finite, or where it is not defined.
    pub(super) fn score(&mut self, trainer: &mut Trainer<f32>) -> f64 {
        trainer.predict(self.outputs.view_mut(), &self.rows.inputs);
        if !self.outputs.data().iter().all(|output| output.is_finite()) {
            return f64::NAN;
        }
        if let Some((units, numbers, predicted)) = &mut self.numbers {
            for (predicted, &output) in predicted.iter_mut().zip(self.outputs.data()) {
                *predicted = units.restored(output);
            }
            return NumberRows { predicted, numbers }.score(self.metric);
        }
        let n_classes = self.outputs.n_columns();
        softmax(self.outputs.data_mut(), n_classes);
        ClassRows { shares: self.outputs.data(), classes: &self.rows.classes, n_classes }.score(self.metric)
    }
}
