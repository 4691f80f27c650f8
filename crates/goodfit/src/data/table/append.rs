//! A second file whose rows stand behind those of a table.

use std::path::Path;

use super::cell::trimmed;
use super::column::{Column, Values};
use super::fill::Fill;
use super::fingerprint::Fingerprint;
use super::reading::with_reading;
use super::{Table, TableError};

impl Table {
    /// The table with the rows of a second file behind its own. Columns are found by their names, in any order and among
    /// others, and hold what they hold in the table; those that are set aside in it are not looked for. A level that only
    /// the second file has is one of the column's then.
    ///
    /// # Errors
    /// When the file cannot be read, lacks a column, or has a cell that is no value of its column, or no target.
    pub(in crate::data) fn followed_by(&self, file: &Path, target: usize) -> Result<Self, TableError> {
        let (fills, own) = with_reading(file, &self.options, |reading| {
            let head = reading.head()?;
            let mut fills: Vec<Fill> = self.columns.iter().map(Fill::behind).collect();
            let (known_places, mut places) = (head.places(), Vec::new());
            for (column, known) in self.columns.iter().enumerate() {
                if !matches!(known.values, Values::None) {
                    let place = known_places.get(known.name.as_str());
                    places.push((column, *place.ok_or_else(|| head.lacks(&known.name, reading))?));
                }
            }
            let mut print = Fingerprint::new(&head.names, head.date_forms());
            reading.records(head.has_header, |record, line| {
                for cell in record.iter().map(trimmed) {
                    print.cell(cell, reading.words.said(cell));
                }
                print.end_row();
                for &(column, place) in &places {
                    let cell = trimmed(&record[place]);
                    let fault = |what: String| reading.fault(what).line(line).column(&self.columns[column].name);
                    if column == target && reading.words.is_missing(cell) {
                        let error = fault("the target is missing".to_owned());
                        return Err(error.hint("a row without a target cannot be scored: take it out of the file"));
                    }
                    if !fills[column].take(cell, reading.words.said(cell)) {
                        let what =
                            format!("{cell:?} is no value of the column, which is {}", self.columns[column].kind);
                        return Err(fault(what).hint(format!("data.missing = [{cell:?}] takes it for a missing value")));
                    }
                }
                Ok(())
            })?;
            Ok((fills, print.of(reading.file())))
        })?;
        let columns = self.columns.iter().zip(fills);
        let columns = columns.map(|(known, fill)| Column { values: fill.values(), ..known.without_values() });
        let (n_rows, columns) = (self.n_rows + own.rows, columns.collect());
        let files = self.files.iter().cloned().chain([own]).collect();
        Ok(Self { files, n_rows, columns, ..self.without_columns() })
    }
}

impl Column {
    fn without_values(&self) -> Self {
        let Self { kind, n_missing, first_missing, first_negative, constant, is_coarse, keeps_names, .. } = *self;
        Self {
            name: self.name.clone(),
            kind,
            notes: self.notes.clone(),
            n_missing,
            first_missing,
            first_word: self.first_word.clone(),
            first_negative,
            constant,
            is_coarse,
            keeps_names,
            infinite: self.infinite.clone(),
            values: Values::None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::{NO_LEVEL, of_text};

    fn followed(first: &str, second: &str) -> Result<Table, TableError> {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), second).expect("written");
        of_text(first).followed_by(file.path(), 0)
    }

    #[test]
    fn columns_are_found_by_their_names() {
        let first = "y,city,day,note\n1,Ulm,2024-01-13,a\n0,Bonn,2024-01-02,a\n";
        let second = "city;more;day;y\nUlm;1;2024-02-01;1\nKiel;2;2024-02-02;0\n;3;2024-02-03;1\n";
        let table = followed(first, second).expect("a table");
        assert_eq!(table.n_rows, 5);
        assert_eq!(table.files.iter().map(|file| (file.rows, file.columns)).collect::<Vec<_>>(), [(2, 4), (3, 4)]);
        let Values::Levels { names, codes } = &table.columns[1].values else { panic!("levels") };
        assert_eq!(names, &["Bonn", "Kiel", "Ulm"]);
        assert_eq!(codes, &[2, 0, 2, 1, NO_LEVEL]);
        let Values::Numbers(numbers) = &table.columns[0].values else { panic!("numbers") };
        assert_eq!(numbers, &[1.0, 0.0, 1.0, 0.0, 1.0]);
        assert!(matches!(table.columns[3].values, Values::None), "one and the same in the table");
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_line() {
        let first = "y,x\n1,2.5\n0,3\n0,4\n";
        let fault = |second: &str| {
            let error = followed(first, second).expect_err("a fault");
            assert!(error.hint.is_some(), "{error}");
            (error.line, error.what)
        };
        assert_eq!(
            fault("y,x\n1,2\n0,many\n"),
            (Some(3), "\"many\" is no value of the column, which is numeric".into())
        );
        assert_eq!(fault("y,x\n,2\n"), (Some(2), "the target is missing".into()));
        assert_eq!(fault("y,xx\n1,2\n"), (None, "there is no column \"x\"".into()));
    }
}
