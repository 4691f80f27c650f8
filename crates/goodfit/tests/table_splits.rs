//! Rows of tables split by groups, along time, by a column, and with a second file of test rows.
#![cfg(all(feature = "cli", feature = "sqlite"))]

mod command;

use std::collections::BTreeSet;
use std::fmt::Write as _;

use command::Place;

const N: usize = 60;

/// Trains in no time.
const RECIPE: &str = "[data]\nsource = \"t.csv\"\ntarget = \"kind\"\n[network]\nhidden = [4]\n[training]\nsteps = 4\n\
                      batch_size = 4\nevaluate_every = 2\nloss = \"cross-entropy\"\n";

/// A number, a person of ten, a day of which each stands twice, what the row is for, and what is to be learned.
fn rows() -> Vec<[String; 5]> {
    let row = |i: usize| {
        let side = ["train", "train", "test", "val", "train"][i % 5];
        let day = format!("2024-{:02}-{:02}", 1 + i * 7 % N / 2 / 10, 1 + i * 7 % N / 2 % 10);
        let kind = if i * 37 % 101 > 50 { "high" } else { "low" };
        [format!("{}.25", i * 37 % 101), format!("p{}", i * 3 % 10), day, side.to_owned(), kind.to_owned()]
    };
    (0..N).map(row).collect()
}

fn csv(rows: &[[String; 5]]) -> String {
    rows.iter().fold("x,person,day,side,kind\n".to_owned(), |text, row| text + &row.join(",") + "\n")
}

fn place() -> Place {
    let place = Place::new();
    place.write("t.csv", csv(&rows()));
    place.write("t.toml", RECIPE);
    place
}

/// What `train` prints with settings.
fn train(place: &Place, settings: &[&str]) -> String {
    let sets: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
    place.succeed(&[&["train", "t.toml", "--out", "model", "--quiet"], &sets[..]].concat()).stdout
}

/// The sealed rows of the model: those that may not change before they are opened.
fn sealed(place: &Place) -> Vec<usize> {
    let is_sealed = |&i: &usize| {
        let mut rows = rows();
        "1.2345".clone_into(&mut rows[i][0]);
        place.write("changed.csv", csv(&rows));
        let ran = place.run(&["evaluate", "model", "changed.csv", "--open-test"]);
        assert!(ran.status == Some(0) || ran.stderr.contains("are not those that were sealed"), "{}", ran.stderr);
        ran.status != Some(0)
    };
    (0..N).filter(is_sealed).collect()
}

#[test]
fn whole_groups_are_sealed_and_opened() {
    let place = place();
    let printed = train(&place, &["data.group=person"]);
    let head = "t (t.csv: 36 training rows, 12 validation rows, whole groups by person, 1 seed)";
    assert_eq!(printed.lines().next(), Some(head));
    assert_eq!(place.json("model/results.json")["data"]["columns"], 3, "the group is no input: {printed}");
    let sealed = sealed(&place);
    let all = rows();
    let people = |rows: &mut dyn Iterator<Item = usize>| rows.map(|i| all[i][1].clone()).collect::<BTreeSet<String>>();
    let within = people(&mut sealed.iter().copied());
    let without = people(&mut (0..N).filter(|i| !sealed.contains(i)));
    assert!(sealed.len() == 12 && within.is_disjoint(&without), "{within:?} {without:?}");
    let opened = place.succeed(&["evaluate", "model", "--open-test"]);
    assert!(opened.stdout.starts_with("kind on 12 test rows"), "{}", opened.stdout);
    let page = String::from_utf8(place.read("model/report.html")).unwrap();
    assert!(page.contains("whole groups by person"));
}

#[test]
fn the_latest_rows_are_sealed() {
    let place = place();
    let printed = train(&place, &["data.time=day"]);
    assert!(printed.contains("38 training rows, 10 validation rows, split along day"), "{printed}");
    assert!(place.json("model/results.json")["data"]["split_seed"].is_null(), "chance splits nothing");
    let all = rows();
    let days = |keep: &dyn Fn(&usize) -> bool| (0..N).filter(keep).map(|i| all[i][2].clone()).collect::<BTreeSet<_>>();
    let sealed = sealed(&place);
    assert_eq!(sealed.len(), 12);
    assert!(days(&|i| sealed.contains(i)).first() > days(&|i| !sealed.contains(i)).last());
}

#[test]
fn a_column_gives_the_test_rows() {
    let place = place();
    let printed = train(&place, &["data.split_column=side"]);
    assert!(printed.contains("36 training rows, 12 validation rows, sides given by side"), "{printed}");
    assert_eq!(sealed(&place), (0..N).filter(|i| i % 5 == 2).collect::<Vec<usize>>());
}

#[test]
fn a_second_file_has_the_test_rows() {
    let place = place();
    place.write(
        "test.csv",
        "kind;x;person;day;side\nhigh;3.5;p1;2025-01-01;val\nlow;77;p99;2025-01-02;new\nlow;;p3;2025-01-03;val\n",
    );
    let printed = train(&place, &["data.test_file=test.csv", "data.time=day"]);
    assert!(
        printed.contains("48 training rows, 12 validation rows, split along day, test rows in test.csv"),
        "{printed}"
    );
    let opened = place.succeed(&["evaluate", "model", "--open-test"]).stdout;
    assert!(opened.starts_with("kind on 3 test rows"), "{opened}");
    for (from, to) in [("t.csv", "there/other.csv"), ("test.csv", "there/test.csv")] {
        place.write(to, place.read(from));
        std::fs::remove_file(place.path(from)).unwrap();
    }
    let moved = place.succeed(&["evaluate", "model", "there/other.csv", "--open-test"]);
    assert_eq!(moved.stdout, opened, "both have moved");
    assert!(moved.stderr.contains("opened once before"), "{}", moved.stderr);
    place.write("there/test.csv", "kind,x,person,day,side\nhigh,3.5,p1,2025-01-01,train\n");
    let ran = place.run(&["evaluate", "model", "there/other.csv", "--open-test"]);
    assert!(ran.stderr.contains("are not those that were sealed"), "{}", ran.stderr);
}

#[test]
fn arms_and_trials_are_split_alike() {
    let place = place();
    let vary = ["compare", "t.toml", "--vary", "network.init=xavier,he", "--seeds", "2", "--set", "data.group=person"];
    let compared = place.succeed(&[&vary[..], &["--out", "c", "--resplit"]].concat()).stdout;
    assert!(compared.contains("whole groups by person"), "{compared}");
    let space = "[search]\nfolds = 3\ntrials = 2\nfinalists = 1\nrescore_seeds = 2\n[search.space]\n\
                 \"training.learning_rate\" = { low = 0.001, high = 0.1 }\n";
    place.write("t.toml", format!("{RECIPE}{space}"));
    for (setting, words, rows) in
        [("data.group=person", "whole groups by person", 48), ("data.time=day", "split along day", 36)]
    {
        let words_of = ["search", "t.toml", "--out", setting, "--set", setting];
        let found = place.succeed(&words_of).stdout;
        assert!(found.contains(words) && found.contains(&format!("the {rows} validation rows")), "{found}");
    }
}

#[test]
fn errors() {
    let place = place();
    place.write("few.csv", "kind,x\nhigh,1\n");
    place.shell("ln -s t.csv linked.csv");
    let mut changed = rows();
    changed[3][1] = String::new();
    changed[4][2] = "soon".to_owned();
    changed[6][3] = "tran".to_owned();
    place.write("changed.csv", csv(&changed));
    let mut text = String::new();
    for settings in [
        &["data.group=persn"][..],
        &["data.group=kind"],
        &["data.group=person", "data.time=day"],
        &["data.group=person", "data.split=random"],
        &["data.group=person", "data.kinds={ person = \"categorical\" }"],
        &["data.split=stratified", "data.target=x", "training.loss=mean-squared-error"],
        &["data.split=grouped"],
        &["data.test=0.1", "data.test_file=few.csv"],
        &["data.split_column=side", "data.test_file=few.csv"],
        &["data.split_column=side", "data.group=day"],
        &["data.split_column=side", "data.validation=0"],
        &["data.split_column=person"],
        &["data.test_file=few.csv"],
        &["data.test_file=none.csv"],
        &["data.test_file=t.csv"],
        &["data.test_file=./linked.csv"],
        &["data.weight=person", "data.group=person"],
        &["data.weight=side", "data.split_column=side"],
        &["data.group=e"],
        &["data.split_column=c=q"],
        &["data.group=it's {this}"],
        &["data.group=\"c=q\""],
        &["data.test_file=-"],
        &["data.time=person"],
        &["data.time=kind", "data.target=x"],
        &["data.source=changed.csv", "data.group=person"],
        &["data.source=changed.csv", "data.time=day", "data.kinds={ day = \"unused\" }"],
        &["data.source=changed.csv", "data.split_column=side"],
    ] {
        let sets: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        let ran = place.run(&[&["train", "t.toml"], &sets[..]].concat());
        assert_eq!(ran.status, Some(2), "{settings:?}: {}", ran.stdout);
        writeln!(text, "$ goodfit train t.toml --set {}\n{}", settings.join(" --set "), ran.stderr).unwrap();
    }
    for words in [
        &["compare", "t.toml", "--set", "data.time=day", "--resplit"][..],
        &["train", "my.toml", "--set", "data.group=person"],
    ] {
        let ran = place.run(words);
        assert_eq!(ran.status, Some(2), "{words:?}: {}", ran.stdout);
        writeln!(text, "$ goodfit {}\n{}", words.join(" "), ran.stderr).unwrap();
    }
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
}
