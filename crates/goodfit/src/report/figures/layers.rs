//! What diagnostics record of each layer, over training: a row of panels a measure, a column a layer.

use super::lines::Lines;
use super::{axes, keys};
use crate::figure::{Figure, Panel, Series};
use crate::report::label;
use crate::results::Results;

/// Measures of a layer in the order of their rows, by what they are of.
const OF_ACTIVATIONS: [&str; 5] = ["mean", "sd", "zeros", "saturated", "dead"];
const OF_WEIGHTS: [&str; 2] = ["gradient_norm", "update_ratio"];

/// The curves of the activations and those of the weights, where diagnostics recorded any.
pub(super) fn layers(results: &Results) -> Vec<Figure> {
    let activations = figure(results, "layer", &OF_ACTIVATIONS, "Activations over training steps, by layer");
    let weights = figure(results, "affine", &OF_WEIGHTS, "Gradients and updates over training steps, by layer");
    activations.into_iter().chain(weights).collect()
}

/// Whether the saturated values are the zeros everywhere, as with `ReLU`: one row of panels shows both.
fn saturated_are_zeros(results: &Results, kind: &str) -> bool {
    let of = |name: &str| name.starts_with(kind).then(|| name.strip_suffix(".saturated")).flatten().map(str::to_owned);
    results.arms.iter().flat_map(|arm| &arm.runs).all(|run| {
        run.curves
            .iter()
            .all(|(name, curve)| of(name).is_none_or(|layer| run.curves.get(&format!("{layer}.zeros")) == Some(curve)))
    })
}

fn figure(results: &Results, kind: &str, measures: &[&str], title: &str) -> Option<Figure> {
    let curves = || results.arms.iter().flat_map(|arm| &arm.runs).flat_map(|run| run.curves.keys());
    let number = |name: &String| name.strip_prefix(kind)?.split_once('.')?.0.parse::<usize>().ok();
    let layers = curves().filter_map(number).max().filter(|&layers| layers > 0)?;
    let names: Vec<String> = results.arms.iter().map(|arm| arm.name.clone()).collect();
    let mut lines = Lines::new(results, names.len());
    let mut panels = Vec::new();
    for measure in measures {
        if *measure == "saturated" && saturated_are_zeros(results, kind) {
            continue;
        }
        let row: Vec<Vec<Series>> = (1..=layers)
            .map(|layer| {
                let metric = format!("{kind}{layer}.{measure}");
                results.arms.iter().enumerate().flat_map(|(key, arm)| lines.of(arm, &metric, key)).collect()
            })
            .collect();
        // A measure is compared between layers, so the panels of its row share their axes.
        let metric = format!("{kind}1.{measure}");
        let y = axes::metric(&metric, label::of_layer(measure), row.iter().flatten());
        let x = super::curves::steps(row.iter().flatten());
        panels.extend(row.into_iter().zip(1..).map(|(series, layer)| Panel {
            // Small panels of the page have no room for a text at the axis.
            title: format!("layer {layer}: {}", y.text()),
            note: String::new(),
            x: x.clone(),
            y: y.clone(),
            series,
        }));
    }
    Some(Figure {
        name: format!("{kind}-curves"),
        title: title.to_owned(),
        caption: lines.caption(),
        columns: layers,
        legend: keys::keys(&names),
        panels,
    })
}
