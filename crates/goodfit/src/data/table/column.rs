//! The values of a column.

use super::chunks::StrangeCells;
use super::kind::Kind;

/// A column of a table.
#[derive(Clone, Debug)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: Kind,
    /// What is odd about it.
    pub notes: Vec<String>,
    /// Number of rows without a value.
    pub n_missing: usize,
    /// Line of the first of them.
    pub first_missing: Option<u64>,
    /// The first word that counts as a missing value: of a column of numbers a text among them, where there is one.
    pub first_word: Option<Box<str>>,
    /// Line of the first negative number.
    pub first_negative: Option<u64>,
    /// The number that stands in every row, where one and the same does.
    pub constant: Option<f32>,
    /// Whether 32 bits hold its numbers too roughly to tell them apart.
    pub is_coarse: bool,
    /// Whether its numbers, as names of classes, would be what is written.
    pub keeps_names: bool,
    /// Of a column of numbers those that are infinite, or too large for 32 bits.
    pub infinite: Option<StrangeCells>,
    /// Its values; of a column that is set aside none.
    pub values: Values,
}

/// The values of a column, by row.
#[derive(Clone, Debug)]
pub enum Values {
    /// Numbers; NaN where one is missing.
    Numbers(Vec<f32>),
    /// Levels.
    Levels {
        /// Their names, sorted.
        names: Vec<String>,
        /// Which one each row has; [`NO_LEVEL`] where it is missing.
        codes: Vec<u32>,
    },
    /// Days since 1970-01-01 in UTC; NaN where a date is missing.
    Days(Vec<f64>),
    /// None are kept.
    None,
}

/// The code of a row without a level.
pub const NO_LEVEL: u32 = u32::MAX;

impl Values {
    /// Whether a row has no value.
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Self::Numbers(numbers) => numbers[row].is_nan(),
            Self::Levels { codes, .. } => codes[row] == NO_LEVEL,
            Self::Days(days) => days[row].is_nan(),
            Self::None => true,
        }
    }
}
