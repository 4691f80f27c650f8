//! Metrics over training steps: one panel a metric, or one panel a value of the layout's field.

use super::lines::Lines;
use super::{axes, keys};
use crate::figure::{Axis, Figure, Key, Panel, Series, Shape};
use crate::report::label;
use crate::results::{Arm, Results};

/// More arms than this share one panel even when their metrics are laid over each other.
const MOST_PANELS_OF_ARMS: usize = 4;

/// The figures of all curves that the layout asks for.
pub(super) fn curves(results: &Results) -> Vec<Figure> {
    let metrics = metrics(results);
    if metrics.is_empty() || results.arms.is_empty() {
        return Vec::new();
    }
    let layout = &results.report;
    let mut out = Vec::new();
    if layout.overlay {
        for quantity in keys::distinct(metrics.iter().map(|metric| label::quantity(metric).to_owned())) {
            let group: Vec<&str> =
                metrics.iter().map(String::as_str).filter(|metric| label::quantity(metric) == quantity).collect();
            out.push(overlay(results, &group, &quantity));
        }
    } else if layout.panel.is_empty() {
        out.push(panel_a_metric(results, &metrics));
    } else {
        out.extend(metrics.iter().map(|metric| panel_a_value(results, metric)));
    }
    let single = out.len() == 1;
    for figure in &mut out {
        figure.name = if single { "curves".to_owned() } else { format!("curves-{}", figure.name.replace('_', "-")) };
    }
    out
}

/// The metrics to draw: those of the layout, or all that any run has. Those of single layers have figures
/// of their own.
fn metrics(results: &Results) -> Vec<String> {
    let runs = || results.arms.iter().flat_map(|arm| &arm.runs);
    let known = |metric: &String| runs().any(|run| run.curves.get(metric).is_some_and(|c| !c.step.is_empty()));
    if results.report.metrics.is_empty() {
        let mut all = keys::distinct(runs().flat_map(|run| run.curves.keys().cloned()));
        all.retain(|metric| known(metric) && !label::is_of_layer(metric));
        all.sort_by_key(|metric| {
            let rows = ["train_", "validation_", "test_"].iter().position(|rows| metric.starts_with(rows));
            (rows.is_none(), label::quantity(metric).to_owned(), rows)
        });
        all
    } else {
        results.report.metrics.iter().filter(|metric| known(metric)).cloned().collect()
    }
}

/// One panel for each metric, one line for each arm.
fn panel_a_metric(results: &Results, metrics: &[String]) -> Figure {
    let names: Vec<String> = results.arms.iter().map(|arm| arm.name.clone()).collect();
    let mut lines = Lines::new(results, names.len());
    let panels: Vec<Panel> = metrics
        .iter()
        .map(|metric| {
            let series: Vec<Series> =
                results.arms.iter().enumerate().flat_map(|(key, arm)| lines.of(arm, metric, key)).collect();
            let y = axes::metric(metric, &label::metric(metric), series.iter());
            Panel { title: String::new(), note: String::new(), x: steps(&series), y, series }
        })
        .collect();
    let what = if metrics.len() == 1 { label::metric(&metrics[0]) } else { "Curves".to_owned() };
    let legend = if names.len() > 1 || metrics.len() > 1 { keys::keys(&names) } else { vec![Key::nth(0, "")] };
    Figure {
        name: "curves".to_owned(),
        title: label::capitalised(&format!("{what} over training steps")),
        caption: lines.caption(),
        columns: panels.len().min(2),
        legend,
        panels,
    }
}

/// One panel for each value of the layout's field, one line for what else differs.
fn panel_a_value(results: &Results, metric: &str) -> Figure {
    let field = results.report.panel.as_str();
    let titles = keys::distinct(results.arms.iter().map(|arm| panel_title(arm, field)));
    let rests = keys::distinct(results.arms.iter().map(|arm| label::rest(arm, field)));
    let mut lines = Lines::new(results, rests.len());
    let mut panels: Vec<Panel> = titles.iter().map(|title| empty_panel(title)).collect();
    for arm in &results.arms {
        let panel = position(&titles, &panel_title(arm, field));
        let key = position(&rests, &label::rest(arm, field));
        panels[panel].series.extend(lines.of(arm, metric, key));
    }
    share_axes(&mut panels, metric, &label::metric(metric));
    Figure {
        name: metric.to_owned(),
        title: label::capitalised(&format!("{} by {}", label::metric(metric), label::long_field(field))),
        caption: lines.caption(),
        columns: columns(panels.len()),
        legend: keys::keys(&rests),
        panels,
    }
}

/// Metrics of the same quantity in one panel: one panel for each value of the field or, without one, each arm.
fn overlay(results: &Results, metrics: &[&str], quantity: &str) -> Figure {
    let field = results.report.panel.as_str();
    let by_arm = field.is_empty() && results.arms.len() <= MOST_PANELS_OF_ARMS;
    let title_of = |arm: &Arm| match (field.is_empty(), by_arm) {
        (true, true) => arm.name.clone(),
        (true, false) => String::new(),
        (false, _) => panel_title(arm, field),
    };
    let rest_of = |arm: &Arm| match (field.is_empty(), by_arm) {
        (true, true) => String::new(),
        (true, false) => arm.name.clone(),
        (false, _) => label::rest(arm, field),
    };
    let titles = keys::distinct(results.arms.iter().map(title_of));
    let rests = keys::distinct(results.arms.iter().map(rest_of));
    let names: Vec<String> = metrics.iter().map(|metric| label::metric(metric)).collect();
    let legend = if rests.len() == 1 { keys::keys(&names) } else { keys::pairs(&rests, &names) };
    let mut lines = Lines::new(results, legend.len());
    let mut panels: Vec<Panel> = titles.iter().map(|title| empty_panel(title)).collect();
    for arm in &results.arms {
        let panel = position(&titles, &title_of(arm));
        let rest = position(&rests, &rest_of(arm));
        for (j, metric) in metrics.iter().enumerate() {
            let key = rest * metrics.len() + j;
            panels[panel].series.extend(lines.of(arm, metric, key));
        }
    }
    share_axes(&mut panels, metrics[0], quantity);
    Figure {
        name: quantity.to_owned(),
        title: label::capitalised(&names.join(" and ")),
        caption: lines.caption(),
        columns: columns(panels.len()),
        legend,
        panels,
    }
}

/// A panel a few of which make a row: 4 x 4 for 16, 5 x 4 for 20.
pub(super) fn columns(panels: usize) -> usize {
    match panels {
        0..=3 => panels.max(1),
        4 => 2,
        5..=6 => 3,
        7..=16 => 4,
        _ => 5,
    }
}

fn panel_title(arm: &Arm, field: &str) -> String {
    label::setting(field, arm.settings.get(field))
}

fn empty_panel(title: &str) -> Panel {
    let axis = Axis::linear("", "", [0.0, 1.0]);
    Panel { title: title.to_owned(), note: String::new(), x: axis.clone(), y: axis, series: Vec::new() }
}

fn position(list: &[String], item: &str) -> usize {
    list.iter().position(|other| other == item).unwrap_or(0)
}

/// All panels of a figure get the same axes, so that they can be compared by eye.
fn share_axes(panels: &mut [Panel], metric: &str, text: &str) {
    let x = steps(panels.iter().flat_map(|panel| &panel.series));
    let y = axes::metric(metric, text, panels.iter().flat_map(|panel| &panel.series));
    for panel in panels {
        panel.x = x.clone();
        panel.y = y.clone();
    }
}

pub(super) fn steps<'a>(series: impl IntoIterator<Item = &'a Series>) -> Axis {
    let last = series.into_iter().filter_map(|series| match &series.shape {
        Shape::Line { x, .. } => x.last().copied(),
        _ => None,
    });
    axes::steps(last.fold(0.0, f64::max))
}
