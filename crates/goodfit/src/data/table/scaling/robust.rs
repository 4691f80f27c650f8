//! Robust scaling with a smooth clip.

use serde::{Deserialize, Serialize};

use crate::data::table::sorted::quantile;

/// `x <- (x - median) / (q75 - q25)`, by `2 / (max - min)` where the quartiles are equal, 0 where all numbers are; then
/// clipped smoothly: `x <- x / sqrt(1 + (x / 3)^2)`, as in Holzmueller et al., "Better by default" (2024).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Robust {
    pub(crate) median: f32,
    /// 0 where all numbers are the same.
    pub(crate) factor: f32,
}

impl Robust {
    /// What is larger has the value that the clip tends to: its square may be infinite.
    pub(crate) const HUGE: f32 = 1e15;

    /// Fits sorted finite numbers.
    pub(super) fn fit(sorted: &[f32]) -> Self {
        let (Some(&low), Some(&high)) = (sorted.first(), sorted.last()) else {
            return Self { median: 0.0, factor: 0.0 };
        };
        let range = quantile(sorted, 0.75) - quantile(sorted, 0.25);
        let factor = if range > 0.0 {
            1.0 / range
        } else if high > low {
            2.0 / (high - low)
        } else {
            0.0
        };
        Self { median: quantile(sorted, 0.5), factor: if factor.is_finite() { factor } else { 0.0 } }
    }

    pub(super) fn apply(self, x: f32) -> f32 {
        if self.factor == 0.0 {
            return 0.0;
        }
        let x = (x - self.median) * self.factor;
        if x.abs() > Self::HUGE { 3.0_f32.copysign(x) } else { x / (1.0 + (x / 3.0) * (x / 3.0)).sqrt() }
    }

    /// What was clipped to y, `y / sqrt(1 - (y / 3)^2)`; beyond some thousand, where y is 3 to its precision, a bound.
    pub(super) fn unclipped(y: f32) -> f32 {
        let most = 3.0_f32.next_down();
        let y = f64::from(if y.abs() > most { most.copysign(y) } else { y });
        (y / (1.0 - (y / 3.0) * (y / 3.0)).sqrt()) as f32
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn by_quartiles_and_clipped() {
        let clip = |x: f32| x / (1.0 + (x / 3.0) * (x / 3.0)).sqrt();
        // Median 3, quartiles 2 and 4.
        let robust = Robust::fit(&[1.0, 2.0, 3.0, 4.0, 5.0]);
        assert_eq!(
            [1.0, 3.0, 5.0, 1e30, f32::NEG_INFINITY].map(|x| robust.apply(x)),
            [clip(-2.0 * 0.5), 0.0, clip(1.0), 3.0, -3.0]
        );
        // Equal quartiles: 2 / (max - min).
        let robust = Robust::fit(&[0.0, 0.0, 0.0, 0.0, 8.0]);
        assert_eq!(robust.apply(8.0), clip(2.0));
        assert_eq!(Robust::fit(&[7.0; 3]).apply(9.0), 0.0, "all the same");
    }

    #[test]
    fn the_clip_is_taken_back() {
        let robust = Robust { median: 0.0, factor: 1.0 };
        for (x, precision) in [(0.0_f32, 1e-7), (0.5, 1e-6), (-7.0, 1e-6), (100.0, 1e-4), (-1000.0, 0.02)] {
            let back = Robust::unclipped(robust.apply(x));
            assert!((back - x).abs() <= precision * x.abs(), "{x}: {back}");
        }
        let most = Robust::unclipped(robust.apply(1e30));
        assert!((5e3..1e4).contains(&most) && Robust::unclipped(-3.0) == -most, "{most}");
        assert!(Robust::unclipped(f32::NAN).is_nan());
    }
}
