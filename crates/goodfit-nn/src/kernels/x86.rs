//! [`Vector`]s of x86-64: AVX-512 and AVX2 with FMA.

#[allow(clippy::wildcard_imports)]
use std::arch::x86_64::*;

use super::simd::Vector;
use super::tile::{TileFn, up_to_6, up_to_8};
use super::transpose::{first_lanes, transpose_avx};

/// 16 lanes of 512 bits.
#[derive(Clone, Copy)]
pub(super) struct Avx512(__m512);

/// 8 lanes of 256 bits with AVX-512's masks: on processors that run 512-bit instructions in two
/// halves (Zen 4), a remainder of at most 8 columns costs half as much in it.
#[derive(Clone, Copy)]
pub(super) struct Avx512Half(__m256);

/// 8 lanes of 256 bits.
#[derive(Clone, Copy)]
pub(super) struct Avx2(__m256);

// "The contract" below is that of `Vector`'s methods: the processor has the features of the type, and
// pointers are valid for the elements named. The intrinsics used take any alignment, but for `stream`.

impl Vector for Avx512 {
    type Element = f32;
    type Half = Avx512Half;
    const LANES: usize = 16;
    const TILE_VECTORS: usize = 4;
    const SUM_VECTORS: usize = 13;
    const LOADS_PARTS: bool = true;
    const LOOKS_AHEAD: bool = true;

    /// 24 accumulators at most, of 32 registers.
    fn tile_rows(vectors: usize) -> usize {
        if vectors == 4 { 6 } else { 8 }
    }
    fn tile(rows: usize, full: usize, half: bool, direct: bool) -> TileFn<f32> {
        if direct { avx512_tile::<true>(rows, full, half) } else { avx512_tile::<false>(rows, full, half) }
    }

    #[inline(always)]
    unsafe fn call<R>(f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx512f,avx512vl,avx512bw,avx512dq,avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
        fn with_features<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: the caller vouches for the features.
        unsafe { with_features(f) }
    }
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm512_setzero_ps() })
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm512_set1_ps(x) })
    }
    #[inline(always)]
    unsafe fn lower(self) -> Avx512Half {
        // SAFETY: the contract.
        Avx512Half(unsafe { _mm512_castps512_ps256(self.0) })
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm512_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn prefetch(from: *const u8) {
        // SAFETY: a prefetch reads nothing; the processor has SSE.
        unsafe { _mm_prefetch(from.cast(), _MM_HINT_T0) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm512_maskz_loadu_ps(((1_u32 << n) - 1) as __mmask16, from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the contract.
        unsafe { _mm512_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        // SAFETY: the contract.
        unsafe { _mm512_stream_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn fence() {
        // SAFETY: the processor has SSE.
        unsafe { _mm_sfence() }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize) {
        // SAFETY: the contract.
        unsafe { _mm512_mask_storeu_ps(to, ((1_u32 << n) - 1) as __mmask16, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm512_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn total(self) -> f32 {
        // SAFETY: the contract.
        unsafe {
            let upper = _mm256_castpd_ps(_mm512_extractf64x4_pd::<1>(_mm512_castps_pd(self.0)));
            Avx2(_mm256_add_ps(_mm512_castps512_ps256(self.0), upper)).total()
        }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // Of a NaN and of two zeros the second operand is taken.
        // SAFETY: the contract.
        Self(unsafe { _mm512_add_ps(_mm512_max_ps(_mm512_setzero_ps(), self.0), _mm512_setzero_ps()) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm512_fmadd_ps(self.0, factor.0, addend.0) })
    }
    #[inline(always)]
    unsafe fn transpose8(from: *const f32, from_stride: usize, shape: (usize, usize), to: *mut f32, to_stride: usize) {
        // SAFETY: the contract.
        unsafe { transpose_avx(from, from_stride, shape, to, to_stride) }
    }
}

fn avx512_tile<const DIRECT: bool>(rows: usize, full: usize, half: bool) -> TileFn<f32> {
    match (full, half) {
        (0, _) => up_to_8::<Avx512, 0, true, DIRECT>(rows),
        (1, false) => up_to_8::<Avx512, 1, false, DIRECT>(rows),
        (1, true) => up_to_8::<Avx512, 1, true, DIRECT>(rows),
        (2, false) => up_to_8::<Avx512, 2, false, DIRECT>(rows),
        (2, true) => up_to_8::<Avx512, 2, true, DIRECT>(rows),
        (3, false) => up_to_8::<Avx512, 3, false, DIRECT>(rows),
        (3, true) => up_to_6::<Avx512, 3, true, DIRECT>(rows),
        (4, false) => up_to_6::<Avx512, 4, false, DIRECT>(rows),
        _ => unreachable!("a tile of {full} vectors"),
    }
}

impl Vector for Avx512Half {
    type Element = f32;
    type Half = Self;
    const LANES: usize = 8;
    const TILE_VECTORS: usize = 0;
    const SUM_VECTORS: usize = 13;
    const LOADS_PARTS: bool = true;

    fn tile_rows(_vectors: usize) -> usize {
        unreachable!("a half is part of other tiles")
    }
    fn tile(_rows: usize, _full: usize, _half: bool, _direct: bool) -> TileFn<f32> {
        unreachable!("a half is part of other tiles")
    }

    #[inline(always)]
    unsafe fn call<R>(f: impl FnOnce() -> R) -> R {
        // SAFETY: the contract.
        unsafe { Avx512::call(f) }
    }
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_setzero_ps() })
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_set1_ps(x) })
    }
    #[inline(always)]
    unsafe fn lower(self) -> Self {
        self
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_maskz_loadu_ps(((1_u32 << n) - 1) as __mmask8, from) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the contract.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize) {
        // SAFETY: the contract.
        unsafe { _mm256_mask_storeu_ps(to, ((1_u32 << n) - 1) as __mmask8, self.0) }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn total(self) -> f32 {
        // SAFETY: the contract.
        unsafe { Avx2(self.0).total() }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // Of a NaN and of two zeros the second operand is taken.
        // SAFETY: the contract.
        Self(unsafe { _mm256_add_ps(_mm256_max_ps(_mm256_setzero_ps(), self.0), _mm256_setzero_ps()) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, addend.0) })
    }
}

impl Vector for Avx2 {
    type Element = f32;
    type Half = Self;
    const LANES: usize = 8;
    const TILE_VECTORS: usize = 2;
    const SUM_VECTORS: usize = 13;
    const LOADS_PARTS: bool = false;

    /// 12 accumulators at most, of 16 registers.
    fn tile_rows(vectors: usize) -> usize {
        // One vector needs 8 chains to hide the latency of the additions.
        if vectors == 1 { 8 } else { 6 }
    }
    fn tile(rows: usize, full: usize, _half: bool, _direct: bool) -> TileFn<f32> {
        if full == 1 { up_to_8::<Self, 1, false, false>(rows) } else { up_to_6::<Self, 2, false, false>(rows) }
    }

    #[inline(always)]
    unsafe fn call<R>(f: impl FnOnce() -> R) -> R {
        #[target_feature(enable = "avx2,fma,bmi1,bmi2,lzcnt,popcnt")]
        fn with_features<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        // SAFETY: the caller vouches for the features.
        unsafe { with_features(f) }
    }
    #[inline(always)]
    unsafe fn zero() -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_setzero_ps() })
    }
    #[inline(always)]
    unsafe fn splat(x: f32) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_set1_ps(x) })
    }
    #[inline(always)]
    unsafe fn lower(self) -> Self {
        self
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_loadu_ps(from) })
    }
    #[inline(always)]
    unsafe fn prefetch(from: *const u8) {
        // SAFETY: a prefetch reads nothing; the processor has SSE.
        unsafe { _mm_prefetch(from.cast(), _MM_HINT_T0) }
    }
    #[inline(always)]
    unsafe fn load_first(from: *const f32, n: usize) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_maskload_ps(from, first_lanes(n)) })
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut f32) {
        // SAFETY: the contract.
        unsafe { _mm256_storeu_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn stream(self, to: *mut f32) {
        // SAFETY: the contract.
        unsafe { _mm256_stream_ps(to, self.0) }
    }
    #[inline(always)]
    unsafe fn fence() {
        // SAFETY: the processor has SSE.
        unsafe { _mm_sfence() }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut f32, n: usize) {
        // Four, two and one: masked stores are slow on some processors.
        // SAFETY: the contract; each part ends at n.
        unsafe {
            if n == 8 {
                return self.store(to);
            }
            let (mut rest, mut at) = (_mm256_castps256_ps128(self.0), to);
            if n & 4 > 0 {
                _mm_storeu_ps(at, rest);
                (rest, at) = (_mm256_extractf128_ps::<1>(self.0), at.add(4));
            }
            if n & 2 > 0 {
                _mm_storel_pd(at.cast(), _mm_castps_pd(rest));
                (rest, at) = (_mm_movehl_ps(rest, rest), at.add(2));
            }
            if n & 1 > 0 {
                _mm_store_ss(at, rest);
            }
        }
    }
    #[inline(always)]
    unsafe fn add(self, other: Self) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_add_ps(self.0, other.0) })
    }
    #[inline(always)]
    unsafe fn total(self) -> f32 {
        // SAFETY: the contract.
        unsafe {
            let four = _mm_add_ps(_mm256_castps256_ps128(self.0), _mm256_extractf128_ps::<1>(self.0));
            let two = _mm_add_ps(four, _mm_movehl_ps(four, four));
            _mm_cvtss_f32(_mm_add_ss(two, _mm_movehdup_ps(two)))
        }
    }
    #[inline(always)]
    unsafe fn relu(self) -> Self {
        // Of a NaN and of two zeros the second operand is taken.
        // SAFETY: the contract.
        Self(unsafe { _mm256_add_ps(_mm256_max_ps(_mm256_setzero_ps(), self.0), _mm256_setzero_ps()) })
    }
    #[inline(always)]
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self {
        // SAFETY: the contract.
        Self(unsafe { _mm256_fmadd_ps(self.0, factor.0, addend.0) })
    }
    #[inline(always)]
    unsafe fn transpose8(from: *const f32, from_stride: usize, shape: (usize, usize), to: *mut f32, to_stride: usize) {
        // SAFETY: the contract.
        unsafe { transpose_avx(from, from_stride, shape, to, to_stride) }
    }
}
