//! `goodfit` finds out, by experiment, what makes a feed-forward network train well, and trains it.

#![cfg_attr(test, allow(clippy::float_cmp, clippy::unreadable_literal))]

pub mod data;
pub mod recipe;
pub mod results;
pub mod run;
pub mod statistics;
