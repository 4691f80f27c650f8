//! What a cell says: a number, nothing, a date.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use serde::{Deserialize, Serialize};

const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// The words of a table.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Words<'a> {
    /// Whether numbers have a decimal comma.
    pub(super) decimal_comma: bool,
    /// What stands for a missing value besides [`MISSING`].
    pub(super) missing: &'a [String],
}

/// What a cell says, whatever its column is taken for.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Said {
    /// That a value is missing.
    Missing,
    /// A number; infinite where it says so or is too large for 64 bits.
    Number(f64),
    /// Anything else.
    Text,
}

/// A cell without blanks around it. Most have none, which the two ends tell.
pub(super) fn trimmed(cell: &str) -> &str {
    let may_have = |byte: Option<&u8>| byte.is_some_and(|byte| !byte.is_ascii_graphic());
    let bytes = cell.as_bytes();
    if may_have(bytes.first()) || may_have(bytes.last()) { cell.trim() } else { cell }
}

/// What stands for a missing value, in any case of its letters; an empty cell does, too.
pub const MISSING: [&str; 6] = ["NA", "N/A", "NaN", "null", "None", "?"];

impl Words<'_> {
    /// The same, with a decimal point in place of a comma or the other way round.
    pub(super) fn with_the_other_decimal(&self) -> Self {
        Self { decimal_comma: !self.decimal_comma, ..*self }
    }

    /// Whether a cell without blanks around it says that the value is missing.
    pub(super) fn is_missing(&self, cell: &str) -> bool {
        let Some(first) = cell.bytes().next() else { return true };
        // They all begin so, and longer words are the user's own.
        let may_be = cell.len() <= 4 && matches!(first, b'N' | b'n' | b'?');
        may_be && MISSING.iter().any(|word| word.eq_ignore_ascii_case(cell))
            || self.missing.iter().any(|word| word == cell)
    }

    /// What a cell without blanks around it says.
    pub(super) fn said(&self, cell: &str) -> Said {
        if self.is_missing(cell) { Said::Missing } else { self.number(cell).map_or(Said::Text, Said::Number) }
    }

    /// The number that a cell without blanks around it says; infinite where it says so or is too large for 32 bits.
    pub(super) fn number(&self, cell: &str) -> Option<f64> {
        // `inf` and `infinity` are numbers, words that merely begin like one are none.
        let first = cell.bytes().find(|byte| !matches!(byte, b'+' | b'-'))?;
        if !(first.is_ascii_digit() || matches!(first, b'.' | b',' | b'i' | b'I')) {
            return None;
        }
        if !self.decimal_comma {
            return cell.parse().ok();
        }
        if cell.contains('.') {
            return None;
        }
        cell.replacen(',', ".", 1).parse().ok()
    }
}

/// Whether a cell is a number, with a decimal point or a decimal comma.
pub(super) fn is_number(cell: &str, words: &Words<'_>) -> bool {
    words.number(cell).is_some() || words.with_the_other_decimal().number(cell).is_some()
}

/// How dates of a column are written; a time may follow after a blank or a T.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DateForm {
    /// `2024-01-31`, and with strokes `2024/01/31`.
    YearFirst,
    /// `31.01.2024`, and with strokes or hyphens.
    DayFirst,
    /// `01/31/2024`, and with hyphens.
    MonthFirst,
}

impl DateForm {
    /// All, in the order in which they are taken where several fit.
    pub(super) const ALL: [Self; 3] = [Self::YearFirst, Self::MonthFirst, Self::DayFirst];

    /// Days since 1970-01-01, in UTC where the cell names a zone.
    pub(super) fn days(self, cell: &str) -> Option<f64> {
        let (date, time) = match cell.find([' ', 'T']) {
            Some(at) => (&cell[..at], Some(&cell[at + 1..])),
            None => (cell, None),
        };
        let separator = date.bytes().find(|byte| !byte.is_ascii_digit())? as char;
        let mut parts = date.split(separator).map(|part| if part.len() <= 4 { part.parse::<i16>().ok() } else { None });
        let (a, b, c) = (parts.next()??, parts.next()??, parts.next()??);
        if parts.next().is_some() {
            return None;
        }
        let (year, month, day) = match (self, separator) {
            (Self::YearFirst, '-' | '/') => (a, b, c),
            (Self::DayFirst, '.' | '/' | '-') => (c, b, a),
            (Self::MonthFirst, '/' | '-') => (c, a, b),
            _ => return None,
        };
        // Two digits name no century.
        if year < 100 {
            return None;
        }
        let date = Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()?;
        let (time, offset) = match time {
            None => (Time::midnight(), 0.0),
            Some(time) => clock(time.trim())?,
        };
        let since = DateTime::from_parts(date, time).duration_since(EPOCH);
        Some((since.as_secs_f64() - offset) / 86_400.0)
    }
}

/// A day since 1970-01-01 as text: `2024-01-31`, with its time where that is not midnight.
pub fn date_text(days: f64) -> String {
    let Some(at) = at(days) else { return days.to_string() };
    if at.time() == Time::midnight() { at.date().to_string() } else { format!("{} {}", at.date(), at.time()) }
}

/// Year, month, day of the month, day of the week (1 is Monday) and hour of a day since 1970-01-01.
pub(super) fn date_parts(days: f64) -> [f32; 5] {
    let at = at(days).unwrap_or(EPOCH);
    let day_of_week = at.weekday().to_monday_one_offset();
    let hour = f32::from(at.hour()) + f32::from(at.minute()) / 60.0;
    [f32::from(at.year()), f32::from(at.month()), f32::from(at.day()), f32::from(day_of_week), hour]
}

fn at(days: f64) -> Option<DateTime> {
    EPOCH.checked_add(SignedDuration::from_secs((days * 86_400.0).round() as i64)).ok()
}

/// A time of day, and how many seconds its zone is ahead of UTC.
fn clock(text: &str) -> Option<(Time, f64)> {
    if let Some(utc) = text.strip_suffix(['Z', 'z']) {
        return Some((utc.parse().ok()?, 0.0));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text.parse().ok()?, 0.0)) };
    let sign = if text.as_bytes()[at] == b'-' { -1.0 } else { 1.0 };
    let digits: String = text[at + 1..].chars().filter(|c| *c != ':').collect();
    if !(digits.len() == 4 || digits.len() == 2) || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (hours, minutes): (f64, f64) =
        (digits[..2].parse().ok()?, digits.get(2..4).unwrap_or("0").parse().unwrap_or(0.0));
    // No zone is a day ahead.
    if hours >= 24.0 || minutes >= 60.0 {
        return None;
    }
    Some((text[..at].trim().parse().ok()?, sign * (hours * 3600.0 + minutes * 60.0)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_missing_values() {
        let words = Words { missing: &["unknown".to_owned()], ..Words::default() };
        for (cell, number) in [("1", 1.0), ("-2.5e3", -2500.0), (".5", 0.5), ("+7", 7.0), ("inf", f64::INFINITY)] {
            assert_eq!(words.number(cell), Some(number), "{cell}");
        }
        for cell in ["", "-", "1,5", "nan", "one", "1 000", "0x10", "infant", "1e", "٣"] {
            assert_eq!(words.number(cell), None, "{cell}");
        }
        for cell in ["", "NA", "nan", "NULL", "?", "None", "n/a", "unknown"] {
            assert!(words.is_missing(cell), "{cell}");
        }
        assert!(!words.is_missing("0") && !words.is_missing("Nana") && !words.is_missing("Unknown"));
        let comma = Words { decimal_comma: true, ..Words::default() };
        assert_eq!((comma.number("1,5"), comma.number("-3"), comma.number("1.5")), (Some(1.5), Some(-3.0), None));
        assert_eq!(comma.number("1,234,5"), None);
    }

    #[test]
    fn dates_are_days_since_1970() {
        let all = |cell: &str| DateForm::ALL.map(|form| form.days(cell));
        assert_eq!(all("1970-01-02"), [Some(1.0), None, None]);
        assert_eq!(all("2000/02/29"), [Some(11_016.0), None, None]);
        assert_eq!(all("31.12.1969"), [None, None, Some(-1.0)]);
        assert_eq!(all("01/02/1970"), [None, Some(1.0), Some(31.0)]);
        assert_eq!(all("12/31/1970"), [None, Some(364.0), None]);
        assert_eq!(all("1970-01-01 12:00"), [Some(0.5), None, None]);
        assert_eq!(all("1970-01-01T06:00:00Z")[0], Some(0.25));
        assert_eq!(all("1970-01-01T06:00:00+06:00")[0], Some(0.0));
        assert_eq!(all("1970-01-01 00:00:00.5-0030")[0], Some(1800.5 / 86_400.0));
        for cell in [
            "2023-02-29",
            "1970-13-01",
            "70-01-01",
            "1970-01",
            "1970-01-01-01",
            "x",
            "12:00",
            "1970-01-01 25:00",
            "1970-01-01 12:00+99:00",
            "1970-01-01 12:00-0160",
        ] {
            assert_eq!(all(cell), [None; 3], "{cell}");
        }
    }
}
