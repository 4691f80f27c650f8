//! Made-up activations, layer by layer.

use goodfit::results::{DataSummary, EpochActivations, FigureKind, Histogram, LayerActivations, Layout, Results, Run};
use serde_json::json;

use super::{Noise, arm, curve, empty, run};

/// Like `activations`: twelve arms, five layers each.
pub fn activations() -> Results {
    let mut arms = Vec::new();
    for (activation, low, high) in [("sigmoid", 0.0, 1.0), ("tanh", -1.0, 1.0), ("relu", 0.0, 1.0)] {
        for (name, init, scale) in [
            ("std 1", json!({"std": 1.0}), 10.0),
            ("std 0.01", json!({"std": 0.01}), 0.1),
            ("xavier", json!("xavier"), 1.0),
            ("he", json!("he"), 1.414),
        ] {
            let mut noise = Noise(scale as u64 + 5);
            let mut width = 1.0;
            let layers = (0..5)
                .map(|_| {
                    let values: Vec<f64> = (0..20_000)
                        .map(|_| {
                            let x: f64 = noise.normal() * scale * width;
                            match activation {
                                "sigmoid" => 1.0 / (1.0 + (-x).exp()),
                                "tanh" => x.tanh(),
                                _ => x.max(0.0),
                            }
                        })
                        .collect();
                    let layer = layer(&values, low, high);
                    width = if activation == "sigmoid" {
                        (layer.mean.powi(2) + layer.sd.powi(2)).sqrt()
                    } else {
                        (layer.mean.powi(2) + layer.sd.powi(2)).sqrt().min(1e3)
                    };
                    layer
                })
                .collect();
            let settings = [("network.activation", json!(activation)), ("network.init", init)];
            let run = Run { seed: 0, layers, ..Run::default() };
            arms.push(arm(&format!("activation {activation}, init {name}"), &settings, vec![run]));
        }
    }
    Results {
        experiment: "activations".to_owned(),
        seeds: vec![0],
        primary_metric: String::new(),
        data: DataSummary { source: "normal".to_owned(), train_rows: 1000, columns: 100, ..DataSummary::default() },
        command: "goodfit reproduce activations".to_owned(),
        report: Layout {
            title: "Activations by initial weights".to_owned(),
            question: "What becomes of the activations layer by layer?".to_owned(),
            figure: FigureKind::Histograms,
            ..empty().report
        },
        arms,
        ..empty()
    }
}

fn layer(values: &[f64], low: f64, high: f64) -> LayerActivations {
    let (n, bins) = (values.len() as f64, 30);
    let mean = values.iter().sum::<f64>() / n;
    let sd = (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n).sqrt();
    let mut counts = vec![0; bins];
    let mut outside = 0.0;
    for &x in values {
        if (low..=high).contains(&x) {
            let bin = ((x - low) / (high - low) * bins as f64) as usize;
            counts[bin.min(bins - 1)] += 1;
        } else {
            outside += 1.0 / n;
        }
    }
    let edges = (0..=bins).map(|i| low + (high - low) * i as f64 / bins as f64).collect();
    let zeros = values.iter().filter(|&&x| x == 0.0).count() as f64 / n;
    LayerActivations { mean, sd, zeros, outside, histogram: Histogram { edges, counts }, ..LayerActivations::default() }
}

/// Like a comparison with diagnostics: two arms, three hidden layers, a state after each epoch. The second arm
/// stops early in all its runs and gives back the state after its fourth epoch.
pub fn diagnostics(epochs: usize) -> Results {
    let arms = [("he", 1.4, epochs, epochs), ("xavier", 1.0, epochs.min(6), epochs.min(4))];
    let arms = arms.map(|(init, scale, n_epochs, best)| {
        let runs: Vec<Run> = (0..2).map(|seed| diagnosed(seed, scale, n_epochs, best)).collect();
        arm(&format!("init {init}"), &[("network.init", json!(init))], runs)
    });
    Results {
        experiment: "diagnostics".to_owned(),
        seeds: vec![0, 1],
        report: Layout { title: "What happens in the layers".to_owned(), ..empty().report },
        arms: arms.into(),
        ..empty()
    }
}

fn diagnosed(seed: u64, scale: f64, n_epochs: usize, best: usize) -> Run {
    let mut noise = Noise(seed + 40);
    let mut state = |epoch: usize| -> Vec<LayerActivations> {
        let width = |depth: i32| scale * 0.3 * 0.8_f64.powi(depth) * (1.0 + epoch as f64 / 4.0);
        let values = |depth, noise: &mut Noise| -> Vec<f64> {
            (0..2_000).map(|_| (noise.normal() * width(depth)).max(0.0)).collect()
        };
        (0..3).map(|depth| layer(&values(depth, &mut noise), 0.0, 1.0)).collect()
    };
    let states: Vec<EpochActivations> =
        (0..n_epochs).map(|epoch| EpochActivations { step: 10 * epoch + 9, layers: state(epoch) }).collect();
    let steps = || (9..10 * n_epochs).step_by(10);
    let accuracy = curve(steps(), |step| 1.0 - 0.9 * (-step / 40.0).exp());
    let mut curves = vec![("train_accuracy".to_owned(), accuracy)];
    for k in 0..3 {
        for (measure, of) in [
            ("mean", (|layer| layer.mean) as fn(&LayerActivations) -> f64),
            ("sd", |layer| layer.sd),
            ("zeros", |layer| layer.zeros),
            ("saturated", |layer| layer.saturated),
            ("dead", |layer| layer.dead),
        ] {
            let mut values = states.iter().map(|state| of(&state.layers[k]));
            curves.push((format!("layer{}.{measure}", k + 1), curve(steps(), |_| values.next().unwrap())));
        }
    }
    for k in 1..=4 {
        curves.push((format!("affine{k}.gradient_norm"), curve(steps(), |step| 0.5 / (1.0 + step / 50.0))));
        curves.push((format!("affine{k}.update_ratio"), curve(steps(), |step| 0.01 / (1.0 + step / 50.0))));
    }
    let layers = states[best - 1].layers.clone();
    Run { layers, epochs: states, ..run(seed, curves.iter().map(|(name, c)| (name.as_str(), c.clone())).collect()) }
}
