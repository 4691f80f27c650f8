//! The trials of a search as columns, once in the page for all its figures.

use serde::Serialize;
use serde::ser::Serializer;

use crate::figure::Axis;
use crate::report::figures::{Course, labels};
use crate::results::Results;

/// The trials by rank.
#[derive(Serialize)]
pub(in crate::report) struct Table {
    /// Of the columns: the number of the trial, the fields, the value.
    axes: Vec<Axis>,
    columns: Vec<Column>,
    /// A letter a trial: what became of it.
    groups: String,
    /// Why trials failed: the text once, and the ranks of the trials.
    reasons: Vec<(String, Vec<usize>)>,
}

/// Numbers with four significant digits; a place among the names of the axis; `null` for none.
struct Column(Vec<f64>);

/// Nothing for results without trials.
pub(in crate::report) fn table(results: &Results) -> Option<Table> {
    if results.trials.is_empty() {
        return None;
    }
    let course = Course::new(results);
    let all = 0..=course.value_column();
    let mut axes: Vec<Axis> = all.clone().map(|column| course.axis(column)).collect();
    for (axis, label) in axes[1..].iter_mut().zip(labels(&course.fields)) {
        axis.label = label;
    }
    let columns =
        all.map(|column| Column(results.trials.iter().map(|trial| course.at(column, trial)).collect())).collect();
    let mut reasons: Vec<(String, Vec<usize>)> = Vec::new();
    for (rank, reason) in results.trials.iter().enumerate().filter_map(|(rank, t)| Some((rank, t.reason.as_ref()?))) {
        match reasons.iter_mut().find(|(text, _)| text == reason) {
            Some((_, ranks)) => ranks.push(rank),
            None => reasons.push((reason.clone(), vec![rank])),
        }
    }
    Some(Table { axes, columns, groups: course.groups.iter().map(|group| group.letter()).collect(), reasons })
}

impl Serialize for Column {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().map(|&x| short(x)))
    }
}

/// As the shortest text of JSON.
fn short(x: f64) -> Option<serde_json::Number> {
    if !x.is_finite() {
        return None;
    }
    if x.fract() == 0.0 && x.abs() < 1e15 {
        return Some(serde_json::Number::from(x as i64));
    }
    serde_json::Number::from_f64(format!("{x:.3e}").parse().unwrap_or(x))
}
