//! What a finished search says about itself: each check with its numbers and what to type next, only when it applies.

mod best;
mod curves;
mod space;

use goodfit_tune::Study;

use crate::recipe::SearchRecipe;
use crate::results::{Finding, Results};

/// What chance does with at most this probability, over all looks together, counts as found.
const LEVEL: f64 = 0.05;

/// All checks that apply. `takes_best`: whether trainings give back their best epoch already.
pub(super) fn checks(results: &Results, search: &SearchRecipe, takes_best: bool, study: &Study) -> Vec<Finding> {
    let mut findings = space::space(results, search, study);
    findings.extend(best::best(results, search, &study.history()));
    findings.extend(curves::curves(results, search, takes_best));
    findings
}
