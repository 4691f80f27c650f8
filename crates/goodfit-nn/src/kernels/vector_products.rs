//! Products that are no more than a vector on one side: one row, one column, or sums of one term. Memory bounds them, so
//! nothing is packed.
//!
//! Shapes: as in [`matmul`](super::matmul()).
//!
//! Order of summation: a row is summed as in any other product, so that it has the same bytes alone and among others:
//! predictions are such rows. Only a single column has an order of its own, whatever the number of rows: the terms k,
//! k + 4L, k + 8L, .. for vectors of L lanes are one chain, and the 4L chains are added pairwise. So has a single row times
//! a transposed factor, the input gradient of a batch of one row, which is such a column transposed.
//!
//! Measured (Zen 3, one core, AVX2, beside the crate `gemm`): `benchsuite/runs/kernels-grid-zen3.txt`, batches and widths
//! of 1. What a call costs beside its arithmetic decides there: views are taken apart before a function is called with
//! their parts, since a view that was just written by its parts and is read whole waits for them to leave the core.

use super::matmul::{K_BLOCK, MAX_LANES, cuts};
use super::simd::{Operation, Vector};
use super::{Accum, Isa};
use crate::{Float, MatRef};

/// Chains of a dot product, in vectors.
const CHAINS: usize = 4;
/// Most sums of a row at a time; a multiple of every vector's length.
const MOST_SUMS: usize = 4096;
/// From how many elements on a row is written several vectors at a time.
const LONG: usize = 64;
/// Rows of the right factor that are added to a row of sums at once.
const TOGETHER: usize = 4;

/// One dot product.
#[inline(never)]
pub(super) fn dot<T: Float>(isa: Isa, lhs: &[T], rhs: &[T]) -> T {
    assert_eq!(lhs.len(), rhs.len());
    // SAFETY: as was just checked.
    unsafe { T::dispatch(isa, Dot { lhs, rhs }) }
}

/// `dst (+)= lhs · rhs` for one column, over rows of `lhs`, `lhs_row` apart, and a column in one piece each.
#[inline(never)]
pub(super) fn column<T: Float>(isa: Isa, dst: &mut [T], accum: Accum, lhs: &[T], lhs_row: usize, rhs: &[T]) {
    // SAFETY: nothing but slices.
    unsafe { T::dispatch(isa, Column { dst, accum, lhs, lhs_row, rhs }) }
}

/// `dst (+)= lhs · rhs` for one row, `lhs` with elements `lhs_k` apart, over rows of `rhs` in one piece each.
#[inline(never)]
pub(super) fn row<T: Float>(
    isa: Isa,
    dst: &mut [T],
    accum: Accum,
    lhs: (&[T], usize),
    rhs: MatRef<'_, T>,
    scratch: &mut [T],
) {
    let ((lhs, lhs_k), (rhs, rhs_k, k)) = (lhs, (rhs.data, rhs.row_stride, rhs.n_rows));
    // SAFETY: nothing but slices.
    unsafe { T::dispatch(isa, Row { dst, accum, lhs, lhs_k, rhs, rhs_k, k, scratch }) }
}

/// `dst (+)= lhs · rhs` over one k: elements of `lhs`, `lhs_row` apart, and a row in one piece.
#[inline(never)]
pub(super) fn outer<T: Float>(isa: Isa, dst: &mut [T], accum: Accum, lhs: &[T], lhs_row: usize, rhs: &[T]) {
    // SAFETY: nothing but slices.
    unsafe { T::dispatch(isa, Outer { dst, accum, lhs, lhs_row, rhs }) }
}

/// `dst (+)= lhs · rhs` for one row, over rows of `rhs` in one piece each.
struct Row<'a, T> {
    /// n
    dst: &'a mut [T],
    accum: Accum,
    /// k elements, `lhs_k` apart.
    lhs: &'a [T],
    lhs_k: usize,
    /// k rows of n elements, `rhs_k` apart.
    rhs: &'a [T],
    rhs_k: usize,
    k: usize,
    scratch: &'a mut [T],
}

impl<T: Float> Operation<T> for Row<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Element = T>>(self) {
        let Self { dst, accum, lhs, lhs_k, rhs, rhs_k, k, scratch } = self;
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                move || Row { dst, accum, lhs, lhs_k, rhs, rhs_k, k, scratch }.blocks::<V>(),
            );
        }
    }
}

impl<T: Float> Row<'_, T> {
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn blocks<V: Vector<Element = T>>(self) {
        let Self { dst, accum, lhs, lhs_k, rhs, rhs_k, k, scratch } = self;
        let n = dst.len();
        // The longer the stretches of a row, the better memory is read ahead; sums stay in the first-level cache.
        let n_block = (scratch.len() / V::LANES * V::LANES).min(MOST_SUMS);
        for n0 in (0..n).step_by(n_block) {
            let dst = &mut dst[n0..(n0 + n_block).min(n)];
            let sums = &mut scratch[..dst.len().next_multiple_of(V::LANES)];
            for (k0, k_block) in cuts(k, K_BLOCK) {
                let mut i = k0;
                let row = |i: usize| (lhs[i * lhs_k], rhs[i * rhs_k + n0..][..dst.len()].as_ptr());
                let accum = if k0 == 0 { accum } else { Accum::Add };
                if dst.len() <= V::LANES {
                    // SAFETY: each row of `rhs` has elements for all of `dst`.
                    unsafe {
                        let mut sum = V::zero();
                        for i in k0..k0 + k_block {
                            let (factor, row) = row(i);
                            sum = V::splat(factor).mul_add(V::load_first(row, dst.len()), sum);
                        }
                        put_all::<V>(dst, accum, |_| sum);
                    }
                    continue;
                }
                sums.fill(T::ZERO);
                // SAFETY: each row of `rhs` has elements for all of `dst`, and `sums` whole vectors for them.
                unsafe {
                    while i + TOGETHER <= k0 + k_block {
                        add_rows::<V, TOGETHER>(sums.as_mut_ptr(), dst.len(), std::array::from_fn(|j| row(i + j)));
                        i += TOGETHER;
                    }
                    for i in i..k0 + k_block {
                        add_rows::<V, 1>(sums.as_mut_ptr(), dst.len(), [row(i)]);
                    }
                    put_all::<V>(dst, accum, |j| V::load(sums.as_ptr().add(j)));
                }
            }
        }
    }
}

/// Adds N rows of `n` elements, each times a factor, to sums that fill whole vectors.
///
/// # Safety
/// The processor has the features of `V`; the pointers are valid for so many elements.
#[inline(always)]
unsafe fn add_rows<V: Vector, const N: usize>(
    sums: *mut V::Element,
    n: usize,
    rows: [(V::Element, *const V::Element); N],
) {
    // SAFETY: the caller's contract.
    unsafe {
        let factors = rows.map(|(factor, _)| V::splat(factor));
        let whole = n - n % V::LANES;
        for j in (0..whole).step_by(V::LANES) {
            let mut sum = V::load(sums.add(j));
            for (factor, (_, row)) in factors.iter().zip(rows) {
                sum = factor.mul_add(V::load(row.add(j)), sum);
            }
            sum.store(sums.add(j));
        }
        if whole < n {
            let mut sum = V::load(sums.add(whole));
            for (factor, (_, row)) in factors.iter().zip(rows) {
                sum = factor.mul_add(V::load_first(row.add(whole), n - whole), sum);
            }
            sum.store(sums.add(whole));
        }
    }
}

/// `dst (+)= lhs · rhs` for one column, over rows of `lhs` and a column in one piece each.
struct Column<'a, T> {
    /// m
    dst: &'a mut [T],
    accum: Accum,
    /// m rows of k elements, `lhs_row` apart.
    lhs: &'a [T],
    lhs_row: usize,
    /// k
    rhs: &'a [T],
}

impl<T: Float> Operation<T> for Column<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Element = T>>(self) {
        let Self { dst, accum, lhs, lhs_row, rhs } = self;
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                move || {
                    let column = Column { dst, accum, lhs, lhs_row, rhs };
                    if V::LOADS_PARTS { column.dots_by::<V, 4>() } else { column.dots_by::<V, 2>() }
                },
            );
        }
    }
}

impl<T: Float> Column<'_, T> {
    /// As many rows at once as leave their sums in registers.
    ///
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn dots_by<V: Vector<Element = T>, const ROWS: usize>(self) {
        let Self { dst, accum, lhs, lhs_row, rhs } = self;
        let put = |dst: &mut T, sum: T| *dst = if accum == Accum::Add { *dst + sum } else { sum };
        let row = |i: usize| lhs[i * lhs_row..][..rhs.len()].as_ptr();
        let (groups, rest) = dst.as_chunks_mut::<ROWS>();
        let n_grouped = groups.len() * ROWS;
        for (i, group) in groups.iter_mut().enumerate() {
            // SAFETY: the rows are as long as `rhs`, which was just checked.
            let sums = unsafe { dots::<V, ROWS>(std::array::from_fn(|j| row(i * ROWS + j)), rhs) };
            group.iter_mut().zip(sums).for_each(|(dst, sum)| put(dst, sum));
        }
        for (i, dst) in rest.iter_mut().enumerate() {
            // SAFETY: as above.
            let [sum] = unsafe { dots::<V, 1>([row(n_grouped + i)], rhs) };
            put(dst, sum);
        }
    }
}

/// One dot product, of two factors as long as each other.
struct Dot<'a, T> {
    lhs: &'a [T],
    rhs: &'a [T],
}

impl<T: Float> Operation<T> for Dot<'_, T> {
    type Output = T;

    #[inline(always)]
    unsafe fn run<V: Vector<Element = T>>(self) -> T {
        let (lhs, rhs) = (self.lhs.as_ptr(), self.rhs);
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                || {
                    let [sum] = dots::<V, 1>([lhs], rhs);
                    sum
                },
            )
        }
    }
}

/// The dot products of N rows with a column.
///
/// # Safety
/// The processor has the features of `V`; the rows are as long as the column.
#[inline(always)]
unsafe fn dots<V: Vector, const N: usize>(rows: [*const V::Element; N], column: &[V::Element]) -> [V::Element; N] {
    let (k, right) = (column.len(), column.as_ptr());
    // SAFETY: the caller's contract; vectors end at k.
    unsafe {
        if k <= V::LANES {
            // A single chain; the others would be zeros.
            let right = V::load_first(right, k);
            return rows.map(|row| V::load_first(row, k).mul_add(right, V::zero()).total());
        }
        let mut sums = [[V::zero(); CHAINS]; N];
        let mut place = 0;
        while place + CHAINS * V::LANES <= k {
            for chain in 0..CHAINS {
                let at = place + chain * V::LANES;
                let right = V::load(right.add(at));
                for (sums, row) in sums.iter_mut().zip(rows) {
                    sums[chain] = V::load(row.add(at)).mul_add(right, sums[chain]);
                }
            }
            place += CHAINS * V::LANES;
        }
        for chain in 0..CHAINS {
            let at = place + chain * V::LANES;
            let n = k.saturating_sub(at).min(V::LANES);
            if n > 0 {
                let right = V::load_first(right.add(at), n);
                for (sums, row) in sums.iter_mut().zip(rows) {
                    sums[chain] = V::load_first(row.add(at), n).mul_add(right, sums[chain]);
                }
            }
        }
        sums.map(|[a, b, c, d]| a.add(b).add(c.add(d)).total())
    }
}

/// `dst (+)= lhs · rhs` over one k, with `rhs` in one piece.
struct Outer<'a, T> {
    /// m x n
    dst: &'a mut [T],
    accum: Accum,
    /// m elements, `lhs_row` apart.
    lhs: &'a [T],
    lhs_row: usize,
    /// n
    rhs: &'a [T],
}

impl<T: Float> Operation<T> for Outer<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Element = T>>(self) {
        let Self { dst, accum, lhs, lhs_row, rhs } = self;
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                move || Outer { dst, accum, lhs, lhs_row, rhs }.terms::<V>(),
            );
        }
    }
}

impl<T: Float> Outer<'_, T> {
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn terms<V: Vector<Element = T>>(self) {
        let Self { dst, accum, lhs, lhs_row, rhs } = self;
        let rows = dst.chunks_exact_mut(rhs.len()).zip(lhs.iter().step_by(lhs_row));
        // SAFETY: the caller's contract.
        unsafe {
            for (dst, &left) in rows {
                let left = V::splat(left);
                if rhs.len() < LONG {
                    put_all::<V>(dst, accum, |j| term(left, rhs, j));
                } else {
                    put_long::<V>(dst, accum, |j| term(left, rhs, j));
                }
            }
        }
    }
}

/// A vector of `left` times a row, from element j on.
///
/// # Safety
/// The processor has the features of `V`.
#[inline(always)]
unsafe fn term<V: Vector>(left: V, row: &[V::Element], j: usize) -> V {
    let whole = row.len() - row.len() % V::LANES;
    // SAFETY: vectors end with the row.
    unsafe {
        let right = row.as_ptr().add(j);
        left.mul_add(if j < whole { V::load(right) } else { V::load_first(right, row.len() - j) }, V::zero())
    }
}

/// [`put_all`] for a long row: several vectors at a time.
///
/// # Safety
/// The processor has the features of `V`.
#[inline(always)]
unsafe fn put_long<V: Vector>(dst: &mut [V::Element], accum: Accum, value: impl Fn(usize) -> V) {
    let eights = if accum == Accum::Add { 0 } else { dst.len() - dst.len() % (8 * V::LANES) };
    // SAFETY: vectors end at the row's end.
    unsafe {
        for j in (0..eights).step_by(8 * V::LANES) {
            let values: [V; 8] = std::array::from_fn(|i| value(j + i * V::LANES));
            for (i, value) in values.into_iter().enumerate() {
                value.store(dst.as_mut_ptr().add(j + i * V::LANES));
            }
        }
        put_all::<V>(&mut dst[eights..], accum, |j| value(eights + j));
    }
}

/// Writes a row, vector by vector, each from where its first element stands.
///
/// # Safety
/// The processor has the features of `V`.
#[inline(always)]
unsafe fn put_all<V: Vector>(dst: &mut [V::Element], accum: Accum, value: impl Fn(usize) -> V) {
    let whole = dst.len() - dst.len() % V::LANES;
    // SAFETY: vectors end at the row's end.
    unsafe {
        for j in (0..whole).step_by(V::LANES) {
            let place = dst.as_mut_ptr().add(j);
            let value = value(j);
            if accum == Accum::Add { V::load(place).add(value).store(place) } else { value.store(place) }
        }
        let rest = &mut dst[whole..];
        if !rest.is_empty() {
            // One by one: a masked store takes longer than these where parts of vectors are not for free.
            let mut last = [<V::Element as Float>::ZERO; MAX_LANES];
            value(whole).store(last.as_mut_ptr());
            for (dst, last) in rest.iter_mut().zip(last) {
                *dst = if accum == Accum::Add { *dst + last } else { last };
            }
        }
    }
}
