//! Figures of a search: the curves of its best trials, its course, and the value against each parameter.

use std::fmt::Write as _;

use super::curves::columns;
use super::{axes, keys, origin};
use crate::figure::{Axis, Colour, Dash, Figure, Key, Marker, Panel, Scale, Series, Shape, short_number};
use crate::report::label;
use crate::results::{Arm, Results, Trial};

/// Trials whose curves are drawn.
const BEST: usize = 20;
/// Trials that are marked among the others.
const MARKED: usize = 5;

/// The figures of a search.
pub(super) fn trials(results: &Results) -> Vec<Figure> {
    let mut out = Vec::new();
    if !results.arms.is_empty() {
        out.push(best_curves(results));
    }
    if !results.trials.is_empty() {
        out.push(history(results));
        out.extend(parameters(results));
    }
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
    let y = axes::metric(quantity, quantity, panels.iter().flat_map(|panel| &panel.series));
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

/// The value of each trial in its turn, with the best so far.
fn history(results: &Results) -> Figure {
    let mut in_turn: Vec<&Trial> = results.trials.iter().collect();
    in_turn.sort_by_key(|trial| trial.trial);
    let mut best = f64::NAN;
    let (mut x, mut y) = (Vec::new(), Vec::new());
    for trial in in_turn.iter().filter(|trial| finished(trial)) {
        if best.is_nan() || label::better(&results.primary_metric, trial.value, best) {
            best = trial.value;
            x.push(trial.trial as f64);
            y.push(best);
        }
    }
    let steps = staircase(&x, &y, in_turn.last().map_or(0.0, |trial| trial.trial as f64));
    let text = label::metric(&results.primary_metric);
    let mut panels = vec![scatter(results, "trial", |trial| Some(trial.trial as f64))];
    panels[0].series.push(Series { key: 3, note: String::new(), shape: steps });
    panels[0].x = axes::steps(in_turn.last().map_or(0.0, |trial| trial.trial as f64));
    "trial".clone_into(&mut panels[0].x.label);
    let mut legend = legend(results);
    legend.push(Key {
        label: "best so far".to_owned(),
        colour: Colour::Slot(6),
        dash: Dash::Solid,
        marker: Marker::Circle,
    });
    Figure {
        name: "history".to_owned(),
        title: label::capitalised(&format!("{text} of each trial")),
        caption: trials_caption(results),
        columns: 1,
        legend,
        panels,
    }
}

/// Right, then up: the best so far between the trials that improved on it.
fn staircase(x: &[f64], y: &[f64], last: f64) -> Shape {
    let (mut xs, mut ys) = (Vec::new(), Vec::new());
    for (i, (&at, &value)) in x.iter().zip(y).enumerate() {
        if i > 0 {
            xs.push(at);
            ys.push(y[i - 1]);
        }
        xs.push(at);
        ys.push(value);
    }
    if let Some(&value) = y.last() {
        xs.push(last);
        ys.push(value);
    }
    Shape::Line { x: xs, y: ys, band: None, cross: None, thin: false }
}

/// The value against each sampled parameter that is a number.
fn parameters(results: &Results) -> Option<Figure> {
    let paths = keys::distinct(results.trials.iter().flat_map(|trial| trial.settings.keys().cloned()));
    let panels: Vec<Panel> = paths
        .iter()
        .filter(|path| results.trials.iter().any(|trial| number(trial, path).is_some()))
        .map(|path| scatter(results, &label::field(path), |trial| number(trial, path)))
        .collect();
    if panels.is_empty() {
        return None;
    }
    Some(Figure {
        name: "parameters".to_owned(),
        title: label::capitalised(&format!("{} by sampled value", label::metric(&results.primary_metric))),
        caption: trials_caption(results),
        columns: columns(panels.len()),
        legend: legend(results),
        panels,
    })
}

fn number(trial: &Trial, path: &str) -> Option<f64> {
    trial.settings.get(path).and_then(serde_json::Value::as_f64)
}

fn finished(trial: &Trial) -> bool {
    trial.state == "complete" && trial.value.is_finite()
}

/// Keys of the groups of trials. One without a trial has no name, and so is not shown.
fn legend(results: &Results) -> Vec<Key> {
    let all_finished = results.trials.iter().all(finished);
    let unfinished = if all_finished { "" } else { "pruned or failed" };
    let key = |label: String, colour, marker| Key { label, colour: Colour::Slot(colour), dash: Dash::Solid, marker };
    vec![
        key("trial".to_owned(), 0, Marker::Circle),
        key(format!("best {MARKED}"), 1, Marker::Diamond),
        key(unfinished.to_owned(), 6, Marker::Cross),
    ]
}

/// The value of the trials against something; those without a value lie at the foot.
fn scatter(results: &Results, text: &str, of: impl Fn(&Trial) -> Option<f64>) -> Panel {
    let mut groups: [Vec<(f64, f64, String)>; 3] = Default::default();
    for (rank, trial) in results.trials.iter().enumerate() {
        let Some(x) = of(trial) else { continue };
        let group = match (finished(trial), rank < MARKED) {
            (true, true) => 1,
            (true, false) => 0,
            (false, _) => 2,
        };
        groups[group].push((x, trial.value, describe(trial)));
    }
    let xs: Vec<f64> = groups.iter().flatten().map(|point| point.0).collect();
    let mut y = axes::metric(
        &results.primary_metric,
        &label::metric(&results.primary_metric),
        [points(0, &groups[0]), points(1, &groups[1])].iter(),
    );
    let [low, high] = y.range;
    // Markers at the edges of an accuracy stay whole.
    let room = if y.scale == Scale::Linear { 0.02 * (high - low) } else { 0.0 };
    y.range = [low - if groups[2].is_empty() { room } else { 3.0 * room }, high + room];
    for point in &mut groups[2] {
        point.1 = if y.scale == Scale::Linear { low - 2.0 * room } else { low };
    }
    let order = [2, 0, 1];
    let series = order.into_iter().filter(|&g| !groups[g].is_empty()).map(|g| points(g, &groups[g])).collect();
    Panel { title: String::new(), note: String::new(), x: axes::parameter(text, &xs), y, series }
}

fn points(key: usize, group: &[(f64, f64, String)]) -> Series {
    Series {
        key,
        note: String::new(),
        shape: Shape::Points {
            x: group.iter().map(|point| point.0).collect(),
            y: group.iter().map(|point| point.1).collect(),
            labels: group.iter().map(|point| point.2.clone()).collect(),
        },
    }
}

fn describe(trial: &Trial) -> String {
    let reason = trial.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    if finished(trial) {
        format!("trial {}", trial.trial)
    } else {
        format!("trial {}, {}{reason}", trial.trial, trial.state)
    }
}

fn trials_caption(results: &Results) -> String {
    let failed = results.trials.iter().filter(|trial| !finished(trial)).count();
    let mut out = format!("{}. {}", origin(results), label::count(results.trials.len(), "trial", "trials"));
    if failed > 0 {
        let _ = write!(out, ", {} of them pruned or failed (at the foot)", short_number(failed as f64));
    }
    out + "."
}
