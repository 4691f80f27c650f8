//! `goodfit` finds out, by experiment, what makes a feed-forward network train well.

pub mod recipe;
pub mod results;
