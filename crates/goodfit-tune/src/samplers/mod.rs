//! Samplers: from a space and the trials so far to the next trials.

mod auto;
mod cma_es;
mod gp;
mod grid;
pub mod narrow;
mod random;
mod sobol;
mod tpe;

pub use auto::Auto;
pub use cma_es::CmaEs;
pub use gp::Gp;
pub use grid::Grid;
pub use narrow::Narrow;
pub use random::Random;
pub use sobol::Sobol;
pub use tpe::Tpe;
