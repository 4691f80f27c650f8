//! What kind of column it is, by what its cells say.

use std::collections::HashMap;
use std::fmt;

use super::ColumnKind;
use super::cell::DateForm;
use super::profile::{FEW_NUMBERS, MOST_LEVELS, Profile};

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Numbers.
    Numeric,
    /// One of some texts.
    Categorical,
    /// Dates, or dates with times.
    Date(DateForm),
    /// Texts of several words, or too many different ones: set aside.
    Text,
    /// Texts among many different numbers: set aside.
    Mixed,
    /// Another value in each row: set aside.
    Identifier,
    /// The same value in each row: set aside.
    Constant,
    /// Nothing: set aside.
    Empty,
    /// Lists, structures, or bytes that are no text: set aside.
    Other,
    /// Anything: set aside because somebody said so.
    Unused,
}

impl Kind {
    /// Whether a network can use the column.
    pub fn is_used(self) -> bool {
        matches!(self, Self::Numeric | Self::Categorical | Self::Date(_))
    }
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Numeric => "numeric",
            Self::Categorical => "categorical",
            Self::Date(_) => "date",
            Self::Text => "text",
            Self::Mixed => "mixed",
            Self::Identifier => "identifier",
            Self::Constant => "constant",
            Self::Empty => "empty",
            Self::Other => "other",
            Self::Unused => "unused",
        })
    }
}

/// A kind with what is odd about the column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Inferred {
    pub(super) kind: Kind,
    pub(super) notes: Vec<String>,
}

impl Inferred {
    /// A column whose cells have no text of their own.
    pub(super) fn other() -> Self {
        Self { kind: Kind::Other, notes: vec!["lists, structures or bytes: set aside".to_owned()] }
    }
}

/// A column with a smaller share of texts is one of numbers when those texts are few different ones.
const STRAY_SHARE: f64 = 0.1;
/// Fewest rows of which it is said that each has its own value.
const FEWEST_FOR_IDENTIFIER: u64 = 20;
/// Texts of more words in the mean are no levels.
const WORDS_OF_TEXT: f64 = 4.0;

/// The kind of a column, by its cells:
///
/// - all missing: empty; one value and none missing: constant;
/// - numbers: numeric; those that count the rows are an identifier;
/// - numbers but for at most a tenth of the cells, which are at most five different words: numeric, and these words count
///   as missing;
/// - many different numbers among texts: mixed;
/// - dates in one form: date;
/// - other texts: categorical, unless nearly every row has its own (identifier, or text when it has several words) or
///   there are more than 10,000.
pub(super) fn infer(profile: &Profile) -> Inferred {
    let found = |kind| Inferred { kind, notes: notes(profile, kind) };
    let present = profile.n - profile.missing;
    if present == 0 {
        return found(Kind::Empty);
    }
    let n_numbers = profile.few.as_ref().map_or(usize::MAX, Vec::len);
    let n_texts = profile.levels.as_ref().map_or(usize::MAX, HashMap::len);
    let is_one = n_numbers.saturating_add(n_texts) == 1;
    if is_one && profile.missing == 0 {
        return found(Kind::Constant);
    }
    if profile.texts == 0 {
        let counts = profile.counts && profile.missing == 0 && present >= FEWEST_FOR_IDENTIFIER;
        return found(if counts { Kind::Identifier } else { Kind::Numeric });
    }
    let stray = (profile.texts as f64) <= STRAY_SHARE * present as f64;
    if stray && profile.few_words().is_some() {
        return found(Kind::Numeric);
    }
    if profile.numbers == 0
        && let Some(form) = profile.date_form()
    {
        return found(Kind::Date(form));
    }
    if profile.numbers > 0 && profile.few.is_none() {
        return found(Kind::Mixed);
    }
    let own = n_texts.saturating_add(n_numbers) as u64;
    if present >= FEWEST_FOR_IDENTIFIER && own.min(present) as f64 > 0.9 * present as f64 || n_texts > MOST_LEVELS {
        let words = 1.0 + profile.blanks as f64 / profile.texts as f64;
        let is_text = words >= WORDS_OF_TEXT || (n_texts > MOST_LEVELS && words >= 2.0);
        return found(if is_text { Kind::Text } else { Kind::Identifier });
    }
    let words = 1.0 + profile.blanks as f64 / profile.texts as f64;
    if words >= WORDS_OF_TEXT && own as f64 > 0.5 * present as f64 {
        return found(Kind::Text);
    }
    found(Kind::Categorical)
}

/// The kind that somebody says a column has, in place of the inferred one; without a value, or with one and the same in all
/// rows, it stays what it is. Otherwise why it cannot be that.
pub(super) fn choose(profile: &Profile, inferred: Inferred, said: ColumnKind) -> Result<Inferred, String> {
    if inferred.kind == Kind::Other && said != ColumnKind::Unused {
        return Err("its cells are lists, structures or bytes".to_owned());
    }
    if matches!(inferred.kind, Kind::Empty | Kind::Constant) && said != ColumnKind::Unused {
        return Ok(inferred);
    }
    let kind = match said {
        ColumnKind::Numeric if profile.numbers == 0 => return Err("none of its cells is a number".to_owned()),
        ColumnKind::Numeric => Kind::Numeric,
        ColumnKind::Categorical if profile.levels.is_none() => return Err(too_many_levels()),
        ColumnKind::Categorical => Kind::Categorical,
        ColumnKind::Date => match profile.date_form() {
            Some(form) => Kind::Date(form),
            None => return Err("its cells are no dates of one form, such as 2024-12-31".to_owned()),
        },
        ColumnKind::Unused => Kind::Unused,
    };
    Ok(Inferred { kind, notes: notes(profile, kind) })
}

/// Why a column of more than [`MOST_LEVELS`] levels cannot be categorical.
pub(super) fn too_many_levels() -> String {
    format!("it has more than {MOST_LEVELS} levels")
}

/// Whether few different whole numbers stand there again and again.
fn is_low(profile: &Profile, few: usize) -> bool {
    let again = profile.numbers >= 5 * few as u64;
    profile.numbers == profile.integers && (3..=FEW_NUMBERS).contains(&few) && again
}

fn notes(profile: &Profile, kind: Kind) -> Vec<String> {
    let mut notes = Vec::new();
    match kind {
        Kind::Unused => notes.push("set aside, as it is said to be".to_owned()),
        Kind::Empty => notes.push("every value is missing: set aside".to_owned()),
        Kind::Constant if profile.n == 1 => notes.push("there is only one row: set aside".to_owned()),
        Kind::Constant => notes.push("one and the same value in every row: set aside".to_owned()),
        Kind::Identifier if profile.texts == 0 => notes.push("it counts the rows: set aside".to_owned()),
        Kind::Identifier => notes.push("nearly every row has a value of its own: set aside".to_owned()),
        Kind::Mixed => {
            if let Some(at) = &profile.first_text {
                let (texts, line) = (profile.texts, at.line);
                let cell: String = at.cell.chars().take(40).collect();
                notes.push(format!("numbers, and {texts} texts, first {cell:?} in line {line}: set aside"));
            }
        }
        Kind::Text => notes.push("texts of several words: set aside".to_owned()),
        _ => {}
    }
    if kind == Kind::Numeric && profile.is_coarse() {
        notes.push("its numbers differ by less than 32 bits hold of them: subtract a round number".to_owned());
    }
    if kind == Kind::Numeric {
        if let (Some(at), Some(words)) = (&profile.first_text, profile.few_words()) {
            let words: Vec<String> = words.iter().map(|word| format!("{word:?}")).collect();
            let cells =
                if profile.texts == 1 { "1 cell is".to_owned() } else { format!("{} cells are", profile.texts) };
            notes.push(format!(
                "{cells} no number and count{} as missing: {}, first in line {}",
                if profile.texts == 1 { "s" } else { "" },
                words.join(", "),
                at.line
            ));
        }
        let few = profile.few.as_ref().map_or(0, Vec::len);
        if profile.texts > 0 && profile.few_words().is_none() {
            notes.push(format!("{} cells are no numbers and count as missing", profile.texts));
        }
        if profile.leading_zeros > 0 {
            let n = profile.leading_zeros;
            notes.push(format!("{n} of its numbers begin with a zero: codes, which could be categorical"));
        } else if is_low(profile, few) {
            notes.push(format!("{few} different whole numbers: could be categorical"));
        }
    }
    if profile.texts > 0 && profile.thousands {
        notes.push("its texts are numbers with commas between thousands, which are not read as numbers".to_owned());
    } else if profile.texts > 0 && profile.other_decimals {
        notes.push(
            "its texts are numbers with another decimal sign: --decimal-comma is for those with a comma".to_owned(),
        );
    }
    if let Some(at) = &profile.first_infinite {
        let values =
            if profile.infinite == 1 { "1 value is".to_owned() } else { format!("{} values are", profile.infinite) };
        notes.push(format!("{values} infinite or beyond 32 bits, first {} in line {}", at.cell, at.line));
    }
    if kind == Kind::Date(DateForm::MonthFirst) && profile.dates.contains(&DateForm::DayFirst) {
        notes.push("read as month/day/year, but day/month/year fits as well".to_owned());
    }
    notes
}
