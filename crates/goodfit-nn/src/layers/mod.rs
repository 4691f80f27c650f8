//! Layers: for each its specification and its plain forward and backward pair.
mod activation;
mod batch_norm;
mod dropout;

pub use activation::Activation;
pub use batch_norm::{BatchNorm, RunningForm};
pub use dropout::{Dropout, DropoutForm};

/// Which of two conventions a network follows where the textbook and the field differ.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Convention {
    /// As in the textbook "Deep Learning from Scratch".
    Textbook,
    /// As the frameworks of the field do it.
    #[default]
    Field,
}
