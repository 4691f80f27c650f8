//! Samplers: from a space and the trials so far to the next trials.

mod gp;
mod random;

pub use gp::Gp;
pub use random::Random;
