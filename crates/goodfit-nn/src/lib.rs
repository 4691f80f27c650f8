#![doc = include_str!("../README.md")]

mod error;
mod float;
pub mod kernels;
mod matrix;
mod random;

mod clip;
mod init;
pub mod layers;
pub mod losses;
mod max_norm;
pub mod optimizers;
mod schedule;

mod activations;
mod batches;
mod inputs;
mod network;
mod trainer;

pub use activations::ActivationStatistics;
pub use batches::{BatchOrder, Batches};
pub use clip::{clip_scale, gradient_norm};
pub use error::Error;
pub use float::Float;
pub use init::Init;
pub use inputs::Inputs;
pub use layers::{
    Activation, Affine, Average, BatchNorm, Convention, Dropout, DropoutForm, Embedding, Ensemble, Group, LevelColumn,
    NumericColumns, NumericEmbedding, RunningForm,
};
pub use losses::{Loss, Targets};
pub use matrix::{MatMut, MatRef, Matrix};
pub use max_norm::max_norm;
pub use network::{Kind, LayerSpec, Network, NetworkSpec, Parameter, Score, Workspace};
pub use optimizers::{AdamForm, NesterovForm, Optimizer, UpdateStep, WeightDecay};
pub use random::{Purpose, Stream, derive_seed};
pub use schedule::{Schedule, warmup_factor};
pub use trainer::{Batch, Trainer, TrainingSpec};
