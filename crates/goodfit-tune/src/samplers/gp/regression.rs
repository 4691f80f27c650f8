//! The Gaussian process given observations: the posterior. It knows nothing of trials.
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
use super::linalg::{Lower, NotPositive};
use super::sums::dot;

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

    /// Mean and variance at one point, with what [`Self::gradient`] needs left in `scratch`.
    pub(super) fn predict_to_derive(&self, point: &[f64], scratch: &mut Scratch) -> Prediction {
        let n = self.values.len();
        let Scratch { k, dk, v, .. } = scratch;
        for buffer in [&mut *k, &mut *dk, &mut *v] {
            buffer.resize(n, 0.0);
        }
        self.points.squared_distances(point, &self.inverse_squares, k);
        self.kernel.covariances_and_derivatives(k, dk);
        self.m.times(k, v);
        Prediction { mean: dot(k, &self.alpha), variance: self.kernel.variance - dot(v, v) }
    }

    /// The gradient of any function of mean and variance from its derivatives (by mean, by variance), once after
    /// [`Self::predict_to_derive`] at the same point.
    ///
    /// d mean / dx_j = sum_i alpha_i dk_i/dx_j and d variance / dx_j = -2 sum_i w_i dk_i/dx_j with
    /// dk_i/dx_j = dk_i 2 (x_j - X_ij) / l_j^2. Dimensions of choices have the derivative 0.
    pub(super) fn gradient(
        &self,
        point: &[f64],
        (by_mean, by_variance): (f64, f64),
        gradient: &mut [f64],
        scratch: &mut Scratch,
    ) {
        let n = self.values.len();
        let Scratch { dk, v, w, .. } = scratch;
        w.resize(n, 0.0);
        self.m.transposed_times(v, w);
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

#[cfg(test)]
pub(super) mod tests {
    use super::super::goldens::{close, goldens, numbers, rows};
    use super::*;

    /// The observations and hyperparameters that scikit-learn saw.
    pub(in super::super) fn observed() -> (Points, Vec<f64>, Kernel) {
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
            let sloped = posterior.predict_to_derive(query, &mut scratch);
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
        posterior.predict_to_derive(&query, &mut scratch);
        posterior.gradient(&query, (2.0, 3.0), &mut gradient, &mut scratch);
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
