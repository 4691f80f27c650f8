//! A training engine for feed-forward networks: layers, losses, optimisers, trainer.
//!
//! It does no IO, has no global state and allocates nothing per training step. Randomness and
//! parallelism are arguments.

mod error;
mod float;
pub mod kernels;
mod matrix;
mod random;

mod clip;
mod early_stopping;
mod init;
pub mod layers;
pub mod losses;
mod max_norm;
pub mod optimizers;
mod schedule;

pub use clip::{clip_scale, gradient_norm};
pub use early_stopping::{Decision, Direction, EarlyStopping};
pub use error::Error;
pub use float::Float;
pub use init::Init;
pub use layers::{Activation, BatchNorm, Convention, Dropout, DropoutForm, RunningForm};
pub use losses::{Loss, Targets};
pub use matrix::{MatMut, MatRef, Matrix};
pub use max_norm::max_norm;
pub use optimizers::{AdamForm, NesterovForm, Optimizer, UpdateStep, WeightDecay};
pub use random::{Purpose, Stream, derive_seed};
pub use schedule::{Schedule, warmup_factor};
