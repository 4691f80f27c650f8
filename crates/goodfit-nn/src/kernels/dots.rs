//! Dot products: a single element, a single column, and a single row over a transposed factor.
//!
//! Shapes: `dst` m x 1, `lhs` m x k, `rhs` k x 1.
//!
//! Order of summation: the terms k, k + 4L, k + 8L, .. for vectors of L lanes are one chain, and the 4L chains are
//! added pairwise, whatever the number of rows. Up to 3L terms the chains without a term are left out; up to L / 2, where a
//! vector has a half, L is that of the half.
//!
//! The functions are not inlined: the caller is a short one then, which leaves its numbers in registers.

use super::simd::{Operation, Vector};
use super::{Accum, Isa};
use crate::Float;

/// Chains of a dot product, in vectors.
const CHAINS: usize = 4;

/// The only element of 1 x 1: [`column()`] of one row, for which fewer numbers go from call to call.
#[inline(never)]
pub(super) fn element<T: Float>(isa: Isa, lhs: &[T], rhs: &[T]) -> T {
    assert_eq!(lhs.len(), rhs.len());
    // SAFETY: as was just checked.
    unsafe { T::dispatch(isa, Element { lhs, rhs }) }
}

/// `dst (+)= lhs · rhs` for one column, over rows of `lhs`, `lhs_row` apart, and a column in one piece each.
#[inline(never)]
pub(super) fn column<T: Float>(isa: Isa, dst: &mut [T], accum: Accum, lhs: &[T], lhs_row: usize, rhs: &[T]) {
    // SAFETY: nothing but slices.
    unsafe { T::dispatch(isa, Column { dst, accum, lhs, lhs_row, rhs }) }
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
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                move || match self.rhs.len() {
                    k if k <= V::Half::LANES => self.short_dots::<V::Half>(),
                    k if k <= V::LANES => self.short_dots::<V>(),
                    _ if V::LOADS_PARTS => self.dots_by::<V, 4>(),
                    _ => self.dots_by::<V, 2>(),
                },
            );
        }
    }
}

impl<T: Float> Column<'_, T> {
    /// [`dots_by`](Self::dots_by) of at most a vector, which stays in its register.
    ///
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn short_dots<V: Vector<Element = T>>(self) {
        let Self { dst, accum, lhs, lhs_row, rhs } = self;
        // SAFETY: the features are the caller's word; rows are as long as `rhs`, which is checked.
        unsafe {
            let right = V::load_first(rhs.as_ptr(), rhs.len());
            for (i, dst) in dst.iter_mut().enumerate() {
                let left = V::load_first(lhs[i * lhs_row..][..rhs.len()].as_ptr(), rhs.len());
                let sum = left.mul_add(right, V::zero()).total();
                *dst = if accum == Accum::Add { *dst + sum } else { sum };
            }
        }
    }

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

/// The dot product of two factors as long as each other.
struct Element<'a, T> {
    lhs: &'a [T],
    rhs: &'a [T],
}

impl<T: Float> Operation<T> for Element<'_, T> {
    type Output = T;

    #[inline(always)]
    unsafe fn run<V: Vector<Element = T>>(self) -> T {
        let (lhs, rhs) = (self.lhs.as_ptr(), self.rhs);
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                || {
                    if rhs.len() == 1 {
                        // As each element of `outer`: with the other lanes added, -0 would become 0.
                        return V::load_first(lhs, 1).mul_add(V::load_first(rhs.as_ptr(), 1), V::zero()).first();
                    }
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
        match k.div_ceil(V::LANES) {
            ..=1 if V::Half::LANES < V::LANES && k <= V::Half::LANES => return short::<V::Half, N, 1>(rows, column),
            ..=1 => return short::<V, N, 1>(rows, column),
            2 => return short::<V, N, 2>(rows, column),
            3 => return short::<V, N, 3>(rows, column),
            _ => {}
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
        let mut totals = [<V::Element as Float>::ZERO; N];
        for (total, [a, b, c, d]) in totals.iter_mut().zip(sums) {
            *total = a.add(b).add(c.add(d)).total();
        }
        totals
    }
}

/// [`dots`] of C vectors: of so many chains of one term each.
///
/// # Safety
/// As for [`dots`]; the column ends in the last of C vectors.
#[inline(always)]
unsafe fn short<V: Vector, const N: usize, const C: usize>(
    rows: [*const V::Element; N],
    column: &[V::Element],
) -> [V::Element; N] {
    let n_last = column.len() - (C - 1) * V::LANES;
    // SAFETY: the caller's contract; the last vector ends at `n_last`.
    unsafe {
        let mut right = [V::zero(); C];
        for (j, right) in right.iter_mut().enumerate() {
            let from = column.as_ptr().add(j * V::LANES);
            *right = if j + 1 < C { V::load(from) } else { V::load_first(from, n_last) };
        }
        let mut totals = [<V::Element as Float>::ZERO; N];
        for (total, row) in totals.iter_mut().zip(rows) {
            let mut sum = V::zero();
            for (j, &right) in right.iter().enumerate() {
                let from = row.add(j * V::LANES);
                let left = if j + 1 < C { V::load(from) } else { V::load_first(from, n_last) };
                let chain = left.mul_add(right, V::zero());
                // In the order of pairs.
                sum = if j == 0 { chain } else { sum.add(chain) };
            }
            *total = sum.total();
        }
        totals
    }
}
