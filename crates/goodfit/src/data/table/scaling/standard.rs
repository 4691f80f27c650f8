//! Scaling to mean 0 and standard deviation 1.

use serde::{Deserialize, Serialize};

/// `x <- (x - mean) / sd` with the standard deviation of a population, `sd^2 = sum (x - mean)^2 / n`; 0 where all numbers
/// are the same. Nothing is clipped: numbers beyond those of the training rows are scaled on. Only an infinite number,
/// which would make the whole row infinite, counts as the largest or smallest finite one of the training rows.
///
/// As scikit-learn's `StandardScaler`, but for constant columns, which that one centres only, and infinite numbers,
/// which it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Standard {
    pub(crate) mean: f64,
    /// 0 where all numbers are the same.
    pub(crate) sd: f64,
    pub(crate) low: f32,
    pub(crate) high: f32,
}

impl Standard {
    /// Fits sorted finite numbers.
    pub(super) fn fit(sorted: &[f32]) -> Self {
        let (low, high) = super::ends(sorted);
        let n = sorted.len().max(1) as f64;
        let numbers = sorted.iter().map(|&x| f64::from(x));
        let mean = numbers.clone().sum::<f64>() / n;
        let variance = numbers.map(|x| (x - mean) * (x - mean)).sum::<f64>() / n;
        // The mean of equal numbers is rounded, so that their variance need not be 0.
        Self { mean, sd: if low < high { variance.sqrt() } else { 0.0 }, low, high }
    }

    pub(super) fn apply(self, x: f32) -> f32 {
        if self.sd == 0.0 {
            return 0.0;
        }
        let x = if x.is_infinite() { x.clamp(self.low, self.high) } else { x };
        ((f64::from(x) - self.mean) / self.sd) as f32
    }

    pub(super) fn is_sound(self) -> bool {
        self.mean.is_finite() && self.sd.is_finite() && self.sd >= 0.0 && self.low <= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_scikit_learn_has_it() {
        let standard = Standard::fit(&[-2.0, 0.5, 1.0, 3.0, 10.25]);
        // scikit-learn 1.9: StandardScaler().fit(x).transform(..), 100 and 0 besides three of the numbers.
        for (x, expected) in [
            (-2.0, -1.092_034_9),
            (0.5, -0.492_015_74),
            (10.25, 1.848_059_1),
            (100.0, 23.388_748_45),
            (0.0, -0.612_019_6),
        ] {
            assert!((f64::from(standard.apply(x)) - expected).abs() < 1e-6, "{x}: {}", standard.apply(x));
        }
        assert_eq!(standard.apply(f32::INFINITY), standard.apply(10.25));
        assert_eq!(standard.apply(f32::NEG_INFINITY), standard.apply(-2.0));
        assert_eq!(Standard::fit(&[0.1; 10]).apply(3.0), 0.0, "all the same");
        assert_eq!(Standard::fit(&[]).apply(3.0), 0.0, "none");
    }
}
