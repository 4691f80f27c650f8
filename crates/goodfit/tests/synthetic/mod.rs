//! Made-up results that look like those of the chapter's experiments, for the tests of figures and reports.
//!
//! Nothing is trained: curves are logistic or exponential with noise from a small generator of its own.

#![allow(dead_code, unreachable_pub)]

pub mod cases;
mod layers;
pub mod searches;
mod trials;

use std::collections::BTreeMap;

use goodfit::results::{
    Arm, Claim, Comparison, Curve, DataSummary, FigureKind, Finding, Layout, Results, Run, Summary, Verdict,
};
pub use layers::{activations, diagnostics};
use serde_json::{Value, json};
pub use trials::search;

/// A small generator of repeatable noise (`SplitMix64`).
pub struct Noise(pub u64);

impl Noise {
    /// Uniform in 0..1.
    pub fn uniform(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// About normal: the sum of twelve uniform draws.
    pub fn normal(&mut self) -> f64 {
        (0..12).map(|_| self.uniform()).sum::<f64>() - 6.0
    }
}

/// Results without arms.
pub fn empty() -> Results {
    let report = Layout { title: "Nothing yet".to_owned(), ..Layout::default() };
    let data = DataSummary {
        source: "mnist".to_owned(),
        train_rows: 1000,
        columns: 784,
        classes: 10,
        ..DataSummary::default()
    };
    Results {
        goodfit: "0.1.0".to_owned(),
        data,
        primary_metric: "train_accuracy".to_owned(),
        recipe: "[data]
source = \"mnist\"
train_rows = 1000
"
        .to_owned(),
        complete: true,
        ..Results::new("empty", "goodfit reproduce empty", report)
    }
}

/// A run whose final values are the ends of its curves.
pub fn run(seed: u64, curves: Vec<(&str, Curve)>) -> Run {
    let curves: BTreeMap<String, Curve> = curves.into_iter().map(|(name, curve)| (name.to_owned(), curve)).collect();
    let final_ = curves.iter().map(|(name, c)| (name.clone(), c.value.last().copied().unwrap_or(f64::NAN))).collect();
    Run { seed, curves, final_, ..Run::default() }
}

/// An arm with its summary.
pub fn arm(name: &str, settings: &[(&str, Value)], runs: Vec<Run>) -> Arm {
    let mut summary = BTreeMap::new();
    for metric in runs.iter().flat_map(|run| run.final_.keys()) {
        let values: Vec<f64> = runs.iter().filter_map(|run| run.final_.get(metric).copied()).collect();
        let n = values.len();
        let mean = values.iter().sum::<f64>() / n as f64;
        let sd = if n > 1 {
            (values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1) as f64).sqrt()
        } else {
            f64::NAN
        };
        summary.insert(metric.clone(), Summary { mean, sd, n });
    }
    let settings = settings.iter().map(|(path, value)| ((*path).to_owned(), value.clone())).collect();
    Arm { name: name.to_owned(), settings, runs, summary, ..Arm::default() }
}

fn curve(steps: impl Iterator<Item = usize>, mut value: impl FnMut(f64) -> f64) -> Curve {
    let step: Vec<usize> = steps.collect();
    let value = step.iter().map(|&step| value(step as f64)).collect();
    Curve { step, value }
}

/// Like `weight-init`: three arms, losses over 2,000 steps.
pub fn weight_init(seeds: u64) -> Results {
    let arms = [
        ("std 0.01", json!({"std": 0.01}), 1e9, 2.302),
        ("xavier", json!("xavier"), 420.0, 0.24),
        ("he", json!("he"), 150.0, 0.17),
    ];
    let arms: Vec<Arm> = arms
        .into_iter()
        .map(|(name, init, time, end)| {
            let runs = (0..seeds)
                .map(|seed| {
                    let mut noise = Noise(seed * 31 + 7);
                    let shift = 1.0 + 0.12 * noise.normal();
                    let loss = curve(0..2000, |step| {
                        let level = end + (2.303 - end) / (1.0 + (step / (time * shift)).powi(3));
                        (level * (1.0 + 0.16 * noise.normal() * (1.0 - level / 2.4))).max(0.01)
                    });
                    run(seed, vec![("train_loss", loss)])
                })
                .collect();
            arm(&format!("init {name}"), &[("network.init", init)], runs)
        })
        .collect();
    let comparison = |name: &str, difference: f64| Comparison {
        metric: "train_loss".to_owned(),
        arm: name.to_owned(),
        baseline: "init std 0.01".to_owned(),
        difference,
        ci95: [difference - 0.02, difference + 0.02],
        p_holm: 2e-7,
        n: seeds as usize,
        verdict: if seeds < 3 { Verdict::CannotTell } else { Verdict::Better },
    };
    Results {
        experiment: "weight-init".to_owned(),
        seeds: (0..seeds).collect(),
        primary_metric: "train_loss".to_owned(),
        data: DataSummary { train_rows: 60_000, ..empty().data },
        command: format!("goodfit reproduce weight-init --seeds {seeds}"),
        recipe: "[data]\nsource = \"mnist\"\n\n[network]\nhidden = [100, 100, 100, 100]\nactivation = \"relu\"\n\n[training]\nsteps = 2000\nbatch_size = 128\n\n[compare]\nvary = { \"network.init\" = [{ std = 0.01 }, \"xavier\", \"he\"] }\n".to_owned(),
        report: Layout {
            title: "Initial weights and the training loss".to_owned(),
            question: "How much does the scale of the initial weights matter to a ReLU network?".to_owned(),
            smooth: 11,
            ..empty().report
        },
        comparisons: vec![comparison("init xavier", -2.01), comparison("init he", -2.104)],
        findings: vec![Finding {
            statement: "With std 0.01 the network does not learn at all.".to_owned(),
            evidence: "Its loss stays at 2.301 ± 0.000 (ln 10 = 2.303) on 60,000 rows of MNIST over 5 seeds.".to_owned(),
            next: "goodfit compare weight-init.toml --vary network.init=xavier,he".to_owned(),
        }],
        arms,
        ..empty()
    }
}

/// Like `batch-norm`: 16 initial scales, with and without; the largest overflows without.
pub fn batch_norm(seeds: u64) -> Results {
    let mut arms = Vec::new();
    for k in 0..16 {
        let std = 10f64.powf(-4.0 * f64::from(k) / 15.0);
        for on in [true, false] {
            let far = (f64::from(k) - 5.0).abs();
            let middle = if on { 25.0 + 4.0 * far } else { 20.0 + 42.0 * far };
            let runs = (0..seeds)
                .map(|seed| {
                    let mut noise = Noise(seed * 1000 + u64::from(k as u32) * 2 + u64::from(on));
                    let middle = middle * (1.0 + 0.1 * noise.normal());
                    let overflows = k == 0 && !on;
                    let accuracy = curve((0..=190).step_by(10), |step| {
                        if overflows && step > 0.0 {
                            return 0.097;
                        }
                        let level = 0.1 + 0.9 / (1.0 + (-(step - middle) / 16.0).exp());
                        (level + 0.012 * noise.normal()).clamp(0.05, 1.0)
                    });
                    let mut run = run(seed, vec![("train_accuracy", accuracy)]);
                    run.diverged_at = overflows.then_some(2);
                    run
                })
                .collect();
            let name = format!("init std {std:.4}, batch norm {}", if on { "on" } else { "off" });
            let settings = [("network.init", json!({"std": std})), ("network.batch_norm", json!(on))];
            arms.push(arm(&name, &settings, runs));
        }
    }
    Results {
        experiment: "batch-norm".to_owned(),
        seeds: (0..seeds).collect(),
        command: format!("goodfit reproduce batch-norm --seeds {seeds}"),
        report: Layout {
            title: "Batch normalisation and the initial scale".to_owned(),
            question: "Does batch normalisation make training depend less on the initial weights?".to_owned(),
            panel: "network.init".to_owned(),
            ..empty().report
        },
        arms,
        ..empty()
    }
}

/// Like `weight-decay`: training and test accuracy laid over each other.
pub fn weight_decay(seeds: u64) -> Results {
    let arms = [(0.0, 1.0, 0.755, 90.0), (0.1, 0.893, 0.715, 160.0)]
        .into_iter()
        .map(|(lambda, train, test, time)| {
            let runs = (0..seeds)
                .map(|seed| {
                    let mut noise = Noise(seed + 99);
                    let mut accuracy = |end: f64, spread: f64| {
                        let end = (end + spread * noise.normal()).min(1.0);
                        curve((0..=600).step_by(3), |step| {
                            let level = 0.1 + (end - 0.1) * (1.0 - (-(step / time) * (step / time).sqrt()).exp());
                            (level + 0.006 * noise.normal()).clamp(0.0, 1.0)
                        })
                    };
                    let (train, test) = (accuracy(train, 0.01), accuracy(test, 0.018));
                    run(seed, vec![("train_accuracy", train), ("test_accuracy", test)])
                })
                .collect();
            arm(&format!("weight decay {lambda}"), &[("training.weight_decay", json!(lambda))], runs)
        })
        .collect();
    Results {
        experiment: "weight-decay".to_owned(),
        seeds: (0..seeds).collect(),
        primary_metric: "test_accuracy".to_owned(),
        data: DataSummary { train_rows: 300, test_rows: 10_000, ..empty().data },
        command: "goodfit reproduce weight-decay".to_owned(),
        report: Layout {
            title: "Weight decay against overfitting".to_owned(),
            question: "What does weight decay do to the gap between training and test accuracy?".to_owned(),
            metrics: vec!["train_accuracy".to_owned(), "test_accuracy".to_owned()],
            overlay: true,
            ..empty().report
        },
        comparisons: vec![Comparison {
            metric: "test_accuracy".to_owned(),
            arm: "weight decay 0.1".to_owned(),
            baseline: "weight decay 0".to_owned(),
            difference: -0.04,
            ci95: [-0.061, -0.019],
            p_holm: 0.004,
            n: seeds as usize,
            verdict: Verdict::Worse,
        }],
        arms,
        ..empty()
    }
}

/// Like `claims`: a table over two parts.
pub fn claims() -> Results {
    let claim = |claim: &str, evidence: &str, verdict: &str| Claim {
        claim: claim.to_owned(),
        evidence: evidence.to_owned(),
        verdict: verdict.to_owned(),
    };
    Results {
        experiment: "claims".to_owned(),
        seeds: (0..5).collect(),
        report: Layout {
            title: "What the chapter says, put to the test".to_owned(),
            figure: FigureKind::Claims,
            ..empty().report
        },
        claims: vec![
            claim(
                "He suits ReLU",
                "loss 0.198 ± 0.005 against 0.293 ± 0.010 (Xavier) after 2,000 steps, MNIST 60,000 rows, 5 seeds",
                "holds",
            ),
            claim(
                "Weight decay holds back overfitting",
                "the gap shrinks from 0.245 to 0.178, while test accuracy falls from 0.755 to 0.715, 5 seeds",
                "the gap shrinks; test accuracy does not rise",
            ),
            claim(
                "Batch norm lets the learning rate be larger",
                "best rate 0.1 without and 0.1 with, 5 seeds",
                "does not hold",
            ),
        ],
        parts: vec![weight_init(5), weight_decay(5)],
        ..empty()
    }
}

/// Many arms that differ in one number.
pub fn many(arms: usize, seeds: u64) -> Results {
    let arms = (0..arms)
        .map(|i| {
            let rate = 10f64.powf(-4.0 + 4.0 * i as f64 / arms as f64);
            let runs = (0..seeds)
                .map(|seed| {
                    let mut noise = Noise(seed + 17 * i as u64);
                    let loss = curve((0..200).step_by(4), |step| {
                        0.1 + 2.2 * (-step * rate * 2.0).exp() + 0.02 * noise.normal()
                    });
                    run(seed, vec![("train_loss", loss)])
                })
                .collect();
            arm(&format!("learning rate {rate:.5}"), &[("training.learning_rate", json!(rate))], runs)
        })
        .collect();
    Results {
        experiment: "rates".to_owned(),
        seeds: (0..seeds).collect(),
        primary_metric: "train_loss".to_owned(),
        report: Layout { title: "A hundred learning rates".to_owned(), ..empty().report },
        arms,
        ..empty()
    }
}

/// Losses that overflow: one arm at once, one on the way in some of its runs.
pub fn overflowing() -> Results {
    let mut results = weight_init(3);
    for (i, run) in results.arms[0].runs.iter_mut().enumerate() {
        run.diverged_at = Some(i);
        if let Some(loss) = run.curves.get_mut("train_loss") {
            loss.value.iter_mut().skip(i).for_each(|x| *x = f64::NAN);
        }
    }
    let run = &mut results.arms[1].runs[2];
    run.diverged_at = Some(900);
    if let Some(loss) = run.curves.get_mut("train_loss") {
        loss.value
            .iter_mut()
            .enumerate()
            .skip(860)
            .for_each(|(i, x)| *x = if i < 900 { *x * 10f64.powi(i as i32 - 860) } else { f64::NAN });
    }
    results.arms[0].summary.insert("train_loss".to_owned(), Summary { mean: f64::NAN, sd: f64::NAN, n: 3 });
    results.complete = false;
    "Overflowing losses".clone_into(&mut results.report.title);
    results
}
