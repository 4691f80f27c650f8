//! Samplers: from a space and the trials so far to the next trials.

mod gp;
pub mod narrow;
mod random;

pub use gp::Gp;
pub use narrow::Narrow;
pub use random::Random;
