//! The blocks that a matrix product is cut into, and which of its factors are packed.
//!
//! Cuts are even: 784 becomes 4 x 196, not 3 x 256 + 16. Those of k depend on k alone, since they decide in which order an
//! element is summed.

use super::buffer::LINE;
use super::simd::Vector;

/// Most rows of `rhs` that are packed at once.
pub(super) const K_BLOCK: usize = 256;
/// Most columns of `rhs` that are packed at once, but for [streamed](Blocks::is_streamed) products; a multiple of every
/// vector's length.
const N_BLOCK: usize = 512;
/// Most rows of `lhs` that are worked on at once.
const M_BLOCK: usize = 128;
/// Up to how many rows of `lhs` packing `rhs` costs more than it saves, by how far the rows of `rhs` lie apart, for
/// vectors that load parts: the farther, the fewer lines of the cache they share; rows three pages apart are read best in
/// long stretches, as packing does.
const DIRECT_PARTS: [(usize, usize); 4] = [(128, 128), (256, 48), (3000, 40), (usize::MAX, 2)];
/// The same for others, where there are whole vectors to load and a panel does not fit into the cache as it lies.
const DIRECT_WHOLE: [(usize, usize); 2] = [(128, 32), (usize::MAX, 8)];
/// Elements that most caches do not hold.
pub(super) const FAR: usize = 1 << 23;
/// Most terms of the sums of a [streamed](Blocks::is_streamed) product; where a cache may hold half of the destination.
const SHORT_SUMS: usize = 128;
const SHORTEST_SUMS: usize = 16;
/// The longest vector: panels are padded to a multiple of it.
pub(super) const MAX_LANES: usize = 16;

/// How many elements of scratch [`matmul`](super::matmul()) needs for an m x n result over k. It never falls with any of them.
pub fn matmul_scratch(m: usize, n: usize, k: usize) -> usize {
    let (m, n) = if n == 1 { (1, m) } else { (m, n) };
    packed_room(m, n, k) + m.min(M_BLOCK) * k.min(K_BLOCK) + MAX_LANES
}

/// Elements that are enough for a packed block of `rhs`.
pub(super) fn packed_room(m: usize, n: usize, k: usize) -> usize {
    if is_wide(m, n) { K_BLOCK * N_BLOCK } else { k.min(K_BLOCK) * n.min(N_BLOCK).next_multiple_of(MAX_LANES) }
}

/// Whether most caches do not hold the destination, or hardly, and its rows are long.
fn is_wide(m: usize, n: usize) -> bool {
    m * n >= FAR / 2 && n > N_BLOCK
}

/// How much of an m x n result over k is worked on at once.
#[derive(Clone, Copy)]
pub(super) struct Blocks {
    pub(super) rows: usize,
    /// A multiple of every vector's length.
    pub(super) columns: usize,
    /// A few rows are written at a time, across as many columns as fit into a packed block, so that the lines of the
    /// destination follow each other: no cache holds it, and there is little to sum.
    pub(super) is_streamed: bool,
}

impl Blocks {
    #[inline(always)]
    pub(super) fn of<V: Vector>(m: usize, n: usize, k: usize) -> Self {
        if is_wide(m, n) && k <= if m * n >= FAR { SHORT_SUMS } else { SHORTEST_SUMS } {
            let columns = K_BLOCK * N_BLOCK / k.max(1) / MAX_LANES * MAX_LANES;
            return Self { rows: V::tile_rows(V::TILE_VECTORS), columns, is_streamed: true };
        }
        Self { rows: M_BLOCK, columns: N_BLOCK, is_streamed: false }
    }
}

/// Cuts `0..n` into the fewest pieces of at most `most`, as even as can be: (start, length).
pub(super) fn cuts(n: usize, most: usize) -> impl Iterator<Item = (usize, usize)> {
    let (pieces, short, n_longer) = even(n, most);
    (0..pieces).map(move |i| (i * short + i.min(n_longer), short + usize::from(i < n_longer)))
}

/// The fewest pieces of at most `most`, as even as can be: (how many, length of the shorter ones, how many are one longer).
#[inline(always)]
pub(super) fn even(n: usize, most: usize) -> (usize, usize, usize) {
    // A division takes as long as a small product does.
    if n <= most {
        return (1, n, 0);
    }
    let pieces = n.div_ceil(most);
    (pieces, n / pieces, n % pieces)
}

/// Up to how many rows of `lhs` a block of a right factor, k rows of n elements, is read where it is.
pub(super) fn most_direct<V: Vector>(n: usize, k: usize, apart: usize) -> usize {
    let bounds: &[(usize, usize)] = match (V::LOADS_PARTS, n.is_multiple_of(V::LANES)) {
        (true, _) => &DIRECT_PARTS,
        (false, true) if fits(k, apart) => return usize::MAX,
        (false, true) => &DIRECT_WHOLE,
        (false, false) => &[],
    };
    bounds.iter().find(|&&(most_apart, _)| apart <= most_apart).map_or(0, |&(_, rows)| rows)
}

/// Whether k rows at most 128 elements apart leave half of a first-level cache: of its 64 sets of 8 lines they reach as
/// many as the powers of two in their distance leave.
fn fits(k: usize, apart: usize) -> bool {
    const SETS: usize = 64;
    let sets = if apart.is_multiple_of(LINE) { SETS >> (apart / LINE).trailing_zeros().min(6) } else { SETS };
    apart <= 128 && k <= 4 * sets
}

/// How many whole vectors hold `width` elements, and whether a half follows: where the vector has a narrower half, it costs
/// less, and the remainder fits into it.
pub(super) fn whole_and_half<V: Vector>(width: usize, halves: bool) -> (usize, bool) {
    let remainder = width % V::LANES;
    let half = halves && V::Half::LANES < V::LANES && remainder > 0 && remainder <= V::Half::LANES;
    (if half { width / V::LANES } else { width.div_ceil(V::LANES) }, half)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cuts_are_even_and_complete() {
        assert_eq!(cuts(784, 256).collect::<Vec<_>>(), [(0, 196), (196, 196), (392, 196), (588, 196)]);
        assert_eq!(cuts(7, 3).collect::<Vec<_>>(), [(0, 3), (3, 2), (5, 2)]);
        assert_eq!(cuts(8, 8).collect::<Vec<_>>(), [(0, 8)]);
        assert_eq!(cuts(9, 8).collect::<Vec<_>>(), [(0, 5), (5, 4)]);
        assert_eq!(cuts(0, 8).collect::<Vec<_>>(), [(0, 0)]);
    }

    /// A training makes room for its largest batch, and smaller ones follow.
    #[test]
    fn smaller_products_need_no_more_scratch() {
        let sizes = [1, 2, 15, 100, 127, 128, 129, 255, 256, 257, 512, 513, 2000, FAR / 513, FAR / 512, 100_000];
        for (i, &m) in sizes.iter().enumerate() {
            for (j, &n) in sizes.iter().enumerate() {
                for (l, &k) in sizes.iter().enumerate() {
                    let room = matmul_scratch(m, n, k);
                    let [fewer_m, fewer_n, fewer_k] = [i, j, l].map(|place: usize| sizes[place.max(1) - 1]);
                    assert!(matmul_scratch(fewer_m, n, k) <= room, "{m} x {n} over {k}");
                    assert!(matmul_scratch(m, n, fewer_k) <= room, "{m} x {n} over {k}");
                    // One column is one row of the transposed product.
                    assert!(fewer_n == 1 || matmul_scratch(m, fewer_n, k) <= room, "{m} x {n} over {k}");
                }
            }
        }
    }
}
