//! Samplers: from a space and the trials so far to the next trials.

mod cma_es;
mod gp;
mod random;

pub use cma_es::CmaEs;
pub use gp::Gp;
pub use random::Random;
