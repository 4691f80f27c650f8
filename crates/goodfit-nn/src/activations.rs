//! What activations look like: moments, zeros, saturation, dead units, a histogram.

use crate::{Activation, Float};

/// Statistics of the activations of one layer, gathered chunk after chunk.
///
/// ```
/// use goodfit_nn::{Activation, ActivationStatistics};
/// let mut statistics = ActivationStatistics::new(2, Activation::Relu, (0.0, 1.0), 4);
/// statistics.add(&[0.0_f32, 0.5, 0.0, 1.0]); // two rows of two units
/// assert_eq!(statistics.zeros(), 0.5);
/// assert_eq!(statistics.dead(), 0.5); // the first unit never fires
/// assert_eq!(statistics.counts(), [2, 0, 1, 1]);
/// ```
#[derive(Clone, Debug)]
pub struct ActivationStatistics {
    activation: Activation,
    range: (f64, f64),
    counts: Vec<u64>,
    n: u64,
    mean: f64,
    /// Sum of squared distances from the mean.
    spread: f64,
    n_zeros: u64,
    n_saturated: u64,
    n_outside: u64,
    fires: Vec<bool>,
}

impl ActivationStatistics {
    /// Nothing gathered yet, for a layer of `n_units`; the histogram has `n_bins` bins over `range`.
    pub fn new(n_units: usize, activation: Activation, range: (f64, f64), n_bins: usize) -> Self {
        Self {
            activation,
            range,
            counts: vec![0; n_bins],
            n: 0,
            mean: 0.0,
            spread: 0.0,
            n_zeros: 0,
            n_saturated: 0,
            n_outside: 0,
            fires: vec![false; n_units],
        }
    }

    /// Adds rows x units activations.
    pub fn add<T: Float>(&mut self, values: &[T]) {
        let n = values.len() as f64;
        let mean = values.iter().map(|y| y.to_f64()).sum::<f64>() / n;
        let spread: f64 = values.iter().map(|y| (y.to_f64() - mean).powi(2)).sum();
        // Chan, Golub and LeVeque's update of mean and spread by those of a further part.
        let (before, total) = (self.n as f64, self.n as f64 + n);
        if n > 0.0 {
            let distance = mean - self.mean;
            self.mean += distance * n / total;
            self.spread += spread + distance * distance * before * n / total;
            self.n += values.len() as u64;
        }
        let (low, high) = self.range;
        let n_bins = self.counts.len();
        for row in values.chunks_exact(self.fires.len().max(1)) {
            for (y, fires) in row.iter().zip(&mut self.fires) {
                let value = y.to_f64();
                let zero = value == 0.0;
                *fires |= !zero;
                self.n_zeros += u64::from(zero);
                self.n_saturated += u64::from(self.activation.is_saturated(*y));
                if (low..=high).contains(&value) {
                    let bin = ((value - low) / (high - low) * n_bins as f64) as usize;
                    self.counts[bin.min(n_bins - 1)] += 1;
                } else {
                    self.n_outside += 1;
                }
            }
        }
    }

    fn share(&self, n: u64) -> f64 {
        n as f64 / self.n as f64
    }

    /// Mean over rows and units.
    pub fn mean(&self) -> f64 {
        self.mean
    }

    /// Standard deviation over rows and units (population).
    pub fn standard_deviation(&self) -> f64 {
        (self.spread / self.n as f64).sqrt()
    }

    /// Share that is exactly 0.
    pub fn zeros(&self) -> f64 {
        self.share(self.n_zeros)
    }

    /// Share at the flat ends of the activation, see [`Activation::is_saturated`].
    pub fn saturated(&self) -> f64 {
        self.share(self.n_saturated)
    }

    /// Share beyond the histogram's range, NaN included.
    pub fn outside(&self) -> f64 {
        self.share(self.n_outside)
    }

    /// Share of units that were 0 in every row.
    pub fn dead(&self) -> f64 {
        self.fires.iter().filter(|&&fires| !fires).count() as f64 / self.fires.len() as f64
    }

    /// Values in each bin; the last bin includes the upper end of the range, as in `NumPy`.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// Borders of the bins, one more than there are bins.
    pub fn edges(&self) -> Vec<f64> {
        let (low, high) = self.range;
        let n_bins = self.counts.len();
        (0..=n_bins).map(|i| low + (high - low) * i as f64 / n_bins as f64).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Purpose, Stream};

    #[test]
    fn parts_give_the_statistics_of_the_whole() {
        let mut stream = Stream::new(0, Purpose::Data, 0);
        let values: Vec<f64> = (0..600).map(|_| stream.normal().tanh()).collect();
        let gather = |part: usize| {
            let mut statistics = ActivationStatistics::new(3, Activation::Tanh, (-1.0, 1.0), 30);
            values.chunks(part).for_each(|chunk| statistics.add(chunk));
            statistics
        };
        let (whole, parts) = (gather(600), gather(60));
        let mean = values.iter().sum::<f64>() / 600.0;
        let sd = (values.iter().map(|y| (y - mean).powi(2)).sum::<f64>() / 600.0).sqrt();
        for statistics in [&whole, &parts] {
            assert!((statistics.mean() - mean).abs() < 1e-12);
            assert!((statistics.standard_deviation() - sd).abs() < 1e-12);
        }
        assert_eq!(whole.counts(), parts.counts());
        assert_eq!(whole.counts().iter().sum::<u64>(), 600);
    }
}
