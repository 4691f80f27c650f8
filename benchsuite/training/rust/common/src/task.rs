//! The task as `peer.py` hands it over.

use serde::Deserialize;
use std::path::PathBuf;

#[derive(Deserialize)]
pub(crate) struct Task {
    pub(crate) mnist: PathBuf,
    pub(crate) seed: u64,
    #[serde(flatten)]
    pub(crate) training: Training,
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Training {
    /// The arms with these numbers of an experiment.
    Arms(Experiment, Vec<usize>),
    Network(Network),
}

/// Arms that share rows, steps and shape; the fields are those of `experiments.py`.
#[derive(Deserialize)]
pub(crate) struct Experiment {
    pub(crate) arms: Vec<Arm>,
    pub(crate) hidden: Vec<usize>,
    pub(crate) train_rows: usize,
    pub(crate) n_steps: usize,
    pub(crate) batch_size: usize,
    pub(crate) evaluate_every: usize,
    pub(crate) held_out: Option<String>,
    pub(crate) loss_after_update: bool,
}

/// One training.
#[derive(Deserialize)]
pub(crate) struct Arm {
    pub(crate) init: Init,
    pub(crate) batch_norm: bool,
    pub(crate) dropout: Option<f64>,
    pub(crate) learning_rate: f64,
    pub(crate) weight_decay: f64,
}

/// Standard deviation of the initial weights, or the rule that it follows.
#[derive(Deserialize)]
#[serde(untagged)]
pub(crate) enum Init {
    Std(f64),
    Rule(Rule),
}

#[derive(Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Rule {
    Xavier,
    He,
}

/// One of the larger networks; the fields are those of `networks.py`.
#[derive(Deserialize)]
pub(crate) struct Network {
    pub(crate) hidden: Vec<usize>,
    pub(crate) optimizer: Method,
    pub(crate) learning_rate: f64,
    pub(crate) batch_size: usize,
    pub(crate) batch_norm: bool,
    pub(crate) dropout: f64,
    pub(crate) n_epochs: usize,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Method {
    Adam,
    Momentum,
}
