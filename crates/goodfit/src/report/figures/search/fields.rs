//! What a search varied, as axes.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::figure::{Axis, Scale};
use crate::report::figures::{axes, keys};
use crate::report::label;
use crate::results::{NarrowRange, Results, SearchedField};

/// Characters of a choice that fit beside an axis.
const LONGEST_NAME: usize = 26;

/// A field that was varied.
pub(in crate::report) struct Field {
    pub(in crate::report) path: String,
    pub(in crate::report) label: String,
    /// Its range with a margin, or the names of its choices.
    pub(in crate::report) axis: Axis,
    /// What it was allowed to be; absent for choices.
    pub(in crate::report) range: Option<[f64; 2]>,
    choices: Vec<Value>,
    /// Its place among the fields of the search, which rounds go by.
    pub(in crate::report) index: usize,
}

/// The fields of a search in the order of the recipe; where the results do not say what was varied, what the trials
/// differ in.
pub(in crate::report) fn fields(results: &Results) -> Vec<Field> {
    let space = results.search.as_ref().map(|search| search.space.clone()).filter(|space| !space.is_empty());
    let space = space.unwrap_or_else(|| guessed(results));
    space
        .into_iter()
        .enumerate()
        .filter(|(_, field)| results.trials.iter().any(|trial| trial.settings.contains_key(&field.path)))
        .map(|(index, field)| Field::new(results, index, field))
        .collect()
}

fn guessed(results: &Results) -> Vec<SearchedField> {
    let mut found: BTreeMap<&String, Vec<&Value>> = BTreeMap::new();
    for (path, value) in results.trials.iter().flat_map(|trial| &trial.settings) {
        found.entry(path).or_default().push(value);
    }
    let field = |(path, values): (&String, Vec<&Value>)| {
        let is_number = values.iter().all(|value| value.is_number());
        let choices = if is_number { Vec::new() } else { distinct(&values) };
        SearchedField { path: path.clone(), label: label::field(path), choices, ..SearchedField::default() }
    };
    found.into_iter().map(field).collect()
}

/// By their text: values of JSON have no order and no hash.
fn distinct(values: &[&Value]) -> Vec<Value> {
    let by_text: BTreeMap<String, &Value> = values.iter().map(|value| (value.to_string(), *value)).collect();
    by_text.into_values().cloned().collect()
}

impl Field {
    fn new(results: &Results, index: usize, field: SearchedField) -> Self {
        let label = if field.label.is_empty() { label::field(&field.path) } else { field.label };
        if !field.choices.is_empty() {
            let names = field.choices.iter().map(|choice| short(&label::value(choice))).collect();
            let axis = Axis::named(&label, names);
            return Self { path: field.path, label, axis, range: None, choices: field.choices, index };
        }
        let number = |settings: &BTreeMap<String, Value>| settings.get(&field.path).and_then(Value::as_f64);
        let sampled = results.trials.iter().filter_map(|trial| number(&trial.settings));
        // Points that were put in by hand may lie outside of the range.
        let values: Vec<f64> = sampled.chain(field.low).chain(field.high).filter(|x| x.is_finite()).collect();
        let range = field.low.zip(field.high).map(|(low, high)| [low, high]);
        let mut axis = axes::parameter(&label, &values);
        if range.is_some() {
            axis = within(&label, &values, field.log);
        }
        Self { path: field.path, label, axis, range, choices: Vec::new(), index }
    }

    /// Where a value lies on the axis; NaN where there is none.
    pub(in crate::report) fn place(&self, value: Option<&Value>) -> f64 {
        let Some(value) = value else { return f64::NAN };
        if self.choices.is_empty() {
            return value.as_f64().unwrap_or(f64::NAN);
        }
        self.choices.iter().position(|choice| choice == value).map_or(f64::NAN, |place| place as f64)
    }

    /// What a round of the sampler `narrow` left of it, as stretches of the axis.
    pub(in crate::report) fn left(&self, range: &NarrowRange) -> Vec<[f64; 2]> {
        match (range.low, range.high) {
            (Some(low), Some(high)) => vec![[low, high]],
            _ => range
                .choices
                .iter()
                .map(|choice| self.place(Some(choice)))
                .filter(|place| place.is_finite())
                .map(|place| [place - 0.5, place + 0.5])
                .collect(),
        }
    }

    /// True when its values are choices.
    pub(in crate::report) fn has_choices(&self) -> bool {
        !self.choices.is_empty()
    }
}

/// An axis over a range that is said to be logarithmic or not, with a margin.
fn within(label: &str, values: &[f64], log: bool) -> Axis {
    let (low, high) = (
        values.iter().copied().fold(f64::INFINITY, f64::min),
        values.iter().copied().fold(f64::NEG_INFINITY, f64::max),
    );
    if log && low > 0.0 && high > low {
        let margin = (high / low).powf(0.03);
        return Axis { scale: Scale::Log, ..Axis::linear(label, "", [low / margin, high * margin]) };
    }
    let margin = if high > low { 0.03 * (high - low) } else { 0.1 * low.abs().max(1.0) };
    Axis::linear(label, "", [low - margin, high + margin])
}

fn short(name: &str) -> String {
    if name.chars().count() <= LONGEST_NAME {
        return name.to_owned();
    }
    name.chars().take(LONGEST_NAME - 1).collect::<String>() + "…"
}

/// Fields with their share, the most important first; where it is not known, the order of the recipe.
pub(in crate::report) fn by_importance(results: &Results, fields: &[Field]) -> Vec<usize> {
    let shares = results.search.as_ref().map(|search| &search.importance[..]).unwrap_or_default();
    let share = |index: usize| {
        let found = shares.iter().find(|share| share.path == fields[index].path);
        found.map(|found| found.share).filter(|share| share.is_finite()).unwrap_or(0.0)
    };
    let mut order: Vec<usize> = (0..fields.len()).collect();
    order.sort_by(|&a, &b| share(b).total_cmp(&share(a)).then(a.cmp(&b)));
    order
}

/// Names that are not told apart get their path.
pub(in crate::report) fn labels(fields: &[Field]) -> Vec<String> {
    let all = keys::distinct(fields.iter().map(|field| field.label.clone()));
    let name = |field: &Field| {
        if all.len() == fields.len() { field.label.clone() } else { field.path.clone() }
    };
    fields.iter().map(name).collect()
}
