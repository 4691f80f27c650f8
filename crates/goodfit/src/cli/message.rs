//! Messages to the person at the terminal: the one place that renders `error:` and `hint:`.

use std::fmt::Display;

use crate::cli::Failure;

/// Writes an error and, where there is one, what to do about it.
pub(super) fn error(failure: &Failure) {
    eprintln!("error: {:#}", failure.error);
    if let Some(hint) = &failure.hint {
        self::hint(hint);
    }
}

/// Writes what to do next.
pub(super) fn hint(hint: impl Display) {
    eprintln!("hint: {hint}");
}
