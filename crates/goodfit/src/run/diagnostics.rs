//! What happens inside the layers while a network trains. Costs nothing when off: a run takes as many instructions,
//! to 1 in 100,000, as by a program without this code (`benchsuite/diagnostics-off.sh`, `benchsuite/runs/diagnostics-off.txt`).

use std::collections::BTreeMap;

use goodfit_nn::{Activation, ActivationStatistics, Kind, Trainer};

use crate::data::Labelled;
use crate::results::{Curve, Histogram, LayerActivations};

/// Number of bins of the histograms (as in the textbook's figure).
const N_BINS: usize = 30;

/// The range of an activation's histogram: 0..1, or -1..1 for activations with two signs.
fn histogram_range(activation: Activation) -> (f64, f64) {
    match activation {
        Activation::Sigmoid | Activation::Relu => (0.0, 1.0),
        _ => (-1.0, 1.0),
    }
}

/// Statistics of each hidden layer's activations over `rows`, in evaluation mode.
pub(super) fn activations(
    trainer: &mut Trainer<f32>,
    hidden: &[usize],
    activation: Activation,
    rows: &Labelled,
) -> Vec<ActivationStatistics> {
    let mut layers: Vec<ActivationStatistics> = hidden
        .iter()
        .map(|&units| ActivationStatistics::new(units, activation, histogram_range(activation), N_BINS))
        .collect();
    trainer.inspect(&rows.inputs, |block, values| {
        if let Some(layer) = layers.get_mut(block) {
            layer.add(values);
        }
    });
    layers
}

/// The statistics as they stand in results.
pub(super) fn layer_activations(statistics: &ActivationStatistics) -> LayerActivations {
    LayerActivations {
        mean: statistics.mean(),
        sd: statistics.standard_deviation(),
        zeros: statistics.zeros(),
        saturated: statistics.saturated(),
        outside: statistics.outside(),
        dead: statistics.dead(),
        histogram: Histogram { edges: statistics.edges(), counts: statistics.counts().to_vec() },
    }
}

/// What the last step of an epoch did to the weights: for each affine layer the norm of its gradient
/// and the ratio of update to weight, `|w after - w before| / |w before|`.
#[derive(Debug, Default)]
pub(super) struct WeightWatch {
    before: Vec<Vec<f32>>,
}

impl WeightWatch {
    /// Remembers the weights before a step.
    pub(super) fn before(&mut self, trainer: &Trainer<f32>) {
        self.before = weights(trainer).map(|(_, values, _)| values.to_vec()).collect();
    }

    /// Adds a point to the curves `affineN.update_ratio`, `affineN.gradient_norm`.
    pub(super) fn record(&self, curves: &mut BTreeMap<String, Curve>, trainer: &Trainer<f32>, step: usize) {
        for ((name, after, gradient), before) in weights(trainer).zip(&self.before) {
            let layer = name.trim_end_matches(".weight");
            let update = after.iter().zip(before).map(|(a, b)| a - b);
            let ratio = norm(update) / norm(before.iter().copied());
            push(curves, format!("{layer}.update_ratio"), step, ratio);
            push(curves, format!("{layer}.gradient_norm"), step, norm(gradient.iter().copied()));
        }
    }
}

/// Adds a point to the curves `layerN.mean`, `.sd`, `.zeros`, `.saturated`, `.dead`.
pub(super) fn record_activations(curves: &mut BTreeMap<String, Curve>, layers: &[ActivationStatistics], step: usize) {
    for (number, layer) in (1..).zip(layers) {
        for (what, value) in [
            ("mean", layer.mean()),
            ("sd", layer.standard_deviation()),
            ("zeros", layer.zeros()),
            ("saturated", layer.saturated()),
            ("dead", layer.dead()),
        ] {
            push(curves, format!("layer{number}.{what}"), step, value);
        }
    }
}

/// Adds a point to a curve.
pub(super) fn push(curves: &mut BTreeMap<String, Curve>, name: impl Into<String>, step: usize, value: f64) {
    let curve = curves.entry(name.into()).or_default();
    curve.step.push(step);
    curve.value.push(value);
}

fn weights(trainer: &Trainer<f32>) -> impl Iterator<Item = (&str, &[f32], &[f32])> {
    let weights = trainer.parameters().iter().filter(|parameter| parameter.kind == Kind::Weight);
    weights.map(|parameter| (parameter.name.as_str(), trainer.values(parameter), trainer.gradient(parameter)))
}

fn norm(values: impl Iterator<Item = f32>) -> f64 {
    values.map(|x| f64::from(x) * f64::from(x)).sum::<f64>().sqrt()
}
