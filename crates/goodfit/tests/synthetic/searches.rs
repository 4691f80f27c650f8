//! Made-up searches of every kind that a report has to bear.

use std::collections::BTreeMap;

use goodfit::results::{
    Audited, BestOf, DataSummary, ExpectedGain, FigureKind, Finding, Importance, Layout, NarrowRange, NarrowRound,
    PruningAudit, Results, SearchSummary, SearchedField, Summary, Trial, Winner,
};
use serde_json::{Value, json};

use super::{Noise, arm, empty, run};

/// Every kind with its name.
pub fn kinds() -> Vec<(&'static str, Results)> {
    vec![
        ("search-no-complete-trial", no_complete_trial()),
        ("search-one-trial", one_trial()),
        ("search-one-field", one_field()),
        ("search-narrow", narrow()),
        ("search-many-fields", many_fields(400)),
        ("search-loss", loss()),
        ("search-no-summary", no_summary()),
    ]
}

/// Every trial diverged.
pub fn no_complete_trial() -> Results {
    let mut results = made(24, two_rates(), &|_, _| 0.5);
    for trial in &mut results.trials {
        "failed".clone_into(&mut trial.state);
        trial.reason = Some("diverged".to_owned());
        trial.value = f64::NAN;
    }
    results.arms.clear();
    results.findings.clear();
    if let Some(search) = &mut results.search {
        *search = SearchSummary {
            pruner: "none".to_owned(),
            winner: None,
            networks_in_time: None,
            importance: Vec::new(),
            best_of: Vec::new(),
            gain: None,
            audit: None,
            ..search.clone()
        };
    }
    results
}

/// The search was stopped after its first trial.
pub fn one_trial() -> Results {
    let mut results = made(1, two_rates(), &|_, _| 0.62);
    results.complete = false;
    if let Some(search) = &mut results.search {
        search.importance.clear();
        search.winner = None;
        search.gain = None;
        search.reproducible = false;
        search.why = Some("--seconds ends it by the clock".to_owned());
    }
    results
}

/// A learning rate alone.
pub fn one_field() -> Results {
    made(60, two_rates().into_iter().take(1).collect(), &|at, noise| 0.8 - 1.4 * (at[0] - 0.7).powi(2) + 0.03 * noise)
}

/// Four rounds, one of which widens.
pub fn narrow() -> Results {
    let mut space = two_rates();
    space.push(choice("network.init", "initial weights", &[json!("he"), json!("xavier"), json!({"std": 0.01})]));
    let mut results = made(200, space, &|at, noise| {
        0.85 - 1.5 * (at[0] - 0.9).powi(2) - 0.1 * (at[1] - 0.5).powi(2) - 0.15 * (at[2] - 0.2).max(0.0) + 0.02 * noise
    });
    let range = |low: f64, high: f64, reason: &str| NarrowRange {
        low: Some(low),
        high: Some(high),
        choices: Vec::new(),
        reason: reason.to_owned(),
    };
    let left = |choices: &[Value], reason: &str| NarrowRange {
        choices: choices.to_vec(),
        reason: reason.to_owned(),
        ..NarrowRange::default()
    };
    let all = [json!("he"), json!("xavier"), json!({"std": 0.01})];
    let Some(search) = &mut results.search else { return results };
    "narrow".clone_into(&mut search.sampler);
    search.rounds = vec![
        NarrowRound {
            first: 0,
            kept: Vec::new(),
            ranges: vec![range(1e-6, 1e-2, "start"), range(1e-8, 1e-4, "start"), left(&all, "start")],
        },
        NarrowRound {
            first: 50,
            kept: vec![17, 3, 44, 21, 8],
            ranges: vec![
                range(3e-4, 1e-2, "narrowed: the best 5 of 50 lie between 0.00041 and 0.0098 (quantiles 5 % and 95 %)"),
                range(1e-8, 1e-4, "kept: the best 5 of 50 spread over all of it"),
                left(&all[..2], "narrowed: std 0.01 is in none of the best 5"),
            ],
        },
        NarrowRound {
            first: 100,
            kept: vec![71, 17, 90, 55, 62, 3, 99, 84, 44, 73],
            ranges: vec![
                range(2e-3, 3e-2, "widened: 7 of the best 10 lie in the top tenth of the range, against 1 by chance"),
                range(1e-7, 2e-5, "narrowed: the best 10 of 100 lie between 1.3e-7 and 1.8e-5"),
                left(&all[..1], "narrowed: xavier is in 1 of the best 10"),
            ],
        },
        NarrowRound {
            first: 150,
            kept: (100..115).collect(),
            ranges: vec![
                range(4e-3, 2e-2, "narrowed: the best 15 of 150 lie between 0.0044 and 0.019"),
                range(3e-7, 8e-6, "narrowed: the best 15 of 150 lie between 3.3e-7 and 7.6e-6"),
                left(&all[..1], "kept: one choice is left"),
            ],
        },
    ];
    // Trials of later rounds lie in their ranges.
    let rounds = search.rounds.clone();
    for trial in &mut results.trials {
        let Some(round) = rounds.iter().rfind(|round| round.first <= trial.trial) else { continue };
        let mut noise = Noise(trial.trial as u64 + 900);
        for (path, range) in ["training.learning_rate", "training.weight_decay"].iter().zip(&round.ranges) {
            if let (Some(low), Some(high)) = (range.low, range.high) {
                trial.settings.insert((*path).to_owned(), json!(low * (high / low).powf(noise.uniform())));
            }
        }
        let choices = &round.ranges[2].choices;
        let at = ((noise.uniform() * choices.len() as f64) as usize).min(choices.len() - 1);
        trial.settings.insert("network.init".to_owned(), choices[at].clone());
    }
    results
}

/// Twelve fields of all kinds, two of which exist with one optimiser only; some trials pruned, some failed.
pub fn many_fields(trials: usize) -> Results {
    let mut space = two_rates();
    space.push(choice(
        "training.optimizer",
        "optimizer",
        &["sgd", "momentum", "adam", "adamw"].map(|name| json!(name)),
    ));
    space.push(SearchedField {
        when: [("training.optimizer".to_owned(), vec![json!("momentum")])].into(),
        ..number("training.momentum", "momentum", 0.5, 0.99)
    });
    space.push(SearchedField {
        when: [("training.optimizer".to_owned(), vec![json!("adam"), json!("adamw")])].into(),
        ..number("training.beta2", "beta 2", 0.9, 0.9999)
    });
    space.push(choice("network.batch_norm", "batch norm", &[json!(true), json!(false)]));
    space.push(number("network.dropout", "dropout", 0.0, 0.6));
    space.push(number("network.depth", "depth", 1.0, 8.0));
    space.push(SearchedField { log: true, ..number("network.width", "width", 16.0, 512.0) });
    space.push(choice(
        "network.activation",
        "activation",
        &["relu", "tanh", "gelu", "leaky relu"].map(|name| json!(name)),
    ));
    space.push(number("training.label_smoothing", "label smoothing", 0.0, 0.2));
    space.push(choice("network.init", "initial weights", &[json!("he"), json!("xavier"), json!({"std": 0.01})]));
    let mut results = made(trials, space, &|at, noise| {
        let rate = 1.3 * (at[0] - 0.75).powi(2);
        let width = 0.25 * (1.0 - at[8]).powi(2);
        let norm = if at[5] < 0.5 { 0.0 } else { 0.08 };
        0.93 - rate - width - norm - 0.2 * (at[6] - 0.3).powi(2) + 0.025 * noise
    });
    let optimizer = |trial: &Trial| trial.settings["training.optimizer"].as_str().unwrap_or_default().to_owned();
    for trial in &mut results.trials {
        if optimizer(trial) != "momentum" {
            trial.settings.remove("training.momentum");
        }
        if !optimizer(trial).starts_with("adam") {
            trial.settings.remove("training.beta2");
        }
    }
    results
}

/// Less is better, and some trials end far off.
pub fn loss() -> Results {
    let mut results = made(120, two_rates(), &|at, noise| {
        0.3 + 2.0 * (at[0] - 0.6).powi(2) + if at[0] > 0.93 { 60.0 * at[1] } else { 0.0 } + 0.03 * noise.abs()
    });
    "validation_loss".clone_into(&mut results.primary_metric);
    let key = |trial: &Trial| if trial.value.is_finite() { trial.value } else { f64::INFINITY };
    results.trials.sort_by(|a, b| key(a).total_cmp(&key(b)));
    results.arms.clear();
    if let Some(search) = &mut results.search {
        search.trainings = 3;
        search.best_of.clear();
        search.winner = None;
        search.gain = None;
    }
    results
}

/// As results were before they said what a search did.
pub fn no_summary() -> Results {
    Results { search: None, ..many_fields(150) }
}

fn number(path: &str, label: &str, low: f64, high: f64) -> SearchedField {
    SearchedField {
        path: path.to_owned(),
        label: label.to_owned(),
        low: Some(low),
        high: Some(high),
        ..SearchedField::default()
    }
}

fn choice(path: &str, label: &str, choices: &[Value]) -> SearchedField {
    SearchedField {
        path: path.to_owned(),
        label: label.to_owned(),
        choices: choices.to_vec(),
        ..SearchedField::default()
    }
}

fn two_rates() -> Vec<SearchedField> {
    vec![
        SearchedField { log: true, ..number("training.learning_rate", "learning rate", 1e-6, 1e-2) },
        SearchedField { log: true, ..number("training.weight_decay", "weight decay", 1e-8, 1e-4) },
    ]
}

/// A search whose value is a function of the places (0 to 1) of its settings and of noise.
fn made(trials: usize, space: Vec<SearchedField>, value: &dyn Fn(&[f64], f64) -> f64) -> Results {
    let mut noise = Noise(trials as u64 + 5);
    let mut all: Vec<Trial> = (0..trials)
        .map(|trial| {
            let at: Vec<f64> = space.iter().map(|_| noise.uniform()).collect();
            let settings: BTreeMap<String, Value> =
                space.iter().zip(&at).map(|(field, at)| (field.path.clone(), setting(field, *at))).collect();
            let value = (value(&at, noise.normal()) * 1000.0).round() / 1000.0;
            let state = match trial {
                n if n % 31 == 20 => "failed",
                n if n > 20 && value < 0.55 && n % 3 == 0 => "pruned",
                _ => "complete",
            };
            Trial {
                trial,
                state: state.to_owned(),
                reason: (state == "failed").then(|| "diverged".to_owned()),
                value: if state == "failed" { f64::NAN } else { value.clamp(0.02, 100.0) },
                settings,
                rescored: None,
            }
        })
        .collect();
    let class = |trial: &Trial| ["complete", "pruned", "failed"].iter().position(|state| *state == trial.state);
    all.sort_by(|a, b| class(a).cmp(&class(b)).then(b.value.total_cmp(&a.value)).then(a.trial.cmp(&b.trial)));
    let complete: Vec<f64> = all.iter().filter(|t| t.state == "complete").map(|t| t.value).collect();
    for trial in all.iter_mut().take(3).filter(|trial| trial.state == "complete") {
        trial.rescored = Some(Summary { mean: trial.value - 0.04, sd: 0.021, n: 5 });
    }
    let arms = all
        .iter()
        .filter(|trial| trial.state == "complete")
        .take(20)
        .map(|trial| {
            let mut accuracy = |end: f64| {
                super::curve((0..200).step_by(4), |step| {
                    (0.1 + (end - 0.1) * (1.0 - (-step / 60.0).exp()) + 0.015 * noise.normal()).clamp(0.0, 1.0)
                })
            };
            let (train, validation) = (accuracy((trial.value + 0.12).min(1.0)), accuracy(trial.value));
            let settings: Vec<(&str, Value)> = trial.settings.iter().map(|(k, v)| (k.as_str(), v.clone())).collect();
            let run = run(0, vec![("train_accuracy", train), ("validation_accuracy", validation)]);
            arm(&format!("trial {}", trial.trial), &settings, vec![run])
        })
        .collect();
    let search = summary_of(space, &all, &complete);
    Results {
        experiment: "search".to_owned(),
        seeds: vec![0],
        primary_metric: "validation_accuracy".to_owned(),
        data: DataSummary { train_rows: 400, validation_rows: 100, split_seed: Some(0), ..empty().data },
        command: "goodfit search search.toml".to_owned(),
        report: Layout {
            title: "Searching for good settings".to_owned(),
            question: "Which settings does a network want?".to_owned(),
            figure: FigureKind::Trials,
            metrics: vec!["train_accuracy".to_owned(), "validation_accuracy".to_owned()],
            ..empty().report
        },
        findings: vec![Finding {
            statement: "The best trials lie against the upper edge of the learning rate.".to_owned(),
            evidence: "4 of the best 10 trials lie in the top tenth of its range, against 1 by chance.".to_owned(),
            next: "goodfit search search.toml --vary 'training.learning_rate={low=1e-3,high=1e-1,log=true}'".to_owned(),
        }],
        trials: all,
        search: Some(search),
        arms,
        ..empty()
    }
}

fn setting(field: &SearchedField, at: f64) -> Value {
    match (field.low, field.high) {
        (Some(low), Some(high)) if field.log => json!(low * (high / low).powf(at)),
        (Some(low), Some(high)) if low >= 1.0 => json!((low + at * (high - low)).round() as u64),
        (Some(low), Some(high)) => json!(low + at * (high - low)),
        _ => field.choices[((at * field.choices.len() as f64) as usize).min(field.choices.len() - 1)].clone(),
    }
}

fn summary_of(space: Vec<SearchedField>, trials: &[Trial], complete: &[f64]) -> SearchSummary {
    let best = complete.first().copied().unwrap_or(f64::NAN);
    let weights: Vec<f64> = (0..space.len()).map(|i| 0.55_f64.powi(((i * 7) % space.len().max(1)) as i32)).collect();
    let total: f64 = weights.iter().sum();
    let importance = space
        .iter()
        .zip(&weights)
        .map(|(field, weight)| Importance { path: field.path.clone(), share: weight / total })
        .collect();
    let n = complete.len();
    let best_of = std::iter::successors(Some(1_usize), |n| Some((n * 4 / 3).max(n + 1)))
        .take_while(|&size| size < n)
        .chain((n > 0).then_some(n))
        .map(|size| {
            // The expected place of the best of `size` draws among the ranked values.
            let at =
                |quantile: f64| complete[((n as f64 * (1.0 - quantile.powf(1.0 / size as f64))) as usize).min(n - 1)];
            BestOf { n: size, mean: at(0.5), band: [at(0.025), at(0.975)] }
        })
        .collect();
    let pruned: Vec<&Trial> = trials.iter().filter(|trial| trial.state == "pruned").collect();
    let audited: Vec<Audited> =
        pruned.iter().step_by(4).map(|t| Audited { trial: t.trial, value: t.value + 0.06 }).collect();
    SearchSummary {
        enqueued: 0,
        networks_in_time: None,
        study: "search".to_owned(),
        sampler: "tpe".to_owned(),
        pruner: if pruned.is_empty() { "none" } else { "median" }.to_owned(),
        seed: 0,
        generation: 8,
        trainings: 1,
        reproducible: true,
        why: None,
        space,
        rounds: Vec::new(),
        importance,
        best_of,
        gain: Some(ExpectedGain { n: 100, mean: 0.0042, ci95: [0.0, 0.0151] }),
        audit: (!pruned.is_empty()).then_some(PruningAudit {
            pruned: pruned.len(),
            audited,
            in_top_tenth: 0,
            ci95: [0.0, 0.11],
        }),
        winner: trials.iter().find(|trial| trial.state == "complete").map(|trial| Winner {
            trial: trial.trial,
            searched: trial.value,
            seeds: (0..5).map(|i| 11_400_714_819_323_198_485_u64.wrapping_mul(i + 2)).collect(),
            score: Some(Summary { mean: best - 0.05, sd: 0.02, n: 5 }),
            ci95: [best - 0.075, best - 0.025],
            row_error: Some(0.043),
            rows: 100,
        }),
    }
}
