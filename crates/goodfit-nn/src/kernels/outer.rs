//! Products over a single term: every row is one row times a factor.
//!
//! Shapes: `dst` m x n, `lhs` m x 1, `rhs` 1 x n.

use super::row::store_row;
use super::simd::{Operation, Vector};
use super::{Accum, Isa};
use crate::Float;

/// How many vectors of a long row are written at a time.
const AT_ONCE: usize = 8;

/// `dst (+)= lhs · rhs` over one k: elements of `lhs`, `lhs_row` apart, and a row in one piece.
#[inline(never)]
pub(super) fn outer<T: Float>(isa: Isa, dst: &mut [T], accum: Accum, lhs: &[T], lhs_row: usize, rhs: &[T]) {
    // SAFETY: nothing but slices.
    unsafe { T::dispatch(isa, Outer { dst, accum, lhs, lhs_row, rhs }) }
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
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                #[inline(always)]
                move || match (self.accum, self.rhs.len() % V::LANES, self.rhs.len() / V::LANES) {
                    (Accum::Replace, 0, 1) => self.whole_vectors::<V, 1>(),
                    (Accum::Replace, 0, 2) => self.whole_vectors::<V, 2>(),
                    (Accum::Replace, 0, 3) => self.whole_vectors::<V, 3>(),
                    (Accum::Replace, 0, 4) => self.whole_vectors::<V, 4>(),
                    _ => self.terms::<V>(),
                },
            );
        }
    }
}

impl<T: Float> Outer<'_, T> {
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn whole_vectors<V: Vector<Element = T>, const N: usize>(self) {
        let Self { dst, lhs, lhs_row, rhs, .. } = self;
        assert_eq!(rhs.len(), N * V::LANES);
        // SAFETY: the caller's contract; `rhs` and each row of `dst` are N vectors.
        unsafe {
            let mut right = [V::zero(); N];
            for (j, right) in right.iter_mut().enumerate() {
                *right = V::load(rhs.as_ptr().add(j * V::LANES));
            }
            for (dst, &left) in dst.chunks_exact_mut(N * V::LANES).zip(lhs.iter().step_by(lhs_row)) {
                let left = V::splat(left);
                for (j, &right) in right.iter().enumerate() {
                    left.mul_add(right, V::zero()).store(dst.as_mut_ptr().add(j * V::LANES));
                }
            }
        }
    }

    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn terms<V: Vector<Element = T>>(self) {
        let Self { dst: mut rest, accum, lhs, lhs_row, rhs } = self;
        let mut place = 0;
        assert!(!rhs.is_empty());
        // Not in chunks, of which the number would have to be found by a division.
        while !rest.is_empty() {
            let (dst, below) = rest.split_at_mut(rhs.len());
            // SAFETY: the caller's contract; a row is as long as `rhs`.
            unsafe {
                let left = V::splat(lhs[place]);
                // A short row would spend a part of its time on finding out that it has not so many vectors.
                if rhs.len() < AT_ONCE * V::LANES {
                    store_row::<V>(dst, accum, |j| term(left, rhs, j));
                } else {
                    store_long_row::<V>(dst, accum, |j| term(left, rhs, j));
                }
            }
            (rest, place) = (below, place + lhs_row);
        }
    }
}

/// A vector of `left` times a row, from element j on.
///
/// # Safety
/// The processor has the features of `V`; `j` is a multiple of its lanes, below the length of the row.
#[inline(always)]
unsafe fn term<V: Vector>(left: V, row: &[V::Element], j: usize) -> V {
    let whole = row.len() - row.len() % V::LANES;
    // SAFETY: vectors end with the row.
    unsafe {
        let right = row.as_ptr().add(j);
        left.mul_add(if j < whole { V::load(right) } else { V::load_first(right, row.len() - j) }, V::zero())
    }
}

/// [`store_row`] for a long row: several vectors at a time.
///
/// # Safety
/// The processor has the features of `V`.
#[inline(always)]
unsafe fn store_long_row<V: Vector>(dst: &mut [V::Element], accum: Accum, value: impl Fn(usize) -> V) {
    let whole = if accum == Accum::Add { 0 } else { dst.len() - dst.len() % (AT_ONCE * V::LANES) };
    // SAFETY: vectors end at the row's end.
    unsafe {
        for j in (0..whole).step_by(AT_ONCE * V::LANES) {
            let mut values = [V::zero(); AT_ONCE];
            for (i, at) in values.iter_mut().enumerate() {
                *at = value(j + i * V::LANES);
            }
            for (i, value) in values.iter().enumerate() {
                value.store(dst.as_mut_ptr().add(j + i * V::LANES));
            }
        }
        store_row::<V>(&mut dst[whole..], accum, |j| value(whole + j));
    }
}
