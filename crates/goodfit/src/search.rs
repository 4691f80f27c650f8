//! temporary
use crate::comparison::*; use crate::recipe::*; use crate::run::*;
/// x
pub fn conduct_search(e: &Experiment, o: &Options, m: &Monitor, b: &mut dyn Observer) -> Result<Conducted, ComparisonError> { conduct(e, o, m, b) }
