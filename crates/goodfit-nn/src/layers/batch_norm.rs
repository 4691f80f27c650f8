//! Batch normalisation. N rows (samples), D units.

use crate::error::require;
use crate::layers::Convention;
use crate::layers::batch_norm_rows::{
    add_gradient_row, add_row, add_squares_row, gradient_row, normalize_row, scale_row,
};
use crate::{Error, Float};

/// Batch normalisation of the values between an affine map and its activation:
/// `y = scale * (x - mean) / sqrt(variance + epsilon) + shift`, unit by unit.
///
/// In training, mean and variance are those of the batch; in evaluation, the running ones. The
/// variance that normalises is the population's (divisor N) in every form.
///
/// Source: S. Ioffe, C. Szegedy: Batch Normalization, ICML 2015.
///
/// ```
/// use goodfit_nn::{BatchNorm, Convention};
/// use goodfit_nn::layers::{BatchNormCache, RunningStatistics};
/// let norm = BatchNorm::new(Convention::Textbook);
/// // Two rows of one unit, 1 and 3: mean 2, variance 1.
/// let (mut x, mut y) = ([1.0, 3.0], [0.0; 2]);
/// let (mut mean, mut inverse_std) = ([0.0], [0.0]);
/// let (mut running_mean, mut running_variance) = ([0.0], [norm.running.initial_variance()]);
/// norm.forward_training(
///     &mut y,
///     BatchNormCache { normalized: &mut x, mean: &mut mean, inverse_std: &mut inverse_std },
///     RunningStatistics { mean: &mut running_mean, variance: &mut running_variance },
///     &[1.0],
///     &[0.0],
/// );
/// let expected = 1.0 / f64::sqrt(1.0 + 1e-6);
/// assert_eq!(y, [-expected, expected]);
/// assert_eq!((running_mean, running_variance), ([0.1 * 2.0], [0.1 * 1.0]));
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BatchNorm {
    /// Added to the variance.
    pub epsilon: f64,
    /// Weight of the new batch in the running mean and variance.
    pub momentum: f64,
    /// Which form the running variance takes.
    pub running: RunningForm,
}

/// The form of the running variance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RunningForm {
    /// Starts at 0 and averages the population variance, divisor N (textbook).
    PopulationFromZero,
    /// Starts at 1 and averages the unbiased variance, divisor N - 1 (`PyTorch`).
    UnbiasedFromOne,
}

impl RunningForm {
    /// Where the running variance starts; the running mean starts at 0 in both forms.
    pub fn initial_variance(self) -> f64 {
        match self {
            Self::PopulationFromZero => 0.0,
            Self::UnbiasedFromOne => 1.0,
        }
    }

    /// What makes the running form's variance out of the population's: 1 or N / (N - 1).
    fn variance_factor(self, n_rows: f64) -> f64 {
        match self {
            Self::PopulationFromZero => 1.0,
            Self::UnbiasedFromOne => n_rows / (n_rows - 1.0),
        }
    }
}

/// What the forward pass in training leaves for the backward pass.
#[derive(Debug)]
pub struct BatchNormCache<'a, T> {
    /// N x D; x on entry, `(x - mean) / sqrt(variance + epsilon)` on return.
    pub normalized: &'a mut [T],
    /// D; the batch's mean.
    pub mean: &'a mut [T],
    /// D; `1 / sqrt(variance + epsilon)` of the batch.
    pub inverse_std: &'a mut [T],
}

/// Exponentially weighted means of the batches' mean and variance.
#[derive(Debug)]
pub struct RunningStatistics<'a, T> {
    /// D
    pub mean: &'a mut [T],
    /// D
    pub variance: &'a mut [T],
}

impl BatchNorm {
    /// The settings of a convention: epsilon 1e-6 and running values from 0 (textbook), or 1e-5 and
    /// the unbiased variance from 1 (field); momentum 0.1 in both.
    pub fn new(convention: Convention) -> Self {
        match convention {
            Convention::Textbook => Self { epsilon: 1e-6, momentum: 0.1, running: RunningForm::PopulationFromZero },
            Convention::Field => Self { epsilon: 1e-5, momentum: 0.1, running: RunningForm::UnbiasedFromOne },
        }
    }

    /// Normalises by the batch's own mean and variance and moves the running ones:
    /// `running = (1 - momentum) * running + momentum * batch`.
    ///
    /// The variance is computed in a second pass, around the mean, so that it does not cancel.
    ///
    /// # Shapes
    /// `y`: N x D. `cache`, `running`: see there; x enters in `cache.normalized`. `scale`, `shift`: D.
    ///
    /// # Panics
    /// When the lengths do not fit or there is no row.
    #[inline(always)]
    pub fn forward_training<T: Float>(
        &self,
        y: &mut [T],
        cache: BatchNormCache<'_, T>,
        running: RunningStatistics<'_, T>,
        scale: &[T],
        shift: &[T],
    ) {
        let BatchNormCache { normalized, mean, inverse_std } = cache;
        let n_units = scale.len();
        let n_rows = count_rows(normalized, n_units);
        assert_eq!(y.len(), normalized.len(), "values of batch normalisation");
        assert!(mean.len() == n_units && inverse_std.len() == n_units, "units of batch normalisation");
        assert_eq!(shift.len(), n_units, "shifts of batch normalisation");

        Self::moments(mean, inverse_std, normalized, 0, n_units);
        self.settle(running, mean, inverse_std, n_rows);
        Self::normalize(y, normalized, mean, inverse_std, scale, shift);
    }

    /// The batch's mean and variance of the units from `first` on, as many as there are places for. It reads `x` alone,
    /// so units can be shared out.
    ///
    /// # Shapes
    /// `x`: N x D with D = `n_units`.
    #[inline(always)]
    pub(crate) fn moments<T: Float>(mean: &mut [T], variance: &mut [T], x: &[T], first: usize, n_units: usize) {
        let units = first..first + mean.len();
        let share = T::from_f64(1.0 / count_rows(x, n_units) as f64);
        mean.fill(T::ZERO);
        for x in x.chunks_exact(n_units) {
            add_row(mean, &x[units.clone()]);
        }
        scale_row(mean, share);
        variance.fill(T::ZERO);
        for x in x.chunks_exact(n_units) {
            add_squares_row(variance, &x[units.clone()], mean);
        }
        scale_row(variance, share);
    }

    /// Moves the running statistics by those of a batch of N rows, and makes `1 / sqrt(variance + epsilon)` out of its
    /// variance.
    #[inline(always)]
    pub(crate) fn settle<T: Float>(
        &self,
        running: RunningStatistics<'_, T>,
        mean: &[T],
        variance: &mut [T],
        n_rows: usize,
    ) {
        self.move_running(running, mean, variance, n_rows);
        self.invert(variance);
    }

    /// Normalises rows, which can be shared out: `x` becomes `(x - mean) * inverse_std`, and `y` that times the scale plus
    /// the shift.
    #[inline(always)]
    pub(crate) fn normalize<T: Float>(
        y: &mut [T],
        x: &mut [T],
        mean: &[T],
        inverse_std: &[T],
        scale: &[T],
        shift: &[T],
    ) {
        for (y, x) in y.chunks_exact_mut(scale.len()).zip(x.chunks_exact_mut(scale.len())) {
            normalize_row(y, x, mean, inverse_std, scale, shift);
        }
    }

    /// The map of evaluation as one factor and one offset per unit:
    /// `factor = scale / sqrt(running_variance + epsilon)`, `offset = shift - running_mean * factor`.
    ///
    /// # Shapes
    /// All: D.
    ///
    /// # Panics
    /// When the lengths differ.
    #[inline(always)]
    pub fn evaluation_map<T: Float>(
        &self,
        factor: &mut [T],
        offset: &mut [T],
        scale: &[T],
        shift: &[T],
        running_mean: &[T],
        running_variance: &[T],
    ) {
        let n_units = factor.len();
        let lengths = [offset.len(), scale.len(), shift.len(), running_mean.len(), running_variance.len()];
        assert_eq!(lengths, [n_units; 5], "units of batch normalisation");
        factor.copy_from_slice(running_variance);
        self.invert(factor);
        for ((((factor, offset), &scale), &shift), &mean) in
            factor.iter_mut().zip(offset).zip(scale).zip(shift).zip(running_mean)
        {
            *factor = scale * *factor;
            *offset = shift - mean * *factor;
        }
    }

    /// `y = x * factor + offset`, in place, with the result of [`BatchNorm::evaluation_map`].
    ///
    /// # Shapes
    /// `y`: N x D, x on entry. `factor`, `offset`: D.
    ///
    /// # Panics
    /// When the lengths do not fit.
    #[inline(always)]
    pub fn forward_evaluation<T: Float>(&self, y: &mut [T], factor: &[T], offset: &[T]) {
        assert_eq!(factor.len(), offset.len(), "units of batch normalisation");
        assert_eq!(y.len() % factor.len(), 0, "values of batch normalisation");
        for y in y.chunks_exact_mut(factor.len()) {
            for ((y, &factor), &offset) in y.iter_mut().zip(factor).zip(offset) {
                *y = *y * factor + offset;
            }
        }
    }

    /// From the gradient by y, those by x (in place), scale and shift, through the batch's mean and
    /// variance. With h the normalised values and sums over the N rows:
    /// `dshift = sum dy`, `dscale = sum dy h`,
    /// `dx = scale * inverse_std * (dy - dshift / N - h * dscale / N)`.
    ///
    /// The form of the running variance plays no part.
    ///
    /// # Shapes
    /// `d`: N x D, dy on entry, dx on return. `normalized`: N x D. The others: D.
    ///
    /// # Panics
    /// When the lengths do not fit or there is no row.
    #[inline(always)]
    pub fn backward<T: Float>(
        &self,
        d: &mut [T],
        dscale: &mut [T],
        dshift: &mut [T],
        normalized: &[T],
        inverse_std: &[T],
        scale: &[T],
    ) {
        let n_units = scale.len();
        let n_rows = count_rows(d, n_units);
        assert_eq!(normalized.len(), d.len(), "values of batch normalisation");
        let lengths = [dscale.len(), dshift.len(), inverse_std.len()];
        assert_eq!(lengths, [n_units; 3], "units of batch normalisation");

        Self::gradient_sums(dscale, dshift, d, normalized, 0, n_units);
        Self::gradient(d, normalized, n_rows, [dscale, dshift, inverse_std, scale]);
    }

    /// The gradients by scale and shift of the units from `first` on, as many as there are places for. It reads `d` and
    /// `normalized` alone, so units can be shared out.
    ///
    /// # Shapes
    /// `d`, `normalized`: N x D with D = `n_units`.
    #[inline(always)]
    pub(crate) fn gradient_sums<T: Float>(
        dscale: &mut [T],
        dshift: &mut [T],
        d: &[T],
        normalized: &[T],
        first: usize,
        n_units: usize,
    ) {
        let units = first..first + dscale.len();
        dscale.fill(T::ZERO);
        dshift.fill(T::ZERO);
        for (d, h) in d.chunks_exact(n_units).zip(normalized.chunks_exact(n_units)) {
            add_gradient_row(dscale, dshift, &d[units.clone()], &h[units.clone()]);
        }
    }

    /// The gradient by x, in place of that by y, of rows out of a batch of N, which can be shared out.
    #[inline(always)]
    pub(crate) fn gradient<T: Float>(
        d: &mut [T],
        normalized: &[T],
        n_rows: usize,
        [dscale, dshift, inverse_std, scale]: [&[T]; 4],
    ) {
        let share = T::from_f64(1.0 / n_rows as f64);
        for (d, h) in d.chunks_exact_mut(scale.len()).zip(normalized.chunks_exact(scale.len())) {
            gradient_row(d, h, dscale, dshift, inverse_std, scale, share);
        }
    }

    /// Whether batches of this size can be trained on.
    ///
    /// # Errors
    /// For a single row in the unbiased form, whose variance has the divisor N - 1 = 0, and for no
    /// row in every form.
    pub fn check_rows(&self, n_rows: usize) -> Result<(), Error> {
        let expected = match self.running {
            RunningForm::PopulationFromZero => 1,
            RunningForm::UnbiasedFromOne => 2,
        };
        if n_rows >= expected {
            Ok(())
        } else {
            Err(Error::Rows { operation: "batch normalisation of a training batch", got: n_rows, expected })
        }
    }

    /// Whether the settings can be used.
    ///
    /// # Errors
    /// When epsilon is not a finite number above 0 or momentum not in [0, 1].
    pub fn check(&self) -> Result<(), Error> {
        require(
            self.epsilon.is_finite() && self.epsilon > 0.0,
            "epsilon of batch normalisation",
            self.epsilon,
            "a finite number > 0",
        )?;
        require(
            (0.0..=1.0).contains(&self.momentum),
            "momentum of batch normalisation",
            self.momentum,
            "a number from 0 to 1",
        )
    }

    #[inline(always)]
    fn move_running<T: Float>(&self, running: RunningStatistics<'_, T>, mean: &[T], variance: &[T], n_rows: usize) {
        let RunningStatistics { mean: running_mean, variance: running_variance } = running;
        assert_eq!([running_mean.len(), running_variance.len()], [mean.len(); 2], "running statistics");
        let kept = T::from_f64(1.0 - self.momentum);
        let taken = T::from_f64(self.momentum);
        let factor = T::from_f64(self.running.variance_factor(n_rows as f64));
        for (running, &batch) in running_mean.iter_mut().zip(mean) {
            *running = kept * *running + taken * batch;
        }
        for (running, &batch) in running_variance.iter_mut().zip(variance) {
            *running = kept * *running + taken * (factor * batch);
        }
    }

    /// `1 / sqrt(variance + epsilon)` in place of the variance.
    #[inline(always)]
    fn invert<T: Float>(&self, variance: &mut [T]) {
        let epsilon = T::from_f64(self.epsilon);
        for variance in variance {
            *variance = T::ONE / (*variance + epsilon).sqrt();
        }
    }
}

fn count_rows<T>(values: &[T], n_units: usize) -> usize {
    assert!(n_units > 0 && !values.is_empty(), "batch normalisation of nothing");
    assert_eq!(values.len() % n_units, 0, "rows of batch normalisation");
    values.len() / n_units
}
