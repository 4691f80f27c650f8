//! The logarithm of the expected improvement.
//!
//! | name | what it is |
//! |---|---|
//! | `m`, `s` | mean and standard deviation of the function at a point |
//! | `best` | the value to fall below |
//! | `z` | (best - m) / s |
//! | `h(z)` | phi(z) + z Phi(z), so that the expected improvement E max(best - f, 0) is s h(z) |
//! | `phi`, `Phi` | density and distribution function of the normal distribution |
//! | `t(z)` | Mills' ratio Phi(z) / phi(z) |

use std::f64::consts::{FRAC_1_SQRT_2, PI};

use super::regression::Prediction;

/// Log expected improvement and its derivatives by the mean and by the variance.
///
/// ln EI = ln s + ln h(z). Where z is far below 0, h underflows and its logarithm is computed from
/// ln phi(z) and Mills' ratio instead.
///
/// Source: S. Ament, S. Daulton, D. Eriksson, M. Balandat, E. Bakshy: Unexpected Improvements to Expected
/// Improvement for Bayesian Optimization, NeurIPS 2023, equation 9; below z = -25 the series of Mills' ratio.
pub(super) fn log_expected_improvement(prediction: &Prediction, best: f64) -> (f64, f64, f64) {
    let variance = prediction.variance.max(SMALLEST_VARIANCE);
    let s = variance.sqrt();
    let z = (best - prediction.mean) / s;
    let (log_h, cdf_over_h) = log_h(z);
    // d ln EI / ds = (1 - z Phi/h) / s, and 1 - z Phi/h = phi/h.
    let by_s = if z > -1.0 { (1.0 - z * cdf_over_h) / s } else { pdf_over_h(z, cdf_over_h) / s };
    let by_variance = if prediction.variance > SMALLEST_VARIANCE { by_s / (2.0 * s) } else { 0.0 };
    (libm::log(s) + log_h, -cdf_over_h / s, by_variance)
}

/// What rounding may leave of a variance of about 1.
const SMALLEST_VARIANCE: f64 = 1e-14;

/// ln h(z) and its derivative Phi(z) / h(z).
fn log_h(z: f64) -> (f64, f64) {
    let half_log_tau = 0.5 * libm::log(2.0 * PI);
    if z > -1.0 {
        let cdf = 0.5 * libm::erfc(-z * FRAC_1_SQRT_2);
        let h = libm::exp(-0.5 * z * z - half_log_tau) + z * cdf;
        return (libm::log(h), cdf / h);
    }
    // h = phi (1 + z t).
    let (t, rest) = mills(z);
    (-0.5 * z * z - half_log_tau + libm::log(rest), t / rest)
}

fn pdf_over_h(z: f64, cdf_over_h: f64) -> f64 {
    cdf_over_h / mills(z).0
}

/// Mills' ratio t(z) and 1 + z t(z) for z <= -1.
fn mills(z: f64) -> (f64, f64) {
    if z > -25.0 {
        let cdf = 0.5 * libm::erfc(-z * FRAC_1_SQRT_2);
        let t = cdf * libm::exp(0.5 * z * z) * (2.0 * PI).sqrt();
        return (t, 1.0 + z * t);
    }
    // -z t = 1 - 1/z^2 + 3/z^4 - 15/z^6 + ..; what is left of 1 + z t has to be summed without its leading 1.
    let inverse = 1.0 / (z * z);
    let (mut term, mut rest) = (1.0, 0.0);
    for k in 0..8 {
        term *= -f64::from(2 * k + 1) * inverse;
        rest -= term;
    }
    ((1.0 - rest) / -z, rest)
}

#[cfg(test)]
mod tests {
    use super::super::goldens::{goldens, rows};
    use super::*;

    #[test]
    fn as_mpmath() {
        for row in rows(&goldens()["log_h"]) {
            let (got, slope) = log_h(row[0]);
            assert!((got - row[1]).abs() < 2e-10 * row[1].abs().max(1.0), "ln h: {got}, expected {row:?}");
            assert!((slope - row[2]).abs() < 1e-9 * row[2], "its slope: {slope}, expected {row:?}");
        }
    }

    #[test]
    fn derivatives() {
        let value = |mean, variance| log_expected_improvement(&Prediction { mean, variance }, 0.3);
        for (mean, variance) in [(0.0, 1.0), (0.3, 0.5), (0.31, 1e-6), (2.0, 0.1), (5.0, 1e-2), (-3.0, 0.2)] {
            let (_, by_mean, by_variance) = value(mean, variance);
            let h = 1e-5 * variance;
            let by = |a: (f64, f64, f64), b: (f64, f64, f64)| (a.0 - b.0) / (2.0 * h);
            let mean_difference = by(value(mean + h, variance), value(mean - h, variance));
            let variance_difference = by(value(mean, variance + h), value(mean, variance - h));
            assert!((by_mean - mean_difference).abs() < 1e-5 * by_mean.abs().max(1e-3), "{mean} {variance}");
            assert!(
                (by_variance - variance_difference).abs() < 1e-5 * by_variance.abs().max(1e-3),
                "{mean} {variance}"
            );
        }
    }
}
