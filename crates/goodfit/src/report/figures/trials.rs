//! The curves of the best trials of a search.

use super::curves::columns;
use super::{axes, keys, origin};
use crate::figure::{Axis, Figure, Panel, Series, Shape};
use crate::report::label;
use crate::results::{Arm, Results};

/// Trials whose curves are drawn.
const BEST: usize = 20;

/// The figures of a search.
pub(super) fn trials(results: &Results) -> Vec<Figure> {
    let mut out = Vec::new();
    if !results.arms.is_empty() {
        out.push(best_curves(results));
    }
    out.extend(super::search::search(results));
    out
}

/// A panel for each of the best trials, a line for each metric.
fn best_curves(results: &Results) -> Figure {
    let arms = &results.arms[..results.arms.len().min(BEST)];
    let all = || arms.iter().flat_map(|arm| &arm.runs).flat_map(|run| run.curves.keys().cloned());
    let metrics =
        if results.report.metrics.is_empty() { keys::distinct(all()) } else { results.report.metrics.clone() };
    let same: Vec<&String> = metrics
        .iter()
        .filter(|metric| label::quantity(metric) == label::quantity(&results.primary_metric))
        .filter(|metric| all().any(|name| name == **metric))
        .collect();
    let mut panels: Vec<Panel> = arms
        .iter()
        .enumerate()
        .map(|(rank, arm)| {
            let series = same.iter().enumerate().filter_map(|(key, metric)| curve(arm, metric, key)).collect();
            let axis = Axis::linear("", "", [0.0, 1.0]);
            Panel { title: best_title(results, rank, arm), note: String::new(), x: axis.clone(), y: axis, series }
        })
        .collect();
    let quantity = label::quantity(&results.primary_metric);
    let y = axes::metric(quantity, &label::metric(quantity), panels.iter().flat_map(|panel| &panel.series));
    let last = panels.iter().flat_map(|panel| &panel.series).filter_map(|series| match &series.shape {
        Shape::Line { x, .. } => x.last().copied(),
        _ => None,
    });
    let x = axes::steps(last.fold(0.0, f64::max));
    for panel in &mut panels {
        panel.x = x.clone();
        panel.y = y.clone();
    }
    let names: Vec<String> = same.iter().map(|metric| label::metric(metric)).collect();
    Figure {
        name: "best-trials".to_owned(),
        title: format!("The best {} trials", panels.len()),
        caption: format!(
            "{}. Of {}, ranked by {}; each panel is one training.",
            origin(results),
            label::count(results.trials.len().max(arms.len()), "trial", "trials"),
            label::metric(&results.primary_metric)
        ),
        columns: columns(panels.len()),
        legend: keys::keys(&names),
        panels,
    }
}

fn best_title(results: &Results, rank: usize, arm: &Arm) -> String {
    results.trials.get(rank).map_or_else(
        || format!("{}: {}", rank + 1, arm.name),
        |trial| format!("{}: {} (trial {})", rank + 1, label::number(trial.value), trial.trial),
    )
}

fn curve(arm: &Arm, metric: &str, key: usize) -> Option<Series> {
    let curve = arm.runs.first()?.curves.get(metric)?;
    let x = curve.step.iter().map(|&step| step as f64).collect();
    Some(Series {
        key,
        note: String::new(),
        shape: Shape::Line { x, y: curve.value.clone(), band: None, cross: None, thin: false },
    })
}
