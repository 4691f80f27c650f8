#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::float_cmp, clippy::unreadable_literal))]

mod distribution;
mod error;
pub mod samplers;
mod space;

pub use distribution::{Distribution, Value};
pub use error::SpaceError;
pub use space::{Parameters, Space};
