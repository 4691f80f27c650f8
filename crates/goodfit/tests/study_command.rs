//! `goodfit study`: what a search kept, read back.
#![cfg(all(feature = "cli", feature = "mnist", feature = "sqlite"))]

mod command;

use std::fmt::Write as _;

use command::{Place, Ran, SMALL};
use serde_json::Value as Json;

const SPACE: &str = r#"
[search]
trials = 6
finalists = 0

[search.space]
"training.learning_rate" = { low = 1e-3, high = 1, log = true }
"training.optimizer" = ["sgd", "momentum"]
"training.momentum" = { low = 0.5, high = 0.9 }
"network.hidden" = [[8], [8, 8]]
"#;

/// A folder with a study of six trials in `study.db`.
fn searched() -> Place {
    let place = Place::new();
    place.write("space.toml", format!("{SMALL}{SPACE}"));
    place.succeed(&["search", "space.toml", "--storage", "study.db", "--seed", "3", "--quiet"]);
    place
}

fn json(ran: &Ran) -> Json {
    serde_json::from_str(&ran.stdout).unwrap_or_else(|error| panic!("{error}: {}", ran.stdout))
}

#[test]
fn list_show_and_best() {
    let place = searched();
    let list = place.succeed(&["study", "list", "study.db"]).stdout;
    assert!(list.starts_with("study  direction  trials"), "{list}");
    assert!(list.lines().nth(1).is_some_and(|line| line.starts_with("space  maximize        6")), "{list}");
    let listed = json(&place.succeed(&["study", "list", "sqlite:///study.db", "--json"]));
    assert_eq!((&listed[0]["name"], &listed[0]["trials"]), (&Json::from("space"), &Json::from(6)));

    let show = place.succeed(&["study", "show", "study.db"]).stdout;
    assert!(show.starts_with("space (maximize), 6 trials: "), "{show}");
    assert_eq!(show.lines().count(), 2 + 6, "{show}");
    assert_eq!(show, place.succeed(&["study", "show", "study.db", "space"]).stdout);

    let trials = json(&place.succeed(&["study", "show", "study.db", "--json"]));
    let values: Vec<f64> = trials.as_array().unwrap().iter().filter_map(|trial| trial["value"].as_f64()).collect();
    assert!(values.len() > 1 && values.is_sorted_by(|a, b| a >= b), "{values:?}");
    assert_eq!(listed[0]["best"], trials[0]);
    assert_eq!(json(&place.succeed(&["study", "best", "study.db", "--json"])), trials[0]);
    let best = place.succeed(&["study", "best", "study.db"]).stdout;
    assert!(best.starts_with(&format!("trial {}: ", trials[0]["number"])) && best.lines().count() == 1, "{best}");
}

#[test]
fn the_best_is_the_winner_of_the_retraining() {
    let place = Place::new();
    place.write("space.toml", format!("{SMALL}{}", SPACE.replace("finalists = 0", "finalists = 3\nrescore_seeds = 3")));
    // Some seed whose search found another trial than the retraining.
    let mut moved = 0;
    for seed in 0..20 {
        let seed = seed.to_string();
        place.succeed(&["search", "space.toml", "--storage", "study.db", "--seed", &seed, "--quiet", "--force"]);
        let winner = place.json("goodfit-out/space/results.json")["search"]["winner"].clone();
        let best = json(&place.succeed(&["study", "best", "study.db", "--json"]));
        assert_eq!((&best["number"], &best["retrained"]["mean"]), (&winner["trial"], &winner["score"]["mean"]));
        assert_eq!(best["value"], winner["searched"]);
        let shown = json(&place.succeed(&["study", "show", "study.db", "--json"]));
        if shown[0]["number"] != winner["trial"] {
            moved += 1;
            let line = place.succeed(&["study", "best", "study.db"]).stdout;
            assert!(
                line.contains(" in the search, ") && line.contains(" when retrained (mean of 3 seeds) | "),
                "{line}"
            );
            let recipe = place.succeed(&["study", "best", "study.db", "--print-recipe"]).stdout;
            assert!(recipe.starts_with(&format!("# Trial {} of the study", winner["trial"])), "{recipe}");
            break;
        }
    }
    assert!(moved > 0, "no search of 20 whose best trial lost when retrained");
}

#[test]
fn exports_say_the_same() {
    let place = searched();
    let export = |format| place.succeed(&["study", "export", "study.db", "--format", format]);
    let trials = json(&export("json"));
    let trials = trials.as_array().unwrap();
    assert_eq!(trials.iter().map(|trial| trial["number"].as_u64().unwrap()).collect::<Vec<_>>(), [0, 1, 2, 3, 4, 5]);

    let csv = export("csv").stdout;
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    let head: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(head[..5], ["number", "state", "value", "began", "ended"]);
    let rows: Vec<csv::StringRecord> = reader.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), trials.len());
    for (row, trial) in rows.iter().zip(trials) {
        let of = |name: &str| &row[head.iter().position(|other| other == name).unwrap()];
        assert_eq!(of("state"), trial["state"].as_str().unwrap());
        assert_eq!(of("value").parse().ok(), trial["value"].as_f64());
        assert_eq!(of("ended"), trial["ended"].as_str().unwrap());
        let rate = &trial["parameters"]["training.learning_rate"];
        assert_eq!(of("training.learning_rate").parse().ok(), rate.as_f64());
        // Of the other optimiser there is none.
        let momentum = &trial["parameters"]["training.momentum"];
        assert_eq!(of("training.momentum").parse().ok(), momentum.as_f64());
        assert_eq!(momentum.is_null(), of("training.optimizer") == "sgd");
        assert_eq!(trial["parameters"]["training.optimizer"], of("training.optimizer"));
    }

    let journal = export("journal").stdout;
    let lines: Vec<Json> = journal.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!((&lines[0]["op_code"], &lines[0]["directions"]), (&Json::from(0), &Json::from(vec![2])));
    let created: Vec<&Json> = lines.iter().filter(|line| line["op_code"] == 4).collect();
    assert_eq!(created.len(), trials.len());
    for (line, trial) in created.iter().zip(trials) {
        assert_eq!(line["value"], trial["value"]);
        assert_eq!(line["params"]["training.learning_rate"], trial["parameters"]["training.learning_rate"]);
    }
}

#[test]
fn the_best_trial_as_a_recipe() {
    let place = searched();
    let best = json(&place.succeed(&["study", "best", "study.db", "--json"]));
    let recipe = place.succeed(&["study", "best", "study.db", "--print-recipe"]).stdout;
    assert!(recipe.starts_with(&format!("# Trial {} of the study \"space\", validation_accuracy ", best["number"])));
    assert!(!recipe.contains("[search"), "{recipe}");
    for line in ["learning_rate = ", "hidden = ", "optimizer = "] {
        let found = recipe.lines().find(|found| found.starts_with(line)).unwrap_or_else(|| panic!("{line}: {recipe}"));
        assert!(found.ends_with("# trial"), "{found}");
    }
    for line in ["train_rows = 100 ", "validation = 0.2 ", "split_seed = 3 ", "steps = 8 "] {
        assert!(recipe.lines().any(|found| found.starts_with(line)), "{line}: {recipe}");
    }
    place.write("best.toml", &recipe);
    let again = place.succeed(&["train", "best.toml", "--print-recipe"]).stdout;
    let values = |text: &str| -> Vec<String> {
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        lines.map(|line| line.split('#').next().unwrap().trim_end().to_owned()).collect()
    };
    assert_eq!(values(&again), values(&recipe), "it says what it was made of");
    place.succeed(&["train", "best.toml", "--out", "out", "--quiet"]);
    assert_eq!(place.json("out/results.json")["data"]["validation_rows"], 20);
}

#[test]
fn a_study_over_folds_gives_a_recipe_that_validates() {
    let place = Place::new();
    let small = SMALL.replace("validation = 0.2\n", "");
    let search = "\n[search]\ntrials = 2\nfolds = 4\nfinalists = 0\n";
    let space = "[search.space]\n\"network.activation\" = [\"tanh\", { leaky-relu = 0.1 }]\n";
    place.write("folds.toml", format!("{small}{search}{space}"));
    place.succeed(&["search", "folds.toml", "--storage", "study.db", "--quiet"]);
    let recipe = place.succeed(&["study", "best", "study.db", "--print-recipe"]).stdout;
    assert!(recipe.contains("validation = 0.25 "), "{recipe}");
    place.write("best.toml", recipe);
    place.succeed(&["train", "best.toml", "--quiet"]);
}

#[test]
fn nothing_is_complete() {
    let place = Place::new();
    let space = "\n[search]\ntrials = 2\n[search.space]\n\"training.learning_rate\" = { low = 1e37, high = 1e38 }\n";
    place.write("wild.toml", format!("{SMALL}{space}"));
    place.run(&["search", "wild.toml", "--storage", "study.db", "--quiet"]);
    let show = place.succeed(&["study", "show", "study.db"]).stdout;
    assert!(show.contains("failed: diverged"), "{show}");
    let best = place.run(&["study", "best", "study.db"]);
    assert_eq!((best.status, best.stdout.as_str()), (Some(1), ""));
    assert!(best.stderr.contains("none of its 2 trials is complete") && best.stderr.contains("hint: "), "{best:?}");
    assert_eq!(place.run(&["study", "best", "study.db", "--json"]).stdout, "null\n");
}

#[test]
fn errors() {
    let place = searched();
    let again = ["search", "space.toml", "--storage", "two.db", "--trials", "1", "--quiet", "--study"];
    for name in ["first", "second"] {
        place.succeed(&[&again[..], &[name]].concat());
    }
    place.write("none/other", "");
    place.write("empty.db", "");
    place.write("text.db", "no database, but longer than the head of one is, so that it is read and refused as such");
    let before = place.files(".");
    let mut text = String::new();
    for words in [
        &["study"][..],
        &["study", "list", "none.db"],
        &["study", "show", "sqlite:///none.db"],
        &["study", "show", "none/study.db"],
        &["study", "list", "postgresql://here/there"],
        &["study", "list", "empty.db"],
        &["study", "list", "text.db"],
        &["study", "list", "."],
        &["study", "list", "none"],
        &["study", "list", "sqlite://study.db"],
        &["study", "show", "study.db", "spcae"],
        &["study", "show", "two.db"],
        &["study", "best", "two.db", "third"],
        &["study", "export", "study.db", "--format", "xml"],
        &["study", "best", "study.db", "--json", "--print-recipe"],
    ] {
        let ran = place.run(words);
        assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""), "{words:?}");
        if words.len() > 1 {
            write!(text, "$ goodfit {}\n{}", words.join(" "), ran.stderr).unwrap();
        }
    }
    assert_eq!(place.files("."), before, "reading makes no file");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
}

/// A file as Optuna made it, by `optuna/make_studies.py`: `one` with one objective, `two` with two.
fn by_optuna() -> Place {
    let place = Place::new();
    place.write("optuna.db", include_bytes!("optuna/studies.db"));
    place
}

const READING: [&[&str]; 9] = [
    &["list"],
    &["list", "--json"],
    &["show", "one"],
    &["show", "two"],
    &["show", "two", "--json"],
    &["export", "two", "--format", "csv"],
    &["export", "two", "--format", "journal"],
    &["best", "one"],
    &["best", "two"],
];

/// What reading the file says, however it has to be read.
fn read_all(place: &Place, file: &str) -> String {
    let mut text = String::new();
    for words in READING {
        let ran = place.run(&[&["study", words[0], file], &words[1..]].concat());
        write!(text, "$ goodfit study {}\n{}{}", words.join(" "), ran.stdout, ran.stderr).unwrap();
    }
    text
}

#[test]
fn a_file_that_optuna_made_is_only_read() {
    let place = by_optuna();
    let before = place.files(".");
    let text = read_all(&place, "optuna.db");
    assert_eq!(place.read("optuna.db"), include_bytes!("optuna/studies.db"));
    assert_eq!(place.files("."), before, "reading makes no file");
    insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
}

#[test]
fn several_objectives_are_not_searched_on() {
    let place = by_optuna();
    place.write("space.toml", format!("{SMALL}{SPACE}"));
    let ran = place.run(&["search", "space.toml", "--storage", "optuna.db", "--study", "two", "--quiet"]);
    assert_eq!(ran.status, Some(2));
    assert_eq!(
        ran.stderr,
        "error: the study \"two\" has 2 objectives: it can be read, but not gone on with\n\
         hint: its trials can be listed and exported; a study of another name begins anew beside it\n"
    );
}

#[cfg(unix)]
#[test]
fn what_cannot_be_written_can_be_read() {
    use std::fs::{Permissions, read_dir, set_permissions};
    use std::os::unix::fs::PermissionsExt;

    let place = searched();
    place.write("optuna.db", include_bytes!("optuna/studies.db"));
    let words = |file| [["study", "show", file, "--json"], ["study", "list", file, "--json"]];
    let read = |file| words(file).map(|words| place.succeed(&words).stdout);
    let (ours, theirs) = (read("study.db"), read_all(&place, "optuna.db"));
    let (files, bytes) = (place.files("."), place.read("study.db"));
    let set = |of_files, of_folder| {
        for file in read_dir(place.path(".")).unwrap() {
            let file = file.unwrap();
            if file.file_type().unwrap().is_file() {
                set_permissions(file.path(), Permissions::from_mode(of_files)).unwrap();
            }
        }
        set_permissions(place.path("."), Permissions::from_mode(of_folder)).unwrap();
    };
    set(0o444, 0o555);
    assert_eq!((read("study.db"), read_all(&place, "optuna.db")), (ours, theirs));
    assert_eq!((place.files("."), place.read("study.db")), (files, bytes));
    // To write it is refused, whoever asks.
    let ran = place.run(&["search", "space.toml", "--storage", "study.db", "--quiet", "--trials", "7"]);
    assert!(ran.stderr.starts_with("error: study.db: it cannot be written\nhint: allow writing"), "{}", ran.stderr);
    set(0o644, 0o755);
}
