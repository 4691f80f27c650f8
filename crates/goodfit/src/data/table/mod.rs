//! Tables of a user's own: CSV, plain or packed, Parquet and arrays of NumPy, with the kinds of the columns inferred.

use std::collections::BTreeMap;

mod append;
mod bounded;
mod cell;
mod cells;
mod chunks;
mod column;
mod dialect;
mod encode;
mod encoding;
mod error;
mod fill;
mod fingerprint;
mod goal;
mod input;
mod inputs;
mod kind;
mod profile;
mod quotes;
mod read;
mod reading;
mod records;
mod scaling;
mod schema;
mod sorted;
mod typed;
mod weights;

use cell::date_parts;
pub use cell::{DateForm, MISSING, date_text};
pub(super) use cells::Cells;
pub(crate) use chunks::lacking;
pub use chunks::{Strange, StrangeCells, read_chunks};
pub use column::{Column, NO_LEVEL, Values};
pub use dialect::{Dialect, delimiter_named};
#[cfg(feature = "onnx")]
pub(crate) use encode::{Encoded, Form};
pub use encode::{Encoder, MOST_PLACES};
pub use encoding::TextEncoding;
pub use error::TableError;
pub use fingerprint::DataFile;
pub use goal::Goal;
pub use input::Packing;
pub use inputs::InputColumns;
pub use kind::Kind;
pub use read::read;
pub use scaling::Scaling;
#[cfg(feature = "onnx")]
pub(crate) use scaling::{MinMax, Quantiles, Robust, Scales, Standard};
pub use schema::{Predicts, Schema, SchemaColumn, SchemaKind, SealedRows};
pub(crate) use sorted::{quantile, sort};
pub use typed::Format;

/// How a table is to be read, where it is not to be guessed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TableOptions {
    /// What stands between cells; guessed when `None`.
    pub delimiter: Option<u8>,
    /// How its text is encoded; a byte order mark beats it. When `None` it is told by the text itself.
    pub encoding: Option<TextEncoding>,
    /// Whether the first line names the columns; guessed when `None`.
    pub has_header: Option<bool>,
    /// Whether numbers have a decimal comma; not when `None`.
    pub decimal_comma: Option<bool>,
    /// Words that stand for a missing value besides [`MISSING`].
    pub missing: Vec<String>,
    /// What columns are, by name; inferred where they are not here.
    pub kinds: BTreeMap<String, ColumnKind>,
}

/// Which of some values has a name, by the names of all of them.
fn named<T: Copy>(all: &[T], names: &[&str], name: &str) -> Option<T> {
    names.iter().position(|known| *known == name).map(|place| all[place])
}

/// What a column is said to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnKind {
    /// Numbers; what is none counts as missing.
    Numeric,
    /// Levels, each text or number as it is written one of its own.
    Categorical,
    /// Dates, in the form that fits most of them.
    Date,
    /// Set aside.
    Unused,
}

impl ColumnKind {
    const ALL: [Self; 4] = [Self::Numeric, Self::Categorical, Self::Date, Self::Unused];

    /// The names of all in a recipe.
    pub const NAMES: &[&str] = &["numeric", "categorical", "date", "unused"];

    /// The kind of that name.
    pub fn named(name: &str) -> Option<Self> {
        named(&Self::ALL, Self::NAMES, name)
    }

    /// Its name.
    pub fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// A table.
#[derive(Clone, Debug)]
pub struct Table {
    /// The file as it was named.
    pub source: String,
    /// How it is stored.
    pub format: Format,
    /// How it is packed.
    pub packing: Packing,
    /// The name of the encoding of its text.
    pub encoding: &'static str,
    /// Whether nothing but its bytes tells the encoding, which is not UTF-8.
    pub is_detected: bool,
    /// How its text is written.
    pub dialect: Dialect,
    /// How it was read.
    pub options: TableOptions,
    /// What its files held; none are named of rows that were taken out of a table.
    pub files: Vec<DataFile>,
    /// Number of rows.
    pub n_rows: usize,
    /// Its columns, in the order of the file.
    pub columns: Vec<Column>,
}

impl Table {
    /// Sets a column aside, which is then no input.
    pub(super) fn set_aside(&mut self, column: usize) {
        let column = &mut self.columns[column];
        (column.kind, column.values) = (Kind::Unused, Values::None);
    }

    /// The same file without its columns.
    fn without_columns(&self) -> Self {
        let (source, options) = (self.source.clone(), self.options.clone());
        let Self { format, packing, encoding, is_detected, dialect, .. } = *self;
        Self {
            source,
            format,
            packing,
            encoding,
            is_detected,
            dialect,
            options,
            files: Vec::new(),
            n_rows: 0,
            columns: Vec::new(),
        }
    }

    /// The values of some rows as bytes, by which they are told from others.
    pub(super) fn bytes(&self, rows: &[u32]) -> Vec<u8> {
        let mut bytes = Vec::new();
        for column in &self.columns {
            bytes.extend(column.name.as_bytes());
            for row in rows.iter().map(|&row| row as usize) {
                match &column.values {
                    Values::Numbers(numbers) => bytes.extend(numbers[row].to_le_bytes()),
                    Values::Levels { names, codes } => {
                        bytes.extend(names.get(codes[row] as usize).map_or(&b"\0"[..], |name| name.as_bytes()));
                        bytes.push(0);
                    }
                    Values::Days(days) => bytes.extend(days[row].to_le_bytes()),
                    Values::None => {}
                }
            }
        }
        bytes
    }
}

/// The table that a text is, for tests.
#[cfg(test)]
pub(in crate::data) fn of_text(text: &str) -> Table {
    let file = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(file.path(), text).expect("written");
    read(file.path(), &TableOptions::default()).expect("a table")
}
