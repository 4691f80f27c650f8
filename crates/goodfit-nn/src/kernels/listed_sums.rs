//! Sums of chosen rows of a matrix, the heart of both sparse products.
//!
//! Shapes: `dst` n x u, `matrix` k x u.
//!
//! Rows of the matrix are read again and again, in an order that the data decides. So they are packed block by block, few
//! enough to stay in the first-level cache while all lists go through them, each vector within a line of it. The sums of
//! a list wait in `dst` from one block to the next: a chain that is stored and taken up again has the same bytes as one
//! that never left the registers.

use std::mem::MaybeUninit;

use super::blocking::cuts;
use super::finish::{Finish, FinishOf};
use super::simd::{Operation, Vector};
use super::sparse::Entry;
use crate::{Float, MatRef};

/// `dst[i] = sum over the entries of list i of value * matrix[index]`, one chain of (fused) multiply-adds in the order of
/// the list.
///
/// Whoever makes one vouches for what its fields say: `dst` is written and every entry's row is read unchecked.
pub(super) struct ListedSums<'a, T, L> {
    /// n rows of as many elements as the matrix has columns, `dst_row` apart.
    pub(super) dst: *mut T,
    pub(super) dst_row: usize,
    pub(super) n: usize,
    /// The entries of row i of `dst`, by rising index, each a row of `matrix`.
    pub(super) list: L,
    /// Not transposed.
    pub(super) matrix: MatRef<'a, T>,
    pub(super) finish: Finish<'a, T>,
}

/// Elements of the matrix that are packed at once.
const BLOCK: usize = 8320;
/// Lists that go through a block one after the other before the next one is packed.
const LISTS: usize = 256;
/// Entries so far behind the end of one block are fetched for the next: nobody can tell where lists are read next.
const AHEAD: usize = 8;
/// So few lists read the matrix where it is.
const FEW_LISTS: usize = 8;

/// A piece of the matrix, row after row of whole vectors; it begins at a line of the cache.
#[repr(align(64))]
struct Block<T>([MaybeUninit<T>; BLOCK]);

/// Some columns of all rows, as many as the registers hold the sums of.
struct Panel<T> {
    start: usize,
    width: usize,
    /// Where the last vector begins: it overlaps the one before it instead of reaching past the end.
    last: usize,
    function: PassFn<T>,
}

/// What lists read in one pass, and where their sums go.
struct Pass<T> {
    /// The first column of the panel in row 0 of the matrix.
    from: *const T,
    /// From row to row.
    stride: usize,
    /// Where the last vector of a row begins.
    last: usize,
    /// Entries are taken while their index is below it.
    end: u32,
    dst: *mut T,
    dst_row: usize,
    width: usize,
    /// Whether the sums in `dst` are taken up again.
    goes_on: bool,
    /// Of the panel, where this pass is the last one.
    finish: Option<FinishOf<T>>,
}

/// # Safety
/// Every entry that is taken is a row of the matrix; these have `width` elements or whole vectors, and `dst` rows of
/// `width` elements, one for each list. The processor has the features of the vectors.
type PassFn<T> = unsafe fn(&mut [&[Entry<T>]], &Pass<T>);

impl<'e, T: Float, L: Fn(usize) -> &'e [Entry<T>]> Operation<T> for ListedSums<'_, T, L> {
    type Output = ();

    unsafe fn run<V: Vector<Element = T>>(self) {
        let Self { dst, dst_row, n, list, matrix, finish } = self;
        let width = matrix.n_columns;
        let mut block = Block::<T>([const { MaybeUninit::uninit() }; BLOCK]);
        let mut room: [&[Entry<T>]; LISTS] = [&[]; LISTS];
        for first in (0..n).step_by(LISTS) {
            let lists = &mut room[..LISTS.min(n - first)];
            for (v0, vectors) in cuts(width.div_ceil(V::LANES), V::SUM_VECTORS).filter(|&(_, vectors)| vectors > 0) {
                for (i, entries) in lists.iter_mut().enumerate() {
                    *entries = list(first + i);
                    // SAFETY: the caller vouches for the features.
                    unsafe {
                        V::prefetch(entries.as_ptr().cast());
                        V::prefetch(entries.as_ptr().wrapping_add(AHEAD).cast());
                    }
                }
                let panel = Panel::of::<V>(width, v0, vectors);
                let from = matrix.data.as_ptr().wrapping_add(panel.start);
                let whole = Pass {
                    from,
                    stride: matrix.row_stride,
                    last: panel.last,
                    end: u32::MAX,
                    dst: dst.wrapping_add(first * dst_row + panel.start),
                    dst_row,
                    width: panel.width,
                    goes_on: false,
                    finish: FinishOf::new(finish, panel.start..panel.start + panel.width).something(),
                };
                if n < FEW_LISTS {
                    // SAFETY: the caller vouches for the features, the maker for `dst` and that every entry is a row of `matrix`.
                    unsafe { (panel.function)(lists, &whole) };
                    continue;
                }
                let stride = vectors * V::LANES;
                for (k0, k) in cuts(matrix.n_rows, BLOCK / stride) {
                    let packed: *mut T = block.0.as_mut_ptr().cast();
                    let pass = Pass {
                        from: packed.cast_const().wrapping_sub(k0 * stride),
                        stride,
                        last: stride - V::LANES,
                        end: (k0 + k) as u32,
                        goes_on: k0 > 0,
                        finish: whole.finish.filter(|_| k0 + k == matrix.n_rows),
                        ..whole
                    };
                    // SAFETY: as above; `block` has room for k rows of whole vectors, which are rows k0 to k0 + k of
                    // `matrix`, and the lists were taken up to k0.
                    unsafe {
                        panel.pack::<V>(from.wrapping_add(k0 * matrix.row_stride), matrix.row_stride, k, packed);
                        (panel.function)(lists, &pass);
                    }
                }
            }
        }
    }
}

impl<T: Float> Panel<T> {
    fn of<V: Vector<Element = T>>(width: usize, v0: usize, vectors: usize) -> Self {
        let start = v0 * V::LANES;
        let width = (vectors * V::LANES).min(width - start);
        let function: PassFn<T> = match vectors {
            _ if width < V::LANES => pass::<V, 1, true>,
            1 => pass::<V, 1, false>,
            2 => pass::<V, 2, false>,
            3 => pass::<V, 3, false>,
            4 => pass::<V, 4, false>,
            5 => pass::<V, 5, false>,
            6 => pass::<V, 6, false>,
            7 => pass::<V, 7, false>,
            8 => pass::<V, 8, false>,
            9 => pass::<V, 9, false>,
            10 => pass::<V, 10, false>,
            11 => pass::<V, 11, false>,
            12 => pass::<V, 12, false>,
            _ => pass::<V, 13, false>,
        };
        Self { start, width, last: width.saturating_sub(V::LANES), function }
    }

    /// Copies the panel's columns of k rows, each of whole vectors, the last as [`Panel::last`] says.
    ///
    /// # Safety
    /// There are such rows and such room, and the processor has the features of `V`.
    unsafe fn pack<V: Vector<Element = T>>(&self, from: *const T, from_row: usize, k: usize, to: *mut T) {
        let (width, last) = (self.width, self.last);
        let n_before = (width.div_ceil(V::LANES) - 1) * V::LANES;
        // SAFETY: the caller's contract; whole vectors end at `width`, and a shorter panel is one vector.
        unsafe {
            V::call(
                #[inline(always)]
                || {
                    for i in 0..k {
                        let (from, to) = (from.add(i * from_row), to.add(i * (n_before + V::LANES)));
                        for j in (0..n_before).step_by(V::LANES) {
                            V::load(from.add(j)).store(to.add(j));
                        }
                        let end = if width < V::LANES { V::load_first(from, width) } else { V::load(from.add(last)) };
                        end.store(to.add(n_before));
                    }
                },
            );
        }
    }
}

/// All lists once. SHORT: there is only one vector, and it is longer than the panel.
unsafe fn pass<V: Vector, const VECTORS: usize, const SHORT: bool>(
    lists: &mut [&[Entry<V::Element>]],
    pass: &Pass<V::Element>,
) {
    // SAFETY: the caller's contract; vectors end at `width`, where SHORT is not set because there is at least one whole
    // vector.
    unsafe {
        V::call(
            #[inline(always)]
            || {
                let &Pass { from, stride, last, end, dst, dst_row, width, goes_on, finish } = pass;
                let load = |from| if SHORT { V::load_first(from, width) } else { V::load(from) };
                let dst_last = if SHORT { 0 } else { width - V::LANES };
                let column = |j: usize| if j + 1 == VECTORS { dst_last } else { j * V::LANES };
                for (i, list) in lists.iter_mut().enumerate() {
                    let mut rest = *list;
                    if goes_on && finish.is_none() && rest.first().is_none_or(|entry| entry.index >= end) {
                        continue;
                    }
                    let dst = dst.add(i * dst_row);
                    let mut sums = [V::zero(); VECTORS];
                    if goes_on {
                        for (j, sum) in sums.iter_mut().enumerate() {
                            *sum = load(dst.add(column(j)).cast_const());
                        }
                    }
                    while let [entry, others @ ..] = rest {
                        if entry.index >= end {
                            break;
                        }
                        rest = others;
                        let row = from.wrapping_add(entry.index as usize * stride);
                        let value = V::splat(entry.value);
                        for (j, sum) in sums.iter_mut().enumerate() {
                            let place = row.add(if j + 1 == VECTORS { last } else { j * V::LANES });
                            *sum = value.mul_add(load(place), *sum);
                        }
                    }
                    *list = rest;
                    V::prefetch(rest.as_ptr().wrapping_add(AHEAD).cast());
                    let put = |j: usize, sum: V| {
                        let place = dst.add(column(j));
                        if SHORT { sum.store_first(place, width) } else { sum.store(place) }
                    };
                    let Some(finish) = finish else {
                        (0..VECTORS).for_each(|j| put(j, sums[j]));
                        continue;
                    };
                    let n = if SHORT { width } else { V::LANES };
                    match finish.parts() {
                        (true, true) => {
                            (0..VECTORS).for_each(|j| put(j, finish.of::<V, true, true>(sums[j], column(j), n)));
                        }
                        (true, false) => {
                            (0..VECTORS).for_each(|j| put(j, finish.of::<V, true, false>(sums[j], column(j), n)));
                        }
                        (false, _) => {
                            (0..VECTORS).for_each(|j| put(j, finish.of::<V, false, true>(sums[j], column(j), n)));
                        }
                    }
                }
            },
        );
    }
}
