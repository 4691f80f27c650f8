//! The innermost loops of the matrix product: a tile of the destination held in registers.
//!
//! Every element is one chain `sum = lhs[i][k] * rhs[k][j] + sum` over k in rising order, whatever
//! tile it falls into. That is why the bits of a row depend neither on the other rows nor on where
//! the product is cut.

use super::Accum;
use super::simd::Vector;

/// What a tile works on.
pub struct Tile<T> {
    /// Length of the chains.
    pub(super) k: usize,
    /// Element (row, k) stands at `row * lhs_row + k * lhs_k`.
    pub(super) lhs: *const T,
    pub(super) lhs_row: usize,
    pub(super) lhs_k: usize,
    /// `k` rows, `rhs_k` apart: of whole vectors, padded with zeros, in a packed panel; of the
    /// elements that exist in a direct one.
    pub(super) rhs: *const T,
    pub(super) rhs_k: usize,
    /// Rows lie `dst_row` apart.
    pub(super) dst: *mut T,
    pub(super) dst_row: usize,
    /// How many elements of the last vector exist in `dst`.
    pub(super) n_last: usize,
    pub(super) accum: Accum,
}

/// A tile of a fixed number of rows and vectors, over a packed or a direct panel.
///
/// # Safety
/// The pointers are valid for the tile's rows, columns and `k`; the processor has the features of
/// the vectors.
pub(super) type TileFn<T> = unsafe fn(&Tile<T>);

/// Tiles of 1 to 4 rows.
pub(super) fn up_to_4<V: Vector, const FULL: usize, const HALF: bool, const DIRECT: bool>(
    rows: usize,
) -> TileFn<V::Element> {
    match rows {
        1 => tile::<V, 1, FULL, HALF, DIRECT>,
        2 => tile::<V, 2, FULL, HALF, DIRECT>,
        3 => tile::<V, 3, FULL, HALF, DIRECT>,
        4 => tile::<V, 4, FULL, HALF, DIRECT>,
        _ => unreachable!("a tile of {rows} rows"),
    }
}

/// Tiles of 1 to 6 rows.
#[cfg(target_arch = "x86_64")]
pub(super) fn up_to_6<V: Vector, const FULL: usize, const HALF: bool, const DIRECT: bool>(
    rows: usize,
) -> TileFn<V::Element> {
    match rows {
        5 => tile::<V, 5, FULL, HALF, DIRECT>,
        6 => tile::<V, 6, FULL, HALF, DIRECT>,
        _ => up_to_4::<V, FULL, HALF, DIRECT>(rows),
    }
}

/// Tiles of 1 to 8 rows.
#[cfg(target_arch = "x86_64")]
pub(super) fn up_to_8<V: Vector, const FULL: usize, const HALF: bool, const DIRECT: bool>(
    rows: usize,
) -> TileFn<V::Element> {
    match rows {
        7 => tile::<V, 7, FULL, HALF, DIRECT>,
        8 => tile::<V, 8, FULL, HALF, DIRECT>,
        _ => up_to_6::<V, FULL, HALF, DIRECT>(rows),
    }
}

unsafe fn tile<V: Vector, const ROWS: usize, const FULL: usize, const HALF: bool, const DIRECT: bool>(
    t: &Tile<V::Element>,
) {
    // SAFETY: the caller's contract.
    unsafe {
        V::call(
            #[inline(always)]
            || tile_body::<V, ROWS, FULL, HALF, DIRECT>(t),
        );
    }
}

#[allow(clippy::needless_range_loop)] // i and j name a row and a vector of the tile
#[inline(always)]
unsafe fn tile_body<V: Vector, const ROWS: usize, const FULL: usize, const HALF: bool, const DIRECT: bool>(
    t: &Tile<V::Element>,
) {
    // SAFETY: `lhs` is read at rows below ROWS and steps below k, `rhs` within its k rows,
    // `dst` at ROWS rows up to its last existing element. The steps past the end are never read,
    // hence `wrapping_add`.
    unsafe {
        let mut sums = [[V::zero(); FULL]; ROWS];
        let mut half_sums = [V::Half::zero(); ROWS];
        // A pointer to each row and one offset for all: with one pointer that goes from row to row the compiler makes a
        // chain of as many additions as there are rows, which takes as long as the sums do.
        let lhs: [_; ROWS] = std::array::from_fn(|i| t.lhs.wrapping_add(i * t.lhs_row));
        let (mut step, mut rhs) = (0, t.rhs);
        for _ in 0..t.k {
            let mut right = [V::zero(); FULL];
            for j in 0..FULL {
                let place = rhs.add(j * V::LANES);
                let is_cut = DIRECT && !HALF && j + 1 == FULL;
                right[j] = if is_cut { V::load_first(place, t.n_last) } else { V::load(place) };
            }
            let half_right = match (HALF, DIRECT) {
                (true, true) => V::Half::load_first(rhs.add(FULL * V::LANES), t.n_last),
                (true, false) => V::Half::load(rhs.add(FULL * V::LANES)),
                (false, _) => V::Half::zero(),
            };
            for i in 0..ROWS {
                let left = V::splat(*lhs[i].add(step));
                for j in 0..FULL {
                    sums[i][j] = left.mul_add(right[j], sums[i][j]);
                }
                if HALF {
                    half_sums[i] = left.lower().mul_add(half_right, half_sums[i]);
                }
            }
            step += t.lhs_k;
            rhs = rhs.wrapping_add(t.rhs_k);
        }
        // Masked stores are slow on some processors, and mostly there is nothing to mask.
        let is_whole = t.n_last == if HALF { V::Half::LANES } else { V::LANES };
        for i in 0..ROWS {
            let row = t.dst.add(i * t.dst_row);
            for j in 0..FULL {
                let place = row.add(j * V::LANES);
                if HALF || j + 1 < FULL || is_whole {
                    put(sums[i][j], place, t.accum);
                } else {
                    put_first(sums[i][j], place, t.n_last, t.accum);
                }
            }
            if HALF {
                let place = row.add(FULL * V::LANES);
                if is_whole {
                    put(half_sums[i], place, t.accum);
                } else {
                    put_first(half_sums[i], place, t.n_last, t.accum);
                }
            }
        }
    }
}

#[inline(always)]
pub(super) unsafe fn put<V: Vector>(sum: V, place: *mut V::Element, accum: Accum) {
    // SAFETY: the caller vouches for a whole vector at `place`.
    unsafe {
        match accum {
            Accum::Replace => sum.store(place),
            Accum::Add => V::load(place).add(sum).store(place),
        }
    }
}

#[inline(always)]
unsafe fn put_first<V: Vector>(sum: V, place: *mut V::Element, n: usize, accum: Accum) {
    // SAFETY: the caller vouches for `n` elements at `place`.
    unsafe {
        match accum {
            Accum::Replace => sum.store_first(place, n),
            Accum::Add => V::load_first(place, n).add(sum).store_first(place, n),
        }
    }
}
