//! Dense matrices: an owner, a shared view, an exclusive view. Row-major; rows are samples.

use std::ops::{Index, IndexMut};

use crate::Float;

/// An owned row-major matrix. Rows are samples, columns are features or units.
///
/// ```
/// use goodfit_nn::Matrix;
/// let m = Matrix::from_rows(2, 3, vec![1.0_f32, 2.0, 3.0, 4.0, 5.0, 6.0]);
/// assert_eq!(m[(1, 0)], 4.0);
/// assert_eq!(m.row(0), [1.0, 2.0, 3.0]);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix<T> {
    n_rows: usize,
    n_columns: usize,
    data: Vec<T>,
}

impl<T: Float> Matrix<T> {
    /// A matrix of zeros.
    ///
    /// # Panics
    /// When there are more values than can be counted.
    pub fn zeros(n_rows: usize, n_columns: usize) -> Self {
        let n_values = n_rows.checked_mul(n_columns).expect("as many values as can be counted");
        Self { n_rows, n_columns, data: vec![T::ZERO; n_values] }
    }

    /// Takes `data` as `n_rows` rows of `n_columns` values each.
    ///
    /// # Panics
    /// When `data` does not hold exactly `n_rows * n_columns` values.
    pub fn from_rows(n_rows: usize, n_columns: usize, data: Vec<T>) -> Self {
        check_length(data.len(), n_rows, n_columns);
        Self { n_rows, n_columns, data }
    }

    /// Number of rows (samples).
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns (features or units).
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// All values, row after row.
    pub fn data(&self) -> &[T] {
        &self.data
    }

    /// All values, row after row.
    pub fn data_mut(&mut self) -> &mut [T] {
        &mut self.data
    }

    /// The values of one row.
    pub fn row(&self, row: usize) -> &[T] {
        &self.data[row * self.n_columns..(row + 1) * self.n_columns]
    }

    /// The rows one after the other.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = &[T]> {
        (0..self.n_rows).map(|row| self.row(row))
    }

    /// A shared view of the whole matrix.
    pub fn view(&self) -> MatRef<'_, T> {
        MatRef::new(&self.data, self.n_rows, self.n_columns)
    }

    /// An exclusive view of the whole matrix.
    pub fn view_mut(&mut self) -> MatMut<'_, T> {
        MatMut::new(&mut self.data, self.n_rows, self.n_columns)
    }
}

impl<T: Float> Index<(usize, usize)> for Matrix<T> {
    type Output = T;
    fn index(&self, (row, column): (usize, usize)) -> &T {
        &self.row(row)[column]
    }
}

impl<T: Float> IndexMut<(usize, usize)> for Matrix<T> {
    fn index_mut(&mut self, (row, column): (usize, usize)) -> &mut T {
        &mut self.data[row * self.n_columns..(row + 1) * self.n_columns][column]
    }
}

/// A shared view of a matrix; its transpose is another view of the same values.
#[derive(Clone, Copy, Debug)]
pub struct MatRef<'a, T> {
    /// The values; element (i, j) stands at `i * row_stride + j * column_stride`.
    pub(crate) data: &'a [T],
    pub(crate) n_rows: usize,
    pub(crate) n_columns: usize,
    pub(crate) row_stride: usize,
    pub(crate) column_stride: usize,
}

impl<'a, T: Float> MatRef<'a, T> {
    /// Views `data` as a row-major matrix.
    ///
    /// # Panics
    /// When `data` does not hold exactly `n_rows * n_columns` values.
    pub fn new(data: &'a [T], n_rows: usize, n_columns: usize) -> Self {
        check_length(data.len(), n_rows, n_columns);
        Self { data, n_rows, n_columns, row_stride: n_columns, column_stride: 1 }
    }

    /// The transpose, without moving a value.
    #[must_use]
    pub fn transposed(self) -> Self {
        Self {
            data: self.data,
            n_rows: self.n_columns,
            n_columns: self.n_rows,
            row_stride: self.column_stride,
            column_stride: self.row_stride,
        }
    }

    /// Number of rows.
    pub fn n_rows(self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    pub fn n_columns(self) -> usize {
        self.n_columns
    }

    /// Element (row, column).
    #[inline]
    pub fn at(self, row: usize, column: usize) -> T {
        self.data[row * self.row_stride + column * self.column_stride]
    }

    /// One row of a view that is not transposed.
    ///
    /// # Panics
    /// On a transposed view, whose rows do not lie in one piece.
    pub fn row(self, row: usize) -> &'a [T] {
        assert_eq!(self.column_stride, 1, "a row of a transposed view");
        &self.data[row * self.row_stride..row * self.row_stride + self.n_columns]
    }
}

/// What unsafe code relies on: as many values as the shape says, in numbers that do not wrap around.
#[inline]
fn check_length(length: usize, n_rows: usize, n_columns: usize) {
    /// Takes numbers: references to them would have to lie in memory wherever views are made.
    #[cold]
    #[inline(never)]
    fn other_length(length: usize, n_rows: usize, n_columns: usize) -> ! {
        panic!("{length} values for {n_rows} x {n_columns}");
    }
    if n_rows.checked_mul(n_columns) != Some(length) {
        other_length(length, n_rows, n_columns);
    }
}

/// An exclusive view of a row-major matrix.
#[derive(Debug)]
pub struct MatMut<'a, T> {
    pub(crate) data: &'a mut [T],
    pub(crate) n_rows: usize,
    pub(crate) n_columns: usize,
}

impl<'a, T: Float> MatMut<'a, T> {
    /// Views `data` as a row-major matrix.
    ///
    /// # Panics
    /// When `data` does not hold exactly `n_rows * n_columns` values.
    pub fn new(data: &'a mut [T], n_rows: usize, n_columns: usize) -> Self {
        check_length(data.len(), n_rows, n_columns);
        Self { data, n_rows, n_columns }
    }

    /// Number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// Number of columns.
    pub fn n_columns(&self) -> usize {
        self.n_columns
    }

    /// One row.
    pub fn row_mut(&mut self, row: usize) -> &mut [T] {
        &mut self.data[row * self.n_columns..(row + 1) * self.n_columns]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[should_panic(expected = "4 values for 4611686018427387905 x 4")]
    fn a_shape_of_more_values_than_can_be_counted_is_refused() {
        // Its product wraps around to 4.
        MatRef::new(&[1.0_f32; 4], (1 << 62) + 1, 4);
    }
}
