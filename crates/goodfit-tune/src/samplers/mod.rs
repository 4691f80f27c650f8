//! Samplers: from a space and the trials so far to the next trials.

mod gp;
pub mod narrow;
mod grid;
mod random;
mod sobol;

pub use gp::Gp;
pub use narrow::Narrow;
pub use grid::Grid;
pub use random::Random;
pub use sobol::Sobol;
