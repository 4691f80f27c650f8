//! Figures of a search, one file a kind.

mod best_of;
mod contour;
mod course;
mod fields;
mod history;
mod importance;
mod parallel;
mod parameters;
mod rounds;
mod surface;

use crate::figure::Figure;
use crate::report::search::gain;
use crate::results::Results;

pub(in crate::report) use course::{Course, is_finished};
pub(in crate::report) use fields::labels;

/// The figures of a search beside the curves of its best trials.
pub(super) fn search(results: &Results) -> Vec<Figure> {
    if results.trials.is_empty() {
        return Vec::new();
    }
    let course = Course::new(results);
    let mut out = vec![history::history(&course)];
    out.extend(parameters::parameters(&course));
    out.extend(importance::importance(&course));
    out.extend(contour::contour(&course));
    out.extend(parallel::parallel(&course));
    out.extend(rounds::rounds(&course));
    out.extend(best_of::best_of(&course));
    out
}
