//! What goes to stdout and what to stderr.
#![cfg(all(feature = "cli", feature = "mnist"))]

mod command;

use command::{Place, Ran};
use serde_json::Value as Json;

const TWO_ARMS: [&str; 4] = ["compare", "my.toml", "--vary", "network.init=xavier,he"];

fn with<'a>(words: &[&'a str], more: &[&'a str]) -> Vec<&'a str> {
    [words, more].concat()
}

#[test]
fn arms_without_a_common_row_say_so() {
    let place = Place::new();
    let ran = place.succeed(&["compare", "my.toml", "--vary", "data.train_rows=80,100", "--quiet"]);
    let said = ran.stdout.contains("cannot tell training rows 100 from 80: no seed measures both on the same rows");
    assert!(said && !ran.stdout.contains("no verdicts"), "{}", ran.stdout);
}

#[test]
fn json_is_one_document() {
    let place = Place::new();
    let ran = place.succeed(&with(&TWO_ARMS, &["--json"]));
    let summary: Json = serde_json::from_str(&ran.stdout).unwrap();
    let fields: Vec<&String> = summary.as_object().unwrap().keys().collect();
    insta::assert_snapshot!(fields.iter().map(|name| name.as_str()).collect::<Vec<_>>().join(" "));
    assert_eq!(summary["arms"][1]["name"], "init he");
    assert_eq!(summary["arms"][1]["summary"]["train_accuracy"]["n"], 3);
    assert_eq!(summary["comparisons"].as_array().unwrap().len(), 1);
    assert_eq!(summary["out"], "goodfit-out/my");
    // The same numbers as in the file.
    assert_eq!(summary["arms"][0]["summary"], place.json("goodfit-out/my/results.json")["arms"][0]["summary"]);
}

/// All experiments, of which the second cannot be written: the list ends, and says which is missing.
#[test]
fn json_of_several_is_a_list_when_one_fails() {
    let place = Place::new();
    place.write("all/weight-init", "a file where a folder has to be");
    let ran = place.run(&["reproduce", "--seeds", "1", "--out", "all", "--json", "--quiet"]);
    assert_eq!(ran.status, Some(2));
    let list: Json = serde_json::from_str(&ran.stdout).unwrap();
    assert_eq!(
        (list.as_array().unwrap().len(), &list[0]["experiment"], &list[1]),
        (2, &"activations".into(), &Json::Null)
    );
    assert!(ran.stderr.starts_with("error: cannot make the folder all/weight-init"), "{}", ran.stderr);
}

#[test]
fn json_of_every_command() {
    let place = Place::new();
    let small = ["--set", "training.steps=1", "--set", "data.train_rows=128", "--seeds", "1", "--json"];
    for words in [
        vec!["train", "my.toml", "--json"],
        vec!["report", "goodfit-out/my", "--json"],
        vec!["data", "info", "mnist", "--json"],
        with(&["reproduce", "weight-init"], &small),
        with(&["reproduce", "search"], &["--set", "search.trials=2", "--set", "training.epochs=1", "--json"]),
    ] {
        let Ran { stdout, .. } = place.succeed(&words);
        let value: Json = serde_json::from_str(&stdout).unwrap_or_else(|error| panic!("{words:?}: {error}\n{stdout}"));
        assert!(value.is_object(), "{words:?}");
    }
}

#[test]
fn quiet_leaves_stderr_empty() {
    let place = Place::new();
    let loud = place.succeed(&TWO_ARMS);
    let quiet = place.succeed(&with(&TWO_ARMS, &["--quiet"]));
    assert_eq!(loud.stderr, "report: goodfit-out/my/report.html\n");
    assert_eq!(quiet, Ran { stderr: String::new(), ..loud });
    assert_eq!(place.succeed(&["train", "my.toml", "--quiet"]).stderr, "");
}

/// What is printed with `#` for the digits of numbers that have three or more places or are
/// percentages: sums, which another processor may round otherwise.
fn shape(stdout: &str) -> String {
    let mut out = String::new();
    let mut rest = stdout;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(number.len());
        let (number, after) = number.split_at(end);
        let places = number.split_once('.').map_or(0, |(_, places)| places.len());
        let measured = places >= 3 || after.starts_with('%');
        out += before;
        out += &(if measured { number.replace(|c: char| c.is_ascii_digit(), "#") } else { number.to_owned() });
        rest = after;
    }
    out + rest
}

#[test]
fn tables() {
    let place = Place::new();
    insta::assert_snapshot!("one_seed", shape(&place.succeed(&with(&TWO_ARMS, &["--seeds", "1"])).stdout));
    // The same network twice, so that nothing hangs on chance.
    let same = ["compare", "my.toml", "--vary", "network.convention=field,textbook"];
    insta::assert_snapshot!("three_seeds", shape(&place.succeed(&same).stdout));
    insta::assert_snapshot!("train", shape(&place.succeed(&["train", "my.toml"]).stdout));
    let tiny = ["reproduce", "weight-decay", "--set", "training.steps=1", "--seeds", "2"];
    insta::assert_snapshot!("plotted_columns", shape(&place.succeed(&tiny).stdout));
    let tiny =
        ["reproduce", "weight-init", "--set", "training.steps=1", "--set", "data.train_rows=128", "--seeds", "1"];
    insta::assert_snapshot!("compared_column", shape(&place.succeed(&tiny).stdout));
    let tiny = ["reproduce", "activations", "--set", "data.rows=20", "--vary", "network.activation=relu"];
    insta::assert_snapshot!("layers", shape(&place.succeed(&tiny).stdout));
}

#[test]
fn a_long_list_of_comparisons_is_cut_to_those_that_tell() {
    let place = Place::new();
    // Arms that differ in nothing that matters, and one that cannot learn.
    let seeds: Vec<String> = (1..=22).map(|i| format!("{}", 1.0 + f64::from(i) * 1e-9)).collect();
    let vary = format!("training.learning_rate={}", seeds.join(","));
    let Ran { stdout, .. } = place.succeed(&["compare", "my.toml", "--vary", &vary]);
    assert!(stdout.contains("\nvalidation_accuracy: 21 comparisons, corrected together (Holm): "), "{stdout}");
    assert!(!stdout.contains("cannot tell learning rate"), "{stdout}");
}

#[test]
fn a_run_that_overflows_is_a_result() {
    let place = Place::new();
    let words = ["train", "my.toml", "--set", "network.init.std=1e30", "--set", "compare.metric=train_loss"];
    let ran = place.run(&words);
    assert_eq!(ran.status, Some(1), "it ran, but its metric is not a number: {}", ran.stderr);
    assert!(ran.stdout.contains("overflowed at step 0") && ran.stdout.contains("not finite"), "{}", ran.stdout);
}

#[cfg(unix)]
#[test]
fn a_reader_that_goes_away() {
    let place = Place::new();
    for line in ["fields", "completions bash", "--help", "compare my.toml --quiet", "reproduce claims --print-recipe"] {
        let ran = place.shell(&format!("{{ \"$G\" {line}; echo \"status $?\" >&2; }} | true"));
        assert_eq!(ran.stderr, "status 0\n", "{line}");
    }
}
