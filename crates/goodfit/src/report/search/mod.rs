//! What a report says of a search beside its figures: sentences, tables, and the trials as data for the script.

mod data;
mod sentences;
mod tables;

pub(super) use data::{Table, table};
pub(super) use sentences::{gain, sentences};
pub(super) use tables::{audit, rounds, space, winner};
