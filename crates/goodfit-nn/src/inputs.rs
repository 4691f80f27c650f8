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

fn is_sparse(n_nonzero: usize, n_values: usize) -> bool {
    n_values > 0 && n_nonzero as f64 <= SPARSE_SHARE * n_values as f64
}

impl<T: Float> Inputs<T> {
    /// Takes the form that is quicker: sparse when at most 35 % of the values differ from zero.
    pub fn new(matrix: Matrix<T>) -> Self {
        let n_nonzero = matrix.data().iter().filter(|&&x| x != T::ZERO).count();
        if is_sparse(n_nonzero, matrix.data().len()) {
            Self::Sparse(Csr::from_matrix(matrix.view()))
        } else {
            Self::Dense(matrix)
        }
    }

    /// Inputs `byte / divisor`, for instance grey values / 255; the same as [`Inputs::new`] over that
    /// matrix, without making it where zeros are skipped.
    ///
    /// # Panics
    /// When `bytes` is not a whole number of rows of `n_columns`.
    pub fn from_bytes(bytes: &[u8], n_columns: usize, divisor: T) -> Self {
        let n_nonzero = bytes.iter().filter(|&&byte| byte != 0).count();
        if is_sparse(n_nonzero, bytes.len()) {
            return Self::Sparse(Csr::from_bytes(bytes, n_columns, divisor));
        }
        Self::dense_from_bytes(bytes, n_columns, divisor)
    }

    /// [`Inputs::from_bytes`] with all values, however many are zero: to measure what skipping them is worth.
    ///
    /// # Panics
    /// As [`Inputs::from_bytes`].
    pub fn dense_from_bytes(bytes: &[u8], n_columns: usize, divisor: T) -> Self {
        let values = bytes.iter().map(|&byte| T::from_f64(f64::from(byte)) / divisor).collect();
        Self::Dense(Matrix::from_rows(bytes.len() / n_columns.max(1), n_columns, values))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_give_the_inputs_of_their_quotients() {
        for bytes in [vec![0, 0, 0, 51, 0, 0, 255, 0], vec![1, 2, 3, 4, 5, 6, 7, 8]] {
            let matrix = Matrix::from_rows(2, 4, bytes.iter().map(|&byte| f32::from(byte) / 255.0).collect());
            let (direct, through) = (Inputs::from_bytes(&bytes, 4, 255.0), Inputs::new(matrix));
            assert_eq!(matches!(direct, Inputs::Sparse(_)), matches!(through, Inputs::Sparse(_)));
            let rows = |inputs: &Inputs<f32>| {
                let mut values = vec![0.0; 8];
                inputs.gather(&mut values, &[1, 0]);
                values
            };
            assert_eq!(rows(&direct), rows(&through));
        }
    }
}
