//! Transposing a block of at most 8 x 8 elements: what packing a transposed matrix comes down to.

#[cfg(target_arch = "x86_64")]
#[allow(clippy::wildcard_imports)]
use std::arch::x86_64::*;

use crate::Float;

/// See [`Vector::transpose8`](super::simd::Vector::transpose8).
///
/// # Safety
/// `from` is valid for `n_rows` rows of `n_columns` elements, `to` for `n_columns` rows of 8.
#[inline(always)]
pub(super) unsafe fn transpose_plain<T: Float>(
    from: *const T,
    from_stride: usize,
    (n_rows, n_columns): (usize, usize),
    to: *mut T,
    to_stride: usize,
) {
    for c in 0..n_columns {
        for r in 0..8 {
            // SAFETY: (r, c) lies inside the block read, (c, r) inside the block written.
            unsafe { *to.add(c * to_stride + r) = if r < n_rows { *from.add(r * from_stride + c) } else { T::ZERO } }
        }
    }
}

/// The same in eight AVX registers: pairs, then pairs of pairs, then halves change places.
///
/// # Safety
/// As [`transpose_plain`], and the processor has AVX.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn transpose_avx(
    from: *const f32,
    from_stride: usize,
    (n_rows, n_columns): (usize, usize),
    to: *mut f32,
    to_stride: usize,
) {
    // SAFETY: the caller's contract; rows past `n_rows` and lanes past `n_columns` are neither read
    // nor written.
    unsafe {
        let mask = first_lanes(n_columns);
        let mut r = [_mm256_setzero_ps(); 8];
        if n_rows == 8 && n_columns == 8 {
            for (i, row) in r.iter_mut().enumerate() {
                *row = _mm256_loadu_ps(from.add(i * from_stride));
            }
        } else {
            for (i, row) in r.iter_mut().enumerate() {
                if i < n_rows {
                    *row = _mm256_maskload_ps(from.add(i * from_stride), mask);
                }
            }
        }
        let mut pairs = [_mm256_setzero_ps(); 8];
        for i in 0..4 {
            pairs[2 * i] = _mm256_unpacklo_ps(r[2 * i], r[2 * i + 1]);
            pairs[2 * i + 1] = _mm256_unpackhi_ps(r[2 * i], r[2 * i + 1]);
        }
        let mut fours = [_mm256_setzero_ps(); 8];
        for i in 0..2 {
            fours[4 * i] = _mm256_shuffle_ps::<0x44>(pairs[4 * i], pairs[4 * i + 2]);
            fours[4 * i + 1] = _mm256_shuffle_ps::<0xee>(pairs[4 * i], pairs[4 * i + 2]);
            fours[4 * i + 2] = _mm256_shuffle_ps::<0x44>(pairs[4 * i + 1], pairs[4 * i + 3]);
            fours[4 * i + 3] = _mm256_shuffle_ps::<0xee>(pairs[4 * i + 1], pairs[4 * i + 3]);
        }
        let mut out = [_mm256_setzero_ps(); 8];
        for i in 0..4 {
            out[i] = _mm256_permute2f128_ps::<0x20>(fours[i], fours[i + 4]);
            out[i + 4] = _mm256_permute2f128_ps::<0x31>(fours[i], fours[i + 4]);
        }
        if n_columns == 8 {
            for (i, row) in out.iter().enumerate() {
                _mm256_storeu_ps(to.add(i * to_stride), *row);
            }
        } else {
            for (i, row) in out.iter().enumerate() {
                if i < n_columns {
                    _mm256_storeu_ps(to.add(i * to_stride), *row);
                }
            }
        }
    }
}

/// All bits set in the first `n` of 8 lanes.
///
/// # Safety
/// The processor has AVX2.
#[cfg(target_arch = "x86_64")]
#[inline(always)]
pub(super) unsafe fn first_lanes(n: usize) -> __m256i {
    // SAFETY: the caller's contract.
    unsafe { _mm256_cmpgt_epi32(_mm256_set1_epi32(n as i32), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7)) }
}
