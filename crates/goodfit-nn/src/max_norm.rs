//! Max-norm: a bound on the norm of each unit's incoming weights. I inputs, O outputs.

use crate::Float;

/// Scales each column of `weights` whose norm is above `limit` back to that norm:
/// `w_j = w_j * min(1, limit / |w_j|)`, `w_j` being the weights into output j. Applied after an update.
///
/// A column whose norm is NaN stays as it is.
///
/// Source: N. Srivastava and others: Dropout, JMLR 15 (2014), section 5.1.
///
/// # Shapes
/// `weights`: I x O, row-major. `factors`: O, overwritten with what each column was multiplied by.
///
/// # Panics
/// When `factors` is empty or its length does not divide that of `weights`.
///
/// ```
/// use goodfit_nn::max_norm;
/// // Two outputs with incoming weights (3, 4) and (0.6, 0.8).
/// let mut weights = [3.0, 0.6, 4.0, 0.8];
/// let mut factors = [0.0; 2];
/// max_norm(&mut weights, &mut factors, 2.5);
/// assert_eq!(weights, [1.5, 0.6, 2.0, 0.8]);
/// ```
pub fn max_norm<T: Float>(weights: &mut [T], factors: &mut [T], limit: f64) {
    let n_outputs = factors.len();
    assert_eq!(weights.len() % n_outputs, 0, "outputs of a max-norm");
    factors.fill(T::ZERO);
    for row in weights.chunks_exact(n_outputs) {
        for (sum, &w) in factors.iter_mut().zip(row) {
            *sum += w * w;
        }
    }
    let limit = T::from_f64(limit);
    for factor in &mut *factors {
        let norm = factor.sqrt();
        *factor = if norm > limit { limit / norm } else { T::ONE };
    }
    for row in weights.chunks_exact_mut(n_outputs) {
        for (w, &factor) in row.iter_mut().zip(&*factors) {
            *w *= factor;
        }
    }
}
