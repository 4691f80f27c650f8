//! What is wrong with a table, and where.

use std::fmt;
use std::path::Path;

use super::input::Swollen;

/// What is wrong with a table, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub struct TableError {
    /// The file as it was named.
    pub file: String,
    /// Line in the file, from 1.
    pub line: Option<u64>,
    /// Name of the column.
    pub column: Option<String>,
    /// What is wrong.
    pub what: String,
    /// What to do about it.
    pub hint: Option<String>,
}

/// `sales.csv:17: column price: ...`
impl fmt::Display for TableError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.file)?;
        if let Some(line) = self.line {
            write!(f, ":{line}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ": column {column}")?;
        }
        write!(f, ": {}", self.what)
    }
}

impl TableError {
    pub(crate) fn new(file: &str, what: impl Into<String>) -> Self {
        Self { file: file.to_owned(), line: None, column: None, what: what.into(), hint: None }
    }

    pub(in crate::data) fn line(self, line: u64) -> Self {
        Self { line: Some(line), ..self }
    }

    pub(in crate::data) fn column(self, column: &str) -> Self {
        Self { column: Some(short(column)), ..self }
    }

    pub(crate) fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// A file that cannot be opened or read.
    pub(super) fn io(file: &str, error: &std::io::Error) -> Self {
        let there = |folder: &Path| folder.as_os_str().is_empty() || folder.exists();
        let (what, hint) = match error.kind() {
            std::io::ErrorKind::NotFound => match Path::new(file).parent() {
                Some(folder) if !there(folder) => {
                    ("there is no such folder".to_owned(), Some("a path from the folder you are in, or a whole one"))
                }
                _ => ("there is no such file".to_owned(), Some("`ls` shows what there is")),
            },
            std::io::ErrorKind::PermissionDenied => {
                ("it may not be read".to_owned(), Some("chmod +r lets you read it"))
            }
            std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded => (
                format!("there is no room for a copy of it in {}", std::env::temp_dir().display()),
                Some("TMPDIR=FOLDER names another place for such copies"),
            ),
            std::io::ErrorKind::UnexpectedEof => {
                ("it ends in the middle of what is packed".to_owned(), Some("it was cut off: get it once more"))
            }
            std::io::ErrorKind::Other if Swollen::is(error) => {
                (error.to_string(), Some("unpack it and name what comes out, if it is no forgery"))
            }
            std::io::ErrorKind::Other if error.to_string().contains("too much memory") => (
                "packed by zstd with a window of more than 128 MiB, which is not read".to_owned(),
                Some("`zstd -d --long=31` unpacks it"),
            ),
            std::io::ErrorKind::InvalidInput | std::io::ErrorKind::InvalidData | std::io::ErrorKind::Other => {
                (format!("what is packed is damaged: {error}"), Some("get it once more"))
            }
            _ => (error.to_string(), None),
        };
        Self { hint: hint.map(str::to_owned), ..Self::new(file, what) }
    }
}

/// Why a reader failed, if that is of this type.
pub(super) fn cause<E: std::error::Error + 'static>(error: &std::io::Error) -> Option<&E> {
    error.get_ref().and_then(|inner| inner.downcast_ref())
}

/// The name of a column, cut short where it is a text.
pub(super) fn short(name: &str) -> String {
    const MOST: usize = 80;
    match name.char_indices().nth(MOST) {
        Some((end, _)) => format!("{} …", &name[..end]),
        None => name.to_owned(),
    }
}
