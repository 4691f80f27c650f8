//! `goodfit search`: the same bytes for any number of jobs and after any kill, studies that are shared, gone on with,
//! or refused; conditions, folds and repeats.
#![cfg(all(feature = "cli", feature = "mnist", feature = "sqlite"))]

mod command;

use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::Duration;

use command::{GOODFIT, Place};
use serde_json::Value as Json;

const SPACE: &str = r#"
[search]
trials = 24
finalists = 2
rescore_seeds = 3

[search.space]
"training.learning_rate" = { low = 1e-3, high = 10, log = true }
"training.optimizer" = ["sgd", "momentum"]
"training.momentum" = { low = 0.1, high = 0.95 }
"#;

fn place() -> Place {
    let place = Place::new();
    place.write("my.toml", format!("{}{SPACE}", command::SMALL));
    place
}

/// The results without the command that made them.
fn results(place: &Place, folder: &str) -> Json {
    let mut results = place.json(&format!("{folder}/results.json"));
    results["command"] = Json::Null;
    results
}

fn start(place: &Place, words: &[&str]) -> Child {
    place.command(GOODFIT).args(words).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Runs a search with one and with three jobs, which have to leave the same bytes; returns what it printed.
fn with_any_number_of_jobs(place: &Place, name: &str, words: &[&str]) -> String {
    let run = |jobs: &str| {
        let out = format!("{name}-{jobs}");
        let stdout = place.succeed(&[&["search"], words, &["--jobs", jobs, "--out", &out]].concat()).stdout;
        (stdout, place.read(&format!("{out}/results.json")), place.read(&format!("{out}/report.html")))
    };
    let one = run("1");
    assert!(run("3") == one, "{name}");
    assert!(one.0.contains("when retrained"), "{name}: {}", one.0);
    one.0
}

#[test]
fn every_sampler_and_pruner_gives_the_same_for_any_number_of_jobs() {
    let place = place();
    for (sampler, pruner) in [
        ("random", "median"),
        ("sobol", "hyperband"),
        ("narrow", "none"),
        ("tpe", "successive-halving"),
        ("cma-es", "percentile"),
        ("auto", "patience"),
    ] {
        let words = ["my.toml", "--sampler", sampler, "--pruner", pruner, "--set", "training.steps=24"];
        with_any_number_of_jobs(&place, sampler, &words);
    }
}

#[test]
fn samplers_without_conditions_give_the_same_for_any_number_of_jobs() {
    let place = Place::new();
    // The first generation of the gp is its initial design, the other two are drawn from the process.
    let rate = "{ low = 1e-3, high = 10, log = true }";
    let spaces = [("gp", "median", rate, 24), ("grid", "successive-halving", "[1e-2, 0.1, 1, 10]", 8)];
    for (sampler, pruner, rate, trials) in spaces {
        let search = format!("[search]\ntrials = {trials}\nfinalists = 2\nrescore_seeds = 3\n");
        let space = format!("\"training.learning_rate\" = {rate}\n\"network.activation\" = [\"tanh\", \"relu\"]\n");
        let recipe = format!("{sampler}.toml");
        place.write(&recipe, format!("{}\n{search}\n[search.space]\n{space}", command::SMALL));
        let words = [&recipe, "--sampler", sampler, "--pruner", pruner, "--set", "training.steps=24"];
        with_any_number_of_jobs(&place, sampler, &words);
        let results = place.json(&format!("{sampler}-1/results.json"));
        assert_eq!(results["trials"].as_array().unwrap().len(), trials, "{sampler}");
    }
}

#[test]
fn killed_at_any_moment_it_goes_on_to_the_same_end() {
    let place = place();
    for sampler in ["random", "sobol", "narrow"] {
        let words = |out: &'static str| ["search", "my.toml", "--sampler", sampler, "--out", out];
        place.succeed(&words("undisturbed"));
        let expected = results(&place, "undisturbed");
        // Two processes on one file at a time, each killed after a while that grows until one of them gets through.
        for kill in 0_u64.. {
            let mut children = [start(&place, &words("killed")), start(&place, &words("killed"))];
            sleep(Duration::from_millis(15 + 11 * (kill % 7) + kill));
            for child in &mut children {
                child.kill().unwrap();
                child.wait().unwrap();
            }
            assert!(kill < 200, "{sampler}: never done");
            if kill > 12 && place.path("killed/results.json").exists() {
                break;
            }
        }
        place.succeed(&words("killed"));
        assert!(results(&place, "killed") == expected, "{sampler}: another end than undisturbed");
        for folder in ["undisturbed", "killed"] {
            std::fs::remove_dir_all(place.path(folder)).unwrap();
        }
    }
}

#[test]
fn a_study_is_gone_on_with_refused_or_begun_anew() {
    let place = place();
    let words = ["search", "my.toml", "--out", "out"];
    let with = |more: &[&'static str]| [&words[..], more].concat();
    place.succeed(&with(&["--trials", "10"]));
    place.succeed(&with(&["--trials", "24"]));
    let grown = results(&place, "out");
    place.succeed(&["search", "my.toml", "--out", "straight", "--storage", "memory"]);
    let mut straight = results(&place, "straight");
    straight["recipe"] = grown["recipe"].clone();
    assert!(grown == straight, "ten trials and then more are not the same as all at once");

    let other = place.run(&with(&["--set", "training.batch_size=20"]));
    assert_eq!(other.status, Some(2));
    assert_eq!(
        other.stderr,
        "error: the study \"my\" was begun with another training.batch_size: \"16\", now \"20\"\n\
         hint: another --out or --study begins a new one, --force begins this one anew\n"
    );
    assert_eq!(place.run(&with(&["--seed", "1"])).status, Some(2));
    place.succeed(&with(&["--set", "training.batch_size=20", "--trials", "3", "--force"]));
    assert_eq!(place.json("out/results.json")["trials"].as_array().unwrap().len(), 3);
}

#[test]
fn a_constant_is_only_there_with_what_has_a_use_for_it() {
    let place = place();
    place.succeed(&["search", "my.toml", "--out", "out"]);
    let results = place.json("out/results.json");
    let trials = results["trials"].as_array().unwrap();
    assert_eq!(trials.len(), 24);
    for trial in trials {
        let settings = &trial["settings"];
        assert_eq!(settings.get("training.momentum").is_some(), settings["training.optimizer"] == "momentum");
    }
}

#[test]
fn folds_and_repeats_rank_by_the_mean() {
    let place = Place::new();
    let recipe = command::SMALL.replace("validation = 0.2\n", "");
    place.write("my.toml", format!("{recipe}{}", SPACE.replace("[search]", "[search]\nfolds = 4\nrepeats = 2")));
    place.succeed(&["search", "my.toml", "--out", "out", "--trials", "6"]);
    let results = place.json("out/results.json");
    assert_eq!(results["search"]["trainings"], 8);
    let best = &results["arms"][0];
    let runs = best["runs"].as_array().unwrap();
    assert_eq!(runs.len(), 8);
    let mean = runs.iter().map(|run| run["final"]["validation_accuracy"].as_f64().unwrap()).sum::<f64>() / 8.0;
    assert!((results["trials"][0]["value"].as_f64().unwrap() - mean).abs() < 1e-12);
}

#[test]
fn several_seeds_are_several_studies() {
    let place = place();
    let ran = place.succeed(&["search", "my.toml", "--out", "out", "--trials", "5", "--seeds", "2"]);
    let results = place.json("out/results.json");
    assert_eq!(results["parts"].as_array().unwrap().len(), 2);
    assert_ne!(results["parts"][0]["trials"], results["parts"][1]["trials"]);
    assert!(ran.stdout.contains("winners of 2 studies score"), "{}", ran.stdout);
}

#[test]
fn what_gives_up_reproducibility_says_so() {
    let place = place();
    for (option, value) in [("--asynchronous", None), ("--seconds", Some("100"))] {
        let mut words = vec!["search", "my.toml", "--out", "out", "--force", option];
        words.extend(value);
        place.succeed(&words);
        let search = &place.json("out/results.json")["search"];
        assert_eq!(search["reproducible"], false);
        assert!(search["why"].as_str().unwrap().starts_with(option));
    }
    // Trials stay what they are when a later call says nothing; only a new study has none of them.
    let again = |words: &[&str]| {
        place.succeed(&[&["search", "my.toml", "--out", "out"], words].concat());
        place.json("out/results.json")["search"].clone()
    };
    again(&["--force", "--asynchronous"]);
    let went_on = again(&["--trials", "30"]);
    assert_eq!(went_on["reproducible"], false);
    assert!(went_on["why"].as_str().unwrap().starts_with("an earlier --asynchronous"), "{went_on}");
    assert_eq!(again(&["--force"])["reproducible"], true);
}

#[test]
fn what_is_no_storage() {
    let place = place();
    place.write("text.db", "this is no study at all, only text that is longer than a header of a database file is");
    for (url, says) in [
        ("text.db", "hint: "),
        ("no/such/folder/study.db", "hint: "),
        ("postgresql://localhost/studies", "hint: sqlite:///study.db, or the name of a file, or memory"),
    ] {
        let ran = place.run(&["search", "my.toml", "--storage", url]);
        assert_eq!(ran.status, Some(2), "{url}");
        assert!(ran.stderr.contains(says), "{url}: {}", ran.stderr);
    }
}
