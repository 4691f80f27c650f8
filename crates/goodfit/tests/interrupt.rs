//! Ctrl-C: what is finished is kept, and how to go on is said.
#![cfg(all(unix, feature = "cli", feature = "mnist"))]

mod command;

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use command::{GOODFIT, Place};
use serde_json::Value as Json;

fn start(place: &Place, words: &[&str]) -> Child {
    place.command(GOODFIT).args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn interrupt(child: &Child) {
    let sent = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(sent.success());
}

/// Exit status and stderr of a program that has to end.
fn end(mut child: Child) -> (Option<i32>, String) {
    let mut stderr = String::new();
    child.stderr.take().unwrap().read_to_string(&mut stderr).unwrap();
    (child.wait().unwrap().code(), stderr)
}

/// A training without end behind one of a moment: how long the moment takes is the machine's affair,
/// so the test waits longer when it was too early.
const ENDLESS: [&str; 8] =
    ["compare", "my.toml", "--vary", "training.steps=8,2000000000", "--jobs", "1", "--out", "out"];

#[test]
fn finished_runs_are_kept() {
    for seconds in [1, 4, 16, 64] {
        let place = Place::new();
        let child = start(&place, &ENDLESS);
        sleep(Duration::from_secs(seconds));
        interrupt(&child);
        let (status, stderr) = end(child);
        if place.files("out").is_empty() {
            continue;
        }
        assert_eq!(status, Some(130), "{stderr}");
        let results = place.json("out/results.json");
        assert_eq!(results["complete"], false);
        let n_runs: Vec<usize> =
            results["arms"].as_array().unwrap().iter().map(|arm| arm["runs"].as_array().unwrap().len()).collect();
        assert_eq!(n_runs, [1, 0], "the run that was finished and no part of the other");
        let last: Json = results["arms"][0]["runs"][0]["curves"]["validation_accuracy"]["step"][1].clone();
        assert_eq!(last, 4);
        let files = place.files("out");
        assert!(files.contains(&"report.html".to_owned()) && !files.iter().any(|name| name.contains(".tmp")));
        let hint = "hint: what was finished is in out; `goodfit compare my.toml --vary training.steps=8,2000000000 \
                    --jobs 1 --out out` runs the whole again";
        assert!(stderr.contains(hint), "{stderr}");
        // It stands below the ^C of the terminal.
        assert!(stderr.contains("\nstopping, what is finished is kept; Ctrl-C again stops at once\n"), "{stderr}");
        place.succeed(&["report", "out"]);
        return;
    }
    panic!("no run was finished in a minute");
}

#[test]
fn finished_runs_of_a_tuning_are_kept() {
    let tune = "compare.tune={ \"training.steps\" = [8, 2000000000] }";
    for seconds in [1, 4, 16, 64] {
        let place = Place::new();
        let words =
            ["compare", "my.toml", "--vary", "network.init=xavier,he", "--set", tune, "--jobs", "1", "--out", "out"];
        let mut child = start(&place, &words);
        sleep(Duration::from_secs(seconds));
        interrupt(&child);
        let mut stdout = String::new();
        child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
        let (status, stderr) = end(child);
        if place.files("out").is_empty() {
            continue;
        }
        assert_eq!(status, Some(130), "{stderr}");
        let results = place.json("out/results.json");
        assert_eq!(results["complete"], false);
        let tuning = &results["arms"][0]["tuning"];
        assert_eq!((tuning["scores"].as_array().unwrap().len(), &tuning["best"]), (1, &Json::Null));
        assert_eq!(
            (&tuning["scores"][0]["score"]["n"], &results["arms"][0]["runs"]),
            (&1.into(), &Json::Array(vec![]))
        );
        let line = "tuning init xavier: training.steps = 8 gives validation_accuracy 0.";
        assert!(stdout.lines().any(|l| l.starts_with(line) && l.ends_with(" (1 seed)")), "{stdout}");
        place.succeed(&["report", "out"]);
        assert!(String::from_utf8(place.read("out/report.html")).unwrap().contains("Tuning was stopped"));
        return;
    }
    panic!("no run was finished in a minute");
}

#[test]
fn earlier_results_outlive_a_start_that_finished_nothing() {
    let place = Place::new();
    place.succeed(&["compare", "my.toml", "--seeds", "1", "--out", "out"]);
    let before = place.read("out/results.json");
    for seconds in [1, 4, 16] {
        let child = start(&place, &["compare", "my.toml", "--set", "training.steps=2000000000", "--out", "out"]);
        sleep(Duration::from_secs(seconds));
        interrupt(&child);
        let (status, stderr) = end(child);
        assert_eq!(place.read("out/results.json"), before);
        if status == Some(130) {
            assert!(stderr.contains("hint: nothing was finished and nothing written; `goodfit compare"), "{stderr}");
            return;
        }
    }
    panic!("Ctrl-C was not heard in 16 seconds");
}

#[test]
fn finished_trials_are_kept() {
    let place = Place::new();
    let search = "\n[search]\ntrials = 100000\n[search.space]\n\"training.learning_rate\" = { low = 1e-3, high = 1, log = true }\n";
    place.write("my.toml", format!("{}{search}", command::SMALL));
    let mut child = start(&place, &["search", "my.toml", "--out", "out"]);
    // A trial is printed when it has ended, so no clock is needed.
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    for _ in 0..3 {
        assert!(lines.next().unwrap().unwrap().starts_with("val acc:"));
    }
    interrupt(&child);
    let rest = lines.map(Result::unwrap).count();
    let (status, stderr) = end(child);
    assert_eq!(status, Some(130), "{stderr}");
    let results = place.json("out/results.json");
    assert_eq!(results["complete"], false);
    let n_trials = results["trials"].as_array().unwrap().len();
    assert!((3..3 + rest).contains(&n_trials), "{n_trials} trials");
}

#[test]
fn the_second_stops_at_once() {
    // One step takes seconds, and the first Ctrl-C waits for its end.
    let slow = ["data.train_rows=6000", "network.hidden=[2000, 2000]", "training.batch_size=4800", "training.steps=50"];
    let mut words = vec!["compare", "my.toml", "--out", "out"];
    words.extend(slow.iter().flat_map(|set| ["--set", set]));
    for seconds in [1, 4, 16] {
        let place = Place::new();
        let child = start(&place, &words);
        sleep(Duration::from_secs(seconds));
        interrupt(&child);
        sleep(Duration::from_millis(100));
        interrupt(&child);
        let (status, stderr) = end(child);
        assert!(place.files("out").is_empty(), "nothing is written");
        // Too early is before the first step, or before anyone listens.
        if status == Some(130) && !stderr.contains("nothing was finished") {
            assert!(stderr.contains("Ctrl-C again stops at once"), "{stderr}");
            return;
        }
    }
    panic!("the program was never met in the middle of a step");
}

/// All experiments: those after the one that was stopped are not begun.
#[test]
fn one_of_several() {
    let place = Place::new();
    let mut child = start(&place, &["reproduce", "--seeds", "1", "--out", "all", "--json"]);
    while !place.path("all/activations/report.html").exists() {
        sleep(Duration::from_millis(20));
    }
    interrupt(&child);
    let mut stdout = String::new();
    child.stdout.take().unwrap().read_to_string(&mut stdout).unwrap();
    let (status, stderr) = end(child);
    assert_eq!(status, Some(130), "{stderr}");
    let list: Json = serde_json::from_str(&stdout).unwrap();
    assert_eq!(list[0]["experiment"], "activations");
    assert!(list.as_array().unwrap().len() <= 2, "{list}");
    assert_eq!(place.json("all/activations/results.json")["complete"], true);
    assert!(!place.path("all/batch-norm").exists());
}
