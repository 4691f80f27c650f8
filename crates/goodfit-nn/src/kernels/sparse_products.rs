//! Products with a sparse batch: chosen rows of a [`Csr`], of which only the values that are not
//! zero are multiplied.
//!
//! Shapes: batch m, inputs n, units u. The forward pass sums the rows of the weights that a sample
//! has values for; the weight gradient sums the rows of dZ that a column has values for, after a
//! transposed index of the batch was made (a counting sort). Both are [`ListedSums`].
//!
//! Order of summation: one chain of (fused) multiply-adds over rising columns, or over the rows in
//! the order of the batch. A zero is left out even where it would meet an infinity or NaN; the dense
//! product gives NaN there.
//!
//! What did not pay: an index of bits with a cursor in each row instead of the counting sort (half as fast: the ends of
//! its short loops are not predictable).

use std::ops::Range;

use super::Isa;
use super::finish::Finish;
use super::listed_sums::ListedSums;
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
    sparse_affine(isa, dst, inputs, rows, weights, Finish::NONE);
}

/// [`sparse_forward_with`], and what becomes of the sums.
pub(super) fn sparse_affine<T: Float>(
    isa: Isa,
    dst: MatMut<'_, T>,
    inputs: &Csr<T>,
    rows: &[u32],
    weights: MatRef<'_, T>,
    finish: Finish<'_, T>,
) {
    let (n, width) = (dst.n_rows, dst.n_columns);
    assert!(
        n == rows.len() && width == weights.n_columns && weights.n_rows == inputs.n_columns(),
        "{} rows of {} columns by {} x {} into {n} x {width}",
        rows.len(),
        inputs.n_columns(),
        weights.n_rows,
        weights.n_columns,
    );
    assert_eq!(dst.data.len(), n * width, "values of a product");
    // SAFETY: there are such rows.
    unsafe { sparse_columns(isa, (dst.data.as_mut_ptr(), width), inputs, rows, weights, finish) }
}

/// The same into some columns of rows that lie `dst_row` apart.
///
/// # Safety
/// `dst` is valid for a row for each of `rows`, of as many elements as `weights` has columns; `weights` has as many rows
/// as `inputs` has columns.
pub(super) unsafe fn sparse_columns<T: Float>(
    isa: Isa,
    (dst, dst_row): (*mut T, usize),
    inputs: &Csr<T>,
    rows: &[u32],
    weights: MatRef<'_, T>,
    finish: Finish<'_, T>,
) {
    let list = |i: usize| inputs.entries_of(rows[i] as usize);
    let sums = ListedSums { dst, dst_row, n: rows.len(), list, matrix: contiguous(weights), finish };
    // SAFETY: the caller's contract; an entry's index is a column of the inputs.
    unsafe { T::dispatch(isa, sums) };
}

/// `dw = inputs[rows]ᵀ · dz`: the gradient of the weights. All of `dw` is written, zeros where a
/// column is empty in this batch.
///
/// # Shapes
/// `dw` n x u, `inputs` any number of rows x n, `rows` m, `dz` m x u and not transposed; `scratch`
/// made for these `inputs` and at least m rows.
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
/// let mut scratch = SparseScratch::new(&inputs, 3);
/// sparse_weight_gradient(dw.view_mut(), &inputs, &[1, 0, 0], dz.view(), &mut scratch);
/// assert_eq!(dw.data(), [3.0, 220.0]);
/// ```
pub fn sparse_weight_gradient<T: Float>(
    dw: MatMut<'_, T>,
    inputs: &Csr<T>,
    rows: &[u32],
    dz: MatRef<'_, T>,
    scratch: &mut SparseScratch<T>,
) {
    sparse_weight_gradient_with(Isa::detect(), dw, inputs, rows, dz, scratch);
}

/// [`sparse_weight_gradient`] with given instructions.
///
/// # Panics
/// As [`sparse_weight_gradient`], and when the processor lacks `isa`.
pub fn sparse_weight_gradient_with<T: Float>(
    isa: Isa,
    dw: MatMut<'_, T>,
    inputs: &Csr<T>,
    rows: &[u32],
    dz: MatRef<'_, T>,
    scratch: &mut SparseScratch<T>,
) {
    let n_columns = inputs.n_columns();
    assert!(dw.n_rows == n_columns && dw.n_columns == dz.n_columns, "a gradient of the shape of the weights");
    let batch = scratch.take(inputs, rows, dz);
    batch.gradient(isa, dw, 0..n_columns);
}

/// Room for the transposed index of a batch, made once.
#[derive(Clone, Debug)]
pub struct SparseScratch<T> {
    /// n: where the entries of each column end (and those of the next begin).
    ends: Vec<u32>,
    /// The batch's entries by column; their index is the position in the batch.
    entries: Vec<Entry<T>>,
}

impl<T: Float> SparseScratch<T> {
    /// Room for batches of up to `n_rows` rows of `inputs`.
    ///
    /// # Panics
    /// When such a batch may have 2^32 entries or more.
    pub fn new(inputs: &Csr<T>, n_rows: usize) -> Self {
        let n_entries = inputs.fullest_row() * n_rows;
        assert!(u32::try_from(n_entries).is_ok(), "a batch of up to {n_entries} entries");
        Self { ends: vec![0; inputs.n_columns()], entries: vec![Entry::default(); n_entries] }
    }

    /// Takes in a batch.
    pub(super) fn take<'a>(&'a mut self, inputs: &Csr<T>, rows: &[u32], dz: MatRef<'a, T>) -> Batch<'a, T> {
        assert!(dz.n_rows == rows.len(), "{} gradients of {} rows", dz.n_rows, rows.len());
        self.index(inputs, rows);
        Batch { ends: &self.ends, entries: &self.entries, dz: contiguous(dz) }
    }

    /// Whether there is room for batches of `n_rows` rows of `inputs`.
    pub fn fits(&self, inputs: &Csr<T>, n_rows: usize) -> bool {
        self.ends.len() == inputs.n_columns() && self.entries.len() >= n_rows * inputs.fullest_row()
    }

    /// Sorts the batch's entries by column, by counting; within a column by position in the batch.
    fn index(&mut self, inputs: &Csr<T>, rows: &[u32]) {
        assert!(self.fits(inputs, rows.len()), "scratch that was made for other inputs or fewer rows");
        // Slices of their own: a pointer that a store might have changed is read again for each entry.
        let (ends, entries) = (&mut self.ends[..], &mut self.entries[..]);
        ends.fill(0);
        for &row in rows {
            for entry in inputs.entries_of(row as usize) {
                ends[entry.index as usize] += 1;
            }
        }
        let mut start = 0;
        for end in ends.iter_mut() {
            (*end, start) = (start, start + *end);
        }
        for (index, &row) in (0..).zip(rows) {
            for entry in inputs.entries_of(row as usize) {
                let place = &mut ends[entry.index as usize];
                entries[*place as usize] = Entry { index, value: entry.value };
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

/// A batch as the gradient reads it.
#[derive(Clone, Copy)]
pub(super) struct Batch<'a, T> {
    /// Where the entries of each column end.
    ends: &'a [u32],
    /// By column; their index is a row of `dz`.
    entries: &'a [Entry<T>],
    dz: MatRef<'a, T>,
}

impl<'a, T: Float> Batch<'a, T> {
    /// The gradient of the weights of these columns, whose rows are those of `dw`.
    pub(super) fn gradient(self, isa: Isa, dw: MatMut<'_, T>, columns: Range<usize>) {
        assert!(dw.n_rows == columns.len() && dw.n_columns == self.dz.n_columns, "a gradient of some columns");
        assert_eq!(dw.data.len(), dw.n_rows * dw.n_columns, "values of a gradient");
        let list = |i| self.entries_of(columns.start + i);
        let (dst, dst_row, n) = (dw.data.as_mut_ptr(), dw.n_columns, dw.n_rows);
        let sums = ListedSums { dst, dst_row, n, list, matrix: self.dz, finish: Finish::NONE };
        // SAFETY: `dw` was just checked; entries are rows of the batch, of which `dz` has as many (`SparseScratch::take`).
        unsafe { T::dispatch(isa, sums) };
    }

    fn entries_of(self, column: usize) -> &'a [Entry<T>] {
        let start = if column == 0 { 0 } else { self.ends[column - 1] };
        &self.entries[start as usize..self.ends[column] as usize]
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
        let mut scratch = SparseScratch::new(&inputs, m);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let mut z = Matrix::from_rows(m, u, vec![nan; m * u]);
            sparse_forward_with(isa, z.view_mut(), &inputs, &rows, weights.view());
            let mut dw = Matrix::from_rows(n, u, vec![nan; n * u]);
            sparse_weight_gradient_with(isa, dw.view_mut(), &inputs, &rows, dz.view(), &mut scratch);
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
    fn more_than_a_block_and_more_lists_than_go_through_it_at_once() {
        check::<f32>((12, 900, 230), 3, 1e-4);
        check::<f32>((600, 9, 110), 4, 1e-3);
        check::<f64>((300, 300, 30), 5, 1e-12);
    }

    #[test]
    fn a_row_has_the_same_bytes_alone_and_among_others() {
        let (m, n, u) = (300, 700, 107);
        let x: Vec<f32> =
            values::<f32>(m * n, 1).into_iter().enumerate().map(|(i, x)| x * (i % 4 / 3) as f32).collect();
        let inputs = Csr::from_matrix(MatRef::new(&x, m, n));
        let weights = Matrix::from_rows(n, u, values(n * u, 2));
        let rows: Vec<u32> = (0..m as u32).collect();
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            let mut all = Matrix::zeros(m, u);
            sparse_forward_with(isa, all.view_mut(), &inputs, &rows, weights.view());
            for &row in &rows {
                let mut alone = Matrix::zeros(1, u);
                sparse_forward_with(isa, alone.view_mut(), &inputs, &[row], weights.view());
                assert_eq!(alone.data(), all.row(row as usize), "{isa:?} row {row}");
            }
        }
    }

    #[test]
    fn the_whole_gradient_is_written() {
        let inputs = Csr::from_matrix(MatRef::new(&[0.0_f32, 2.0], 1, 2));
        let mut dw = Matrix::from_rows(2, 1, vec![f32::NAN; 2]);
        let dz = Matrix::from_rows(2, 1, vec![1.0, 2.0]);
        let mut scratch = SparseScratch::new(&inputs, 2);
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
