//! What a step trains on.

use crate::losses::Targets;
use crate::{Float, Inputs};

/// The rows of a mini-batch: indices into inputs, targets and weights.
///
/// # Shapes
/// R rows of the whole data: `inputs`: R x D. `targets`: R classes or R x outputs. `row_weights`: R.
/// `rows`: N, each below R, in any order and as often as one likes.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a, T> {
    /// All input rows.
    pub inputs: &'a Inputs<T>,
    /// The targets of all input rows.
    pub targets: Targets<'a, T>,
    /// Which rows the batch takes.
    pub rows: &'a [u32],
    /// Weights of all input rows in the loss; `None` = 1 each.
    pub row_weights: Option<&'a [T]>,
}

impl<T: Float> Batch<'_, T> {
    /// Panics, and says why, when a row is none of the inputs, or has no target or weight.
    pub(super) fn check(&self) {
        let Some(&last) = self.rows.iter().max() else { return };
        let n_targets = match self.targets {
            Targets::Classes(classes) => classes.len(),
            Targets::Values(values) => values.n_rows(),
        };
        for (what, n) in [("input", self.inputs.n_rows()), ("target", n_targets)]
            .into_iter()
            .chain(self.row_weights.map(|weights| ("weight", weights.len())))
        {
            assert!((last as usize) < n, "row {last} of a batch has no {what}, there are {n}");
        }
    }
}
