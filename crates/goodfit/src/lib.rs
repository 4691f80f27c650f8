//! `goodfit` finds out, by experiment, what makes a feed-forward network train well.

#[cfg(feature = "report")]
pub mod figure;
pub mod recipe;
#[cfg(feature = "report")]
pub mod report;
pub mod results;
