//! The memory of a training.
//!
//! Shapes: N rows of the largest batch, in an ensemble once for each member.

use super::spec::TrainingSpec;
use crate::Float;
use crate::kernels::{Buffer, LINE};
use crate::network::plan::Plan;

/// Parameters, gradients, the optimiser's state and the training cache of one run, in one piece.
#[derive(Clone, Debug)]
pub(crate) struct Arena<T> {
    data: Buffer<T>,
    sizes: Sizes,
}

/// Values of each area, see [`Areas`].
#[derive(Clone, Copy, Debug)]
struct Sizes {
    values: usize,
    state: usize,
    cache: usize,
    delta: usize,
    inputs: usize,
    targets: usize,
    row_weights: usize,
    units: usize,
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
        let sizes = Sizes {
            values: plan.n_values,
            state: plan.n_values * training.optimizer.n_state(),
            cache: n_cache,
            delta: rows * plan.max_units(),
            inputs: rows * plan.inputs,
            targets: rows * plan.outputs(),
            row_weights: rows,
            units: plan.max_units(),
        };
        let Sizes { values, state, cache, delta, inputs, targets, row_weights, units } = sizes;
        let areas = [values, values, state, cache, delta, delta, inputs, targets, row_weights, units];
        Self { data: Buffer::zeroed(areas.map(whole_lines).iter().sum()), sizes }
    }

    /// All areas, apart.
    pub(crate) fn areas(&mut self) -> Areas<'_, T> {
        let Sizes { values, state, cache, delta, inputs, targets, row_weights, units } = self.sizes;
        let mut rest = &mut self.data[..];
        let mut next = |n: usize| {
            let (area, others) = std::mem::take(&mut rest).split_at_mut(whole_lines(n));
            rest = others;
            &mut area[..n]
        };
        Areas {
            values: next(values),
            gradients: next(values),
            state: next(state),
            cache: next(cache),
            delta: [next(delta), next(delta)],
            inputs: next(inputs),
            targets: next(targets),
            row_weights: next(row_weights),
            units: next(units),
        }
    }

    /// Parameters, one behind the other.
    pub(crate) fn values(&self) -> &[T] {
        &self.data[..self.sizes.values]
    }

    /// Their gradients, over the same ranges.
    pub(crate) fn gradients(&self) -> &[T] {
        &self.data[whole_lines(self.sizes.values)..][..self.sizes.values]
    }
}

/// Each area begins with a line of the cache.
fn whole_lines(n: usize) -> usize {
    n.next_multiple_of(LINE)
}
