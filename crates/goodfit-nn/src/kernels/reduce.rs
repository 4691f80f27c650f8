//! Sums in a fixed order, which the compiler can keep in vector registers on every path.
//!
//! Element i goes to partial sum `i % 32`; the partial sums are added in pairs 16, 8, 4, 2 and 1
//! apart. Products are rounded before they are added. So the bits are the same for every [`Isa`]
//! and every machine.

use super::{Isa, vectorised_with};
use crate::{Float, MatRef};

const N_PARTIAL: usize = 32;

/// The sum of all values; 0 for none.
///
/// ```
/// assert_eq!(goodfit_nn::kernels::sum(&[1.0_f32, 2.0, 3.0]), 6.0);
/// ```
pub fn sum<T: Float>(x: &[T]) -> T {
    sum_with(Isa::detect(), x)
}

/// The sum of the squares of all values.
///
/// ```
/// assert_eq!(goodfit_nn::kernels::sum_squares(&[1.0_f32, 2.0, 3.0]), 14.0);
/// ```
pub fn sum_squares<T: Float>(x: &[T]) -> T {
    dot(x, x)
}

/// The sum of the products of the values of x and y.
///
/// # Panics
/// When x and y differ in length.
///
/// ```
/// assert_eq!(goodfit_nn::kernels::dot(&[1.0_f32, 2.0], &[10.0, 100.0]), 210.0);
/// ```
pub fn dot<T: Float>(x: &[T], y: &[T]) -> T {
    dot_with(Isa::detect(), x, y)
}

/// `dst[j] = sum over i of values[i][j]`, in rising order of i: the gradient of a bias.
///
/// # Shapes
/// `dst` n, `values` m x n, not transposed.
///
/// # Panics
/// When the shapes do not agree, or on a transposed view.
///
/// ```
/// use goodfit_nn::{Matrix, kernels::column_sums};
/// let mut sums = [0.0; 2];
/// column_sums(&mut sums, Matrix::from_rows(2, 2, vec![1.0_f32, 2.0, 3.0, 4.0]).view());
/// assert_eq!(sums, [4.0, 6.0]);
/// ```
pub fn column_sums<T: Float>(dst: &mut [T], values: MatRef<'_, T>) {
    column_sums_with(Isa::detect(), dst, values);
}

pub(super) fn sum_with<T: Float>(isa: Isa, x: &[T]) -> T {
    vectorised_with(
        isa,
        #[inline(always)]
        || {
            let mut partial = [T::ZERO; N_PARTIAL];
            let (pieces, rest) = x.as_chunks::<N_PARTIAL>();
            for piece in pieces {
                for (partial, &x) in partial.iter_mut().zip(piece) {
                    *partial += x;
                }
            }
            for (partial, &x) in partial.iter_mut().zip(rest) {
                *partial += x;
            }
            total(partial)
        },
    )
}

pub(super) fn dot_with<T: Float>(isa: Isa, x: &[T], y: &[T]) -> T {
    assert_eq!(x.len(), y.len(), "a dot product of different lengths");
    vectorised_with(
        isa,
        #[inline(always)]
        || {
            let mut partial = [T::ZERO; N_PARTIAL];
            let ((x_pieces, x_rest), (y_pieces, y_rest)) = (x.as_chunks::<N_PARTIAL>(), y.as_chunks::<N_PARTIAL>());
            for (x, y) in x_pieces.iter().zip(y_pieces) {
                for (partial, (&x, &y)) in partial.iter_mut().zip(x.iter().zip(y)) {
                    *partial += x * y;
                }
            }
            for (partial, (&x, &y)) in partial.iter_mut().zip(x_rest.iter().zip(y_rest)) {
                *partial += x * y;
            }
            total(partial)
        },
    )
}

#[inline(always)]
fn total<T: Float>(mut partial: [T; N_PARTIAL]) -> T {
    let mut apart = N_PARTIAL / 2;
    while apart > 0 {
        for i in 0..apart {
            partial[i] += partial[i + apart];
        }
        apart /= 2;
    }
    partial[0]
}

pub(super) fn column_sums_with<T: Float>(isa: Isa, dst: &mut [T], values: MatRef<'_, T>) {
    assert_eq!(dst.len(), values.n_columns, "sums of {} columns", values.n_columns);
    vectorised_with(
        isa,
        #[inline(always)]
        || {
            dst.fill(T::ZERO);
            let n = values.n_rows;
            // Four rows at a time: a quarter of the traffic to `dst`, in the same order.
            for i in (0..n / 4 * 4).step_by(4) {
                let (a, b, c, d) = (values.row(i), values.row(i + 1), values.row(i + 2), values.row(i + 3));
                for ((((sum, &a), &b), &c), &d) in dst.iter_mut().zip(a).zip(b).zip(c).zip(d) {
                    *sum = (((*sum + a) + b) + c) + d;
                }
            }
            for i in n / 4 * 4..n {
                for (sum, &x) in dst.iter_mut().zip(values.row(i)) {
                    *sum += x;
                }
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Matrix;

    fn near(got: f32, truth: f64, size: f64) -> bool {
        (f64::from(got) - truth).abs() <= 1e-6 * (size + 1e-3)
    }

    proptest! {
        #[test]
        fn agree_with_plain_loops(x in prop::collection::vec(-1.0_f32..1.0, 0..150), n in 1_usize..40) {
            let y: Vec<f32> = x.iter().map(|x| 1.0 - x).collect();
            let products = || x.iter().zip(&y).map(|(x, y)| f64::from(*x) * f64::from(*y));
            prop_assert!(near(sum(&x), x.iter().copied().map(f64::from).sum(), x.len() as f64));
            prop_assert!(near(dot(&x, &y), products().sum(), x.len() as f64));
            for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
                prop_assert_eq!(sum_with(isa, &x).to_bits(), sum(&x).to_bits());
                prop_assert_eq!(dot_with(isa, &x, &y).to_bits(), dot(&x, &y).to_bits());

                let n_rows = x.len() / n;
                let matrix = Matrix::from_rows(n_rows, n, x[..n_rows * n].to_vec());
                let mut sums = vec![f32::NAN; n];
                column_sums_with(isa, &mut sums, matrix.view());
                let mut plain = vec![0.0; n];
                matrix.rows().for_each(|row| plain.iter_mut().zip(row).for_each(|(sum, x)| *sum += x));
                prop_assert_eq!(sums, plain);
            }
        }
    }
}
