//! The forward pass in evaluation mode, over any rows, in chunks that stay in cache.
//!
//! Shapes: N rows of a chunk, D inputs and U units of a block.

use std::sync::Arc;

use super::Network;
use super::embedding::EmbeddingRoom;
use super::gather::{gather_targets, gather_weights};
use super::member_affine::{evaluate_shared, forward_own};
use super::members::repeat;
use super::plan::{Block, Members, Plan};
use super::rows::scale_weights;
use super::score::{Score, Tally, chunk};
use crate::kernels::{self, Member};
use crate::losses::{Loss, Targets};
use crate::{Float, Inputs, MatMut, MatRef};

/// Buffers of the forward pass in evaluation mode, made once for a network and all others of the same
/// layers. Rows go through them in chunks, so their number does not matter.
#[derive(Clone, Debug)]
pub struct Workspace<T> {
    /// Input rows of a chunk, N x D.
    gathered: Vec<T>,
    /// Where inputs are embedded.
    embedding: Option<EmbeddingRoom<T>>,
    /// What goes into a block and what comes out of it, N x U each.
    front: Vec<T>,
    back: Vec<T>,
    /// Batch norm in evaluation as one factor and one offset per unit, 2 x U.
    map: Vec<T>,
    /// Weights with the scales of the inputs in them, D x U of the largest such block.
    scaled: Vec<T>,
    /// Of the matrix products, for each thread.
    scratch: Vec<T>,
    /// The place of these buffers' owner in a team.
    member: Option<Arc<Member>>,
    /// Which rows a chunk takes, N.
    rows: Vec<u32>,
    /// Targets of a chunk: N classes, or N x outputs values.
    classes: Vec<u32>,
    targets: Vec<T>,
    /// Row weights of a chunk, N.
    row_weights: Vec<T>,
}

impl<T: Float> Workspace<T> {
    /// Buffers for a network.
    pub fn new(network: &Network<T>) -> Self {
        Self::for_plan(&network.plan)
    }

    /// The network's outputs for all rows: `dst = f(x)` in evaluation mode, before any softmax.
    ///
    /// # Shapes
    /// `dst`: rows x outputs. `inputs`: rows x inputs of the network.
    ///
    /// # Panics
    /// When the shapes do not fit, or these buffers were made for other layers.
    ///
    /// See [`Network`] for an example.
    pub fn predict(&mut self, dst: MatMut<'_, T>, network: &Network<T>, inputs: &Inputs<T>) {
        self.outputs(dst, &network.plan, &network.values, inputs);
    }

    pub(crate) fn outputs(&mut self, mut dst: MatMut<'_, T>, plan: &Plan, values: &[T], inputs: &Inputs<T>) {
        assert_eq!(dst.n_rows(), inputs.n_rows(), "rows of a prediction");
        assert_eq!(dst.n_columns(), plan.outputs(), "columns of a prediction");
        self.for_each_chunk(plan, values, inputs, Rows::All, |rows, outputs| {
            for (&row, output) in rows.iter().zip(outputs.chunks_exact(plan.outputs())) {
                dst.row_mut(row as usize).copy_from_slice(output);
            }
        });
    }

    pub(crate) fn for_plan(plan: &Plan) -> Self {
        let rows = chunk(plan) * plan.members();
        let scratch = plan.blocks.iter().map(|b| kernels::matmul_scratch(rows, b.units, b.inputs)).max();
        Self {
            gathered: vec![T::ZERO; rows * plan.inputs],
            embedding: plan
                .embeddings
                .as_ref()
                .map(|embeddings| EmbeddingRoom::new(embeddings, plan.members(), chunk(plan))),
            front: vec![T::ZERO; rows * plan.max_units()],
            back: vec![T::ZERO; rows * plan.max_units()],
            map: vec![T::ZERO; 2 * plan.max_units()],
            scaled: vec![T::ZERO; plan.blocks.iter().map(Block::n_scaled).max().unwrap_or(0)],
            scratch: vec![T::ZERO; scratch.unwrap_or(0)],
            member: None,
            rows: Vec::with_capacity(chunk(plan)),
            classes: Vec::with_capacity(chunk(plan)),
            targets: vec![T::ZERO; chunk(plan) * plan.outputs()],
            row_weights: vec![T::ZERO; chunk(plan)],
        }
    }

    /// Lets the products use the threads of a team.
    pub(crate) fn join(&mut self, member: &Arc<Member>) {
        member.make_room(&mut self.scratch, self.member.as_deref());
        if let Some(embedding) = &mut self.embedding {
            embedding.for_threads(member.n_threads_at_most());
        }
        self.member = Some(Arc::clone(member));
    }

    /// Runs `rows` (at most [`chunk`]) through the network and returns the outputs, N x outputs; of an ensemble those that are
    /// averaged. `inspect` sees what each block puts out (block, N x U, N times the members in an ensemble) before dropout.
    pub(crate) fn forward(
        &mut self,
        plan: &Plan,
        values: &[T],
        inputs: &Inputs<T>,
        rows: &[u32],
        mut inspect: impl FnMut(usize, &[T]),
    ) -> &[T] {
        let n = rows.len() * plan.members();
        let Self { gathered, embedding, front, back, map, scaled, scratch, member, .. } = self;
        let member = member.as_deref();
        let (sparse, dense) = (plan.sparse(inputs), plan.dense(inputs, rows));
        let mut first = &mut gathered[..n * plan.inputs];
        if sparse.is_none() && dense.is_none() {
            let own = &mut first[..rows.len() * plan.inputs];
            inputs.gather(own, rows);
            match plan.embeddings.as_ref().zip(embedding.as_mut()) {
                Some((embeddings, room)) => first = room.forward((plan, embeddings), member, values, own),
                None => first = repeat(first, plan.members()),
            }
            if let Some(dropout) = plan.input_dropout {
                dropout.forward_evaluation(first);
            }
            if !plan.starts_affine() {
                front[..first.len()].copy_from_slice(first);
            }
        }
        for (b, block) in plan.blocks.iter().enumerate() {
            if let Some(affine) = block.affine.filter(|_| plan.ensemble.is_some()) {
                let x = if b == 0 { &mut *first } else { &mut front[..n * block.inputs] };
                let y = &mut back[..n * block.units];
                match affine.members {
                    Members::Share { scale_in, scale_out } => {
                        let scales = [scale_in, scale_out];
                        evaluate_shared(y, (member, scratch), x, values, (plan, block, scales));
                    }
                    _ => forward_own(y, (member, scratch), x, values, (plan, block)),
                }
                std::mem::swap(front, back);
            } else if let Some(affine) = block.affine {
                let mut weights = &values[plan.parameters[affine.weight].range.clone()];
                if let Some(scale) = affine.scale {
                    let scaled = &mut scaled[..weights.len()];
                    scale_weights(scaled, weights, &values[plan.parameters[scale].range.clone()]);
                    weights = scaled;
                }
                let weights = MatRef::new(weights, block.inputs, block.units);
                let dst = MatMut::new(&mut back[..n * block.units], n, block.units);
                let finish = block.finish(plan, values);
                if let (0, Some(csr)) = (b, sparse) {
                    kernels::sparse_affine_shared(member, dst, csr, rows, weights, finish);
                } else {
                    let x = match (b, dense) {
                        (0, Some(rows)) => rows,
                        (0, None) => MatRef::new(first, n, block.inputs),
                        _ => MatRef::new(&front[..n * block.inputs], n, block.inputs),
                    };
                    kernels::affine_shared(member, dst, x, weights, finish, scratch);
                }
                std::mem::swap(front, back);
            }
            let y = &mut front[..n * block.units];
            after_affine(y, map, (plan, block), values);
            inspect(b, y);
            if let Some(dropout) = block.dropout {
                kernels::vectorised(
                    #[inline(always)]
                    || dropout.forward_evaluation(y),
                );
            }
        }
        let Some(ensemble) = plan.ensemble else { return &front[..n * plan.outputs()] };
        let outputs = &mut back[..rows.len() * plan.outputs()];
        if !rows.is_empty() {
            let own = &mut front[..n * plan.outputs()];
            kernels::vectorised(
                #[inline(always)]
                || ensemble.average.combine(outputs, own, plan.outputs()),
            );
        }
        outputs
    }

    /// Calls `each` with the first row's index and the outputs of every chunk of `rows`.
    pub(crate) fn for_each_chunk(
        &mut self,
        plan: &Plan,
        values: &[T],
        inputs: &Inputs<T>,
        rows: Rows<'_>,
        mut each: impl FnMut(&[u32], &[T]),
    ) {
        let mut chunk_rows = std::mem::take(&mut self.rows);
        for start in (0..rows.len(inputs)).step_by(chunk(plan)) {
            rows.chunk(&mut chunk_rows, inputs, start, chunk(plan));
            let outputs = self.forward(plan, values, inputs, &chunk_rows, |_, _| {});
            each(&chunk_rows, outputs);
        }
        self.rows = chunk_rows;
    }

    /// Calls `each` with a block's number and what its activation puts out, for every block and chunk.
    pub(crate) fn inspect(
        &mut self,
        plan: &Plan,
        values: &[T],
        inputs: &Inputs<T>,
        each: &mut impl FnMut(usize, &[T]),
    ) {
        let mut chunk_rows = std::mem::take(&mut self.rows);
        for start in (0..inputs.n_rows()).step_by(chunk(plan)) {
            Rows::All.chunk(&mut chunk_rows, inputs, start, chunk(plan));
            self.forward(plan, values, inputs, &chunk_rows, &mut *each);
        }
        self.rows = chunk_rows;
    }

    /// Loss and accuracy.
    pub(crate) fn score(&mut self, plan: &Plan, values: &[T], scored: &Scored<'_, T>, loss: Loss) -> Score {
        let mut tally = Tally::new(loss, plan.outputs(), scored.targets);
        let mut classes = std::mem::take(&mut self.classes);
        let [mut values_of_targets, mut weights] = [&mut self.targets, &mut self.row_weights].map(std::mem::take);
        self.for_each_chunk(plan, values, scored.inputs, scored.rows, |rows, outputs| {
            let targets = gather_targets(scored.targets, (rows, 1), &mut classes, &mut values_of_targets);
            let row_weights = scored.row_weights.map(|all| gather_weights(all, (rows, 1), &mut weights));
            tally.add(outputs, targets, row_weights);
        });
        (self.classes, self.targets, self.row_weights) = (classes, values_of_targets, weights);
        tally.score()
    }
}

/// What is scored.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scored<'a, T> {
    pub(crate) inputs: &'a Inputs<T>,
    pub(crate) targets: Targets<'a, T>,
    pub(crate) rows: Rows<'a>,
    /// Weights of all input rows in the loss; `None` = 1 each.
    pub(crate) row_weights: Option<&'a [T]>,
}

/// Which rows of the inputs.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rows<'a> {
    /// All, in order.
    All,
    /// These, in this order.
    These(&'a [u32]),
}

impl Rows<'_> {
    fn len<T: Float>(self, inputs: &Inputs<T>) -> usize {
        match self {
            Self::All => inputs.n_rows(),
            Self::These(rows) => rows.len(),
        }
    }

    /// Puts the row numbers of the chunk of `length` that begins at `start` into `chunk`.
    fn chunk<T: Float>(self, chunk: &mut Vec<u32>, inputs: &Inputs<T>, start: usize, length: usize) {
        let end = self.len(inputs).min(start + length);
        chunk.clear();
        match self {
            Self::All => chunk.extend(start as u32..end as u32),
            Self::These(rows) => chunk.extend_from_slice(&rows[start..end]),
        }
    }
}

/// Batch normalisation and activation of a block, in evaluation mode and in place, but for what its product has done.
fn after_affine<T: Float>(y: &mut [T], map: &mut [T], (plan, block): (&Plan, &Block), values: &[T]) {
    if let Some(norm) = block.norm {
        let of = |parameter: usize| &values[plan.parameters[parameter].range.clone()];
        let (factor, offset) = map[..2 * block.units].split_at_mut(block.units);
        let (mean, variance) = (of(norm.running_mean), of(norm.running_variance));
        kernels::vectorised(
            #[inline(always)]
            || {
                norm.spec.evaluation_map(factor, offset, of(norm.scale), of(norm.shift), mean, variance);
                norm.spec.forward_evaluation(y, factor, offset);
            },
        );
    }
    if let Some(activation) = block.activation.filter(|_| !block.finishes_relu()) {
        kernels::vectorised(
            #[inline(always)]
            || activation.forward_in_place(y),
        );
    }
}
