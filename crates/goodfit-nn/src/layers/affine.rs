//! The affine map. N rows (samples), I inputs, O outputs.

use crate::{Float, Init, MatMut, MatRef};

/// An affine layer: `y = x w + b`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AffineSpec {
    /// Number of outputs O.
    pub outputs: usize,
    /// Whether there is a vector b; it starts at 0.
    pub bias: bool,
    /// How w is drawn.
    pub init: Init,
}

/// `y = x w + b`: the plain loops, which the matrix products of a network are tested against.
///
/// # Shapes
/// `y`: N x O. `x`: N x I. `w`: I x O. `b`: O.
///
/// # Panics
/// When the shapes do not fit.
///
/// ```
/// use goodfit_nn::Matrix;
/// use goodfit_nn::layers::affine_forward;
/// let x = Matrix::from_rows(1, 2, vec![1.0, 2.0]);
/// let w = Matrix::from_rows(2, 3, vec![1.0, 0.0, -1.0, 0.0, 1.0, 1.0]);
/// let mut y = Matrix::zeros(1, 3);
/// affine_forward(&mut y.view_mut(), x.view(), w.view(), Some(&[0.5, 0.5, 0.5]));
/// assert_eq!(y.data(), [1.5, 2.5, 1.5]);
/// ```
pub fn affine_forward<T: Float>(y: &mut MatMut<'_, T>, x: MatRef<'_, T>, w: MatRef<'_, T>, b: Option<&[T]>) {
    check_shapes(y.n_rows(), y.n_columns(), x, w);
    for n in 0..x.n_rows() {
        let y = y.row_mut(n);
        match b {
            Some(b) => y.copy_from_slice(b),
            None => y.fill(T::ZERO),
        }
        for (i, &x) in x.row(n).iter().enumerate() {
            add_scaled(y, x, w.row(i));
        }
    }
}

/// From the gradient by y, those by x, w and b: `dx = dy w'`, `dw = x' dy`, `db` = the sum of dy's
/// rows (w' and x' transposed).
///
/// # Shapes
/// `dx`: N x I. `dw`: I x O. `db`: O. `dy`: N x O. `x`: N x I. `w`: I x O.
///
/// # Panics
/// When the shapes do not fit.
pub fn affine_backward<T: Float>(
    dx: &mut MatMut<'_, T>,
    dw: &mut MatMut<'_, T>,
    db: Option<&mut [T]>,
    dy: MatRef<'_, T>,
    x: MatRef<'_, T>,
    w: MatRef<'_, T>,
) {
    check_shapes(dy.n_rows(), dy.n_columns(), x, w);
    for i in 0..x.n_columns() {
        dw.row_mut(i).fill(T::ZERO);
        for n in 0..x.n_rows() {
            add_scaled(dw.row_mut(i), x.at(n, i), dy.row(n));
            dx.row_mut(n)[i] = w.row(i).iter().zip(dy.row(n)).map(|(&w, &dy)| w * dy).sum();
        }
    }
    if let Some(db) = db {
        db.fill(T::ZERO);
        for n in 0..dy.n_rows() {
            add_scaled(db, T::ONE, dy.row(n));
        }
    }
}

fn check_shapes<T: Float>(n_rows: usize, n_outputs: usize, x: MatRef<'_, T>, w: MatRef<'_, T>) {
    assert_eq!(x.n_rows(), n_rows, "rows of an affine map");
    assert_eq!(x.n_columns(), w.n_rows(), "inputs of an affine map");
    assert_eq!(w.n_columns(), n_outputs, "outputs of an affine map");
}

fn add_scaled<T: Float>(sum: &mut [T], factor: T, terms: &[T]) {
    for (sum, &term) in sum.iter_mut().zip(terms) {
        *sum += factor * term;
    }
}
