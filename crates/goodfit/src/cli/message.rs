//! Messages to the person at the terminal: the one place that renders `error:` and `hint:`.

use std::fmt::Display;
use std::io::{self, Write as _};

use clap::CommandFactory;

use super::args::Cli;
use crate::recipe::RecipeError;

/// Why a command ended without what it was asked for: its faults, each with what to do about it.
#[derive(Debug)]
pub(super) struct Failure {
    faults: Vec<(String, Option<String>)>,
}

impl Failure {
    /// One fault.
    pub(super) fn new(error: impl Display, hint: Option<impl Into<String>>) -> Self {
        Self { faults: vec![(error.to_string(), hint.map(Into::into))] }
    }

    /// Every fault of a recipe.
    pub(super) fn recipe(error: &RecipeError) -> Self {
        let faults = error.all().map(|fault| (fault.to_string(), fault.hint.clone())).collect();
        Self { faults }
    }

    /// What is wrong with the command line as it was typed, in the form of all other messages.
    pub(super) fn usage(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let (mut message, mut hint) = (Vec::new(), None);
        for line in text.lines().map(str::trim) {
            if let Some(tip) = line.strip_prefix("tip: ") {
                hint = Some(tip.to_owned());
            } else if !line.is_empty() && !line.starts_with("Usage: ") && !line.starts_with("For more information") {
                message.push(line.strip_prefix("error: ").unwrap_or(line));
            }
        }
        let (mut help, mut command) = (String::new(), Cli::command());
        for word in std::env::args().skip(1) {
            let Some(below) = command.find_subcommand(&word).cloned() else { break };
            help += &(word + " ");
            command = below;
        }
        let hint = hint.unwrap_or_else(|| format!("`goodfit {help}--help` says what can be typed"));
        Self::new(message.join(" "), Some(hint))
    }

    /// Writes it to stderr.
    pub(super) fn show(&self) {
        for (message, hint) in &self.faults {
            note(format!("error: {message}"));
            if let Some(hint) = hint {
                self::hint(hint);
            }
        }
    }
}

/// Writes what to do next.
pub(super) fn hint(hint: impl Display) {
    note(format!("hint: {hint}"));
}

/// Writes a line to stderr. Where that cannot be written there is nobody to be told.
pub(super) fn note(line: impl Display) {
    let _ = writeln!(io::stderr(), "{line}");
}
