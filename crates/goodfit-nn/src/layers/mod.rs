//! Layers: for each its specification and its plain forward and backward pair.
//!
//! These loops say what a layer is. The fused blocks of a network call them on the arena's buffers
//! and are tested against them. Every function writes into buffers that the caller owns: outputs
//! first, then caches, inputs, parameters. Gradients carry a `d` prefix.
#![allow(clippy::inline_always, reason = "the loops are compiled into the kernels' dispatch by instruction set")]

mod activation;
mod affine;
mod batch_norm;
mod batch_norm_rows;
mod dropout;
mod embedding;
mod ensemble;
mod unit_functions;

pub use activation::Activation;
pub use affine::{Affine, Group, affine_backward, affine_forward};
pub use batch_norm::{BatchNorm, BatchNormCache, RunningForm, RunningStatistics};
pub use dropout::{Dropout, DropoutForm};
pub use embedding::{
    Embedding, LevelColumn, NumericColumns, NumericEmbedding, bin_of, encode_periodic, encode_periodic_backward,
    encode_piecewise_linear,
};
pub use ensemble::{Average, Ensemble, SharedAffine, SharedAffineGradient};

/// Which of two conventions a network follows where the textbook and the field differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Convention {
    /// As in the textbook "Deep Learning from Scratch".
    Textbook,
    /// As the frameworks of the field do it.
    #[default]
    Field,
}
