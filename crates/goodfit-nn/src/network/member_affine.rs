//! The affine maps of an ensemble in a training step, and the forward pass of those with weights for each member in evaluation.
//!
//! Shapes: M members, N rows of each, D inputs, U units; rows stand member by member.

use super::block::of;
use super::members::{map_rows, product_sums, scale_rows, shift_rows, sums};
use super::plan::{AffinePart, Block, Plan};
use crate::kernels::{self, Accum, Member};
use crate::trainer::update::Update;
use crate::{Float, MatMut, MatRef};

/// What a shared affine map keeps for its backward pass.
pub(crate) struct Kept<'a, T> {
    /// Inputs times their scales, M N x D.
    pub(crate) scaled: &'a mut [T],
    /// Their product with the weights, M N x U.
    pub(crate) product: &'a mut [T],
}

/// `y = ((x r) W) s + b`: `y` M N x U, `x` M N x D.
pub(crate) fn forward_shared<T: Float>(
    y: &mut [T],
    kept: Kept<'_, T>,
    (member, room): (Option<&Member>, &mut [T]),
    x: &[T],
    values: &[T],
    (plan, block, [scale_in, scale_out]): (&Plan, &Block, [usize; 2]),
) {
    let rows = x.len() / block.inputs;
    let Some(AffinePart { weight, bias, .. }) = block.affine else { return };
    map_rows(member, kept.scaled, x, (of(plan, values, scale_in), None), block.inputs);
    let (x, w) = (MatRef::new(kept.scaled, rows, block.inputs), of(plan, values, weight));
    let dst = MatMut::new(&mut *kept.product, rows, block.units);
    let w = MatRef::new(w, block.inputs, block.units);
    kernels::matmul_shared(member, dst, Accum::Replace, x, w, room);
    let bias = bias.map(|bias| of(plan, values, bias));
    map_rows(member, y, kept.product, (of(plan, values, scale_out), bias), block.units);
}

/// The same without keeping anything: `x` is overwritten.
pub(crate) fn evaluate_shared<T: Float>(
    y: &mut [T],
    (member, room): (Option<&Member>, &mut [T]),
    x: &mut [T],
    values: &[T],
    (plan, block, [scale_in, scale_out]): (&Plan, &Block, [usize; 2]),
) {
    let rows = x.len() / block.inputs;
    let Some(AffinePart { weight, bias, .. }) = block.affine else { return };
    scale_rows(member, x, of(plan, values, scale_in), block.inputs);
    let w = MatRef::new(of(plan, values, weight), block.inputs, block.units);
    let dst = MatMut::new(&mut *y, rows, block.units);
    kernels::matmul_shared(member, dst, Accum::Replace, MatRef::new(x, rows, block.inputs), w, room);
    scale_rows(member, y, of(plan, values, scale_out), block.units);
    if let Some(bias) = bias {
        shift_rows(member, y, of(plan, values, bias), block.units);
    }
}

/// From the gradient `d` by y, M N x U, which is overwritten, those by the parameters, and in `dx`, M N x D, that by x.
pub(crate) fn backward_shared<T: Float>(
    dx: &mut [T],
    d: &mut [T],
    update: &mut Update<'_, T>,
    kept: Kept<'_, T>,
    (member, room): (Option<&Member>, &mut [T]),
    x: &[T],
    (plan, block, [scale_in, scale_out]): (&Plan, &Block, [usize; 2]),
) {
    let rows = x.len() / block.inputs;
    let Some(AffinePart { weight, bias, .. }) = block.affine else { return };
    if let Some(bias) = bias {
        update.one(plan, bias, |db| sums(member, db, d, block.units));
    }
    update.with_values(plan, scale_out, |ds, s| {
        product_sums(member, ds, [d, kept.product], block.units);
        scale_rows(member, d, s, block.units);
    });
    let d = MatRef::new(d, rows, block.units);
    let w = MatRef::new(update.values(plan, weight), block.inputs, block.units).transposed();
    let dst = MatMut::new(&mut *dx, rows, block.inputs);
    kernels::matmul_shared(member, dst, Accum::Replace, d, w, room);
    update.one(plan, weight, |dw| {
        let dw = MatMut::new(dw, block.inputs, block.units);
        let x = MatRef::new(kept.scaled, rows, block.inputs).transposed();
        kernels::matmul_shared(member, dw, Accum::Replace, x, d, room);
    });
    update.with_values(plan, scale_in, |dr, r| {
        product_sums(member, dr, [dx, x], block.inputs);
        scale_rows(member, dx, r, block.inputs);
    });
}

/// `y = x W_m + b_m` for the rows of each member: `y` M N x U, `x` M N x D.
pub(crate) fn forward_own<T: Float>(
    y: &mut [T],
    (member, room): (Option<&Member>, &mut [T]),
    x: &[T],
    values: &[T],
    (plan, block): (&Plan, &Block),
) {
    let (rows, inputs, units) = (x.len() / block.inputs / block.members, block.inputs, block.units);
    let Some(AffinePart { weight, bias, .. }) = block.affine else { return };
    let weights = of(plan, values, weight).chunks_exact(inputs * units);
    for ((y, x), w) in y.chunks_exact_mut(rows * units).zip(x.chunks_exact(rows * inputs)).zip(weights) {
        let (dst, x, w) = (MatMut::new(y, rows, units), MatRef::new(x, rows, inputs), MatRef::new(w, inputs, units));
        kernels::matmul_shared(member, dst, Accum::Replace, x, w, room);
    }
    if let Some(bias) = bias {
        shift_rows(member, y, of(plan, values, bias), units);
    }
}

/// The gradients of [`forward_own`]: `d` M N x U by y, `dx` M N x D by x.
pub(crate) fn backward_own<T: Float>(
    dx: &mut [T],
    d: &[T],
    update: &mut Update<'_, T>,
    (member, room): (Option<&Member>, &mut [T]),
    x: &[T],
    (plan, block): (&Plan, &Block),
) {
    let (rows, inputs, units) = (x.len() / block.inputs / block.members, block.inputs, block.units);
    let Some(AffinePart { weight, bias, .. }) = block.affine else { return };
    let weights = update.values(plan, weight).chunks_exact(inputs * units);
    for ((dx, d), w) in dx.chunks_exact_mut(rows * inputs).zip(d.chunks_exact(rows * units)).zip(weights) {
        let (dst, d) = (MatMut::new(dx, rows, inputs), MatRef::new(d, rows, units));
        kernels::matmul_shared(member, dst, Accum::Replace, d, MatRef::new(w, inputs, units).transposed(), room);
    }
    update.one(plan, weight, |dw| {
        let rows_of = x.chunks_exact(rows * inputs).zip(d.chunks_exact(rows * units));
        for (dw, (x, d)) in dw.chunks_exact_mut(inputs * units).zip(rows_of) {
            let (dst, d) = (MatMut::new(dw, inputs, units), MatRef::new(d, rows, units));
            let x = MatRef::new(x, rows, inputs).transposed();
            kernels::matmul_shared(member, dst, Accum::Replace, x, d, room);
        }
    });
    if let Some(bias) = bias {
        update.one(plan, bias, |db| sums(member, db, d, units));
    }
}
