//! Tables of a user's own: CSV, plain or packed, with the kinds of the columns inferred.

mod blanks;
mod cell;
mod column;
mod dialect;
mod error;
mod input;
mod kind;
mod profile;
mod read;

pub use cell::{DateForm, MISSING, date_text};
pub use column::{Column, NO_LEVEL, Values};
pub use dialect::Dialect;
pub use error::TableError;
pub use input::Packing;
pub use kind::Kind;
pub use read::read;

/// How a table is to be read, where it is not to be guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// What stands between cells; guessed when `None`.
    pub delimiter: Option<u8>,
    /// Whether the first line names the columns; guessed when `None`.
    pub has_header: Option<bool>,
    /// Whether numbers have a decimal comma.
    pub decimal_comma: bool,
    /// Words that stand for a missing value besides [`MISSING`].
    pub missing: Vec<String>,
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The file as it was named.
    pub source: String,
    /// How it is packed.
    pub packing: Packing,
    /// The name of its encoding.
    pub encoding: &'static str,
    /// How it is written.
    pub dialect: Dialect,
    /// Number of rows.
    pub n_rows: usize,
    /// Its columns, in the order of the file.
    pub columns: Vec<Column>,
}
