//! Training: one step at a time, without allocating.

pub(crate) mod update;

use crate::error::require;
use crate::kernels::{self, SparseScratch};
use crate::layers::Dropout;
use crate::losses::{Loss, Targets};
use crate::network::block::{self, BlockCache, Mask, Scratch, Source};
use crate::network::forward::{Rows, Score, Workspace};
use crate::network::gather::gather_targets;
use crate::network::plan::{Kind, Parameter, Plan};
use crate::network::{Network, NetworkSpec};
use crate::optimizers::{Optimizer, WeightDecay};
use crate::{Error, Float, Inputs, Purpose, Schedule, Stream, clip_scale, gradient_norm};
use update::{Rule, Update};

/// How a network is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainingSpec {
    /// What is minimised (with the penalty of the weight decay).
    pub loss: Loss,
    /// How parameters move.
    pub optimizer: Optimizer,
    /// The learning rate, before its schedule.
    pub learning_rate: f64,
    /// Drives the learning rate.
    pub schedule: Schedule,
    /// Steps over which the learning rate rises linearly at the start.
    pub warmup_steps: usize,
    /// Weight decay, before its schedule.
    pub weight_decay: WeightDecay,
    /// Drives the weight decay.
    pub decay_schedule: Schedule,
    /// Drives the dropout ratios.
    pub dropout_schedule: Schedule,
    /// Upper bound of the norm of the whole gradient.
    pub clip_norm: Option<f64>,
    /// Number of steps the schedules are laid out for.
    pub n_steps: usize,
    /// Rows of the largest batch.
    pub max_batch: usize,
}

impl Default for TrainingSpec {
    /// Plain SGD at 0.01 on batches of up to 100 rows, softmax and cross-entropy.
    fn default() -> Self {
        Self {
            loss: Loss::CrossEntropy { label_smoothing: 0.0 },
            optimizer: Optimizer::Sgd,
            learning_rate: 0.01,
            schedule: Schedule::Constant,
            warmup_steps: 0,
            weight_decay: WeightDecay::None,
            decay_schedule: Schedule::Constant,
            dropout_schedule: Schedule::Constant,
            clip_norm: None,
            n_steps: 1,
            max_batch: 100,
        }
    }
}

/// The rows of a mini-batch: indices into inputs and targets.
#[derive(Clone, Copy, Debug)]
pub struct Batch<'a, T> {
    /// All input rows.
    pub inputs: &'a Inputs<T>,
    /// The targets of all input rows.
    pub targets: Targets<'a, T>,
    /// Which rows the batch takes.
    pub rows: &'a [u32],
    /// Weights of all input rows in the loss; `None` = 1 each.
    pub row_weights: Option<&'a [T]>,
}

/// One training of one network: parameters, the optimiser's state and every buffer, made once.
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
#[derive(Clone, Debug)]
pub struct Trainer<T> {
    plan: Plan,
    training: TrainingSpec,
    seed: u64,
    n_steps_done: usize,
    arena: Arena<T>,
    caches: Vec<BlockCache>,
    masks: Vec<Draws>,
    dropout_factor: f64,
    scratch: Scratch<T>,
    classes: Vec<u32>,
    workspace: Workspace<T>,
    best: Vec<T>,
}

/// The draws of dropout, of the input block (first) and of each block; empty without dropout.
#[derive(Clone, Debug)]
struct Draws {
    bytes_per_row: usize,
    bytes: Vec<u8>,
}

/// Parameters, gradients, the optimiser's state and the training cache of one run, in one piece.
#[derive(Clone, Debug)]
struct Arena<T> {
    data: Vec<T>,
    n_values: usize,
    n_state: usize,
    n_cache: usize,
    n_delta: usize,
    n_inputs: usize,
    n_targets: usize,
    n_rows: usize,
}

/// The areas of an [`Arena`].
struct Areas<'a, T> {
    /// Parameters, one behind the other.
    values: &'a mut [T],
    /// Their gradients, over the same ranges.
    gradients: &'a mut [T],
    /// The optimiser's buffers.
    state: &'a mut [T],
    /// What the forward pass keeps for the backward pass, block by block.
    cache: &'a mut [T],
    /// The gradient by what goes between blocks, N x widest, twice.
    delta: [&'a mut [T]; 2],
    /// Input rows of the batch, N x inputs.
    inputs: &'a mut [T],
    /// Target values of the batch, N x outputs.
    targets: &'a mut [T],
    /// Weights of the rows of the batch, N.
    row_weights: &'a mut [T],
    /// One value per unit of the widest layer.
    units: &'a mut [T],
}

impl<T: Float> Arena<T> {
    fn new(plan: &Plan, training: &TrainingSpec, n_cache: usize) -> Self {
        let rows = training.max_batch;
        let mut arena = Self {
            data: Vec::new(),
            n_values: plan.n_values,
            n_state: plan.n_values * training.optimizer.n_state(),
            n_cache,
            n_delta: rows * plan.max_units(),
            n_inputs: rows * plan.inputs,
            n_targets: rows * plan.outputs(),
            n_rows: rows,
        };
        let n = 2 * arena.n_values + arena.n_state + n_cache + 2 * arena.n_delta + arena.n_inputs + arena.n_targets;
        arena.data = vec![T::ZERO; n + rows + plan.max_units()];
        arena
    }

    fn areas(&mut self) -> Areas<'_, T> {
        let (values, rest) = self.data.split_at_mut(self.n_values);
        let (gradients, rest) = rest.split_at_mut(self.n_values);
        let (state, rest) = rest.split_at_mut(self.n_state);
        let (cache, rest) = rest.split_at_mut(self.n_cache);
        let (front, rest) = rest.split_at_mut(self.n_delta);
        let (back, rest) = rest.split_at_mut(self.n_delta);
        let (inputs, rest) = rest.split_at_mut(self.n_inputs);
        let (targets, rest) = rest.split_at_mut(self.n_targets);
        let (row_weights, units) = rest.split_at_mut(self.n_rows);
        Areas { values, gradients, state, cache, delta: [front, back], inputs, targets, row_weights, units }
    }

    fn values(&self) -> &[T] {
        &self.data[..self.n_values]
    }
}

impl<T: Float> Trainer<T> {
    /// A training of a network drawn by `seed`; the same seed drives its dropout.
    ///
    /// # Errors
    /// When the specification makes no network, a setting is out of range, or batch normalisation
    /// is to be trained on batches of one row.
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
        for norm in plan.blocks.iter().filter_map(|block| block.norm) {
            norm.spec.check_rows(training.max_batch)?;
        }
        let rows = training.max_batch;
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
        let masks = dropouts(&plan)
            .map(|(dropout, units)| {
                let bytes_per_row = if dropout.is_some() { units * Dropout::MASK_BYTES } else { 0 };
                Draws { bytes_per_row, bytes: vec![0; rows * bytes_per_row] }
            })
            .collect();
        let product = plan.blocks.iter().map(|b| {
            kernels::matmul_scratch(rows, b.units, b.inputs)
                .max(kernels::matmul_scratch(rows, b.inputs, b.units))
                .max(kernels::matmul_scratch(b.inputs, b.units, rows))
        });
        Ok(Self {
            scratch: Scratch { product: vec![T::ZERO; product.max().unwrap_or(0)], sparse: None },
            workspace: Workspace::for_plan(&plan),
            classes: Vec::with_capacity(rows),
            best: Vec::new(),
            plan,
            training,
            seed,
            n_steps_done: 0,
            arena,
            caches,
            masks,
            dropout_factor: 1.0,
        })
    }

    /// One update: forward, loss, backward. Returns the mean data loss of the batch before the
    /// update, as the forward pass of training saw it (with dropout and the batch's statistics).
    ///
    /// # Panics
    /// When the batch is empty or larger than [`TrainingSpec::max_batch`], or does not fit the
    /// network.
    pub fn step(&mut self, batch: &Batch<'_, T>) -> f64 {
        let step = self.n_steps_done;
        let rate = self.training.schedule.factor(step, self.training.n_steps)
            * crate::schedule::warmup_factor(step, self.training.warmup_steps);
        let mut rule = Rule {
            optimizer: self.training.optimizer,
            learning_rate: self.training.learning_rate * rate,
            decay: self.training.weight_decay.scaled(self.training.decay_schedule.factor(step, self.training.n_steps)),
            gradient_scale: 1.0,
            step: step as u64 + 1,
        };
        self.draw_masks(step, batch.rows.len());
        let loss = match self.training.clip_norm {
            None => self.pass(batch, Some(rule)),
            Some(bound) => {
                let loss = self.pass(batch, None);
                let Areas { values, gradients, state, units, .. } = self.arena.areas();
                rule.gradient_scale = clip_scale(trained_norm(&self.plan, gradients), bound);
                Update { values, gradients, state, units, rule: Some(rule) }.apply_all(&self.plan);
                loss
            }
        };
        self.n_steps_done += 1;
        loss
    }

    /// Forward and backward without an update: the data loss; the gradients of the data loss are then in
    /// [`Trainer::gradient`]. Dropout masks are those of the next step; running statistics move.
    ///
    /// # Panics
    /// As for [`Trainer::step`].
    pub fn differentiate(&mut self, batch: &Batch<'_, T>) -> f64 {
        self.draw_masks(self.n_steps_done, batch.rows.len());
        self.pass(batch, None)
    }

    fn draw_masks(&mut self, step: usize, n: usize) {
        self.dropout_factor = self.training.dropout_schedule.factor(step, self.training.n_steps);
        for (b, draws) in self.masks.iter_mut().enumerate() {
            if draws.bytes_per_row > 0 {
                let mut stream = Stream::new(self.seed, Purpose::Dropout, (step as u64) << 16 | b as u64);
                Dropout::draw_mask(&mut draws.bytes[..n * draws.bytes_per_row], &mut stream);
            }
        }
    }

    fn pass(&mut self, batch: &Batch<'_, T>, rule: Option<Rule>) -> f64 {
        let n = batch.rows.len();
        assert!((1..=self.training.max_batch).contains(&n), "a batch of {n} rows, at most {}", self.training.max_batch);
        let Self { plan, caches, scratch, masks, training, classes, dropout_factor, .. } = self;
        let Areas { values, gradients, state, cache, delta, inputs, targets, row_weights, units } = self.arena.areas();
        let mask_of = |b: usize| {
            let draws = &masks[b];
            Mask { draws: &draws.bytes[..n * draws.bytes_per_row], ratio_factor: *dropout_factor }
        };

        let sparse = match batch.inputs {
            Inputs::Sparse(csr) if plan.input_dropout.is_none() && plan.starts_affine() => Some(csr),
            _ => None,
        };
        if let Some(csr) = sparse {
            if !scratch.sparse.as_ref().is_some_and(|room| room.fits(csr, training.max_batch)) {
                scratch.sparse = Some(SparseScratch::new(csr, training.max_batch, plan.blocks[0].units));
            }
        } else {
            let inputs = &mut inputs[..n * plan.inputs];
            batch.inputs.gather(inputs, batch.rows);
            if let Some(dropout) = plan.input_dropout {
                let mask = mask_of(0);
                kernels::vectorised(
                    #[inline(always)]
                    || mask.of(dropout).forward_training(inputs, mask.draws),
                );
            }
        }
        let inputs = &inputs[..n * plan.inputs];
        let first = sparse.map_or(Source::Dense(inputs), |csr| Source::Sparse(csr, batch.rows));
        for (b, block) in plan.blocks.iter().enumerate() {
            let (before, own) = cache[..caches[b].all.end].split_at_mut(caches[b].all.start);
            let x = source(first, before, caches, plan, b, n);
            block::forward(own, scratch, &caches[b], x, (plan, block), values, mask_of(b + 1), n);
        }

        let n_outputs = plan.outputs();
        let outputs = match caches.last() {
            Some(last) => &cache[last.output.start..][..n * n_outputs],
            None => &inputs[..n * n_outputs],
        };
        let [mut d, mut d_next] = delta;
        let batch_targets = gather_targets(batch.targets, batch.rows, classes, targets);
        let weights = batch.row_weights.map(|weights| {
            for (weight, &row) in row_weights.iter_mut().zip(batch.rows) {
                *weight = weights[row as usize];
            }
            &row_weights[..n]
        });
        let loss =
            training.loss.value_and_gradient(&mut d[..n * n_outputs], outputs, n_outputs, batch_targets, weights);

        let mut update = Update { values, gradients, state, units, rule };
        for (b, block) in plan.blocks.iter().enumerate().rev() {
            let (before, own) = cache[..caches[b].all.end].split_at_mut(caches[b].all.start);
            let x = source(first, before, caches, plan, b, n);
            let dx = (b > 0).then(|| &mut d_next[..n * block.inputs]);
            let (d_own, mask) = (&mut d[..n * block.units], mask_of(b + 1));
            block::backward(dx, d_own, &mut update, own, scratch, &caches[b], x, (plan, block), mask, n);
            std::mem::swap(&mut d, &mut d_next);
        }
        loss
    }

    /// Mean data loss and accuracy over all rows, in evaluation mode.
    pub fn score(&mut self, inputs: &Inputs<T>, targets: Targets<'_, T>) -> Score {
        let loss = self.training.loss;
        self.workspace.score(&self.plan, self.arena.values(), inputs, targets, Rows::All, loss)
    }

    /// Mean data loss and accuracy over a batch, in evaluation mode.
    pub fn score_batch(&mut self, batch: &Batch<'_, T>) -> Score {
        let (loss, rows) = (self.training.loss, Rows::These(batch.rows));
        self.workspace.score(&self.plan, self.arena.values(), batch.inputs, batch.targets, rows, loss)
    }

    /// Shows what each block's activation puts out over all rows, in evaluation mode and before
    /// dropout: `each(block, values)`, chunk after chunk.
    pub fn inspect(&mut self, inputs: &Inputs<T>, mut each: impl FnMut(usize, &[T])) {
        self.workspace.inspect(&self.plan, self.arena.values(), inputs, &mut each);
    }

    /// The penalty that weight decay adds to the loss: `lambda / 2 * sum w^2` (L2) or
    /// `lambda * sum |w|` (L1) over all weights; 0 for decoupled decay.
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

    /// The gradient of a parameter at the last step (of the data loss, before decay and clipping).
    pub fn gradient(&self, parameter: &Parameter) -> &[T] {
        &self.arena.data[self.arena.n_values..][parameter.range.clone()]
    }

    /// Remembers the present parameters as the best so far.
    pub fn keep(&mut self) {
        self.best.clear();
        self.best.extend_from_slice(self.arena.values());
    }

    /// Takes back the parameters that [`Trainer::keep`] remembered last; nothing without one.
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

/// The dropout and the width of the input block (first) and of each block.
fn dropouts(plan: &Plan) -> impl Iterator<Item = (Option<Dropout>, usize)> {
    let blocks = plan.blocks.iter().map(|block| (block.dropout, block.units));
    std::iter::once((plan.input_dropout, plan.inputs)).chain(blocks)
}

/// What goes into block `b`: the batch's inputs, or what the block before put out.
fn source<'a, T>(
    first: Source<'a, T>,
    before: &'a [T],
    caches: &[BlockCache],
    plan: &Plan,
    b: usize,
    n: usize,
) -> Source<'a, T> {
    if b == 0 { first } else { Source::Dense(&before[caches[b - 1].output.start..][..n * plan.blocks[b - 1].units]) }
}

/// The norm of the whole gradient.
fn trained_norm<T: Float>(plan: &Plan, gradients: &[T]) -> f64 {
    let trained = plan.parameters.iter().filter(|parameter| parameter.kind != Kind::Running);
    gradient_norm(trained.map(|parameter| &gradients[parameter.range.clone()]))
}

impl TrainingSpec {
    /// Checks every setting.
    ///
    /// # Errors
    /// Names the setting that is out of range.
    pub fn check(&self) -> Result<(), Error> {
        let rate = self.learning_rate;
        require(rate > 0.0 && rate.is_finite(), "learning rate", rate, "a finite number > 0")?;
        require(self.max_batch > 0, "rows of the largest batch", 0.0, "at least 1")?;
        self.loss.check()?;
        self.optimizer.check()?;
        self.weight_decay.check()?;
        for schedule in [self.schedule, self.decay_schedule, self.dropout_schedule] {
            schedule.check()?;
        }
        match self.clip_norm {
            Some(bound) => require(bound > 0.0, "bound of the gradient's norm", bound, "a number > 0"),
            None => Ok(()),
        }
    }
}
