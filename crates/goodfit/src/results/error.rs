//! What can go wrong with results on a disk.

use std::path::PathBuf;

use super::FORMAT;
use crate::files::FileError;

/// Results that could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ResultsError {
    /// A file could not be written or read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The folder holds no results.
    #[error("there is no results.json in {}", folder.display())]
    Missing {
        /// The folder.
        folder: PathBuf,
    },
    /// The file is not what this program writes.
    #[error("{}:{line}:{column}: {reason}", path.display())]
    Malformed {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column, from 1; 0 at the end of the line before.
        column: usize,
        /// What is wrong there.
        reason: String,
    },
    /// A later version of the program wrote the file.
    #[error("{}: its format is {got}, and this version reads none above {FORMAT}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// The format it says it has.
        got: u64,
    },
}

impl ResultsError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::File(error) => error.hint(),
            Self::Missing { .. } => Some("name the folder that --out named when the experiment ran"),
            Self::Malformed { .. } => Some("run the experiment again to write it anew"),
            Self::Format { .. } => Some("install the version of goodfit that wrote it, or a later one"),
        }
    }
}
