//! Small loops over the rows of a matrix.

use crate::kernels::{Member, n_parts};
use crate::{Float, kernels};

/// Values of an elementwise loop that are worth another thread.
const SHARED_VALUES: usize = 1 << 16;

/// The length of the parts, of whole rows, in which the threads of a team share N rows of U values.
pub(crate) fn part_length(member: Option<&Member>, n: usize, units: usize) -> usize {
    n.div_ceil(n_parts(member, n * units, SHARED_VALUES)).max(1) * units.max(1)
}

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
