//! A table that is being read, a record at a time.

use std::path::Path;

use csv::StringRecord;

use super::TableOptions;
use super::bounded::Endless;
use super::cell::Words;
use super::dialect::Dialect;
use super::error::{TableError, short};
use super::input::{Input, SAMPLE, Swollen};
use super::records::{self, Broken, Ended};
use super::typed::Stopped;

/// More columns than this are a file read with the wrong delimiter, or no table.
const MOST_COLUMNS: usize = 100_000;

/// A table that is being read.
pub(super) struct Reading<'a> {
    pub(super) input: &'a Input,
    pub(super) dialect: Dialect,
    pub(super) words: Words<'a>,
    pub(super) options: &'a TableOptions,
}

/// What comes out of a table that is read.
pub(super) enum Part<'a> {
    /// The names of its columns, once, before all rows.
    Names(&'a [String]),
    /// A row of as many cells, and the line where it begins.
    Row(&'a StringRecord, u64),
}

/// Opens a file and reads it.
pub(super) fn with_reading<T>(
    path: &Path,
    options: &TableOptions,
    take: impl FnOnce(&Reading<'_>) -> Result<T, TableError>,
) -> Result<T, TableError> {
    let input = Input::open(path, options, None)?;
    take(&Reading::new(&input, options)?)
}

impl<'a> Reading<'a> {
    /// Finds out how it is written, as far as the options do not tell.
    pub(super) fn new(input: &'a Input, options: &'a TableOptions) -> Result<Self, TableError> {
        let words = Words { decimal_comma: options.decimal_comma == Some(true), missing: &options.missing };
        if input.typed.is_some() {
            return Ok(Self { input, dialect: Dialect::default(), words, options });
        }
        let beginning = input.beginning()?;
        let is_whole = beginning.len() < SAMPLE;
        let mut dialect = Dialect::guess(&beginning, is_whole, &words, options.delimiter);
        if let Some(has_header) = options.has_header {
            dialect.has_header = has_header;
        }
        Ok(Self { input, dialect, words, options })
    }

    /// Calls with the names, those of the first record where `has_names`, then with each row. A file without records has
    /// neither.
    pub(super) fn rows(
        &self,
        has_names: bool,
        mut take: impl FnMut(Part<'_>) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        let mut names: Vec<String> = Vec::new();
        let mut are_known = false;
        self.records(false, |record, line| {
            if names.is_empty() {
                if record.len() > MOST_COLUMNS {
                    let what = format!("{} columns, of which at most {MOST_COLUMNS} are read", record.len());
                    return Err(self.fault(what).line(line).hint("--delimiter says what stands between cells"));
                }
                if has_names {
                    names = record.iter().map(|name| name.trim().to_owned()).collect();
                    return Ok(());
                }
                names = vec![String::new(); record.len()];
            }
            if !are_known {
                // A first record of one cell less than the others names the columns behind that of row names.
                if has_names && record.len() == names.len() + 1 {
                    names.insert(nameless(record), String::new());
                }
                name(&mut names);
                are_known = true;
                take(Part::Names(&names))?;
            }
            if record.len() != names.len() {
                return Err(self.ragged(record, &names, line));
            }
            take(Part::Row(record, line))
        })?;
        if !are_known && !names.is_empty() {
            name(&mut names);
            take(Part::Names(&names))?;
        }
        Ok(())
    }

    /// Calls with each record and the line where it begins; with a header from the second one on.
    pub(super) fn records(
        &self,
        skip: bool,
        mut take: impl FnMut(&StringRecord, u64) -> Result<(), TableError>,
    ) -> Result<(), TableError> {
        if let Some(typed) = &self.input.typed {
            let mut take = |record: &StringRecord, line| if skip && line == 1 { Ok(()) } else { take(record, line) };
            return typed.records(self.words.decimal_comma, &mut take).map_err(|stopped| match stopped {
                Stopped::Damage(damage) => damage.of(&self.input.name),
                Stopped::Taker(error) => error,
            });
        }
        let text = self.input.text().map_err(|error| TableError::io(&self.input.name, &error))?;
        let mut is_first = true;
        let ended = records::each(self.dialect.reader(text), |record, line| {
            if std::mem::take(&mut is_first) && skip { Ok(()) } else { take(record, line) }
        });
        ended.map_err(|ended| match ended {
            Ended::Taker(error) => error,
            Ended::Broken(Broken::Unclosed(unclosed), _) => unclosed.in_file(self.file()),
            Ended::Broken(Broken::Malformed, line) => self.malformed().line(line),
            Ended::Broken(Broken::Endless, line) => Endless::of(self.file()).line(line),
            Ended::Broken(Broken::Io(error), _) if Swollen::is(&error) => TableError::io(self.file(), &error),
            Ended::Broken(Broken::Io(error), line) => TableError::io(self.file(), &error).line(line),
            Ended::Broken(Broken::Other(what), line) => self.fault(what).line(line),
        })
    }

    /// The name of the file.
    pub(super) fn file(&self) -> &str {
        &self.input.name
    }

    /// That there is nothing in it.
    pub(super) fn empty(&self) -> TableError {
        self.fault("the file is empty").hint("a table has a line of names, and a line for each row")
    }

    pub(super) fn fault(&self, what: impl Into<String>) -> TableError {
        TableError::new(&self.input.name, what)
    }

    /// That bytes are no text in the encoding.
    fn malformed(&self) -> TableError {
        let encoding = self.input.encoding.name();
        let hint = if self.options.encoding.is_some() {
            "leave the encoding out to have it detected, or say another one"
        } else {
            "--encoding says which one it is, if all of the file is in one"
        };
        self.fault(format!("bytes that are no text in {encoding}")).hint(hint)
    }

    fn ragged(&self, record: &StringRecord, names: &[String], line: u64) -> TableError {
        let cells = |n: usize| if n == 1 { "1 cell".to_owned() } else { format!("{n} cells") };
        let (got, expected) = (record.len(), names.len());
        let what = format!("{}, expected {expected} as in the first line", cells(got));
        let hint = if record.iter().any(|cell| cell.contains('\n')) {
            "a quote in it is not closed: the cell goes over several lines".to_owned()
        } else if got > expected {
            format!("a cell that holds {} needs quotes around it", self.dialect.delimiter_name())
        } else {
            format!("its last column is {}; was the line cut off?", short(&names[got.max(1) - 1]))
        };
        self.fault(what).line(line).hint(hint)
    }
}

/// Where the column without a name stands when rows have a cell more than the line of names: behind the others where
/// lines end with a delimiter, else in front of them, as row names do.
fn nameless(record: &StringRecord) -> usize {
    let ends_empty = record.iter().next_back().is_some_and(|cell| cell.trim().is_empty());
    if ends_empty { record.len() - 1 } else { 0 }
}

/// Names for columns without one.
fn name(names: &mut [String]) {
    for (i, name) in names.iter_mut().enumerate().filter(|(_, name)| name.is_empty()) {
        *name = format!("column_{}", i + 1);
    }
}
