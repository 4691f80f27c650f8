//! Exponential and normal distribution in plain arithmetic, so that the bits do not depend on the machine.

use std::f64::consts::{FRAC_1_SQRT_2, LN_2, LOG2_E};

/// How many components are computed side by side.
pub(super) const LANES: usize = 8;

/// One number for each of the components side by side.
pub(super) type Lanes = [f64; LANES];

/// `e^x` for x <= 0, with a relative error below 2e-7; below e^-690 it is some tiny number instead.
///
/// `x / ln 2` is a whole number, which goes into the exponent, and a rest in [-1/2, 1/2], for which the series of
/// the exponential up to the sixth power is enough.
#[inline]
pub(super) fn exp(x: Lanes) -> Lanes {
    const LOWEST: f64 = -1000.0;
    // Adding it leaves no bits for fractions, and the whole number in the lowest bits.
    const ROUND: f64 = 6_755_399_441_055_744.0;
    let mut y = [0.0; LANES];
    for (y, x) in y.iter_mut().zip(x) {
        let scaled = x * LOG2_E;
        let scaled = if scaled > LOWEST { scaled } else { LOWEST };
        let shifted = scaled + ROUND;
        let r = (scaled - (shifted - ROUND)) * LN_2;
        let tail = 1.0 / 6.0 + r * (1.0 / 24.0 + r * (1.0 / 120.0 + r * (1.0 / 720.0)));
        let series = 1.0 + r * (1.0 + r * (0.5 + r * tail));
        *y = f64::from_bits(series.to_bits().wrapping_add(shifted.to_bits() << 52));
    }
    y
}

/// The probability that a normal variable with a mean in [0, 1] lies in [0, 1].
pub(super) fn mass_inside(mean: f64, sd: f64) -> f64 {
    let scale = FRAC_1_SQRT_2 / sd;
    0.5 * (libm::erf((1.0 - mean) * scale) + libm::erf(mean * scale))
}

/// The quantile of the standard normal distribution at p in (0, 1): algorithm AS 241, PPND7, with a relative
/// error of about 1e-7.
///
/// Source: M. J. Wichura: The Percentage Points of the Normal Distribution, Applied Statistics 37 (1988).
pub(super) fn quantile(p: f64) -> f64 {
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        let over = ((59.109_374_720 * r + 159.291_132_02) * r + 50.434_271_938) * r + 3.387_132_717_9;
        let under = ((67.187_563_600 * r + 78.757_757_664) * r + 17.895_169_469) * r + 1.0;
        return q * over / under;
    }
    let tail = if q < 0.0 { p } else { 1.0 - p };
    let r = (-libm::log(tail)).sqrt();
    let x = if r <= 5.0 {
        let r = r - 1.6;
        let over = ((0.170_238_211_03 * r + 1.306_728_481_6) * r + 2.756_815_390_0) * r + 1.423_437_277_7;
        over / ((0.120_211_329_75 * r + 0.737_001_642_50) * r + 1.0)
    } else {
        let r = r - 5.0;
        let over = ((0.017_337_203_997 * r + 0.428_682_943_37) * r + 3.081_226_386_0) * r + 6.657_905_115_0;
        over / ((0.012_258_202_635 * r + 0.241_978_942_25) * r + 1.0)
    };
    if q < 0.0 { -x } else { x }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential() {
        for x in [0.0, -1e-9, -0.3, -0.4, -1.0, -12.5, -300.0, -690.0] {
            let (got, expected) = (exp([x; LANES])[3], f64::exp(x));
            assert!((got / expected - 1.0).abs() < 2e-7, "{x}: {got}, expected {expected}");
        }
        for x in [-700.0, -1e9, f64::NEG_INFINITY] {
            assert!((0.0..1e-299).contains(&exp([x; LANES])[0]), "{x}");
        }
        let different: Lanes = std::array::from_fn(|i| -(i as f64));
        assert!(exp(different).iter().zip(different).all(|(y, x)| (y / f64::exp(x) - 1.0).abs() < 2e-7));
    }

    #[test]
    fn normal_distribution() {
        // scipy.stats.norm.ppf and norm.cdf.
        for (p, expected) in [
            (0.5, 0.0),
            (0.6, 0.2533471031357997),
            (0.0249, -1.9616778690637864),
            (0.975, 1.959963984540054),
            (1e-6, -4.753424308822899),
            (1e-14, -7.6506280929352695),
        ] {
            assert!((quantile(p) - expected).abs() < 2e-6 * (1.0 + expected.abs()), "{p}: {}", quantile(p));
        }
        assert!((mass_inside(0.5, 0.5) - 0.6826894921370859).abs() < 1e-12);
        assert!((mass_inside(0.0, 0.1) - 0.5).abs() < 1e-12);
        assert!((mass_inside(1.0, 1.0) - 0.3413447460685429).abs() < 1e-12);
    }
}
