//! Agreement with the textbook's own programs.
//!
//! `textbook.json` holds what `benchsuite/textbook` recorded. Means a and b over seeds agree when
//! `|a - b| <= 3 sqrt(sd_a^2 / n_a + sd_b^2 / n_b) + 0.003` for a loss, `+ 0.01` for an accuracy.
//!
//! Recording a curve has no influence on the training, so most tests here evaluate only its two
//! ends. With `GOODFIT_FULL=1` set the longer comparisons run too.
#![cfg(feature = "mnist")]

use goodfit::comparison::{Observer, Options, conduct};
use goodfit::jobs::default_jobs;
use goodfit::recipe::{Experiment, SHIPPED, Settings};
use goodfit::results::{Arm, Results, Run, Summary};
use goodfit::run::Monitor;
use goodfit::search::conduct_search;
use goodfit::statistics::summary;
use serde_json::Value as Json;

const LOSS: f64 = 0.003;
const ACCURACY: f64 = 0.01;

struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _what: &str, _n_steps: u64) {}
    fn done(&mut self, _arm: &str, _seed: u64, _run: &Run) {}
    fn line(&mut self, _line: &str) {}
}

/// Whether the longer comparisons are wanted.
fn full() -> bool {
    std::env::var_os("GOODFIT_FULL").is_some_and(|value| value == "1")
}

/// The results of a shipped experiment with these changes.
fn results(name: &str, changes: &[&str], first_seed: u64) -> Results {
    let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name).unwrap();
    let mut settings = Settings::parse(&format!("{name}.toml"), text).unwrap();
    for change in changes {
        settings.set("--set", change).unwrap();
    }
    let mut experiment = Experiment::resolve(name, settings).unwrap();
    if changes.iter().any(|change| change.starts_with("compare.arms")) {
        experiment.search = None;
    }
    let options = Options { first_seed, n_jobs: default_jobs(), command: String::new() };
    let (monitor, observer) = (Monitor::default(), &mut Silent);
    let conducted = match &experiment.search {
        Some(search) => conduct_search(&experiment, search, &options, &monitor, observer).expect("it can be searched"),
        None => conduct(&experiment, &options, &monitor, observer).expect("it can be compared"),
    };
    conducted.results
}

/// What the textbook's programs gave.
fn textbook(experiment: &str) -> Json {
    let file: Json = serde_json::from_str(include_str!("textbook.json")).unwrap();
    file[experiment].clone()
}

fn figure(figure: &Json) -> Summary {
    let number = |name: &str| figure[name].as_f64().unwrap_or(f64::NAN);
    Summary { mean: number("mean"), sd: number("sd"), n: figure["n"].as_u64().unwrap() as usize }
}

/// Whether ours agrees with the textbook's within 3 standard errors, said where it does not.
fn disagreement(what: &str, ours: Summary, theirs: Summary, slack: f64) -> Option<String> {
    let error = (ours.sd.powi(2) / ours.n as f64 + theirs.sd.powi(2) / theirs.n as f64).sqrt();
    let allowed = 3.0 * error + slack;
    let apart = (ours.mean - theirs.mean).abs();
    let show = |s: Summary| format!("{:.4} (sd {:.4}, n {})", s.mean, s.sd, s.n);
    let text = format!("{what}: {} here, {} there, {allowed:.4} allowed", show(ours), show(theirs));
    // Shown by `--nocapture`: how near each figure comes to what is allowed.
    println!("{:3.0} % of it, {:.2} standard errors: {text}", 100.0 * apart / allowed, apart / error);
    let agrees = apart <= allowed;
    (!agrees).then(|| text + "\n")
}

#[track_caller]
fn none(disagreements: impl Iterator<Item = Option<String>>) {
    let all: String = disagreements.flatten().collect();
    assert!(all.is_empty(), "\n{all}");
}

/// Final train and test accuracy of two arms against the textbook's arms of these names.
fn overfitting(name: &str, changes: &[&str], names: [&str; 2]) -> [Arm; 2] {
    let changes = [changes, if full() { &[] } else { &["compare.seeds=3"] }].concat();
    let (results, textbook) = (results(name, &changes, 0), textbook(name));
    let [without, with] = <[Arm; 2]>::try_from(results.arms).unwrap();
    let arms = [without, with];
    none(arms.iter().zip(names).flat_map(|(arm, their_name)| {
        ["train_accuracy", "test_accuracy"].map(|metric| {
            let theirs = figure(&textbook["arms"][their_name][metric]);
            disagreement(&format!("{} {metric}", arm.name), arm.summary[metric], theirs, ACCURACY)
        })
    }));
    arms
}

/// The gap shrinks, and test accuracy does not rise: the chapter's own settings, apart.
fn gap_shrinks_and_accuracy_falls([without, with]: &[Arm; 2]) {
    let mean = |arm: &Arm, metric: &str| arm.summary[metric].mean;
    assert!(mean(with, "accuracy_gap") < mean(without, "accuracy_gap"));
    assert!(mean(with, "test_accuracy") < mean(without, "test_accuracy"));
    assert!(mean(with, "train_accuracy") < mean(without, "train_accuracy"));
}

#[test]
fn weight_decay() {
    gap_shrinks_and_accuracy_falls(&overfitting("weight-decay", &["training.evaluate_every=600"], ["0", "0.1"]));
}

#[test]
fn dropout() {
    gap_shrinks_and_accuracy_falls(&overfitting("dropout", &["training.evaluate_every=900"], ["0", "0.2"]));
}

/// Mean loss over the 100 steps that end at step `end`, counted from 1, over the runs.
fn window(arm: &Arm, end: usize) -> Summary {
    let mean = |run: &Run| run.curves["train_loss"].value[end - 100..end].iter().sum::<f64>() / 100.0;
    summary(&arm.runs.iter().map(mean).collect::<Vec<_>>())
}

#[test]
fn weight_init() {
    let (ends, changes): (&[usize], &[&str]) = if full() {
        (&[100, 500, 1000, 2000], &["compare.seeds=5"])
    } else {
        (&[100, 500], &["compare.seeds=3", "training.steps=500"])
    };
    let (results, textbook) = (results("weight-init", changes, 0), textbook("weight-init"));
    none(results.arms.iter().zip(["std 0.01", "xavier", "he"]).flat_map(|(arm, their_name)| {
        let theirs = &textbook["arms"][their_name]["train_loss_100"];
        ends.iter().map(move |&end| {
            let theirs = figure(&theirs[end.to_string()]);
            disagreement(&format!("{}, step {end}", arm.name), window(arm, end), theirs, LOSS)
        })
    }));
    for &end in ends {
        let [std, xavier, he] = [0, 1, 2].map(|i| window(&results.arms[i], end).mean);
        assert!(he < xavier && xavier < std, "step {end}: std 0.01 {std}, xavier {xavier}, he {he}");
    }
}

/// 32 arms with 20 seeds on either side, a number chosen before any of them was looked at; with fewer seeds
/// here the spread is the textbook's, since that of 3 seeds is hardly known.
#[test]
fn batch_norm() {
    let seeds = if full() { "compare.seeds=20" } else { "compare.seeds=3" };
    let results = results("batch-norm", &[seeds, "training.evaluate_every=190"], 0);
    let textbook = textbook("batch-norm");
    none(results.arms.iter().enumerate().map(|(i, arm)| {
        let their_name = format!("{} {}", i / 2, if i % 2 == 1 { "on" } else { "off" });
        let (ours, theirs) = (arm.summary["train_accuracy"], figure(&textbook["arms"][their_name]["train_accuracy"]));
        let ours = if full() { ours } else { Summary { sd: theirs.sd, ..ours } };
        disagreement(&arm.name, ours, theirs, ACCURACY)
    }));
    let reaching = |side: usize| {
        let arms = || results.arms.iter().skip(side).step_by(2);
        let count = |seed: usize| arms().filter(|arm| arm.runs[seed].final_["train_accuracy"] >= 0.5).count() as f64;
        summary(&(0..results.seeds.len()).map(count).collect::<Vec<_>>())
    };
    none([(0, "off"), (1, "on")].into_iter().map(|(side, name)| {
        // One scale of slack: a count has no smaller step.
        disagreement(
            &format!("scales that reach 0.5, {name}"),
            reaching(side),
            figure(&textbook["scales_reaching_half"][name]),
            1.0,
        )
    }));
    assert!(reaching(1).mean > reaching(0).mean + 5.0);
}

/// Per layer mean, sd and zeros of all 12 arms, with 40 seeds on either side. The slack of a loss is taken in
/// units of the layer's sd, since that of some layers is far below 0.003.
#[test]
fn activations() {
    let results = results("activations", &["compare.seeds=40"], 0);
    let textbook = textbook("activations");
    let mut all = Vec::new();
    for arm in &results.arms {
        let init = match &arm.settings["network.init"] {
            Json::String(name) => name.clone(),
            table => table["std"].as_f64().unwrap().to_string(),
        };
        let their_name = format!("{} {init}", arm.settings["network.activation"].as_str().unwrap());
        for layer in 0..5 {
            let of = |measure: &str| {
                let value = |run: &Run| match measure {
                    "mean" => run.layers[layer].mean,
                    "sd" => run.layers[layer].sd,
                    _ => run.layers[layer].zeros,
                };
                summary(&arm.runs.iter().map(value).collect::<Vec<_>>())
            };
            for measure in ["mean", "sd", "zeros"] {
                let (ours, theirs) = (of(measure), figure(&textbook["arms"][&their_name]["layers"][layer][measure]));
                let slack = LOSS * if measure == "zeros" { 1.0 } else { of("sd").mean };
                all.push(disagreement(&format!("{} layer {} {measure}", arm.name, layer + 1), ours, theirs, slack));
            }
        }
    }
    none(all.into_iter());
}

/// The same pairs of learning rate and weight decay trained on both sides, 20 seeds each with splits of their
/// own: what a trial gets from given values.
#[test]
fn pairs_of_the_search() {
    let textbook = textbook("search-pairs");
    let names: Vec<&String> = textbook["arms"].as_object().unwrap().keys().collect();
    let arms = names.iter().map(|name| {
        let (rate, decay) = name.split_once(' ').unwrap();
        let [rate, decay] = [rate, decay].map(|power| 10_f64.powf(power.trim_start_matches("1e").parse().unwrap()));
        format!("\"{name}\" = {{ \"training.learning_rate\" = {rate:e}, \"training.weight_decay\" = {decay:e} }}")
    });
    let arms = format!("compare.arms={{ {} }}", arms.collect::<Vec<_>>().join(", "));
    let changes = [arms.as_str(), "compare.seeds=20", "compare.resplit=true", "training.evaluate_every=196"];
    let results = results("search", &changes, 0);
    assert_eq!((results.arms.len(), names.len()), (10, 10));
    none(results.arms.iter().flat_map(|arm| {
        ["train_accuracy", "validation_accuracy"].map(|metric| {
            let theirs = figure(&textbook["arms"][&arm.name][metric]);
            disagreement(&format!("{} {metric}", arm.name), arm.summary[metric], theirs, ACCURACY)
        })
    }));
}

/// The distribution of the trials' scores, 10 searches of 100 trials on either side: quartiles, the best, and
/// the shares above 0.3, 0.5 and 0.7.
#[test]
fn search() {
    if !full() {
        println!("skipped: set GOODFIT_FULL=1 to run 1,000 trials");
        return;
    }
    let per_seed: Vec<Vec<f64>> = (0..10)
        .map(|seed| results("search", &["training.evaluate_every=196"], seed))
        .map(|results| results.trials.iter().map(|trial| trial.value).collect())
        .map(|mut values: Vec<f64>| {
            values.sort_by(f64::total_cmp);
            values
        })
        .collect();
    let textbook = &textbook("search")["validation_accuracy"];
    // With linear interpolation, as the textbook's are.
    let quantile = |values: &[f64], share: f64| {
        let at = share * (values.len() - 1) as f64;
        let (below, above) = (values[at.floor() as usize], values[at.ceil() as usize]);
        below + at.fract() * (above - below)
    };
    let above = |values: &[f64], least| values.iter().filter(|value| **value > least).count() as f64 / 100.0;
    none(
        ["lower_quartile", "median", "upper_quartile", "best", "above_0.3", "above_0.5", "above_0.7"]
            .map(|measure| {
                let of = |values: &Vec<f64>| match measure {
                    "lower_quartile" => quantile(values, 0.25),
                    "median" => quantile(values, 0.5),
                    "upper_quartile" => quantile(values, 0.75),
                    "best" => quantile(values, 1.0),
                    _ => above(values, measure.trim_start_matches("above_").parse().unwrap()),
                };
                let ours = summary(&per_seed.iter().map(of).collect::<Vec<_>>());
                disagreement(measure, ours, figure(&textbook[measure]), ACCURACY)
            })
            .into_iter(),
    );
}

/// The tolerance tells arms apart, with the slack that the tests use: the textbook's figure of one arm does not agree
/// with that of another. Test accuracy alone would not tell weight decay's two arms apart (0.755 and 0.715
/// with 5 seeds); their training accuracy does.
#[test]
fn the_figure_of_another_arm_does_not_agree() {
    let apart = |experiment: &str, arms: [&str; 2], figures: &[&str], slack: f64| {
        let all = textbook(experiment);
        let of = |arm: &str| {
            let at = |json: &Json, key: &&str| {
                key.parse::<usize>()
                    .map_or(json[*key].clone(), |i| if json.is_array() { json[i].clone() } else { json[*key].clone() })
            };
            figure(&figures.iter().fold(all["arms"][arm].clone(), |json, key| at(&json, key)))
        };
        disagreement(&format!("{experiment} {arms:?}"), of(arms[0]), of(arms[1]), slack).is_some()
    };
    for end in ["100", "500", "1000", "2000"] {
        for arms in [["std 0.01", "xavier"], ["xavier", "he"]] {
            assert!(apart("weight-init", arms, &["train_loss_100", end], LOSS), "{arms:?} {end}");
        }
    }
    assert!(apart("weight-decay", ["0", "0.1"], &["train_accuracy"], ACCURACY));
    assert!(!apart("weight-decay", ["0", "0.1"], &["test_accuracy"], ACCURACY));
    assert!(apart("dropout", ["0", "0.2"], &["train_accuracy"], ACCURACY));
    assert!(apart("batch-norm", ["8 off", "8 on"], &["train_accuracy"], ACCURACY));
    for activation in ["sigmoid", "tanh", "relu"] {
        let arms = [format!("{activation} xavier"), format!("{activation} he")];
        assert!(apart("activations", [&arms[0], &arms[1]], &["layers", "4", "sd"], 0.0), "{activation}");
    }
    let ours = Summary { mean: 0.755, sd: 0.02, n: 5 };
    assert!(disagreement("", ours, Summary { mean: 0.7545, sd: 0.0218, n: 5 }, ACCURACY).is_none());
    assert!(disagreement("", ours, Summary { mean: f64::NAN, ..ours }, ACCURACY).is_some());
}
