//! The piecewise linear encoding of a number. B bins between B + 1 edges.

use crate::Float;

/// Encodes x by bins: 1 for those below it, 0 for those above it, and in its own how much of it lies below x.
///
/// `dst_b = (x - e_b) / (e_{b+1} - e_b)`, at least 0 but in the first bin, at most 1 but in the last one, so that numbers
/// beyond the edges go on along the line of the bin at that end. Where the last edge comes several times, the bins between
/// are none and their values 0; so do those of all bins where every edge is the same.
///
/// Source: Gorishniy et al. (2022), equation 1.
///
/// # Shapes
/// `dst`: B. `edges`: B + 1, ascending.
///
/// # Panics
/// When the lengths do not fit.
///
/// ```
/// use goodfit_nn::layers::encode_piecewise_linear;
/// let mut encoded = [0.0; 3];
/// let edges = [0.0, 1.0, 3.0, 5.0];
/// for (x, expected) in [(2.0, [1.0, 0.5, 0.0]), (-1.0, [-1.0, 0.0, 0.0]), (7.0, [1.0, 1.0, 2.0])] {
///     encode_piecewise_linear(&mut encoded, x, &edges);
///     assert_eq!(encoded, expected);
/// }
/// encode_piecewise_linear(&mut encoded, 7.0, &[0.0, 1.0, 3.0, 3.0]);
/// assert_eq!(encoded, [1.0, 3.0, 0.0]);
/// ```
pub fn encode_piecewise_linear<T: Float>(dst: &mut [T], x: T, edges: &[T]) {
    assert_eq!(edges.len(), dst.len() + 1, "edges of bins");
    let last = edges[edges.len() - 1];
    let n_bins = edges.iter().take_while(|&&edge| edge < last).count();
    dst.fill(T::ZERO);
    for (b, dst) in dst.iter_mut().take(n_bins).enumerate() {
        let mut part = (x - edges[b]) / (edges[b + 1] - edges[b]);
        if b > 0 && part < T::ZERO {
            part = T::ZERO;
        }
        if b + 1 < n_bins && part > T::ONE {
            part = T::ONE;
        }
        *dst = part;
    }
}

/// The bin that x lies in, or the one at the end that it lies beyond, and how much of it lies below x: all that
/// [`encode_piecewise_linear`] says, without looking at each bin. (0, 0) where every edge is the same.
///
/// ```
/// use goodfit_nn::layers::bin_of;
/// let edges = [0.0, 1.0, 3.0, 5.0];
/// assert_eq!([2.0, -1.0, 7.0].map(|x| bin_of(x, &edges)), [(1, 0.5), (0, -1.0), (2, 2.0)]);
/// ```
#[inline]
pub fn bin_of<T: Float>(x: T, edges: &[T]) -> (usize, T) {
    let last = edges[edges.len() - 1];
    let n_bins = edges.partition_point(|&edge| edge < last);
    if n_bins == 0 {
        return (0, T::ZERO);
    }
    let bin = edges[1..n_bins].partition_point(|&edge| edge <= x);
    (bin, (x - edges[bin]) / (edges[bin + 1] - edges[bin]))
}
