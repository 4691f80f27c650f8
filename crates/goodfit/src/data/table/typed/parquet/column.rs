//! A column of a row group, some rows at a time.

use parquet::column::reader::{ColumnReader, ColumnReaderImpl, get_column_reader};
use parquet::data_type::DataType;
use parquet::errors::{ParquetError, Result};
use parquet::file::reader::RowGroupReader;

use super::super::cells::Writer;
use super::pages::Pages;
use super::value::{Value, moment_of_96_bits};

/// A column of a row group.
pub(super) struct Column {
    reader: ColumnReader,
    value: Value,
    cells: Cells,
}

/// The cells of some rows.
struct Cells {
    out: Writer,
    /// Where in the text each one ends.
    ends: Vec<usize>,
    /// Of each row 1 where it has a value; of a column without gaps nothing.
    levels: Vec<i16>,
}

impl Column {
    pub(super) fn open(group: &dyn RowGroupReader, leaf: usize, value: Value, decimal_comma: bool) -> Result<Self> {
        let chunk = group.metadata().column(leaf);
        let n_rows = group.metadata().num_rows();
        if chunk.num_values() != n_rows {
            let n = chunk.num_values();
            return Err(ParquetError::General(format!("{n} values in a group of {n_rows} rows")));
        }
        let column = chunk.column_descr_ptr();
        let inner = group.get_column_page_reader(leaf)?;
        let pages = Pages { inner, column: column.clone(), left: n_rows.unsigned_abs(), has_dictionary: false };
        let cells = Cells { out: Writer::new(decimal_comma), ends: Vec::new(), levels: Vec::new() };
        Ok(Self { reader: get_column_reader(column, Box::new(pages)), value, cells })
    }

    /// Reads the next `n` rows.
    pub(super) fn read(&mut self, n: usize) -> Result<()> {
        let (value, cells) = (self.value, &mut self.cells);
        match &mut self.reader {
            ColumnReader::BoolColumnReader(reader) => cells.read(reader, n, |x, out| out.truth(*x)),
            ColumnReader::Int32ColumnReader(reader) => cells.read(reader, n, |x, out| value.integer(*x, out)),
            ColumnReader::Int64ColumnReader(reader) => cells.read(reader, n, |x, out| value.integer(*x, out)),
            ColumnReader::Int96ColumnReader(reader) => cells.read(reader, n, moment_of_96_bits),
            ColumnReader::FloatColumnReader(reader) => cells.read(reader, n, |x, out| out.float(*x)),
            ColumnReader::DoubleColumnReader(reader) => cells.read(reader, n, |x, out| out.float(*x)),
            ColumnReader::ByteArrayColumnReader(reader) => cells.read(reader, n, |x, out| value.bytes(x.data(), out)),
            ColumnReader::FixedLenByteArrayColumnReader(reader) => {
                cells.read(reader, n, |x, out| value.bytes(x.data(), out))
            }
        }
    }

    /// The cell of a row of those that were read last.
    pub(super) fn cell(&self, row: usize) -> &str {
        let start = row.checked_sub(1).map_or(0, |before| self.cells.ends[before]);
        &self.cells.out.text[start..self.cells.ends[row]]
    }
}

impl Cells {
    fn read<T: DataType>(
        &mut self,
        reader: &mut ColumnReaderImpl<T>,
        n: usize,
        write: impl Fn(&T::T, &mut Writer),
    ) -> Result<()> {
        self.out.text.clear();
        self.ends.clear();
        self.levels.clear();
        let mut values = Vec::with_capacity(n);
        let (found, ..) = reader.read_records(n, Some(&mut self.levels), None, &mut values)?;
        if found < n {
            return Err(ParquetError::EOF(format!("a group ends {} rows too early", n - found)));
        }
        let has_gaps = !self.levels.is_empty();
        let mut values = values.iter();
        for row in 0..n {
            if !has_gaps || self.levels[row] > 0 {
                let Some(value) = values.next() else {
                    return Err(ParquetError::EOF("a page ends before its values".to_owned()));
                };
                write(value, &mut self.out);
            }
            self.ends.push(self.out.text.len());
        }
        Ok(())
    }
}
