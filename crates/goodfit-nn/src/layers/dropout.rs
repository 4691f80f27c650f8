//! Dropout. A buffer holds N x D values: N rows (samples), D units.

use crate::error::require;
use crate::{Error, Float, Stream};

/// Dropout after an activation (or of the inputs): in training each unit of each row is set to 0
/// with probability `ratio`, and the scale is made up for in one of two forms.
///
/// | form | training | evaluation |
/// |---|---|---|
/// | textbook | x * mask | x * (1 - ratio) |
/// | inverted | x * mask / (1 - ratio) | x |
///
/// Which units are kept is drawn 16 bits a unit: a unit is kept when its draw is at least
/// [`Dropout::threshold`], so `ratio` is met to within 1 / 131,072; the largest one that can be met is
/// 65,535 / 65,536.
///
/// Source: N. Srivastava, G. Hinton, A. Krizhevsky, I. Sutskever, R. Salakhutdinov: Dropout, JMLR 15
/// (2014).
///
/// ```
/// use goodfit_nn::{Dropout, DropoutForm};
/// // Draws of 0 and of 65,535 as little-endian bytes: the first unit is dropped, the second kept.
/// let mask = [0, 0, 255, 255];
/// let mut y = [3.0, 5.0];
/// Dropout { ratio: 0.5, form: DropoutForm::Textbook }.forward_training(&mut y, &mask);
/// assert_eq!(y, [0.0, 5.0]);
///
/// let mut y = [3.0, 5.0];
/// Dropout { ratio: 0.5, form: DropoutForm::Inverted }.forward_training(&mut y, &mask);
/// assert_eq!(y, [0.0, 10.0]);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Dropout {
    /// Share of units that a training step drops, in [0, 1).
    pub ratio: f64,
    /// Where the scale is made up for.
    pub form: DropoutForm,
}

/// Where dropout makes up for the dropped units.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum DropoutForm {
    /// Training: `x * mask`; evaluation: `x * (1 - ratio)`.
    Textbook,
    /// Training: `x * mask / (1 - ratio)`; evaluation: `x`.
    #[default]
    Inverted,
}

impl Dropout {
    /// Bytes of a mask per unit.
    pub const MASK_BYTES: usize = 2;

    /// `round(ratio * 65,536)`, at most 65,535: a unit is kept when its 16 bits, read as a number,
    /// are at least this.
    pub fn threshold(self) -> u16 {
        (self.ratio * 65_536.0).round() as u16
    }

    /// Draws a mask: unit k is decided by bytes 2 k and 2 k + 1 of the stream, as a little-endian
    /// number.
    ///
    /// The mask is the draws themselves, compared with the threshold where they are used: that costs
    /// less than a buffer of factors would.
    ///
    /// # Shapes
    /// `mask`: N x D x [`Dropout::MASK_BYTES`].
    #[inline]
    pub fn draw_mask(mask: &mut [u8], stream: &mut Stream) {
        stream.fill(mask);
    }

    /// Drops units in place: `y = x * mask`, over (1 - ratio) in the inverted form.
    ///
    /// # Shapes
    /// `y`: N x D, x on entry. `mask`: N x D x [`Dropout::MASK_BYTES`].
    ///
    /// # Panics
    /// When the lengths do not fit.
    #[inline(always)]
    pub fn forward_training<T: Float>(self, y: &mut [T], mask: &[u8]) {
        self.apply(y, mask);
    }

    /// [`Dropout::forward_training`] from another buffer, which stays as it is.
    ///
    /// # Panics
    /// When the lengths do not fit.
    #[inline(always)]
    pub(crate) fn forward_into<T: Float>(self, y: &mut [T], x: &[T], mask: &[u8]) {
        assert_eq!(y.len(), x.len(), "values of dropout");
        let factors = self.factors(y.len(), mask);
        for ((y, &x), factor) in y.iter_mut().zip(x).zip(factors) {
            *y = x * factor;
        }
    }

    /// The map of evaluation, in place: `y = x * (1 - ratio)` in the textbook form, `y = x` in the
    /// inverted one.
    #[inline(always)]
    pub fn forward_evaluation<T: Float>(self, y: &mut [T]) {
        match self.form {
            DropoutForm::Textbook => {
                let kept = T::from_f64(1.0 - self.ratio);
                for y in y {
                    *y *= kept;
                }
            }
            DropoutForm::Inverted => {}
        }
    }

    /// The gradient by x from the gradient by y, in place; the same map as
    /// [`Dropout::forward_training`].
    ///
    /// # Shapes
    /// `d`: N x D. `mask`: N x D x [`Dropout::MASK_BYTES`].
    ///
    /// # Panics
    /// When the lengths do not fit.
    #[inline(always)]
    pub fn backward<T: Float>(self, d: &mut [T], mask: &[u8]) {
        self.apply(d, mask);
    }

    /// Whether the ratio can be used.
    ///
    /// # Errors
    /// When the ratio is not in [0, 1).
    pub fn check(self) -> Result<(), Error> {
        require((0.0..1.0).contains(&self.ratio), "dropout", self.ratio, "a number >= 0 and < 1")
    }

    /// Multiplies, also by 0: what is not finite becomes NaN, as in the textbook and in `PyTorch`.
    #[inline(always)]
    fn apply<T: Float>(self, values: &mut [T], mask: &[u8]) {
        let factors = self.factors(values.len(), mask);
        for (value, factor) in values.iter_mut().zip(factors) {
            *value *= factor;
        }
    }

    /// What `n` values are multiplied by.
    #[inline(always)]
    fn factors<T: Float>(self, n: usize, mask: &[u8]) -> impl Iterator<Item = T> {
        let (draws, rest) = mask.as_chunks::<{ Self::MASK_BYTES }>();
        assert!(draws.len() == n && rest.is_empty(), "mask of dropout");
        let threshold = self.threshold();
        let factor = match self.form {
            DropoutForm::Textbook => T::ONE,
            DropoutForm::Inverted => T::from_f64(1.0 / (1.0 - self.ratio)),
        };
        draws.iter().map(move |&draw| if u16::from_le_bytes(draw) >= threshold { factor } else { T::ZERO })
    }
}
