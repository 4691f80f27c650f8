//! The shipped experiments through the program: their arms, their curves, and the recipe they print.
#![cfg(all(feature = "cli", feature = "mnist"))]

mod command;

use command::Place;
use goodfit::recipe::{Experiment, Length, SHIPPED};
use serde_json::Value as Json;

fn experiment(name: &str) -> Experiment {
    let (_, text) = SHIPPED.iter().find(|(shipped, _)| *shipped == name).unwrap();
    Experiment::from_toml(&format!("{name}.toml"), text).unwrap()
}

/// The results of an experiment with these changes, which its printed recipe gives too.
fn results(name: &str, changes: &[&str]) -> Json {
    let place = Place::new();
    place.succeed(&[&["reproduce", name, "--out", "shipped"], changes].concat());
    let recipe = place.succeed(&[&["reproduce", name, "--print-recipe"], changes].concat()).stdout;
    place.write("own.toml", recipe);
    let command = if name == "search" { "search" } else { "compare" };
    place.succeed(&[command, "own.toml", "--out", "own"]);
    let (mut shipped, mut own) = (place.json("shipped/results.json"), place.json("own/results.json"));
    assert_eq!((&shipped["experiment"], &own["experiment"]), (&name.into(), &"own".into()));
    for field in ["experiment", "command", "recipe"] {
        shipped[field] = Json::Null;
        own[field] = Json::Null;
    }
    if name == "search" {
        assert_eq!(own["search"]["study"].take(), "own");
        assert_eq!(shipped["search"]["study"].take(), "search");
    }
    assert!(shipped == own, "{name}: the printed recipe gives other results");
    assert_eq!((&shipped["format"], &shipped["complete"]), (&1.into(), &true.into()));
    shipped
}

fn arms(results: &Json) -> Vec<&str> {
    results["arms"].as_array().unwrap().iter().map(|arm| arm["name"].as_str().unwrap()).collect()
}

/// Every run has these curves at these steps, and the last point of each as its final value.
#[track_caller]
fn check_curves(results: &Json, n_runs: usize, curves: &[&str], steps: &[usize]) {
    for arm in results["arms"].as_array().unwrap() {
        let runs = arm["runs"].as_array().unwrap();
        assert_eq!(runs.len(), n_runs);
        for run in runs {
            for curve in curves {
                let points = &run["curves"][curve];
                assert_eq!(points["step"], Json::from(steps), "{} {curve}", arm["name"]);
                assert_eq!(points["value"].as_array().unwrap().len(), steps.len());
                assert_eq!(points["value"][steps.len() - 1], run["final"][curve]);
            }
        }
        for curve in curves {
            assert_eq!(arm["summary"][curve]["n"], n_runs);
        }
    }
}

/// The full budget: this many steps, an evaluation after each that `every` divides, so many points.
#[track_caller]
fn check_budget(name: &str, steps: usize, every: usize, n_points: usize) {
    let training = experiment(name).recipe.training;
    assert_eq!((training.length, training.evaluate_every), (Length::Steps(steps), Some(every)));
    assert_eq!((0..steps).step_by(every).count(), n_points);
}

#[test]
fn activations() {
    let results = results("activations", &["--set", "data.rows=40"]);
    let names = arms(&results);
    assert_eq!(names.len(), 12);
    assert_eq!((names[0], names[11]), ("activation sigmoid, init std 1", "activation relu, init he"));
    for arm in results["arms"].as_array().unwrap() {
        let layers = arm["runs"][0]["layers"].as_array().unwrap();
        assert_eq!(layers.len(), 5);
        let tanh = arm["settings"]["network.activation"] == "tanh";
        for layer in layers {
            let (edges, counts) = (&layer["histogram"]["edges"], layer["histogram"]["counts"].as_array().unwrap());
            assert_eq!(counts.len(), 30);
            assert_eq!((edges[0].as_f64(), edges[30].as_f64()), (Some(if tanh { -1.0 } else { 0.0 }), Some(1.0)));
            let inside: u64 = counts.iter().map(|count| count.as_u64().unwrap()).sum();
            let outside = layer["outside"].as_f64().unwrap() * 40.0 * 100.0;
            assert!((inside as f64 + outside - 4000.0).abs() < 1e-6, "{inside} inside, {outside} outside");
        }
    }
    assert_eq!(results["comparisons"], Json::Array(Vec::new()), "nothing is trained, so nothing is compared");
}

#[test]
fn weight_init() {
    let results =
        results("weight-init", &["--seeds", "2", "--set", "training.steps=5", "--set", "data.train_rows=300"]);
    assert_eq!(arms(&results), ["init std 0.01", "init xavier", "init he"]);
    check_curves(&results, 2, &["train_loss"], &[0, 1, 2, 3, 4]);
    assert_eq!(results["arms"][0]["runs"][0]["curves"].as_object().unwrap().len(), 1, "nothing else is evaluated");
    let training = experiment("weight-init").recipe.training;
    assert_eq!((training.length, training.batch_size), (Length::Steps(2000), 128));
}

#[test]
fn batch_norm() {
    let results = results("batch-norm", &["--set", "training.steps=31", "--set", "data.train_rows=200"]);
    assert_eq!(arms(&results).len(), 32);
    check_curves(&results, 1, &["train_accuracy"], &[0, 10, 20, 30]);
    check_budget("batch-norm", 191, 10, 20);
    // 1 down to 1e-4, evenly in the logarithm, each without and with batch norm.
    for (i, arm) in results["arms"].as_array().unwrap().iter().enumerate() {
        let std = arm["settings"]["network.init"]["std"].as_f64().unwrap();
        assert!((std.log10() + 4.0 * (i / 2) as f64 / 15.0).abs() < 1e-9, "{std}");
        assert_eq!(arm["settings"]["network.batch_norm"], i % 2 == 1);
    }
}

#[test]
fn weight_decay() {
    let results = results("weight-decay", &["--seeds", "2", "--set", "training.steps=7"]);
    assert_eq!(arms(&results), ["weight decay 0", "weight decay 0.1"]);
    check_curves(&results, 2, &["train_accuracy", "test_accuracy"], &[0, 3, 6]);
    check_budget("weight-decay", 601, 3, 201);
    assert_eq!((&results["data"]["train_rows"], &results["data"]["test_rows"]), (&300.into(), &10_000.into()));
}

#[test]
fn dropout() {
    let results = results("dropout", &["--seeds", "2", "--set", "training.steps=7"]);
    assert_eq!(arms(&results), ["dropout 0", "dropout 0.2"]);
    check_curves(&results, 2, &["train_accuracy", "test_accuracy"], &[0, 3, 6]);
    check_budget("dropout", 903, 3, 301);
}

#[test]
fn search() {
    let results = results("search", &["--set", "search.trials=3", "--set", "training.epochs=3"]);
    assert_eq!((arms(&results).len(), results["trials"].as_array().unwrap().len()), (3, 3));
    check_curves(&results, 1, &["train_accuracy", "validation_accuracy"], &[0, 4, 8]);
    let values = |trial: &Json| trial["value"].as_f64().unwrap();
    let trials = results["trials"].as_array().unwrap();
    assert!(trials.is_sorted_by(|a, b| values(a) >= values(b)), "best first");
    for trial in trials {
        let setting = |path: &str| trial["settings"][path].as_f64().unwrap();
        assert!((1e-6..=1e-2).contains(&setting("training.learning_rate")));
        assert!((1e-8..=1e-4).contains(&setting("training.weight_decay")));
    }
    let recipe = experiment("search").recipe;
    assert_eq!((recipe.training.length, recipe.training.evaluate_every), (Length::Epochs(50), Some(4)));
    assert_eq!((&results["data"]["train_rows"], &results["data"]["validation_rows"]), (&400.into(), &100.into()));
}

#[test]
fn claims() {
    let place = Place::new();
    let ran = place.succeed(&[
        "reproduce",
        "claims",
        "--seeds",
        "1",
        "--set",
        "training.steps=2",
        "--set",
        "data.train_rows=128",
        "--out",
        "out",
    ]);
    let results = place.json("out/results.json");
    let parts: Vec<&Json> = results["parts"].as_array().unwrap().iter().map(|part| &part["experiment"]).collect();
    assert_eq!(parts, ["a-fixed", "a-scale", "a-tuned", "b", "c", "d"].map(Json::from).iter().collect::<Vec<_>>());
    let claims = results["claims"].as_array().unwrap();
    // Two measures of (a), then (b), (c), and three ways in (d).
    assert_eq!(claims.len(), 7);
    for claim in claims {
        assert!(ran.stdout.contains(claim["claim"].as_str().unwrap()), "{claim}");
        assert!(!claim["verdict"].as_str().unwrap().is_empty(), "{claim}");
    }
}
