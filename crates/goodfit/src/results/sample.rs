//! Small results for tests.

use std::collections::BTreeMap;

use serde_json::json;

use super::*;
use crate::statistics::{Pairs, compare_arms};

/// Two arms with awkward names and values.
pub(crate) fn results() -> Results {
    let curve = |step: &[usize], value: &[f64]| Curve { step: step.to_vec(), value: value.to_vec() };
    let run = |seed, curves: Vec<(&str, Curve)>| {
        let curves = curves.into_iter().map(|(name, curve)| (name.to_owned(), curve)).collect();
        let mut run = Run { seed, curves, ..Run::default() };
        run.take_final_values();
        run
    };
    let arm = |name: &str, settings: BTreeMap<String, serde_json::Value>, runs| {
        let mut arm = Arm { name: name.to_owned(), settings, runs, ..Arm::default() };
        arm.summarise();
        arm
    };
    let mut first = run(
        0,
        vec![
            ("train_accuracy", curve(&[0, 10], &[0.1, 0.1 + 0.2])),
            ("train_loss", curve(&[0, 1], &[2.5, f64::INFINITY])),
        ],
    );
    first.diverged_at = Some(1);
    first.layers = vec![LayerActivations {
        sd: f64::NAN,
        histogram: Histogram { edges: vec![0.0, 0.5, 1.0], counts: vec![3, 4] },
        ..LayerActivations::default()
    }];
    let settings = [("network.init".to_owned(), json!({"std": 0.01})), ("network.batch_norm".to_owned(), json!(true))];
    let arms = vec![
        arm(
            "init std 0.01, batch norm on",
            settings.into(),
            vec![first, run(1, vec![("train_accuracy", curve(&[0], &[1e-7]))])],
        ),
        arm("the \"he\" arm", BTreeMap::new(), vec![run(0, vec![("train_accuracy", curve(&[0], &[1.0]))])]),
    ];
    let report = Layout { title: "Batch norm".into(), ..Layout::default() };
    Results {
        goodfit: "0.1.0".into(),
        data: DataSummary {
            source: "mnist".into(),
            train_rows: 1000,
            columns: 784,
            classes: 10,
            ..DataSummary::default()
        },
        seeds: vec![0, u64::MAX],
        primary_metric: "train_accuracy".into(),
        recipe: "[data]\nsource = \"mnist\"\n".into(),
        comparisons: compare_arms(&arms, "train_accuracy", Pairs::Baseline, 0),
        arms,
        ..Results::new("batch-norm", "goodfit reproduce batch-norm", report)
    }
}

pub(crate) fn timing() -> Timing {
    Timing {
        seconds: 1.5,
        jobs: 2,
        machine: Machine {
            os: "linux".into(),
            arch: "x86_64".into(),
            cpu: String::new(),
            instructions: "avx2".into(),
            dense_inputs: false,
            threads: 2,
        },
        arms: vec![ArmTiming { arm: "a".into(), runs: vec![RunTiming { seed: 0, seconds: 0.25 }] }],
    }
}
