//! Samplers: from a space to parameters. Each is pure in its arguments, the stream included.

mod random;

pub use random::random;
