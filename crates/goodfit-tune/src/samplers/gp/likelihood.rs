//! How probable observations are under hyperparameters.
//!
//! | name | what it is | shape |
//! |---|---|---|
//! | `X`, `y` | observed points and values, the latter with the prior mean 0 | n |
//! | `A` | covariance of the observations, K(X, X) + noise I | n x n, packed |
//! | `L`, `M` | Cholesky factor of A and its inverse | n x n, packed |
//! | `alpha` | A^-1 y = M^T M y | n |

use super::kernel::{Kernel, Metric, Points};
use super::linalg::{Lower, NotPositive};
use super::sums::{dot, dot_squares};

/// The marginal likelihood of observations as a function of the hyperparameters, with room for what is computed on the
/// way.
pub(super) struct Likelihood<'a> {
    points: &'a Points,
    values: &'a [f64],
    /// L after a value, M after its gradient.
    m: Lower,
    inverse: Lower,
    /// dk of each pair of points.
    derivatives: Lower,
    v: Vec<f64>,
    alpha: Vec<f64>,
    squares: Vec<f64>,
}

impl<'a> Likelihood<'a> {
    pub(super) fn new(points: &'a Points, values: &'a [f64]) -> Self {
        let n = points.n();
        let [m, inverse, derivatives] = std::array::from_fn(|_| Lower::zeros(n));
        let [v, alpha, squares] = std::array::from_fn(|_| vec![0.0; n]);
        Self { points, values, m, inverse, derivatives, v, alpha, squares }
    }

    /// The logarithm of the marginal likelihood.
    ///
    /// ln p(y | X) = -1/2 y^T A^-1 y - sum_i ln L_ii - n/2 ln(2 pi) (Rasmussen and Williams, equation 2.30).
    pub(super) fn value(&mut self, kernel: &Kernel) -> Result<f64, NotPositive> {
        let n = self.points.n();
        let inverse_squares = kernel.inverse_squares();
        for i in 0..n {
            let row = self.m.row_mut(i);
            self.points.squared_distances(&self.points.point(i), &inverse_squares, row);
            kernel.covariances_and_derivatives(row, self.derivatives.row_mut(i));
            row[i] += kernel.noise;
        }
        self.m.cholesky()?;
        let half_log_determinant: f64 = (0..n).map(|i| libm::log(self.m.row(i)[i])).sum();
        self.m.invert();
        self.m.times(self.values, &mut self.v);
        self.m.transposed_times(&self.v, &mut self.alpha);
        let constant = 0.5 * n as f64 * libm::log(std::f64::consts::TAU);
        Ok(-0.5 * dot(self.values, &self.alpha) - half_log_determinant - constant)
    }

    /// Its derivatives by (ln l_1, .., ln l_d, ln s2, ln noise) at the hyperparameters of the last value.
    ///
    /// For a hyperparameter t, d/dt = 1/2 sum_ab (alpha_a alpha_b - A^-1_ab) dA_ab/dt (Rasmussen and Williams,
    /// equation 5.9), where dA_ab/d ln l_j = -2 dk_ab (x_aj - x_bj)^2 / l_j^2.
    pub(super) fn gradient(&mut self, kernel: &Kernel, gradient: &mut [f64]) {
        let Self { points, values, m, inverse, derivatives, alpha, squares, .. } = self;
        let (n, n_dims, inverse_squares) = (points.n(), points.n_dims(), kernel.inverse_squares());
        m.gram(inverse);
        gradient.fill(0.0);
        let mut trace = 0.0;
        for a in 0..n {
            let (weights, inverse) = (&mut derivatives.row_mut(a)[..a], inverse.row(a));
            trace += alpha[a] * alpha[a] - inverse[a];
            for ((weight, alpha_b), inverse) in weights.iter_mut().zip(&*alpha).zip(inverse) {
                *weight *= alpha[a] * alpha_b - inverse;
            }
            for dim in 0..n_dims {
                let (column, x) = (points.column(dim), points.column(dim)[a]);
                let sum = match points.metrics[dim] {
                    Metric::Difference => dot_squares(weights, x, column),
                    Metric::Equality => {
                        let squares = &mut squares[..a];
                        for (square, y) in squares.iter_mut().zip(column) {
                            *square = if (x - y).abs() > 0.0 { 1.0 } else { 0.0 };
                        }
                        dot(squares, weights)
                    }
                };
                // Twice for both triangles, half from the formula.
                gradient[dim] += sum * (-2.0 * inverse_squares[dim]);
            }
        }
        gradient[n_dims + 1] = 0.5 * kernel.noise * trace;
        // s2 dA/ds2 = K = A - noise I, and the sum of (alpha alpha^T - A^-1) A is y^T alpha - n.
        gradient[n_dims] = 0.5 * (dot(values, alpha) - n as f64) - gradient[n_dims + 1];
    }
}

#[cfg(test)]
mod tests {
    use super::super::goldens::{close, goldens, numbers};
    use super::super::regression::tests::observed;
    use super::*;

    #[test]
    fn marginal_likelihood_as_scikit_learn() {
        let (points, values, kernel) = observed();
        let golden = &goldens()["regression"];
        let mut gradient = [0.0; 5];
        let mut likelihood = Likelihood::new(&points, &values);
        let got = likelihood.value(&kernel).expect("positive definite");
        likelihood.gradient(&kernel, &mut gradient);
        close(got, golden["log_likelihood"].as_f64().expect("a number"), 1e-11, "log likelihood");
        for (got, expected) in gradient.iter().zip(numbers(&golden["gradient"])) {
            close(*got, expected, 1e-10, "gradient");
        }
    }

    #[test]
    fn gradient_of_the_likelihood_as_differences() {
        let (points, values, kernel) = observed();
        let at = |t: &[f64; 5], gradient: &mut [f64]| {
            let lengths = t[..3].iter().map(|t| t.exp()).collect();
            let kernel = Kernel { lengths, variance: t[3].exp(), noise: t[4].exp() };
            let mut likelihood = Likelihood::new(&points, &values);
            let value = likelihood.value(&kernel).expect("positive definite");
            likelihood.gradient(&kernel, gradient);
            value
        };
        let mut t = [0.0; 5];
        t[..3].copy_from_slice(&kernel.lengths.iter().map(|l| l.ln()).collect::<Vec<_>>());
        (t[3], t[4]) = (kernel.variance.ln(), kernel.noise.ln());
        let mut gradient = [0.0; 5];
        at(&t, &mut gradient);
        for i in 0..5 {
            let beside = |h: f64| {
                let mut t = t;
                t[i] += h;
                at(&t, &mut [0.0; 5])
            };
            close(gradient[i], (beside(1e-5) - beside(-1e-5)) / 2e-5, 1e-7, "slope");
        }
    }
}
