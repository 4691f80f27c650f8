//! How databases keep what has more structure than a column.

pub(super) mod curves;
pub(super) mod distribution;
pub(super) mod json;
pub(super) mod number;
