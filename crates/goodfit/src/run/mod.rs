//! One run: one training of one recipe with one seed.

mod best;
mod board;
mod choice;
mod diagnostics;
mod embedding;
mod looked;
mod network;
mod record;
mod scorer;

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use goodfit_nn::kernels::Team;
use goodfit_nn::{Batch, Network, Trainer};

use crate::data::{Prepared, row_weights};
use crate::recipe::{Recipe, RecordLoss};
use crate::results::{EpochActivations, Run};
pub use board::{Board, Line, Running};
use choice::Choice;
use diagnostics::{WeightWatch, activations, layer_activations, record_activations};
use embedding::set_bins;
pub use network::{network_spec, training_spec};
use record::Record;

/// What a run tells others while it goes on, and what they tell it.
#[derive(Debug, Default)]
pub struct Monitor {
    /// Set to end all runs after the step they are in.
    pub stop: AtomicBool,
    /// Steps made by all runs.
    pub n_steps: AtomicU64,
    /// Threads that a run may use while there are fewer runs than cores.
    team: OnceLock<Arc<Team>>,
    /// Trials that run, where somebody looks.
    pub board: Board,
}

impl Monitor {
    /// Lets the runs use so many threads in all, where they had only their own before. Said once; what is said later
    /// changes nothing.
    pub fn use_threads(&self, n: usize) {
        if n > 1 {
            self.team.get_or_init(|| Team::new(n));
        }
    }

    /// Whether all runs are to end.
    pub fn is_stopped(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// What a run leaves behind.
#[derive(Clone, Debug)]
pub struct Trained {
    /// Curves, final metrics, diagnostics.
    pub run: Run,
    /// The network: of the best evaluation with early stopping, else of the last step.
    pub network: Network<f32>,
    /// Steps behind its weights.
    pub n_steps: usize,
    /// Steps that would be best by all rows that were held back, stopping and validation.
    pub n_steps_on_all: usize,
}

/// Number of steps that a run of the recipe makes over `n_rows` training rows.
pub fn n_steps(recipe: &Recipe, n_rows: usize) -> usize {
    training_spec(recipe, n_rows, 0).1.n_steps
}

/// Bytes that a run of the recipe takes beside its data: parameters with their gradients, the
/// optimiser's buffers and the best weights; what embeddings and each layer keep of a batch; what evaluation takes.
pub fn memory_needed(recipe: &Recipe, data: &Prepared) -> u64 {
    let outputs = data.n_outputs as u64;
    let spec = network_spec(recipe, data.inputs(), data.n_outputs);
    let (inputs, embedded) = (spec.width() as u64, spec.embedding().map_or(0, |own| own.n_values() as u64));
    let kept = spec.embedding().map_or(0, |embedding| embedding.n_kept(spec.inputs) as u64);
    let batch = training_spec(recipe, data.train.n_rows(), 0).1.max_batch as u64;
    let members = recipe.network.members as u64;
    let (mut values, mut units, mut before) = (embedded, 0_u64, inputs);
    for width in recipe.network.hidden.iter().map(|&units| units as u64) {
        values = values.saturating_add(before.saturating_mul(width)).saturating_add(5 * members * width);
        units = units.saturating_add(width);
        before = width;
    }
    values = values.saturating_add((members * outputs).saturating_mul(before + 5)).saturating_add(members * inputs);
    units = units.saturating_add(outputs);
    let copies = 3 + u64::from(recipe.network.input_scale) + recipe.training.optimizer.n_state() as u64;
    // Members that share weights keep what they scale, too.
    let of_unit = if members > 1 { 8 } else { 6 };
    let cache = (members * batch).saturating_mul(units.saturating_mul(of_unit).saturating_add(2 * inputs));
    let cache = cache.saturating_add(batch.saturating_mul(kept));
    values.saturating_mul(copies).saturating_add(cache).saturating_mul(size_of::<f32>() as u64)
}

/// [`train_watched`] that nobody watches.
///
/// # Errors
/// As [`train_watched`].
pub fn train(
    recipe: &Recipe,
    data: &Prepared,
    seed: u64,
    monitor: &Monitor,
) -> Result<Option<Trained>, goodfit_nn::Error> {
    train_watched(recipe, data, seed, monitor, &mut |_, _| Watched::GoOn)
}

/// The first so many steps of [`train`], whose schedule is that of all steps.
///
/// # Errors
/// As [`train_watched`].
pub fn train_until(
    recipe: &Recipe,
    data: &Prepared,
    seed: u64,
    monitor: &Monitor,
    n_steps: usize,
) -> Result<Option<Trained>, goodfit_nn::Error> {
    steps(recipe, data, seed, monitor, &mut |_, _| Watched::GoOn, n_steps)
}

/// What somebody who watches a run says after an evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Watched {
    /// It goes on.
    GoOn,
    /// It ends here.
    Enough,
}

/// How far a run is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct At {
    /// The step it has made, from 0.
    pub step: usize,
    /// Steps in all.
    pub n_steps: usize,
    /// Steps of an epoch.
    pub per_epoch: usize,
}

/// Trains once, and shows the run as it grows after each evaluation. `None` when the monitor stopped it.
///
/// Curves: `train_loss` at every step as the recipe's `record_loss` says, weighted where rows have weights; at each
/// evaluation, in which every row counts once,
/// `train_accuracy`, unless `training.train_scores` keeps it for the end, and `validation_*` or `test_*` for the rows the recipe evaluates on; `penalty`
/// beside them with L1 or L2 decay; the score that `training.metric` names on the rows evaluated on (on the training rows where
/// there are no others). Where numbers are predicted, `*_rmse` in their units stands in place of `*_accuracy`. Final metrics: the last point of each curve, and derived from
/// them `late_train_loss` (mean over the last 100 steps, over all when there are fewer) and `accuracy_gap` (training accuracy less
/// that of the rows evaluated on).
///
/// # Errors
/// When the recipe's settings do not make a network; see [`goodfit_nn::Trainer::new`].
pub fn train_watched(
    recipe: &Recipe,
    data: &Prepared,
    seed: u64,
    monitor: &Monitor,
    watcher: &mut dyn FnMut(&Run, At) -> Watched,
) -> Result<Option<Trained>, goodfit_nn::Error> {
    steps(recipe, data, seed, monitor, watcher, usize::MAX)
}

fn steps(
    recipe: &Recipe,
    data: &Prepared,
    seed: u64,
    monitor: &Monitor,
    watcher: &mut dyn FnMut(&Run, At) -> Watched,
    until: usize,
) -> Result<Option<Trained>, goodfit_nn::Error> {
    let spec = network_spec(recipe, data.inputs(), data.n_outputs);
    let (mut batches, training) = training_spec(recipe, data.train.n_rows(), seed);
    let mut network = Network::new(&spec, seed)?;
    set_bins(&mut network, &spec, &data.train.inputs)?;
    let mut trainer = Trainer::from_network(network, training, seed)?;
    if let Some(team) = monitor.team.get() {
        trainer.join(team);
    }
    let mut record = Record::new(recipe, data, seed);
    let mut stopping = recipe.training.early_stopping.map(|patience| Choice::new(patience, recipe, data));
    if stopping.as_ref().is_some_and(Choice::reads_validation) {
        record.keep_outputs();
    }
    let per_epoch = batches.steps_per_epoch();
    let evaluate_after = |step: usize| match recipe.training.evaluate_every {
        Some(0) => false,
        Some(every) => step.is_multiple_of(every),
        None => step % per_epoch == per_epoch - 1 || step + 1 == training.n_steps,
    };
    let weights = row_weights(&data.train, recipe.training.class_weight, &data.train);
    let mut watch = recipe.training.diagnostics.then(WeightWatch::default);
    let mut n_steps = training.n_steps.min(until);
    for step in 0..n_steps {
        if monitor.stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
        let ends_epoch = step % per_epoch == per_epoch - 1;
        if let Some(watch) = watch.as_mut().filter(|_| ends_epoch) {
            watch.before(&trainer);
        }
        let batch = Batch {
            inputs: &data.train.inputs,
            targets: data.train.targets(),
            rows: batches.next_rows(),
            row_weights: weights.as_deref(),
        };
        let loss = trainer.step(&batch);
        record.step(step, loss);
        match recipe.training.record_loss {
            RecordLoss::Before => record.push("train_loss", step, loss),
            RecordLoss::After => record.push("train_loss", step, trainer.score_batch(&batch).loss),
            RecordLoss::Never => {}
        }
        if let Some(watch) = watch.as_ref().filter(|_| ends_epoch) {
            watch.record(&mut record.run.curves, &trainer, step);
            let layers = activations(&mut trainer, &recipe.network.hidden, recipe.network.activation, &data.train);
            record_activations(&mut record.run.curves, &layers, step);
            let layers = layers.iter().map(layer_activations).collect();
            record.run.epochs.push(EpochActivations { step, layers });
        }
        monitor.n_steps.fetch_add(1, Ordering::Relaxed);
        if evaluate_after(step) {
            record.evaluate(&mut trainer, step);
            let validation = record.validation();
            let stops = stopping.as_mut().is_some_and(|stopping| !stopping.goes_on(&mut trainer, validation, step));
            if stops || watcher(&record.run, At { step, n_steps: training.n_steps, per_epoch }) == Watched::Enough {
                n_steps = step + 1;
                break;
            }
        }
    }
    let mut n_steps_on_all = n_steps;
    if let Some(stopping) = stopping {
        n_steps = stopping.n_steps().unwrap_or(n_steps);
        n_steps_on_all = stopping.n_steps_on_all().unwrap_or(n_steps);
        trainer.restore();
        record.best(&mut trainer);
    } else if record.leaves_train_to_the_end() {
        record.best(&mut trainer);
    }
    if recipe.training.diagnostics || training.n_steps == 0 {
        let layers = activations(&mut trainer, &recipe.network.hidden, recipe.network.activation, &data.train);
        record.run.layers = layers.iter().map(layer_activations).collect();
    }
    Ok(Some(Trained { run: record.finish(), network: trainer.network(), n_steps, n_steps_on_all }))
}
