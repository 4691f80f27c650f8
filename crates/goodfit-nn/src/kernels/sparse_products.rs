//! Products with a sparse batch: chosen rows of a [`Csr`], of which only the values that are not
//! zero are multiplied.
//!
//! Shapes: batch m, inputs n, units u. The forward pass sums the rows of the weights that a sample
//! has values for; the weight gradient sums the rows of dZ that a column has values for. Both come
//! down to [`combine`], the second after a transposed index of the batch was made (a counting sort).
//!
//! Order of summation: one chain of (fused) multiply-adds over rising columns, or over the rows in
//! the order of the batch. A zero is left out even where it would meet an infinity or NaN; the dense
//! product gives NaN there.
//!
//! Measured on the same machine as the dense product, 100 rows of 784 with 16 % not zero, 100 units:
//! forward 51 us, gradient 69 us; the dense products take 150 us and 145 us. Forward moves 7 lines of
//! the second-level cache for each value, 2 cycles each: 14 cycles predicted and found, half the
//! speed of its multiply-adds. In the gradient the index takes 20 us. What did not pay: an index of
//! bits with a cursor in each row instead of the counting sort (half as fast: the ends of its short
//! loops are not predictable). Not tried, since the estimate was no gain: blocks of columns whose
//! weights fit the first-level cache.

use std::ops::Range;

use super::Isa;
use super::matmul::MAX_LANES;
use super::simd::{Operation, Vector};
use super::sparse::{Csr, Entry};
use crate::{Float, MatMut, MatRef};

/// `dst[i] = inputs[rows[i]] · weights`
///
/// # Shapes
/// `dst` m x u, `rows` m, `inputs` any number of rows x n, `weights` n x u and not transposed.
///
/// # Panics
/// When the shapes do not agree, a row does not exist, or `weights` is a transposed view.
///
/// ```
/// use goodfit_nn::{Matrix, kernels::{Csr, sparse_forward}};
/// let inputs = Csr::from_matrix(Matrix::from_rows(2, 2, vec![0.0_f32, 2.0, 3.0, 0.0]).view());
/// let weights = Matrix::from_rows(2, 1, vec![10.0_f32, 100.0]);
/// let mut z = Matrix::zeros(3, 1);
/// sparse_forward(z.view_mut(), &inputs, &[1, 0, 0], weights.view());
/// assert_eq!(z.data(), [30.0, 200.0, 200.0]);
/// ```
pub fn sparse_forward<T: Float>(dst: MatMut<'_, T>, inputs: &Csr<T>, rows: &[u32], weights: MatRef<'_, T>) {
    sparse_forward_with(Isa::detect(), dst, inputs, rows, weights);
}

/// [`sparse_forward`] with given instructions.
///
/// # Panics
/// As [`sparse_forward`], and when the processor lacks `isa`.
pub fn sparse_forward_with<T: Float>(
    isa: Isa,
    dst: MatMut<'_, T>,
    inputs: &Csr<T>,
    rows: &[u32],
    weights: MatRef<'_, T>,
) {
    assert!(
        dst.n_rows == rows.len() && dst.n_columns == weights.n_columns && weights.n_rows == inputs.n_columns(),
        "{} rows of {} columns by {} x {} into {} x {}",
        rows.len(),
        inputs.n_columns(),
        weights.n_rows,
        weights.n_columns,
        dst.n_rows,
        dst.n_columns
    );
    T::dispatch(isa, Forward { dst, inputs, rows, weights: contiguous(weights) });
}

/// `dw = inputs[rows]ᵀ · dz`: the gradient of the weights. All of `dw` is written, zeros where a
/// column is empty in this batch.
///
/// # Shapes
/// `dw` n x u, `inputs` any number of rows x n, `rows` m, `dz` m x u and not transposed; `scratch`
/// made for these `inputs`, at least m rows and at least u units.
///
/// # Panics
/// When the shapes do not agree, a row does not exist, `dz` is a transposed view, or `scratch` was
/// made for less.
///
/// ```
/// use goodfit_nn::{Matrix, kernels::{Csr, SparseScratch, sparse_weight_gradient}};
/// let inputs = Csr::from_matrix(Matrix::from_rows(2, 2, vec![0.0_f32, 2.0, 3.0, 0.0]).view());
/// let dz = Matrix::from_rows(3, 1, vec![1.0_f32, 10.0, 100.0]);
/// let mut dw = Matrix::zeros(2, 1);
/// let mut scratch = SparseScratch::new(&inputs, 3, 1);
/// sparse_weight_gradient(dw.view_mut(), &inputs, &[1, 0, 0], dz.view(), &mut scratch);
/// assert_eq!(dw.data(), [3.0, 220.0]);
/// ```
pub fn sparse_weight_gradient<T: Float>(
    mut dw: MatMut<'_, T>,
    inputs: &Csr<T>,
    rows: &[u32],
    dz: MatRef<'_, T>,
    scratch: &mut SparseScratch<T>,
) {
    assert!(dw.n_rows == inputs.n_columns() && dw.n_columns == dz.n_columns, "a gradient of the shape of the weights");
    sparse_weight_gradient_with(
        Isa::detect(),
        inputs,
        rows,
        dz,
        scratch,
        #[inline(always)]
        |column, gradient| dw.row_mut(column).copy_from_slice(gradient),
    );
}

/// Computes the gradient that [`sparse_weight_gradient`] writes, and hands each of its rows to
/// `update` as soon as it is finished: (column of the inputs, gradient of that row of the weights),
/// by rising columns, empty ones included. So an update can be made while the row is in the nearest
/// cache, and the gradient need not be stored.
///
/// `update` runs compiled for `isa` when it carries `#[inline(always)]`, as for
/// [`vectorised`](super::vectorised).
///
/// # Panics
/// As [`sparse_weight_gradient`], and when the processor lacks `isa`.
pub fn sparse_weight_gradient_with<T: Float>(
    isa: Isa,
    inputs: &Csr<T>,
    rows: &[u32],
    dz: MatRef<'_, T>,
    scratch: &mut SparseScratch<T>,
    update: impl FnMut(usize, &[T]),
) {
    let n_units = dz.n_columns;
    let (batch, gradient) = scratch.take(inputs, rows, dz);
    T::dispatch(isa, Gradient { columns: 0..batch.ends.len(), batch, n_units, row: gradient, update });
}

/// Room for the transposed index of a batch, made once.
#[derive(Clone, Debug)]
pub struct SparseScratch<T> {
    /// n: where the entries of each column end (and those of the next begin).
    ends: Vec<u32>,
    /// The batch's entries by column; their index is the position in the batch.
    entries: Vec<Entry<T>>,
    /// u, rounded up to whole vectors, for each thread: one row of the gradient.
    gradient: Vec<T>,
    n_threads: usize,
    /// m x u, u rounded up to whole vectors, and room to start at a line of the cache: a copy of dZ
    /// of which no vector crosses a line. Every row is read some 20 times.
    dz: Vec<T>,
}

impl<T: Float> SparseScratch<T> {
    /// Room for batches of up to `n_rows` rows of `inputs` and for up to `n_units` units.
    ///
    /// # Panics
    /// When such a batch may have 2^32 entries or more.
    pub fn new(inputs: &Csr<T>, n_rows: usize, n_units: usize) -> Self {
        let n_entries = inputs.fullest_row() * n_rows;
        assert!(u32::try_from(n_entries).is_ok(), "a batch of up to {n_entries} entries");
        Self {
            ends: vec![0; inputs.n_columns()],
            entries: vec![Entry::default(); n_entries],
            n_threads: 1,
            gradient: vec![T::ZERO; n_units.next_multiple_of(MAX_LANES)],
            dz: vec![T::ZERO; n_rows * n_units.next_multiple_of(MAX_LANES) + MAX_LANES],
        }
    }

    /// The same for so many threads at once.
    pub(crate) fn for_threads(mut self, n: usize) -> Self {
        self.n_threads = n.max(1);
        self.gradient.resize(self.gradient.len() * self.n_threads, T::ZERO);
        self
    }

    /// For how many threads there is room.
    pub(super) fn n_threads(&self) -> usize {
        self.n_threads
    }

    /// Takes in a batch; the rest is room for a row of the gradient, for each thread.
    pub(super) fn take(&mut self, inputs: &Csr<T>, rows: &[u32], dz: MatRef<'_, T>) -> (Batch<'_, T>, &mut [T]) {
        assert!(dz.n_rows == rows.len(), "{} gradients of {} rows", dz.n_rows, rows.len());
        let dz = contiguous(dz);
        self.index(inputs, rows);
        let (n_units, width) = (dz.n_columns, dz.n_columns.next_multiple_of(MAX_LANES));
        let aligned = self.dz.as_ptr().align_offset(64).min(MAX_LANES);
        let copy = &mut self.dz[aligned..][..dz.n_rows * width];
        for (i, row) in copy.chunks_exact_mut(width.max(1)).enumerate() {
            row[..n_units].copy_from_slice(dz.row(i));
        }
        let dz = MatRef::new(copy, dz.n_rows, width);
        (Batch { ends: &self.ends, entries: &self.entries, dz }, &mut self.gradient)
    }

    /// Whether there is room for batches of `n_rows` rows of `inputs`.
    pub fn fits(&self, inputs: &Csr<T>, n_rows: usize) -> bool {
        self.ends.len() == inputs.n_columns() && self.entries.len() >= n_rows * inputs.fullest_row()
    }

    /// Sorts the batch's entries by column, by counting; within a column by position in the batch.
    fn index(&mut self, inputs: &Csr<T>, rows: &[u32]) {
        assert!(self.fits(inputs, rows.len()), "scratch that was made for other inputs or fewer rows");
        self.ends.fill(0);
        for &row in rows {
            for entry in inputs.entries_of(row as usize) {
                self.ends[entry.index as usize] += 1;
            }
        }
        let mut start = 0;
        for end in &mut self.ends {
            (*end, start) = (start, start + *end);
        }
        for (index, &row) in (0..).zip(rows) {
            for entry in inputs.entries_of(row as usize) {
                let place = &mut self.ends[entry.index as usize];
                self.entries[*place as usize] = Entry { index, value: entry.value };
                *place += 1;
            }
        }
    }
}

/// A matrix whose rows are picked by index: `n_rows` of `width` elements in one piece.
fn contiguous<T: Float>(matrix: MatRef<'_, T>) -> MatRef<'_, T> {
    let MatRef { data, n_rows, n_columns, row_stride, column_stride } = matrix;
    assert!(column_stride == 1 || n_columns <= 1, "a transposed view");
    assert!(n_rows * n_columns == 0 || (n_rows - 1) * row_stride + n_columns <= data.len(), "a view past its end");
    matrix
}

struct Forward<'a, T> {
    dst: MatMut<'a, T>,
    inputs: &'a Csr<T>,
    rows: &'a [u32],
    weights: MatRef<'a, T>,
}

impl<T: Float> Operation<T> for Forward<'_, T> {
    type Output = ();

    unsafe fn run<V: Vector<Element = T>>(mut self) {
        let width = self.dst.n_columns;
        let (n_vectors, vectors) = Panel::<T>::cover::<V>(width);
        for v0 in (0..n_vectors).step_by(vectors) {
            let panel = Panel::of::<V>(width, v0, vectors.min(n_vectors - v0));
            for (i, &row) in self.rows.iter().enumerate() {
                let dst = self.dst.row_mut(i);
                // SAFETY: the indices of `inputs` are below its columns, which are the rows of
                // `weights`; the panel lies within `width`, the length of `dst`.
                unsafe { panel.combine(self.inputs.entries_of(row as usize), self.weights, dst) };
            }
        }
    }
}

/// A batch as the gradient reads it.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a, T> {
    /// Where the entries of each column end.
    ends: &'a [u32],
    /// By column; their index is a row of `dz`.
    entries: &'a [Entry<T>],
    /// Rows that start at a line of the cache, filled up to one's end.
    pub(super) dz: MatRef<'a, T>,
}

pub(super) struct Gradient<'a, T, F> {
    pub(super) columns: Range<usize>,
    pub(super) batch: Batch<'a, T>,
    pub(super) n_units: usize,
    /// One row of the gradient.
    pub(super) row: &'a mut [T],
    pub(super) update: F,
}

impl<T: Float, F: FnMut(usize, &[T])> Operation<T> for Gradient<'_, T, F> {
    type Output = ();

    unsafe fn run<V: Vector<Element = T>>(self) {
        let Self { columns, batch: Batch { ends, entries, dz }, n_units, row: gradient, mut update } = self;
        let width = n_units.next_multiple_of(V::LANES);
        let (n_vectors, vectors) = Panel::<T>::cover::<V>(width);
        let gradient = &mut gradient[..width];
        let mut start = if columns.start == 0 { 0 } else { ends[columns.start - 1] };
        // SAFETY: the caller vouches for the features. The indices are positions in the batch, which
        // are the rows of `dz`; the panels lie within `width`, the columns of `dz` and the length of
        // `gradient`.
        unsafe {
            V::call(
                #[inline(always)]
                || {
                    for (column, &end) in columns.clone().zip(&ends[columns]) {
                        let entries = &entries[start as usize..end as usize];
                        start = end;
                        for v0 in (0..n_vectors).step_by(vectors) {
                            Panel::of::<V>(width, v0, vectors.min(n_vectors - v0)).combine(entries, dz, gradient);
                        }
                        update(column, &gradient[..n_units]);
                    }
                },
            );
        }
    }
}

/// Widest panel of units whose sums are held in registers at once, in vectors.
const MOST_VECTORS: usize = 8;

/// Sums of chosen rows of a matrix, over some of its columns.
///
/// # Safety
/// The arguments are entries, whose indices are rows of the matrix; the matrix and the distance of
/// its rows; the destination; and how many elements both have from there on. The processor has the
/// features of the vectors.
type CombineFn<T> = unsafe fn(&[Entry<T>], *const T, usize, *mut T, usize);

/// Some columns of a matrix and the function for that many vectors.
struct Panel<T> {
    start: usize,
    width: usize,
    function: CombineFn<T>,
}

impl<T: Float> Panel<T> {
    /// Panels of even width that cover `0..width`: (first vector, vectors).
    #[inline(always)]
    fn cover<V: Vector<Element = T>>(width: usize) -> (usize, usize) {
        let vectors = width.div_ceil(V::LANES);
        (vectors, vectors.div_ceil(vectors.div_ceil(MOST_VECTORS).max(1)).max(1))
    }

    #[inline(always)]
    fn of<V: Vector<Element = T>>(width: usize, v0: usize, vectors: usize) -> Self {
        let start = v0 * V::LANES;
        let width = (vectors * V::LANES).min(width - start);
        let function: CombineFn<T> = match vectors {
            _ if width < V::LANES => combine::<V, 1, true>,
            1 => combine::<V, 1, false>,
            2 => combine::<V, 2, false>,
            3 => combine::<V, 3, false>,
            4 => combine::<V, 4, false>,
            5 => combine::<V, 5, false>,
            6 => combine::<V, 6, false>,
            7 => combine::<V, 7, false>,
            _ => combine::<V, 8, false>,
        };
        Self { start, width, function }
    }

    /// # Safety
    /// Every index is a row of `matrix`, which is contiguous; the panel lies within the columns of
    /// `matrix` and the length of `dst`.
    #[inline(always)]
    unsafe fn combine(&self, entries: &[Entry<T>], matrix: MatRef<'_, T>, dst: &mut [T]) {
        let from = matrix.data.as_ptr().wrapping_add(self.start);
        let dst = dst.as_mut_ptr().wrapping_add(self.start);
        // SAFETY: the caller's contract.
        unsafe { (self.function)(entries, from, matrix.row_stride, dst, self.width) }
    }
}

/// `dst = sum over entries of value * matrix[index]`, `width` elements: of VECTORS vectors, the
/// last of which overlaps the one before it instead of reaching past the end. SHORT: there is only
/// one, and it is longer than `width`.
unsafe fn combine<V: Vector, const VECTORS: usize, const SHORT: bool>(
    entries: &[Entry<V::Element>],
    from: *const V::Element,
    stride: usize,
    dst: *mut V::Element,
    width: usize,
) {
    // SAFETY: the caller's contract; vectors end at `width`, where SHORT is not set because there
    // is at least one whole vector.
    unsafe {
        V::call(
            #[inline(always)]
            || {
                let last = if SHORT { 0 } else { width - V::LANES };
                let mut sums = [V::zero(); VECTORS];
                for entry in entries {
                    let row = from.add(entry.index as usize * stride);
                    let value = V::splat(entry.value);
                    for (j, sum) in sums.iter_mut().enumerate() {
                        let place = row.add(if j + 1 == VECTORS { last } else { j * V::LANES });
                        let right = if SHORT { V::load_first(place, width) } else { V::load(place) };
                        *sum = value.mul_add(right, *sum);
                    }
                }
                for (j, sum) in sums.into_iter().enumerate() {
                    let place = dst.add(if j + 1 == VECTORS { last } else { j * V::LANES });
                    if SHORT { sum.store_first(place, width) } else { sum.store(place) }
                }
            },
        );
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Matrix;
    use crate::kernels::matmul::tests::values;

    /// The oracle in double precision: `x` transposed or not, times `y`.
    fn plain<T: Float>(x: MatRef<'_, T>, y: MatRef<'_, T>, i: usize, j: usize) -> f64 {
        (0..x.n_columns()).map(|k| x.at(i, k).to_f64() * y.at(k, j).to_f64()).sum()
    }

    fn check<T: Float>((m, n, u): (usize, usize, usize), seed: u64, tolerance: f64) {
        let (n_rows, zero) = (9, T::ZERO);
        let mut dense = values::<T>(n_rows * n, seed);
        // Four of five are zero, and column 1 is empty.
        for (i, x) in dense.iter_mut().enumerate() {
            if !(i as u64 * 7919 + seed).is_multiple_of(5) || i % n.max(2) == 1 {
                *x = zero;
            }
        }
        let inputs = Csr::from_matrix(MatRef::new(&dense, n_rows, n));
        let rows: Vec<u32> = (0..m as u64).map(|i| ((i * i + seed) % n_rows as u64) as u32).collect();
        let mut batch = Matrix::zeros(m, n);
        inputs.gather(batch.view_mut(), &rows);
        let weights = Matrix::from_rows(n, u, values(n * u, seed + 1));
        let dz = Matrix::from_rows(m, u, values(m * u, seed + 2));
        let nan = T::from_f64(f64::NAN);
        let mut scratch = SparseScratch::new(&inputs, m, u);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let mut z = Matrix::from_rows(m, u, vec![nan; m * u]);
            sparse_forward_with(isa, z.view_mut(), &inputs, &rows, weights.view());
            let mut dw = Matrix::from_rows(n, u, vec![nan; n * u]);
            let mut columns = vec![];
            sparse_weight_gradient_with(isa, &inputs, &rows, dz.view(), &mut scratch, |column, gradient| {
                columns.push(column);
                dw.view_mut().row_mut(column).copy_from_slice(gradient);
            });
            assert!(columns.into_iter().eq(0..n));
            for j in 0..u {
                for i in 0..m {
                    let truth = plain(batch.view(), weights.view(), i, j);
                    assert!((z[(i, j)].to_f64() - truth).abs() <= tolerance, "{isa:?} z ({i}, {j})");
                }
                for i in 0..n {
                    let truth = plain(batch.view().transposed(), dz.view(), i, j);
                    assert!((dw[(i, j)].to_f64() - truth).abs() <= tolerance, "{isa:?} dw ({i}, {j})");
                }
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn agree_with_the_plain_loop(m in 0_usize..12, n in 0_usize..40, u in 0_usize..70, seed in 0_u64..1000) {
            check::<f32>((m, n, u), seed, 1e-5);
            check::<f64>((m, n, u), seed, 1e-13);
        }
    }

    #[test]
    fn units_beyond_a_panel() {
        check::<f32>((5, 7, 300), 3, 1e-5);
    }

    #[test]
    fn the_whole_gradient_is_written() {
        let inputs = Csr::from_matrix(MatRef::new(&[0.0_f32, 2.0], 1, 2));
        let mut dw = Matrix::from_rows(2, 1, vec![f32::NAN; 2]);
        let dz = Matrix::from_rows(2, 1, vec![1.0, 2.0]);
        let mut scratch = SparseScratch::new(&inputs, 2, 1);
        sparse_weight_gradient(dw.view_mut(), &inputs, &[0, 0], dz.view(), &mut scratch);
        assert_eq!(dw.data(), [0.0, 6.0]);
    }

    #[test]
    fn a_zero_meets_no_infinity() {
        let inputs = Csr::from_matrix(MatRef::new(&[0.0_f32, 2.0], 1, 2));
        let weights = Matrix::from_rows(2, 2, vec![f32::INFINITY, f32::NAN, 1.0, f32::INFINITY]);
        let mut z = Matrix::zeros(1, 2);
        sparse_forward(z.view_mut(), &inputs, &[0], weights.view());
        assert_eq!(z.data(), [2.0, f32::INFINITY]);
    }
}
