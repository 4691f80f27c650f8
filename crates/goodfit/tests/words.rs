//! Words that have no place in the repository: unfinished work, and paths of somebody's machine.

use std::fs;
use std::path::Path;
use std::process::Command;

/// What no text may hold, in two parts each so that this file does not.
const FORBIDDEN: &[(&str, &str)] =
    &[("TO", "DO"), ("FIX", "ME"), ("XX", "X:"), ("/ro", "ot/"), ("/ho", "me/"), ("/wo", "rk/"), ("/Use", "rs/")];

/// Copied from elsewhere.
const VENDORED: &[&str] = &["crates/goodfit/assets/"];

#[test]
fn no_text_holds_a_forbidden_word() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if !root.join(".git").exists() {
        println!("skipped: this is not a checkout of the repository");
        return;
    }
    let listed = Command::new("git").args(["ls-files", "-z"]).current_dir(&root).output().expect("git runs");
    assert!(listed.status.success(), "{}", String::from_utf8_lossy(&listed.stderr));
    let listed = String::from_utf8_lossy(&listed.stdout).into_owned();
    let mut found = Vec::new();
    for path in listed.split('\0').filter(|path| !path.is_empty()) {
        let Ok(text) = fs::read_to_string(root.join(path)) else { continue };
        if VENDORED.iter().any(|folder| path.starts_with(folder)) {
            continue;
        }
        for (number, line) in (1..).zip(text.lines()) {
            for (a, b) in FORBIDDEN {
                let word = format!("{a}{b}");
                if line.contains(&word) {
                    found.push(format!("{path}:{number}: {word}"));
                }
            }
        }
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
}
