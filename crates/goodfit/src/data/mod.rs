//! Where rows come from.

pub mod idx;
