//! Hyperparameter search: what may vary and how, and samplers that draw from it.
//!
//! It knows no neural network: a [`Space`] gives names to [`Distribution`]s, a sampler makes
//! [`Parameters`] from it, and what they are good for is the caller's. Randomness is an argument.
//!
//! ```
//! use goodfit_tune::{Distribution, Space, Value, samplers};
//! use rand_chacha::{ChaCha8Rng, rand_core::SeedableRng};
//!
//! let space = Space::new([
//!     ("learning_rate", Distribution::Float { low: 1e-6, high: 1e-2, log: true, step: None }),
//!     ("depth", Distribution::Int { low: 1, high: 6, log: false, step: 1 }),
//! ])?;
//! let parameters = samplers::random(&space, &mut ChaCha8Rng::seed_from_u64(1));
//! assert!(matches!(parameters.get("depth"), Some(Value::Int(1..=6))));
//! # Ok::<(), goodfit_tune::SpaceError>(())
//! ```

#![cfg_attr(test, allow(clippy::float_cmp, clippy::unreadable_literal))]

mod distribution;
mod error;
pub mod samplers;
mod space;

pub use distribution::{Distribution, Value};
pub use error::SpaceError;
pub use space::{Parameters, Space};
