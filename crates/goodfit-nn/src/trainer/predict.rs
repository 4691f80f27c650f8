//! What the network that is being trained puts out.

use super::Trainer;
use crate::losses::Targets;
use crate::network::score::{Score, score_outputs};
use crate::{Float, Inputs, MatMut, MatRef};

impl<T: Float> Trainer<T> {
    /// The outputs for all rows with the present parameters: `dst = f(x)` in evaluation mode, before any softmax, the same
    /// bits as [`crate::Workspace::predict`] gives of [`Trainer::network`].
    ///
    /// # Shapes
    /// `dst`: rows x outputs. `inputs`: rows x inputs of the network.
    ///
    /// # Panics
    /// When the shapes do not fit.
    pub fn predict(&mut self, dst: MatMut<'_, T>, inputs: &Inputs<T>) {
        self.workspace.outputs(dst, &self.plan, self.arena.values(), inputs);
    }

    /// Mean data loss and accuracy of outputs that [`Trainer::predict`] gave: the same bits as [`Trainer::score`] of their
    /// rows, or with weights as [`Trainer::score_batch`] of all of them in order, without a forward pass of its own.
    ///
    /// # Shapes
    /// `outputs`: N x outputs of the network. `targets`: N classes, or N x outputs. `row_weights`: N.
    ///
    /// # Panics
    /// When the shapes do not fit.
    pub fn score_outputs(&self, outputs: MatRef<'_, T>, targets: Targets<'_, T>, row_weights: Option<&[T]>) -> Score {
        score_outputs(&self.plan, outputs, targets, row_weights, self.training.loss)
    }
}
