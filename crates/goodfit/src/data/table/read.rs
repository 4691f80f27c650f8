//! Reading a table in two passes: what the columns are, then their values.

use std::collections::HashMap;
use std::path::Path;

use super::cell::{DateForm, trimmed};
use super::chunks::StrangeCells;
use super::column::Column;
use super::dialect::Dialect;
use super::error::{TableError, short};
use super::fill::Fill;
use super::fingerprint::Fingerprint;
use super::goal::which_column;
use super::input::Input;
use super::kind::{Inferred, Kind, choose, infer, too_many_levels};
use super::profile::{MOST_LEVELS, Profile};
use super::reading::{Part, Reading, with_reading};
use super::typed::Format;
use super::{ColumnKind, Table, TableOptions};

/// Reads a table; `-` is the standard input.
///
/// The file is read twice, a record at a time: first to find out what each column holds, then for its values. Text without a
/// byte order mark that is not UTF-8 to its end is read in the encoding that its bytes look like. Parquet and arrays of NumPy are told by their first bytes, and read as the cells that
/// a CSV of the same table has, with names in its first line.
///
/// # Errors
/// When the file cannot be read, has lines of another length than its first one, a name twice, or no rows; when it is
/// no text, but the options say how text is written.
pub fn read(path: &Path, options: &TableOptions) -> Result<Table, TableError> {
    #[expect(clippy::redundant_closure_for_method_calls, reason = "the method itself is of one lifetime only")]
    let table = with_reading(path, options, |reading| reading.table())?;
    if let (true, Some(said)) = (table.format != Format::Text, options.of_text()) {
        let what = format!("{said} is for delimited text, which this is not");
        return Err(TableError::new(&table.source, what).hint(format!("take {said} out: its cells need none")));
    }
    Ok(table)
}

impl TableOptions {
    /// What they say of delimited text alone, by the name of the field.
    fn of_text(&self) -> Option<&'static str> {
        let said = [
            (self.delimiter.is_some(), "data.delimiter"),
            (self.has_header.is_some(), "data.header"),
            (self.encoding.is_some(), "data.encoding"),
        ];
        said.into_iter().find_map(|(is_said, path)| is_said.then_some(path))
    }

    /// The same for a copy of the table that they are of: what is said of delimited text is left out where the copy is none.
    ///
    /// # Errors
    /// When the copy cannot be opened.
    pub(crate) fn for_copy(&self, path: &Path) -> Result<Self, TableError> {
        let mut options = self.clone();
        // The standard input can be opened once.
        if self.of_text().is_some() && path != Path::new("-") && Input::open(path, self, None)?.typed.is_some() {
            (options.delimiter, options.has_header, options.encoding) = (None, None, None);
        }
        Ok(options)
    }
}

impl Head {
    /// In which form the texts of each column are dates.
    pub(super) fn date_forms(&self) -> Vec<Option<DateForm>> {
        self.profiles.iter().map(Profile::date_form).collect()
    }

    /// The places of the columns in each record.
    pub(super) fn places(&self) -> HashMap<&str, usize> {
        self.names.iter().map(String::as_str).zip(0..).collect()
    }

    /// That there is no such column.
    pub(super) fn lacks(&self, name: &str, reading: &Reading<'_>) -> TableError {
        let hint = which_column(name, self.names.iter().map(String::as_str));
        reading.fault(format!("there is no column {name:?}")).hint(hint)
    }
}

/// The columns of a file and what their cells say.
pub(super) struct Head {
    pub(super) names: Vec<String>,
    /// Whether the first record names the columns.
    pub(super) has_header: bool,
    profiles: Vec<Profile>,
    pub(super) n_rows: usize,
}

impl Reading<'_> {
    fn table(&self) -> Result<Table, TableError> {
        let head = self.head()?;
        let inferred = self.kinds(&head)?;
        let mut fills: Vec<Fill> = head
            .profiles
            .iter()
            .zip(&inferred)
            .map(|(profile, inferred)| Fill::new(profile, inferred.kind, head.n_rows))
            .collect();
        let said = |place: &usize| self.options.kinds.get(&head.names[*place]) == Some(&ColumnKind::Categorical);
        let said: Vec<usize> = (0..fills.len()).filter(said).collect();
        let mut print = Fingerprint::new(&head.names, head.date_forms());
        self.records(head.has_header, |record, _| {
            for (fill, cell) in fills.iter_mut().zip(record) {
                let cell = trimmed(cell);
                let said = self.words.said(cell);
                print.cell(cell, said);
                fill.take(cell, said);
            }
            print.end_row();
            match said.iter().find(|place| fills[**place].n_levels() > MOST_LEVELS) {
                Some(&place) => Err(self.no_such_kind(&head.names[place], &too_many_levels())),
                None => Ok(()),
            }
        })?;
        let columns = head.names.into_iter().zip(head.profiles).zip(inferred).zip(fills);
        let columns = columns.map(|(((name, profile), inferred), fill)| {
            let (n_missing, first_missing) = profile.missing_as(inferred.kind);
            let Inferred { kind, notes } = inferred;
            let is_coarse = kind == Kind::Numeric && profile.is_coarse();
            let keeps_names = profile.keeps_names();
            let constant = if kind == Kind::Constant { profile.only_number() } else { None };
            let first = profile.first_infinite.as_ref().filter(|_| kind == Kind::Numeric);
            let infinite = first.map(|at| StrangeCells {
                column: name.clone(),
                n: profile.infinite,
                first: at.cell.clone(),
                line: at.line,
            });
            let (first_negative, values) = (profile.first_negative, fill.values());
            let first_word = match profile.first_text {
                Some(at) if kind == Kind::Numeric => Some(at.cell.into()),
                _ => profile.first_word,
            };
            Column {
                name,
                kind,
                notes,
                n_missing,
                first_missing,
                first_word,
                first_negative,
                constant,
                is_coarse,
                keeps_names,
                infinite,
                values,
            }
        });
        Ok(Table {
            source: self.input.name.clone(),
            format: self.input.format(),
            packing: self.input.packing,
            encoding: self.input.encoding.name(),
            is_detected: self.input.is_detected,
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
        let places = head.places();
        for (name, said) in &self.options.kinds {
            let Some(&place) = places.get(name.as_str()) else {
                let error = self.fault(format!("there is no column {name:?}, whose kind is said"));
                return Err(error.hint(which_column(name, head.names.iter().map(String::as_str))));
            };
            let found = inferred[place].clone();
            inferred[place] =
                choose(&head.profiles[place], found, *said).map_err(|why| self.no_such_kind(name, &why))?;
        }
        Ok(inferred)
    }

    fn no_such_kind(&self, column: &str, why: &str) -> TableError {
        let error = self.fault(format!("it cannot be of the kind that is said: {why}"));
        error.column(column).hint("leave its kind out to have it inferred")
    }

    /// First pass: names and profiles.
    pub(super) fn head(&self) -> Result<Head, TableError> {
        let has_header = self.dialect.has_header;
        let mut head = Head { names: Vec::new(), has_header, profiles: Vec::new(), n_rows: 0 };
        self.rows(has_header, |part| {
            match part {
                Part::Names(names) => {
                    self.check_names(names)?;
                    head.profiles = vec![Profile::new(); names.len()];
                    head.names = names.to_vec();
                }
                Part::Row(record, line) => {
                    head.n_rows += 1;
                    for (profile, cell) in head.profiles.iter_mut().zip(record) {
                        profile.take(trimmed(cell), line, &self.words);
                    }
                }
            }
            Ok(())
        })?;
        if head.n_rows > 0 {
            return Ok(head);
        }
        let (what, hint) = if self.input.typed.is_some() {
            ("it has columns, but no rows", "is it the whole table?")
        } else if head.names.is_empty() {
            return Err(self.empty());
        } else {
            ("a line of names, but no rows", "is it the whole file? --no-header takes the first line as a row")
        };
        Err(self.fault(what).hint(hint))
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

fn nth(n: usize) -> String {
    let end = match (n % 10, n % 100) {
        (1, 1..=10 | 20..) => "st",
        (2, 1..=10 | 20..) => "nd",
        (3, 1..=10 | 20..) => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}
