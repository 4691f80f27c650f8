//! The product of a single row.
//!
//! Shapes: `dst` 1 x n, `lhs` 1 x k, `rhs` k x n.
//!
//! Order of summation: as in any other product, so that a row has the same bytes alone and among others: predictions
//! are such rows.

use super::matmul::{K_BLOCK, MAX_LANES, cuts};
use super::simd::{Operation, Vector};
use super::{Accum, Isa};
use crate::{Float, MatRef};

/// Most sums of a row at a time; a multiple of every vector's length.
const MOST_SUMS: usize = 4096;
/// Rows of the right factor that are added to a row of sums at once.
const TOGETHER: usize = 4;

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
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                move || self.blocks::<V>(),
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
        // The longer the stretches of a row, the better memory is read ahead; sums stay in the first-level cache.
        let n_block = (scratch.len() / V::LANES * V::LANES).min(MOST_SUMS);
        for (n0, dst) in dst.chunks_mut(n_block).enumerate().map(|(i, dst)| (i * n_block, dst)) {
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
                        store_row::<V>(dst, accum, |_| sum);
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
                    store_row::<V>(dst, accum, |j| V::load(sums.as_ptr().add(j)));
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

/// Writes a row, vector by vector, each from where its first element stands.
///
/// # Safety
/// The processor has the features of `V`.
#[inline(always)]
pub(super) unsafe fn store_row<V: Vector>(dst: &mut [V::Element], accum: Accum, value: impl Fn(usize) -> V) {
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
