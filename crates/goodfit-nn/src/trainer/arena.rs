//! The memory of a training.
//!
//! Shapes: N rows of the largest batch, in an ensemble once for each member.

use super::spec::TrainingSpec;
use crate::Float;
use crate::network::plan::Plan;

/// Parameters, gradients, the optimiser's state and the training cache of one run, in one piece.
#[derive(Clone, Debug)]
pub(crate) struct Arena<T> {
    data: Vec<T>,
    n_values: usize,
    n_state: usize,
    n_cache: usize,
    n_delta: usize,
    n_inputs: usize,
    n_targets: usize,
    n_rows: usize,
}

/// The areas of an [`Arena`].
pub(crate) struct Areas<'a, T> {
    /// Parameters, one behind the other.
    pub(crate) values: &'a mut [T],
    /// Their gradients, over the same ranges.
    pub(crate) gradients: &'a mut [T],
    /// The optimiser's buffers.
    pub(crate) state: &'a mut [T],
    /// What the forward pass keeps for the backward pass, block by block.
    pub(crate) cache: &'a mut [T],
    /// The gradient by what goes between blocks, N x widest, twice.
    pub(crate) delta: [&'a mut [T]; 2],
    /// Input rows of the batch, N x inputs.
    pub(crate) inputs: &'a mut [T],
    /// Target values of the batch, N x outputs.
    pub(crate) targets: &'a mut [T],
    /// Weights of the rows of the batch, N.
    pub(crate) row_weights: &'a mut [T],
    /// One value per unit of the widest layer.
    pub(crate) units: &'a mut [T],
}

impl<T: Float> Arena<T> {
    /// Room for a plan, with the parameters at 0.
    pub(crate) fn new(plan: &Plan, training: &TrainingSpec, n_cache: usize) -> Self {
        let rows = training.max_batch * plan.members();
        let mut arena = Self {
            data: Vec::new(),
            n_values: plan.n_values,
            n_state: plan.n_values * training.optimizer.n_state(),
            n_cache,
            n_delta: rows * plan.max_units(),
            n_inputs: rows * plan.inputs,
            n_targets: rows * plan.outputs(),
            n_rows: rows,
        };
        let n = 2 * arena.n_values + arena.n_state + n_cache + 2 * arena.n_delta + arena.n_inputs + arena.n_targets;
        arena.data = vec![T::ZERO; n + rows + plan.max_units()];
        arena
    }

    /// All areas, apart.
    pub(crate) fn areas(&mut self) -> Areas<'_, T> {
        let (values, rest) = self.data.split_at_mut(self.n_values);
        let (gradients, rest) = rest.split_at_mut(self.n_values);
        let (state, rest) = rest.split_at_mut(self.n_state);
        let (cache, rest) = rest.split_at_mut(self.n_cache);
        let (front, rest) = rest.split_at_mut(self.n_delta);
        let (back, rest) = rest.split_at_mut(self.n_delta);
        let (inputs, rest) = rest.split_at_mut(self.n_inputs);
        let (targets, rest) = rest.split_at_mut(self.n_targets);
        let (row_weights, units) = rest.split_at_mut(self.n_rows);
        Areas { values, gradients, state, cache, delta: [front, back], inputs, targets, row_weights, units }
    }

    /// Parameters, one behind the other.
    pub(crate) fn values(&self) -> &[T] {
        &self.data[..self.n_values]
    }

    /// Their gradients, over the same ranges.
    pub(crate) fn gradients(&self) -> &[T] {
        &self.data[self.n_values..2 * self.n_values]
    }
}
