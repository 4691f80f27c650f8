//! Reading a table in two passes: what the columns are, then their values.

use std::collections::HashMap;
use std::path::Path;

use csv::StringRecord;

use super::bounded::Endless;
use super::cell::{DateForm, Words, trimmed};
use super::chunks::StrangeCells;
use super::column::Column;
use super::dialect::Dialect;
use super::error::{TableError, short};
use super::fill::Fill;
use super::fingerprint::Fingerprint;
use super::goal::which_column;
use super::input::Input;
use super::kind::{Inferred, Kind, choose, infer};
use super::profile::Profile;
use super::typed::{Format, Stopped};
use super::{Table, TableOptions};

/// More columns than this are a file read with the wrong delimiter, or no table.
const MOST_COLUMNS: usize = 100_000;

/// Reads a table; `-` is the standard input.
///
/// The file is read twice, a record at a time: first to find out what each column holds, then for its values. Text that
/// is not UTF-8 is read as Windows-1252. Parquet and arrays of NumPy are told by their first bytes, and read as the cells that
/// a CSV of the same table has, with names in its first line.
///
/// # Errors
/// When the file cannot be read, has lines of another length than its first one, a name twice, or no rows; when it is
/// no text, but the options say how text is written.
pub fn read(path: &Path, options: &TableOptions) -> Result<Table, TableError> {
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is of one lifetime only")]
    let table = with_reading(path, options, |reading| reading.table())?;
    let said = if options.delimiter.is_some() { "data.delimiter" } else { "data.header" };
    if table.format != Format::Text && (options.delimiter.is_some() || options.has_header.is_some()) {
        let what = format!("{said} is for delimited text, which this is not");
        return Err(TableError::new(&table.source, what).hint(format!("take {said} out: its cells need none")));
    }
    Ok(table)
}

impl TableOptions {
    /// The same for a copy of the table that they are of: what is said of delimited text is left out where the copy is none.
    ///
    /// # Errors
    /// When the copy cannot be opened.
    pub(crate) fn for_copy(&self, path: &Path) -> Result<Self, TableError> {
        let mut options = self.clone();
        let says = options.delimiter.is_some() || options.has_header.is_some();
        // The standard input can be opened once.
        if says && path != Path::new("-") && Input::open(path)?.typed.is_some() {
            (options.delimiter, options.has_header) = (None, None);
        }
        Ok(options)
    }
}

/// Calls with a file that is read as UTF-8, and once more with it as Windows-1252 where it is no UTF-8.
pub(super) fn with_reading<T>(
    path: &Path,
    options: &TableOptions,
    mut take: impl FnMut(&Reading<'_>) -> Result<T, Fault>,
) -> Result<T, TableError> {
    let input = Input::open(path)?;
    match take(&Reading::new(&input, options)?) {
        Err(Fault::NotUtf8) => {
            let input = input.western();
            take(&Reading::new(&input, options)?).map_err(|fault| match fault {
                Fault::Table(error) => error,
                Fault::NotUtf8 => TableError::new(&input.name, "text in no encoding that is known"),
            })
        }
        Err(Fault::Table(error)) => Err(error),
        Ok(taken) => Ok(taken),
    }
}

/// Why a table cannot be read.
pub(super) enum Fault {
    Table(TableError),
    NotUtf8,
}

impl From<TableError> for Fault {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

impl Head {
    /// In which form the texts of each column are dates.
    pub(super) fn date_forms(&self) -> Vec<Option<DateForm>> {
        self.profiles.iter().map(Profile::date_form).collect()
    }

    /// The place of a column in each record.
    pub(super) fn place_of(&self, name: &str, reading: &Reading<'_>) -> Result<usize, TableError> {
        let names = self.names.iter().map(String::as_str);
        names
            .clone()
            .position(|other| other == name)
            .ok_or_else(|| reading.fault(format!("there is no column {name:?}")).hint(which_column(name, names)))
    }
}

/// A table that is being read.
pub(super) struct Reading<'a> {
    input: &'a Input,
    pub(super) dialect: Dialect,
    pub(super) words: Words<'a>,
    options: &'a TableOptions,
}

/// The columns of a file and what their cells say.
pub(super) struct Head {
    pub(super) names: Vec<String>,
    /// Whether the first record names the columns.
    pub(super) has_header: bool,
    profiles: Vec<Profile>,
    pub(super) n_rows: usize,
}

impl<'a> Reading<'a> {
    pub(super) fn new(input: &'a Input, options: &'a TableOptions) -> Result<Self, TableError> {
        let words = Words { decimal_comma: options.decimal_comma == Some(true), missing: &options.missing };
        if input.typed.is_some() {
            return Ok(Self { input, dialect: Dialect::default(), words, options });
        }
        let beginning = input.beginning()?;
        let is_whole = beginning.len() < 64 * 1024;
        let mut dialect = Dialect::guess(&beginning, is_whole, &words, options.delimiter);
        if let Some(has_header) = options.has_header {
            dialect.has_header = has_header;
        }
        Ok(Self { input, dialect, words, options })
    }

    fn table(&self) -> Result<Table, Fault> {
        let head = self.head()?;
        let inferred = self.kinds(&head)?;
        let mut fills: Vec<Fill> = head
            .profiles
            .iter()
            .zip(&inferred)
            .map(|(profile, inferred)| Fill::new(profile, inferred.kind, head.n_rows))
            .collect();
        let mut print = Fingerprint::new(&head.names, head.date_forms());
        self.records(head.has_header, |record, _| {
            for (fill, cell) in fills.iter_mut().zip(record) {
                let cell = trimmed(cell);
                let said = self.words.said(cell);
                print.cell(cell, said);
                fill.take(cell, said);
            }
            print.end_row();
            Ok(())
        })?;
        let columns = head.names.into_iter().zip(head.profiles).zip(inferred).zip(fills);
        let columns = columns.map(|(((name, profile), inferred), fill)| {
            let (n_missing, first_missing) = profile.missing_as(inferred.kind);
            let Inferred { kind, notes } = inferred;
            let is_coarse = kind == Kind::Numeric && profile.is_coarse();
            let constant = if kind == Kind::Constant { profile.only_number() } else { None };
            let first = profile.first_infinite.as_ref().filter(|_| kind == Kind::Numeric);
            let infinite = first.map(|at| StrangeCells {
                column: name.clone(),
                n: profile.infinite,
                first: at.cell.clone(),
                line: at.line,
            });
            let (first_negative, values) = (profile.first_negative, fill.values());
            Column {
                name,
                kind,
                notes,
                n_missing,
                first_missing,
                first_negative,
                constant,
                is_coarse,
                infinite,
                values,
            }
        });
        Ok(Table {
            source: self.input.name.clone(),
            format: self.input.format(),
            packing: self.input.packing,
            encoding: self.input.encoding.name(),
            dialect: Dialect { has_header: head.has_header, ..self.dialect },
            options: self.options.clone(),
            files: vec![print.of(&self.input.name)],
            n_rows: head.n_rows,
            columns: columns.collect(),
        })
    }

    /// What the columns are: as somebody says, or as their cells do.
    fn kinds(&self, head: &Head) -> Result<Vec<Inferred>, TableError> {
        let is_other = |place: usize| self.input.typed.as_ref().is_some_and(|typed| typed.is_other(place));
        let found = head.profiles.iter().enumerate();
        let mut inferred: Vec<Inferred> =
            found.map(|(place, profile)| if is_other(place) { Inferred::other() } else { infer(profile) }).collect();
        for (name, said) in &self.options.kinds {
            let names = head.names.iter().map(String::as_str);
            let Some(place) = names.clone().position(|other| other == name) else {
                let error = self.fault(format!("there is no column {name:?}, whose kind is said"));
                return Err(error.hint(which_column(name, names)));
            };
            let found = inferred[place].clone();
            inferred[place] = choose(&head.profiles[place], found, *said).map_err(|why| {
                let hint = "leave its kind out to have it inferred";
                self.fault(format!("it cannot be of the kind that is said: {why}")).column(name).hint(hint)
            })?;
        }
        Ok(inferred)
    }

    /// First pass: names and profiles.
    pub(super) fn head(&self) -> Result<Head, Fault> {
        let mut names: Vec<String> = Vec::new();
        let mut profiles: Vec<Profile> = Vec::new();
        let mut n_rows = 0;
        let mut is_first = true;
        // A first record of one cell less than the others names the columns behind that of row names.
        self.records(false, |record, line| {
            if is_first {
                is_first = false;
                if record.len() > MOST_COLUMNS {
                    let what = format!("{} columns, of which at most {MOST_COLUMNS} are read", record.len());
                    return Err(self.fault(what).line(line).hint("--delimiter says what stands between cells"));
                }
                if self.dialect.has_header {
                    names = record.iter().map(|name| name.trim().to_owned()).collect();
                    return Ok(());
                }
                names = vec![String::new(); record.len()];
            }
            if profiles.is_empty() {
                if self.dialect.has_header && record.len() == names.len() + 1 {
                    names.insert(nameless(record), String::new());
                }
                name(&mut names);
                self.check_names(&names)?;
                profiles = vec![Profile::new(); names.len()];
            }
            if record.len() != names.len() {
                return Err(self.ragged(record, &names, line));
            }
            n_rows += 1;
            for (profile, cell) in profiles.iter_mut().zip(record) {
                profile.take(trimmed(cell), line, &self.words);
            }
            Ok(())
        })?;
        if n_rows == 0 {
            let (what, hint) = if self.input.typed.is_some() {
                ("it has columns, but no rows", "is it the whole table?")
            } else if names.is_empty() {
                ("the file is empty", "a table has a line of names, and a line for each row")
            } else {
                ("a line of names, but no rows", "is it the whole file? --no-header takes the first line as a row")
            };
            return Err(self.fault(what).hint(hint).into());
        }
        Ok(Head { names, has_header: self.dialect.has_header, profiles, n_rows })
    }

    /// Calls with each record and the line where it begins; with a header from the second one on.
    pub(super) fn records(
        &self,
        skip: bool,
        mut take: impl FnMut(&StringRecord, u64) -> Result<(), TableError>,
    ) -> Result<(), Fault> {
        if let Some(typed) = &self.input.typed {
            let mut take = |record: &StringRecord, line| if skip && line == 1 { Ok(()) } else { take(record, line) };
            return typed.records(self.words.decimal_comma, &mut take).map_err(|stopped| match stopped {
                Stopped::Damage(damage) => damage.of(&self.input.name).into(),
                Stopped::Taker(error) => error.into(),
            });
        }
        let text = self.input.text().map_err(|error| TableError::io(&self.input.name, &error))?;
        let mut reader = self.dialect.reader(text);
        let mut record = StringRecord::new();
        let mut is_first = true;
        // The line of a record that goes on in its last cell.
        let mut runs_on = None;
        loop {
            let begins = reader.position().line();
            match reader.read_record(&mut record) {
                Ok(false) => {
                    return match runs_on {
                        Some(line) if reader.get_ref().last_byte() != self.dialect.quote => {
                            let error = self.fault("a quote that opens here is not closed, up to the end of the file");
                            Err(error.line(line).hint("close it, or take it out").into())
                        }
                        _ => Ok(()),
                    };
                }
                Ok(true) => {
                    reader.get_mut().input().end_row();
                    let line = record.position().map_or(1, csv::Position::line);
                    let is_long = reader.position().line() > line + 1;
                    let ends_long = is_long && record.iter().next_back().is_some_and(|cell| cell.contains('\n'));
                    runs_on = ends_long.then_some(line);
                    if !(std::mem::take(&mut is_first) && skip) {
                        take(&record, line)?;
                    }
                }
                Err(error) if matches!(error.kind(), csv::ErrorKind::Utf8 { .. }) => return Err(Fault::NotUtf8),
                Err(error) => {
                    let line = reader.position().line();
                    return Err(match error.into_kind() {
                        csv::ErrorKind::Io(error) if Endless::is(&error) => {
                            let error = self.fault(Endless.to_string()).line(begins);
                            error.hint("is a quote not closed, or is it no table?").into()
                        }
                        csv::ErrorKind::Io(error) => TableError::io(&self.input.name, &error).line(line).into(),
                        other => self.fault(format!("{other:?}")).line(line).into(),
                    });
                }
            }
        }
    }

    /// The name of the file.
    pub(super) fn file(&self) -> &str {
        &self.input.name
    }

    pub(super) fn fault(&self, what: impl Into<String>) -> TableError {
        TableError::new(&self.input.name, what)
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

    fn check_names(&self, names: &[String]) -> Result<(), TableError> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        for (i, name) in names.iter().enumerate() {
            if let Some(first) = places.insert(name, i) {
                let (name, first, second) = (short(name), nth(first + 1), nth(i + 1));
                let what = format!("two columns are called {name}: the {first} and the {second}");
                return Err(self.fault(what).line(1).hint("give one of them another name"));
            }
        }
        if let Some(unknown) = self.options.missing.iter().find(|word| word.trim() != word.as_str()) {
            return Err(self.fault(format!("--missing {unknown:?}: cells are read without blanks around them")));
        }
        Ok(())
    }
}

/// Where the column without a name stands when rows have a cell more than the line of names: behind the others where
/// lines end with a delimiter, else in front of them, as row names do.
pub(super) fn nameless(record: &StringRecord) -> usize {
    let ends_empty = record.iter().next_back().is_some_and(|cell| cell.trim().is_empty());
    if ends_empty { record.len() - 1 } else { 0 }
}

/// Names for columns without one.
fn name(names: &mut [String]) {
    for (i, name) in names.iter_mut().enumerate().filter(|(_, name)| name.is_empty()) {
        *name = format!("column_{}", i + 1);
    }
}

fn nth(n: usize) -> String {
    let end = match (n % 10, n % 100) {
        (1, 1..=10 | 20..) => "st",
        (2, 1..=10 | 20..) => "nd",
        (3, 1..=10 | 20..) => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}
