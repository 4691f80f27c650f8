//! Ridge regression by its normal equations.

use super::objective::total;

/// Sums over training rows, from which the weights of any penalty follow.
pub(super) struct Normal {
    /// `sum v (x - m)(x - m)' / sum v` over rows that weigh v, inputs x inputs, the lower half.
    covariance: Vec<f64>,
    /// `sum v (x - m)(y - mean) / sum v`, one an input.
    products: Vec<f64>,
    means: Vec<f64>,
    target_mean: f64,
}

impl Normal {
    /// Sums up rows x inputs with a number each; they weigh the same where there are no weights.
    pub(super) fn new(inputs: &[f32], targets: &[f64], weights: Option<&[f32]>, d: usize) -> Self {
        let n = total(weights, targets.len());
        let weight = |i: usize| weights.map_or(1.0, |weights| f64::from(weights[i]));
        let mut means = vec![0.0; d];
        for (i, row) in inputs.chunks_exact(d).enumerate() {
            means.iter_mut().zip(row).for_each(|(mean, &x)| *mean += weight(i) * f64::from(x));
        }
        for mean in &mut means {
            *mean /= n;
        }
        let target_mean = targets.iter().enumerate().map(|(i, y)| weight(i) * y).sum::<f64>() / n;
        let (mut covariance, mut products) = (vec![0.0; d * d], vec![0.0; d]);
        let mut centred = vec![0.0; d];
        for (row_number, (row, y)) in inputs.chunks_exact(d).zip(targets).enumerate() {
            let weight = weight(row_number);
            centred.iter_mut().zip(row).zip(&means).for_each(|((c, &x), mean)| *c = f64::from(x) - mean);
            for (i, c) in centred.iter().enumerate() {
                let c = weight * c;
                products[i] += c * (y - target_mean);
                covariance[i * d..=i * d + i].iter_mut().zip(&centred).for_each(|(sum, other)| *sum += c * other);
            }
        }
        covariance.iter_mut().chain(&mut products).for_each(|sum| *sum /= n);
        Self { covariance, products, means, target_mean }
    }

    /// The weights that minimise `sum v (w x + b - y)^2 / (2 sum v) + penalty / 2 sum w^2`, the intercept last: those of
    /// `(C + penalty I) w = c`, by Cholesky's decomposition (Hoerl and Kennard, Technometrics 12, 1970). `None` where
    /// rounding leaves the matrix without one.
    pub(super) fn solve(&self, penalty: f64) -> Option<Vec<f64>> {
        let d = self.products.len();
        let mut l = self.covariance.clone();
        (0..d).for_each(|i| l[i * d + i] += penalty);
        for i in 0..d {
            let (above, own) = l.split_at_mut(i * d);
            for j in 0..i {
                let other = &above[j * d..=j * d + j];
                let sum: f64 = own[..j].iter().zip(other).map(|(a, b)| a * b).sum();
                own[j] = (own[j] - sum) / other[j];
            }
            let left = own[i] - own[..i].iter().map(|a| a * a).sum::<f64>();
            if left.is_nan() || left <= 0.0 {
                return None;
            }
            own[i] = left.sqrt();
        }
        let mut w = self.products.clone();
        for i in 0..d {
            let sum: f64 = (0..i).map(|j| l[i * d + j] * w[j]).sum();
            w[i] = (w[i] - sum) / l[i * d + i];
        }
        for i in (0..d).rev() {
            let sum: f64 = (i + 1..d).map(|j| l[j * d + i] * w[j]).sum();
            w[i] = (w[i] - sum) / l[i * d + i];
        }
        let intercept = self.target_mean - w.iter().zip(&self.means).map(|(w, mean)| w * mean).sum::<f64>();
        w.push(intercept);
        Some(w)
    }
}
