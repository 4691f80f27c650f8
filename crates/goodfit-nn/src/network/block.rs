//! One training step through one block: forward, keeping what the backward pass needs; backward,
//! with what becomes of each gradient as an argument.
//!
//! Shapes: N rows of the batch (in an ensemble those of all members, one behind the other), D inputs of the block, U units.

use std::ops::Range;
use std::sync::Arc;

use super::member_affine::{Kept, backward_own, backward_shared, forward_own, forward_shared};
use super::plan::{AffinePart, Block, Members, Plan};
use super::rows::{part_length, part_width, scale_weights, split_scaled_gradient};
use crate::kernels::{self, Accum, Csr, Member, SparseScratch, share_vectorised};
use crate::layers::{Activation, BatchNorm, Dropout, RunningStatistics};
use crate::trainer::update::Update;
use crate::{Float, MatMut, MatRef};

/// What goes into a block.
#[derive(Clone, Copy)]
pub(crate) enum Source<'a, T> {
    /// N x D
    Dense(&'a [T]),
    /// These rows of a matrix without its zeros.
    Sparse(&'a Csr<T>, &'a [u32]),
}

/// What dropout keeps in one step.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mask<'a> {
    /// The draws, see [`Dropout::draw_mask`].
    pub(crate) draws: &'a [u8],
    /// What the schedule multiplies the ratio by.
    pub(crate) ratio_factor: f64,
}

impl Mask<'_> {
    /// The dropout of this step.
    pub(crate) fn of(self, dropout: Dropout) -> Dropout {
        Dropout { ratio: dropout.ratio * self.ratio_factor, ..dropout }
    }
}

/// A step at a block.
#[derive(Clone, Copy)]
pub(crate) struct Site<'a> {
    pub(crate) plan: &'a Plan,
    pub(crate) block: &'a Block,
    pub(crate) cache: &'a BlockCache,
    pub(crate) mask: Mask<'a>,
    /// N
    pub(crate) n: usize,
}

/// Buffers of the kernels, shared by all blocks.
#[derive(Clone, Debug)]
pub(crate) struct Scratch<T> {
    /// The place of this training in a team, where it has one.
    pub(crate) member: Option<Arc<Member>>,
    /// For each thread.
    pub(crate) product: Vec<T>,
    /// Made when the first batch without zeros comes.
    pub(crate) sparse: Option<SparseScratch<T>>,
}

/// Where a block keeps what its backward pass needs, within the training cache. The buffers lie one
/// behind the other; one that is not needed is empty and its stage works in place.
#[derive(Clone, Debug)]
pub(crate) struct BlockCache {
    /// All of the block's buffers.
    pub(crate) all: Range<usize>,
    /// What the next block reads, N x U.
    pub(crate) output: Range<usize>,
    /// Number of rows there is room for.
    rows: usize,
    z_units: usize,
    y_units: usize,
    dropped_units: usize,
    n_scaled: usize,
    /// D and U, where the members of an ensemble share weights.
    shared: [usize; 2],
}

/// The buffers of a block.
struct Stages<'a, T> {
    /// What the affine map puts out, N x U; with batch norm its normalised values.
    linear: &'a mut [T],
    /// What batch norm puts out, N x U.
    z: &'a mut [T],
    /// What the activation puts out where it cannot work in place, N x U.
    y: &'a mut [T],
    /// What dropout puts out, N x U.
    dropped: &'a mut [T],
    /// With batch norm the batch's mean and 1 / sqrt(variance + epsilon), 2 x U.
    moments: &'a mut [T],
    /// With a scale for each input the weights times it, D x U.
    scaled: &'a mut [T],
    kept: Kept<'a, T>,
}

impl BlockCache {
    /// Plans the buffers of a block for batches of up to `rows` rows, from `start` on.
    pub(crate) fn new(block: &Block, rows: usize, start: usize) -> Self {
        let units_if = |needed: bool| if needed { block.units } else { 0 };
        let z_units = units_if(block.norm.is_some());
        let y_units = units_if(block.activation.is_some_and(Activation::needs_input));
        let dropped_units = units_if(block.dropout.is_some());
        let stages = [block.units, z_units, y_units, dropped_units];
        let last = stages.iter().rposition(|&units| units > 0).unwrap_or(0);
        let output = start + rows * stages[..last].iter().sum::<usize>();
        let n_scaled = block.n_scaled();
        let shared = if block.is_shared() { [block.inputs, block.units] } else { [0; 2] };
        let end = start + rows * (stages.iter().sum::<usize>() + shared[0] + shared[1]) + 2 * z_units + n_scaled;
        Self {
            all: start..end,
            output: output..output + rows * block.units,
            rows,
            z_units,
            y_units,
            dropped_units,
            n_scaled,
            shared,
        }
    }

    /// The buffers, for a batch of `n` rows, out of the slice `all`.
    fn stages<'a, T>(&self, all: &'a mut [T], units: usize, n: usize) -> Stages<'a, T> {
        let (linear, rest) = all.split_at_mut(self.rows * units);
        let (z, rest) = rest.split_at_mut(self.rows * self.z_units);
        let (y, rest) = rest.split_at_mut(self.rows * self.y_units);
        let (dropped, rest) = rest.split_at_mut(self.rows * self.dropped_units);
        let (moments, rest) = rest.split_at_mut(2 * self.z_units);
        let (scaled, rest) = rest.split_at_mut(self.n_scaled);
        let (scaled_inputs, product) = rest.split_at_mut(self.rows * self.shared[0]);
        let [inputs, outputs] = self.shared.map(|units| n * units);
        Stages {
            linear: &mut linear[..n * units],
            z: &mut z[..n * self.z_units],
            y: &mut y[..n * self.y_units],
            dropped: &mut dropped[..n * self.dropped_units],
            moments,
            scaled,
            kept: Kept { scaled: &mut scaled_inputs[..inputs], product: &mut product[..outputs] },
        }
    }
}

/// The values of a parameter.
pub(super) fn of<'a, T>(plan: &Plan, values: &'a [T], parameter: usize) -> &'a [T] {
    &values[plan.parameters[parameter].range.clone()]
}

/// The forward pass of a training step through one block. `own` is the block's part of the cache.
pub(crate) fn forward<T: Float>(
    own: &mut [T],
    scratch: &mut Scratch<T>,
    x: Source<'_, T>,
    values: &mut [T],
    Site { plan, block, cache, mask, n }: Site<'_>,
) {
    let units = block.units;
    let stages = cache.stages(own, units, n);
    let Scratch { member, product, .. } = scratch;
    let member = member.as_deref();
    let length = part_length(member, n, units);
    match (block.affine, x) {
        (Some(AffinePart { members: Members::Share { scale_in, scale_out }, .. }), Source::Dense(x)) => {
            let scales = [scale_in, scale_out];
            forward_shared(stages.linear, stages.kept, (member, product), x, values, (plan, block, scales));
        }
        (Some(AffinePart { members: Members::Own, .. }), Source::Dense(x)) => {
            forward_own(stages.linear, (member, product), x, values, (plan, block));
        }
        (Some(affine), _) => {
            let mut weights = of(plan, values, affine.weight);
            if let Some(scale) = affine.scale {
                scale_weights(stages.scaled, weights, of(plan, values, scale));
                weights = stages.scaled;
            }
            let weights = MatRef::new(weights, block.inputs, units);
            let dst = MatMut::new(&mut *stages.linear, n, units);
            let finish = block.finish(plan, values);
            match x {
                Source::Dense(x) => {
                    let x = MatRef::new(x, n, block.inputs);
                    kernels::affine_shared(member, dst, x, weights, finish, product);
                }
                Source::Sparse(csr, rows) => kernels::sparse_affine_shared(member, dst, csr, rows, weights, finish),
            }
        }
        (None, Source::Dense(x)) => stages.linear.copy_from_slice(x),
        (None, Source::Sparse(..)) => unreachable!("only an affine map reads sparse rows"),
    }
    let pre = if let Some(norm) = block.norm {
        let p = &plan.parameters;
        let ranges = [norm.scale, norm.shift, norm.running_mean, norm.running_variance].map(|i| p[i].range.clone());
        let [scale, shift, running_mean, running_variance] =
            values.get_disjoint_mut(ranges).expect("parameters lie apart");
        let (mean, variance) = stages.moments.split_at_mut(units);
        let width = part_width(member, n, units);
        let x = &*stages.linear;
        share_vectorised(
            member,
            mean.chunks_mut(width).zip(variance.chunks_mut(width)).enumerate(),
            #[inline(always)]
            |(i, (mean, variance))| BatchNorm::moments(mean, variance, x, i * width, units),
        );
        let running = RunningStatistics { mean: running_mean, variance: running_variance };
        kernels::vectorised(
            #[inline(always)]
            || norm.spec.settle(running, mean, variance, n),
        );
        let (mean, inverse_std) = (&*mean, &*variance);
        share_vectorised(
            member,
            stages.z.chunks_mut(length).zip(stages.linear.chunks_mut(length)),
            #[inline(always)]
            |(z, x)| BatchNorm::normalize(z, x, mean, inverse_std, scale, shift),
        );
        stages.z
    } else {
        stages.linear
    };
    let post = match block.activation {
        Some(activation) if activation.needs_input() => {
            share_vectorised(
                member,
                stages.y.chunks_mut(length).zip(pre.chunks(length)),
                #[inline(always)]
                |(y, pre)| activation.forward(y, pre),
            );
            stages.y
        }
        Some(_) if block.finishes_relu() => pre,
        Some(activation) => {
            share_vectorised(
                member,
                pre.chunks_mut(length),
                #[inline(always)]
                |part| activation.forward_in_place(part),
            );
            pre
        }
        None => pre,
    };
    if let Some(dropout) = block.dropout {
        let dropout = mask.of(dropout);
        let parts = stages.dropped.chunks_mut(length).zip(post.chunks(length));
        share_vectorised(
            member,
            parts.zip(mask.draws.chunks(length * Dropout::MASK_BYTES)),
            #[inline(always)]
            |((dropped, post), draws)| dropout.forward_into(dropped, post, draws),
        );
    }
}

/// The backward pass of a training step through one block: `d` (N x U) holds the loss's gradient by
/// the block's output and is overwritten; `dx` (N x D) receives that by its input, where one is
/// wanted. Each parameter's gradient is handed to `update` as soon as nothing reads the parameter's
/// present values any more.
pub(crate) fn backward<T: Float>(
    dx: Option<&mut [T]>,
    d: &mut [T],
    update: &mut Update<'_, T>,
    own: &mut [T],
    scratch: &mut Scratch<T>,
    x: Source<'_, T>,
    Site { plan, block, cache, mask, n }: Site<'_>,
) {
    let units = block.units;
    let stages = cache.stages(own, units, n);
    let Scratch { member, product, sparse } = scratch;
    let member = member.as_deref();
    let length = part_length(member, n, units);
    if let Some(dropout) = block.dropout {
        let dropout = mask.of(dropout);
        share_vectorised(
            member,
            d.chunks_mut(length).zip(mask.draws.chunks(length * Dropout::MASK_BYTES)),
            #[inline(always)]
            |(d, draws)| dropout.backward(d, draws),
        );
    }
    if let Some(activation) = block.activation {
        let pre = if block.norm.is_some() { stages.z } else { &mut *stages.linear };
        let post = if activation.needs_input() { &*stages.y } else { &*pre };
        let parts = d.chunks_mut(length).zip(post.chunks(length).zip(pre.chunks(length)));
        share_vectorised(
            member,
            parts,
            #[inline(always)]
            |(d, (post, pre))| activation.backward(d, post, pre),
        );
    }
    if let Some(norm) = block.norm {
        update.two(plan, norm.scale, norm.shift, |[dscale, dshift], [scale, _]| {
            let (normalized, inverse_std) = (&*stages.linear, &stages.moments[units..]);
            let width = part_width(member, n, units);
            let dy = &*d;
            share_vectorised(
                member,
                dscale.chunks_mut(width).zip(dshift.chunks_mut(width)).enumerate(),
                #[inline(always)]
                |(i, (dscale, dshift))| BatchNorm::gradient_sums(dscale, dshift, dy, normalized, i * width, units),
            );
            let of_units: [&[T]; 4] = [dscale, dshift, inverse_std, scale];
            share_vectorised(
                member,
                d.chunks_mut(length).zip(normalized.chunks(length)),
                #[inline(always)]
                |(d, normalized)| BatchNorm::gradient(d, normalized, n, of_units),
            );
        });
    }
    let Some(affine) = block.affine else {
        if let Some(dx) = dx {
            dx.copy_from_slice(d);
        }
        return;
    };
    let mut dx = dx;
    match (affine.members, x, dx.as_deref_mut()) {
        (Members::Share { scale_in, scale_out }, Source::Dense(x), Some(dx)) => {
            let scales = [scale_in, scale_out];
            return backward_shared(dx, d, update, stages.kept, (member, product), x, (plan, block, scales));
        }
        (Members::Own, Source::Dense(x), Some(dx)) => {
            return backward_own(dx, d, update, (member, product), x, (plan, block));
        }
        (Members::None, _, _) => {}
        _ => unreachable!("members have dense inputs and a gradient by them"),
    }
    if let Some(dx) = dx {
        let weights = if affine.scale.is_some() { &*stages.scaled } else { update.values(plan, affine.weight) };
        let weights = MatRef::new(weights, block.inputs, units).transposed();
        let dst = MatMut::new(dx, n, block.inputs);
        kernels::matmul_shared(member, dst, Accum::Replace, MatRef::new(d, n, units), weights, product);
    }
    let mut weight_gradient = |dw: &mut [T]| {
        let (dw, dy) = (MatMut::new(dw, block.inputs, units), MatRef::new(d, n, units));
        match x {
            Source::Dense(x) => {
                let x = MatRef::new(x, n, block.inputs).transposed();
                kernels::matmul_shared(member, dw, Accum::Replace, x, dy, product);
            }
            Source::Sparse(csr, rows) => {
                let scratch = sparse.as_mut().expect("made before the pass");
                kernels::sparse_weight_gradient_shared(member, dw, csr, rows, dy, scratch);
            }
        }
    };
    match affine.scale {
        None => update.one(plan, affine.weight, weight_gradient),
        Some(scale) => update.two(plan, scale, affine.weight, |[dscale, dw], [scale, weights]| {
            weight_gradient(dw);
            split_scaled_gradient(dw, dscale, weights, scale);
        }),
    }
    if let Some(bias) = affine.bias {
        update.one(plan, bias, |db| kernels::column_sums(db, MatRef::new(d, n, units)));
    }
}
