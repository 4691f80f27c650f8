//! What the Rust peers share: the task as `peer.py` hands it over, rows, trainings and the protocol.
//!
//! A peer is a program that implements [`Peer`] and calls [`main`].

mod model;
mod protocol;
mod rows;
mod task;
mod training;

pub use model::{BatchNorm, Dropout, Model, Optimizer, Weights};
pub use protocol::main;
pub use rand::rngs::SmallRng;
pub use rows::Rows;
pub use training::Peer;

/// Frameworks that allocate every result gain by an allocator that keeps large blocks instead of returning their pages.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
