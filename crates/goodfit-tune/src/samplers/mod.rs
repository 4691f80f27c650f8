//! Samplers: from a space and the trials so far to the next trials.

mod random;

pub use random::Random;
