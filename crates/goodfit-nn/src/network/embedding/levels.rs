//! The gradients of a table of levels, whose levels are shared out among threads.
//!
//! Shapes: N rows, D inputs, E outputs, L levels, S values of each.

use crate::Float;
use crate::kernels::{Member, n_parts, share};
use crate::layers::LevelColumn;

/// Values that are set to 0 or added that are worth another thread.
const SHARED_VALUES: usize = 1 << 14;

/// Adds up the gradients of each level into `dw` (L x S), from column `first` of `d` (N x E) on. Each thread looks at all rows
/// and adds those of its levels in their order, so that the sums are the same for any number of threads.
pub(super) fn backward<T: Float>(
    dw: &mut [T],
    column: &LevelColumn,
    member: Option<&Member>,
    (inputs, n_inputs): (&[T], usize),
    (d, first, width): (&[T], usize, usize),
) {
    let (levels, size, n) = (column.levels, column.size, d.len() / width);
    let n_own = levels.div_ceil(n_parts(member, (levels + n) * size, SHARED_VALUES)).max(1);
    share(member, dw.chunks_mut(n_own * size).enumerate(), |(part, dw)| {
        dw.fill(T::ZERO);
        for (input, d) in inputs.chunks_exact(n_inputs).zip(d.chunks_exact(width)) {
            let level = column.level_of(input[column.input]);
            let Some(own) = level.and_then(|level| level.checked_sub(part * n_own)) else { continue };
            let Some(dw) = dw.get_mut(own * size..(own + 1) * size) else { continue };
            for (dw, &d) in dw.iter_mut().zip(&d[first..]) {
                *dw += d;
            }
        }
    });
}
