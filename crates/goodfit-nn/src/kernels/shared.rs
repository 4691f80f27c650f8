//! The products of a training step by the threads of a team, with the same bytes for any number of them.
//!
//! Shapes: as in `matmul` and `sparse_products`.

use super::finish::Finish;
use super::matmul::{Product, block, check, finished, is_row_of_dots};
use super::sparse_products::{sparse_affine, sparse_columns};
use super::team::{Member, n_parts, share};
use super::{Accum, Csr, Isa, SparseScratch, matmul_scratch, sparse_weight_gradient};
use crate::{Float, MatMut, MatRef};

/// Multiply-adds of a dense product that are worth another thread: some microseconds of them.
const DENSE_WORK: usize = 1 << 19;
/// Columns and rows are shared out in multiples of this: the widest and the tallest tiles stay whole.
const STEP: usize = 64;

/// [`matmul`] by the threads of a team, with the same bytes for any number of them: each computes some columns of
/// `dst`, or some rows where there are more of those.
///
/// `scratch`: [`matmul_scratch`] for every thread; parts for which it is too short are not made.
///
/// # Panics
/// As [`matmul`].
pub(crate) fn matmul_shared<T: Float>(
    member: Option<&Member>,
    dst: MatMut<'_, T>,
    accum: Accum,
    lhs: MatRef<'_, T>,
    rhs: MatRef<'_, T>,
    scratch: &mut [T],
) {
    product_shared(member, dst, accum, (lhs, rhs), Finish::NONE, scratch);
}

/// `dst = finish(x w)` by the threads of a team: the affine map of a layer, and its activation where that is one.
///
/// `scratch`, panics: as [`matmul_shared`]. The bias has as many elements as `dst` has columns.
pub(crate) fn affine_shared<T: Float>(
    member: Option<&Member>,
    dst: MatMut<'_, T>,
    x: MatRef<'_, T>,
    w: MatRef<'_, T>,
    finish: Finish<'_, T>,
    scratch: &mut [T],
) {
    product_shared(member, dst, Accum::Replace, (x, w), finish, scratch);
}

fn product_shared<T: Float>(
    member: Option<&Member>,
    dst: MatMut<'_, T>,
    accum: Accum,
    (lhs, rhs): (MatRef<'_, T>, MatRef<'_, T>),
    finish: Finish<'_, T>,
    scratch: &mut [T],
) {
    let (m, n, k) = check(&dst, lhs, rhs, scratch.len());
    assert!(finish.bias.is_none_or(|bias| bias.len() == n), "a bias for each of {n} columns");
    let room = matmul_scratch(m, n, k);
    let by_rows = m >= n;
    let n_parts = n_parts(member, m * n * k, DENSE_WORK).min(scratch.len() / room);
    let length = m.max(n).div_ceil(n_parts.max(1)).next_multiple_of(STEP);
    if n_parts < 2 || n == 1 || is_row_of_dots(m, lhs, rhs) || length >= m.max(n) {
        return finished(Isa::detect(), dst, accum, (lhs, rhs), finish, scratch);
    }
    if by_rows {
        // No part is a single row, which may have an order of sums of its own; nor are there more parts than before.
        let length = if m % length == 1 { length + 1 } else { length };
        let parts = dst.data.chunks_mut(length * n).zip(scratch.chunks_mut(room)).enumerate();
        return share(member, parts, |(i, (dst, scratch))| {
            let n_rows = dst.len() / n;
            let lhs = block(lhs, (i * length, n_rows), (0, k));
            finished(Isa::detect(), MatMut::new(dst, n_rows, n), accum, (lhs, rhs), finish, scratch);
        });
    }
    let start = Columns(dst.data.as_mut_ptr());
    let parts = (0..n).step_by(length).zip(scratch.chunks_mut(room));
    share(member, parts, |(column, scratch)| {
        let length = length.min(n - column);
        let rhs = block(rhs, (0, k), (column, length));
        let finish = finish.of(column, length);
        let isa = Isa::detect();
        let halves = isa.has_cheap_halves();
        // SAFETY: columns from `column` on, `length` of them at most, are of this part alone; `check` has seen that the
        // views fit each other, their values and the scratch.
        unsafe {
            let dst = start.from(column);
            T::dispatch(isa, Product { dst, dst_row: n, accum, lhs, rhs, finish, halves, scratch });
        }
    });
}

/// The destination of a product whose columns are shared out.
struct Columns<T>(*mut T);

// SAFETY: the parts write to columns of their own, see `product_shared` and `sparse_affine_shared`.
unsafe impl<T: Send> Sync for Columns<T> {}

impl<T> Columns<T> {
    /// # Safety
    /// There is such a column, and nobody else uses it.
    unsafe fn from(&self, column: usize) -> *mut T {
        // SAFETY: the caller's contract.
        unsafe { self.0.add(column) }
    }
}

/// Multiply-adds of a sparse product that are worth another thread.
const SPARSE_WORK: usize = 1 << 17;

/// [`affine_shared`] of sparse rows, each thread for some of them, or for some columns of the weights where there are
/// more of those: then it reads no others.
pub(crate) fn sparse_affine_shared<T: Float>(
    member: Option<&Member>,
    dst: MatMut<'_, T>,
    inputs: &Csr<T>,
    rows: &[u32],
    weights: MatRef<'_, T>,
    finish: Finish<'_, T>,
) {
    let (n, width) = (rows.len(), dst.n_columns);
    let n_parts = n_parts(member, n * inputs.fullest_row() / 2 * width, SPARSE_WORK);
    if n_parts < 2 || width == 0 {
        return sparse_affine(Isa::detect(), dst, inputs, rows, weights, finish);
    }
    if n >= width || width < n_parts * STEP {
        let length = n.div_ceil(n_parts).max(1);
        let parts = dst.data.chunks_mut(length * width).zip(rows.chunks(length));
        return share(member, parts, |(dst, rows)| {
            sparse_affine(Isa::detect(), MatMut::new(dst, rows.len(), width), inputs, rows, weights, finish);
        });
    }
    assert!(dst.data.len() == n * width && dst.n_rows == n, "a row for each of {n}");
    assert!(weights.n_columns == width && weights.n_rows == inputs.n_columns(), "weights of {width} columns");
    let length = width.div_ceil(n_parts).next_multiple_of(STEP);
    let start = Columns(dst.data.as_mut_ptr());
    share(member, (0..width).step_by(length), |column| {
        let length = length.min(width - column);
        let weights = block(weights, (0, weights.n_rows), (column, length));
        // SAFETY: there are `n` rows and as many rows of the weights as columns of the inputs, see above; columns from
        // `column` on, `length` of them, are of this part alone.
        unsafe {
            let dst = (start.from(column), width);
            sparse_columns(Isa::detect(), dst, inputs, rows, weights, finish.of(column, length));
        }
    });
}

/// [`sparse_weight_gradient`] by the threads of a team, each for some of the columns of the inputs.
pub(crate) fn sparse_weight_gradient_shared<T: Float>(
    member: Option<&Member>,
    dw: MatMut<'_, T>,
    inputs: &Csr<T>,
    rows: &[u32],
    dz: MatRef<'_, T>,
    scratch: &mut SparseScratch<T>,
) {
    let (width, n_columns) = (dw.n_columns, dw.n_rows);
    let n_parts = n_parts(member, rows.len() * inputs.fullest_row() / 2 * width, SPARSE_WORK);
    if n_parts < 2 || width == 0 {
        return sparse_weight_gradient(dw, inputs, rows, dz, scratch);
    }
    assert!(n_columns == inputs.n_columns(), "a gradient of the shape of the weights");
    let batch = scratch.take(inputs, rows, dz);
    let length = n_columns.div_ceil(n_parts).max(1);
    share(member, dw.data.chunks_mut(length * width).enumerate(), |(i, dw)| {
        let (first, n) = (i * length, dw.len() / width);
        batch.gradient(Isa::detect(), MatMut::new(dw, n, width), first..first + n);
    });
}

#[cfg(test)]
mod tests {
    use super::super::matmul::tests::{start_of_line, values};
    use super::*;
    use crate::kernels::{LINE, MAX_THREADS, Team};

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|value| value.to_bits()).collect()
    }

    /// Rows and columns that parts would cut so that a single row is left, which has an order of sums of its own; parts that
    /// write or read more than a cache holds.
    #[test]
    fn products_are_shared_to_the_byte() {
        let [two, most] = [2, MAX_THREADS].map(|n_threads| Team::new(n_threads).join());
        for (member, n_threads, (m, n, k)) in [
            (&two, 2, (1, 1200, 1200)),
            (&two, 2, (129, 100, 200)),
            (&two, 2, (257, 64, 100)),
            (&two, 2, (2, 1100, 1100)),
            (&two, 2, (385, 384, 12)),
            (&two, 2, (600, 1200, 1)),
            (&most, MAX_THREADS, (4033, 64, 200)),
            (&most, MAX_THREADS, (4097, 64, 200)),
            (&two, 2, (8200, 2112, 9)),
            (&two, 2, (4112, 4224, 9)),
            (&two, 2, (3, 8256, 2051)),
        ] {
            let (x, w) = (values::<f32>(m * k, 1), values::<f32>(n * k, 2));
            let lhs = MatRef::new(&x, m, k);
            for rhs in [MatRef::new(&w, n, k).transposed(), MatRef::new(&w, k, n)] {
                let mut scratch = vec![0.0; n_threads * matmul_scratch(m, n, k)];
                let mut of = |member: Option<&Member>, fill: f32| {
                    let mut room = vec![fill; m * n + LINE];
                    let start = start_of_line(&room);
                    let dst = MatMut::new(&mut room[start..start + m * n], m, n);
                    matmul_shared(member, dst, Accum::Replace, lhs, rhs, &mut scratch);
                    room.drain(start..start + m * n).map(f32::to_bits).collect::<Vec<_>>()
                };
                assert!(of(None, 0.0) == of(Some(member), 1.0), "{m} x {n} over {k}");
            }
        }
    }

    /// Parts of rows, of columns and, of the gradient, of inputs.
    #[test]
    fn sparse_rows_are_shared_to_the_byte() {
        let n_inputs = 300;
        let inputs = Csr::from_matrix(MatRef::new(&values::<f32>(90 * n_inputs, 1), 90, n_inputs));
        // By rows, by rows although there are more columns, by columns; parts of one row, and of a rest.
        for (n, width) in [(600, 100), (203, 61), (64, 100), (40, 700), (201, 200), (3, 4000)] {
            let rows: Vec<u32> = (0..n as u32).map(|i| (7 * i + i * i) % 90).collect();
            let (w, bias) = (values::<f32>(n_inputs * width, 2), values::<f32>(width, 3));
            let (w, finish) = (MatRef::new(&w, n_inputs, width), Finish { bias: Some(&bias), relu: true });
            let dz = values::<f32>(n * width, 4);
            let dz = MatRef::new(&dz, n, width);
            let of = |member: Option<&Member>| {
                let (mut z, mut dw) = (vec![f32::NAN; n * width], vec![f32::NAN; n_inputs * width]);
                sparse_affine_shared(member, MatMut::new(&mut z, n, width), &inputs, &rows, w, finish);
                let mut scratch = SparseScratch::new(&inputs, n);
                let dst = MatMut::new(&mut dw, n_inputs, width);
                sparse_weight_gradient_shared(member, dst, &inputs, &rows, dz, &mut scratch);
                [bits(&z), bits(&dw)]
            };
            let alone = of(None);
            for n_threads in [2, 3, 5, MAX_THREADS] {
                let member = Team::new(n_threads).join();
                let work = n * inputs.fullest_row() / 2 * width;
                assert!(n_parts(Some(&member), work, SPARSE_WORK) > 1, "{n} x {width} is worth a thread");
                assert!(of(Some(&member)) == alone, "{n} rows x {width} columns, {n_threads} threads");
            }
        }
    }
}
