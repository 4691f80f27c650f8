//! Small loops over the rows of a matrix.

use crate::kernels::{LINE, Member, n_parts};
use crate::{Float, kernels};

/// Values of an elementwise loop that are worth another thread.
const SHARED_VALUES: usize = 1 << 14;

/// The length of the parts, of whole rows, in which the threads of a team share N rows of U values.
pub(crate) fn part_length(member: Option<&Member>, n: usize, units: usize) -> usize {
    n.div_ceil(n_parts(member, n * units, SHARED_VALUES)).max(1) * units.max(1)
}

/// The number of units in which the threads of a team share the U columns of N rows of them: whole lines of the cache.
pub(super) fn part_width(member: Option<&Member>, n: usize, units: usize) -> usize {
    units.max(1).div_ceil(n_parts(member, n * units, SHARED_VALUES)).next_multiple_of(LINE)
}

/// `scaled = diag(scale) weights`: the weights (D x U) of an affine map with the scales of its inputs (D) in them, so that
/// the inputs stay as they are.
pub(crate) fn scale_weights<T: Float>(scaled: &mut [T], weights: &[T], scale: &[T]) {
    let units = weights.len() / scale.len();
    kernels::vectorised(
        #[inline(always)]
        || {
            for ((scaled, weights), &scale) in scaled.chunks_mut(units).zip(weights.chunks(units)).zip(scale) {
                for (scaled, &weight) in scaled.iter_mut().zip(weights) {
                    *scaled = scale * weight;
                }
            }
        },
    );
}

/// From the gradient by the scaled weights, which `d` holds, those by scales and by weights:
/// `dscale_i = sum over u of d_iu weights_iu`, then `d_iu <- scale_i d_iu`.
pub(crate) fn split_scaled_gradient<T: Float>(d: &mut [T], dscale: &mut [T], weights: &[T], scale: &[T]) {
    let units = weights.len() / scale.len();
    for (((d, dscale), weights), &scale) in d.chunks_mut(units).zip(dscale).zip(weights.chunks(units)).zip(scale) {
        *dscale = kernels::dot(d, weights);
        kernels::vectorised(
            #[inline(always)]
            || d.iter_mut().for_each(|d| *d *= scale),
        );
    }
}
