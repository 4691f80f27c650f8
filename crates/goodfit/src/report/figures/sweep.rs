//! The primary metric at the end of training against a number that the arms vary.

use std::fmt::Write as _;

use serde_json::Value;

use super::spread::interval;
use super::{axes, keys, origin};
use crate::figure::{Band, Figure, Panel, Series, Shape};
use crate::report::label;
use crate::results::{Arm, Results};

/// A field with fewer values than this is a set of arms, not a sweep.
const FEWEST: usize = 4;

/// One figure for the field with the most numeric values, where there are enough of them.
pub(super) fn sweep(results: &Results) -> Option<Figure> {
    let metric = results.primary_metric.as_str();
    let field = field(&results.arms)?;
    let rests = keys::distinct(results.arms.iter().filter_map(|arm| rest(arm, &field)));
    let mut lines: Vec<Vec<(f64, f64, [f64; 2])>> = vec![Vec::new(); rests.len()];
    let (mut left_out, mut runs) = (0, Vec::new());
    for arm in &results.arms {
        let Some((x, key)) = number(arm.settings.get(&field)).zip(rest(arm, &field)) else { continue };
        let values: Vec<f64> = arm.runs.iter().filter_map(|run| run.final_.get(metric).copied()).collect();
        if values.is_empty() || values.iter().any(|value| !value.is_finite()) {
            left_out += 1;
            continue;
        }
        runs.push(values.len());
        let (mean, range) = interval(&values);
        let line = rests.iter().position(|other| *other == key)?;
        lines[line].push((x, mean, range));
    }
    let series: Vec<Series> = lines
        .into_iter()
        .enumerate()
        .filter(|(_, points)| !points.is_empty())
        .map(|(key, mut points)| {
            points.sort_by(|a, b| a.0.total_cmp(&b.0));
            let column = |of: fn(&(f64, f64, [f64; 2])) -> f64| points.iter().map(of).collect::<Vec<f64>>();
            let band = Band { low: column(|p| p.2[0]), high: column(|p| p.2[1]) };
            let band = runs.iter().any(|&n| n > 1).then_some(band);
            let shape = Shape::Line { x: column(|p| p.0), y: column(|p| p.1), band, cross: None, thin: false };
            Series { key, note: String::new(), shape }
        })
        .collect();
    if series.is_empty() {
        return None;
    }
    let xs: Vec<f64> = results.arms.iter().filter_map(|arm| number(arm.settings.get(&field))).collect();
    let text = label::metric(metric);
    let y = axes::metric(metric, &text, series.iter());
    let name = label::long_field(&field);
    let title = label::capitalised(&format!("{text} at the end by {name}"));
    let x = axes::parameter(&axis_label(&results.arms, &field), &xs);
    Some(Figure {
        name: "sweep".to_owned(),
        title,
        caption: caption(results, &runs, left_out),
        columns: 1,
        legend: keys::keys(&rests),
        panels: vec![Panel { title: String::new(), note: String::new(), x, y, series }],
    })
}

/// The field with the most distinct numbers among the arms.
fn field(arms: &[Arm]) -> Option<String> {
    let paths = keys::distinct(arms.iter().flat_map(|arm| arm.settings.keys().cloned()));
    let count = |path: &String| {
        let numbers = arms.iter().filter_map(|arm| number(arm.settings.get(path)));
        keys::distinct(numbers.map(|x| x.to_string())).len()
    };
    paths
        .into_iter()
        .map(|path| (count(&path), path))
        .filter(|(n, _)| *n >= FEWEST)
        .max_by_key(|(n, _)| *n)
        .map(|p| p.1)
}

/// A number, or the only number of a table such as `{ std = 0.01 }`.
fn number(value: Option<&Value>) -> Option<f64> {
    match value? {
        Value::Number(number) => number.as_f64(),
        Value::Object(map) if map.len() == 1 => map.values().next()?.as_f64(),
        _ => None,
    }
}

/// `init std` when the values of `init` are tables.
fn axis_label(arms: &[Arm], field: &str) -> String {
    let name = label::field(field);
    arms.iter()
        .find_map(|arm| arm.settings.get(field)?.as_object()?.keys().next().cloned())
        .map_or_else(|| name.clone(), |key| format!("{name} {key}"))
}

/// What else the arm sets; arms without a number in the field are no part of the figure.
fn rest(arm: &Arm, field: &str) -> Option<String> {
    number(arm.settings.get(field))?;
    Some(label::rest(arm, field))
}

fn caption(results: &Results, runs: &[usize], left_out: usize) -> String {
    let mut out = origin(results);
    out += &super::means(results, runs);
    out += super::bands(runs);
    out.push('.');
    match left_out {
        0 => {}
        1 => out += " One arm whose value is not finite is left out.",
        n => {
            let _ = write!(out, " {n} arms whose values are not finite are left out.");
        }
    }
    out
}
