//! What can go wrong with a file, in words.

use std::path::Path;

use rusqlite::ErrorCode;

use crate::storage::StorageError;

/// A fault before the name of the file is added to it.
#[derive(Debug)]
pub(super) enum Fault {
    /// What was asked for is refused.
    Refused(StorageError),
    /// SQLite's own.
    Sqlite(rusqlite::Error),
    /// The file holds what no tool should have written.
    Content(String),
    /// The file cannot be used: what is the matter, and what to do.
    File(String, String),
}

impl From<StorageError> for Fault {
    fn from(error: StorageError) -> Self {
        Self::Refused(error)
    }
}

impl From<rusqlite::Error> for Fault {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

impl Fault {
    /// The fault of a file.
    pub(super) fn of(self, path: &Path) -> StorageError {
        let (what, hint) = match self {
            Self::Refused(error) => return error,
            Self::Content(what) => (what, None),
            Self::File(what, hint) => (what, Some(hint)),
            Self::Sqlite(error) => in_words(&error, path),
        };
        StorageError::File { path: path.to_owned(), what, hint }
    }
}

fn in_words(error: &rusqlite::Error, path: &Path) -> (String, Option<String>) {
    let with = |what: &str, hint: &str| (what.to_owned(), Some(hint.to_owned()));
    match error.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            with("it is not an SQLite database", "name another file, or move this one away")
        }
        Some(ErrorCode::DatabaseCorrupt) => (
            "the database is damaged".to_owned(),
            Some(format!("save what can be read: sqlite3 {} .recover | sqlite3 saved.db", path.display())),
        ),
        Some(ErrorCode::DiskFull) => {
            with("the disk is full", "free some space and go on: what had been kept is still there")
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            with("another program keeps it locked", "end the other program, or wait until it is done")
        }
        Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::AuthorizationForStatementDenied) => {
            with("it cannot be written", WRITABLE)
        }
        Some(ErrorCode::CannotOpen) => with(
            "it cannot be opened",
            "check that its folder exists and can be written, since SQLite keeps two more files beside it",
        ),
        Some(ErrorCode::SystemIoFailure) => {
            with(&format!("reading or writing it failed: {error}"), "check the disk and the space on it")
        }
        // A value of another type than its column's.
        None => (format!("it holds what no tool should have written: {error}"), None),
        Some(_) => (error.to_string(), None),
    }
}

/// What to do about a file that cannot be written.
pub(super) const WRITABLE: &str = "allow writing to it and to its folder, or work on a copy";
