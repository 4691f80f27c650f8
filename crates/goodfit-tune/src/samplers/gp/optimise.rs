//! Where the acquisition function is largest, over a mixed domain.

use rand_core::Rng;

use super::acquisition::log_expected_improvement;
use super::domain::Axis;
use super::kernel::Metric;
use super::lbfgs::{Function, Limits, minimise};
use super::regression::{Posterior, Scratch};
use crate::streams::uniform;

/// Quasi-random candidates all over the domain.
const N_GLOBAL: u32 = 384;
/// How many of the best trials have candidates around them, and how many each, itself included.
const N_CENTRES: usize = 4;
const N_AROUND: usize = 32;
/// From how many candidates it climbs.
const N_CLIMBS: usize = 6;
/// How far apart these are at least: the square, in length scales.
const APART: f64 = 0.01;

/// The point of the domain with the largest log expected improvement found.
pub(super) fn maximise(posterior: &Posterior, axes: &[Axis], best: f64, stream: &mut impl Rng) -> Vec<f64> {
    let mut scratch = Scratch::default();
    let candidates = candidates(posterior, axes, stream);
    let scores = evaluate(posterior, best, &candidates);
    let mut order: Vec<usize> = (0..candidates.len()).collect();
    order.sort_by(|&a, &b| scores[b].total_cmp(&scores[a]).then(a.cmp(&b)));

    let starts = starts(posterior, &candidates, &order);
    let mut found: Option<(f64, Vec<f64>)> = None;
    for start in starts {
        let (score, point) = climb(posterior, axes, best, candidates[start].clone(), scores[start], &mut scratch);
        if found.as_ref().is_none_or(|(other, _)| score > *other) {
            found = Some((score, point));
        }
    }
    found.map_or_else(|| candidates[0].clone(), |(_, point)| point)
}

/// The best candidates, each away from those before it.
fn starts(posterior: &Posterior, candidates: &[Vec<f64>], order: &[usize]) -> Vec<usize> {
    let distance = |a: &[f64], b: &[f64]| {
        let scaled = a.iter().zip(b).zip(&posterior.kernel.lengths).map(|((a, b), l)| (a - b) / l.min(1.0));
        scaled.map(|x| x * x).sum::<f64>()
    };
    let mut starts: Vec<usize> = Vec::new();
    for &i in order {
        if starts.iter().all(|&j| distance(&candidates[i], &candidates[j]) > APART) {
            starts.push(i);
            if starts.len() == N_CLIMBS {
                break;
            }
        }
    }
    starts
}

fn candidates(posterior: &Posterior, axes: &[Axis], stream: &mut impl Rng) -> Vec<Vec<f64>> {
    let n_dims = axes.len();
    // Roberts' sequence: multiples of the powers of 1/g, g^(d+1) = g + 1.
    let mut g = 1.5;
    for _ in 0..60 {
        g = libm::pow(1.0 + g, 1.0 / (n_dims as f64 + 1.0));
    }
    let shifts: Vec<f64> = axes.iter().map(|_| uniform(stream.next_u64())).collect();
    let mut rates = Vec::new();
    let mut rate = 1.0;
    for _ in 0..n_dims {
        rate /= g;
        rates.push(rate);
    }
    let mut candidates: Vec<Vec<f64>> = Vec::new();
    for i in 1..=N_GLOBAL {
        let point = |(dim, axis): (usize, &Axis)| {
            let u = shifts[dim] + f64::from(i) * rates[dim];
            axis.at(u - u.floor())
        };
        candidates.push(axes.iter().enumerate().map(point).collect());
    }
    // Around the best observations: what is left to gain often lies there, in a region too small to be hit.
    let mut order: Vec<usize> = (0..posterior.values.len()).collect();
    order.sort_by(|&a, &b| posterior.values[a].total_cmp(&posterior.values[b]).then(a.cmp(&b)));
    for &i in order.iter().take(N_CENTRES) {
        let centre = posterior.points.point(i);
        candidates.push(centre.clone());
        for k in 1..N_AROUND {
            let size = [0.2, 0.05, 0.01, 0.002][k % 4];
            let mut point = centre.clone();
            for (dim, axis) in axes.iter().enumerate() {
                let (u, v) = (uniform(stream.next_u64()), uniform(stream.next_u64()));
                if axis.metric == Metric::Equality {
                    if v < 0.2 {
                        point[dim] = axis.at(u);
                    }
                } else if v < 0.7 {
                    let reach = 2.0 * size * posterior.kernel.lengths[dim].clamp(0.1, 1.0);
                    point[dim] = axis.snap((point[dim] + (2.0 * u - 1.0) * reach).clamp(0.0, 1.0));
                }
            }
            candidates.push(point);
        }
    }
    candidates
}

fn evaluate(posterior: &Posterior, best: f64, points: &[Vec<f64>]) -> Vec<f64> {
    let mut scratch: [Scratch; 4] = Default::default();
    let mut scores = Vec::with_capacity(points.len());
    for four in points.chunks(4) {
        let point = |i: usize| four[i.min(four.len() - 1)].as_slice();
        let predictions = posterior.predict4([point(0), point(1), point(2), point(3)], &mut scratch);
        scores.extend(predictions.iter().take(four.len()).map(|p| log_expected_improvement(p, best).0));
    }
    scores
}

/// Climbs from a point: along the gradient in the smooth axes, value by value in the others, until neither helps.
fn climb(
    posterior: &Posterior,
    axes: &[Axis],
    best: f64,
    mut point: Vec<f64>,
    mut score: f64,
    scratch: &mut Scratch,
) -> (f64, Vec<f64>) {
    let smooth: Vec<usize> = (0..axes.len()).filter(|&dim| axes[dim].is_smooth()).collect();
    let mixed = axes.iter().any(|axis| axis.grid.is_some());
    for _ in 0..10 {
        let before = score;
        if !smooth.is_empty() {
            let (there, moved) = ascend(posterior, axes, best, &point, &smooth, scratch);
            if there > score {
                (score, point) = (there, moved);
            }
        }
        if !mixed {
            break;
        }
        let mut changed = false;
        for (dim, axis) in axes.iter().enumerate() {
            let Some(grid) = &axis.grid else { continue };
            let here = grid.partition_point(|g| *g < point[dim]).min(grid.len() - 1);
            let reach = if axis.is_smooth() { 2 } else { grid.len() };
            let others: Vec<Vec<f64>> = (here.saturating_sub(reach)..(here + reach + 1).min(grid.len()))
                .filter(|&k| k != here)
                .map(|k| {
                    let mut other = point.clone();
                    other[dim] = grid[k];
                    other
                })
                .collect();
            let scores = evaluate(posterior, best, &others);
            for (other, there) in others.into_iter().zip(scores) {
                if there > score {
                    (score, point) = (there, other);
                    changed = true;
                }
            }
        }
        if !changed || score - before < 1e-4 {
            break;
        }
    }
    (score, point)
}

/// L-BFGS in the smooth axes, each in units of its length scale; then onto the grid.
fn ascend(
    posterior: &Posterior,
    axes: &[Axis],
    best: f64,
    point: &[f64],
    smooth: &[usize],
    scratch: &mut Scratch,
) -> (f64, Vec<f64>) {
    let lengths: Vec<f64> = smooth.iter().map(|&dim| posterior.kernel.lengths[dim].clamp(1e-3, 10.0)).collect();
    let bounds: Vec<(f64, f64)> = lengths.iter().map(|l| (0.0, 1.0 / l)).collect();
    let mut z: Vec<f64> = smooth.iter().zip(&lengths).map(|(&dim, l)| point[dim] / l).collect();
    let (full, slopes, by) = (point.to_vec(), vec![0.0; point.len()], (0.0, 0.0));
    let mut loss = Loss { posterior, best, smooth, lengths: &lengths, full, slopes, by, scratch };
    minimise(&mut z, &bounds, Limits { n_steps: 30, gradient: 1e-3, decrease: 1e-5 }, &mut loss);
    let mut moved = point.to_vec();
    for ((&dim, l), z) in smooth.iter().zip(&lengths).zip(&z) {
        moved[dim] = axes[dim].snap(z * l);
    }
    let prediction = posterior.predict(&moved, scratch);
    (log_expected_improvement(&prediction, best).0, moved)
}

/// What to minimise in the smooth axes: the negative log expected improvement.
struct Loss<'a> {
    posterior: &'a Posterior,
    best: f64,
    smooth: &'a [usize],
    lengths: &'a [f64],
    /// The point in all axes, and the gradient there.
    full: Vec<f64>,
    slopes: Vec<f64>,
    /// Derivatives by mean and variance at the last value.
    by: (f64, f64),
    scratch: &'a mut Scratch,
}

impl Function for Loss<'_> {
    fn value(&mut self, z: &[f64]) -> f64 {
        for ((&dim, l), z) in self.smooth.iter().zip(self.lengths).zip(z) {
            self.full[dim] = z * l;
        }
        let prediction = self.posterior.predict_to_derive(&self.full, self.scratch);
        let (log_ei, by_mean, by_variance) = log_expected_improvement(&prediction, self.best);
        self.by = (-by_mean, -by_variance);
        -log_ei
    }

    fn gradient(&mut self, _z: &[f64], gradient: &mut [f64]) {
        self.posterior.gradient(&self.full, self.by, &mut self.slopes, self.scratch);
        for ((&dim, l), gradient) in self.smooth.iter().zip(self.lengths).zip(gradient) {
            *gradient = self.slopes[dim] * l;
        }
    }
}
