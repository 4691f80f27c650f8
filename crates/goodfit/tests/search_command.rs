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
        let mut ended = results(&place, "killed");
        // Two processes give the promise up, though these samplers, without a pruner, keep it.
        assert!(ended["search"]["reproducible"] == true || ended["search"]["why"].is_string());
        ended["search"]["reproducible"] = Json::Bool(true);
        ended["search"].as_object_mut().unwrap().remove("why");
        assert!(ended == expected, "{sampler}: another end than undisturbed");
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
        "error: the study \"my\" was begun with another training.batch_size: 16, now 20\n\
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
        ("", "error: --storage names no file\nhint: sqlite:///study.db, "),
        ("postgresql://localhost/studies", "hint: sqlite:///study.db, or the name of a file"),
        ("sqlite://study.db", "hint: sqlite:///study.db, or the name of a file"),
        (".", "error: --storage .: a folder, expected a file\nhint: a file in it: ./study.db"),
    ] {
        let ran = place.run(&["search", "my.toml", "--storage", url]);
        assert_eq!(ran.status, Some(2), "{url}");
        assert!(ran.stderr.contains(says), "{url}: {}", ran.stderr);
    }
}

/// Statement, evidence and what to type next of a finding whose statement contains some words.
fn finding(place: &Place, words: &str) -> [String; 3] {
    let results = place.json("out/results.json");
    let findings = results["findings"].as_array().unwrap();
    let found = findings.iter().find(|one| one["statement"].as_str().unwrap().contains(words));
    let found = found.unwrap_or_else(|| panic!("{words}: {findings:#?}"));
    ["statement", "evidence", "next"].map(|key| found[key].as_str().unwrap().to_owned())
}

#[test]
fn a_grid_says_how_much_of_it_was_tried() {
    let place = Place::new();
    let rate = "\"training.learning_rate\" = { low = 1e-3, high = 10, log = true }";
    let space = format!("[search]\nsampler = \"grid\"\nfinalists = 0\n[search.space]\n{rate}\n");
    place.write("my.toml", format!("{}{space}\"training.weight_decay\" = {{ low = 0, high = 0.1 }}\n", command::SMALL));
    let search = |trials| place.succeed(&["search", "my.toml", "--out", "out", "--force", "--trials", trials]);
    search("16");
    let [statement, _, next] = finding(&place, "points of the grid");
    assert_eq!(statement, "16 of the 100 points of the grid were tried");
    assert!(next.starts_with("--trials 100 tries all of them"), "{next}");
    let rates = place.json("out/results.json")["trials"].as_array().unwrap().clone();
    let mut rates: Vec<String> =
        rates.iter().map(|trial| trial["settings"]["training.learning_rate"].to_string()).collect();
    rates.sort_unstable();
    rates.dedup();
    assert!(rates.len() > 4, "a part of a grid is no corner of it: {rates:?}");

    place.write("my.toml", format!("{}{space}", command::SMALL));
    search("16");
    let [statement, evidence, _] = finding(&place, "the whole grid was tried");
    assert_eq!(statement, "the whole grid was tried: it has 10 points");
    assert!(evidence.starts_with("16 trials were asked for"), "{evidence}");
    search("10");
    assert!(!place.json("out/results.json")["findings"].to_string().contains("grid was tried"));
}

#[test]
fn what_cannot_be_drawn_from_is_refused_before_anything_runs() {
    let place = place();
    let ran = place.run(&[
        "search",
        "my.toml",
        "--sampler",
        "gp",
        "--enqueue",
        "training.optimizer=sgd,training.learning_rate=0.1",
    ]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""));
    assert!(
        ran.stderr.ends_with(
            "error: gp: it cannot draw from a space with conditions, and training.momentum exists only sometimes\n\
             hint: --sampler tpe learns in a space with conditions, and auto takes it there\n"
        ),
        "{}",
        ran.stderr
    );
}

#[test]
fn points_of_the_recipe_and_of_the_command_line_are_tried_first() {
    let place = Place::new();
    let enqueue = "enqueue = [{ \"training.learning_rate\" = 0.5, \"training.optimizer\" = \"sgd\" }]\n[search.space]";
    place.write("my.toml", format!("{}{}", command::SMALL, SPACE.replace("[search.space]", enqueue)));
    let point = "training.learning_rate=0.25,training.optimizer=sgd";
    place.succeed(&["search", "my.toml", "--out", "out", "--trials", "4", "--enqueue", point]);
    let results = place.json("out/results.json");
    let rate = |number: u64| {
        let trials = results["trials"].as_array().unwrap();
        let trial = trials.iter().find(|trial| trial["trial"] == number).unwrap();
        trial["settings"]["training.learning_rate"].as_f64().unwrap()
    };
    assert_eq!((rate(0), rate(1)), (0.5, 0.25));
}

#[test]
fn fewer_trials_than_there_are_and_none_at_all() {
    let place = place();
    let search = |words: &[&str]| {
        place.run(&[&["search", "my.toml", "--out", "out", "--set", "search.finalists=0"], words].concat())
    };
    assert_eq!(search(&["--trials", "6"]).status, Some(0));
    assert_eq!(search(&["--trials", "5"]).status, Some(0));
    let [statement, _, next] = finding(&place, "more than the");
    assert_eq!(statement, "the study has 6 trials, more than the 5 asked for");
    assert_eq!(next, "--force begins the study anew, with 5");

    let none = search(&["--force", "--seconds", "0"]);
    assert_eq!(none.status, Some(1));
    assert!(none.stdout.contains("no trial was carried out") && none.stdout.contains("more --seconds"), "{none:?}");

    // A step of such a length is more than a float32 bears.
    let far = SPACE.replace("low = 1e-3, high = 10,", "low = 1e30, high = 1e37,");
    place.write("my.toml", format!("{}{far}", command::SMALL));
    let diverged = search(&["--force", "--trials", "4"]);
    assert_eq!(diverged.status, Some(1), "{diverged:?}");
    let [statement, evidence, next] = finding(&place, "has a score");
    assert_eq!((statement.as_str(), evidence.as_str()), ("none of 4 trials has a score", "4 times: diverged"));
    assert!(next.starts_with("lower the upper end of training.learning_rate"), "{next}");
}

#[test]
fn a_search_in_memory_spares_another_one() {
    let place = place();
    let search = |seed, more: &[&str]| {
        place.run(
            &[&["search", "my.toml", "--out", "out", "--trials", "3", "--storage", "memory", "--seed", seed], more]
                .concat(),
        )
    };
    assert_eq!(search("0", &[]).status, Some(0));
    let first = place.read("out/results.json");
    assert_eq!(search("0", &[]).status, Some(0));
    let other = search("1", &[]);
    assert_eq!((other.status, place.read("out/results.json")), (Some(2), first.clone()));
    assert!(
        other.stderr.contains("there is another finished search in it\nhint: another --out keeps both"),
        "{other:?}"
    );
    assert_eq!(search("1", &["--force"]).status, Some(0));
    assert_ne!(place.read("out/results.json"), first);
}

#[test]
fn two_processes_tell_of_each_others_trials() {
    for pruner in ["median", "none"] {
        share(pruner);
    }
}

fn share(pruner: &str) {
    let place = place();
    let words = ["search", "my.toml", "--storage", "study.db", "--pruner", pruner, "--set", "training.steps=3000"];
    let pipe = |out: &str| {
        let words = [&words[..], &["--out", out]].concat();
        place.command(GOODFIT).args(words).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let both = [pipe("one"), pipe("two")].map(|child| child.wait_with_output().unwrap());
    for (ran, out) in both.iter().zip(["one", "two"]) {
        let shown = String::from_utf8_lossy(&ran.stdout);
        assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
        let lines = shown.lines().filter(|line| line.contains(" | lr:") && !line.starts_with("Best-")).count();
        assert_eq!(lines, 24, "{out}: {shown}");
        assert!(place.json(&format!("{out}/results.json"))["complete"].as_bool().unwrap());
    }
    let search = &place.json("one/results.json")["search"];
    assert_eq!(search["reproducible"], false, "{search}");
    assert!(search["why"].as_str().unwrap().starts_with("several processes worked on the study"));
}

#[test]
fn fewer_trials_than_there_are_already_count_all_of_them() {
    let place = place();
    let search = |trials: &str| {
        place.succeed(&["search", "my.toml", "--out", "out", "--trials", trials]);
        place.json("out/results.json")
    };
    assert_eq!(search("6")["search"]["reproducible"], true);
    let results = search("4");
    assert_eq!(results["trials"].as_array().unwrap().len(), 6);
    assert_eq!(results["search"]["reproducible"], false);
    assert!(results["search"]["why"].as_str().unwrap().starts_with("an earlier command asked for more trials"));
}
