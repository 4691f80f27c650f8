//! The experiments of chapter 6 of "Deep Learning from Scratch" and what the chapter says of them.

pub mod claims;

/// The experiments in the chapter's order, as `reproduce` knows them.
pub const NAMES: [&str; 7] =
    ["activations", "weight-init", "batch-norm", "weight-decay", "dropout", "search", claims::NAME];
