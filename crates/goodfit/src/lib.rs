#![doc = include_str!("../README.md")]

#![cfg_attr(test, allow(clippy::float_cmp, clippy::unreadable_literal))]

pub mod chapter;
#[cfg(feature = "cli")]
pub mod cli;
pub mod comparison;
pub mod data;
#[cfg(feature = "report")]
pub mod figure;
pub mod files;
pub mod jobs;
pub mod recipe;
#[cfg(feature = "report")]
pub mod report;
pub mod results;
pub mod run;
pub mod search;
pub mod statistics;
pub mod weights;
