//! What the program says about itself.
#![cfg(feature = "cli")]

mod command;

use std::fmt::Write as _;

use command::Place;

const COMMANDS: [&str; 13] = [
    "reproduce",
    "train",
    "predict",
    "evaluate",
    "export",
    "compare",
    "search",
    "study",
    "report",
    "data",
    "fields",
    "completions",
    "man",
];

#[test]
fn help_of_the_program() {
    insta::assert_snapshot!(Place::new().succeed(&["--help"]).stdout);
}

#[test]
fn help_of_each_command() {
    let place = Place::new();
    let mut text = String::new();
    let study = ["list", "show", "export", "best"].map(|name| vec!["study", name]);
    let below = [vec!["data", "list"], vec!["data", "info"]].into_iter().chain(study);
    let words = COMMANDS.iter().map(|name| vec![*name]).chain(below);
    for mut words in words {
        writeln!(text, "$ goodfit {} --help", words.join(" ")).unwrap();
        words.push("--help");
        text += &(place.succeed(&words).stdout + "\n");
    }
    insta::assert_snapshot!(text);
}

#[test]
fn without_a_command() {
    let ran = Place::new().run(&[]);
    assert_eq!((ran.status, ran.stdout.as_str()), (Some(2), ""));
    assert!(ran.stderr.contains("Usage: goodfit <COMMAND>"), "{}", ran.stderr);
}

#[test]
fn version() {
    let version = concat!("goodfit ", env!("CARGO_PKG_VERSION"), "\n");
    assert_eq!(Place::new().succeed(&["--version"]).stdout, version);
}

#[test]
fn fields() {
    assert_eq!(Place::new().succeed(&["fields"]).stdout, goodfit::recipe::reference());
}

#[test]
fn data_list() {
    insta::assert_snapshot!(Place::new().succeed(&["data", "list"]).stdout);
}

#[cfg(feature = "mnist")]
#[test]
fn data_info() {
    insta::assert_snapshot!(Place::new().succeed(&["data", "info", "mnist"]).stdout);
    insta::assert_snapshot!("data_info_json", Place::new().succeed(&["data", "info", "mnist", "--json"]).stdout);
}

#[test]
fn completions() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = Place::new().succeed(&["completions", shell]).stdout;
        assert!(script.contains("goodfit") && script.contains("print-recipe"), "{shell}: {script}");
    }
    assert!(Place::new().succeed(&["completions", "bash"]).stdout.starts_with("_goodfit() {\n"));
}

#[test]
fn man() {
    let place = Place::new();
    assert_eq!(place.succeed(&["man", "pages"]).stdout, "");
    let files = place.files("pages");
    for name in COMMANDS {
        assert!(files.contains(&format!("goodfit-{name}.1")), "{files:?}");
    }
    let page = String::from_utf8(place.read("pages/goodfit-compare.1")).unwrap();
    assert!(page.contains(".SH OPTIONS") && page.contains("baseline"), "{page}");
}

#[cfg(feature = "mnist")]
#[test]
fn recipes_of_the_experiments_are_their_files() {
    for (name, text) in goodfit::recipe::SHIPPED {
        assert_eq!(Place::new().succeed(&["reproduce", name, "--print-recipe"]).stdout, *text);
    }
}
