//! The loops of batch normalisation over one row of D units, functions of their own so that the compiler knows that their
//! buffers do not overlap.

use crate::Float;

#[inline(always)]
pub(super) fn add_row<T: Float>(sum: &mut [T], x: &[T]) {
    for (sum, &x) in sum.iter_mut().zip(x) {
        *sum += x;
    }
}

#[inline(always)]
pub(super) fn scale_row<T: Float>(row: &mut [T], factor: T) {
    for x in row {
        *x *= factor;
    }
}

#[inline(always)]
pub(super) fn add_squares_row<T: Float>(squares: &mut [T], x: &[T], mean: &[T]) {
    for ((squares, &x), &mean) in squares.iter_mut().zip(x).zip(mean) {
        let centred = x - mean;
        *squares += centred * centred;
    }
}

#[inline(always)]
pub(super) fn normalize_row<T: Float>(
    y: &mut [T],
    x: &mut [T],
    mean: &[T],
    inverse_std: &[T],
    scale: &[T],
    shift: &[T],
) {
    for (((((y, x), &mean), &inverse_std), &scale), &shift) in
        y.iter_mut().zip(x).zip(mean).zip(inverse_std).zip(scale).zip(shift)
    {
        let h = (*x - mean) * inverse_std;
        *x = h;
        *y = scale * h + shift;
    }
}

#[inline(always)]
pub(super) fn add_gradient_row<T: Float>(dscale: &mut [T], dshift: &mut [T], d: &[T], h: &[T]) {
    for (((dscale, dshift), &d), &h) in dscale.iter_mut().zip(dshift).zip(d).zip(h) {
        *dscale += d * h;
        *dshift += d;
    }
}

#[inline(always)]
pub(super) fn gradient_row<T: Float>(
    d: &mut [T],
    h: &[T],
    dscale: &[T],
    dshift: &[T],
    inverse_std: &[T],
    scale: &[T],
    share: T,
) {
    for (((((d, &h), &dscale), &dshift), &inverse_std), &scale) in
        d.iter_mut().zip(h).zip(dscale).zip(dshift).zip(inverse_std).zip(scale)
    {
        *d = scale * inverse_std * (*d - share * (dshift + h * dscale));
    }
}
