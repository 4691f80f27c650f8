//! What each column of a table is worth: by the metric that decides.
#![cfg(feature = "cli")]

mod command;

use command::Place;
use serde_json::Value as Json;

/// A number that tells the target, one that does not, and the target as a number and as a class.
fn table(target: fn(f64) -> String) -> String {
    (0..300).fold("x,noise,y\n".to_owned(), |text, i| {
        let x = f64::from(i * 37 % 101) / 10.0;
        text + &format!("{x},{}.25,{}\n", i * i % 89, target(x))
    })
}

fn place() -> Place {
    let place = Place::new();
    place.write("numbers.csv", table(|x| (7.0 * x).to_string()));
    place.write("classes.csv", table(|x| if x > 6.0 { "high" } else { "low" }.to_owned()));
    place
}

/// The assessment of a training, and its report.
fn trained(place: &Place, table: &str, set: &[&str]) -> (Json, String) {
    let words = ["train", table, "--target", "y", "--out", "out", "--preset", "plain", "--set", "training.epochs=40"];
    let set: Vec<&str> = set.iter().flat_map(|setting| ["--set", setting]).collect();
    let rate = ["--set", "network.hidden=[16]", "--set", "training.learning_rate=0.02"];
    place.succeed(&[&words[..], &rate, &set].concat());
    let page = String::from_utf8(place.read("out/report.html")).expect("UTF-8");
    (place.json("out/results.json")["assessment"].take(), page)
}

fn number(value: &Json) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

/// A network that knows the target exactly is off by the difference of two rows where their x is exchanged: a mean square of
/// twice the variance.
#[test]
fn an_rmse_rises_by_what_exchanged_rows_differ_in() {
    let (assessed, page) = trained(&place(), "numbers.csv", &[]);
    let rmse = |model: usize| number(&assessed["models"][model]["scores"]["RMSE"]);
    let (network, sd) = (rmse(0), rmse(2));
    let x = &assessed["importance"][0];
    let expected = (2.0 * sd * sd + network * network).sqrt() - network;
    assert!(network < 0.2 * sd && x["column"] == "x", "{assessed}");
    assert!((number(&x["increase"]) / expected - 1.0).abs() < 0.2, "{x}, expected {expected}");
    assert!(assessed.get("importance_score").is_none() && page.contains("increase of the RMSE"), "{assessed}");
}

#[test]
fn it_is_of_the_metric_that_decides() {
    let place = place();
    for (table, metric, name, axis) in [
        ("classes.csv", "auc", "AUC", "drop of the AUC"),
        ("classes.csv", "accuracy", "accuracy", "drop of the accuracy"),
        ("classes.csv", "brier", "Brier score", "increase of the Brier score"),
        ("numbers.csv", "r2", "R2", "drop of the R2"),
        ("numbers.csv", "mae", "MAE", "increase of the MAE"),
    ] {
        let metric = format!("training.metric={metric}");
        let (assessed, page) = trained(&place, table, &[&metric]);
        assert_eq!(assessed["importance_score"], name);
        let [x, noise] = [0, 1].map(|place| &assessed["importance"][place]);
        assert!(x["column"] == "x" && number(&x["ci95"][0]) > 0.0, "{name}: {assessed}");
        assert!(number(&noise["increase"]).abs() < 0.2 * number(&x["increase"]), "{name}: {assessed}");
        assert!(page.contains(axis), "{axis}");
        // What is worth something is worth less than all of the score, which is twice as far away at most.
        let score = number(&assessed["models"][0]["scores"][name]);
        let most = if metric.ends_with("auc") || metric.ends_with("accuracy") { score } else { f64::INFINITY };
        assert!(number(&x["increase"]) < most, "{name}: {x} of {score}");
    }
    // Of nobody's choice it is the log loss.
    let (assessed, page) = trained(&place, "classes.csv", &[]);
    assert!(assessed.get("importance_score").is_none() && page.contains("increase of the log loss"), "{assessed}");
    assert!(page.contains("95 % interval over rows"));
}

#[test]
fn over_folds_it_has_the_interval_of_folds() {
    let (assessed, page) = trained(&place(), "classes.csv", &["training.metric=auc", "data.folds=3"]);
    assert_eq!(assessed["importance_score"], "AUC");
    let x = &assessed["importance"][0];
    assert!(x["column"] == "x" && number(&x["ci95"][0]) < number(&x["increase"]), "{x}");
    assert!(page.contains("drop of the AUC") && page.contains("in each of 3 folds with its 95 % interval over folds"));
}

#[test]
fn any_number_of_jobs_makes_the_same_bytes() {
    let place = place();
    let bytes = |jobs: &str| {
        let words = ["train", "classes.csv", "--target", "y", "--out", jobs, "--quiet", "--jobs", jobs];
        place.succeed(&[&words[..], &["--preset", "plain", "--set", "training.epochs=3"]].concat());
        ["results.json", "report.html"].map(|file| place.read(&format!("{jobs}/{file}")))
    };
    let one = bytes("1");
    assert!(String::from_utf8_lossy(&one[0]).contains("\"importance\""));
    assert!(bytes("2") == one && bytes("5") == one);
}
