//! The vector types that the hand-written kernels are generic over.
//!
//! A kernel is written once over [`Vector`]; [`Dispatch`] picks the type for an [`Isa`].
//! Everything between [`Vector::call`] and an intrinsic is `#[inline(always)]`, so that the intrinsics end up inside one
//! function which has the right target features; elsewhere each of them would be a call. Arrays of vectors
//! are therefore filled by loops: `map` and `from_fn` of an array are functions that are not always inlined.
//! `scripts/test.sh build` looks for intrinsics that are called.

use super::Isa;
use super::blocking::MAX_LANES;
use super::transpose::transpose_plain;
use crate::Float;

/// A register of several elements.
///
/// # Safety of its methods
/// Each needs a processor with the features of the type ([`Dispatch`] sees to that), and pointers
/// that are valid for the elements named. No alignment is needed but for [`stream`](Vector::stream).
pub trait Vector: Copy {
    /// What a lane holds.
    type Element: Float;
    /// The vector of half as many lanes; the type itself where no processor gains by one.
    type Half: Vector<Element = Self::Element>;
    /// Number of elements, a multiple of 8.
    const LANES: usize;
    /// Widest tile of a matrix product, in vectors.
    const TILE_VECTORS: usize;
    /// Sums that the registers hold beside a factor, at most 13.
    const SUM_VECTORS: usize;

    /// Rows of the tallest tile that is `vectors` wide.
    fn tile_rows(vectors: usize) -> usize;
    /// Whether [`load_first`](Vector::load_first) costs as little as [`load`](Vector::load): then
    /// panels need not be packed.
    const LOADS_PARTS: bool;

    /// Whether tiles ask for the rows below them while they go along their own, which takes registers.
    const LOOKS_AHEAD: bool = false;

    /// The tile of `rows` rows and `full` vectors, with a half where `half` is set; over a panel that
    /// is not packed where `direct` is set, which only types that load parts are asked for.
    fn tile(rows: usize, full: usize, half: bool, direct: bool) -> super::tile::TileFn<Self::Element>;

    /// Runs `f` in a function that is compiled with the features of this type.
    unsafe fn call<R>(f: impl FnOnce() -> R) -> R;
    /// Zeros.
    unsafe fn zero() -> Self;
    /// `x` in every lane.
    unsafe fn splat(x: Self::Element) -> Self;
    /// The lower half.
    unsafe fn lower(self) -> Self::Half;
    /// `LANES` elements.
    unsafe fn load(from: *const Self::Element) -> Self;
    /// Asks for the line of the cache that `from` lies in; any address will do.
    #[inline(always)]
    unsafe fn prefetch(from: *const u8) {
        let _ = from;
    }
    /// The first `n` elements, then zeros; `n <= LANES`.
    unsafe fn load_first(from: *const Self::Element, n: usize) -> Self;
    /// `LANES` elements.
    unsafe fn store(self, to: *mut Self::Element);
    /// `LANES` elements past the caches, for values that they cannot hold; `to` is a multiple of the vector's size.
    /// [`fence`](Vector::fence) follows before anybody reads them.
    #[inline(always)]
    unsafe fn stream(self, to: *mut Self::Element) {
        // SAFETY: the same contract, and more.
        unsafe { self.store(to) }
    }
    /// Waits for what was [streamed](Vector::stream).
    #[inline(always)]
    unsafe fn fence() {}
    /// The first `n` elements; `n <= LANES`.
    unsafe fn store_first(self, to: *mut Self::Element, n: usize);
    /// `self + other`
    unsafe fn add(self, other: Self) -> Self;
    /// [`relu`](super::finish::relu) of every lane, to the bit.
    unsafe fn relu(self) -> Self;
    /// `self * factor + addend`, rounded once where the processor can.
    unsafe fn mul_add(self, factor: Self, addend: Self) -> Self;
    /// The first lane.
    #[inline(always)]
    unsafe fn first(self) -> Self::Element {
        let mut first = <Self::Element as Float>::ZERO;
        // SAFETY: there is room for one.
        unsafe { self.store_first(&raw mut first, 1) };
        first
    }
    /// The sum of all lanes: lanes half the vector apart are added, then those a quarter of it apart, and so on.
    #[inline(always)]
    unsafe fn total(self) -> Self::Element {
        let mut lanes = [<Self::Element as Float>::ZERO; MAX_LANES];
        // SAFETY: the array has room for any vector.
        unsafe { self.store(lanes.as_mut_ptr()) };
        let mut n = Self::LANES;
        while n > 1 {
            n /= 2;
            for i in 0..n {
                lanes[i] += lanes[i + n];
            }
        }
        lanes[0]
    }
    /// Writes the transpose of the `n_rows x n_columns` elements at `from` (rows `from_stride`
    /// apart) to `to` (rows `to_stride` apart), at most 8 x 8. Each of the `n_columns` rows written
    /// is filled up to 8 with zeros.
    #[inline(always)]
    unsafe fn transpose8(
        from: *const Self::Element,
        from_stride: usize,
        (n_rows, n_columns): (usize, usize),
        to: *mut Self::Element,
        to_stride: usize,
    ) {
        // SAFETY: the caller's contract is the same.
        unsafe { transpose_plain(from, from_stride, (n_rows, n_columns), to, to_stride) }
    }
}

/// A kernel written over any [`Vector`].
pub trait Operation<T> {
    /// What it returns.
    type Output;
    /// Runs it.
    ///
    /// # Safety
    /// The processor has the features of `V`, and what is said of the fields holds.
    unsafe fn run<V: Vector<Element = T>>(self) -> Self::Output;
}

/// A number type whose kernels have a vector type for each [`Isa`].
pub trait Dispatch: Sized {
    /// Runs `operation` with the vectors of `isa`.
    ///
    /// # Safety
    /// What the operation says of its fields holds.
    ///
    /// # Panics
    /// When the processor lacks `isa`.
    unsafe fn dispatch<O: Operation<Self>>(isa: Isa, operation: O) -> O::Output;
}

impl Dispatch for f32 {
    // What an operation holds is copied once less.
    #[inline(always)]
    unsafe fn dispatch<O: Operation<Self>>(isa: Isa, operation: O) -> O::Output {
        assert!(isa.is_available(), "{isa:?} is not available on this processor");
        match isa {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: availability was just checked; the rest is the caller's word.
            Isa::Avx512 => unsafe { operation.run::<super::x86::Avx512>() },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: availability was just checked; the rest is the caller's word.
            Isa::Avx2 => unsafe { operation.run::<super::x86::Avx2>() },
            // SAFETY: these vectors are arrays, which need no feature; the rest is the caller's word.
            _ => unsafe { operation.run::<Portable<f32, 8>>() },
        }
    }
}

impl Dispatch for f64 {
    /// Double precision is for checks, not for speed: always the portable vectors.
    #[inline]
    unsafe fn dispatch<O: Operation<Self>>(_isa: Isa, operation: O) -> O::Output {
        // SAFETY: these vectors are arrays, which need no feature; the rest is the caller's word.
        unsafe { operation.run::<Portable<f64, 8>>() }
    }
}

/// An array that the compiler keeps in the registers of its target.
#[derive(Clone, Copy)]
pub(super) struct Portable<T, const N: usize>([T; N]);

impl<T: Float, const N: usize> Vector for Portable<T, N> {
    type Element = T;
    type Half = Self;
    const LANES: usize = N;
    const TILE_VECTORS: usize = 1;
    const SUM_VECTORS: usize = 4;
    const LOADS_PARTS: bool = false;

    /// 8 accumulators of 128 bits in single precision, of 16 registers.
    fn tile_rows(_vectors: usize) -> usize {
        16 / size_of::<T>()
    }
    fn tile(rows: usize, _full: usize, _half: bool, _direct: bool) -> super::tile::TileFn<T> {
        super::tile::up_to_4::<Self, 1, false, false>(rows)
    }

    #[inline(always)]
    unsafe fn call<R>(f: impl FnOnce() -> R) -> R {
        /// A function of its own, as for other vectors: inlined, it would have every caller that picks among them save the
        /// registers which it needs itself.
        #[inline(never)]
        fn apart<R>(f: impl FnOnce() -> R) -> R {
            f()
        }
        apart(f)
    }
    #[inline(always)]
    unsafe fn zero() -> Self {
        Self([T::ZERO; N])
    }
    #[inline(always)]
    unsafe fn splat(x: T) -> Self {
        Self([x; N])
    }
    #[inline(always)]
    unsafe fn lower(self) -> Self {
        self
    }
    #[inline(always)]
    unsafe fn load(from: *const T) -> Self {
        // SAFETY: the caller vouches for N elements; an array is as aligned as its elements.
        Self(unsafe { *from.cast::<[T; N]>() })
    }
    #[inline(always)]
    unsafe fn load_first(from: *const T, n: usize) -> Self {
        let mut lanes = [T::ZERO; N];
        for (i, lane) in lanes.iter_mut().enumerate().take(n) {
            // SAFETY: i < n, and the caller vouches for n elements.
            *lane = unsafe { *from.add(i) };
        }
        Self(lanes)
    }
    #[inline(always)]
    unsafe fn store(self, to: *mut T) {
        // SAFETY: the caller vouches for N elements; an array is as aligned as its elements.
        unsafe { *to.cast::<[T; N]>() = self.0 }
    }
    #[inline(always)]
    unsafe fn store_first(self, to: *mut T, n: usize) {
        for (i, &lane) in self.0.iter().enumerate().take(n) {
            // SAFETY: i < n, and the caller vouches for n elements.
            unsafe { *to.add(i) = lane }
        }
    }
    #[inline(always)]
    unsafe fn add(mut self, other: Self) -> Self {
        for (a, b) in self.0.iter_mut().zip(other.0) {
            *a += b;
        }
        self
    }
    #[inline(always)]
    unsafe fn relu(mut self) -> Self {
        for x in &mut self.0 {
            *x = super::finish::relu(*x);
        }
        self
    }
    #[inline(always)]
    unsafe fn mul_add(mut self, factor: Self, addend: Self) -> Self {
        for (a, (b, c)) in self.0.iter_mut().zip(factor.0.into_iter().zip(addend.0)) {
            *a = *a * b + c;
        }
        self
    }
}
