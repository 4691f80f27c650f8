//! What every implementation has to keep: kits of checks to call from a test, for one's own as for ours.

mod sampler;

pub use sampler::{sampler, spaces};
