//! Arrays of NumPy, one (NPY) or several of the same rows (NPZ).
//!
//! Columns of a file with one array are named as those of a CSV without names are: `column_1`, `column_2`. In an archive the
//! columns of the array `X` are `X_1`, `X_2`, or `X` itself where it has only one. Fields keep their names.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};

use csv::StringRecord;

use super::cells::Writer;
use super::{Damage, Stopped, Take};

mod archive;
mod element;
mod header;
mod literal;

use header::{Field, Header, cut_off};

/// So many bytes of rows are read at a time.
const BLOCK: u64 = 1 << 20;
/// More columns than this are no table.
const MOST_COLUMNS: u64 = 100_000;

/// Arrays of as many rows.
#[derive(Debug)]
pub(in super::super) struct Arrays {
    arrays: Vec<Array>,
    n_rows: u64,
}

/// An array in a file.
#[derive(Debug)]
struct Array {
    /// Its key in an archive.
    key: Option<String>,
    file: File,
    /// Where in the file its elements begin.
    start: u64,
    n_rows: u64,
    /// Elements in a row.
    n_columns: u64,
    fields: Vec<Field>,
    /// Bytes of an element.
    size: u64,
    is_fortran: bool,
}

impl Arrays {
    /// The array that a file is.
    pub(super) fn one(mut file: File) -> Result<Self, Damage> {
        let header = Header::read(&mut file)?;
        let length = file.metadata().map_err(cut_off)?.len();
        check_length(&header, length - header.length.min(length))?;
        let start = header.length;
        Self::new(vec![Array::new(None, file, start, header)?])
    }

    fn new(arrays: Vec<Array>) -> Result<Self, Damage> {
        let n_rows = arrays.first().map_or(0, |first| first.n_rows);
        if let Some(other) = arrays.iter().find(|array| array.n_rows != n_rows) {
            let key = |array: &Array| array.key.clone().unwrap_or_default();
            let (first, other, n) = (key(&arrays[0]), key(other), other.n_rows);
            let what = format!("the array {first} has {n_rows} rows, but {other} has {n}");
            return Err(Damage::new(what).hint("a file for each number of rows: numpy.savez(\"train.npz\", X=X, y=y)"));
        }
        let columns = arrays.iter().map(|array| array.n_columns.saturating_mul(array.fields.len() as u64));
        let n_columns = columns.fold(0, u64::saturating_add);
        match n_columns {
            0 => Err(Damage::new("an array without columns")),
            1..=MOST_COLUMNS => Ok(Self { arrays, n_rows }),
            _ => Err(Damage::new(format!("{n_columns} columns, of which at most {MOST_COLUMNS} are read"))),
        }
    }

    /// Calls with the names, then with each row.
    pub(super) fn records(&self, decimal_comma: bool, take: Take<'_>) -> Result<(), Stopped> {
        take(&self.arrays.iter().flat_map(Array::names).collect(), 1)?;
        let row_bytes = self.arrays.iter().map(Array::row_bytes).fold(0, u64::saturating_add);
        let most = (BLOCK / row_bytes).max(1);
        let mut blocks: Vec<Vec<u8>> = vec![Vec::new(); self.arrays.len()];
        let mut out = Writer::new(decimal_comma);
        let mut record = StringRecord::new();
        let mut first = 0;
        while first < self.n_rows {
            let n = most.min(self.n_rows - first);
            for (array, block) in self.arrays.iter().zip(&mut blocks) {
                array.read(first, n, block).map_err(cut_off)?;
            }
            for row in 0..n {
                record.clear();
                for (array, block) in self.arrays.iter().zip(&blocks) {
                    array.push_row(block, row, n, &mut out, &mut record);
                }
                take(&record, first + row + 2)?;
            }
            first += n;
        }
        Ok(())
    }
}

impl Array {
    fn new(key: Option<String>, file: File, start: u64, header: Header) -> Result<Self, Damage> {
        let (n_rows, n_columns) = header.rows()?;
        let Header { fields, size, is_fortran, .. } = header;
        Ok(Self { key, file, start, n_rows, n_columns, fields, size: size as u64, is_fortran })
    }

    fn names(&self) -> Vec<String> {
        match (&self.key, self.n_columns, &self.fields[..]) {
            (Some(key), 1, [Field { name: None, .. }]) => vec![key.clone()],
            (key, n, [Field { name: None, .. }]) => {
                let prefix = key.as_deref().unwrap_or("column");
                (1..=n).map(|i| format!("{prefix}_{i}")).collect()
            }
            (.., fields) => fields.iter().filter_map(|field| field.name.clone()).collect(),
        }
    }

    fn row_bytes(&self) -> u64 {
        self.size * self.n_columns
    }

    /// Reads `n` rows: one after the other, or of one column after the other, as they stand in the file.
    fn read(&self, first: u64, n: u64, block: &mut Vec<u8>) -> std::io::Result<()> {
        block.resize((n * self.row_bytes()) as usize, 0);
        let mut file = &self.file;
        if !self.is_fortran {
            file.seek(SeekFrom::Start(self.start + first * self.row_bytes()))?;
            return file.read_exact(block);
        }
        for (column, part) in (0..).zip(block.chunks_exact_mut((n * self.size) as usize)) {
            file.seek(SeekFrom::Start(self.start + (column * self.n_rows + first) * self.size))?;
            file.read_exact(part)?;
        }
        Ok(())
    }

    /// Adds the cells of a row of a block to a record.
    fn push_row(&self, block: &[u8], row: u64, n: u64, out: &mut Writer, record: &mut StringRecord) {
        for column in 0..self.n_columns {
            let at = if self.is_fortran { column * n + row } else { row * self.n_columns + column };
            let element = &block[(at * self.size) as usize..];
            for field in &self.fields {
                out.text.clear();
                field.element.write(&element[field.offset..field.offset + field.element.size], out);
                record.push_field(&out.text);
            }
        }
    }
}

/// Whether the elements that a header tells of are rows that are there, and nothing else.
fn check_length(header: &Header, present: u64) -> Result<(), Damage> {
    header.rows()?;
    let shape = || header.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" x ");
    match header.n_bytes() {
        Some(expected) if present == expected => Ok(()),
        Some(expected) if present > expected => {
            Err(Damage::new(format!("{} bytes behind its {} elements", present - expected, shape()))
                .hint("several arrays belong into an archive: numpy.savez(\"table.npz\", X=X, y=y)"))
        }
        _ => Err(Damage::new(format!("{present} bytes of elements, too few for {}", shape()))
            .hint("it was cut off, or its header is damaged: get it once more")),
    }
}
