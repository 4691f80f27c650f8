//! One column of embedded numbers: a matrix product, or, of a piecewise linear encoding, two rows of weights, since those
//! of the bins below a number add up to one row, whichever number it is.
//!
//! Shapes: N rows, K values that a number is encoded by, S outputs of the linear map, C frequencies, B bins.

use crate::kernels::{self, Accum, Finish, column_sums};
use crate::layers::{NumericEmbedding, bin_of, encode_periodic, encode_periodic_backward};
use crate::{Activation, Float, MatMut, MatRef};

/// The parameters of a column.
#[derive(Clone, Copy)]
pub(super) struct Values<'a, T> {
    pub(super) edges: &'a [T],
    pub(super) frequencies: &'a [T],
    pub(super) phases: Option<&'a [T]>,
    pub(super) weight: &'a [T],
    pub(super) bias: &'a [T],
}

/// Their gradients.
pub(super) struct Gradients<'a, T> {
    pub(super) frequencies: &'a mut [T],
    pub(super) phases: &'a mut [T],
    pub(super) weight: &'a mut [T],
    pub(super) bias: &'a mut [T],
}

/// The buffers of a column in the forward pass.
pub(super) struct Forward<'a, T> {
    pub(super) x: &'a [T],
    pub(super) encoded: &'a mut [T],
    pub(super) mapped: &'a mut [T],
    pub(super) sums: &'a mut [T],
}

/// Values of a number that the forward pass keeps: those it is encoded by, or its bin and how much of it lies below.
pub(super) fn held(form: NumericEmbedding) -> usize {
    if let NumericEmbedding::PiecewiseLinear { .. } = form { 2 } else { form.encoded() }
}

/// The linear map of the encoded numbers.
pub(super) fn forward<T: Float>(form: NumericEmbedding, own: Forward<'_, T>, of: Values<'_, T>, scratch: &mut [T]) {
    let Forward { x, encoded, mapped, sums } = own;
    let (n, k, s) = (x.len(), form.encoded(), form.mapped());
    if let NumericEmbedding::PiecewiseLinear { .. } = form {
        kernels::vectorised(
            #[inline(always)]
            || bins_forward(mapped, encoded.split_at_mut(n), sums, x, of),
        );
    } else {
        kernels::vectorised(
            #[inline(always)]
            || {
                for (&x, encoded) in x.iter().zip(encoded.chunks_exact_mut(k)) {
                    encode_periodic(encoded, x, of.frequencies, of.phases);
                }
            },
        );
        let (encoded, weight) = (MatRef::new(encoded, n, k), MatRef::new(of.weight, k, s));
        let finish = Finish { bias: Some(of.bias), relu: form.is_rectified() };
        kernels::affine_shared(None, MatMut::new(mapped, n, s), encoded, weight, finish, scratch);
        return;
    }
    if form.is_rectified() {
        kernels::vectorised(
            #[inline(always)]
            || Activation::Relu.forward_in_place(mapped),
        );
    }
}

/// From the gradient `dy` (N x S) by what the linear map puts out those by the parameters.
pub(super) fn backward<T: Float>(
    form: NumericEmbedding,
    gradients: Gradients<'_, T>,
    dy: &[T],
    (x, encoded): (&[T], &[T]),
    of: Values<'_, T>,
    (sums, scratch): (&mut [T], &mut [T]),
) {
    let (n, k, s) = (x.len(), form.encoded(), form.mapped());
    let Gradients { frequencies, phases, weight, bias } = gradients;
    if let NumericEmbedding::PiecewiseLinear { .. } = form {
        kernels::vectorised(
            #[inline(always)]
            || bins_backward(weight, bias, sums, dy, encoded.split_at(n)),
        );
        return;
    }
    let (d_encoded, scratch) = scratch.split_at_mut(n * k);
    let dy = MatRef::new(dy, n, s);
    let by_encoded = MatRef::new(of.weight, k, s).transposed();
    kernels::matmul(MatMut::new(d_encoded, n, k), Accum::Replace, dy, by_encoded, scratch);
    frequencies.fill(T::ZERO);
    phases.fill(T::ZERO);
    kernels::vectorised(
        #[inline(always)]
        || {
            for ((&x, encoded), d) in x.iter().zip(encoded.chunks_exact(k)).zip(d_encoded.chunks_exact(k)) {
                encode_periodic_backward(frequencies, phases, d, x, encoded, (of.frequencies, of.phases));
            }
        },
    );
    let encoded = MatRef::new(encoded, n, k).transposed();
    kernels::matmul(MatMut::new(weight, k, s), Accum::Replace, encoded, dy, scratch);
    column_sums(bias, dy);
}

/// Of a number in bin b with the part p of it: `y = bias + sum of the weights below b + p weight_b`.
#[inline(always)]
fn bins_forward<T: Float>(
    y: &mut [T],
    (bins, parts): (&mut [T], &mut [T]),
    sums: &mut [T],
    x: &[T],
    of: Values<'_, T>,
) {
    let s = of.bias.len();
    sums[..s].copy_from_slice(of.bias);
    for bin in 1..sums.len() / s {
        let (below, own) = sums[(bin - 1) * s..(bin + 1) * s].split_at_mut(s);
        let weight = &of.weight[(bin - 1) * s..bin * s];
        for ((own, &below), &weight) in own.iter_mut().zip(&*below).zip(weight) {
            *own = below + weight;
        }
    }
    for ((&x, y), (bin, part)) in x.iter().zip(y.chunks_exact_mut(s)).zip(bins.iter_mut().zip(parts)) {
        let (place, share) = bin_of(x, of.edges);
        (*bin, *part) = (T::from_f64(place as f64), share);
        let own = place * s..(place + 1) * s;
        for ((y, &below), &weight) in y.iter_mut().zip(&sums[own.clone()]).zip(&of.weight[own]) {
            *y = below + share * weight;
        }
    }
}

/// Adds up the gradients of each bin, weighted and not, then the latter over all bins above.
#[inline(always)]
fn bins_backward<T: Float>(dw: &mut [T], db: &mut [T], sums: &mut [T], dy: &[T], (bins, parts): (&[T], &[T])) {
    let s = db.len();
    dw.fill(T::ZERO);
    sums.fill(T::ZERO);
    for ((dy, &bin), &part) in dy.chunks_exact(s).zip(bins).zip(parts) {
        let place = bin.to_f64() as usize;
        let own = place * s..(place + 1) * s;
        for ((sum, dw), &dy) in sums[own.clone()].iter_mut().zip(&mut dw[own]).zip(dy) {
            *sum += dy;
            *dw += part * dy;
        }
    }
    db.fill(T::ZERO);
    for (dw, sum) in dw.chunks_exact_mut(s).zip(sums.chunks_exact(s)).rev() {
        for ((dw, above), &sum) in dw.iter_mut().zip(&mut *db).zip(sum) {
            *dw += *above;
            *above += sum;
        }
    }
}
