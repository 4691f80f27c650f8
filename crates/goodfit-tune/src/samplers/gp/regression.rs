//! The Gaussian process given observations: posterior and marginal likelihood. It knows nothing of trials.
//!
//! | name | what it is | shape |
//! |---|---|---|
//! | `X` | observed points | n points |
//! | `y` | observed values, with the prior mean 0 | n |
//! | `A` | covariance of the observations, K(X, X) + noise I | n x n, packed |
//! | `L`, `M` | Cholesky factor of A and its inverse | n x n, packed |
//! | `alpha` | A^-1 y = M^T M y | n |
//! | `k` | covariances of a point with X | n |
//! | `v`, `w` | M k and A^-1 k = M^T v | n |

use super::kernel::{Kernel, Metric, Points};
use super::linalg::{Lower, NotPositive, dot};

/// A Gaussian process that has seen observations.
#[derive(Clone, Debug)]
pub(super) struct Posterior {
    pub(super) points: Points,
    pub(super) values: Vec<f64>,
    pub(super) kernel: Kernel,
    inverse_squares: Vec<f64>,
    m: Lower,
    alpha: Vec<f64>,
}

/// What a prediction needs room for.
#[derive(Clone, Debug, Default)]
pub(super) struct Scratch {
    k: Vec<f64>,
    dk: Vec<f64>,
    v: Vec<f64>,
    w: Vec<f64>,
}

/// Mean and variance of the function at a point.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Prediction {
    pub(super) mean: f64,
    pub(super) variance: f64,
}

impl Posterior {
    pub(super) fn new(points: Points, values: Vec<f64>, kernel: Kernel) -> Result<Self, NotPositive> {
        let mut m = covariance(&points, &kernel);
        m.cholesky()?;
        m.invert();
        let inverse_squares = kernel.inverse_squares();
        let mut posterior = Self { alpha: vec![0.0; values.len()], points, values, kernel, inverse_squares, m };
        posterior.solve();
        Ok(posterior)
    }

    fn solve(&mut self) {
        let mut v = vec![0.0; self.values.len()];
        self.m.times(&self.values, &mut v);
        self.alpha.resize(self.values.len(), 0.0);
        self.m.transposed_times(&v, &mut self.alpha);
    }

    /// Takes one more observation, in O(n^2); the hyperparameters stay.
    pub(super) fn append(&mut self, point: &[f64], value: f64) -> Result<(), NotPositive> {
        let mut k = vec![0.0; self.values.len()];
        self.points.squared_distances(point, &self.inverse_squares, &mut k);
        self.kernel.covariances(&mut k);
        self.m.append(&k, self.kernel.variance + self.kernel.noise)?;
        self.points.push(point);
        self.values.push(value);
        self.solve();
        Ok(())
    }

    fn covariances(&self, point: &[f64], k: &mut Vec<f64>) {
        k.resize(self.values.len(), 0.0);
        self.points.squared_distances(point, &self.inverse_squares, k);
        self.kernel.covariances(k);
    }

    /// The mean k^T alpha at a point.
    pub(super) fn mean(&self, point: &[f64], scratch: &mut Scratch) -> f64 {
        self.covariances(point, &mut scratch.k);
        dot(&scratch.k, &self.alpha)
    }

    /// Mean k^T alpha and variance s2 - v^T v at four points.
    pub(super) fn predict4(&self, points: [&[f64]; 4], scratch: &mut [Scratch; 4]) -> [Prediction; 4] {
        for (point, scratch) in points.iter().zip(scratch.iter_mut()) {
            self.covariances(point, &mut scratch.k);
        }
        let lengths = self.m.squared_lengths(std::array::from_fn(|i| scratch[i].k.as_slice()));
        std::array::from_fn(|i| Prediction {
            mean: dot(&scratch[i].k, &self.alpha),
            variance: self.kernel.variance - lengths[i],
        })
    }

    /// Mean and variance at one point.
    pub(super) fn predict(&self, point: &[f64], scratch: &mut Scratch) -> Prediction {
        self.covariances(point, &mut scratch.k);
        scratch.v.resize(self.values.len(), 0.0);
        self.m.times(&scratch.k, &mut scratch.v);
        let mean = dot(&scratch.k, &self.alpha);
        Prediction { mean, variance: self.kernel.variance - dot(&scratch.v, &scratch.v) }
    }

    /// Mean and variance, and the gradient of any function of both from its derivatives (by mean, by variance).
    ///
    /// d mean / dx_j = sum_i alpha_i dk_i/dx_j and d variance / dx_j = -2 sum_i w_i dk_i/dx_j with
    /// dk_i/dx_j = dk_i 2 (x_j - X_ij) / l_j^2. Dimensions of choices have the derivative 0.
    pub(super) fn predict_with_gradient(
        &self,
        point: &[f64],
        derivatives: impl FnOnce(&Prediction) -> (f64, f64),
        gradient: &mut [f64],
        scratch: &mut Scratch,
    ) -> Prediction {
        let n = self.values.len();
        let Scratch { k, dk, v, w } = scratch;
        for buffer in [&mut *k, &mut *dk, &mut *v, &mut *w] {
            buffer.resize(n, 0.0);
        }
        self.points.squared_distances(point, &self.inverse_squares, k);
        self.kernel.covariances_and_derivatives(k, dk);
        self.m.times(k, v);
        self.m.transposed_times(v, w);
        let prediction = Prediction { mean: dot(k, &self.alpha), variance: self.kernel.variance - dot(v, v) };
        let (by_mean, by_variance) = derivatives(&prediction);
        for i in 0..n {
            dk[i] *= 2.0 * (by_mean * self.alpha[i] - 2.0 * by_variance * w[i]);
        }
        for (dim, slope) in gradient.iter_mut().enumerate() {
            *slope = match self.points.metrics[dim] {
                Metric::Equality => 0.0,
                Metric::Difference => {
                    let differences = &mut *v;
                    for (difference, y) in differences.iter_mut().zip(self.points.column(dim)) {
                        *difference = point[dim] - y;
                    }
                    dot(dk, differences) * self.inverse_squares[dim]
                }
            };
        }
        prediction
    }
}

fn covariance(points: &Points, kernel: &Kernel) -> Lower {
    let inverse_squares = kernel.inverse_squares();
    let mut a = Lower::zeros(points.n());
    for i in 0..points.n() {
        let row = a.row_mut(i);
        points.squared_distances(&points.point(i), &inverse_squares, row);
        kernel.covariances(row);
        row[i] += kernel.noise;
    }
    a
}

/// The logarithm of the marginal likelihood and its derivatives by (ln l_1, .., ln l_d, ln s2, ln noise).
///
/// ln p(y | X) = -1/2 y^T A^-1 y - sum_i ln L_ii - n/2 ln(2 pi), and for a hyperparameter t
/// d/dt = 1/2 sum_ab (alpha_a alpha_b - A^-1_ab) dA_ab/dt (Rasmussen and Williams, equations 2.30 and 5.9), where
/// dA_ab/d ln l_j = -2 dk_ab (x_aj - x_bj)^2 / l_j^2.
pub(super) fn log_marginal_likelihood(
    points: &Points,
    values: &[f64],
    kernel: &Kernel,
    gradient: &mut [f64],
) -> Result<f64, NotPositive> {
    let (n, n_dims) = (points.n(), points.n_dims());
    let inverse_squares = kernel.inverse_squares();
    let mut m = Lower::zeros(n);
    let mut derivatives = Lower::zeros(n);
    for i in 0..n {
        let row = m.row_mut(i);
        points.squared_distances(&points.point(i), &inverse_squares, row);
        kernel.covariances_and_derivatives(row, derivatives.row_mut(i));
        row[i] += kernel.noise;
    }
    m.cholesky()?;
    let half_log_determinant: f64 = (0..n).map(|i| libm::log(m.row(i)[i])).sum();
    m.invert();
    let (mut v, mut alpha) = (vec![0.0; n], vec![0.0; n]);
    m.times(values, &mut v);
    m.transposed_times(&v, &mut alpha);
    let inverse = m.gram();

    gradient.fill(0.0);
    let mut trace = 0.0;
    let mut squares = vec![0.0; n];
    for a in 0..n {
        let (weights, inverse) = (derivatives.row_mut(a), inverse.row(a));
        let diagonal = alpha[a] * alpha[a] - inverse[a];
        trace += diagonal;
        for b in 0..a {
            weights[b] *= alpha[a] * alpha[b] - inverse[b];
        }
        for dim in 0..n_dims {
            let (column, squares) = (points.column(dim), &mut squares[..a]);
            let x = column[a];
            match points.metrics[dim] {
                Metric::Difference => {
                    for (square, y) in squares.iter_mut().zip(column) {
                        *square = (x - y) * (x - y);
                    }
                }
                Metric::Equality => {
                    for (square, y) in squares.iter_mut().zip(column) {
                        *square = if (x - y).abs() > 0.0 { 1.0 } else { 0.0 };
                    }
                }
            }
            // Twice for both triangles, half from the formula.
            gradient[dim] += dot(squares, weights) * (-2.0 * inverse_squares[dim]);
        }
    }
    gradient[n_dims + 1] = 0.5 * kernel.noise * trace;
    // s2 dA/ds2 = K = A - noise I, and the sum of (alpha alpha^T - A^-1) A is y^T alpha - n.
    let fit = dot(values, &alpha);
    gradient[n_dims] = 0.5 * (fit - n as f64) - gradient[n_dims + 1];
    let constant = 0.5 * n as f64 * libm::log(std::f64::consts::TAU);
    Ok(-0.5 * fit - half_log_determinant - constant)
}

#[cfg(test)]
mod tests {
    use super::super::goldens::{close, goldens, numbers, rows};
    use super::*;

    /// The observations and hyperparameters that scikit-learn saw.
    fn observed() -> (Points, Vec<f64>, Kernel) {
        let golden = &goldens()["regression"];
        let mut points = Points::new(vec![Metric::Difference, Metric::Difference, Metric::Equality]);
        for point in rows(&golden["x"]) {
            points.push(&point);
        }
        let number = |name: &str| golden[name].as_f64().expect("a number");
        let kernel =
            Kernel { lengths: numbers(&golden["lengths"]), variance: number("variance"), noise: number("noise") };
        (points, numbers(&golden["y"]), kernel)
    }

    #[test]
    fn marginal_likelihood_as_scikit_learn() {
        let (points, values, kernel) = observed();
        let golden = &goldens()["regression"];
        let mut gradient = [0.0; 5];
        let got = log_marginal_likelihood(&points, &values, &kernel, &mut gradient).expect("positive definite");
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
            log_marginal_likelihood(&points, &values, &kernel, gradient).expect("positive definite")
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

    #[test]
    fn posterior_as_scikit_learn() {
        let (points, values, kernel) = observed();
        let golden = &goldens()["regression"];
        let queries = rows(&golden["queries"]);
        let posterior = Posterior::new(points, values, kernel).expect("positive definite");
        let (means, variances) = (numbers(&golden["mean"]), numbers(&golden["variance_at"]));
        let mut scratch = Scratch::default();
        for ((query, mean), variance) in queries.iter().zip(means).zip(variances) {
            let one = posterior.predict(query, &mut scratch);
            let four = posterior.predict4([query; 4], &mut Default::default())[3].clone();
            let sloped = posterior.predict_with_gradient(query, |_| (0.0, 0.0), &mut [0.0; 3], &mut scratch);
            for prediction in [one, four, sloped] {
                close(prediction.mean, mean, 1e-11, "mean");
                close(prediction.variance, variance, 1e-11, "variance");
            }
            close(posterior.mean(query, &mut scratch), mean, 1e-11, "mean alone");
        }
    }

    #[test]
    fn one_more_observation_as_all_at_once() {
        let (points, values, kernel) = observed();
        let all = Posterior::new(points.clone(), values.clone(), kernel.clone()).expect("positive definite");
        let first: Vec<usize> = (0..10).collect();
        let mut grown =
            Posterior::new(points.select(&first), values[..10].to_vec(), kernel).expect("positive definite");
        for (i, value) in values.iter().enumerate().skip(10) {
            grown.append(&points.point(i), *value).expect("positive definite");
        }
        let mut scratch = Scratch::default();
        let query = [0.3, 0.6, 0.5];
        let (grown, all) = (grown.predict(&query, &mut scratch), all.predict(&query, &mut scratch));
        close(grown.mean, all.mean, 1e-12, "mean");
        close(grown.variance, all.variance, 1e-12, "variance");
    }

    #[test]
    fn gradient_at_a_point_as_differences() {
        let (points, values, kernel) = observed();
        let posterior = Posterior::new(points, values, kernel).expect("positive definite");
        let mut scratch = Scratch::default();
        let query = [0.31, 0.62, 0.5];
        let mut gradient = [f64::NAN; 3];
        // Of 2 mean + 3 variance.
        posterior.predict_with_gradient(&query, |_| (2.0, 3.0), &mut gradient, &mut scratch);
        let mut value = |dim: usize, h: f64| {
            let mut query = query;
            query[dim] += h;
            let prediction = posterior.predict(&query, &mut scratch);
            2.0 * prediction.mean + 3.0 * prediction.variance
        };
        for (dim, slope) in gradient.iter().enumerate().take(2) {
            close(*slope, (value(dim, 1e-5) - value(dim, -1e-5)) / 2e-5, 1e-7, "slope");
        }
        assert_eq!(gradient[2], 0.0);
    }
}
