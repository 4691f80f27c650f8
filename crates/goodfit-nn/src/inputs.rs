//! The input rows of a data set, in the form that is quickest to multiply.

use crate::kernels::Csr;
use crate::{Float, MatMut, Matrix};

/// Input rows: dense, or without their zeros.
///
/// About 80 % of MNIST is exactly zero. A product that skips exact zeros is the same to rounding as
/// the dense one; the two differ only where a weight is infinite or NaN, which a zero input then
/// does not turn into NaN.
///
/// ```
/// use goodfit_nn::{Inputs, Matrix};
/// let inputs = Inputs::new(Matrix::from_rows(2, 3, vec![0.0_f32, 0.0, 1.0, 0.0, 0.0, 0.0]));
/// assert!(matches!(inputs, Inputs::Sparse(_)));
/// assert_eq!((inputs.n_rows(), inputs.n_columns()), (2, 3));
/// ```
#[derive(Clone, Debug)]
pub enum Inputs<T> {
    /// All values.
    Dense(Matrix<T>),
    /// The values that are not zero.
    Sparse(Csr<T>),
}

/// Share of nonzero values up to which skipping zeros pays.
const SPARSE_SHARE: f64 = 0.35;

impl<T: Float> Inputs<T> {
    /// Takes the form that is quicker: sparse when at most 35 % of the values differ from zero.
    pub fn new(matrix: Matrix<T>) -> Self {
        let n_nonzero = matrix.data().iter().filter(|&&x| x != T::ZERO).count();
        if n_nonzero as f64 <= SPARSE_SHARE * matrix.data().len() as f64 && !matrix.data().is_empty() {
            Self::Sparse(Csr::from_matrix(matrix.view()))
        } else {
            Self::Dense(matrix)
        }
    }

    /// Number of rows (samples).
    pub fn n_rows(&self) -> usize {
        match self {
            Self::Dense(matrix) => matrix.n_rows(),
            Self::Sparse(csr) => csr.n_rows(),
        }
    }

    /// Number of columns (features).
    pub fn n_columns(&self) -> usize {
        match self {
            Self::Dense(matrix) => matrix.n_columns(),
            Self::Sparse(csr) => csr.n_columns(),
        }
    }

    /// Copies rows into `dst`, N x D for N rows.
    pub(crate) fn gather(&self, dst: &mut [T], rows: &[u32]) {
        match self {
            Self::Dense(matrix) => {
                assert_eq!(dst.len(), rows.len() * matrix.n_columns(), "columns of the inputs");
                for (dst, &row) in dst.chunks_exact_mut(matrix.n_columns()).zip(rows) {
                    dst.copy_from_slice(matrix.row(row as usize));
                }
            }
            Self::Sparse(csr) => csr.gather(MatMut::new(dst, rows.len(), csr.n_columns()), rows),
        }
    }
}
