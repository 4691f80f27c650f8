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
//! Measured (Zen 1, one core, AVX2; microseconds when they were packed like other products, now, and by the crate `gemm`):
//! 1 x 256 over 256 with rows in one piece 21, 6, 10; 256 x 1 over 256 23, 6, 7, its transpose 18, 6, 10; 256 x 256 over 1
//! 31, 9, 9.

use super::Accum;
use super::matmul::{K_BLOCK, MAX_LANES, cuts};
use super::simd::{Operation, Vector};
use crate::{Float, MatRef};

/// Chains of a dot product, in vectors.
const CHAINS: usize = 4;
/// Most sums of a row at a time; a multiple of every vector's length.
const MOST_SUMS: usize = 4096;
/// Rows of the right factor that are added to a row of sums at once.
const TOGETHER: usize = 4;

/// `dst (+)= lhs · rhs` for one row, over rows of `rhs` in one piece each.
pub(super) struct Row<'a, T> {
    /// n
    pub(super) dst: &'a mut [T],
    pub(super) accum: Accum,
    /// 1 x k
    pub(super) lhs: MatRef<'a, T>,
    /// k x n
    pub(super) rhs: MatRef<'a, T>,
    pub(super) scratch: &'a mut [T],
}

impl<T: Float> Operation<T> for Row<'_, T> {
    type Output = ();

    unsafe fn run<V: Vector<Element = T>>(mut self) {
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                || self.blocks::<V>(),
            );
        }
    }
}

impl<T: Float> Row<'_, T> {
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn blocks<V: Vector<Element = T>>(&mut self) {
        let (dst, accum, lhs, rhs, scratch) = (&mut *self.dst, self.accum, self.lhs, self.rhs, &mut *self.scratch);
        let (n, k) = (rhs.n_columns, rhs.n_rows);
        // The longer the stretches of a row, the better memory is read ahead; sums stay in the first-level cache.
        let n_block = (scratch.len() / V::LANES * V::LANES).min(MOST_SUMS);
        for n0 in (0..n).step_by(n_block) {
            let dst = &mut dst[n0..(n0 + n_block).min(n)];
            let sums = &mut scratch[..dst.len().next_multiple_of(V::LANES)];
            for (k0, k_block) in cuts(k, K_BLOCK) {
                let mut i = k0;
                let row = |i: usize| (lhs.data[i * lhs.column_stride], rhs.data[i * rhs.row_stride + n0..].as_ptr());
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
pub(super) struct Column<'a, T> {
    /// m
    pub(super) dst: &'a mut [T],
    pub(super) accum: Accum,
    /// m x k
    pub(super) lhs: MatRef<'a, T>,
    /// k
    pub(super) rhs: &'a [T],
}

impl<T: Float> Operation<T> for Column<'_, T> {
    type Output = ();

    unsafe fn run<V: Vector<Element = T>>(mut self) {
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                || self.dots::<V>(),
            );
        }
    }
}

impl<T: Float> Column<'_, T> {
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn dots<V: Vector<Element = T>>(&mut self) {
        // SAFETY: the caller vouches for the features.
        unsafe { if V::LOADS_PARTS { self.dots_by::<V, 4>() } else { self.dots_by::<V, 2>() } }
    }

    /// As many rows at once as leave their sums in registers.
    ///
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn dots_by<V: Vector<Element = T>, const ROWS: usize>(&mut self) {
        let (dst, accum, lhs, rhs) = (&mut *self.dst, self.accum, self.lhs, self.rhs);
        let put = |dst: &mut T, sum: T| *dst = if accum == Accum::Add { *dst + sum } else { sum };
        let row = |i: usize| lhs.data[i * lhs.row_stride..][..rhs.len()].as_ptr();
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

/// The dot products of N rows with a column.
///
/// # Safety
/// The processor has the features of `V`; the rows are as long as the column.
#[inline(always)]
unsafe fn dots<V: Vector, const N: usize>(rows: [*const V::Element; N], column: &[V::Element]) -> [V::Element; N] {
    let (k, right) = (column.len(), column.as_ptr());
    // SAFETY: the caller's contract; vectors end at k.
    unsafe {
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
pub(super) struct Outer<'a, T> {
    /// m x n
    pub(super) dst: &'a mut [T],
    pub(super) accum: Accum,
    /// m x 1
    pub(super) lhs: MatRef<'a, T>,
    /// n
    pub(super) rhs: &'a [T],
}

impl<T: Float> Operation<T> for Outer<'_, T> {
    type Output = ();

    unsafe fn run<V: Vector<Element = T>>(mut self) {
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                || self.terms::<V>(),
            );
        }
    }
}

impl<T: Float> Outer<'_, T> {
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn terms<V: Vector<Element = T>>(&mut self) {
        let (lhs, rhs) = (self.lhs, self.rhs);
        let whole = rhs.len() - rhs.len() % V::LANES;
        let mut rest = &mut *self.dst;
        for i in 0..lhs.n_rows {
            let (dst, others) = rest.split_at_mut(rhs.len());
            rest = others;
            // SAFETY: the caller's contract; vectors end with `rhs`, which is as long as `dst`.
            unsafe {
                let left = V::splat(lhs.data[i * lhs.row_stride]);
                let term = |j: usize| {
                    let right = rhs.as_ptr().add(j);
                    let right = if j < whole { V::load(right) } else { V::load_first(right, rhs.len() - j) };
                    left.mul_add(right, V::zero())
                };
                put_all::<V>(dst, self.accum, term);
            }
        }
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
