//! The covariance function.
//!
//! | name | what it is |
//! |---|---|
//! | `x` | points of the unit cube, one slice a dimension: `x[j][i]` |
//! | `l_j` | length scale of dimension j |
//! | `s2` | variance of the function |
//! | `r2` | squared scaled distance: the sum over j of (x_j - y_j)^2 / l_j^2, or of 1 / l_j^2 where choices differ |
//! | `k` | Matern-5/2: s2 (1 + sqrt(5) r + 5/3 r2) exp(-sqrt(5) r) |
//! | `dk` | its derivative by r2: -5/6 s2 (1 + sqrt(5) r) exp(-sqrt(5) r) |

/// What the distance in a dimension counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Metric {
    /// The difference.
    Difference,
    /// Whether they differ (Hamming): choices have no order.
    Equality,
}

/// Points, one slice of n coordinates a dimension.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Points {
    pub(super) metrics: Vec<Metric>,
    columns: Vec<Vec<f64>>,
}

impl Points {
    pub(super) fn new(metrics: Vec<Metric>) -> Self {
        let columns = vec![Vec::new(); metrics.len()];
        Self { metrics, columns }
    }

    pub(super) fn push(&mut self, point: &[f64]) {
        for (column, &x) in self.columns.iter_mut().zip(point) {
            column.push(x);
        }
    }

    pub(super) fn n(&self) -> usize {
        self.columns.first().map_or(0, Vec::len)
    }

    pub(super) fn n_dims(&self) -> usize {
        self.columns.len()
    }

    pub(super) fn column(&self, dim: usize) -> &[f64] {
        &self.columns[dim]
    }

    pub(super) fn point(&self, i: usize) -> Vec<f64> {
        self.columns.iter().map(|column| column[i]).collect()
    }

    /// These points only.
    pub(super) fn select(&self, which: &[usize]) -> Self {
        let columns = self.columns.iter().map(|column| which.iter().map(|&i| column[i]).collect()).collect();
        Self { metrics: self.metrics.clone(), columns }
    }

    /// Squared scaled distances of a point to the first points, as many as `r2` has places.
    pub(super) fn squared_distances(&self, point: &[f64], inverse_squares: &[f64], r2: &mut [f64]) {
        let n = r2.len();
        r2.fill(0.0);
        let mut dim = 0;
        while dim < self.n_dims() {
            let (x, weight, column) = (point[dim], inverse_squares[dim], &self.columns[dim][..n]);
            match (self.metrics[dim], self.metrics.get(dim + 1)) {
                // Two dimensions at a time share the loads and stores of the result.
                (Metric::Difference, Some(Metric::Difference)) => {
                    let (x2, weight2) = (point[dim + 1], inverse_squares[dim + 1]);
                    for ((r2, y), y2) in r2.iter_mut().zip(column).zip(&self.columns[dim + 1]) {
                        *r2 = *r2 + (x - y) * (x - y) * weight + (x2 - y2) * (x2 - y2) * weight2;
                    }
                    dim += 1;
                }
                (Metric::Difference, _) => {
                    for (r2, y) in r2.iter_mut().zip(column) {
                        *r2 += (x - y) * (x - y) * weight;
                    }
                }
                (Metric::Equality, _) => {
                    for (r2, y) in r2.iter_mut().zip(column) {
                        *r2 += if (x - y).abs() > 0.0 { weight } else { 0.0 };
                    }
                }
            }
            dim += 1;
        }
    }
}

/// The hyperparameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Kernel {
    /// Length scale of each dimension.
    pub(super) lengths: Vec<f64>,
    /// Variance of the function.
    pub(super) variance: f64,
    /// Variance of what is added to it at each observation.
    pub(super) noise: f64,
}

impl Kernel {
    /// 1 / l_j^2.
    pub(super) fn inverse_squares(&self) -> Vec<f64> {
        self.lengths.iter().map(|l| 1.0 / (l * l)).collect()
    }

    /// Squared distances become covariances.
    pub(super) fn covariances(&self, r2: &mut [f64]) {
        for r2 in r2 {
            let s = (5.0 * *r2).sqrt();
            *r2 = self.variance * (1.0 + s + s * s * (1.0 / 3.0)) * exp_negative(-s);
        }
    }

    /// Squared distances become covariances, and their derivatives by the squared distance go to `dk`.
    pub(super) fn covariances_and_derivatives(&self, r2: &mut [f64], dk: &mut [f64]) {
        for (r2, dk) in r2.iter_mut().zip(dk) {
            let s = (5.0 * *r2).sqrt();
            let e = self.variance * exp_negative(-s);
            *r2 = (1.0 + s + s * s * (1.0 / 3.0)) * e;
            *dk = (-5.0 / 6.0) * (1.0 + s) * e;
        }
    }
}

/// exp(x) for x <= 0, to a relative error of 4e-16; below -700 it stays at exp(-700), which nobody can tell from 0.
///
/// x = k ln 2 + r with |r| <= ln 2 / 2, a Taylor polynomial in r, and k added to the exponent's bits:
/// a loop over it has no branch or call, so it is turned into vector instructions.
fn exp_negative(x: f64) -> f64 {
    const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
    const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
    // 1.5 * 2^52: adding it rounds to a whole number, which then stands in the lowest bits.
    const SHIFT: f64 = 6_755_399_441_055_744.0;
    let x = if x < -700.0 { -700.0 } else { x };
    let shifted = x * std::f64::consts::LOG2_E + SHIFT;
    let k = shifted - SHIFT;
    let r = (x - k * LN2_HIGH) - k * LN2_LOW;
    let mut p = 1.0 / 6_227_020_800.0;
    for factorial in
        [479_001_600.0, 39_916_800.0, 3_628_800.0, 362_880.0, 40_320.0, 5_040.0, 720.0, 120.0, 24.0, 6.0, 2.0, 1.0]
    {
        p = p * r + 1.0 / factorial;
    }
    let p = p * r + 1.0;
    f64::from_bits((shifted.to_bits() << 52).wrapping_add(p.to_bits()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponential() {
        for i in 0..20_000 {
            let x = -f64::from(i) * 0.0349;
            let (got, expected) = (exp_negative(x), libm::exp(x));
            assert!((got - expected).abs() <= 4e-16 * expected, "exp({x}) = {expected}, got {got}");
        }
        assert_eq!(exp_negative(0.0), 1.0);
        assert!(exp_negative(-1e9) < 1e-300);
    }

    #[test]
    fn derivative_by_squared_distance() {
        let kernel = Kernel { lengths: vec![1.0], variance: 2.5, noise: 0.0 };
        let k = |r2: f64| {
            let mut k = [r2];
            kernel.covariances(&mut k);
            k[0]
        };
        for r2 in [1e-3, 0.1, 1.0, 7.0] {
            let (mut value, mut slope) = ([r2], [0.0]);
            kernel.covariances_and_derivatives(&mut value, &mut slope);
            assert_eq!(value[0], k(r2));
            let h = 1e-5 * r2;
            let difference = (k(r2 + h) - k(r2 - h)) / (2.0 * h);
            assert!((slope[0] - difference).abs() < 1e-8 * slope[0].abs().max(1e-3), "{r2}: {} {difference}", slope[0]);
        }
        assert_eq!(k(0.0), 2.5);
    }

    #[test]
    fn distances() {
        let mut points = Points::new(vec![Metric::Difference, Metric::Equality]);
        for point in [[0.0, 0.25], [0.5, 0.75], [1.0, 0.25]] {
            points.push(&point);
        }
        let mut r2 = [f64::NAN; 3];
        points.squared_distances(&[0.5, 0.25], &[4.0, 3.0], &mut r2);
        assert_eq!(r2, [1.0, 3.0, 1.0]);
        assert_eq!(points.select(&[2, 1]).point(0), [1.0, 0.25]);
    }
}
