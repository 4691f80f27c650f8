//! The product of a single row, or of few rows over a right factor that no cache holds.
//!
//! Shapes: `dst` m x n, `lhs` m x k, `rhs` k x n.
//!
//! The right factor is read once, in long stretches, as memory is read best; the sums of a stretch stay in a cache.
//!
//! Order of summation: as in any other product, so that a row has the same bytes alone and among others: predictions
//! are such rows.

use super::buffer::LINE;
use super::matmul::{FAR, K_BLOCK, MAX_LANES, cuts};
use super::simd::{Operation, Vector};
use super::{Accum, Isa};
use crate::{Float, MatRef};

/// Most sums of a single row at a time; a multiple of every vector's length.
const MOST_SUMS: usize = 4096;
/// The same of each of several rows.
const MOST_SUMS_OF_FEW: usize = 1024;

/// Whether a product is one for [`few_rows`].
pub(super) fn is_few_rows<V: Vector>(lhs: MatRef<'_, V::Element>, rhs: MatRef<'_, V::Element>) -> bool {
    // The factors of the rows that are added at once take registers.
    V::LOADS_PARTS && (2..=8).contains(&lhs.n_rows) && rhs.column_stride == 1 && rhs.n_rows * rhs.n_columns >= FAR
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
    unsafe { T::dispatch(isa, Rows::<T, 1> { dst, accum, lhs, lhs_row: 0, lhs_k, rhs, rhs_k, k, scratch }) }
}

/// `dst (+)= lhs · rhs` for 2 to 8 rows, over rows of `rhs` in one piece each.
///
/// # Safety
/// The processor has the features of `V`.
pub(super) unsafe fn few_rows<V: Vector>(
    dst: &mut [V::Element],
    accum: Accum,
    lhs: MatRef<'_, V::Element>,
    rhs: MatRef<'_, V::Element>,
    scratch: &mut [V::Element],
) {
    let (MatRef { data: lhs, row_stride: lhs_row, column_stride: lhs_k, n_rows, .. }, k) = (lhs, rhs.n_rows);
    let (rhs, rhs_k) = (rhs.data, rhs.row_stride);
    macro_rules! of {
        ($m:literal) => {
            Rows::<V::Element, $m> { dst, accum, lhs, lhs_row, lhs_k, rhs, rhs_k, k, scratch }.run::<V>()
        };
    }
    // SAFETY: the caller's contract.
    unsafe {
        match n_rows {
            2 => of!(2),
            3 => of!(3),
            4 => of!(4),
            5 => of!(5),
            6 => of!(6),
            7 => of!(7),
            8 => of!(8),
            _ => unreachable!("{n_rows} rows are not few"),
        }
    }
}

/// `dst (+)= lhs · rhs` for M rows, over rows of `rhs` in one piece each.
struct Rows<'a, T, const M: usize> {
    /// M rows of n elements.
    dst: &'a mut [T],
    accum: Accum,
    /// M rows of k elements: (i, j) stands at `i * lhs_row + j * lhs_k`.
    lhs: &'a [T],
    lhs_row: usize,
    lhs_k: usize,
    /// k rows of n elements, `rhs_k` apart.
    rhs: &'a [T],
    rhs_k: usize,
    k: usize,
    scratch: &'a mut [T],
}

impl<T: Float, const M: usize> Operation<T> for Rows<'_, T, M> {
    type Output = ();

    #[inline(always)]
    unsafe fn run<V: Vector<Element = T>>(self) {
        // SAFETY: the caller vouches for the features.
        unsafe {
            V::call(
                // As many rows of the right factor at once as leave all factors in registers.
                #[inline(always)]
                move || if M <= 4 { self.blocks::<V, 4>() } else { self.blocks::<V, 2>() },
            );
        }
    }
}

impl<T: Float, const M: usize> Rows<'_, T, M> {
    /// # Safety
    /// The processor has the features of `V`.
    #[inline(always)]
    unsafe fn blocks<V: Vector<Element = T>, const TOGETHER: usize>(self) {
        let Self { dst, accum, lhs, lhs_row, lhs_k, rhs, rhs_k, k, scratch } = self;
        let n = dst.len() / M;
        // The longer the stretches of a row, the better memory is read ahead.
        let most = if M == 1 { MOST_SUMS } else { MOST_SUMS_OF_FEW };
        // Rows of sums a page apart would stand in each other's way.
        let gap = if M == 1 { 0 } else { LINE };
        let n_block = ((scratch.len() / M - gap) / V::LANES * V::LANES).min(most);
        for n0 in (0..n).step_by(n_block) {
            let width = n_block.min(n - n0);
            let apart = width.next_multiple_of(V::LANES) + gap;
            let sums = &mut scratch[..M * apart];
            for (k0, k_block) in cuts(k, K_BLOCK) {
                let accum = if k0 == 0 { accum } else { Accum::Add };
                let right = |i: usize| rhs[i * rhs_k + n0..][..width].as_ptr();
                if M == 1 && width <= V::LANES {
                    // SAFETY: each row of `rhs` has elements for all of `dst`.
                    unsafe {
                        let mut sum = V::zero();
                        for i in k0..k0 + k_block {
                            sum = V::splat(lhs[i * lhs_k]).mul_add(V::load_first(right(i), width), sum);
                        }
                        store_row::<V>(&mut dst[n0..][..width], accum, |_| sum);
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
                        add_rows::<V, M, TOGETHER>(
                            sums.as_mut_ptr(),
                            (width, apart),
                            (left, lhs_row),
                            right,
                            TOGETHER * rhs_k,
                        );
                        i += TOGETHER;
                    }
                    for i in i..k0 + k_block {
                        let left = [&lhs[i * lhs_k..]];
                        add_rows::<V, M, 1>(sums.as_mut_ptr(), (width, apart), (left, lhs_row), [right(i)], rhs_k);
                    }
                    for m in 0..M {
                        let sums = sums[m * apart..].as_ptr();
                        store_row::<V>(&mut dst[m * n + n0..][..width], accum, |j| V::load(sums.add(j)));
                    }
                }
            }
        }
    }
}

/// Adds N rows of `n` elements, each times M factors, to M rows of sums, `apart` from each other, that fill whole vectors.
/// `left`: from the factor of the first row of sums on, those of the next `lhs_row` further. Of several rows of sums what
/// stands `ahead` of `right` is asked for: the processor does so by itself within a page alone, which is all of a stretch.
///
/// # Safety
/// The processor has the features of `V`; the pointers are valid for so many elements.
#[inline(always)]
unsafe fn add_rows<V: Vector, const M: usize, const N: usize>(
    sums: *mut V::Element,
    (n, apart): (usize, usize),
    (left, lhs_row): ([&[V::Element]; N], usize),
    right: [*const V::Element; N],
    ahead: usize,
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
