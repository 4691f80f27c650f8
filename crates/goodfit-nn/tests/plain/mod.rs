//! A network as a chain of the plain functions of its layers: no blocks, no arena, no kernels. What
//! a [`goodfit_nn::Trainer`] computes is compared with it.
#![allow(dead_code, reason = "each test file uses a part of it")]

mod buffers;
mod embedding;
mod members;

use std::collections::BTreeMap;

use goodfit_nn::layers::{BatchNormCache, RunningStatistics, affine_backward};
use goodfit_nn::{
    Dropout, Float, Kind, LayerSpec, Loss, Matrix, Network, NetworkSpec, Parameter, Purpose, Stream, Targets,
    TrainingSpec, UpdateStep, WeightDecay, clip_scale, gradient_norm, max_norm,
};

pub(crate) use buffers::*;
use members::averaged;

/// Buffers by the names of parameters.
pub(crate) type Named<T> = BTreeMap<String, Vec<T>>;

/// One layer after the other, and the training of their parameters.
#[derive(Clone, Debug)]
pub(crate) struct Chain<T> {
    pub(crate) spec: NetworkSpec,
    pub(crate) seed: u64,
    pub(crate) parameters: Named<T>,
    described: Vec<Parameter>,
    state: Named<T>,
    n_steps_done: usize,
}

/// What a pass finds.
#[derive(Clone, Debug)]
pub(crate) struct Pass<T> {
    pub(crate) loss: f64,
    /// Of the trained parameters.
    pub(crate) gradients: Named<T>,
}

/// What the backward pass through a layer needs.
enum Cache<T> {
    Embedding { x: Matrix<T> },
    Affine { x: Matrix<T> },
    BatchNorm { normalized: Vec<T>, inverse_std: Vec<T> },
    Activation { y: Vec<T>, z: Vec<T> },
    Dropout { dropout: Dropout, mask: Vec<u8> },
}

/// The dropout schedule's stage and the loss of a pass.
#[derive(Clone, Copy)]
pub(crate) struct Setting<'a, T> {
    pub(crate) loss: Loss,
    pub(crate) targets: Targets<'a, T>,
    pub(crate) row_weights: Option<&'a [T]>,
    pub(crate) step: usize,
    pub(crate) ratio_factor: f64,
}

impl<T: Float> Chain<T> {
    /// The chain with the parameters of a network; `seed` drives its dropout.
    pub(crate) fn new(spec: &NetworkSpec, network: &Network<T>, seed: u64) -> Self {
        let described = network.parameters().to_vec();
        let parameters = described.iter().map(|p| (p.name.clone(), network.values(p).to_vec())).collect();
        Self { spec: spec.clone(), seed, parameters, described, state: Named::new(), n_steps_done: 0 }
    }

    /// The same chain in double precision.
    pub(crate) fn exact(&self) -> Chain<f64> {
        let Self { spec, seed, parameters, described, state, n_steps_done } = self.clone();
        Chain { spec, seed, parameters: exact(&parameters), described, state: exact(&state), n_steps_done }
    }

    fn weights(&self, number: usize, inputs: usize, units: usize) -> Matrix<T> {
        Matrix::from_rows(inputs, units, self.parameters[&format!("affine{number}.weight")].clone())
    }

    /// The inputs of an affine layer, times their scales where there are some.
    fn scaled(&self, number: usize, x: &Matrix<T>) -> Matrix<T> {
        let mut scaled = x.clone();
        if let Some(scale) = self.parameters.get(&format!("affine{number}.scale")) {
            for row in scaled.data_mut().chunks_mut(scale.len()) {
                row.iter_mut().zip(scale).for_each(|(x, &scale)| *x *= scale);
            }
        }
        scaled
    }

    /// Forward and backward in training mode; running statistics move.
    pub(crate) fn pass(&mut self, x: &Matrix<T>, setting: &Setting<'_, T>) -> Pass<T> {
        let mut y = self.for_members(x);
        let n = y.n_rows();
        let members = n / x.n_rows();
        let (mut n_affine, mut n_norm) = (0, 0);
        // Dropout is drawn block by block: a layer that does not come later than the one before it in
        // the order affine, batch norm, activation, dropout begins a block; dropout in front is block 0.
        let (mut block, mut rank_before) = (0_u64, 2);
        let mut caches = Vec::new();
        for layer in self.spec.layers.clone() {
            let rank = match layer {
                // In front of the input block.
                LayerSpec::Embedding(_) => 4,
                LayerSpec::Affine(_) => 0,
                LayerSpec::BatchNorm(_) => 1,
                LayerSpec::Activation(_) => 2,
                LayerSpec::Dropout(_) => 3,
                LayerSpec::Ensemble(_) => continue,
            };
            if rank <= rank_before {
                block += 1;
            }
            rank_before = if rank > 3 { rank_before } else { rank };
            let units = y.n_columns();
            caches.push(match layer {
                LayerSpec::Embedding(spec) => {
                    // Row by row for each member anew.
                    let embedded = embedding::forward(&spec, &self.parameters, &y);
                    Cache::Embedding { x: std::mem::replace(&mut y, embedded) }
                }
                LayerSpec::Affine(affine) => {
                    n_affine += 1;
                    assert_eq!(self.parameters.contains_key(&format!("affine{n_affine}.bias")), affine.bias);
                    let outputs = self.affine(n_affine, &y, affine.outputs);
                    Cache::Affine { x: std::mem::replace(&mut y, outputs) }
                }
                LayerSpec::BatchNorm(norm) => {
                    n_norm += 1;
                    let name = |part: &str| format!("batch_norm{n_norm}.{part}");
                    let [mut mean, mut inverse_std] = [(); 2].map(|()| vec![T::ZERO; units]);
                    let mut normalized = y.data().to_vec();
                    let mut running_mean = self.parameters[&name("running_mean")].clone();
                    let mut running_variance = self.parameters[&name("running_variance")].clone();
                    norm.forward_training(
                        y.data_mut(),
                        BatchNormCache { normalized: &mut normalized, mean: &mut mean, inverse_std: &mut inverse_std },
                        RunningStatistics { mean: &mut running_mean, variance: &mut running_variance },
                        &self.parameters[&name("scale")],
                        &self.parameters[&name("shift")],
                    );
                    self.parameters.insert(name("running_mean"), running_mean);
                    self.parameters.insert(name("running_variance"), running_variance);
                    Cache::BatchNorm { normalized, inverse_std }
                }
                LayerSpec::Activation(activation) => {
                    let z = y.data().to_vec();
                    activation.forward(y.data_mut(), &z);
                    Cache::Activation { y: y.data().to_vec(), z }
                }
                LayerSpec::Dropout(dropout) => {
                    let mut stream = Stream::new(self.seed, Purpose::Dropout, setting.step as u64 * 65_536 + block);
                    let mut mask = vec![0; n * units * Dropout::MASK_BYTES];
                    Dropout::draw_mask(&mut mask, &mut stream);
                    let dropout = Dropout { ratio: dropout.ratio * setting.ratio_factor, ..dropout };
                    dropout.forward_training(y.data_mut(), &mask);
                    Cache::Dropout { dropout, mask }
                }
                LayerSpec::Ensemble(_) => unreachable!("passed over above"),
            });
        }

        let mut d = Matrix::zeros(n, y.n_columns());
        let n_outputs = y.n_columns();
        // The mean of the members' losses, each over the same rows.
        let mut losses = Vec::new();
        for (d, y) in d.data_mut().chunks_mut(n / members * n_outputs).zip(y.data().chunks(n / members * n_outputs)) {
            losses.push(setting.loss.value_and_gradient(d, y, n_outputs, setting.targets, setting.row_weights));
            for d in d {
                *d = *d / T::from_f64(members as f64);
            }
        }
        let loss = losses.iter().sum::<f64>() / members as f64;
        let mut gradients = Named::new();
        let layers = self.spec.layers.iter().filter(|layer| !matches!(layer, LayerSpec::Ensemble(_)));
        let with_caches: Vec<_> = layers.zip(caches).collect();
        for (layer, cache) in with_caches.into_iter().rev() {
            match (layer, cache) {
                (LayerSpec::Embedding(spec), Cache::Embedding { x }) => {
                    gradients.extend(embedding::backward(spec, &self.parameters, &x, &d));
                }
                (LayerSpec::Affine(_), Cache::Affine { x }) if self.ensemble().is_some() => {
                    d = self.member_backward(n_affine, &d, &x, &mut gradients);
                    n_affine -= 1;
                }
                (LayerSpec::Affine(affine), Cache::Affine { x }) => {
                    let w = self.weights(n_affine, x.n_columns(), affine.outputs);
                    let (mut dx, mut dw) = (Matrix::zeros(n, x.n_columns()), Matrix::zeros(w.n_rows(), w.n_columns()));
                    let mut db = affine.bias.then(|| vec![T::ZERO; affine.outputs]);
                    let (mut dx_view, mut dw_view) = (dx.view_mut(), dw.view_mut());
                    let scaled = self.scaled(n_affine, &x);
                    affine_backward(&mut dx_view, &mut dw_view, db.as_deref_mut(), d.view(), scaled.view(), w.view());
                    if let Some(scale) = self.parameters.get(&format!("affine{n_affine}.scale")) {
                        let mut dscale = vec![T::ZERO; scale.len()];
                        for row in 0..n {
                            for (i, dscale) in dscale.iter_mut().enumerate() {
                                let at = row * scale.len() + i;
                                *dscale += dx.data()[at] * x.data()[at];
                                dx.data_mut()[at] *= scale[i];
                            }
                        }
                        gradients.insert(format!("affine{n_affine}.scale"), dscale);
                    }
                    gradients.insert(format!("affine{n_affine}.weight"), dw.data().to_vec());
                    if let Some(db) = db {
                        gradients.insert(format!("affine{n_affine}.bias"), db);
                    }
                    d = dx;
                    n_affine -= 1;
                }
                (LayerSpec::BatchNorm(norm), Cache::BatchNorm { normalized, inverse_std }) => {
                    let name = |part: &str| format!("batch_norm{n_norm}.{part}");
                    let [mut dscale, mut dshift] = [(); 2].map(|()| vec![T::ZERO; d.n_columns()]);
                    let scale = &self.parameters[&name("scale")];
                    norm.backward(d.data_mut(), &mut dscale, &mut dshift, &normalized, &inverse_std, scale);
                    gradients.insert(name("scale"), dscale);
                    gradients.insert(name("shift"), dshift);
                    n_norm -= 1;
                }
                (LayerSpec::Activation(activation), Cache::Activation { y, z }) => {
                    activation.backward(d.data_mut(), &y, &z);
                }
                (LayerSpec::Dropout(_), Cache::Dropout { dropout, mask }) => dropout.backward(d.data_mut(), &mask),
                _ => unreachable!("each layer left its own cache"),
            }
        }
        Pass { loss, gradients }
    }

    /// The outputs in evaluation mode.
    pub(crate) fn evaluate(&self, x: &Matrix<T>) -> Matrix<T> {
        let mut y = self.for_members(x);
        let (mut n_affine, mut n_norm) = (0, 0);
        for layer in &self.spec.layers {
            let units = y.n_columns();
            match layer {
                LayerSpec::Embedding(spec) => y = embedding::forward(spec, &self.parameters, &y),
                LayerSpec::Affine(affine) => {
                    n_affine += 1;
                    y = self.affine(n_affine, &y, affine.outputs);
                }
                LayerSpec::BatchNorm(norm) => {
                    n_norm += 1;
                    let of = |part: &str| &self.parameters[&format!("batch_norm{n_norm}.{part}")][..];
                    let [mut factor, mut offset] = [(); 2].map(|()| vec![T::ZERO; units]);
                    let (mean, variance) = (of("running_mean"), of("running_variance"));
                    norm.evaluation_map(&mut factor, &mut offset, of("scale"), of("shift"), mean, variance);
                    norm.forward_evaluation(y.data_mut(), &factor, &offset);
                }
                LayerSpec::Activation(activation) => activation.forward_in_place(y.data_mut()),
                LayerSpec::Dropout(dropout) => dropout.forward_evaluation(y.data_mut()),
                LayerSpec::Ensemble(_) => {}
            }
        }
        match self.ensemble() {
            Some(ensemble) => averaged(ensemble, &y, x.n_rows()),
            None => y,
        }
    }

    /// One update, from the plain gradient and [`goodfit_nn::Optimizer::update`]. Returns the loss.
    pub(crate) fn step(
        &mut self,
        x: &Matrix<T>,
        (targets, row_weights): (Targets<'_, T>, Option<&[T]>),
        training: &TrainingSpec,
    ) -> f64 {
        let (step, n_steps) = (self.n_steps_done, training.n_steps);
        let ratio_factor = training.dropout_schedule.factor(step, n_steps);
        let pass = self.pass(x, &Setting { loss: training.loss, targets, row_weights, step, ratio_factor });
        let gradient_scale = match training.clip_norm {
            Some(bound) => clip_scale(gradient_norm(pass.gradients.values().map(Vec::as_slice)), bound),
            None => 1.0,
        };
        let rate = training.schedule.factor(step, n_steps) * goodfit_nn::warmup_factor(step, training.warmup_steps);
        let decay = training.weight_decay.scaled(training.decay_schedule.factor(step, n_steps));
        for parameter in self.described.iter().filter(|parameter| parameter.kind.is_trained()) {
            let values = self.parameters.get_mut(&parameter.name).expect("a known name");
            let n_state = training.optimizer.n_state() * values.len();
            let state = self.state.entry(parameter.name.clone()).or_insert_with(|| vec![T::ZERO; n_state]);
            let is_weight = parameter.kind == Kind::Weight;
            let update = UpdateStep {
                learning_rate: training.learning_rate * rate * parameter.learning_rate,
                decay: if is_weight { decay.scaled(parameter.decay) } else { WeightDecay::None },
                gradient_scale,
                step: step as u64 + 1,
            };
            training.optimizer.update(values, state, &pass.gradients[&parameter.name], &update);
            if let Some(bound) = parameter.max_norm {
                let mut factors = vec![T::ZERO; parameter.shape[1]];
                max_norm(values, &mut factors, bound);
            }
        }
        self.n_steps_done += 1;
        pass.loss
    }
}
