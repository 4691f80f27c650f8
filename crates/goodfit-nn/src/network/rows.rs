//! Small loops over the rows of a matrix.

use crate::{Float, kernels};

/// Adds `addend` (U) to every row of `values` (N x U).
pub(crate) fn add_to_rows<T: Float>(values: &mut [T], addend: &[T]) {
    kernels::vectorised(
        #[inline(always)]
        || {
            for row in values.chunks_exact_mut(addend.len()) {
                for (value, &addend) in row.iter_mut().zip(addend) {
                    *value += addend;
                }
            }
        },
    );
}
