//! Loss and accuracy of what a network puts out, summed chunk by chunk.
//!
//! Shapes: N rows of a chunk.

use super::plan::Plan;
use crate::losses::{Loss, Targets, predicted_class, weight_of_row};
use crate::{Float, MatRef};

/// Rows that go through the network together, in an ensemble those of all members.
const CHUNK: usize = 256;

/// Rows of a chunk of inputs, which go through an ensemble once for each member.
pub(crate) fn chunk(plan: &Plan) -> usize {
    (CHUNK / plan.members()).max(1)
}

/// Scores over a set of rows, in evaluation mode.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Score {
    /// Mean data loss `sum w l / sum w`; NaN over no rows.
    pub loss: f64,
    /// Share of the rows' weights, 1 each where there are none, whose predicted class is theirs; NaN without classes.
    pub accuracy: f64,
    /// Whether every output was finite.
    pub finite: bool,
}

/// The sums that make a [`Score`].
pub(crate) struct Tally {
    loss: Loss,
    n_outputs: usize,
    sum: f64,
    weight: f64,
    /// Of the rows whose class is predicted; none of values.
    right: Option<f64>,
    finite: bool,
}

impl Tally {
    pub(crate) fn new<T>(loss: Loss, n_outputs: usize, targets: Targets<'_, T>) -> Self {
        let right = matches!(targets, Targets::Classes(_)).then_some(0.0);
        Self { loss, n_outputs, sum: 0.0, weight: 0.0, right, finite: true }
    }

    /// Adds a chunk: outputs N x outputs, with their targets and weights.
    pub(crate) fn add<T: Float>(&mut self, outputs: &[T], targets: Targets<'_, T>, row_weights: Option<&[T]>) {
        let (sum, weight) = self.loss.sum(outputs, self.n_outputs, targets, row_weights);
        self.sum += sum;
        self.weight += weight;
        self.finite &= outputs.iter().all(|y| y.is_finite());
        if let (Targets::Classes(classes), Some(right)) = (targets, &mut self.right) {
            for (row, (output, &class)) in outputs.chunks_exact(self.n_outputs).zip(classes).enumerate() {
                if predicted_class(output) == class as usize {
                    *right += weight_of_row(row_weights, row);
                }
            }
        }
    }

    pub(crate) fn score(self) -> Score {
        let accuracy = self.right.map_or(f64::NAN, |right| right / self.weight);
        Score { loss: self.sum / self.weight, accuracy, finite: self.finite }
    }
}

/// The score of outputs that are there, in the chunks in which they were made, so that the sums have the same bits.
pub(crate) fn score_outputs<T: Float>(
    plan: &Plan,
    outputs: MatRef<'_, T>,
    targets: Targets<'_, T>,
    row_weights: Option<&[T]>,
    loss: Loss,
) -> Score {
    let (n, width, chunk) = (outputs.n_rows(), plan.outputs(), chunk(plan));
    let is_whole = (outputs.row_stride, outputs.column_stride) == (width, 1);
    assert!(outputs.n_columns() == width && is_whole, "outputs to be scored");
    if let Targets::Values(values) = targets {
        assert_eq!((values.n_rows(), values.n_columns()), (n, width), "values of outputs to be scored");
    }
    let mut tally = Tally::new(loss, width, targets);
    for start in (0..n).step_by(chunk) {
        let rows = start..n.min(start + chunk);
        let of_targets = match targets {
            Targets::Classes(classes) => Targets::Classes(&classes[rows.clone()]),
            Targets::Values(values) => {
                let data = &values.data[start * values.row_stride..];
                Targets::Values(MatRef { data, n_rows: rows.len(), ..values })
            }
        };
        let weights = row_weights.map(|weights| &weights[rows.clone()]);
        tally.add(&outputs.data[start * width..rows.end * width], of_targets, weights);
    }
    tally.score()
}
