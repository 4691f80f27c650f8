//! The same command gives the same bytes, however many jobs ran it.
#![cfg(all(feature = "cli", feature = "mnist"))]

mod command;

use std::collections::BTreeMap;

use command::Place;

/// Each experiment with the changes that make it tiny.
const EXPERIMENTS: [(&str, &[&str]); 7] = [
    ("activations", &["--seeds", "2", "--set", "data.rows=50"]),
    ("weight-init", &["--seeds", "2", "--set", "training.steps=12", "--set", "data.train_rows=300"]),
    ("batch-norm", &["--set", "training.steps=12", "--set", "data.train_rows=100"]),
    ("weight-decay", &["--seeds", "3", "--set", "training.steps=4"]),
    ("dropout", &["--seeds", "3", "--set", "training.steps=4"]),
    ("search", &["--set", "search.trials=6", "--set", "training.epochs=2"]),
    ("claims", &["--seeds", "2", "--set", "training.steps=2", "--set", "data.train_rows=128"]),
];

/// Everything that must not change: stdout, and all files but the times and the study with its clock.
fn bytes(place: &Place, words: &[&str], folder: &str) -> BTreeMap<String, Vec<u8>> {
    let words = [words, &["--out", folder]].concat();
    let mut all = files(place, folder);
    assert!(all.is_empty(), "{folder}");
    let stdout = place.succeed(&words).stdout;
    all = files(place, folder);
    all.insert("stdout".to_owned(), stdout.into_bytes());
    all
}

fn files(place: &Place, folder: &str) -> BTreeMap<String, Vec<u8>> {
    let names = place.files(folder).into_iter().filter(|name| name != "timing.json" && !name.starts_with("study.db"));
    names.map(|name| (name.clone(), place.read(&format!("{folder}/{name}")))).collect()
}

#[track_caller]
fn assert_same(what: &str, a: &BTreeMap<String, Vec<u8>>, b: &BTreeMap<String, Vec<u8>>) {
    assert_eq!(a.keys().collect::<Vec<_>>(), b.keys().collect::<Vec<_>>(), "{what}");
    for (name, bytes) in a {
        assert!(*bytes == b[name], "{what}: {name} differs");
    }
    let has = |ending: &str| a.keys().any(|name| name.ends_with(ending));
    assert!(has("results.json") && has("curves.csv") && has("report.html") && has(".svg") && has(".png"), "{what}");
}

#[test]
fn a_grid_with_any_number_of_jobs() {
    let place = Place::new();
    let words = |jobs| {
        let grid = ["compare", "my.toml", "--vary", "network.init=xavier,he", "--vary", "network.dropout=0,0.5"];
        [&grid[..], &["--set", "training.diagnostics=true", "--resplit", "--jobs", jobs]].concat()
    };
    let one = bytes(&place, &words("1"), "one");
    for jobs in ["2", "3", "16"] {
        assert_same(jobs, &one, &bytes(&place, &words(jobs), &format!("jobs-{jobs}")));
    }
}

#[test]
fn the_chapters_experiments_with_any_number_of_jobs() {
    let place = Place::new();
    for (name, changes) in EXPERIMENTS {
        let words = |jobs| [&["reproduce", name, "--jobs", jobs], changes].concat();
        let one = bytes(&place, &words("1"), &format!("{name}-1"));
        assert_same(name, &one, &bytes(&place, &words("3"), &format!("{name}-3")));
        rebuilt(&place, &format!("{name}-1"));
    }
}

/// A report is a function of the results: it is removed and made again.
fn rebuilt(place: &Place, folder: &str) {
    let before = files(place, folder);
    std::fs::remove_dir_all(place.path(&format!("{folder}/plots"))).unwrap();
    std::fs::remove_file(place.path(&format!("{folder}/report.html"))).unwrap();
    assert_eq!(place.succeed(&["report", folder]).stdout, format!("{folder}/report.html\n"));
    assert_same(folder, &before, &files(place, folder));
}

#[test]
fn another_seed_differs() {
    let place = Place::new();
    let words = |seed| ["compare", "my.toml", "--seeds", "1", "--quiet", "--seed", seed];
    let curves = |seed| bytes(&place, &words(seed), &format!("seed-{seed}"))["curves.csv"].clone();
    assert_ne!(curves("0"), curves("1"));
}

#[test]
fn weights_are_the_same_each_time() {
    let place = Place::new();
    for folder in ["a", "b"] {
        place.succeed(&["train", "my.toml", "--out", folder]);
    }
    assert!(place.read("a/weights.safetensors") == place.read("b/weights.safetensors"));
}
