//! By which a table is told from others.

use serde::{Deserialize, Serialize};
use twox_hash::xxhash3_128::Hasher;

use super::cell::{DateForm, Said};

/// A file of rows that was read, and what tells it from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// As it was named.
    pub file: String,
    /// Its rows, all of them.
    pub rows: usize,
    /// Its columns, all of them.
    pub columns: usize,
    /// The fingerprint of its names and values, 32 digits to base 16.
    ///
    /// XXH3 with 128 bits and the seed 0 of: the number of columns, then the names of the columns, then the cells row by row, in
    /// the order of the file. The number is 8 bytes, little-endian; a name is the number of its bytes, written likewise, then
    /// these bytes, in UTF-8 without blanks around it. A cell is one byte, then what that stands for:
    ///
    /// - 0, a missing value: nothing;
    /// - 1, a number: its 64 bits (IEEE 754, -0 as 0), little-endian; one that is not whole is rounded to 32 bits first, as it
    ///   is for a network;
    /// - 2, a text of a column whose texts are dates of one form: the days since 1970-01-01, in UTC where it names a zone,
    ///   written as a number;
    /// - 3, another text: as a name.
    ///
    /// What is missing and what a decimal comma is as the table is said to be read; what columns are taken for makes no
    /// difference. So it does not depend on the format of the file, on delimiters, quotes, encodings and packing, nor on how a
    /// value is written: `1` is `1.0`, `NA` an empty cell, and a copy of a CSV as Parquet or the other way round is the same
    /// table. It depends on the order of rows and columns and on what a copy changes: numbers that it rounds further than to 32
    /// bits, as to some decimals, truth values that it writes with other letters (`true` and `True` are texts), dates in a column with
    /// other texts, and columns of lists, structures and bytes, which are missing values in Parquet. It tells one table from
    /// another; it is no protection against somebody who wants two to look the same.
    ///
    /// Source: <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>.
    pub fingerprint: String,
}

/// The fingerprint of a table that is being read.
pub(super) struct Fingerprint {
    hasher: Hasher,
    /// In which form the texts of each column are dates.
    date_forms: Vec<Option<DateForm>>,
    n_rows: usize,
    /// Cells of the row so far.
    n_cells: usize,
    /// Their bytes.
    bytes: Vec<u8>,
}

impl Fingerprint {
    /// Begins with the names.
    pub(super) fn new(names: &[String], date_forms: Vec<Option<DateForm>>) -> Self {
        let mut new = Self { hasher: Hasher::new(), date_forms, n_rows: 0, n_cells: 0, bytes: Vec::new() };
        new.hasher.write(&(names.len() as u64).to_le_bytes());
        for name in names {
            new.text(name);
        }
        new.write();
        new
    }

    /// Takes the next cell of a row, without blanks around it.
    pub(super) fn cell(&mut self, cell: &str, said: Said) {
        let form = self.date_forms.get(self.n_cells).copied().flatten();
        self.n_cells += 1;
        match (said, form.and_then(|form| form.days(cell))) {
            (Said::Missing, _) => self.bytes.push(0),
            (Said::Number(x), _) if x.fract() == 0.0 => self.number(1, x),
            (Said::Number(x), _) => self.number(1, f64::from(x as f32)),
            (Said::Text, Some(days)) => self.number(2, days),
            (Said::Text, None) => {
                self.bytes.push(3);
                self.text(cell);
            }
        }
    }

    /// Ends the row.
    pub(super) fn end_row(&mut self) {
        self.n_rows += 1;
        self.n_cells = 0;
        self.write();
    }

    fn number(&mut self, kind: u8, x: f64) {
        self.bytes.push(kind);
        // -0 + 0 is 0.
        self.bytes.extend((x + 0.0).to_le_bytes());
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend((text.len() as u64).to_le_bytes());
        self.bytes.extend(text.as_bytes());
    }

    fn write(&mut self) {
        self.hasher.write(&self.bytes);
        self.bytes.clear();
    }

    /// What was read from a file of that name.
    pub(super) fn of(self, file: &str) -> DataFile {
        let fingerprint = format!("{:032x}", self.hasher.finish_128());
        DataFile { file: file.to_owned(), rows: self.n_rows, columns: self.date_forms.len(), fingerprint }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::data::table::of_text;

    fn print(text: &str) -> String {
        of_text(text).files[0].fingerprint.clone()
    }

    /// The bytes that are hashed, by hand, by the function that hashes them in one call.
    #[test]
    fn layout_by_hand() {
        let mut bytes = vec![3, 0, 0, 0, 0, 0, 0, 0];
        let text = |bytes: &mut Vec<u8>, text: &str| {
            bytes.extend((text.len() as u64).to_le_bytes());
            bytes.extend(text.bytes());
        };
        for name in ["x", "city", "day"] {
            text(&mut bytes, name);
        }
        bytes.push(1);
        bytes.extend(2.5_f64.to_le_bytes());
        bytes.push(3);
        text(&mut bytes, "K\u{f6}ln");
        bytes.push(2);
        bytes.extend(1.5_f64.to_le_bytes());
        bytes.extend([1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        let whole = format!("{:032x}", Hasher::oneshot(&bytes));
        let table = of_text("x,city,day\n2.50,K\u{f6}ln,1970-01-02 12:00\n-0.0,,NA\n");
        let DataFile { rows, columns, fingerprint, .. } = &table.files[0];
        assert_eq!((*rows, *columns, fingerprint), (2, 3, &whole));
    }

    #[test]
    fn the_published_value_of_nothing() {
        assert_eq!(format!("{:032x}", Hasher::new().finish_128()), "99aa06d3014798d86001c324468d497f");
    }

    #[test]
    fn what_it_depends_on() {
        let one = print("x,y\n1,a\n2,b\n3,c\n");
        assert_eq!(print("x;y\n1;a\n2;b\n3;c\n"), one, "another delimiter");
        assert_eq!(
            print("\u{feff}x, y\r\n1, \"a\"\r\n2, \"b\"\r\n3, \"c\"\r\n"),
            one,
            "other quotes and ends of lines"
        );
        for same in ["x,y\n1.0,a\n2.,b\n+3e0,c\n", "x,y\n01,a\n2,b\n3,c\n"] {
            assert_eq!(print(same), one, "numbers are what they are, however they are written");
        }
        assert_eq!(print("x\n0.30471706\n2\n"), print("x\n0.3047170639038086\n2\n"), "as many digits as 32 bits have");
        assert_ne!(print("x\n100000001\n2\n"), print("x\n100000002\n2\n"), "codes are not rounded");
        for (other, what) in [
            ("x,z\n1,a\n2,b\n3,c\n", "a name"),
            ("x,y\n1,a\n2,b\n3,d\n", "a cell"),
            ("x,y\n1.1,a\n2,b\n3,c\n", "a number"),
            ("x,y\n1,A\n2,b\n3,c\n", "how a text is written"),
            ("x,y\n,a\n2,b\n3,c\n", "a value that is missing"),
            ("x,y\n2,b\n1,a\n3,c\n", "the order of rows"),
            ("y,x\na,1\nb,2\nc,3\n", "the order of columns"),
            ("x,y\n1,a\n2,b\n3,c\n4,d\n", "a row more"),
            ("x,y\n1,a\n2,b\n", "a row less"),
        ] {
            assert_ne!(print(other), one, "{what}");
        }
        // Cells do not run into each other, and rows are as long as they are.
        assert_ne!(print("x,y\nab,c\n1,2\n"), print("x,y\na,bc\n1,2\n"));
    }

    /// Where all texts of a column are dates of one form they are those days; a word among them makes them texts.
    #[test]
    fn dates_are_the_days_that_they_say() {
        let days = |cells: [&str; 3]| print(&format!("day,y\n{},1\n{},2\n{},3\n", cells[0], cells[1], cells[2]));
        let one = days(["2024-01-31", "2024-02-01", "NA"]);
        assert_eq!(days(["31.01.2024", "01.02.2024", ""]), one);
        assert_eq!(days(["2024-01-31T00:00:00Z", "2024/02/01 01:00+01:00", ""]), one);
        assert_ne!(days(["2024-01-31", "2024-02-02", ""]), one);
        let mixed = days(["2024-01-31", "2024-02-01", "soon"]);
        assert_ne!(days(["31.01.2024", "01.02.2024", "soon"]), mixed);
        assert_ne!(days(["19753", "19754", ""]), one, "nor are they the numbers of these days");
    }
}
