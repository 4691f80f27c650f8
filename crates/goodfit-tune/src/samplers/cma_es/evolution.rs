//! The evolution strategy. It knows nothing of trials.
//!
//! | name | what it is | shape |
//! |---|---|---|
//! | `n` | dimensions | |
//! | `lambda`, `mu` | points of a population, and how many of them, the best, count | |
//! | `w` | their weights, falling, with the sum 1 | mu |
//! | `mu_eff` | 1 / sum w_i^2 | |
//! | `m`, `sigma`, `C` | mean, step size and covariance of the next population: N(m, sigma^2 C) | n, 1, n x n |
//! | `B`, `D` | eigenvectors of C and the square roots of its eigenvalues: C = B D^2 B^T | n x n, n |
//! | `p_s`, `p_c` | paths of the step size and of the covariance | n |
//! | `a` | factors of single axes that keep their spread from falling below a floor | n |
//! | `y` | (x - m) / (sigma a) of a point x | n |

use rand_core::Rng;

use super::eigen::{Matrix, eigen, identity};
use crate::streams::uniform;

/// The constants of a strategy.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Settings {
    pub(super) lambda: usize,
    pub(super) weights: Vec<f64>,
    pub(super) mu_eff: f64,
    pub(super) c_sigma: f64,
    pub(super) d_sigma: f64,
    pub(super) c_c: f64,
    pub(super) c_1: f64,
    pub(super) c_mu: f64,
    /// E |N(0, I)|.
    chi: f64,
}

/// 4 + floor(3 ln n).
pub(super) fn default_lambda(n: usize) -> usize {
    4 + (3.0 * libm::log(n as f64)).floor() as usize
}

impl Settings {
    /// N. Hansen: The CMA Evolution Strategy: A Tutorial (arXiv 1604.00772), table 1, without negative weights.
    pub(super) fn new(n: usize, lambda: usize) -> Self {
        let (dims, mu) = (n as f64, lambda / 2);
        let raw: Vec<f64> = (1..=mu).map(|i| libm::log(0.5 * (lambda as f64 + 1.0)) - libm::log(i as f64)).collect();
        let sum: f64 = raw.iter().sum();
        let weights: Vec<f64> = raw.iter().map(|w| w / sum).collect();
        let mu_eff = 1.0 / weights.iter().map(|w| w * w).sum::<f64>();
        let c_sigma = (mu_eff + 2.0) / (dims + mu_eff + 5.0);
        let c_1 = 2.0 / ((dims + 1.3) * (dims + 1.3) + mu_eff);
        let c_mu = 2.0 * (0.25 + mu_eff + 1.0 / mu_eff - 2.0) / ((dims + 2.0) * (dims + 2.0) + mu_eff);
        Self {
            lambda,
            weights,
            mu_eff,
            c_sigma,
            d_sigma: 1.0 + 2.0 * (((mu_eff - 1.0) / (dims + 1.0)).sqrt() - 1.0).max(0.0) + c_sigma,
            c_c: (4.0 + mu_eff / dims) / (dims + 4.0 + 2.0 * mu_eff / dims),
            c_1,
            c_mu: c_mu.min(1.0 - c_1),
            chi: dims.sqrt() * (1.0 - 1.0 / (4.0 * dims) + 1.0 / (21.0 * dims * dims)),
        }
    }
}

/// One run in the unit cube, between two populations.
#[derive(Clone, Debug)]
pub(super) struct Evolution {
    pub(super) settings: Settings,
    mean: Vec<f64>,
    sigma: f64,
    covariance: Matrix,
    vectors: Matrix,
    roots: Vec<f64>,
    path_sigma: Vec<f64>,
    path_covariance: Vec<f64>,
    floors: Vec<f64>,
    n_updates: i32,
}

/// A point of a population.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Member {
    pub(super) point: Vec<f64>,
    /// Whether it was drawn from this distribution; otherwise its step is shortened to what might have been.
    pub(super) is_own: bool,
}

/// The first step size, as a share of the range.
pub(super) const FIRST_SIGMA: f64 = 0.3;

/// How often a point outside the cube is drawn anew before it is put on the bounds.
const REDRAWS: usize = 16;

impl Evolution {
    /// A run that begins at a mean. `floors`: for each axis the smallest standard deviation of a population.
    pub(super) fn new(settings: Settings, mean: Vec<f64>, floors: Vec<f64>) -> Self {
        let n = mean.len();
        Self {
            settings,
            mean,
            sigma: FIRST_SIGMA,
            covariance: identity(n),
            vectors: identity(n),
            roots: vec![1.0; n],
            path_sigma: vec![0.0; n],
            path_covariance: vec![0.0; n],
            floors,
            n_updates: 0,
        }
    }

    fn factors(&self) -> Vec<f64> {
        let factor = |i: usize| (self.floors[i] / (self.sigma * self.covariance[i][i].sqrt())).max(1.0);
        (0..self.mean.len()).map(factor).collect()
    }

    /// x = m + sigma a B D z with z normal, inside the cube.
    pub(super) fn draw(&self, stream: &mut impl Rng) -> Vec<f64> {
        let factors = self.factors();
        let mut point = Vec::new();
        for _ in 0..REDRAWS {
            let z: Vec<f64> = self.roots.iter().map(|root| root * normal(stream)).collect();
            let x = |(i, row): (usize, &Vec<f64>)| {
                self.mean[i] + self.sigma * factors[i] * row.iter().zip(&z).map(|(b, z)| b * z).sum::<f64>()
            };
            point = self.vectors.iter().enumerate().map(x).collect();
            if point.iter().all(|x| (0.0..=1.0).contains(x)) {
                return point;
            }
        }
        point.into_iter().map(|x| x.clamp(0.0, 1.0)).collect()
    }

    /// B diag(1/D) B^T y.
    fn whitened(&self, y: &[f64]) -> Vec<f64> {
        let n = y.len();
        let turned = |k: usize| (0..n).map(|i| self.vectors[i][k] * y[i]).sum::<f64>() / self.roots[k];
        let turned: Vec<f64> = (0..n).map(turned).collect();
        self.vectors.iter().map(|row| row.iter().zip(&turned).map(|(b, t)| b * t).sum()).collect()
    }

    /// Takes in a population, best first: equations 41 to 47 of the tutorial.
    ///
    /// A step that was not drawn here is shortened to a length of sqrt(n) + 2 n / (n + 2) (N. Hansen: Injecting
    /// External Solutions Into CMA-ES, 2011).
    pub(super) fn update(&mut self, ranked: &[Member]) {
        let n = self.mean.len();
        let Settings { mu_eff, c_sigma, d_sigma, c_c, c_1, c_mu, chi, .. } = self.settings;
        let factors = self.factors();
        let longest = (n as f64).sqrt() + 2.0 * n as f64 / (n as f64 + 2.0);
        let steps: Vec<Vec<f64>> = (ranked.iter().take(self.settings.weights.len()))
            .map(|member| {
                let mut y: Vec<f64> =
                    (0..n).map(|i| (member.point[i] - self.mean[i]) / (self.sigma * factors[i])).collect();
                let length = norm(&self.whitened(&y));
                if !member.is_own && length > longest {
                    for y in &mut y {
                        *y *= longest / length;
                    }
                }
                y
            })
            .collect();
        let weighted = |i: usize| self.settings.weights.iter().zip(&steps).map(|(w, y)| w * y[i]).sum::<f64>();
        let step: Vec<f64> = (0..n).map(weighted).collect();
        for i in 0..n {
            self.mean[i] = (self.mean[i] + self.sigma * factors[i] * step[i]).clamp(0.0, 1.0);
        }
        let white = self.whitened(&step);
        let grow = (c_sigma * (2.0 - c_sigma) * mu_eff).sqrt();
        for (path, white) in self.path_sigma.iter_mut().zip(&white) {
            *path = (1.0 - c_sigma) * *path + grow * white;
        }
        self.n_updates += 1;
        let length = norm(&self.path_sigma);
        // While the path is still short of memory it is shorter; and a long one says that sigma is too small, which
        // is not to go into the covariance.
        let memory = (1.0 - libm::pow(1.0 - c_sigma, 2.0 * f64::from(self.n_updates))).sqrt();
        let stalled = length / memory >= (1.4 + 2.0 / (n as f64 + 1.0)) * chi;
        let grow = if stalled { 0.0 } else { (c_c * (2.0 - c_c) * mu_eff).sqrt() };
        for (path, step) in self.path_covariance.iter_mut().zip(&step) {
            *path = (1.0 - c_c) * *path + grow * step;
        }
        let kept = 1.0 - c_1 - c_mu + if stalled { c_1 * c_c * (2.0 - c_c) } else { 0.0 };
        for i in 0..n {
            for j in 0..=i {
                let spread = self.settings.weights.iter().zip(&steps).map(|(w, y)| w * y[i] * y[j]).sum::<f64>();
                let path = self.path_covariance[i] * self.path_covariance[j];
                let entry = kept * self.covariance[i][j] + c_1 * path + c_mu * spread;
                (self.covariance[i][j], self.covariance[j][i]) = (entry, entry);
            }
        }
        self.sigma = (self.sigma * libm::exp((c_sigma / d_sigma) * (length / chi - 1.0))).min(1.0);
        let (values, vectors) = eigen(self.covariance.clone());
        // Rounding may push the least of very different eigenvalues below 0.
        let largest = values.iter().copied().fold(0.0, f64::max);
        self.roots = values.iter().map(|value| value.max(1e-20 * largest).sqrt()).collect();
        self.vectors = vectors;
    }

    /// Whether all points to come are as good as one, or C as good as singular.
    pub(super) fn has_collapsed(&self) -> bool {
        let largest = self.roots.iter().copied().fold(0.0, f64::max);
        let least = self.roots.iter().copied().fold(f64::INFINITY, f64::min);
        !(self.sigma * largest > 1e-12 && largest < 1e7 * least)
    }

    #[cfg(test)]
    pub(super) fn mean(&self) -> &[f64] {
        &self.mean
    }
}

fn norm(x: &[f64]) -> f64 {
    x.iter().map(|x| x * x).sum::<f64>().sqrt()
}

/// A normal number (Box and Muller), of two uniform ones.
fn normal(stream: &mut impl Rng) -> f64 {
    let (u, v) = (uniform(stream.next_u64()), uniform(stream.next_u64()));
    (-2.0 * libm::log(1.0 - u)).sqrt() * libm::cos(std::f64::consts::TAU * v)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Streams;

    #[test]
    fn settings_as_pycma() {
        // pycma 4.5.0, CMA_active off: popsize, weights.mueff, cc, c1, cmu, the first weight. Its step size control
        // has constants of its own; c_sigma and d_sigma are worked out from the tutorial.
        for (n, lambda, mu_eff, c_c, c_1, c_mu, first, c_sigma) in [
            (
                2,
                6,
                2.0286114646100617,
                0.6245545390268264,
                0.1548153998964136,
                0.08559277942666424,
                0.6370425712412168,
                0.446205,
            ),
            (
                5,
                8,
                2.60017882611318,
                0.45019955799280803,
                0.047292304159400896,
                0.04785904960298248,
                0.5299301844787792,
                0.365088,
            ),
            (
                10,
                10,
                3.1672992814107017,
                0.29499038303562225,
                0.015283824524751714,
                0.02355177665041747,
                0.45627264690340597,
                0.284429,
            ),
            (
                20,
                12,
                3.729458934303067,
                0.17176721127681213,
                0.004372354435160246,
                0.009216561776274352,
                0.4024029428187127,
                0.199428,
            ),
        ] {
            let settings = Settings::new(n, default_lambda(n));
            assert_eq!((settings.lambda, settings.weights.len()), (lambda, lambda / 2));
            for (got, expected) in [
                (settings.mu_eff, mu_eff),
                (settings.c_c, c_c),
                (settings.c_1, c_1),
                (settings.c_mu, c_mu),
                (settings.weights[0], first),
            ] {
                assert!((got - expected).abs() < 1e-12 * expected, "{n}: {got}, expected {expected}");
            }
            assert!((settings.c_sigma - c_sigma).abs() < 1e-6, "{n}: {}", settings.c_sigma);
            assert!((settings.d_sigma - 1.0 - c_sigma).abs() < 1e-6, "{n}: {}", settings.d_sigma);
            assert!((settings.weights.iter().sum::<f64>() - 1.0).abs() < 1e-15);
        }
    }

    /// How many evaluations it takes to come below 1e-9, out of at most 20,000.
    fn evaluations(n: usize, seed: u64, loss: &dyn Fn(&[f64]) -> f64) -> usize {
        let mut stream = Streams::new(seed).trial(0);
        let mut evolution = Evolution::new(Settings::new(n, default_lambda(n)), vec![0.5; n], vec![0.0; n]);
        let mut used = 0;
        while used < 20_000 {
            let mut drawn: Vec<(f64, Vec<f64>)> = (0..evolution.settings.lambda)
                .map(|_| evolution.draw(&mut stream))
                .map(|point| (loss(&point), point))
                .collect();
            used += drawn.len();
            drawn.sort_by(|a, b| a.0.total_cmp(&b.0));
            if drawn[0].0 < 1e-9 {
                return used;
            }
            let members: Vec<Member> = drawn.into_iter().map(|(_, point)| Member { point, is_own: true }).collect();
            evolution.update(&members);
        }
        used
    }

    fn median(mut x: Vec<usize>) -> usize {
        x.sort_unstable();
        x[x.len() / 2]
    }

    #[test]
    fn as_quick_as_it_is_known_to_be() {
        // In units of 10 of the cube around (0.6, .., 0.6). pycma 4.5.0 from the same start, the median of 11 seeds:
        // tests/golden/cma_es.py.
        let unit = |point: &[f64], i: usize| 10.0 * (point[i] - 0.6);
        let sphere = |point: &[f64]| (0..point.len()).map(|i| unit(point, i).powi(2)).sum::<f64>();
        let ellipsoid = |point: &[f64]| {
            let n = point.len();
            (0..n).map(|i| 1e6_f64.powf(i as f64 / (n - 1) as f64) * unit(point, i).powi(2)).sum::<f64>()
        };
        let rosenbrock = |point: &[f64]| {
            let x = |i| unit(point, i) + 1.0;
            (1..point.len()).map(|i| 100.0 * (x(i) - x(i - 1).powi(2)).powi(2) + (1.0 - x(i - 1)).powi(2)).sum::<f64>()
        };
        for (name, loss, n, peer) in [
            ("sphere", &sphere as &dyn Fn(&[f64]) -> f64, 5, PEER[0]),
            ("ellipsoid", &ellipsoid, 5, PEER[1]),
            ("Rosenbrock", &rosenbrock, 5, PEER[2]),
        ] {
            let got = median((0..11).map(|seed| evaluations(n, seed, loss)).collect());
            assert!(got as f64 <= 1.25 * f64::from(peer), "{name}: {got} evaluations, pycma {peer}");
        }
    }

    const PEER: [u32; 3] = [744, 2040, 2392];

    #[test]
    fn a_floor_keeps_an_axis_wide() {
        let n = 2;
        let mut stream = Streams::new(1).trial(0);
        let mut evolution = Evolution::new(Settings::new(n, 6), vec![0.5; n], vec![0.0, 0.05]);
        for _ in 0..100 {
            let mut points: Vec<Vec<f64>> = (0..6).map(|_| evolution.draw(&mut stream)).collect();
            points.sort_by(|a, b| (a[0] - 0.3).abs().total_cmp(&(b[0] - 0.3).abs()));
            evolution.update(&points.into_iter().map(|point| Member { point, is_own: true }).collect::<Vec<_>>());
        }
        assert!((evolution.mean()[0] - 0.3).abs() < 1e-3);
        let second: Vec<f64> = (0..200).map(|_| evolution.draw(&mut stream)[1]).collect();
        let spread = second.iter().map(|x| (x - evolution.mean()[1]).powi(2)).sum::<f64>() / 200.0;
        assert!(spread.sqrt() > 0.03, "{spread}");
    }
}
