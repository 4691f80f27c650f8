//! Samplers: from a space and the trials so far to the next trials.

mod grid;
mod random;
mod sobol;
mod tpe;

pub use grid::Grid;
pub use random::Random;
pub use sobol::Sobol;
pub use tpe::Tpe;
