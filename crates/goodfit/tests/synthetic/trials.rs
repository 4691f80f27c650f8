//! Made-up trials of a search.

use std::collections::BTreeMap;

use goodfit::results::{DataSummary, FigureKind, Finding, Layout, Results, Summary, Trial};
use serde_json::{Value, json};

use super::{Noise, arm, curve, empty, run};

/// Like `search`: trials over two logarithmic parameters, curves of the best twenty.
pub fn search(trials: usize) -> Results {
    let mut noise = Noise(3);
    let mut all: Vec<Trial> = (0..trials)
        .map(|trial| {
            let rate = 10f64.powf(-6.0 + 4.0 * noise.uniform());
            let decay = 10f64.powf(-8.0 + 4.0 * noise.uniform());
            let failed = trial % 33 == 20;
            let value =
                (0.1 + 0.72 / (1.0 + (-(rate.log10() + 2.9) * 4.0).exp()) + 0.04 * noise.normal()).clamp(0.02, 1.0);
            Trial {
                trial,
                state: if failed { "failed" } else { "complete" }.to_owned(),
                reason: failed.then(|| "diverged".to_owned()),
                value: if failed { f64::NAN } else { (value * 100.0).round() / 100.0 },
                settings: BTreeMap::from([
                    ("training.learning_rate".to_owned(), json!(rate)),
                    ("training.weight_decay".to_owned(), json!(decay)),
                ]),
                rescored: None,
            }
        })
        .collect();
    all.sort_by(|a, b| b.value.max(-1.0).total_cmp(&a.value.max(-1.0)).then(a.trial.cmp(&b.trial)));
    if let Some(best) = all.first_mut() {
        best.rescored = Some(Summary { mean: best.value - 0.05, sd: 0.02, n: 5 });
    }
    let arms = all
        .iter()
        .take(20)
        .filter(|trial| trial.value.is_finite())
        .map(|trial| {
            let mut accuracy = |end: f64| {
                curve((0..200).step_by(4), |step| {
                    (0.1 + (end - 0.1) * (1.0 - (-step / 60.0).exp()) + 0.015 * noise.normal()).clamp(0.0, 1.0)
                })
            };
            let (train, validation) = (accuracy((trial.value + 0.12).min(1.0)), accuracy(trial.value));
            let settings: Vec<(&str, Value)> = trial.settings.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
            let run = run(0, vec![("train_accuracy", train), ("validation_accuracy", validation)]);
            arm(&format!("trial {}", trial.trial), &settings, vec![run])
        })
        .collect();
    Results {
        experiment: "search".to_owned(),
        seeds: vec![0],
        primary_metric: "validation_accuracy".to_owned(),
        data: DataSummary { train_rows: 400, validation_rows: 100, ..empty().data },
        command: "goodfit reproduce search".to_owned(),
        report: Layout {
            title: "Searching for a learning rate and a weight decay".to_owned(),
            figure: FigureKind::Trials,
            metrics: vec!["train_accuracy".to_owned(), "validation_accuracy".to_owned()],
            ..empty().report
        },
        findings: vec![Finding {
            statement: "The best trials lie against the upper edge of the learning rate.".to_owned(),
            evidence: "4 of the best 5 of 100 trials lie in the top tenth of its range.".to_owned(),
            next: "goodfit search search.toml --vary 'training.learning_rate={low=1e-3,high=1e-1,log=true}'".to_owned(),
        }],
        trials: all,
        arms,
        ..empty()
    }
}
