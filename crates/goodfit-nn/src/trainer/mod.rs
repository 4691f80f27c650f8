//! Training: one step at a time, without allocating.
//!
//! Shapes: N rows of a batch, M members of an ensemble (1 without one).

mod arena;
mod batch;
mod masks;
mod predict;
mod spec;
pub(crate) mod update;

use std::sync::Arc;

use arena::{Areas, Arena};
pub use batch::Batch;
use masks::Masks;
pub use spec::TrainingSpec;

use crate::kernels::{self, SparseScratch, Team};
use crate::losses::Targets;
use crate::network::block::{self, BlockCache, Scratch, Site, Source};
use crate::network::embedding::EmbeddingRoom;
use crate::network::forward::{Rows, Scored, Workspace};
use crate::network::gather::{gather_targets, gather_weights};
use crate::network::members::repeat;
use crate::network::plan::{Kind, Parameter, Plan};
use crate::network::score::Score;
use crate::network::{Network, NetworkSpec};
use crate::{Error, Float, Inputs, clip_scale, gradient_norm, warmup_factor};
use update::{Rule, Update};

/// One training of one network: parameters, the optimiser's state and every buffer, made once.
///
/// A step takes the mean data loss L of a batch, in training mode (the batch's own statistics in batch
/// norm, units dropped by the draws of the step), and moves every parameter along `dL/dw`, see
/// [`Optimizer`](crate::Optimizer). Learning rate, decay and dropout ratio are those of the
/// [`TrainingSpec`] times the factors of their schedules at the step. In this order: gradient,
/// clipping of its norm, weight decay, update, bound on the norm of each unit's weights.
///
/// No step allocates, but for the first on sparse inputs. A loss that overflows is no error: the
/// training goes on with what is then not a number.
///
/// ```
/// use goodfit_nn::*;
/// let spec = NetworkSpec {
///     inputs: 2,
///     layers: vec![
///         LayerSpec::Affine(Affine::new(8, Init::He)),
///         LayerSpec::Activation(Activation::Tanh),
///         LayerSpec::Affine(Affine::new(2, Init::He)),
///     ],
/// };
/// let training = TrainingSpec { learning_rate: 0.5, n_steps: 200, max_batch: 4, ..Default::default() };
/// let mut trainer = Trainer::new(&spec, training, 0)?;
/// let inputs = Inputs::new(Matrix::from_rows(4, 2, vec![0.0_f32, 0.0, 0.0, 1.0, 1.0, 0.0, 1.0, 1.0]));
/// let targets = Targets::Classes(&[0, 1, 1, 0]);
/// for _ in 0..200 {
///     trainer.step(&Batch { inputs: &inputs, targets, rows: &[0, 1, 2, 3], row_weights: None });
/// }
/// assert_eq!(trainer.score(&inputs, targets).accuracy, 1.0);
/// # Ok::<(), Error>(())
/// ```
#[derive(Debug)]
pub struct Trainer<T> {
    plan: Plan,
    training: TrainingSpec,
    seed: u64,
    n_steps_done: usize,
    /// Fewest rows that a batch may have.
    min_batch: usize,
    arena: Arena<T>,
    caches: Vec<BlockCache>,
    /// Where inputs are embedded.
    embedding: Option<EmbeddingRoom<T>>,
    masks: Masks,
    scratch: Scratch<T>,
    /// Classes of the batch, M N.
    classes: Vec<u32>,
    workspace: Workspace<T>,
    /// What [`Trainer::keep`] remembers; empty before.
    best: Vec<T>,
}

impl<T: Float> Trainer<T> {
    /// A training of a network drawn by `seed`; the same seed drives its dropout.
    ///
    /// # Errors
    /// When the specification makes no network, a setting is out of range, batch normalisation is to
    /// be trained on batches of one row, or dropout in the textbook's form has a schedule.
    pub fn new(spec: &NetworkSpec, training: TrainingSpec, seed: u64) -> Result<Self, Error> {
        Self::from_network(Network::new(spec, seed)?, training, seed)
    }

    /// A training that goes on from the parameters of `network`.
    ///
    /// # Errors
    /// As for [`Trainer::new`].
    pub fn from_network(network: Network<T>, training: TrainingSpec, seed: u64) -> Result<Self, Error> {
        let plan = network.plan;
        training.check()?;
        masks::dropouts(&plan).try_for_each(|dropout| training.check_dropout(dropout))?;
        let mut min_batch = 1;
        for norm in plan.blocks.iter().filter_map(|block| block.norm) {
            norm.spec.check_rows(training.max_batch)?;
            if norm.spec.check_rows(1).is_err() {
                min_batch = 2;
            }
        }
        let rows = training.max_batch * plan.members();
        let mut n_cache = 0;
        let caches: Vec<BlockCache> = plan
            .blocks
            .iter()
            .map(|block| {
                let cache = BlockCache::new(block, rows, n_cache);
                n_cache = cache.all.end;
                cache
            })
            .collect();
        let mut arena = Arena::new(&plan, &training, n_cache);
        arena.areas().values.copy_from_slice(&network.values);
        let product = plan.blocks.iter().map(|b| {
            kernels::matmul_scratch(rows, b.units, b.inputs)
                .max(kernels::matmul_scratch(rows, b.inputs, b.units))
                .max(kernels::matmul_scratch(b.inputs, b.units, rows))
        });
        Ok(Self {
            scratch: Scratch { member: None, product: vec![T::ZERO; product.max().unwrap_or(0)], sparse: None },
            workspace: Workspace::for_plan(&plan),
            embedding: plan
                .embeddings
                .as_ref()
                .map(|embeddings| EmbeddingRoom::new(embeddings, plan.members(), training.max_batch)),
            classes: Vec::with_capacity(rows),
            best: Vec::new(),
            masks: Masks::new(&plan, rows),
            plan,
            training,
            seed,
            n_steps_done: 0,
            min_batch,
            arena,
            caches,
        })
    }

    /// Lets this training use the threads of a team that no other run needs, in place of another it may have joined. What it
    /// computes stays the same to the byte.
    pub fn join(&mut self, team: &Arc<Team>) {
        let member = Arc::new(team.join());
        let n_threads = member.n_threads_at_most();
        self.workspace.join(&member);
        if let Some(embedding) = &mut self.embedding {
            embedding.for_threads(n_threads);
        }
        member.make_room(&mut self.scratch.product, self.scratch.member.as_deref());
        self.scratch.member = Some(member);
    }

    /// One update: forward, loss, backward. Returns the mean data loss of the batch before the
    /// update, as the forward pass of training saw it (with dropout and the batch's statistics).
    ///
    /// # Panics
    /// When the batch is empty or larger than [`TrainingSpec::max_batch`], has one row where batch
    /// normalisation needs two, takes a row that is not there, or does not fit the network.
    pub fn step(&mut self, batch: &Batch<'_, T>) -> f64 {
        let step = self.n_steps_done;
        let rate = self.training.schedule.factor(step, self.training.n_steps)
            * warmup_factor(step, self.training.warmup_steps);
        let mut rule = Rule {
            optimizer: self.training.optimizer,
            learning_rate: self.training.learning_rate * rate,
            decay: self.training.weight_decay.scaled(self.training.decay_schedule.factor(step, self.training.n_steps)),
            gradient_scale: 1.0,
            step: step as u64 + 1,
        };
        self.draw_masks(step, batch.rows.len() * self.plan.members());
        let loss = match self.training.clip_norm {
            None => self.pass(batch, Some(rule)),
            Some(bound) => {
                let loss = self.pass(batch, None);
                let Areas { values, gradients, state, units, .. } = self.arena.areas();
                rule.gradient_scale = clip_scale(trained_norm(&self.plan, gradients), bound);
                let member = self.scratch.member.as_deref();
                Update { values, gradients, state, units, member, rule: Some(rule) }.apply_all(&self.plan);
                loss
            }
        };
        self.n_steps_done += 1;
        loss
    }

    /// Forward and backward in training mode without an update: returns the data loss, and leaves its
    /// gradients in [`Trainer::gradient`]. Dropout masks are those of the next step; running
    /// statistics move, as in any pass in training mode.
    ///
    /// # Panics
    /// As for [`Trainer::step`].
    pub fn differentiate(&mut self, batch: &Batch<'_, T>) -> f64 {
        self.draw_masks(self.n_steps_done, batch.rows.len() * self.plan.members());
        self.pass(batch, None)
    }

    fn draw_masks(&mut self, step: usize, n: usize) {
        let ratio_factor = self.training.dropout_schedule.factor(step, self.training.n_steps);
        let member = self.scratch.member.as_deref();
        self.masks.draw(self.seed, step, n, ratio_factor, member);
    }

    /// Forward and backward pass of a training step; with a rule every parameter moves as soon as its
    /// gradient is there and nothing reads it any more.
    fn pass(&mut self, batch: &Batch<'_, T>, rule: Option<Rule>) -> f64 {
        let n_rows = batch.rows.len();
        let (least, most) = (self.min_batch, self.training.max_batch);
        assert!((least..=most).contains(&n_rows), "a batch of {n_rows} rows, at least {least} and at most {most}");
        batch.check();
        let members = self.plan.members();
        let n = n_rows * members;
        let Self { plan, caches, embedding, scratch, masks, training, classes, .. } = self;
        let member = scratch.member.clone();
        let mut embedding = plan.embeddings.as_ref().zip(embedding.as_mut());
        let Areas { values, gradients, state, cache, delta, inputs, targets, row_weights, units } = self.arena.areas();
        let site = |b: usize| Site { plan, block: &plan.blocks[b], cache: &caches[b], mask: masks.of(b + 1, n), n };

        let sparse = plan.sparse(batch.inputs);
        if let Some(csr) = sparse {
            if !scratch.sparse.as_ref().is_some_and(|room| room.fits(csr, most)) {
                scratch.sparse = Some(SparseScratch::new(csr, most));
            }
        } else {
            let inputs = &mut inputs[..n * plan.inputs];
            let own = &mut inputs[..n_rows * plan.inputs];
            batch.inputs.gather(own, batch.rows);
            let front = match &mut embedding {
                Some((embeddings, room)) => room.forward((plan, embeddings), member.as_deref(), values, own),
                None => repeat(inputs, members),
            };
            if let Some(dropout) = plan.input_dropout {
                let mask = masks.of(0, n);
                kernels::vectorised(
                    #[inline(always)]
                    || mask.of(dropout).forward_training(front, mask.draws),
                );
            }
        }
        let (raw, repeated) = (&inputs[..n_rows * plan.inputs], &inputs[..n * plan.inputs]);
        let inputs = embedding.as_ref().map_or(repeated, |(_, room)| room.outputs(n * plan.width()));
        let first = sparse.map_or(Source::Dense(inputs), |csr| Source::Sparse(csr, batch.rows));
        for b in 0..plan.blocks.len() {
            let (x, own) = block_data(first, cache, caches, b, n * plan.blocks[b].inputs);
            block::forward(own, scratch, x, values, site(b));
        }

        let n_outputs = plan.outputs();
        let outputs = match caches.last() {
            Some(last) => &cache[last.output.start..][..n * n_outputs],
            None => &inputs[..n * n_outputs],
        };
        let [mut d, mut d_next] = delta;
        let targets = gather_targets(batch.targets, (batch.rows, members), classes, targets);
        let row_weights = batch.row_weights.map(|all| gather_weights(all, (batch.rows, members), row_weights));
        let loss = training.loss.value_and_gradient(&mut d[..n * n_outputs], outputs, n_outputs, targets, row_weights);

        let mut update = Update { values, gradients, state, units, member: member.as_deref(), rule };
        for (b, block) in plan.blocks.iter().enumerate().rev() {
            let (x, own) = block_data(first, cache, caches, b, n * block.inputs);
            // The scales of members move along what reaches the inputs.
            let wants_dx = b > 0 || plan.embeddings.is_some() || plan.ensemble.is_some();
            let dx = wants_dx.then(|| &mut d_next[..n * block.inputs]);
            block::backward(dx, &mut d[..n * block.units], &mut update, own, scratch, x, site(b));
            std::mem::swap(&mut d, &mut d_next);
        }
        if let Some((embeddings, room)) = embedding {
            let d = &mut d[..n * plan.width()];
            if let Some(dropout) = plan.input_dropout {
                let mask = masks.of(0, n);
                kernels::vectorised(
                    #[inline(always)]
                    || mask.of(dropout).backward(d, mask.draws),
                );
            }
            room.backward((plan, embeddings), &mut update, raw, d);
        }
        loss
    }

    /// Mean data loss and accuracy over all rows, in evaluation mode: running statistics in batch norm,
    /// no unit dropped.
    ///
    /// # Panics
    /// When inputs or targets do not fit the network or each other.
    pub fn score(&mut self, inputs: &Inputs<T>, targets: Targets<'_, T>) -> Score {
        let scored = Scored { inputs, targets, rows: Rows::All, row_weights: None };
        self.workspace.score(&self.plan, self.arena.values(), &scored, self.training.loss)
    }

    /// Mean data loss and accuracy over a batch of any number of rows, in evaluation mode. The rows'
    /// weights, where there are some, count in both: the accuracy is `sum of w_n that are right / sum w_n`.
    ///
    /// # Panics
    /// As for [`Trainer::score`].
    pub fn score_batch(&mut self, batch: &Batch<'_, T>) -> Score {
        batch.check();
        let &Batch { inputs, targets, rows, row_weights } = batch;
        let scored = Scored { inputs, targets, rows: Rows::These(rows), row_weights };
        self.workspace.score(&self.plan, self.arena.values(), &scored, self.training.loss)
    }

    /// Shows what each block's activation puts out over all rows, in evaluation mode and before
    /// dropout: `each(block, values)`, chunk after chunk.
    pub fn inspect(&mut self, inputs: &Inputs<T>, mut each: impl FnMut(usize, &[T])) {
        self.workspace.inspect(&self.plan, self.arena.values(), inputs, &mut each);
    }

    /// The penalty that weight decay adds to the loss: `lambda / 2 * sum w^2` (L2) or
    /// `lambda * sum |w|` (L1) over all weights; 0 for decoupled decay. Lambda is that of the training
    /// times that of the layer's group, before its schedule.
    pub fn penalty(&self) -> f64 {
        let weights = self.plan.parameters.iter().filter(|parameter| parameter.kind == Kind::Weight);
        weights
            .map(|parameter| {
                let values = &self.arena.values()[parameter.range.clone()];
                self.training.weight_decay.scaled(parameter.decay).penalty(values)
            })
            .sum()
    }

    /// Number of updates made.
    pub fn n_steps_done(&self) -> usize {
        self.n_steps_done
    }

    /// Every parameter with its name, kind and shape.
    pub fn parameters(&self) -> &[Parameter] {
        &self.plan.parameters
    }

    /// The present values of a parameter, row-major.
    pub fn values(&self, parameter: &Parameter) -> &[T] {
        &self.arena.values()[parameter.range.clone()]
    }

    /// The gradient of a parameter at the last step or [`Trainer::differentiate`]: that of the data
    /// loss, before decay and clipping, row-major; 0 for running statistics.
    pub fn gradient(&self, parameter: &Parameter) -> &[T] {
        &self.arena.gradients()[parameter.range.clone()]
    }

    /// Remembers the present parameters as the best so far, running statistics included.
    pub fn keep(&mut self) {
        self.best.clear();
        self.best.extend_from_slice(self.arena.values());
    }

    /// Takes back the parameters that [`Trainer::keep`] remembered last; nothing without one. The
    /// optimiser's state stays as it is.
    pub fn restore(&mut self) {
        if !self.best.is_empty() {
            self.arena.areas().values.copy_from_slice(&self.best);
        }
    }

    /// A copy of the network as it is now.
    pub fn network(&self) -> Network<T> {
        Network { plan: self.plan.clone(), values: self.arena.values().to_vec() }
    }
}

/// What goes into block `b` (the batch's inputs, or what the block before put out, `n_values` values),
/// and the block's own part of the cache.
fn block_data<'a, T>(
    first: Source<'a, T>,
    cache: &'a mut [T],
    caches: &[BlockCache],
    b: usize,
    n_values: usize,
) -> (Source<'a, T>, &'a mut [T]) {
    let (before, own) = cache[..caches[b].all.end].split_at_mut(caches[b].all.start);
    let x = if b == 0 { first } else { Source::Dense(&before[caches[b - 1].output.start..][..n_values]) };
    (x, own)
}

/// The norm of the whole gradient.
fn trained_norm<T: Float>(plan: &Plan, gradients: &[T]) -> f64 {
    let trained = plan.parameters.iter().filter(|parameter| parameter.kind.is_trained());
    gradient_norm(trained.map(|parameter| &gradients[parameter.range.clone()]))
}
