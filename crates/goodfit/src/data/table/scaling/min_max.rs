//! Scaling to [0, 1].

use serde::{Deserialize, Serialize};

/// `x <- (x - min) / (max - min)`, clipped to [0, 1]: a number beyond those of the training rows counts as the largest or
/// smallest of them; 0 where all are the same.
///
/// As scikit-learn's `MinMaxScaler` with `clip=True`.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct MinMax {
    pub(crate) low: f32,
    pub(crate) high: f32,
}

impl MinMax {
    /// Fits sorted finite numbers.
    pub(super) fn fit(sorted: &[f32]) -> Self {
        let (low, high) = super::ends(sorted);
        Self { low, high }
    }

    pub(super) fn apply(self, x: f32) -> f32 {
        let [x, low, high] = [x.clamp(self.low, self.high), self.low, self.high].map(f64::from);
        if low < high { ((x - low) / (high - low)) as f32 } else { 0.0 }
    }

    pub(super) fn is_sound(self) -> bool {
        self.low.is_finite() && self.high.is_finite() && self.low <= self.high
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_0_to_1_and_not_beyond() {
        let scale = MinMax::fit(&[-2.0, 0.5, 1.0, 6.0]);
        assert_eq!([-2.0, 0.0, 6.0, -3.0, f32::INFINITY].map(|x| scale.apply(x)), [0.0, 0.25, 1.0, 0.0, 1.0]);
        assert_eq!(MinMax::fit(&[f32::MIN, f32::MAX]).apply(0.0), 0.5, "a range beyond 32 bits");
        assert_eq!([MinMax::fit(&[7.0; 3]).apply(9.0), MinMax::fit(&[]).apply(9.0)], [0.0; 2]);
    }
}
