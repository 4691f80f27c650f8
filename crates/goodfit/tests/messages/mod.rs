//! The messages of recipes with their hints, as text to take a snapshot of.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fmt::Write as _;

use goodfit::recipe::{Experiment, RecipeError, Settings};

/// A snapshot without the expression, which is long and in this file.
macro_rules! snapshot {
    ($text:expr) => {
        let text = $text;
        insta::with_settings!({ omit_expression => true }, { insta::assert_snapshot!(text) });
    };
}

/// The messages as the command line shows them, below the text that they are about.
pub(crate) fn shown(text: &str, error: &RecipeError) -> String {
    let mut out = String::new();
    for line in text.lines() {
        writeln!(out, "    {line}").unwrap();
    }
    for error in error.all() {
        writeln!(out, "{error}").unwrap();
        let hint = error.hint.as_deref().unwrap_or_else(|| panic!("no hint: {error}"));
        writeln!(out, "hint: {hint}").unwrap();
    }
    out + "\n"
}

/// The messages of recipe files.
pub(crate) fn files(texts: &[&str]) -> String {
    texts
        .iter()
        .map(|text| match Experiment::from_toml("my.toml", text) {
            Ok(_) => panic!("no error:\n{text}"),
            Err(error) => shown(text, &error),
        })
        .collect()
}

/// The messages of command lines for a recipe file.
pub(crate) fn command_lines(text: &str, lines: &[&[(&str, &str)]]) -> String {
    let run = |line: &[(&str, &str)]| {
        let mut settings = Settings::parse("my.toml", text)?;
        for (option, argument) in line {
            if *option == "--vary" { settings.vary(option, argument)? } else { settings.set(option, argument)? }
        }
        Experiment::resolve("my", settings)
    };
    let mut out = String::new();
    for line in lines {
        let typed: Vec<String> = line.iter().map(|(option, argument)| format!("{option} {argument}")).collect();
        match run(line) {
            Ok(_) => panic!("no error: {typed:?}"),
            Err(error) => out += &shown(&typed.join(" "), &error),
        }
    }
    out
}
