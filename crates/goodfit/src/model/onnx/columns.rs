//! Columns as inputs of the network: the graph of [`Encoder`](crate::data::table::Encoder), in the same precision.

use std::collections::BTreeSet;

use super::dates;
use super::graph::{Graph, float, floats, int, ints, strings};
use super::proto::DataType;
use super::scales;
use crate::data::table::{Encoded, Encoder, Form, MISSING, Schema, SchemaColumn, SchemaKind};

/// Declares a column as it is handed in.
pub(super) fn declare(graph: &mut Graph, column: &SchemaColumn) {
    let (holds, doc) = match &column.kind {
        SchemaKind::Numeric => (DataType::Float, "a number; NaN where it is missing"),
        SchemaKind::Date(_) => {
            (DataType::Double, "days since 1970-01-01 in UTC, with the time as a fraction; NaN where it is missing")
        }
        SchemaKind::Categorical(_) => (DataType::String, "a text without blanks around it; empty where it is missing"),
    };
    graph.input(&column.name, holds, doc);
}

/// The inputs of the network: those that are scaled, then the numbers of levels.
///
/// # Shapes
/// N x inputs.
pub(super) fn add(graph: &mut Graph, schema: &Schema, encoder: &Encoder) -> String {
    let (mut scaled, mut levels) = (Vec::new(), Vec::new());
    for encoded in &encoder.columns {
        let parts = if let Form::Level { .. } = encoded.form { &mut levels } else { &mut scaled };
        add_column(graph, schema, encoded, parts);
    }
    let beside = |graph: &mut Graph, name: &str, parts: &[String]| {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        graph.add_with(name, "Concat", &parts, vec![int("axis", 1)])
    };
    if !scaled.is_empty() {
        let raw = beside(graph, "inputs.raw", &scaled);
        scaled = vec![scales::add(graph, &raw, &encoder.scales)];
    }
    match scaled.as_slice() {
        [scaled] if levels.is_empty() => scaled.clone(),
        _ => beside(graph, "inputs.all", &[scaled, levels].concat()),
    }
}

/// Adds N x width parts of a column, in the order of its inputs.
fn add_column(graph: &mut Graph, schema: &Schema, encoded: &Encoded, parts: &mut Vec<String>) {
    let Encoded { column, form } = encoded;
    let column = &schema.columns[*column];
    let name = column.name.as_str();
    match form {
        Form::Number { median, has_missing } => {
            let median = graph.constant(&format!("{name}.median"), &[], &[*median]);
            let is_missing = graph.add(&format!("{name}.is_missing"), "IsNaN", &[name]);
            parts.push(graph.add(&format!("{name}.filled"), "Where", &[&is_missing, &median, name]));
            indicate(graph, name, &is_missing, *has_missing, parts);
        }
        Form::Two([low, high]) => {
            let levels = levels(column);
            let keys = [low, high].map(|&code| levels[code as usize].clone());
            let attributes = vec![
                strings("keys_strings", keys),
                floats("values_floats", vec![-1.0, 1.0]),
                float("default_float", 0.0),
            ];
            parts.push(graph.add_with(&format!("{name}.sign"), "LabelEncoder", &[name], attributes));
        }
        Form::Levels { places, n_places, has_missing } => {
            let width = n_places + usize::from(*has_missing);
            if width > 0 {
                let places = table(levels(column), places, &absent(&schema.missing), has_missing.then_some(*n_places));
                parts.push(one_hot(graph, name, places, width));
            }
        }
        Form::Level { places, n_places, has_missing } => {
            let places = table(levels(column), places, &absent(&schema.missing), has_missing.then_some(*n_places));
            let place = place(graph, name, places);
            parts.push(graph.cast(&format!("{name}.level"), &place, DataType::Float));
        }
        Form::Date { median, has_missing, has_time } => {
            let median = graph.constant(&format!("{name}.median"), &[], &[*median]);
            let is_missing = graph.add(&format!("{name}.is_missing"), "IsNaN", &[name]);
            let day = graph.add(&format!("{name}.filled"), "Where", &[&is_missing, &median, name]);
            parts.push(graph.cast(&format!("{name}.day"), &day, DataType::Float));
            let [year, month, day_of_month, day_of_week, hour] = dates::parts(graph, name, &day);
            parts.extend([year, month, day_of_month, day_of_week]);
            if *has_time {
                parts.push(hour);
            }
            indicate(graph, name, &is_missing, *has_missing, parts);
        }
    }
}

fn levels(column: &SchemaColumn) -> &[String] {
    match &column.kind {
        SchemaKind::Categorical(levels) => levels,
        SchemaKind::Numeric | SchemaKind::Date(_) => &[],
    }
}

/// Where training rows miss a value, 1 for a row that misses it.
fn indicate(graph: &mut Graph, name: &str, is_missing: &str, has_missing: bool, parts: &mut Vec<String>) {
    if has_missing {
        parts.push(graph.cast(&format!("{name}.missing"), is_missing, DataType::Float));
    }
}

/// Texts with their places: levels that training rows have, and whatever stands for a missing one.
fn table(
    levels: &[String],
    places: &[Option<usize>],
    absent: &BTreeSet<String>,
    missing: Option<usize>,
) -> Vec<(String, usize)> {
    let known = levels.iter().zip(places).filter(|(level, _)| !absent.contains(*level));
    let mut pairs: Vec<(String, usize)> =
        known.filter_map(|(level, place)| place.map(|place| (level.clone(), place))).collect();
    if let Some(place) = missing {
        pairs.extend(absent.iter().map(|word| (word.clone(), place)));
    }
    pairs
}

/// What stands for a missing text: nothing, the usual words in any case of their letters, and the user's own.
fn absent(own: &[String]) -> BTreeSet<String> {
    MISSING.iter().flat_map(|word| spellings(word)).chain([String::new()]).chain(own.iter().cloned()).collect()
}

/// A word with each of its letters large and small.
fn spellings(word: &str) -> Vec<String> {
    let mut all = vec![String::new()];
    for letter in word.chars() {
        let mut cases = vec![letter.to_ascii_lowercase(), letter.to_ascii_uppercase()];
        cases.dedup();
        all = all.iter().flat_map(|start| cases.iter().map(move |case| format!("{start}{case}"))).collect();
    }
    all
}

/// The place of a text, -1 for one that has none.
fn place(graph: &mut Graph, name: &str, table: Vec<(String, usize)>) -> String {
    let (keys, places): (Vec<String>, Vec<usize>) = table.into_iter().unzip();
    let attributes = vec![
        strings("keys_strings", keys),
        ints("values_int64s", places.into_iter().map(|place| place as i64).collect()),
        int("default_int64", -1),
    ];
    graph.add_with(&format!("{name}.place"), "LabelEncoder", &[name], attributes)
}

/// 1 in the place of a text, 0 in the others; 0 in all for a text that has none.
fn one_hot(graph: &mut Graph, name: &str, table: Vec<(String, usize)>, width: usize) -> String {
    let place = place(graph, name, table);
    let all: Vec<i64> = (0..width as i64).collect();
    let all = graph.constant(&format!("{name}.places"), &[1, width], &all);
    let is_there = graph.add(&format!("{name}.is_there"), "Equal", &[&place, &all]);
    graph.cast(&format!("{name}.levels"), &is_there, DataType::Float)
}
