//! The most probable hyperparameters.
//!
//! | name | what it is | shape |
//! |---|---|---|
//! | `t` | (ln l_1, .., ln l_d, ln s2, ln noise) | d + 2 |
//! | `X`, `y` | observed points and values, the latter standardised | n |
//!
//! t maximises ln p(y | X, t) + ln p(t), where p(t) is a product of normal densities:
//!
//! | of | mean | standard deviation | bounds |
//! |---|---|---|---|
//! | ln l_j | -0.7 (half of the range) | 1.5 | -5 to 8 |
//! | ln s2 | 0.5 | 1 | -5 to 8 |
//! | ln noise | -8 | 3 | -16 to 1 |
//!
//! The priors are wide: they decide where few trials say little, as long as length scales are not seen in the data.

use super::kernel::{Kernel, Points};
use super::lbfgs::{Function, Limits, minimise};
use super::likelihood::Likelihood;

/// A normal distribution of one entry of t, and its bounds.
#[derive(Clone, Copy, Debug)]
struct Prior {
    mean: f64,
    sd: f64,
    bounds: (f64, f64),
}

const LENGTH: Prior = Prior { mean: -0.7, sd: 1.5, bounds: (-5.0, 8.0) };
const VARIANCE: Prior = Prior { mean: 0.5, sd: 1.0, bounds: (-5.0, 8.0) };
/// The least noise keeps the covariance of a thousand observations positive definite after rounding.
const NOISE: Prior = Prior { mean: -8.0, sd: 3.0, bounds: (-16.0, 1.0) };

fn priors(n_dims: usize) -> impl Iterator<Item = Prior> {
    std::iter::repeat_n(LENGTH, n_dims).chain([VARIANCE, NOISE])
}

/// Where a fit starts when nothing is known.
pub(super) fn start(n_dims: usize) -> Vec<f64> {
    let mut t = vec![LENGTH.mean; n_dims];
    t.extend([0.0, -5.0]);
    t
}

/// The hyperparameters that t stands for.
pub(super) fn kernel(t: &[f64]) -> Kernel {
    let (lengths, rest) = t.split_at(t.len() - 2);
    Kernel {
        lengths: lengths.iter().map(|&t| libm::exp(t)).collect(),
        variance: libm::exp(rest[0]),
        noise: libm::exp(rest[1]),
    }
}

/// -ln p(y | X, t) - ln p(t) without the constants of the latter.
struct Objective<'a> {
    likelihood: Likelihood<'a>,
    priors: Vec<Prior>,
}

impl<'a> Objective<'a> {
    fn new(points: &'a Points, values: &'a [f64]) -> Self {
        Self { likelihood: Likelihood::new(points, values), priors: priors(points.n_dims()).collect() }
    }
}

impl Function for Objective<'_> {
    fn value(&mut self, t: &[f64]) -> f64 {
        let Ok(likelihood) = self.likelihood.value(&kernel(t)) else { return f64::INFINITY };
        let mut loss = -likelihood;
        for (t, prior) in t.iter().zip(&self.priors) {
            let z = (t - prior.mean) / prior.sd;
            loss += 0.5 * z * z;
        }
        loss
    }

    fn gradient(&mut self, t: &[f64], gradient: &mut [f64]) {
        self.likelihood.gradient(&kernel(t), gradient);
        for ((t, slope), prior) in t.iter().zip(gradient).zip(&self.priors) {
            let z = (t - prior.mean) / prior.sd;
            *slope = z / prior.sd - *slope;
        }
    }
}

/// The most probable t reached from a start in so many steps of L-BFGS, and its loss.
pub(super) fn fit(points: &Points, values: &[f64], start: &[f64], n_steps: usize) -> (Vec<f64>, f64) {
    let mut objective = Objective::new(points, values);
    let bounds: Vec<(f64, f64)> = objective.priors.iter().map(|prior| prior.bounds).collect();
    let limits = Limits { n_steps, gradient: 1e-2, decrease: 1e-3 };
    let mut t = start.to_vec();
    let loss = minimise(&mut t, &bounds, limits, &mut objective);
    (t, loss)
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::super::kernel::Metric;
    use super::*;
    use crate::streams::{Streams, uniform};

    fn data(n: usize, noise: f64) -> (Points, Vec<f64>) {
        let mut stream = Streams::new(3).trial(0);
        let mut points = Points::new(vec![Metric::Difference; 3]);
        let mut values = Vec::new();
        for _ in 0..n {
            let point: Vec<f64> = (0..3).map(|_| uniform(stream.next_u64())).collect();
            // Uniform noise of variance 1 is sqrt(12) wide.
            let disturbance = noise.sqrt() * 12.0_f64.sqrt() * (uniform(stream.next_u64()) - 0.5);
            values.push(1.5 * (9.0 * point[0]).sin() + point[1] + disturbance);
            points.push(&point);
        }
        (points, values)
    }

    #[test]
    fn gradient_as_differences() {
        let (points, values) = data(20, 0.01);
        let t = [-0.3, 0.2, 1.0, 0.4, -4.0];
        let mut gradient = [0.0; 5];
        let mut objective = Objective::new(&points, &values);
        objective.value(&t);
        objective.gradient(&t, &mut gradient);
        for i in 0..5 {
            let mut beside = |h: f64| {
                let mut t = t;
                t[i] += h;
                objective.value(&t)
            };
            let difference = (beside(1e-5) - beside(-1e-5)) / 2e-5;
            assert!((gradient[i] - difference).abs() < 1e-6 * difference.abs().max(1.0), "{i}");
        }
    }

    #[test]
    fn finds_what_matters_and_how_noisy_it_is() {
        for noise in [0.04, 0.36] {
            let (points, values) = data(80, noise);
            let (t, _) = fit(&points, &values, &start(3), 60);
            let kernel = kernel(&t);
            let [first, second, third] = kernel.lengths[..] else { panic!("three") };
            assert!(first < 0.5 && first < 0.5 * second && third > 1.5, "{:?}", kernel.lengths);
            assert!(kernel.noise > 0.5 * noise && kernel.noise < 2.0 * noise, "{} for {noise}", kernel.noise);
        }
    }
}
