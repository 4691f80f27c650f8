//! What a step trains on.

use crate::Inputs;
use crate::losses::Targets;

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
