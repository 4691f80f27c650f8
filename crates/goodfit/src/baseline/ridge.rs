//! Ridge regression by its normal equations.

/// Sums over training rows, from which the weights of any penalty follow.
pub(super) struct Normal {
    /// `sum (x - m)(x - m)' / n`, inputs x inputs, the lower half.
    covariance: Vec<f64>,
    /// `sum (x - m)(y - mean) / n`, one an input.
    products: Vec<f64>,
    means: Vec<f64>,
    target_mean: f64,
}

impl Normal {
    /// Sums up rows x inputs with a number each.
    pub(super) fn new(inputs: &[f32], targets: &[f64], d: usize) -> Self {
        let n = targets.len() as f64;
        let mut means = vec![0.0; d];
        for row in inputs.chunks_exact(d) {
            means.iter_mut().zip(row).for_each(|(mean, &x)| *mean += f64::from(x));
        }
        for mean in &mut means {
            *mean /= n;
        }
        let target_mean = targets.iter().sum::<f64>() / n;
        let (mut covariance, mut products) = (vec![0.0; d * d], vec![0.0; d]);
        let mut centred = vec![0.0; d];
        for (row, y) in inputs.chunks_exact(d).zip(targets) {
            centred.iter_mut().zip(row).zip(&means).for_each(|((c, &x), mean)| *c = f64::from(x) - mean);
            for (i, &c) in centred.iter().enumerate() {
                products[i] += c * (y - target_mean);
                covariance[i * d..=i * d + i].iter_mut().zip(&centred).for_each(|(sum, other)| *sum += c * other);
            }
        }
        covariance.iter_mut().chain(&mut products).for_each(|sum| *sum /= n);
        Self { covariance, products, means, target_mean }
    }

    /// The weights that minimise `1/(2n) sum (w x + b - y)^2 + penalty / 2 sum w^2`, the intercept last: those of
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
