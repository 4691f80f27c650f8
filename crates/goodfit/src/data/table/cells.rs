//! The cells of a column by which rows are split, as they are written.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use super::cell::{DateForm, Words, trimmed};
use super::reading::{Reading, with_reading};
use super::{TableError, TableOptions};

/// A column as its cells are written, without blanks around them.
#[derive(Clone, Debug)]
pub(in crate::data) struct Cells {
    /// The name of the column.
    pub(in crate::data) column: String,
    /// The different texts, in the order of the rows where each stands first.
    pub(in crate::data) texts: Vec<Text>,
    /// Which of them each row has.
    pub(in crate::data) codes: Vec<u32>,
}

/// A text that cells hold.
#[derive(Clone, Debug)]
pub(in crate::data) struct Text {
    pub(in crate::data) cell: Arc<str>,
    file: Arc<str>,
    line: u64,
}

/// The points in time that texts say.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::data) struct Times {
    /// By row, days since 1970-01-01 in UTC, or the numbers that stand there.
    pub(in crate::data) times: Vec<f64>,
    /// Whether they are dates.
    pub(in crate::data) are_dates: bool,
}

impl Cells {
    /// Reads a column of one file, or of several, one behind the other.
    ///
    /// # Errors
    /// When a file cannot be read or has no such column, or a cell is missing.
    pub(in crate::data) fn read(files: &[&Path], options: &TableOptions, column: &str) -> Result<Self, TableError> {
        let mut cells = Self { column: column.to_owned(), texts: Vec::new(), codes: Vec::new() };
        for file in files {
            cells = with_reading(file, options, |reading| cells.followed_by(reading))?;
        }
        Ok(cells)
    }

    fn followed_by(mut self, reading: &Reading<'_>) -> Result<Self, TableError> {
        let head = reading.head()?;
        let place = head.places().get(self.column.as_str()).copied();
        let place = place.ok_or_else(|| head.lacks(&self.column, reading))?;
        let file: Arc<str> = reading.file().into();
        let known = self.texts.iter().map(|text| Arc::clone(&text.cell));
        let mut codes: HashMap<Arc<str>, u32> = known.zip(0..).collect();
        reading.records(head.has_header, |record, line| {
            let cell = trimmed(&record[place]);
            if reading.words.is_missing(cell) {
                let error = reading.fault("a value is missing, and rows are split by it").line(line);
                return Err(error.column(&self.column).hint("give the row one, or take it out of the file"));
            }
            let code = codes.get(cell).copied().unwrap_or_else(|| {
                let (text, code): (Arc<str>, u32) = (cell.into(), self.texts.len() as u32);
                codes.insert(Arc::clone(&text), code);
                self.texts.push(Text { cell: text, file: Arc::clone(&file), line });
                code
            });
            self.codes.push(code);
            Ok(())
        })?;
        Ok(self)
    }

    /// An error about a text, in the line where it stands first.
    pub(in crate::data) fn fault(&self, text: &Text, what: impl Into<String>) -> TableError {
        TableError::new(&text.file, what).line(text.line).column(&self.column)
    }

    /// Its points in time: numbers, or dates in one form, with times or without.
    ///
    /// # Errors
    /// When a cell is neither, or another one than those before it.
    pub(in crate::data) fn times(&self, options: &TableOptions) -> Result<Times, TableError> {
        let words = Words { decimal_comma: options.decimal_comma == Some(true), missing: &[] };
        let number = |text: &Text| words.number(&text.cell).filter(|x| x.is_finite());
        let are_dates = self.texts.first().is_some_and(|first| number(first).is_none());
        let mut forms = DateForm::ALL.to_vec();
        for (place, text) in self.texts.iter().enumerate() {
            forms.retain(|form| form.days(&text.cell).is_some());
            if (are_dates && forms.is_empty()) || (!are_dates && number(text).is_none()) {
                let what = if place == 0 { "is neither a number nor a date" } else { "is no time as those before it" };
                let what = format!("{:?} {what}", text.cell);
                let hint = "numbers that rise with time, or dates of one form, such as 2024-12-31";
                return Err(self.fault(text, what).hint(hint));
            }
        }
        if let (true, [first, others @ ..]) = (are_dates, &forms[..]) {
            self.check_order(*first, others)?;
        }
        let time = |text: &Text| if are_dates { forms[0].days(&text.cell) } else { number(text) };
        let times: Vec<f64> = self.texts.iter().map(|text| time(text).unwrap_or_default()).collect();
        Ok(Times { times: self.codes.iter().map(|&code| times[code as usize]).collect(), are_dates })
    }

    /// Refuses dates that other forms fit as well and put in another order: what is sealed would be a matter of luck.
    fn check_order(&self, form: DateForm, others: &[DateForm]) -> Result<(), TableError> {
        let mut texts: Vec<&Text> = self.texts.iter().collect();
        texts.sort_by(|a, b| form.days(&a.cell).partial_cmp(&form.days(&b.cell)).unwrap_or(Ordering::Equal));
        let rises = |other: &DateForm| texts.is_sorted_by(|a, b| other.days(&a.cell) <= other.days(&b.cell));
        if others.iter().all(rises) {
            return Ok(());
        }
        let text = &self.texts[0];
        let what = format!(
            "{:?} and all other dates can be read month first or day first, which orders rows differently",
            text.cell
        );
        Err(self.fault(text, what).hint("write them as 2024-12-31: rows are split by them"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(texts: &[&str]) -> Result<Cells, TableError> {
        let folder = tempfile::tempdir().expect("a folder");
        let files: Vec<_> = (0..texts.len()).map(|i| folder.path().join(format!("{i}.csv"))).collect();
        for (file, text) in files.iter().zip(texts) {
            std::fs::write(file, text).expect("written");
        }
        let files: Vec<&Path> = files.iter().map(std::path::PathBuf::as_path).collect();
        Cells::read(&files, &TableOptions::default(), "at")
    }

    fn times(cells: &[&str]) -> Result<Times, TableError> {
        read(&[&format!("x,at\n{}\n", cells.iter().map(|cell| format!("1,{cell}")).collect::<Vec<_>>().join("\n"))])
            .and_then(|cells| cells.times(&TableOptions::default()))
    }

    #[test]
    fn cells_are_kept_as_they_are_written() {
        let cells = read(&["x,at\n1, a \n2,01\n3,a\n", "at,x\n1,7\n01,8\n"]).expect("cells");
        let texts: Vec<&str> = cells.texts.iter().map(|text| &*text.cell).collect();
        assert_eq!(texts, ["a", "01", "1"]);
        assert_eq!(cells.codes, [0, 1, 0, 2, 1]);
        let fault = cells.fault(&cells.texts[2], "what").to_string();
        assert!(fault.ends_with("1.csv:2: column at: what"), "{fault}");
        let missing = read(&["x,at\n1,a\n2,NA\n"]).expect_err("a missing one");
        assert_eq!((missing.line, missing.what.as_str()), (Some(3), "a value is missing, and rows are split by it"));
    }

    #[test]
    fn times_are_numbers_or_dates_of_one_form() {
        let numbers = times(&["1700000001", "1700000000", "2.5"]).expect("numbers");
        assert_eq!(numbers, Times { times: vec![1_700_000_001.0, 1_700_000_000.0, 2.5], are_dates: false });
        let dates = times(&["01/02/1970", "13/01/1970"]).expect("dates");
        assert_eq!(dates, Times { times: vec![31.0, 12.0], are_dates: true }, "the day first, as the second one tells");
        let same = times(&["01/01/1970", "02/02/1970"]).expect("one order");
        assert_eq!(same.times, [0.0, 32.0]);
        let error = times(&["03/01/1970", "01/02/1970"]).expect_err("two orders");
        assert!(error.what.starts_with("\"03/01/1970\" and all other dates can be read month first or day"), "{error}");
        for (cells, line) in
            [(&["soon"][..], 2), (&["2024-01-01", "3"], 3), (&["3", "2024-01-01"], 3), (&["1", "inf"], 3)]
        {
            assert_eq!(times(cells).expect_err("no times").line, Some(line), "{cells:?}");
        }
    }
}
