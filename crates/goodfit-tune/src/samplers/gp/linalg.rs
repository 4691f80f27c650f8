//! Dense linear algebra of the Gaussian process: the Cholesky factor of a covariance matrix and its inverse.
//!
//! | name | what it is | shape |
//! |---|---|---|
//! | `A` | symmetric positive definite matrix, its lower triangle | packed, n (n + 1) / 2 |
//! | `L` | Cholesky factor, A = L L^T | packed |
//! | `M` | L^-1, so that A^-1 = M^T M | packed |
//!
//! Packed: row i of the lower triangle lies at i (i + 1) / 2 and has i + 1 entries, so a further row goes
//! to the end. All sums are added in an order that is written down here: the bits do not depend on the machine.

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
    /// L_ij = (A_ij - sum_k<j L_ik L_jk) / L_jj, row by row.
    pub(super) fn cholesky(&mut self) -> Result<(), NotPositive> {
        for i in 0..self.n {
            let (before, row) = self.split(i);
            let other = |j: usize| &before[start(j)..start(j + 1)];
            let mut j = 0;
            // Four columns at a time share the loads of this row.
            while j + 4 <= i {
                let done = dot4(&row[..j], [other(j), other(j + 1), other(j + 2), other(j + 3)]);
                for (k, sum) in done.into_iter().enumerate() {
                    let mut x = row[j + k] - sum;
                    for l in 0..k {
                        x -= row[j + l] * other(j + k)[j + l];
                    }
                    row[j + k] = x / other(j + k)[j + k];
                }
                j += 4;
            }
            while j < i {
                row[j] = (row[j] - dot(&row[..j], other(j))) / other(j)[j];
                j += 1;
            }
            let pivot = row[i] - dot(&row[..i], &row[..i]);
            if pivot.is_nan() || pivot <= 0.0 {
                return Err(NotPositive);
            }
            row[i] = pivot.sqrt();
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

    /// The lower triangle of A^-1 = M^T M from M.
    pub(super) fn gram(&self) -> Self {
        let mut gram = Self::zeros(self.n);
        let mut i = 0;
        while i < self.n {
            // Four rows of M at a time share the loads and stores of the result.
            let m = (self.n - i).min(4);
            let rows: [&[f64]; 4] = std::array::from_fn(|k| if k < m { self.row(i + k) } else { &[] });
            for a in 0..i + m {
                let target = gram.row_mut(a);
                if a < i && m == 4 {
                    let [r0, r1, r2, r3] = rows;
                    axpy4(target, [r0[a], r1[a], r2[a], r3[a]], [r0, r1, r2, r3]);
                } else {
                    for row in rows.iter().take(m).filter(|row| row.len() > a) {
                        axpy(target, row[a], row);
                    }
                }
            }
            i += m;
        }
        gram
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

/// The scalar product of x with the first entries of y, summed in eight interleaved parts.
pub(super) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let y = &y[..x.len()];
    let mut sums = [0.0; 8];
    let (x_blocks, x_rest) = x.as_chunks::<8>();
    let (y_blocks, y_rest) = y.as_chunks::<8>();
    for (x, y) in x_blocks.iter().zip(y_blocks) {
        for k in 0..8 {
            sums[k] += x[k] * y[k];
        }
    }
    let mut rest = 0.0;
    for (x, y) in x_rest.iter().zip(y_rest) {
        rest += x * y;
    }
    ((sums[0] + sums[4]) + (sums[2] + sums[6])) + ((sums[1] + sums[5]) + (sums[3] + sums[7])) + rest
}

/// The scalar products of x with the first entries of four others, each summed in two interleaved parts.
fn dot4(x: &[f64], y: [&[f64]; 4]) -> [f64; 4] {
    let n = x.len();
    let y = y.map(|y| &y[..n]);
    let (x_blocks, x_rest) = x.as_chunks::<2>();
    let blocks = y.map(|y| y.as_chunks::<2>().0);
    let mut sums = [[0.0; 2]; 4];
    for (i, x) in x_blocks.iter().enumerate() {
        for (sums, y) in sums.iter_mut().zip(&blocks) {
            sums[0] += x[0] * y[i][0];
            sums[1] += x[1] * y[i][1];
        }
    }
    let mut products = sums.map(|sums| sums[0] + sums[1]);
    if let [x] = x_rest {
        for (product, y) in products.iter_mut().zip(&y) {
            *product += x * y[n - 1];
        }
    }
    products
}

/// y += a x, over the entries of y or x, whichever has fewer.
fn axpy(y: &mut [f64], a: f64, x: &[f64]) {
    for (y, x) in y.iter_mut().zip(x) {
        *y += a * x;
    }
}

/// y += sum of a_k x_k; every x has at least the entries of y.
fn axpy4(y: &mut [f64], a: [f64; 4], x: [&[f64]; 4]) {
    let n = y.len();
    let [x0, x1, x2, x3] = x.map(|x| &x[..n]);
    for i in 0..n {
        y[i] += (a[0] * x0[i] + a[1] * x1[i]) + (a[2] * x2[i] + a[3] * x3[i]);
    }
}

/// sum += sum_k a_k row_k, where row k has k + 1 entries.
fn combine<'a>(sum: &mut [f64], a: &[f64], row: impl Fn(usize) -> &'a [f64]) {
    let mut k = 0;
    while k + 4 <= a.len() {
        let rows = [row(k), row(k + 1), row(k + 2), row(k + 3)];
        axpy4(&mut sum[..=k], [a[k], a[k + 1], a[k + 2], a[k + 3]], rows);
        for l in 1..4 {
            axpy(&mut sum[k + 1..=k + l], a[k + l], &rows[l][k + 1..]);
        }
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
            let gram = m.gram();
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
        agrees(&lower.gram(), "inverse");
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
