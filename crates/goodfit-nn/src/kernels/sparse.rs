//! Matrices of mostly zeros, by rows: pixels of MNIST are zero four times out of five.

use crate::{Float, MatRef};

/// A value that is not zero, and the column (or, in a transposed index, the row) it stands in.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[repr(C)]
pub(super) struct Entry<T> {
    pub(super) index: u32,
    pub(super) value: T,
}

/// A matrix of which only the values that are not zero are kept, row after row and from left to
/// right within a row (compressed sparse rows). NaN is kept, both zeros are left out.
///
/// ```
/// use goodfit_nn::{Matrix, kernels::Csr};
/// let dense = Matrix::from_rows(2, 3, vec![0.0_f32, 5.0, 0.0, 1.0, 0.0, 2.0]);
/// let sparse = Csr::from_matrix(dense.view());
/// assert_eq!(sparse.n_entries(), 3);
/// assert_eq!(sparse.row(1).collect::<Vec<_>>(), [(0, 1.0), (2, 2.0)]);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Csr<T> {
    /// Every entry's index is below it, which the kernels rely on.
    n_columns: usize,
    /// Where each row's entries begin, and where the last one's end.
    starts: Vec<usize>,
    entries: Vec<Entry<T>>,
    /// Entries of the fullest row.
    fullest: usize,
}

impl<T: Float> Csr<T> {
    /// Leaves out the zeros of a dense matrix.
    ///
    /// # Panics
    /// With 2^32 columns or more.
    pub fn from_matrix(dense: MatRef<'_, T>) -> Self {
        Self::build(dense.n_rows(), dense.n_columns(), |row, column| dense.at(row, column))
    }

    /// Rows of `n_columns` bytes each, every value divided by `divisor` (255 for pixels).
    ///
    /// # Panics
    /// When `bytes` is not a whole number of rows, and with 2^32 columns or more.
    ///
    /// ```
    /// let sparse = goodfit_nn::kernels::Csr::from_bytes(&[0, 255, 51, 0], 2, 255.0_f32);
    /// assert_eq!(sparse.row(1).collect::<Vec<_>>(), [(0, 0.2)]);
    /// ```
    pub fn from_bytes(bytes: &[u8], n_columns: usize, divisor: T) -> Self {
        let n_rows = bytes.len().checked_div(n_columns).unwrap_or(0);
        assert_eq!(bytes.len(), n_rows * n_columns, "rows of {n_columns} bytes");
        let values: Vec<T> = (0..=255).map(|byte| T::from_f64(f64::from(byte)) / divisor).collect();
        Self::build(n_rows, n_columns, |row, column| values[usize::from(bytes[row * n_columns + column])])
    }

    fn build(n_rows: usize, n_columns: usize, at: impl Fn(usize, usize) -> T) -> Self {
        let n_indices = u32::try_from(n_columns).expect("fewer than 2^32 columns");
        let (mut starts, mut entries) = (Vec::with_capacity(n_rows + 1), vec![]);
        starts.push(0);
        for row in 0..n_rows {
            for index in 0..n_indices {
                let value = at(row, index as usize);
                if value != T::ZERO {
                    entries.push(Entry { index, value });
                }
            }
            starts.push(entries.len());
        }
        entries.shrink_to_fit();
        let fullest = starts.windows(2).map(|row| row[1] - row[0]).max().unwrap_or(0);
        Self { n_columns, starts, entries, fullest }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.starts.len() - 1
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// Number of values that are kept.
    pub fn n_entries(&self) -> usize {
        self.entries.len()
    }

    /// Share of the values that are kept: 0.19 for MNIST. 0 for an empty matrix.
    pub fn density(&self) -> f64 {
        self.n_entries() as f64 / (self.n_rows() * self.n_columns).max(1) as f64
    }

    /// Number of values kept in the fullest row.
    pub fn fullest_row(&self) -> usize {
        self.fullest
    }

    /// (column, value) of the values kept in one row, from left to right.
    pub fn row(&self, row: usize) -> impl ExactSizeIterator<Item = (usize, T)> {
        self.entries_of(row).iter().map(|entry| (entry.index as usize, entry.value))
    }

    #[inline]
    pub(super) fn entries_of(&self, row: usize) -> &[Entry<T>] {
        &self.entries[self.starts[row]..self.starts[row + 1]]
    }

    /// Writes the chosen rows into a dense matrix.
    ///
    /// # Shapes
    /// `dst` `rows.len()` x `n_columns`
    ///
    /// # Panics
    /// When the shapes do not agree or a row does not exist.
    pub fn gather(&self, mut dst: crate::MatMut<'_, T>, rows: &[u32]) {
        assert!(dst.n_rows() == rows.len() && dst.n_columns() == self.n_columns, "rows of {} columns", self.n_columns);
        for (i, &row) in rows.iter().enumerate() {
            let dst = dst.row_mut(i);
            dst.fill(T::ZERO);
            for entry in self.entries_of(row as usize) {
                dst[entry.index as usize] = entry.value;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Matrix;

    #[test]
    fn keeps_what_is_not_zero_and_gives_it_back() {
        let values = vec![0.0_f32, -0.0, 1.0, f32::NAN, 0.0, 0.0, 0.0, 0.0, 0.0, 2.0, 3.0, 4.0];
        let sparse = Csr::from_matrix(MatRef::new(&values, 4, 3));
        assert_eq!((sparse.n_rows(), sparse.n_columns(), sparse.n_entries(), sparse.fullest_row()), (4, 3, 5, 3));
        assert!((sparse.density() - 5.0 / 12.0).abs() < 1e-12);
        let mut dense = Matrix::zeros(3, 3);
        sparse.gather(dense.view_mut(), &[3, 0, 3]);
        assert_eq!(dense.data(), [2.0, 3.0, 4.0, 0.0, 0.0, 1.0, 2.0, 3.0, 4.0]);
        assert!(sparse.row(1).next().is_some_and(|(column, value)| column == 0 && value.is_nan()));
    }

    #[test]
    fn pixels_are_divided_in_single_precision() {
        let bytes: Vec<u8> = (0..=255).collect();
        let sparse = Csr::from_bytes(&bytes, 16, 255.0_f32);
        assert_eq!(sparse.n_rows(), 16);
        for row in 0..16 {
            for (column, value) in sparse.row(row) {
                assert_eq!(value, (row * 16 + column) as f32 / 255.0);
            }
        }
        assert_eq!(Csr::from_bytes(&[], 0, 1.0_f64).n_rows(), 0);
    }
}
