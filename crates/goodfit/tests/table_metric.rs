//! `training.metric`: the score that decides, from the epoch that is kept to the sentences of a report.
#![cfg(feature = "cli")]
#![allow(clippy::float_cmp, reason = "the same computation gives the same bits")]

mod command;

use command::Place;
use serde_json::Value as Json;

/// 346 penguins, two of them without a body mass.
const PENGUINS: &str = include_str!("../examples/penguins.csv");

/// What a network takes that trains in a moment.
const QUICK: [&str; 6] =
    ["--set", "network.hidden=[8]", "--set", "training.epochs=12", "--set", "training.learning_rate=0.02"];

/// Steps so long that a network gets worse again.
const WILD: [&str; 4] = ["--set", "training.learning_rate=0.6", "--set", "training.refit=false"];

/// A place with the penguins whose body mass is known, and with the two sexes alone.
fn place() -> Place {
    let place = Place::new();
    let mut lines = PENGUINS.lines();
    let head = lines.next().expect("a head");
    let place_of = |name: &str| head.split(',').position(|column| column == name).expect("a column");
    let (mass, sex) = (place_of("body_mass_g"), place_of("sex"));
    let known =
        |at: usize| lines.clone().filter(move |line| !["", "NA"].contains(&line.split(',').nth(at).unwrap_or("")));
    let csv = |rows: Vec<&str>| format!("{head}\n{}\n", rows.join("\n"));
    place.write("penguins.csv", PENGUINS);
    place.write("mass.csv", csv(known(mass).collect()));
    place.write("sex.csv", csv(known(sex).collect()));
    place
}

fn number(value: &Json) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// Trains with a metric; what was printed, and the results.
fn trained(place: &Place, table: &str, target: &str, metric: &str) -> (String, Json) {
    let metric = format!("training.metric={metric}");
    let of_metric = if metric.ends_with('=') { vec![] } else { vec!["--set", &metric] };
    let words = [&["train", table, "--target", target, "--out", "out"], &QUICK[..], &of_metric].concat();
    let ran = place.succeed(&words);
    (ran.stdout, place.json("out/results.json"))
}

/// The curve of each metric ends, for the network that is given back, at the score that the table of scores has: that of
/// other code, which is held against scikit-learn.
#[test]
fn the_recorded_score_is_that_of_the_table() {
    let place = place();
    for (table, target, metrics) in [
        ("penguins.csv", "species", &["accuracy", "balanced_accuracy", "log_loss", "auc", "f1", "brier"][..]),
        ("sex.csv", "sex", &["balanced_accuracy", "log_loss", "auc", "f1", "brier"]),
        ("mass.csv", "body_mass_g", &["rmse", "mae", "r2"]),
    ] {
        for metric in metrics {
            let (printed, results) = trained(&place, table, target, metric);
            let curve = format!("validation_{metric}");
            assert_eq!(results["primary_metric"], curve.as_str());
            let run = &results["arms"][0]["runs"][0];
            let name = match *metric {
                "balanced_accuracy" => "balanced accuracy",
                "log_loss" => "log loss",
                "brier" => "Brier score",
                "accuracy" => "accuracy",
                other => &other.to_uppercase(),
            };
            let scores = &results["assessment"]["models"][0]["scores"];
            let (found, expected) = (number(&run["final"][&curve]), number(&scores[name]));
            assert!((found - expected).abs() < 1e-7 * expected.abs().max(1.0), "{table} {metric}: {found} {expected}");
            // It is printed first, and it is what the linear model is held against.
            let head = printed.lines().nth(1).expect("columns");
            assert_eq!(head.split_whitespace().nth(1), Some(curve.as_str()), "{printed}");
            let first =
                printed.lines().skip_while(|line| !line.starts_with(&format!("{target} on "))).nth(1).expect("scores");
            assert!(first.starts_with(&format!("{name} ")), "{metric}: {first}");
            assert_eq!(results["assessment"]["against_linear"]["score"], name);
            assert_eq!(number(&results["assessment"]["against_linear"]["network"]), expected);
        }
    }
}

/// Without stopping rows the validation rows choose the epoch, so that the choice can be seen in their curve: the best value,
/// and of those that are counted the last of equal ones.
#[test]
fn the_epoch_that_is_kept_is_the_best_by_the_metric() {
    let place = place();
    let mut ends = Vec::new();
    for (table, target, metric, lower, counted) in [
        ("penguins.csv", "species", "auc", false, true),
        ("penguins.csv", "species", "f1", false, true),
        ("penguins.csv", "species", "balanced_accuracy", false, true),
        ("penguins.csv", "species", "log_loss", true, false),
        ("penguins.csv", "species", "brier", true, false),
        ("mass.csv", "body_mass_g", "mae", true, false),
        ("mass.csv", "body_mass_g", "r2", false, false),
    ] {
        let metric_is = format!("training.metric={metric}");
        let words =
            ["train", table, "--target", target, "--out", "out", "--set", "data.stopping=0", "--set", &metric_is];
        place.succeed(&[&words, &QUICK[..4], &WILD].concat());
        let results = place.json("out/results.json");
        let run = &results["arms"][0]["runs"][0];
        let values: Vec<f64> = run["curves"][format!("validation_{metric}")]["value"]
            .as_array()
            .expect("a curve")
            .iter()
            .map(number)
            .collect();
        assert_eq!(values.len(), 12);
        let best =
            values.iter().copied().reduce(|a, b| if (b < a) == lower && a != b { b } else { a }).expect("a value");
        let at = |value: &f64| *value == best;
        let kept = if counted { values.iter().rposition(at) } else { values.iter().position(at) }.expect("the best");
        // The other scores of the network that is kept are those of the same epoch.
        for (curve, last) in run["final"].as_object().expect("scores") {
            if curve.starts_with("validation") {
                assert_eq!(&run["curves"][curve]["value"][kept], last, "{metric}: {curve} at {kept} of {values:?}");
            }
        }
        ends.push(kept);
    }
    assert!(ends.iter().any(|end| *end < 11), "some do not keep the last epoch: {ends:?}");
}

/// Arms are ranked by it, in its direction.
#[test]
fn a_comparison_is_decided_by_it() {
    let place = place();
    let words = ["compare", "penguins.csv", "--target", "species", "--out", "out", "--seeds", "4"];
    let vary = ["--vary", "training.learning_rate=0.02,0.0001", "--set", "training.metric=log_loss"];
    let printed = place.succeed(&[&words, &QUICK[..4], &vary].concat()).stdout;
    let results = place.json("out/results.json");
    assert_eq!(results["comparisons"][0]["metric"], "validation_log_loss");
    assert_eq!(results["comparisons"][0]["verdict"], "worse");
    assert!(number(&results["comparisons"][0]["difference"]) > 0.0, "a higher log loss is the worse one");
    assert!(
        printed.contains("is worse than 0.02: +") && printed.contains(" in log loss on the 55 validation rows"),
        "{printed}"
    );
    let page = String::from_utf8(place.read("out/report.html")).expect("UTF-8");
    assert!(page.contains("validation log loss"), "the axis of the figure");
}

/// A search minimises a loss and maximises a share.
#[test]
fn a_search_goes_the_right_way() {
    let place = place();
    for (metric, curve, is_better) in [
        ("brier", "validation_brier", (|a, b| a <= b) as fn(f64, f64) -> bool),
        ("auc", "validation_auc", |a, b| a >= b),
    ] {
        let metric_is = format!("training.metric={metric}");
        let words =
            ["search", "penguins.csv", "--target", "species", "--out", "out", "--trials", "5", "--storage", "memory"];
        let set = ["--force", "--set", "search.finalists=1", "--set", "search.rescore_seeds=2", "--set", &metric_is];
        place.succeed(&[&words[..], &set, &QUICK[2..4]].concat());
        let results = place.json("out/results.json");
        assert_eq!(results["primary_metric"], curve);
        let values: Vec<f64> =
            results["trials"].as_array().expect("trials").iter().map(|t| number(&t["value"])).collect();
        assert_eq!(values.len(), 5);
        assert!(values.windows(2).all(|pair| is_better(pair[0], pair[1])), "{metric}: {values:?}");
    }
}

/// Beside one number of 1e30 all others are the same once they are standardised in single precision; scores are of what the
/// table says.
#[test]
fn a_number_of_another_size_leaves_the_others_apart() {
    let place = place();
    for (far, side_of_it) in [(1, "train"), (0, "validation")] {
        let table = (0..60).fold("x,y,side\n".to_owned(), |text, i| {
            let side = if i % 3 == 0 { "validation" } else { "train" };
            let y = if i == 30 + far { "1e30".to_owned() } else { format!("{}.5", i * 37 % 101) };
            text + &format!("{}.5,{y},{side}\n", i * 37 % 101)
        });
        place.write("far.csv", table);
        let words = ["train", "far.csv", "--target", "y", "--out", "out", "--preset", "plain"];
        let set = ["--set", "data.split_column=side", "--set", "training.metric=r2", "--set", "training.epochs=3"];
        place.succeed(&[&words[..], &set, &["--set", "data.test=0", "--set", "training.early_stopping=3"]].concat());
        let results = place.json("out/results.json");
        let run = &results["arms"][0]["runs"][0];
        assert!(run.get("diverged_at").is_none(), "1e30 among the {side_of_it} rows");
        for score in ["validation_r2", "validation_rmse"] {
            assert!(
                run["final"][score].is_number(),
                "1e30 among the {side_of_it} rows: {score} is {}",
                run["final"][score]
            );
        }
        let mean = &results["assessment"]["models"].as_array().unwrap().last().unwrap()["scores"];
        let expected = if far == 1 { 1e28..1e29 } else { 1e29..1e30 };
        assert!(expected.contains(&number(&mean["RMSE"])) && number(&mean["R2"]) <= 0.0, "{mean}");
    }
}

/// What does not go together is an error that names what does.
#[test]
fn a_metric_that_does_not_fit_is_told() {
    let place = place();
    place.write(
        "one.csv",
        (0..60).fold("x,y,side\n".to_owned(), |text, i| {
            let (side, y) = if i % 3 == 0 { ("validation", "a") } else { ("train", ["a", "b"][i % 2]) };
            text + &format!("{}.5,{y},{side}\n", i * 37 % 101)
        }),
    );
    let said = |words: &[&str]| {
        let ran = place.run(words);
        assert_eq!(ran.status, Some(2), "{words:?}");
        ran.stderr
    };
    let train = ["train", "penguins.csv", "--target", "species", "--set"];
    for (words, expected) in [
        (
            [&train[..], &["training.metric=mae"]].concat(),
            "error: --set training.metric=mae, column 17: training.metric is \"mae\", but classes are predicted\n\
             hint: accuracy, balanced_accuracy, log_loss, auc, f1 or brier\n",
        ),
        (
            vec!["train", "mass.csv", "--target", "body_mass_g", "--set", "training.metric=auc"],
            "error: --set training.metric=auc, column 17: training.metric is \"auc\", but training.loss is \
             \"mean-squared-error\"\nhint: rmse, mae or r2\n",
        ),
        (
            [&train[..], &["training.stopping_metric=rmse"]].concat(),
            "error: --set training.stopping_metric=rmse, column 26: training.stopping_metric is \"rmse\", but classes are \
             predicted\nhint: loss, accuracy, balanced_accuracy, log_loss, auc, f1 or brier\n",
        ),
        (
            vec!["compare", "penguins.csv", "--target", "species", "--set", "compare.metric=validation_auc"],
            "error: --set compare.metric=validation_auc, column 16: compare.metric is \"validation_auc\", but that is not \
             recorded\nhint: training.metric = \"auc\" records it, and lets it decide\n",
        ),
        (
            vec!["compare", "penguins.csv", "--target", "species", "--vary", "training.metric=auc,f1"],
            "error: --vary training.metric=auc,f1, column 1: training.metric cannot vary\n\
             hint: leave it out: one metric decides between all; training.stopping_metric can vary\n",
        ),
        (
            vec![
                "train",
                "one.csv",
                "--target",
                "y",
                "--set",
                "data.split_column=side",
                "--set",
                "training.metric=auc",
                "--set",
                "data.test=0",
                "--set",
                "training.stopping_metric=loss",
                "--set",
                "training.batch_size=8",
            ],
            "error: training.metric is \"auc\", but all 20 validation rows are of one class\n\
             hint: more such rows, or another metric\n",
        ),
    ] {
        assert_eq!(said(&words), expected, "{words:?}");
    }
}
