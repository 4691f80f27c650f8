//! `goodfit` finds out, by experiment, what makes a feed-forward network train well.

#![cfg_attr(test, allow(clippy::float_cmp, clippy::unreadable_literal))]

pub mod files;
pub mod jobs;
pub mod recipe;
pub mod results;
pub mod statistics;
pub mod weights;
