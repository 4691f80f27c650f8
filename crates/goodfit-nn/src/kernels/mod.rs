//! Kernels.
pub mod math;

use crate::{MatMut, MatRef};

/// Whether a kernel replaces what stands in its destination or adds to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accum {
    /// Replace.
    Replace,
    /// Add.
    Add,
}

/// The matrix product of a number type.
pub trait MatmulKernel: Sized {
    /// See [`matmul`].
    fn matmul(dst: MatMut<'_, Self>, accum: Accum, lhs: MatRef<'_, Self>, rhs: MatRef<'_, Self>, scratch: &mut [Self]);
}

impl MatmulKernel for f32 {
    fn matmul(
        dst: MatMut<'_, Self>,
        accum: Accum,
        lhs: MatRef<'_, Self>,
        rhs: MatRef<'_, Self>,
        _scratch: &mut [Self],
    ) {
        plain(dst, accum, lhs, rhs);
    }
}

impl MatmulKernel for f64 {
    fn matmul(
        dst: MatMut<'_, Self>,
        accum: Accum,
        lhs: MatRef<'_, Self>,
        rhs: MatRef<'_, Self>,
        _scratch: &mut [Self],
    ) {
        plain(dst, accum, lhs, rhs);
    }
}

fn plain<T: crate::Float>(mut dst: MatMut<'_, T>, accum: Accum, lhs: MatRef<'_, T>, rhs: MatRef<'_, T>) {
    for i in 0..dst.n_rows() {
        for j in 0..dst.n_columns() {
            let sum: T = (0..lhs.n_columns()).map(|k| lhs.at(i, k) * rhs.at(k, j)).sum();
            let place = &mut dst.row_mut(i)[j];
            *place = if accum == Accum::Add { *place + sum } else { sum };
        }
    }
}
