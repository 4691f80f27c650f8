//! Messages to the person at the terminal: the one place that renders `error:` and `hint:`.

use std::fmt::Display;
use std::io::{self, Write as _};

use clap::CommandFactory;
use clap::error::{ContextKind, ContextValue};

use super::args::Cli;
use super::visible::visible;
use crate::data::table::TableError;
use crate::recipe::{FIELDS, RecipeError};

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

    /// What is wrong with a table.
    pub(super) fn table(error: TableError) -> Self {
        let hint = error.hint.clone();
        Self::new(error, hint)
    }

    /// What is wrong with the command line as it was typed, in the form of all other messages.
    ///
    /// For an option that is not there but has the name of a field, the hint is how to set the field.
    pub(super) fn usage(error: &clap::Error) -> Self {
        let text = error.render().to_string();
        let (mut message, mut hint) = (Vec::new(), None);
        for line in text.lines().map(str::trim) {
            if let Some(tip) = line.strip_prefix("tip: ") {
                hint = Some(tip.to_owned()).filter(|tip| !tip.starts_with("to pass "));
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
        let sets_fields = command.get_arguments().any(|argument| argument.get_long() == Some("set"));
        let hint = hint
            .or_else(|| field_hint(error).filter(|_| sets_fields))
            .unwrap_or_else(|| format!("`goodfit {help}--help` says what can be typed"));
        Self::new(message.join(" "), Some(hint))
    }

    /// The same, its last fault with `advice` in front of the hint.
    pub(super) fn advised(mut self, advice: &str) -> Self {
        if let Some((_, hint)) = self.faults.last_mut() {
            *hint = Some(hint.take().map_or_else(|| advice.to_owned(), |hint| format!("{advice}; {hint}")));
        }
        self
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

/// How to set the field whose name an unknown option has.
fn field_hint(error: &clap::Error) -> Option<String> {
    let Some(ContextValue::String(option)) = error.get(ContextKind::InvalidArg) else { return None };
    let name = option.strip_prefix("--")?.replace('-', "_");
    let field = FIELDS.iter().find(|field| field.path.rsplit('.').next() == Some(name.as_str()))?;
    Some(format!("--set {}=VALUE sets that field", field.path))
}

/// Writes what to do next.
pub(super) fn hint(hint: impl Display) {
    note(format!("hint: {hint}"));
}

/// Says in which encoding a text was read that says nothing of it itself.
pub(super) fn detected(file: &str, encoding: &str) {
    note(format!("{file} is not in UTF-8 and was read as {encoding}; --encoding NAME reads it in another encoding"));
}

/// Writes a line to stderr. Where that cannot be written there is nobody to be told.
pub(super) fn note(line: impl Display) {
    let _ = writeln!(io::stderr(), "{}", visible(&line.to_string()));
}
