//! What the network that is being trained puts out.

use super::Trainer;
use crate::{Float, Inputs, MatMut};

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
}
