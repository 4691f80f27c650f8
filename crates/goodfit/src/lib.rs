//! `goodfit` finds out, by experiment, what makes a feed-forward network train well.

pub mod data;
pub mod recipe;
pub mod results;
pub mod run;
