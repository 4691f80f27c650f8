//! Tables whose cells have types: Parquet files, and arrays of NumPy. Their cells are read as the texts that a CSV of the
//! same table has, so that one set of rules says what columns are, and a model reads either.

use std::fs::File;

use csv::StringRecord;

use super::error::TableError;

mod cells;
mod numpy;
#[cfg(feature = "parquet")]
mod parquet;

/// What takes the records of a table, each with the line where it would stand in a CSV: names in line 1, rows from line 2 on.
pub(super) type Take<'a> = &'a mut dyn FnMut(&StringRecord, u64) -> Result<(), TableError>;

/// How a table is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// As delimited text.
    Text,
    /// As Parquet.
    Parquet,
    /// As an array of NumPy.
    Npy,
    /// As an archive of arrays of NumPy.
    Npz,
}

/// A table whose cells have types.
#[derive(Debug)]
pub(super) enum Typed {
    /// A Parquet file.
    #[cfg(feature = "parquet")]
    Parquet(Box<parquet::Parquet>),
    /// An array, or several.
    Arrays(numpy::Arrays, Format),
}

impl Typed {
    /// Whether it is one, by its first bytes.
    pub(super) fn open(file: File, head: &[u8]) -> Result<Option<Self>, Damage> {
        Ok(match format(head) {
            #[cfg(feature = "parquet")]
            Some(Format::Parquet) => Some(Self::Parquet(Box::new(parquet::Parquet::open(file)?))),
            #[cfg(not(feature = "parquet"))]
            Some(Format::Parquet) => {
                let hint = "build with the feature `parquet`, or write it as CSV: df.to_csv(\"table.csv\")";
                return Err(Damage::new("a Parquet file, which this build of the program does not read").hint(hint));
            }
            Some(Format::Npy) => Some(Self::Arrays(numpy::Arrays::one(file)?, Format::Npy)),
            Some(Format::Npz) => numpy::Arrays::archive(file)?.map(|arrays| Self::Arrays(arrays, Format::Npz)),
            _ => None,
        })
    }

    /// How it is stored.
    pub(super) fn format(&self) -> Format {
        match self {
            #[cfg(feature = "parquet")]
            Self::Parquet(_) => Format::Parquet,
            Self::Arrays(_, format) => *format,
        }
    }

    /// Whether the cells of a column are nothing that can be read as one value.
    #[cfg_attr(not(feature = "parquet"), expect(unused_variables, reason = "each column of an array can be read"))]
    pub(super) fn is_other(&self, column: usize) -> bool {
        match self {
            #[cfg(feature = "parquet")]
            Self::Parquet(parquet) => parquet.is_other(column),
            Self::Arrays(..) => false,
        }
    }

    /// Leaves out what costs time to read and is no cell of the columns of which it is true; cells of others may be empty.
    #[cfg_attr(not(feature = "parquet"), expect(unused_variables, reason = "arrays are read as they are"))]
    pub(super) fn only(&mut self, is_asked_for: impl Fn(&str) -> bool) {
        match self {
            #[cfg(feature = "parquet")]
            Self::Parquet(parquet) => parquet.only(is_asked_for),
            Self::Arrays(..) => {}
        }
    }

    /// Calls with the names, then with each row.
    pub(super) fn records(&self, decimal_comma: bool, take: Take<'_>) -> Result<(), Stopped> {
        match self {
            #[cfg(feature = "parquet")]
            Self::Parquet(parquet) => parquet.records(decimal_comma, take),
            Self::Arrays(arrays, _) => arrays.records(decimal_comma, take),
        }
    }
}

/// Whether a file that begins so may be one of these.
pub(super) fn is_typed(head: &[u8]) -> bool {
    format(head).is_some()
}

/// Whether a file begins as Parquet does with these letters. A name of a column may begin so, too; the next byte of
/// Parquet is no character of a text.
pub(super) fn is_parquet(head: &[u8], magic: &[u8]) -> bool {
    let is_text = head.get(4).is_some_and(|byte| byte.is_ascii_graphic() || byte.is_ascii_whitespace());
    head.starts_with(magic) && !is_text
}

fn format(head: &[u8]) -> Option<Format> {
    if is_parquet(head, b"PAR1") {
        return Some(Format::Parquet);
    }
    let known = [(&b"\x93NUMPY"[..], Format::Npy), (b"PK\x03\x04", Format::Npz)];
    known.into_iter().find_map(|(magic, format)| head.starts_with(magic).then_some(format))
}

/// Why such a table is not read.
#[derive(Debug)]
pub(super) struct Damage {
    pub(super) what: String,
    pub(super) hint: Option<String>,
}

impl Damage {
    fn new(what: impl Into<String>) -> Self {
        Self { what: what.into(), hint: None }
    }

    fn hint(self, hint: impl Into<String>) -> Self {
        Self { hint: Some(hint.into()), ..self }
    }

    /// The same of a table.
    pub(super) fn of(self, file: &str) -> TableError {
        let error = TableError::new(file, self.what);
        match self.hint {
            Some(hint) => error.hint(hint),
            None => error,
        }
    }
}

/// Why no more records come.
pub(super) enum Stopped {
    /// The table is damaged.
    Damage(Damage),
    /// Whoever took them wants no more.
    Taker(TableError),
}

impl From<Damage> for Stopped {
    fn from(damage: Damage) -> Self {
        Self::Damage(damage)
    }
}

impl From<TableError> for Stopped {
    fn from(error: TableError) -> Self {
        Self::Taker(error)
    }
}
