//! The matrix product.
//!
//! Shapes: `dst` m x n, `lhs` m x k, `rhs` k x n.
//!
//! The product is cut into blocks (`blocking`) of `rhs`, which are packed into panels as wide as a tile, or read where they
//! are; and of rows of `lhs`, which are read where they are or copied (`packing`).
//!
//! Order of summation: within a block of k one chain of (fused) multiply-adds over rising k; the sums of the blocks are
//! added in rising order. The cuts of k depend on k alone. So row i of the result has the same bytes whatever m and n are
//! and whichever other rows are computed with it; but for n = 1, and for m = 1 over a transposed `rhs`, where the sums have
//! an order of their own (`dots`). They do differ between [`Isa`]s: the portable path has no fused operation.
//!
//! Measured (Emerald Rapids, AVX-512, one core, `benchsuite/runs/kernel-emerald.txt`): 82 % of the peak for 100 x 100
//! over 100, where 6.25 of 7 vectors are of use, so that 89 % is the most there could be; 84 % for 256 x 100 over 100,
//! 92 % for 128 x 128 over 128, 43 % for 100 x 10 over 100. With half a vector for the remainder it was 62 to 73 % for the first
//! two: there it takes the place of a whole one, and one of the two units cannot run it. On Zen 4, where 512 bits are two
//! halves, halves pay: 88 %, 92 %, 96 % and 60 % (`benchsuite/runs/kernel-efficiency.txt`). Reading `rhs` where it is pays
//! there for 100 rows of 100 columns, no longer for 256 rows, and for fewer rows the farther its own lie apart
//! (`blocking`); it does not pay to copy a left factor whose rows are 784 elements long.
//!
//! AVX2 (Zen 3, one core, beside the crate `gemm`, `benchsuite/runs/kernel-avx2.txt`): tiles that store whole vectors
//! without a mask, where there is nothing to mask, take 9 % less time from 32 rows on in the median of 36 products, beside
//! `gemm` in the same pass (three take up to 10 % more, two of these in one of two passes alone), and about half over sums
//! of 7 terms. Reading whole vectors where they are pays for few rows (7 rows of 64 columns: 77 % of the peak, not 53 %).
//! What did not pay: masked loads instead of packing for 7 rows (Zen 1: 1.5 times as long).

use super::blocking::{
    Blocks, FAR, K_BLOCK, MAX_LANES, cuts, even, matmul_scratch, most_direct, packed_room, whole_and_half,
};
use super::buffer::LINE;
use super::dots::{column, element};
use super::finish::{Finish, FinishOf};
use super::outer::outer;
use super::packing::{copy, is_copied, pack};
use super::row::{few_rows, is_few_rows, row};
use super::simd::{Operation, Vector};
use super::tile::{Tile, TileFn};
use super::{Accum, Isa};
use crate::{Float, MatMut, MatRef};

/// `dst = lhs · rhs`, or `dst += lhs · rhs`.
///
/// `dst[i][j] (+)= sum over k of lhs[i][k] * rhs[k][j]`
///
/// # Shapes
/// `dst` m x n, `lhs` m x k, `rhs` k x n; the factors may be transposed views. `scratch` holds at
/// least [`matmul_scratch`]`(m, n, k)` elements; what stands in it is of no importance.
///
/// NaN and infinity propagate: a zero times an infinity is NaN.
///
/// # Panics
/// When the shapes do not agree or `scratch` is too short.
///
/// ```
/// use goodfit_nn::kernels::{Accum, matmul, matmul_scratch};
/// use goodfit_nn::Matrix;
/// let x = Matrix::from_rows(1, 2, vec![1.0_f32, 2.0]);
/// let w = Matrix::from_rows(2, 2, vec![1.0_f32, 10.0, 100.0, 1000.0]);
/// let mut z = Matrix::zeros(1, 2);
/// let mut scratch = vec![0.0; matmul_scratch(1, 2, 2)];
/// matmul(z.view_mut(), Accum::Replace, x.view(), w.view(), &mut scratch);
/// assert_eq!(z.data(), [201.0, 2010.0]);
/// ```
pub fn matmul<T: Float>(dst: MatMut<'_, T>, accum: Accum, lhs: MatRef<'_, T>, rhs: MatRef<'_, T>, scratch: &mut [T]) {
    matmul_with(Isa::detect(), dst, accum, lhs, rhs, scratch);
}

/// [`matmul`] with given instructions.
///
/// # Panics
/// As [`matmul`], and when the processor lacks the `isa` that sums in single precision are to use; those in double precision
/// are portable, whatever it says.
pub fn matmul_with<T: Float>(
    isa: Isa,
    dst: MatMut<'_, T>,
    accum: Accum,
    lhs: MatRef<'_, T>,
    rhs: MatRef<'_, T>,
    scratch: &mut [T],
) {
    finished(isa, dst, accum, (lhs, rhs), Finish::NONE, scratch);
}

/// [`matmul_with`], and what becomes of the sums.
pub(super) fn finished<T: Float>(
    isa: Isa,
    mut dst: MatMut<'_, T>,
    accum: Accum,
    (lhs, rhs): (MatRef<'_, T>, MatRef<'_, T>),
    finish: Finish<'_, T>,
    scratch: &mut [T],
) {
    let (m, n, k) = check(&dst, lhs, rhs, scratch.len());
    if m == 0 || n == 0 {
        return;
    }
    let values = &mut dst.data[..m * n];
    let is_dots = lhs.column_stride == 1 && rhs.row_stride == 1;
    if k == 0 {
        if accum == Accum::Replace {
            values.fill(T::ZERO);
        }
    } else if m == 1 && n == 1 && is_dots {
        let sum = element(isa, &lhs.data[..k], &rhs.data[..k]);
        values[0] = if accum == Accum::Add { values[0] + sum } else { sum };
    } else if is_row_of_dots(m, lhs, rhs) {
        column(isa, values, accum, rhs.data, rhs.column_stride, &lhs.data[..k]);
    } else if n == 1 && k > 1 && is_dots {
        column(isa, values, accum, lhs.data, lhs.row_stride, &rhs.data[..k]);
    } else if n == 1 && k == 1 && lhs.row_stride == 1 {
        outer(isa, values, accum, &rhs.data[..1], 1, &lhs.data[..m]);
    } else if n == 1 {
        // One row of the transposed product. It has a single bias, not one for each of its columns.
        sums(isa, values, accum, (rhs.transposed(), lhs.transposed()), Finish::NONE, scratch);
    } else {
        return sums(isa, values, accum, (lhs, rhs), finish, scratch);
    }
    finish.apply(&mut dst);
}

/// The product where k > 0, and what becomes of its sums.
#[inline(always)]
fn sums<T: Float>(
    isa: Isa,
    values: &mut [T],
    accum: Accum,
    (lhs, rhs): (MatRef<'_, T>, MatRef<'_, T>),
    finish: Finish<'_, T>,
    scratch: &mut [T],
) {
    let (m, n, k) = (lhs.n_rows, rhs.n_columns, lhs.n_columns);
    if k == 1 && rhs.column_stride == 1 {
        outer(isa, values, accum, lhs.data, lhs.row_stride, &rhs.data[..n]);
    } else if m == 1 && rhs.column_stride == 1 {
        row(isa, values, accum, (lhs.data, lhs.column_stride), rhs, scratch);
    } else {
        let (dst, dst_row, halves) = (values.as_mut_ptr(), n, isa.has_cheap_halves());
        // SAFETY: `check` has seen that the views fit each other, their values and the scratch.
        return unsafe { T::dispatch(isa, Product { dst, dst_row, accum, lhs, rhs, finish, halves, scratch }) };
    }
    finish.apply(&mut MatMut::new(values, m, n));
}

/// What every product is sure of before it reads or writes: (m, n, k).
///
/// # Panics
/// When the shapes do not agree, a view goes past the end of its values, or the scratch is too short.
pub(super) fn check<T: Float>(
    dst: &MatMut<'_, T>,
    lhs: MatRef<'_, T>,
    rhs: MatRef<'_, T>,
    scratch: usize,
) -> (usize, usize, usize) {
    let (m, n, k) = (lhs.n_rows, rhs.n_columns, lhs.n_columns);
    if dst.n_rows != m || dst.n_columns != n || rhs.n_rows != k {
        shapes_differ((m, k), (rhs.n_rows, n), (dst.n_rows, dst.n_columns));
    }
    if scratch < matmul_scratch(m, n, k) {
        scratch_is_short(scratch, (m, n, k));
    }
    for view in [lhs, rhs] {
        let last = (view.n_rows.max(1) - 1) * view.row_stride + (view.n_columns.max(1) - 1) * view.column_stride;
        assert!(view.n_rows * view.n_columns == 0 || last < view.data.len(), "a view past the end of its values");
    }
    assert!(dst.data.len() >= m * n, "a view past the end of its values");
    (m, n, k)
}

// Panics take numbers: references to them, as `assert!` makes them, would have every product store them in memory.

#[cold]
#[inline(never)]
fn shapes_differ((m, k): (usize, usize), (rows, n): (usize, usize), (dst_rows, dst_columns): (usize, usize)) -> ! {
    panic!("a product of {m} x {k} and {rows} x {n} into {dst_rows} x {dst_columns}");
}

#[cold]
#[inline(never)]
fn scratch_is_short(scratch: usize, (m, n, k): (usize, usize, usize)) -> ! {
    panic!("a scratch of {scratch} for {m} x {n} over {k}, expected {}", matmul_scratch(m, n, k));
}

/// Whether a product is one row times a transposed factor: then its sums have an order of their own.
pub(super) fn is_row_of_dots<T: Float>(m: usize, lhs: MatRef<'_, T>, rhs: MatRef<'_, T>) -> bool {
    m == 1 && rhs.n_rows > 1 && lhs.column_stride == 1 && rhs.row_stride == 1 && rhs.column_stride > 1
}

pub(super) struct Product<'a, T> {
    /// m rows of n elements, `dst_row` apart.
    pub(super) dst: *mut T,
    pub(super) dst_row: usize,
    pub(super) accum: Accum,
    pub(super) lhs: MatRef<'a, T>,
    pub(super) rhs: MatRef<'a, T>,
    pub(super) finish: Finish<'a, T>,
    /// Whether a remainder is taken by half a vector where it fits, see [`Isa::has_cheap_halves`].
    pub(super) halves: bool,
    pub(super) scratch: &'a mut [T],
}

impl<T: Float> Operation<T> for Product<'_, T> {
    type Output = ();

    unsafe fn run<V: Vector<Element = T>>(mut self) {
        if is_few_rows::<V>(self.lhs, self.rhs) {
            let dst = (self.dst, self.dst_row);
            // SAFETY: the caller vouches for the features and for the rows of `dst`.
            return unsafe { few_rows::<V>(dst, self.accum, (self.lhs, self.rhs), self.finish, self.scratch) };
        }
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                || self.blocks::<V>(),
            );
        }
    }
}

impl<T: Float> Product<'_, T> {
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn blocks<V: Vector<Element = T>>(&mut self) {
        let &mut Self { dst: dst_start, dst_row, accum, lhs, rhs, finish, halves, ref mut scratch } = self;
        let (m, n, k) = (lhs.n_rows, rhs.n_columns, lhs.n_columns);
        if m <= V::tile_rows(1) && n <= V::LANES && k <= K_BLOCK {
            // SAFETY: the caller's contract.
            return unsafe { self.single_tile::<V>() };
        }
        let blocks = Blocks::of::<V>(m, n, k);
        let streams = blocks.is_streamed
            && m * n >= FAR
            && accum == Accum::Replace
            && finish.is_none()
            && n.is_multiple_of(MAX_LANES)
            && dst_row.is_multiple_of(MAX_LANES)
            && dst_start.addr().is_multiple_of(MAX_LANES * size_of::<T>());
        let is_direct = rhs.column_stride == 1 && m <= most_direct::<V>(n, k.min(K_BLOCK), rhs.row_stride);
        let (packed_rhs, copied_lhs) = lines(scratch).split_at_mut(packed_room(m, n, k));
        for n0 in (0..n).step_by(blocks.columns) {
            let n_block = blocks.columns.min(n - n0);
            for (k0, k_block) in cuts(k, K_BLOCK) {
                let accum = if k0 == 0 { accum } else { Accum::Add };
                let finish = if k0 + k_block == k { finish } else { Finish::NONE };
                let right = block(rhs, (k0, k_block), (n0, n_block));
                if !is_direct {
                    // SAFETY: the features are the caller's word; `packed_rhs` holds such a block.
                    unsafe { pack::<V>(right, packed_rhs) };
                }
                for (m0, m_block) in cuts(m, blocks.rows) {
                    let left = block(lhs, (m0, m_block), (k0, k_block));
                    let left = if is_copied(left, n) { copy(left, copied_lhs) } else { left };
                    let is_long = k > K_BLOCK && left.column_stride == 1;
                    let mut panel = 0;
                    for (v0, vectors) in cuts(n_block.div_ceil(V::LANES), V::TILE_VECTORS) {
                        let j0 = v0 * V::LANES;
                        let width = (vectors * V::LANES).min(n_block - j0);
                        let (full, half) = whole_and_half::<V>(width, halves);
                        let tile = Tile {
                            k: k_block,
                            lhs: left.data.as_ptr(),
                            lhs_row: left.row_stride,
                            lhs_k: left.column_stride,
                            // Line by line of the cache, where rows of `lhs` are longer than a block.
                            look: if is_long { LINE } else { k_block },
                            rhs: if is_direct { right.data[j0..].as_ptr() } else { packed_rhs[panel..].as_ptr() },
                            rhs_k: if is_direct { right.row_stride } else { vectors * V::LANES },
                            // SAFETY: row m0 and column n0 + j0 exist in `dst`.
                            dst: unsafe { dst_start.add(m0 * dst_row + n0 + j0) },
                            dst_row,
                            n_last: if half { width - full * V::LANES } else { width - (full - 1) * V::LANES },
                            accum,
                            streams,
                            finish: FinishOf::new(finish, n0 + j0..n0 + j0 + width),
                        };
                        let pick = |rows| V::tile(rows, full, half, is_direct && V::LOADS_PARTS);
                        // SAFETY: the block's views were checked against their values.
                        unsafe { rows::<V>(tile, m_block, vectors, pick) };
                        panel += vectors * V::LANES * k_block;
                    }
                }
            }
        }
        if streams {
            // SAFETY: the features are the caller's word.
            unsafe { V::fence() };
        }
    }

    /// [`blocks`](Self::blocks) where all of it is one tile, which has little to think about.
    ///
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn single_tile<V: Vector<Element = T>>(&mut self) {
        let &mut Self { dst, dst_row, accum, lhs, rhs, finish, halves, ref mut scratch } = self;
        let (m, n, k) = (lhs.n_rows, rhs.n_columns, lhs.n_columns);
        let is_direct = rhs.column_stride == 1 && m <= most_direct::<V>(n, k, rhs.row_stride);
        if !is_direct {
            // From the first element on: looking for the first line of the cache would take longer than a line that is cut.
            // SAFETY: the features are the caller's word; the scratch holds such a block.
            unsafe { pack::<V>(rhs, scratch) };
        }
        let (full, half) = whole_and_half::<V>(n, halves);
        let tile = Tile {
            k,
            lhs: lhs.data.as_ptr(),
            lhs_row: lhs.row_stride,
            lhs_k: lhs.column_stride,
            look: k,
            rhs: if is_direct { rhs.data.as_ptr() } else { scratch.as_ptr() },
            rhs_k: if is_direct { rhs.row_stride } else { V::LANES },
            dst,
            dst_row,
            n_last: n,
            accum,
            streams: false,
            finish: FinishOf::new(finish, 0..n),
        };
        // SAFETY: the views were checked against their values.
        unsafe { V::tile(m, full, half, is_direct && V::LOADS_PARTS)(&tile) };
    }
}

/// The scratch from its first line of the cache on.
fn lines<T>(scratch: &mut [T]) -> &mut [T] {
    let start = scratch.as_ptr().align_offset(64).min(MAX_LANES);
    &mut scratch[start..]
}

/// All rows of a panel, tile after tile.
///
/// # Safety
/// As [`TileFn`], for all `m` rows.
#[inline(always)]
unsafe fn rows<V: Vector>(
    mut tile: Tile<V::Element>,
    m: usize,
    vectors: usize,
    pick: impl Fn(usize) -> TileFn<V::Element>,
) {
    let (pieces, short, n_longer) = even(m, V::tile_rows(vectors));
    for (n_tiles, height) in [(n_longer, short + 1), (pieces - n_longer, short)] {
        if n_tiles == 0 {
            continue;
        }
        let function = pick(height);
        for _ in 0..n_tiles {
            // SAFETY: the caller's contract; the heights add up to m.
            unsafe { function(&tile) };
            tile.lhs = tile.lhs.wrapping_add(height * tile.lhs_row);
            tile.dst = tile.dst.wrapping_add(height * tile.dst_row);
        }
    }
}

pub(super) fn block<T: Float>(
    view: MatRef<'_, T>,
    (row, n_rows): (usize, usize),
    (column, n_columns): (usize, usize),
) -> MatRef<'_, T> {
    let data = &view.data[row * view.row_stride + column * view.column_stride..];
    MatRef { data, n_rows, n_columns, ..view }
}

#[cfg(test)]
pub(super) mod tests {
    use proptest::prelude::*;

    use super::super::simd::Dispatch;
    use super::*;
    use crate::Matrix;

    /// The oracle, in double precision: the value and the sum of the products' sizes.
    fn plain<T: Float>(lhs: MatRef<'_, T>, rhs: MatRef<'_, T>, i: usize, j: usize) -> (f64, f64) {
        (0..lhs.n_columns).fold((0.0, 0.0), |(sum, size), k| {
            let product = lhs.at(i, k).to_f64() * rhs.at(k, j).to_f64();
            (sum + product, size + product.abs())
        })
    }

    /// Values of [-1, 1) that depend on the seed, some of them zero.
    pub(in crate::kernels) fn values<T: Float>(n: usize, seed: u64) -> Vec<T> {
        let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 40) as f64 / f64::from(1 << 23) - 1.0
        };
        (0..n).map(|_| next()).map(|x| T::from_f64(if x > -0.8 { x } else { 0.0 })).collect()
    }

    fn view<T: Float>(matrix: &Matrix<T>, is_transposed: bool) -> MatRef<'_, T> {
        if is_transposed { matrix.view().transposed() } else { matrix.view() }
    }

    fn factor<T: Float>(n_rows: usize, n_columns: usize, is_transposed: bool, seed: u64) -> Matrix<T> {
        let (r, c) = if is_transposed { (n_columns, n_rows) } else { (n_rows, n_columns) };
        Matrix::from_rows(r, c, values(r * c, seed))
    }

    fn product<T: Float>(
        isa: Isa,
        start: Matrix<T>,
        accum: Accum,
        lhs: MatRef<'_, T>,
        rhs: MatRef<'_, T>,
    ) -> Matrix<T> {
        let mut dst = start;
        // NaN: whatever stands in the scratch must not matter.
        let mut scratch = vec![T::from_f64(f64::NAN); matmul_scratch(lhs.n_rows, rhs.n_columns, lhs.n_columns)];
        matmul_with(isa, dst.view_mut(), accum, lhs, rhs, &mut scratch);
        dst
    }

    fn check<T: Float>((m, n, k): (usize, usize, usize), transposed: (bool, bool), epsilon: f64, seed: u64) {
        let lhs = factor::<T>(m, k, transposed.0, seed);
        let rhs = factor::<T>(k, n, transposed.1, seed + 1);
        let (lhs, rhs) = (view(&lhs, transposed.0), view(&rhs, transposed.1));
        let start = Matrix::from_rows(m, n, values(m * n, seed + 2));
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let nan = Matrix::from_rows(m, n, vec![T::from_f64(f64::NAN); m * n]);
            let replaced = product(isa, nan, Accum::Replace, lhs, rhs);
            let added = product(isa, start.clone(), Accum::Add, lhs, rhs);
            for (i, j) in (0..m).flat_map(|i| (0..n).map(move |j| (i, j))) {
                let (truth, size) = plain(lhs, rhs, i, j);
                let bound = (k as f64 + 2.0) * epsilon * (size + 1.0);
                let (got, got_added) = (replaced[(i, j)].to_f64(), added[(i, j)].to_f64() - start[(i, j)].to_f64());
                assert!((got - truth).abs() <= bound, "{isa:?} ({i}, {j}): {got}, expected {truth}");
                assert!((got_added - truth).abs() <= bound, "{isa:?} ({i}, {j}) added: {got_added}, expected {truth}");
            }
            if m * k > 0 && m > 1 {
                let i = seed as usize % m;
                let one = block(lhs, (i, 1), (0, k));
                if is_row_of_dots(1, one, rhs) {
                    continue;
                }
                let alone = product(isa, Matrix::zeros(1, n), Accum::Replace, one, rhs);
                let bits = |row: &[T]| row.iter().map(|x| x.to_f64().to_bits()).collect::<Vec<_>>();
                assert_eq!(bits(alone.row(0)), bits(replaced.row(i)), "{isa:?}: row {i} alone and among {m}");
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn agrees_with_the_plain_loop(
            m in 0_usize..40, n in 0_usize..75, k in 0_usize..40,
            transposed in any::<(bool, bool)>(), seed in 0_u64..1000,
        ) {
            check::<f32>((m, n, k), transposed, f64::from(f32::EPSILON), seed);
            check::<f64>((m, n, k), transposed, f64::EPSILON, seed);
        }
    }

    #[test]
    fn half_vectors_change_no_bit() {
        let isa = Isa::Avx512;
        if !isa.is_available() {
            return;
        }
        for (m, n, k) in (1..=36).flat_map(|n| [(3, n, 5), (20, n, 300), (130, n, 4)]) {
            let (x, w, bias) = (values::<f32>(m * k, 1), values::<f32>(n * k, 2), values(n, 3));
            let lhs = MatRef::new(&x, m, k);
            for rhs in [MatRef::new(&w, k, n), MatRef::new(&w, n, k).transposed()] {
                let [whole, halves] = [false, true].map(|halves| {
                    // One row more, which nobody may write to.
                    let mut values = vec![f32::NAN; (m + 1) * n];
                    let (dst, finish) = (values.as_mut_ptr(), Finish { bias: Some(&bias), relu: true });
                    let scratch = &mut vec![f32::NAN; matmul_scratch(m, n, k)];
                    let accum = Accum::Replace;
                    // SAFETY: all are of m, n and k, and `dst` has a row more.
                    unsafe {
                        f32::dispatch(isa, Product { dst, dst_row: n, accum, lhs, rhs, finish, halves, scratch });
                    };
                    assert!(values[m * n..].iter().all(|x| x.is_nan()), "{m} x {n} over {k}");
                    values.truncate(m * n);
                    values
                });
                assert_eq!(whole, halves, "{m} x {n} over {k}");
            }
        }
    }

    #[test]
    fn sizes_beyond_a_block() {
        for (size, transposed) in [
            ((3, 1100, 5), (false, true)),
            ((300, 20, 600), (true, false)),
            ((100, 100, 784), (false, false)),
            ((129, 100, 100), (false, false)),
            ((30, 140, 20), (false, false)),
            ((20, 64, 1024), (false, false)),
            ((600, 256, 300), (true, false)),
            ((70, 100, 784), (true, true)),
            ((20, 64, 1030), (false, false)),
            ((600, 1, 300), (false, true)),
            ((600, 1, 30), (true, false)),
            ((1, 600, 300), (false, false)),
            ((9, 530, 5), (false, false)),
            ((1, 4200, 5), (false, false)),
            ((1, 1100, 2), (false, false)),
            ((1, 9, 600), (false, false)),
            ((1, 600, 300), (false, true)),
            ((1, 3, 7), (false, true)),
            ((1, 1, 1), (false, false)),
            ((1, 1, 30), (true, false)),
            ((1, 1, 300), (false, true)),
            ((500, 1, 1), (false, false)),
            ((3, 301, 1), (true, false)),
            ((5, 24, 1), (false, false)),
            ((5, 64, 1), (false, false)),
            ((9, 1, 20), (false, true)),
            ((9, 1, 40), (false, true)),
            ((40, 64, 300), (true, false)),
            ((300, 64, 40), (false, false)),
            ((20, 128, 128), (false, false)),
        ] {
            check::<f32>(size, transposed, f64::from(f32::EPSILON), 7);
        }
    }

    #[test]
    fn every_size_of_a_side_beside_few_others() {
        for size in 1..=70 {
            for (shape, transposed) in [
                ((5, size, 1), (false, false)),
                ((size, 1, 1), (false, false)),
                ((1, size, 5), (false, false)),
                ((1, 1, size), (false, false)),
                ((5, 1, size), (false, false)),
                ((1, 5, size), (false, true)),
            ] {
                check::<f32>(shape, transposed, f64::from(f32::EPSILON), size as u64);
            }
        }
    }

    #[test]
    fn a_product_too_small_for_a_number_keeps_its_sign_alone_and_among_others() {
        let (x, w) = ([1e-30_f32, 1.0], [-1e-30_f32]);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let [two, one] = [2, 1].map(|m| {
                product(isa, Matrix::zeros(m, 1), Accum::Replace, MatRef::new(&x[..m], m, 1), MatRef::new(&w, 1, 1))
            });
            assert_eq!(one[(0, 0)].to_bits(), two[(0, 0)].to_bits(), "{isa:?}");
        }
    }

    #[test]
    fn every_size_of_a_single_tile() {
        for (m, n, k) in (2..=9).flat_map(|m| (2..=17).flat_map(move |n| [1, 7, 256, 257].map(|k| (m, n, k)))) {
            for transposed in [(false, false), (false, true), (true, false), (true, true)] {
                check::<f32>((m, n, k), transposed, f64::from(f32::EPSILON), (m * n) as u64);
            }
        }
    }

    #[test]
    fn a_single_tile_over_a_part_of_a_wide_factor() {
        for (m, n) in [(3, 8), (3, 16), (8, 5), (6, 16)] {
            let (x, w) = (values::<f32>(m * 40, 1), values::<f32>(40 * 300, 2));
            let rhs = MatRef { n_columns: n, ..MatRef::new(&w, 40, 300) };
            let narrow: Vec<f32> = (0..40).flat_map(|i| w[i * 300..i * 300 + n].to_vec()).collect();
            for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
                let of = |rhs| product(isa, Matrix::zeros(m, n), Accum::Replace, MatRef::new(&x, m, 40), rhs);
                assert_eq!(of(rhs).data(), of(MatRef::new(&narrow, 40, n)).data(), "{isa:?}, {m} x {n}");
            }
        }
    }

    /// From where on values begin with a line of the cache.
    pub(in crate::kernels) fn start_of_line(room: &[f32]) -> usize {
        room.as_ptr().align_offset(64)
    }

    /// `dst (+)= lhs · rhs` from ones on, in memory that begins `shift` elements after the beginning of a line.
    fn in_lines(
        isa: Isa,
        (accum, finish): (Accum, Finish<'_, f32>),
        (lhs, rhs): (MatRef<'_, f32>, MatRef<'_, f32>),
        shift: usize,
    ) -> Vec<f32> {
        let (m, n, k) = (lhs.n_rows, rhs.n_columns, lhs.n_columns);
        let mut room = vec![1.0; m * n + 2 * LINE];
        let start = start_of_line(&room) + shift;
        let mut scratch = vec![f32::NAN; matmul_scratch(m, n, k)];
        let dst = MatMut::new(&mut room[start..start + m * n], m, n);
        finished(isa, dst, accum, (lhs, rhs), finish, &mut scratch);
        assert!(room[..start].iter().chain(&room[start + m * n..]).all(|x| *x == 1.0), "written past the end");
        room.drain(start..start + m * n).collect()
    }

    /// Whole vectors, which go past the caches where nothing else is done to them, and others; one block of columns, and
    /// several; few rows.
    #[test]
    fn a_destination_beyond_every_cache_holds_the_same_rows() {
        for (m, n, k) in [(3995, 2100, 9), (3972, 2112, 9), (3972, 2112, 128), (8, 1 << 20, 3)] {
            assert!(m * n >= FAR);
            let (x, w, bias) = (values::<f32>(m * k, 1), values::<f32>(k * n, 2), values::<f32>(n, 3));
            let (lhs, rhs) = (MatRef::new(&x, k, m).transposed(), MatRef::new(&w, k, n));
            let both = Finish { bias: Some(&bias), relu: true };
            for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
                for (accum, finish, shift) in [
                    (Accum::Replace, Finish::NONE, 0),
                    (Accum::Replace, Finish::NONE, 1),
                    (Accum::Replace, both, 0),
                    (Accum::Add, Finish::NONE, 0),
                ] {
                    let all = in_lines(isa, (accum, finish), (lhs, rhs), shift);
                    for (row, n_rows) in [(0, 3), (m / 2, 4.min(m / 2)), (m - 7, 7)] {
                        let left = block(lhs, (row, n_rows), (0, k));
                        let few = in_lines(isa, (accum, finish), (left, rhs), 0);
                        let same = few == all[row * n..(row + n_rows) * n];
                        assert!(same, "{isa:?}, {accum:?}, {finish:?}, {m} x {n} over {k}, from row {row} on");
                    }
                }
            }
        }
    }

    /// More than a block of k, no whole number of rows at once, and stretches of which the last has no whole number of
    /// vectors; stretches that the scratch makes shorter; a part of a wider factor.
    #[test]
    fn few_rows_over_a_factor_beyond_every_cache_are_the_same_among_others() {
        for (k, n, apart) in [(2051, 4091, 4091), (9, 932_068, 932_068), (2051, 4096, 4101)] {
            assert!(k * n >= FAR);
            let (x, w, bias) = (values::<f32>(9 * k, 1), values::<f32>(k * apart, 2), values::<f32>(n, 3));
            let rhs = MatRef { n_columns: n, ..MatRef::new(&w, k, apart) };
            let both = Finish { bias: Some(&bias), relu: true };
            for lhs in [MatRef::new(&x, 9, k), MatRef::new(&x, k, 9).transposed()] {
                for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
                    for (accum, finish) in [(Accum::Add, Finish::NONE), (Accum::Replace, both)] {
                        let all = in_lines(isa, (accum, finish), (lhs, rhs), 0);
                        for n_rows in 1..=8 {
                            let few = in_lines(isa, (accum, finish), (block(lhs, (1, n_rows), (0, k)), rhs), 0);
                            assert!(
                                few == all[n..(1 + n_rows) * n],
                                "{isa:?}, {accum:?}, {n_rows} rows of {n} over {k}"
                            );
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn a_zero_times_an_infinity_is_nan() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let lhs = Matrix::from_rows(2, 2, vec![0.0_f32, 1.0, 1.0, 0.0]);
            let rhs = Matrix::from_rows(2, 2, vec![f32::INFINITY, 1.0, 2.0, f32::NAN]);
            let dst = product(isa, Matrix::zeros(2, 2), Accum::Replace, lhs.view(), rhs.view());
            assert!(dst[(0, 0)].is_nan() && dst[(0, 1)].is_nan() && dst[(1, 1)].is_nan());
            assert_eq!(dst[(1, 0)], f32::INFINITY);
        }
    }
}
