//! By which a table is told from others.

use csv::StringRecord;
use serde::{Deserialize, Serialize};
use twox_hash::xxhash3_128::Hasher;

use super::cell::trimmed;

/// A file of rows that was read, and what tells it from others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataFile {
    /// As it was named.
    pub file: String,
    /// Its rows, all of them.
    pub rows: usize,
    /// Its columns, all of them.
    pub columns: usize,
    /// The fingerprint of its names and cells, 32 digits to base 16.
    ///
    /// XXH3 with 128 bits and the seed 0 of: the number of columns, then the names of the columns, then the cells row by row, in
    /// the order of the file. The number is 8 bytes, little-endian; a name or a cell is the number of its bytes, written
    /// likewise, then these bytes, its text in UTF-8 without blanks around it; that of a typed cell is the text it is read
    /// as. So it does not depend on delimiters, quotes, encodings and packing. It depends on how cells are written (`1` is
    /// not `1.0`, nor `NA` an empty cell) and on the order of rows and columns. It tells one table from another; it is no
    /// protection against somebody who wants two to look the same.
    ///
    /// Source: <https://github.com/Cyan4973/xxHash/blob/dev/doc/xxhash_spec.md>.
    pub fingerprint: String,
}

/// The fingerprint of a table that is being read.
pub(super) struct Fingerprint {
    hasher: Hasher,
    n_columns: usize,
    n_rows: usize,
    /// The bytes of one row.
    bytes: Vec<u8>,
}

impl Fingerprint {
    /// Begins with the names.
    pub(super) fn new(names: &[String]) -> Self {
        let mut new = Self { hasher: Hasher::new(), n_columns: names.len(), n_rows: 0, bytes: Vec::new() };
        new.hasher.write(&(names.len() as u64).to_le_bytes());
        new.take(names.iter().map(String::as_str));
        new
    }

    /// Takes the next row.
    pub(super) fn row(&mut self, record: &StringRecord) {
        self.n_rows += 1;
        self.take(record.iter().map(trimmed));
    }

    fn take<'a>(&mut self, cells: impl Iterator<Item = &'a str>) {
        self.bytes.clear();
        for cell in cells {
            self.bytes.extend((cell.len() as u64).to_le_bytes());
            self.bytes.extend(cell.as_bytes());
        }
        self.hasher.write(&self.bytes);
    }

    /// What was read from a file of that name.
    pub(super) fn of(self, file: &str) -> DataFile {
        let fingerprint = format!("{:032x}", self.hasher.finish_128());
        DataFile { file: file.to_owned(), rows: self.n_rows, columns: self.n_columns, fingerprint }
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
        let mut bytes = vec![2, 0, 0, 0, 0, 0, 0, 0];
        for cell in ["x", "city", "1", "K\u{f6}ln", "2.50", ""] {
            bytes.extend((cell.len() as u64).to_le_bytes());
            bytes.extend(cell.bytes());
        }
        let whole = format!("{:032x}", Hasher::oneshot(&bytes));
        let table = of_text("x,city\n1,K\u{f6}ln\n2.50,\n");
        let DataFile { rows, columns, fingerprint, .. } = &table.files[0];
        assert_eq!((*rows, *columns, fingerprint), (2, 2, &whole));
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
        for (other, what) in [
            ("x,z\n1,a\n2,b\n3,c\n", "a name"),
            ("x,y\n1,a\n2,b\n3,d\n", "a cell"),
            ("x,y\n1.0,a\n2,b\n3,c\n", "how a cell is written"),
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
}
