//! The READMEs of the repository: every command in them runs, and the two languages are in step.
//!
//! A block of shell commands is run unless the line above it is a comment that says otherwise:
//!
//! - `<!-- not run: REASON -->`: not run here;
//! - `<!-- needs: VARIABLE -->`: run where this environment variable is set;
//! - `<!-- file: NAME -->`, above a block of any other language: written to that file first.
//!
//! Commands run one after the other in one empty folder, with `goodfit` being the program under test
//! and with a small budget added: one step, one seed. The table of the examples lies there, too.
#![cfg(all(unix, feature = "cli", feature = "mnist"))]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use goodfit::chapter::NAMES;

/// A fenced block.
#[derive(Clone, Debug)]
struct Block {
    /// The comment above it, such as `needs: VARIABLE`; empty without one.
    mark: String,
    language: String,
    text: String,
}

/// The root of the repository; `None` in the packaged crate, which has no README of two languages.
fn root() -> Option<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join("README.ja.md").exists().then_some(root)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The fenced blocks of a text, and its other lines.
fn parse(markdown: &str) -> (Vec<Block>, Vec<&str>) {
    let (mut blocks, mut prose, mut mark) = (Vec::new(), Vec::new(), "");
    let mut lines = markdown.lines();
    while let Some(line) = lines.next() {
        if let Some(language) = line.strip_prefix("```") {
            let text: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            let text = text.join("\n") + "\n";
            blocks.push(Block { mark: mark.to_owned(), language: language.to_owned(), text });
        } else {
            prose.push(line);
        }
        let comment = line.strip_prefix("<!-- ").and_then(|line| line.strip_suffix(" -->"));
        mark = comment.unwrap_or_default();
    }
    (blocks, prose)
}

/// What is run for a command line of a README.
fn with_budget(line: &str) -> Vec<String> {
    let line = line.replace("cargo run --release --", "goodfit");
    let words: Vec<&str> = line.split_whitespace().collect();
    assert_eq!(words[0], "goodfit", "a command that is neither run nor marked: {line}");
    let seeds = if words.contains(&"--seeds") { "" } else { " --seeds 1" };
    let trains = !words.contains(&"--print-recipe");
    match words[1] {
        "reproduce" if trains && words.get(2).is_none_or(|word| word.starts_with('-')) => {
            let rest = line.strip_prefix("goodfit reproduce").unwrap();
            NAMES.iter().flat_map(|name| with_budget(&format!("goodfit reproduce {name}{rest}"))).collect()
        }
        // Nothing is trained.
        "reproduce" if words[2] == "activations" => vec![line],
        "reproduce" | "compare" if trains => vec![format!("{line}{seeds} --set training.steps=1")],
        "train" | "search" if trains => vec![format!("{line} --set training.steps=1")],
        _ => vec![line],
    }
}

fn run(line: &str, folder: &Path) {
    let script = format!("goodfit() {{ \"$GOODFIT\" \"$@\"; }}\n{line}");
    let output = Command::new("sh")
        .args(["-e", "-c", &script])
        .env("GOODFIT", env!("CARGO_BIN_EXE_goodfit"))
        .current_dir(folder)
        .output()
        .expect("sh starts");
    assert!(output.status.success(), "{line}\n{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn every_command_runs() {
    let Some(root) = root() else { return };
    let text = read(&root.join("README.md"));
    let (blocks, prose) = parse(&text);
    let folder = tempfile::tempdir().expect("a folder");
    fs::copy(root.join("crates/goodfit/examples/penguins.csv"), folder.path().join("penguins.csv")).expect("copied");
    let mut n_run = 0;
    for block in blocks {
        let mark = block.mark.split_once(": ").unwrap_or_default();
        match (block.language.as_str(), mark) {
            (_, ("file", name)) => fs::write(folder.path().join(name), &block.text).expect("written"),
            ("sh", ("not run", _)) => {}
            ("sh", ("needs", variable)) if std::env::var_os(variable).is_none() => {
                println!("skipped: {variable} is not set: {}", block.text);
            }
            ("sh", _) => {
                for line in block.text.lines().filter(|line| !line.starts_with('#')) {
                    for line in with_budget(line) {
                        run(&line, folder.path());
                        n_run += 1;
                    }
                }
            }
            _ => {}
        }
    }
    assert!(n_run > 20, "{n_run} commands");
    // In the repository, where the commands ran, or in the folder that one of them wrote.
    let places = [root.as_path(), folder.path(), &folder.path().join("trained")];
    for path in paths(&prose) {
        let exists = places.iter().any(|place| place.join(path).exists());
        assert!(exists, "README.md speaks of {path}, which is not there");
    }
}

/// The paths that prose names: relative links, and code with a slash that looks like a path.
fn paths<'a>(prose: &[&'a str]) -> Vec<&'a str> {
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._/-".contains(c);
    let mut paths = Vec::new();
    for line in prose {
        let links = line.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        paths.extend(links.filter(|link| !link.contains("://")));
        let code = line.split('`').skip(1).step_by(2);
        paths.extend(code.filter(|code| code.contains('/') && code.chars().all(plain)));
    }
    paths
}

#[test]
fn both_languages_are_in_step() {
    let Some(root) = root() else { return };
    let texts = ["README.md", "README.ja.md"].map(|name| read(&root.join(name)));
    let [english, japanese] = [&texts[0], &texts[1]].map(|text| parse(text));
    let levels = |prose: &[&str]| -> Vec<usize> {
        let headings = prose.iter().filter(|line| line.starts_with('#'));
        headings.map(|line| line.chars().take_while(|&c| c == '#').count()).collect()
    };
    assert_eq!(levels(&english.1), levels(&japanese.1), "levels of the headings");
    let rows = |prose: &[&str]| prose.iter().filter(|line| line.starts_with('|')).count();
    assert_eq!(rows(&english.1), rows(&japanese.1), "rows of the tables");
    let mut sorted = [paths(&english.1), paths(&japanese.1)];
    for paths in &mut sorted {
        paths.retain(|path| !path.starts_with("README"));
        paths.sort_unstable();
    }
    assert_eq!(sorted[0], sorted[1], "paths in the prose");
    assert_eq!(english.0.len(), japanese.0.len(), "number of code blocks");
    for (english, japanese) in english.0.iter().zip(&japanese.0) {
        assert_eq!(stripped(english), stripped(japanese));
    }
}

/// A block without what is in one language: its comments and the reason in its mark.
fn stripped(block: &Block) -> (String, &str, String) {
    let mark = match block.mark.split_once(": ") {
        Some(("not run", _)) => "not run".to_owned(),
        _ => block.mark.clone(),
    };
    let comment = match block.language.as_str() {
        "toml" | "sh" => "#",
        "rust" => "//",
        _ => return (mark, &block.language, block.text.clone()),
    };
    let code = block.text.lines().map(|line| line.split(comment).next().unwrap_or_default().trim_end());
    (mark, &block.language, code.collect::<Vec<_>>().join("\n"))
}

/// The READMEs of the engine and of the product are compiled as doctests; the repository's shows the same programs.
#[test]
fn the_library_examples_are_those_that_are_compiled() {
    let Some(root) = root() else { return };
    let (blocks, _) = parse(&read(&root.join("README.md")));
    let compiled = ["crates/goodfit-nn/README.md", "crates/goodfit/README.md"].map(|path| read(&root.join(path)));
    let examples: Vec<_> = blocks.iter().filter(|block| block.language == "rust").collect();
    assert_eq!(examples.len(), 2, "a training, and a model that is loaded");
    for block in examples {
        assert!(
            compiled.iter().any(|text| text.contains(&block.text)),
            "neither README of a crate has\n{}",
            block.text
        );
    }
}
