//! Dense linear algebra of the Gaussian process: the Cholesky factor of a covariance matrix and its inverse.
//!
//! | name | what it is | shape |
//! |---|---|---|
//! | `A` | symmetric positive definite matrix, its lower triangle | packed, n (n + 1) / 2 |
//! | `L` | Cholesky factor, A = L L^T | packed |
//! | `M` | L^-1, so that A^-1 = M^T M | packed |
//!
//! Packed: row i of the lower triangle lies at i (i + 1) / 2 and has i + 1 entries, so a further row goes
//! to the end.

use super::sums::{axpy, axpy4, axpy8, dot, dot2x4, dot4};

/// A lower triangular matrix, row by row.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Lower {
    n: usize,
    entries: Vec<f64>,
}

/// The matrix is not positive definite, as far as its rounding lets one tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotPositive;

impl Lower {
    pub(super) fn zeros(n: usize) -> Self {
        Self { n, entries: vec![0.0; n * (n + 1) / 2] }
    }

    /// Row i: its i + 1 entries up to the diagonal.
    pub(super) fn row(&self, i: usize) -> &[f64] {
        &self.entries[start(i)..start(i + 1)]
    }

    pub(super) fn row_mut(&mut self, i: usize) -> &mut [f64] {
        &mut self.entries[start(i)..start(i + 1)]
    }

    /// Row i, and the rows before it as one slice.
    fn split(&mut self, i: usize) -> (&[f64], &mut [f64]) {
        let (before, rest) = self.entries.split_at_mut(start(i));
        (before, &mut rest[..=i])
    }

    /// A becomes L.
    ///
    /// L_ij = (A_ij - sum_k<j L_ik L_jk) / L_jj, two rows at a time: neither waits for the divisions of the other.
    pub(super) fn cholesky(&mut self) -> Result<(), NotPositive> {
        let mut i = 0;
        while i < self.n {
            let (before, rest) = self.entries.split_at_mut(start(i));
            let (row, next) = rest.split_at_mut(i + 1);
            let mut next = if i + 1 < self.n { Some(&mut next[..i + 2]) } else { None };
            let other = |j: usize| &before[start(j)..start(j + 1)];
            let mut j = 0;
            // Four columns at a time share the loads of these rows.
            while j + 4 <= i {
                let others = [other(j), other(j + 1), other(j + 2), other(j + 3)];
                let ends = others.map(|other| &other[j..]);
                if let Some(next) = &mut next {
                    let done = dot2x4([&row[..j], &next[..j]], others);
                    solve4(&mut row[j..j + 4], done[0], ends);
                    solve4(&mut next[j..j + 4], done[1], ends);
                } else {
                    let done = dot4(&row[..j], others);
                    solve4(&mut row[j..j + 4], done, ends);
                }
                j += 4;
            }
            finish(row, j, other)?;
            if let Some(next) = next {
                let row = &*row;
                finish(next, j, |k| if k < i { other(k) } else { row })?;
            }
            i += 2;
        }
        Ok(())
    }

    /// L becomes M = L^-1.
    ///
    /// M_i = (e_i - sum_k<i L_ik M_k) / L_ii, row by row.
    pub(super) fn invert(&mut self) {
        let mut sum = vec![0.0; self.n];
        for i in 0..self.n {
            let (before, row) = self.split(i);
            let sum = &mut sum[..=i];
            sum.fill(0.0);
            combine(sum, &row[..i], |k| &before[start(k)..start(k + 1)]);
            let scale = 1.0 / row[i];
            for (x, sum) in row.iter_mut().zip(&*sum) {
                *x = -sum * scale;
            }
            row[i] = scale;
        }
    }

    /// The lower triangle of A^-1 = M^T M from M, into a matrix of the same size.
    pub(super) fn gram(&self, gram: &mut Self) {
        gram.entries.fill(0.0);
        let mut i = 0;
        // Eight rows of M at a time share the loads and stores of the result.
        while i + 8 <= self.n {
            let rows = |i: usize| std::array::from_fn(|k| self.row(i + k));
            let (first, second): ([&[f64]; 4], [&[f64]; 4]) = (rows(i), rows(i + 4));
            for a in 0..i {
                axpy8(gram.row_mut(a), [first.map(|row| row[a]), second.map(|row| row[a])], [first, second]);
            }
            for a in i..i + 4 {
                add_corner(gram.row_mut(a), &first);
                axpy4(gram.row_mut(a), second.map(|row| row[a]), second);
            }
            for a in i + 4..i + 8 {
                add_corner(gram.row_mut(a), &second);
            }
            i += 8;
        }
        while i < self.n {
            let m = (self.n - i).min(4);
            let rows: [&[f64]; 4] = std::array::from_fn(|k| if k < m { self.row(i + k) } else { &[] });
            for a in 0..i + m {
                if a < i && m == 4 {
                    axpy4(gram.row_mut(a), rows.map(|row| row[a]), rows);
                } else {
                    add_corner(gram.row_mut(a), &rows);
                }
            }
            i += m;
        }
    }

    /// out = M x.
    pub(super) fn times(&self, x: &[f64], out: &mut [f64]) {
        for (i, out) in out.iter_mut().enumerate() {
            *out = dot(&x[..=i], self.row(i));
        }
    }

    /// The squared length of M x for four vectors at once.
    pub(super) fn squared_lengths(&self, x: [&[f64]; 4]) -> [f64; 4] {
        let mut lengths = [0.0; 4];
        for i in 0..self.n {
            let image = dot4(self.row(i), x);
            for (length, y) in lengths.iter_mut().zip(image) {
                *length += y * y;
            }
        }
        lengths
    }

    /// out = M^T x.
    pub(super) fn transposed_times(&self, x: &[f64], out: &mut [f64]) {
        out.fill(0.0);
        combine(out, x, |k| self.row(k));
    }

    /// Takes a further row and column of A into M, in O(n^2).
    ///
    /// With l = M a, the row of L is (l, lambda), lambda^2 = a_nn - l^T l, and the row of M is
    /// (-l^T M / lambda, 1 / lambda). `a` holds the n entries left of the diagonal.
    pub(super) fn append(&mut self, a: &[f64], diagonal: f64) -> Result<(), NotPositive> {
        let n = self.n;
        let mut l = vec![0.0; n];
        self.times(a, &mut l);
        let pivot = diagonal - dot(&l, &l);
        if pivot.is_nan() || pivot <= 0.0 {
            return Err(NotPositive);
        }
        let scale = 1.0 / pivot.sqrt();
        let mut row = vec![0.0; n];
        self.transposed_times(&l, &mut row);
        self.entries.extend(row.iter().map(|x| -x * scale));
        self.entries.push(scale);
        self.n += 1;
        Ok(())
    }
}

fn start(i: usize) -> usize {
    i * (i + 1) / 2
}

/// The last entries of a row of L from those of A, from entry j on; `other` gives the rows before.
fn finish<'a>(row: &mut [f64], j: usize, other: impl Fn(usize) -> &'a [f64]) -> Result<(), NotPositive> {
    let i = row.len() - 1;
    for j in j..i {
        row[j] = (row[j] - dot(&row[..j], other(j))) / other(j)[j];
    }
    let pivot = row[i] - dot(&row[..i], &row[..i]);
    if pivot.is_nan() || pivot <= 0.0 {
        return Err(NotPositive);
    }
    row[i] = pivot.sqrt();
    Ok(())
}

/// The next four entries of a row of L from those of A. `done` is what the entries before them take away, `others` what
/// the rows of L of these columns have from the first of them on: 1, 2, 3 and 4 entries.
fn solve4(row: &mut [f64], done: [f64; 4], others: [&[f64]; 4]) {
    let [_, x1, x2, x3] = others;
    row[0] = (row[0] - done[0]) / others[0][0];
    row[1] = (row[1] - done[1] - row[0] * x1[0]) / x1[1];
    row[2] = (row[2] - done[2] - row[0] * x2[0] - row[1] * x2[1]) / x2[2];
    row[3] = (row[3] - done[3] - row[0] * x3[0] - row[1] * x3[1] - row[2] * x3[2]) / x3[3];
}

/// y += sum of x_k's last entry in y times x_k, over those rows that reach that far.
fn add_corner(y: &mut [f64], rows: &[&[f64]; 4]) {
    let a = y.len() - 1;
    for row in rows.iter().filter(|row| row.len() > a) {
        axpy(y, row[a], row);
    }
}

/// sum += a_1 x_1 + a_2 x_2 + a_3 x_3 where x_k has k entries.
fn add_triangle(sum: &mut [f64], a: &[f64], x: [&[f64]; 3]) {
    sum[0] = sum[0] + a[0] * x[0][0] + a[1] * x[1][0] + a[2] * x[2][0];
    sum[1] = sum[1] + a[1] * x[1][1] + a[2] * x[2][1];
    sum[2] += a[2] * x[2][2];
}

/// sum += sum_k a_k row_k, where row k has k + 1 entries.
fn combine<'a>(sum: &mut [f64], a: &[f64], row: impl Fn(usize) -> &'a [f64]) {
    let mut k = 0;
    let rows = |k: usize| [row(k), row(k + 1), row(k + 2), row(k + 3)];
    let four = |k: usize| [a[k], a[k + 1], a[k + 2], a[k + 3]];
    let triangle = |sum: &mut [f64], k: usize, [_, x, y, z]: [&[f64]; 4]| {
        add_triangle(&mut sum[k + 1..k + 4], &a[k + 1..k + 4], [&x[k + 1..], &y[k + 1..], &z[k + 1..]]);
    };
    while k + 8 <= a.len() {
        let (first, second) = (rows(k), rows(k + 4));
        axpy8(&mut sum[..=k], [four(k), four(k + 4)], [first, second]);
        triangle(sum, k, first);
        axpy4(&mut sum[k + 1..k + 5], four(k + 4), second.map(|row| &row[k + 1..]));
        triangle(sum, k + 4, second);
        k += 8;
    }
    if k + 4 <= a.len() {
        axpy4(&mut sum[..=k], four(k), rows(k));
        triangle(sum, k, rows(k));
        k += 4;
    }
    for k in k..a.len() {
        axpy(&mut sum[..=k], a[k], row(k));
    }
}

#[cfg(test)]
mod tests {
    use super::super::goldens::{close, goldens, rows};
    use super::*;

    /// A Gram matrix of waves plus a multiple of the identity.
    fn matrix(n: usize) -> Lower {
        let mut a = Lower::zeros(n);
        for i in 0..n {
            for j in 0..=i {
                let wave: f64 = (0..n).map(|k| ((i * k) as f64 * 0.7).sin() * ((j * k) as f64 * 0.7).sin()).sum();
                a.row_mut(i)[j] = wave + if i == j { 0.5 } else { 0.0 };
            }
        }
        a
    }

    fn entry(a: &Lower, i: usize, j: usize) -> f64 {
        if j <= i { a.row(i)[j] } else { 0.0 }
    }

    #[test]
    fn factors_and_inverses_multiply_back() {
        for n in [1, 2, 3, 4, 5, 8, 13, 30] {
            let a = matrix(n);
            let mut l = a.clone();
            l.cholesky().expect("positive definite");
            let mut m = l.clone();
            m.invert();
            let mut gram = Lower::zeros(n);
            m.gram(&mut gram);
            let product = |i: usize, j: usize, x: &dyn Fn(usize, usize) -> f64, y: &dyn Fn(usize, usize) -> f64| {
                (0..n).map(|k| x(i, k) * y(k, j)).sum::<f64>()
            };
            let symmetric = |x: &Lower, i: usize, j: usize| entry(x, i.max(j), i.min(j));
            for i in 0..n {
                for j in 0..n {
                    let one = if i == j { 1.0 } else { 0.0 };
                    let ll = product(i, j, &|i, k| entry(&l, i, k), &|k, j| entry(&l, j, k));
                    assert!((ll - symmetric(&a, i, j)).abs() < 1e-12 * n as f64, "L L^T at {i}, {j} of {n}");
                    let lm = product(i, j, &|i, k| entry(&l, i, k), &|k, j| entry(&m, k, j));
                    assert!((lm - one).abs() < 1e-12, "L M at {i}, {j} of {n}");
                    let ai = product(i, j, &|i, k| symmetric(&a, i, k), &|k, j| symmetric(&gram, k, j));
                    assert!((ai - one).abs() < 1e-11, "A A^-1 at {i}, {j} of {n}");
                }
            }
        }
    }

    #[test]
    fn as_scipy() {
        let goldens = &goldens()["factors"];
        let a = rows(&goldens["a"]);
        let mut lower = Lower::zeros(a.len());
        for (i, row) in a.iter().enumerate() {
            lower.row_mut(i).copy_from_slice(&row[..=i]);
        }
        let agrees = |lower: &Lower, name: &str| {
            for (i, row) in rows(&goldens[name]).iter().enumerate() {
                for (j, x) in row[..=i].iter().enumerate() {
                    close(lower.row(i)[j], *x, 1e-11, name);
                }
            }
        };
        lower.cholesky().expect("positive definite");
        agrees(&lower, "l");
        lower.invert();
        agrees(&lower, "m");
        let mut gram = Lower::zeros(a.len());
        lower.gram(&mut gram);
        agrees(&gram, "inverse");
    }

    #[test]
    fn appended_is_inverted_at_once() {
        let n = 11;
        let a = matrix(n);
        let mut whole = a.clone();
        whole.cholesky().expect("positive definite");
        whole.invert();
        let mut grown = Lower::default();
        for i in 0..n {
            let (left, diagonal) = (&a.row(i)[..i], a.row(i)[i]);
            grown.append(left, diagonal).expect("positive definite");
        }
        for i in 0..n {
            for (x, y) in grown.row(i).iter().zip(whole.row(i)) {
                assert!((x - y).abs() < 1e-12, "{x} {y}");
            }
        }
        assert_eq!(grown.append(&vec![1e3; n], 1.0), Err(NotPositive));
    }

    #[test]
    fn products_with_vectors() {
        for n in [1, 2, 5, 9, 18] {
            let mut m = matrix(n);
            m.cholesky().expect("positive definite");
            let x: Vec<f64> = (0..n).map(|i| (i as f64).cos()).collect();
            let naive = |i: usize| (0..=i).map(|k| m.row(i)[k] * x[k]).sum::<f64>();
            let naive_transposed = |j: usize| (j..n).map(|k| m.row(k)[j] * x[k]).sum::<f64>();
            let (mut image, mut transposed) = (vec![0.0; n], vec![0.0; n]);
            m.times(&x, &mut image);
            m.transposed_times(&x, &mut transposed);
            for i in 0..n {
                assert!((image[i] - naive(i)).abs() < 1e-12);
                assert!((transposed[i] - naive_transposed(i)).abs() < 1e-12);
            }
            let length: f64 = image.iter().map(|y| y * y).sum();
            assert!(m.squared_lengths([&x; 4]).iter().all(|l| (l - length).abs() < 1e-12 * length.max(1.0)));
        }
    }

    #[test]
    fn not_positive() {
        let mut a = Lower::zeros(2);
        a.row_mut(0)[0] = 1.0;
        a.row_mut(1).copy_from_slice(&[2.0, 1.0]);
        assert_eq!(a.cholesky(), Err(NotPositive));
        let mut nan = Lower::zeros(1);
        nan.row_mut(0)[0] = f64::NAN;
        assert_eq!(nan.cholesky(), Err(NotPositive));
    }
}
