//! What linear models minimise: the mean loss of the training rows and a penalty on the weights.

#![allow(clippy::inline_always, reason = "what `vectorised` calls has to stand in the function with the features")]

use goodfit_nn::kernels::vectorised;

/// The loss of a row with the outputs z.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// Two classes, one output: `ln(1 + e^z) - y z` with y 0 or 1.
    Logistic,
    /// Many classes, an output each: `ln sum_k e^(z_k) - z_y`.
    Softmax,
    /// A number: `(z - y)^2 / 2`.
    Squares,
}

/// Training rows, and what is asked of a linear model of them.
pub(super) struct Objective<'a> {
    pub(super) loss: Loss,
    /// Rows x inputs.
    pub(super) inputs: &'a [f32],
    /// The class, or the number, of each row.
    pub(super) targets: &'a [f64],
    /// What each row weighs; all the same where there are none.
    pub(super) weights: Option<&'a [f32]>,
    pub(super) n_inputs: usize,
    pub(super) n_outputs: usize,
}

impl Objective<'_> {
    /// `sum_i v_i loss(W x_i + b, y_i) / sum v + penalty / 2 sum W^2` for rows that weigh v, with its gradient; the intercepts b
    /// are not penalised.
    ///
    /// # Shapes
    /// weights and gradient: outputs x (inputs + 1), the intercept last.
    pub(super) fn value(&self, weights: &[f64], penalty: f64, gradient: &mut [f64]) -> f64 {
        vectorised(
            #[inline(always)]
            || self.sums(weights, penalty, gradient),
        )
    }

    #[inline(always)]
    fn sums(&self, weights: &[f64], penalty: f64, gradient: &mut [f64]) -> f64 {
        let (d, n) = (self.n_inputs, total(self.weights, self.targets.len()));
        let width = d + 1;
        gradient.fill(0.0);
        let mut outputs = vec![0.0; self.n_outputs];
        let mut sum = 0.0;
        for (i, &y) in self.targets.iter().enumerate() {
            let row = &self.inputs[i * d..(i + 1) * d];
            for (z, own) in outputs.iter_mut().zip(weights.chunks_exact(width)) {
                *z = output(own, row);
            }
            let weight = self.weights.map_or(1.0, |weights| f64::from(weights[i]));
            sum += weight * self.loss.of(&mut outputs, y);
            for (&dz, own) in outputs.iter().zip(gradient.chunks_exact_mut(width)) {
                let dz = weight * dz;
                if dz != 0.0 {
                    own.iter_mut().zip(row).for_each(|(dw, &x)| *dw += dz * f64::from(x));
                    own[d] += dz;
                }
            }
        }
        let mut squares = 0.0;
        for (own, dw) in weights.chunks_exact(width).zip(gradient.chunks_exact_mut(width)) {
            for dw in dw.iter_mut() {
                *dw /= n;
            }
            for (w, dw) in own[..d].iter().zip(dw) {
                *dw += penalty * w;
                squares += w * w;
            }
        }
        sum / n + 0.5 * penalty * squares
    }
}

/// What n rows weigh together.
pub(super) fn total(weights: Option<&[f32]>, n: usize) -> f64 {
    weights.map_or(n as f64, |weights| weights.iter().map(|&weight| f64::from(weight)).sum())
}

impl Loss {
    /// The loss of a row; its gradient by the outputs takes their place.
    #[inline(always)]
    fn of(self, outputs: &mut [f64], y: f64) -> f64 {
        match self {
            Self::Logistic => {
                let z = outputs[0];
                outputs[0] = 1.0 / (1.0 + (-z).exp()) - y;
                z.max(0.0) + (-z.abs()).exp().ln_1p() - y * z
            }
            Self::Softmax => {
                let own = outputs[y as usize];
                let largest = outputs.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                for z in outputs.iter_mut() {
                    *z = (*z - largest).exp();
                }
                let sum: f64 = outputs.iter().sum();
                for z in outputs.iter_mut() {
                    *z /= sum;
                }
                outputs[y as usize] -= 1.0;
                sum.ln() + largest - own
            }
            Self::Squares => {
                let error = outputs[0] - y;
                outputs[0] = error;
                0.5 * error * error
            }
        }
    }
}

/// `w x + b`, in four sums that do not wait for each other.
#[inline(always)]
pub(super) fn output(weights: &[f64], row: &[f32]) -> f64 {
    let (w, b) = (&weights[..row.len()], weights[row.len()]);
    let mut sums = [0.0; 4];
    let (fours, rest) = (row.chunks_exact(4), row.chunks_exact(4).remainder());
    for (x, w) in fours.zip(w.chunks_exact(4)) {
        (0..4).for_each(|i| sums[i] += w[i] * f64::from(x[i]));
    }
    let first = row.len() - rest.len();
    let rest: f64 = rest.iter().zip(&w[first..]).map(|(&x, w)| w * f64::from(x)).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest + b
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gradients by central differences.
    #[test]
    fn gradients() {
        let inputs: Vec<f32> = (0..30).map(|i| ((i * 37 % 17) as f32 - 8.0) / 5.0).collect();
        for (loss, n_outputs, targets) in [
            (Loss::Logistic, 1, [0.0, 1.0, 1.0, 0.0, 1.0, 0.0]),
            (Loss::Softmax, 3, [0.0, 1.0, 2.0, 0.0, 2.0, 1.0]),
            (Loss::Squares, 1, [0.5, -1.0, 2.0, 3.0, 0.0, 1.5]),
        ] {
            let row_weights = [0.5, 2.0, 0.0, 1.0, 3.0, 1.0];
            let row_weights = (n_outputs == 1).then_some(&row_weights[..]);
            let objective =
                Objective { loss, inputs: &inputs, targets: &targets, weights: row_weights, n_inputs: 5, n_outputs };
            let mut weights: Vec<f64> = (0..6 * n_outputs).map(|i| ((i * 7 % 11) as f64 - 5.0) / 9.0).collect();
            let (mut gradient, mut unused) = (vec![0.0; weights.len()], vec![0.0; weights.len()]);
            objective.value(&weights, 0.3, &mut gradient);
            for i in 0..weights.len() {
                let before = weights[i];
                let mut at = |x: f64| {
                    weights[i] = x;
                    objective.value(&weights, 0.3, &mut unused)
                };
                let slope = (at(before + 1e-5) - at(before - 1e-5)) / 2e-5;
                at(before);
                assert!((slope - gradient[i]).abs() < 1e-8, "{loss:?} {i}: {slope} {}", gradient[i]);
            }
        }
    }

    #[test]
    fn large_outputs_do_not_overflow() {
        assert_eq!(Loss::Logistic.of(&mut [900.0], 0.0), 900.0);
        assert_eq!(Loss::Logistic.of(&mut [-900.0], 1.0), 900.0);
        assert_eq!(Loss::Softmax.of(&mut [900.0, -900.0], 1.0), 1800.0);
    }
}
