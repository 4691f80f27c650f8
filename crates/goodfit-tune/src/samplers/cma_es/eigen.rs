//! Eigenvalues and eigenvectors of a symmetric matrix.

/// A square matrix, row by row.
pub(super) type Matrix = Vec<Vec<f64>>;

pub(super) fn identity(n: usize) -> Matrix {
    (0..n).map(|i| (0..n).map(|j| if i == j { 1.0 } else { 0.0 }).collect()).collect()
}

/// Eigenvalues and, as columns, their eigenvectors: A = B diag(values) B^T.
///
/// Cyclic Jacobi rotations (Golub and Van Loan, section 8.5): slower than what one would use for hundreds of rows,
/// but short, as exact as it gets, and of a fixed order of sums.
pub(super) fn eigen(mut a: Matrix) -> (Vec<f64>, Matrix) {
    let n = a.len();
    let mut b = identity(n);
    for _ in 0..50 {
        let off: f64 = (0..n).map(|i| a[i][..i].iter().map(|x| x * x).sum::<f64>()).sum();
        let diagonal: f64 = (0..n).map(|i| a[i][i] * a[i][i]).sum();
        if off <= 1e-30 * diagonal {
            break;
        }
        for p in 0..n {
            for q in p + 1..n {
                rotate(&mut a, &mut b, p, q);
            }
        }
    }
    ((0..n).map(|i| a[i][i]).collect(), b)
}

/// Turns the plane of p and q so that the entry (p, q) of A becomes 0.
fn rotate(a: &mut Matrix, b: &mut Matrix, p: usize, q: usize) {
    if a[p][q] == 0.0 {
        return;
    }
    let tau = (a[q][q] - a[p][p]) / (2.0 * a[p][q]);
    let t = tau.signum() / (tau.abs() + (1.0 + tau * tau).sqrt());
    let c = 1.0 / (1.0 + t * t).sqrt();
    let s = t * c;
    for row in a.iter_mut().chain(b.iter_mut()) {
        (row[p], row[q]) = (c * row[p] - s * row[q], s * row[p] + c * row[q]);
    }
    let (before, after) = a.split_at_mut(q);
    for (x, y) in before[p].iter_mut().zip(&mut after[0]) {
        (*x, *y) = (c * *x - s * *y, s * *x + c * *y);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn multiplies_back() {
        for n in [1, 2, 5, 12] {
            let entry = |i: usize, j: usize| ((i * j) as f64 * 0.9).cos() * 10.0_f64.powi(-((i + j) as i32) / 2);
            let a: Matrix = (0..n).map(|i| (0..n).map(|j| entry(i, j)).collect()).collect();
            let (values, b) = eigen(a.clone());
            for i in 0..n {
                for j in 0..n {
                    let back: f64 = (0..n).map(|k| b[i][k] * values[k] * b[j][k]).sum();
                    let orthogonal: f64 = (0..n).map(|k| b[k][i] * b[k][j]).sum();
                    assert!((back - a[i][j]).abs() < 1e-13, "{n}: {i}, {j}");
                    assert!((orthogonal - if i == j { 1.0 } else { 0.0 }).abs() < 1e-13, "{n}: {i}, {j}");
                }
            }
        }
    }
}
