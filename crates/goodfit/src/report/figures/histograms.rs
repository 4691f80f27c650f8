//! Histograms of activations: a row of panels an arm, a column a layer; with diagnostics, at any epoch.

use std::fmt::Write as _;

use std::collections::BTreeMap;

use super::{keys, origin, timeline};
use crate::figure::{Axis, Figure, Key, Moment, Panel, Series, Shape};
use crate::report::label;
use crate::results::{Arm, LayerActivations, Results};

/// One figure for each value of the layout's field (or of the activation), each with a row an arm.
pub(super) fn histograms(results: &Results) -> Vec<Figure> {
    let arms: Vec<&Arm> = results.arms.iter().filter(|arm| arm.runs.iter().any(|run| !run.layers.is_empty())).collect();
    let field = splitting_field(results, &arms);
    let title_of =
        |arm: &Arm| if field.is_empty() { String::new() } else { label::setting(&field, arm.settings.get(&field)) };
    let groups = keys::distinct(arms.iter().map(|arm| title_of(arm)));
    let single = groups.len() == 1;
    let mut figures: Vec<Figure> = groups
        .iter()
        .map(|group| {
            let members: Vec<&Arm> = arms.iter().copied().filter(|arm| title_of(arm) == *group).collect();
            let (name, title) = if single || group.is_empty() {
                ("activations".to_owned(), "Activations by layer".to_owned())
            } else {
                let value = group.rsplit(' ').next().unwrap_or(group);
                (format!("activations-{value}"), format!("Activations by layer: {group}"))
            };
            figure(results, &members, &field, name, title)
        })
        .collect();
    figures.extend(timeline::small_multiples(results, &arms));
    figures
}

/// The field whose values are figures of their own.
fn splitting_field(results: &Results, arms: &[&Arm]) -> String {
    let layout = &results.report.panel;
    let activation = "network.activation";
    if !layout.is_empty() {
        layout.clone()
    } else if arms.len() > 1 && arms.iter().all(|arm| arm.settings.contains_key(activation)) {
        activation.to_owned()
    } else {
        String::new()
    }
}

fn figure(results: &Results, arms: &[&Arm], field: &str, name: String, title: String) -> Figure {
    let layers = arms.iter().flat_map(|arm| &arm.runs).map(|run| run.layers.len()).max().unwrap_or(0);
    let mut panels = Vec::new();
    let (mut moments, mut epochs) = (0, 0);
    for arm in arms {
        let pooled = at_end(arm);
        let timeline = timeline::of(arm, timeline::most_moments(arms.len() * layers));
        (moments, epochs) = (moments.max(timeline.len()), epochs.max(timeline::n_epochs(arm)));
        let top = top(timeline.iter().map(|at| at.layers.as_slice()).chain([pooled.as_slice()]));
        let rest = label::rest(arm, field);
        let rest = if rest.is_empty() { arm.name.clone() } else { rest };
        panels.extend((0..layers).map(|layer| {
            let blank = LayerActivations::default();
            let moments = timeline.iter().filter_map(|at| Some(moment(&at.name, at.layers.get(layer)?))).collect();
            let title = format!("{rest}, layer {}", layer + 1);
            panel(title, pooled.get(layer).unwrap_or(&blank), top, moments)
        }));
    }
    let over_time = match moments {
        0 => String::new(),
        _ if moments < epochs => format!(" The page shows {moments} of {epochs} epochs, one at a time."),
        _ => " The page shows every epoch, one at a time.".to_owned(),
    };
    Figure {
        name,
        title,
        caption: caption(results, arms, "along a row", &over_time),
        columns: layers.max(1),
        legend: vec![Key::nth(0, "")],
        panels,
    }
}

/// Data, seeds, and what the heights and notes are.
pub(super) fn caption(results: &Results, arms: &[&Arm], same_scale: &str, more: &str) -> String {
    let runs = arms.iter().map(|arm| arm.runs.len()).max().unwrap_or(0);
    let pooled = if runs > 1 { format!(" {} together.", label::count(runs, "run", "runs")) } else { String::new() };
    format!(
        "{}.{pooled}{more} Heights: share of all values of the layer in each bin, on the same scale {same_scale}; sd: \
         standard deviation; zeros: share that is exactly 0 (a bar of them may leave the picture).{}",
        origin(results),
        outside_note(arms)
    )
}

/// The layers of an arm at the end of training, its runs together.
pub(super) fn at_end(arm: &Arm) -> Vec<LayerActivations> {
    let layers = arm.runs.iter().map(|run| run.layers.len()).max().unwrap_or(0);
    (0..layers).map(|layer| pool(arm.runs.iter().filter_map(|run| run.layers.get(layer)))).collect()
}

/// The upper end of the axis of heights for these rows of layers, with room for the notes.
pub(super) fn top<'a>(rows: impl Iterator<Item = &'a [LayerActivations]>) -> f64 {
    let (mut most, mut lines) = (0.0, 1);
    for layers in rows {
        most = layers.iter().map(|layer| highest(layer, cut(layers))).fold(most, f64::max);
        // Notes have as much room above the bars as they have lines.
        lines = layers.iter().map(|layer| note(layer).lines().count()).fold(lines, usize::max);
    }
    [1.22, 1.35, 1.52][lines.clamp(1, 3) - 1] * most
}

/// One layer of several runs: counts added up, numbers averaged.
pub(super) fn pool<'a>(mut all: impl Iterator<Item = &'a LayerActivations>) -> LayerActivations {
    let Some(first) = all.next() else { return LayerActivations::default() };
    let mut out = first.clone();
    let mut n = 1.0;
    for next in all.filter(|next| next.histogram.edges == first.histogram.edges) {
        n += 1.0;
        out.mean += next.mean;
        out.sd += next.sd;
        out.zeros += next.zeros;
        out.saturated += next.saturated;
        out.outside += next.outside;
        for (sum, count) in out.histogram.counts.iter_mut().zip(&next.histogram.counts) {
            *sum += count;
        }
    }
    for number in [&mut out.mean, &mut out.sd, &mut out.zeros, &mut out.saturated, &mut out.outside] {
        *number /= n;
    }
    out
}

/// Where the height of a row of panels comes from.
#[derive(Clone, Copy, PartialEq)]
enum Cut {
    /// From the highest bin.
    Whole,
    /// From the highest bin without the one that holds exact zeros, which then leaves the picture.
    Zeros,
}

/// The bar of exact zeros is cut where, in every layer, there is something else to see.
fn cut(layers: &[LayerActivations]) -> Cut {
    let rest = |layer: &LayerActivations| {
        let heights = shares(&layer.histogram.counts, layer.outside);
        heights.iter().enumerate().filter(|&(i, _)| Some(i) != zero_bin(layer)).map(|(_, height)| height).sum::<f64>()
    };
    if layers.iter().all(|layer| layer.zeros > 0.2 && rest(layer) > 0.1) { Cut::Zeros } else { Cut::Whole }
}

/// The bin that holds 0.
fn zero_bin(layer: &LayerActivations) -> Option<usize> {
    layer.histogram.edges.windows(2).position(|edge| edge[0] <= 0.0 && 0.0 < edge[1])
}

fn highest(layer: &LayerActivations, cut: Cut) -> f64 {
    let skipped = if cut == Cut::Zeros { zero_bin(layer) } else { None };
    let heights = shares(&layer.histogram.counts, layer.outside);
    heights.iter().enumerate().filter(|&(i, _)| Some(i) != skipped).map(|(_, &height)| height).fold(0.0, f64::max)
}

/// Counts as shares of all values, those beyond the histogram included.
fn shares(counts: &[u64], outside: f64) -> Vec<f64> {
    let sum: u64 = counts.iter().sum();
    let inside = if outside.is_finite() { 1.0 - outside } else { 1.0 };
    counts.iter().map(|&count| if sum == 0 { 0.0 } else { inside * count as f64 / sum as f64 }).collect()
}

/// The numbers of a layer, a line each.
fn note(activations: &LayerActivations) -> String {
    let mut out = format!("sd {}", label::number(activations.sd));
    if activations.zeros > 0.0005 {
        let _ = write!(out, "\nzeros {:.1} %", 100.0 * activations.zeros);
    }
    if activations.outside > 0.0005 {
        let _ = write!(out, "\nbeyond {:.1} %", 100.0 * activations.outside);
    }
    out
}

fn moment(name: &str, activations: &LayerActivations) -> Moment {
    let heights = shares(&activations.histogram.counts, activations.outside);
    Moment { name: name.to_owned(), note: note(activations), heights }
}

pub(super) fn panel(title: String, activations: &LayerActivations, top: f64, moments: Vec<Moment>) -> Panel {
    let histogram = &activations.histogram;
    let range = match (histogram.edges.first(), histogram.edges.last()) {
        (Some(&low), Some(&high)) if low < high => [low, high],
        _ => [0.0, 1.0],
    };
    let heights = shares(&histogram.counts, activations.outside);
    Panel {
        title,
        note: note(activations),
        x: Axis::linear("activation", "", range),
        y: Axis::linear("share of values", "", [0.0, if top > 0.0 { top } else { 1.0 }]),
        series: vec![Series {
            key: 0,
            note: String::new(),
            shape: Shape::Histogram { edges: histogram.edges.clone(), heights, moments },
        }],
    }
}

/// Says what lies beyond the range of the histograms, since a picture cannot.
fn outside_note(arms: &[&Arm]) -> String {
    let most: BTreeMap<&str, f64> = arms
        .iter()
        .map(|arm| {
            let layers = arm.runs.iter().flat_map(|run| &run.layers);
            (arm.name.as_str(), layers.map(|layer| layer.outside).fold(0.0, f64::max))
        })
        .filter(|&(_, share)| share > 0.0005)
        .collect();
    if most.is_empty() { String::new() } else { " Beyond: share of values outside the range shown.".to_owned() }
}
