//! The innermost loops of the matrix product: a tile of the destination held in registers.
//!
//! Every element is one chain `sum = lhs[i][k] * rhs[k][j] + sum` over k in rising order, whatever
//! tile it falls into. That is why the bits of a row depend neither on the other rows nor on where
//! the product is cut.

use super::Accum;
use super::buffer::LINE;
use super::finish::FinishOf;
use super::simd::Vector;

/// From how many terms on lines of the destination that are only written are asked for, too: over few terms asking competes
/// with the stores themselves.
const LONG_SUMS: usize = 64;

/// What a tile works on.
pub struct Tile<T> {
    /// Length of the chains.
    pub(super) k: usize,
    /// Element (row, k) stands at `row * lhs_row + k * lhs_k`.
    pub(super) lhs: *const T,
    pub(super) lhs_row: usize,
    pub(super) lhs_k: usize,
    /// After so many steps the rows of the tile below are asked for, by vectors that look ahead.
    pub(super) look: usize,
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
    /// Whether sums go past the caches ([`Vector::stream`]): every vector is whole and begins where it has to.
    pub(super) streams: bool,
    /// Of the tile's columns.
    pub(super) finish: FinishOf<T>,
}

/// A tile of a fixed number of rows and vectors, over a packed or a direct panel.
///
/// # Safety
/// The pointers are valid for the tile's rows, columns and `k`; the processor has the features of
/// the vectors. A tile that streams replaces sums that stay as they are, in whole vectors, `dst` and its rows begin with lines
/// of the cache, and a fence follows.
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
        let mut place = (0, t.rhs);
        if t.accum == Accum::Add || t.k >= LONG_SUMS && !t.streams {
            // What stands there is wanted when the chains have been summed, and may lie far away.
            let columns = FULL * V::LANES + if HALF { V::Half::LANES } else { 0 };
            for i in 0..ROWS {
                for j in 0..columns.div_ceil(LINE) {
                    V::prefetch(t.dst.wrapping_add(i * t.dst_row + j * LINE).cast());
                }
            }
        }
        if V::LOOKS_AHEAD {
            let (mut rest, ahead) = (t.k, ROWS * t.lhs_row);
            while rest > 0 {
                for row in lhs {
                    V::prefetch(row.wrapping_add(place.0 + ahead).cast());
                }
                let n = rest.min(t.look);
                steps::<V, ROWS, FULL, HALF, DIRECT>(t, n, lhs, &mut place, (&mut sums, &mut half_sums));
                rest -= n;
            }
        } else {
            steps::<V, ROWS, FULL, HALF, DIRECT>(t, t.k, lhs, &mut place, (&mut sums, &mut half_sums));
        }
        if t.streams {
            debug_assert!(
                !HALF && t.n_last == V::LANES && t.accum == Accum::Replace && t.finish.parts() == (false, false)
            );
            for i in 0..ROWS {
                for j in 0..FULL {
                    sums[i][j].stream(t.dst.add(i * t.dst_row + j * V::LANES));
                }
            }
            return;
        }
        // What nobody asked for is not looked for vector by vector.
        match t.finish.parts() {
            (false, false) => put_all::<V, ROWS, FULL, HALF, false, false>(t, &sums, &half_sums),
            (true, false) => put_all::<V, ROWS, FULL, HALF, true, false>(t, &sums, &half_sums),
            (true, true) => put_all::<V, ROWS, FULL, HALF, true, true>(t, &sums, &half_sums),
            (false, true) => put_all::<V, ROWS, FULL, HALF, false, true>(t, &sums, &half_sums),
        }
    }
}

/// The next `n` steps of the chains.
#[allow(clippy::needless_range_loop)] // as in `tile_body`
#[inline(always)]
unsafe fn steps<V: Vector, const ROWS: usize, const FULL: usize, const HALF: bool, const DIRECT: bool>(
    t: &Tile<V::Element>,
    n: usize,
    lhs: [*const V::Element; ROWS],
    place: &mut (usize, *const V::Element),
    (sums, half_sums): (&mut [[V; FULL]; ROWS], &mut [V::Half; ROWS]),
) {
    let (mut step, mut rhs) = *place;
    // SAFETY: the caller's contract, that of `tile_body`.
    unsafe {
        for _ in 0..n {
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
    }
    *place = (step, rhs);
}

/// Stores the sums of a tile.
#[allow(clippy::needless_range_loop)] // as in `tile_body`
#[inline(always)]
unsafe fn put_all<
    V: Vector,
    const ROWS: usize,
    const FULL: usize,
    const HALF: bool,
    const BIAS: bool,
    const RELU: bool,
>(
    t: &Tile<V::Element>,
    sums: &[[V; FULL]; ROWS],
    half_sums: &[V::Half; ROWS],
) {
    // Masked stores are slow on some processors, and mostly there is nothing to mask.
    let is_whole = t.n_last == if HALF { V::Half::LANES } else { V::LANES };
    // SAFETY: the caller's contract.
    unsafe {
        for i in 0..ROWS {
            let row = t.dst.add(i * t.dst_row);
            for j in 0..FULL {
                let n = if HALF || j + 1 < FULL || is_whole { V::LANES } else { t.n_last };
                put::<V, BIAS, RELU>(sums[i][j], row, j * V::LANES, n, t);
            }
            if HALF {
                let n = if is_whole { V::Half::LANES } else { t.n_last };
                put::<V::Half, BIAS, RELU>(half_sums[i], row, FULL * V::LANES, n, t);
            }
        }
    }
}

/// Sums of the row `row` from `column` on, of which `n` exist.
#[inline(always)]
unsafe fn put<V: Vector, const BIAS: bool, const RELU: bool>(
    mut sums: V,
    row: *mut V::Element,
    column: usize,
    n: usize,
    t: &Tile<V::Element>,
) {
    // SAFETY: the caller vouches for `n` elements there, in the bias as well.
    unsafe {
        let place = row.add(column);
        let load = |from| if n == V::LANES { V::load(from) } else { V::load_first(from, n) };
        if t.accum == Accum::Add {
            sums = load(place.cast_const()).add(sums);
        }
        sums = t.finish.of::<V, BIAS, RELU>(sums, column, n);
        if n == V::LANES { sums.store(place) } else { sums.store_first(place, n) }
    }
}
