//! The factors of a matrix product, brought into the order in which its tiles read them.

use super::blocking::cuts;
use super::simd::Vector;
use crate::{Float, MatRef};

/// Whether a block of `lhs` is copied into one piece before it is read for n columns, which pays when the copy is read
/// often: rows so far apart that those of a tile fall into the same lines of the cache, and columns so far apart that each
/// step of a tile reads another page of the memory.
pub(super) fn is_copied<T: Float>(left: MatRef<'_, T>, n: usize) -> bool {
    match (left.row_stride, left.column_stride) {
        (apart, 1) => apart.is_multiple_of(1024) && n >= 64,
        (1, apart) => apart >= 512 && n >= 256,
        _ => false,
    }
}

pub(super) fn copy<'a, T: Float>(left: MatRef<'_, T>, to: &'a mut [T]) -> MatRef<'a, T> {
    let MatRef { data, n_rows, n_columns, row_stride, column_stride } = left;
    let (n_pieces, length, apart) =
        if column_stride == 1 { (n_rows, n_columns, row_stride) } else { (n_columns, n_rows, column_stride) };
    for (piece, to) in to.chunks_exact_mut(length).enumerate().take(n_pieces) {
        to.copy_from_slice(&data[piece * apart..piece * apart + length]);
    }
    let (row_stride, column_stride) = if column_stride == 1 { (length, 1) } else { (1, length) };
    MatRef { data: to, n_rows, n_columns, row_stride, column_stride }
}

/// Packs `right` (k x n) panel after panel: k rows of as many whole vectors as the panel's tile is
/// wide, the last filled up with zeros.
///
/// # Safety
/// The processor has the features of `V`; `packed` holds k rows of n elements rounded up to whole
/// vectors.
#[inline(always)]
pub(super) unsafe fn pack<V: Vector>(right: MatRef<'_, V::Element>, packed: &mut [V::Element]) {
    let (k, n) = (right.n_rows, right.n_columns);
    assert!(packed.len() >= k * n.next_multiple_of(V::LANES));
    let mut panel = packed.as_mut_ptr();
    for (v0, vectors) in cuts(n.div_ceil(V::LANES), V::TILE_VECTORS) {
        let j0 = v0 * V::LANES;
        let stride = vectors * V::LANES;
        let width = stride.min(n - j0);
        let from = right.data[j0 * right.column_stride..].as_ptr();
        // SAFETY: the view was checked against its values, and `panel` runs through `packed`, whose
        // length was just checked.
        unsafe {
            if right.column_stride == 1 {
                pack_rows::<V>(from, right.row_stride, (k, width), panel);
            } else if right.row_stride == 1 {
                pack_columns::<V>(from, right.column_stride, (k, width), panel, stride);
            } else {
                for (i, j) in (0..k).flat_map(|i| (0..stride).map(move |j| (i, j))) {
                    *panel.add(i * stride + j) =
                        if j < width { right.at(i, j0 + j) } else { <V::Element as Float>::ZERO };
                }
            }
            panel = panel.add(k * stride);
        }
    }
}

/// Rows of `rhs` lie in one piece each.
#[inline(always)]
unsafe fn pack_rows<V: Vector>(
    from: *const V::Element,
    from_stride: usize,
    (k, width): (usize, usize),
    mut to: *mut V::Element,
) {
    let (whole, remainder) = (width / V::LANES, width % V::LANES);
    // SAFETY: `width` elements of each of the k rows are read; whole vectors are written, which is
    // what the panel has room for.
    unsafe {
        if whole == V::TILE_VECTORS && remainder == 0 {
            // The usual panel, with an inner loop that is unrolled.
            for i in 0..k {
                for j in 0..V::TILE_VECTORS {
                    V::load(from.add(i * from_stride + j * V::LANES)).store(to.add(j * V::LANES));
                }
                to = to.add(V::TILE_VECTORS * V::LANES);
            }
            return;
        }
        for i in 0..k {
            let row = from.add(i * from_stride);
            for j in 0..whole {
                V::load(row.add(j * V::LANES)).store(to);
                to = to.add(V::LANES);
            }
            if remainder > 0 {
                V::load_first(row.add(whole * V::LANES), remainder).store(to);
                to = to.add(V::LANES);
            }
        }
    }
}

/// Columns of `rhs` lie in one piece each: the transpose of blocks of 8 x 8.
#[inline(always)]
unsafe fn pack_columns<V: Vector>(
    from: *const V::Element,
    from_stride: usize,
    (k, width): (usize, usize),
    to: *mut V::Element,
    to_stride: usize,
) {
    // SAFETY: blocks end at `width` columns and k rows of what is read; `to_stride` is a multiple
    // of 8, so whole rows of 8 lie inside the panel.
    unsafe {
        for j in (0..to_stride).step_by(8) {
            for i in (0..k).step_by(8) {
                let n_columns = width.saturating_sub(j).min(8);
                let from = from.wrapping_add(j * from_stride + i);
                V::transpose8(from, from_stride, (n_columns, 8.min(k - i)), to.add(i * to_stride + j), to_stride);
            }
        }
    }
}
