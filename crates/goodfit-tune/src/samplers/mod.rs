//! Samplers: from a space and the trials so far to the next trials.

pub mod narrow;
mod random;

pub use narrow::Narrow;
pub use random::Random;
