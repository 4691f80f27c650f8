//! A training engine for feed-forward networks: layers, losses, optimisers, trainer.
//!
//! It does no IO, has no global state and allocates nothing per training step. Randomness and
//! parallelism are arguments.

mod float;
pub mod kernels;
mod matrix;
mod random;

mod init;
pub mod layers;
pub mod losses;
pub mod optimizers;
mod schedule;

pub use float::Float;
pub use init::Init;
pub use layers::{Activation, BatchNorm, Convention, Dropout, DropoutForm, RunningForm};
pub use losses::{Loss, Targets};
pub use matrix::{MatMut, MatRef, Matrix};
pub use optimizers::{AdamForm, NesterovForm, Optimizer, WeightDecay};
pub use random::{Purpose, Stream, derive_seed};
pub use schedule::Schedule;
