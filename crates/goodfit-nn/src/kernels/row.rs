//! The product of a single row, or of few rows over a right factor that no cache holds.
//!
//! Shapes: `dst` m x n, `lhs` m x k, `rhs` k x n.
//!
//! The right factor is read once, in long stretches, as memory is read best; the sums of a stretch stay in a cache.
//!
//! Order of summation: as in any other product, so that a row has the same bytes alone and among others: predictions
//! are such rows.

use super::blocking::{FAR, K_BLOCK, MAX_LANES, cuts};
use super::buffer::LINE;
use super::finish::Finish;
use super::simd::{Operation, Vector};
use super::{Accum, Isa};
use crate::{Float, MatMut, MatRef};

/// Most sums of a single row at a time; a multiple of every vector's length.
const MOST_SUMS: usize = 4096;
/// Most rows that are few, and the most sums of each at a time.
const FEW: usize = 8;
const MOST_SUMS_OF_FEW: usize = 1024;

/// `dst (+)= lhs · rhs` for one row, `lhs` with elements `lhs_k` apart, over rows of `rhs` in one piece each.
#[inline(never)]
pub(super) fn row<T: Float>(
    isa: Isa,
    dst: &mut [T],
    accum: Accum,
    (lhs, lhs_k): (&[T], usize),
    rhs: MatRef<'_, T>,
    scratch: &mut [T],
) {
    let (n, dst) = (dst.len(), dst.as_mut_ptr());
    let rows = Rows {
        dst,
        dst_row: n,
        m: 1,
        n,
        accum,
        lhs,
        lhs_row: 0,
        lhs_k,
        rhs: rhs.data,
        rhs_k: rhs.row_stride,
        k: rhs.n_rows,
        scratch,
    };
    // SAFETY: the only row of `dst` has n elements.
    unsafe { T::dispatch(isa, rows) }
}

/// Whether a product is one for [`few_rows`]: no cache holds the right factor, and its rows are long.
pub(super) fn is_few_rows<V: Vector>(lhs: MatRef<'_, V::Element>, rhs: MatRef<'_, V::Element>) -> bool {
    V::LOADS_PARTS
        && (2..=FEW).contains(&lhs.n_rows)
        && rhs.column_stride == 1
        && rhs.n_columns >= MOST_SUMS_OF_FEW
        && rhs.n_rows * rhs.n_columns >= FAR
}

/// `dst (+)= lhs · rhs` where [`is_few_rows`] says so; rows of `dst` lie `dst_row` apart.
///
/// # Safety
/// The processor has the features of `V`; `dst` has a row of as many elements as `rhs` has columns for each row of `lhs`.
pub(super) unsafe fn few_rows<V: Vector>(
    (dst, dst_row): (*mut V::Element, usize),
    accum: Accum,
    (lhs, rhs): (MatRef<'_, V::Element>, MatRef<'_, V::Element>),
    finish: Finish<'_, V::Element>,
    scratch: &mut [V::Element],
) {
    let MatRef { data: left, row_stride: lhs_row, column_stride: lhs_k, n_rows: m, .. } = lhs;
    let MatRef { data: right, row_stride: rhs_k, n_rows: k, n_columns: n, .. } = rhs;
    // SAFETY: the caller's contract.
    unsafe {
        Rows { dst, dst_row, m, n, accum, lhs: left, lhs_row, lhs_k, rhs: right, rhs_k, k, scratch }.run::<V>();
        for i in 0..m {
            let row = std::slice::from_raw_parts_mut(dst.add(i * dst_row), n);
            finish.apply(&mut MatMut::new(row, 1, n));
        }
    }
}

/// `dst (+)= lhs · rhs`, over rows of `rhs` in one piece each.
struct Rows<'a, T> {
    /// m rows of n elements, `dst_row` apart.
    dst: *mut T,
    dst_row: usize,
    m: usize,
    n: usize,
    accum: Accum,
    /// Element (i, j) stands at `i * lhs_row + j * lhs_k`.
    lhs: &'a [T],
    lhs_row: usize,
    lhs_k: usize,
    /// k rows of n elements, `rhs_k` apart.
    rhs: &'a [T],
    rhs_k: usize,
    k: usize,
    scratch: &'a mut [T],
}

impl<T: Float> Operation<T> for Rows<'_, T> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Element = T>>(self) {
        // As many rows of the right factor at once as leave all factors in registers.
        // SAFETY: the caller vouches for the features and for `dst`.
        unsafe {
            match self.m {
                1 => self.call::<V, 1, 4>(),
                _ if !V::LOADS_PARTS => unreachable!("few rows of these vectors are no case of their own"),
                2 => self.call::<V, 2, 4>(),
                3 => self.call::<V, 3, 4>(),
                4 => self.call::<V, 4, 4>(),
                5 => self.call::<V, 5, 4>(),
                6 => self.call::<V, 6, 4>(),
                7 => self.call::<V, 7, 2>(),
                FEW => self.call::<V, FEW, 2>(),
                m => unreachable!("{m} rows are not few"),
            }
        }
    }
}

impl<T: Float> Rows<'_, T> {
    /// A function for each number of rows: one for all of them has no registers for the factors of many.
    ///
    /// # Safety
    /// As for [`blocks`](Self::blocks).
    #[inline(always)]
    unsafe fn call<V: Vector<Element = T>, const M: usize, const TOGETHER: usize>(self) {
        // SAFETY: the caller's contract.
        unsafe {
            V::call(
                #[inline(always)]
                move || self.blocks::<V, M, TOGETHER>(),
            );
        }
    }

    /// # Safety
    /// The processor has the features of `V`; `dst` has M rows of n elements.
    #[inline(always)]
    unsafe fn blocks<V: Vector<Element = T>, const M: usize, const TOGETHER: usize>(self) {
        let Self { dst, dst_row, n, accum, lhs, lhs_row, lhs_k, rhs, rhs_k, k, scratch, .. } = self;
        // The longer the stretches of a row, the better memory is read ahead. Rows of sums a page apart would stand in each
        // other's way.
        let (most, gap) = if M == 1 { (MOST_SUMS, 0) } else { (MOST_SUMS_OF_FEW, LINE) };
        let longest = ((scratch.len() / M - gap) / V::LANES * V::LANES).min(most);
        for n0 in (0..n).step_by(longest) {
            let width = longest.min(n - n0);
            let apart = width.next_multiple_of(V::LANES) + gap;
            let sums = &mut scratch[..M * apart];
            for (k0, k_block) in cuts(k, K_BLOCK) {
                let accum = if k0 == 0 { accum } else { Accum::Add };
                let right = |i: usize| rhs[i * rhs_k + n0..][..width].as_ptr();
                // SAFETY: the caller's word.
                let dst = |m: usize| unsafe { std::slice::from_raw_parts_mut(dst.add(m * dst_row + n0), width) };
                if M == 1 && width <= V::LANES {
                    // SAFETY: each row of `rhs` has elements for all of `dst`.
                    unsafe {
                        let mut sum = V::zero();
                        for i in k0..k0 + k_block {
                            sum = V::splat(lhs[i * lhs_k]).mul_add(V::load_first(right(i), width), sum);
                        }
                        store_row::<V>(dst(0), accum, |_| sum);
                    }
                    continue;
                }
                sums.fill(T::ZERO);
                let mut i = k0;
                // SAFETY: each row of `rhs` has elements for all of the stretch, and `sums` whole vectors for them.
                unsafe {
                    while i + TOGETHER <= k0 + k_block {
                        let left: [_; TOGETHER] = std::array::from_fn(|j| &lhs[(i + j) * lhs_k..]);
                        let right = std::array::from_fn(|j| right(i + j));
                        let place = (sums.as_mut_ptr(), apart);
                        add_rows::<V, M, TOGETHER>(place, width, (left, lhs_row), (right, TOGETHER * rhs_k));
                        i += TOGETHER;
                    }
                    for i in i..k0 + k_block {
                        let place = (sums.as_mut_ptr(), apart);
                        add_rows::<V, M, 1>(place, width, ([&lhs[i * lhs_k..]], lhs_row), ([right(i)], rhs_k));
                    }
                    for m in 0..M {
                        let sums = sums[m * apart..].as_ptr();
                        store_row::<V>(dst(m), accum, |j| V::load(sums.add(j)));
                    }
                }
            }
        }
    }
}

/// Adds N rows of `n` elements, each times M factors, to M rows of sums, `apart` from each other, that fill whole vectors.
/// `left`: from the factor of the first row of sums on, those of the next `lhs_row` further. Of several rows of sums what
/// stands `ahead` of `right` is asked for: the processor looks ahead within a page alone, and a stretch is about as long.
///
/// # Safety
/// The processor has the features of `V`; the pointers are valid for so many elements.
#[inline(always)]
unsafe fn add_rows<V: Vector, const M: usize, const N: usize>(
    (sums, apart): (*mut V::Element, usize),
    n: usize,
    (left, lhs_row): ([&[V::Element]; N], usize),
    (right, ahead): ([*const V::Element; N], usize),
) {
    // SAFETY: the caller's contract.
    unsafe {
        let mut factors = [[V::zero(); N]; M];
        for (m, factors) in factors.iter_mut().enumerate() {
            for (factor, left) in factors.iter_mut().zip(left) {
                *factor = V::splat(left[m * lhs_row]);
            }
        }
        let whole = n - n % V::LANES;
        for j in (0..whole).step_by(V::LANES) {
            let mut values = [V::zero(); N];
            for (value, right) in values.iter_mut().zip(right) {
                *value = V::load(right.add(j));
                if M > 1 {
                    V::prefetch(right.wrapping_add(j + ahead).cast());
                }
            }
            add_vectors(sums.add(j), apart, &factors, &values);
        }
        if whole < n {
            let mut values = [V::zero(); N];
            for (value, right) in values.iter_mut().zip(right) {
                *value = V::load_first(right.add(whole), n - whole);
            }
            add_vectors(sums.add(whole), apart, &factors, &values);
        }
    }
}

/// Adds N vectors, each times M factors, to M vectors of sums, `apart` from each other.
///
/// # Safety
/// The processor has the features of `V`; the pointers are valid for vectors.
#[inline(always)]
unsafe fn add_vectors<V: Vector, const M: usize, const N: usize>(
    sums: *mut V::Element,
    apart: usize,
    factors: &[[V; N]; M],
    values: &[V; N],
) {
    // SAFETY: the caller's contract.
    unsafe {
        for (m, factors) in factors.iter().enumerate() {
            let mut sum = V::load(sums.add(m * apart));
            for (factor, &value) in factors.iter().zip(values) {
                sum = factor.mul_add(value, sum);
            }
            sum.store(sums.add(m * apart));
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
        if !rest.is_empty() && V::LOADS_PARTS {
            let (place, n) = (rest.as_mut_ptr(), rest.len());
            let value = value(whole);
            if accum == Accum::Add {
                V::load_first(place, n).add(value).store_first(place, n);
            } else {
                value.store_first(place, n);
            }
        } else if !rest.is_empty() {
            // One by one: a masked store takes longer than these where parts of vectors are not for free.
            let mut last = [<V::Element as Float>::ZERO; MAX_LANES];
            value(whole).store(last.as_mut_ptr());
            for (dst, last) in rest.iter_mut().zip(last) {
                *dst = if accum == Accum::Add { *dst + last } else { last };
            }
        }
    }
}
