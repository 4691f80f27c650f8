//! Targets and weights of some rows, in one piece, once for each member of an ensemble.

use super::members::repeat;
use crate::losses::Targets;
use crate::{Float, MatRef};

/// Copies the targets of `rows` into `classes` or `values`, so many times one behind the other.
pub(crate) fn gather_targets<'a, T: Float>(
    targets: Targets<'_, T>,
    (rows, times): (&[u32], usize),
    classes: &'a mut Vec<u32>,
    values: &'a mut [T],
) -> Targets<'a, T> {
    match targets {
        Targets::Classes(all) => {
            classes.clear();
            for _ in 0..times {
                classes.extend(rows.iter().map(|&row| all[row as usize]));
            }
            Targets::Classes(classes)
        }
        Targets::Values(all) => {
            let (width, n) = (all.n_columns(), times * rows.len());
            for (value, &row) in values.chunks_exact_mut(width).zip(rows) {
                value.copy_from_slice(all.row(row as usize));
            }
            let values = &mut values[..n * width];
            Targets::Values(MatRef::new(repeat(values, times), n, width))
        }
    }
}

/// Copies the weights of `rows` into `weights`, so many times one behind the other.
pub(crate) fn gather_weights<'a, T: Float>(all: &[T], (rows, times): (&[u32], usize), weights: &'a mut [T]) -> &'a [T] {
    let weights = &mut weights[..times * rows.len()];
    for (weight, &row) in weights.iter_mut().zip(rows) {
        *weight = all[row as usize];
    }
    repeat(weights, times)
}
