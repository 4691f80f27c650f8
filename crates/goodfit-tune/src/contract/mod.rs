//! What every implementation has to keep: kits of checks to call from a test, for one's own as for ours.

mod pruner;
mod sampler;
mod storage;

pub use pruner::pruner;
pub use sampler::{sampler, spaces};
pub use storage::storage;
