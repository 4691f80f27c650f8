//! Targets and weights of some rows, in one piece.

use crate::losses::Targets;
use crate::{Float, MatRef};

/// Copies the targets of `rows` into `classes` or `values`.
pub(crate) fn gather_targets<'a, T: Float>(
    targets: Targets<'_, T>,
    rows: &[u32],
    classes: &'a mut Vec<u32>,
    values: &'a mut [T],
) -> Targets<'a, T> {
    match targets {
        Targets::Classes(all) => {
            classes.clear();
            classes.extend(rows.iter().map(|&row| all[row as usize]));
            Targets::Classes(classes)
        }
        Targets::Values(all) => {
            let width = all.n_columns();
            for (value, &row) in values.chunks_exact_mut(width).zip(rows) {
                value.copy_from_slice(all.row(row as usize));
            }
            Targets::Values(MatRef::new(&values[..rows.len() * width], rows.len(), width))
        }
    }
}

/// Copies the weights of `rows` into `weights`.
pub(crate) fn gather_weights<'a, T: Float>(all: &[T], rows: &[u32], weights: &'a mut [T]) -> &'a [T] {
    let weights = &mut weights[..rows.len()];
    for (weight, &row) in weights.iter_mut().zip(rows) {
        *weight = all[row as usize];
    }
    weights
}
