//! Parquet files: their row groups one after the other, some rows of each column at a time.

use std::fs::File;
use std::panic::AssertUnwindSafe;

use csv::StringRecord;
use parquet::basic::Compression;
use parquet::errors::ParquetError;
use parquet::file::metadata::{ColumnChunkMetaData, RowGroupMetaData};
use parquet::file::reader::{FileReader, RowGroupReader, SerializedFileReader};

use super::{Damage, Stopped, Take};

mod column;
mod delta;
mod guard;
mod pages;
mod value;

use column::Column;
use guard::guarded;
use value::Value;

/// Rows that are read of each column before the next one.
const N_ROWS: usize = 1024;

/// A Parquet file.
pub(in super::super) struct Parquet {
    reader: SerializedFileReader<File>,
    columns: Vec<Place>,
}

/// A column of a Parquet file.
#[derive(Debug)]
struct Place {
    name: String,
    /// Which of the columns of values it is, and what those are; of lists and structures there are several or none.
    leaf: Option<(usize, Value)>,
    /// Whether somebody asks for its cells.
    is_read: bool,
}

impl std::fmt::Debug for Parquet {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Parquet").field("columns", &self.columns).finish_non_exhaustive()
    }
}

impl Parquet {
    /// Reads what columns a file has.
    pub(super) fn open(file: File) -> Result<Self, Damage> {
        let reader = guarded(|| SerializedFileReader::new(file)).map_err(damaged)?;
        let schema = reader.metadata().file_metadata().schema_descr();
        let fields = schema.root_schema().get_fields().iter();
        let place = |name: &str| Place { name: name.to_owned(), leaf: None, is_read: true };
        let mut columns: Vec<Place> = fields.map(|field| place(field.name())).collect();
        for (i, leaf) in schema.columns().iter().enumerate() {
            let place = &mut columns[schema.get_column_root_idx(i)];
            let is_flat = schema.get_column_root(i).is_primitive() && leaf.max_rep_level() == 0;
            place.leaf = Value::of(leaf).filter(|_| is_flat).map(|value| (i, value));
        }
        if columns.is_empty() {
            return Err(Damage::new("it has no columns").hint("is it the whole table?"));
        }
        if columns.iter().all(|column| column.leaf.is_none()) {
            // Nothing would bear out how many rows it says there are.
            let hint = "a column of numbers, texts or dates";
            return Err(Damage::new("all its columns are lists, structures or bytes, which are not read").hint(hint));
        }
        let chunks = reader.metadata().row_groups().iter().flat_map(RowGroupMetaData::columns);
        let unread = |compression: Compression| matches!(compression, Compression::BROTLI(_) | Compression::LZO);
        if let Some(compression) = chunks.map(ColumnChunkMetaData::compression).find(|compression| unread(*compression))
        {
            let name = format!("{compression}").split('(').next().unwrap_or_default().to_owned();
            let hint = "df.to_parquet(\"table.parquet\", compression=\"zstd\") writes one that is";
            return Err(Damage::new(format!("packed by {name}, which is not read")).hint(hint));
        }
        Ok(Self { reader, columns })
    }

    /// Whether the cells of a column are nothing that can be read as one value.
    pub(super) fn is_other(&self, column: usize) -> bool {
        self.columns[column].leaf.is_none()
    }

    /// Decodes no other columns from now on than those of which it is true; the cells of the others are empty. Where it is
    /// true of none nothing changes, since nothing else would bear out how many rows there are.
    pub(super) fn only(&mut self, is_asked_for: impl Fn(&str) -> bool) {
        let asked: Vec<bool> = self.columns.iter().map(|place| is_asked_for(&place.name)).collect();
        if self.columns.iter().zip(&asked).any(|(place, asked)| *asked && place.leaf.is_some()) {
            self.columns.iter_mut().zip(asked).for_each(|(place, asked)| place.is_read = asked);
        }
    }

    /// Calls with the names, then with each row.
    pub(super) fn records(&self, decimal_comma: bool, take: Take<'_>) -> Result<(), Stopped> {
        take(&self.columns.iter().map(|column| &column.name).collect(), 1)?;
        let mut line = 2;
        for i in 0..self.reader.num_row_groups() {
            let group = guarded(|| self.reader.get_row_group(i)).map_err(damaged)?;
            self.group(&*group, decimal_comma, &mut line, take)?;
        }
        Ok(())
    }

    fn group(
        &self,
        group: &dyn RowGroupReader,
        decimal_comma: bool,
        line: &mut u64,
        take: Take<'_>,
    ) -> Result<(), Stopped> {
        let n_rows = usize::try_from(group.metadata().num_rows())
            .map_err(|_| Damage::new("a Parquet file that is damaged: a group of less than no rows"))?;
        let of = |column: &Place, error| damaged_in(&column.name, error);
        let mut columns: Vec<Option<Column>> = Vec::with_capacity(self.columns.len());
        for place in &self.columns {
            let open = |&(leaf, value): &(usize, Value)| guarded(|| Column::open(group, leaf, value, decimal_comma));
            let leaf = place.leaf.as_ref().filter(|_| place.is_read);
            columns.push(leaf.map(open).transpose().map_err(|error| of(place, error))?);
        }
        let mut record = StringRecord::new();
        let mut left = n_rows;
        while left > 0 {
            let n = left.min(N_ROWS);
            for (place, column) in self.columns.iter().zip(&mut columns) {
                if let Some(column) = column {
                    guarded(AssertUnwindSafe(|| column.read(n))).map_err(|error| of(place, error))?;
                }
            }
            for row in 0..n {
                record.clear();
                for column in &columns {
                    record.push_field(column.as_ref().map_or("", |column| column.cell(row)));
                }
                take(&record, *line)?;
                *line += 1;
            }
            left -= n;
        }
        Ok(())
    }
}

fn damaged(error: ParquetError) -> Damage {
    let text = error.to_string();
    let (_, what) = text.split_once(": ").unwrap_or(("", &text));
    Damage::new(format!("a Parquet file that is damaged: {what}")).hint("get it once more")
}

fn damaged_in(column: &str, error: ParquetError) -> Damage {
    let damage = damaged(error);
    Damage { what: format!("column {column}: {}", damage.what), ..damage }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use parquet::file::writer::SerializedFileWriter;
    use parquet::schema::parser::parse_message_type;

    use super::*;

    /// A column that nobody asks for may be damaged, for it is not decoded.
    #[test]
    fn columns_that_are_asked_for() {
        let schema = "message rows { required int32 a; required int32 b; }";
        let schema = Arc::new(parse_message_type(schema).expect("a schema"));
        let mut bytes = Vec::new();
        let mut writer = SerializedFileWriter::new(&mut bytes, schema, Arc::default()).expect("a writer");
        let mut group = writer.next_row_group().expect("a group");
        for first in [10, 20] {
            let mut column = group.next_column().expect("a column").expect("one more");
            let values: Vec<i32> = (first..first + 5).collect();
            column.typed::<parquet::data_type::Int32Type>().write_batch(&values, None, None).expect("written");
            column.close().expect("closed");
        }
        group.close().expect("closed");
        writer.close().expect("closed");

        let opened = |bytes: &[u8]| {
            let mut file = tempfile::tempfile().expect("a file");
            std::io::Write::write_all(&mut file, bytes).expect("written");
            Parquet::open(file).expect("a table")
        };
        let cells = |parquet: &Parquet| {
            let mut cells: Vec<String> = Vec::new();
            let mut take = |record: &StringRecord, _| {
                cells.push(record.iter().collect::<Vec<_>>().join(","));
                Ok(())
            };
            parquet.records(false, &mut take).is_ok().then_some(cells)
        };
        let whole = opened(&bytes);
        assert_eq!(cells(&whole).expect("rows")[..2], ["a,b", "10,20"]);
        let chunk = whole.reader.metadata().row_group(0).column(1);
        let start = chunk.dictionary_page_offset().unwrap_or(chunk.data_page_offset());
        let end = start + chunk.compressed_size();
        bytes[start as usize..end as usize].fill(0xff);
        let mut damaged = opened(&bytes);
        assert_eq!(cells(&damaged), None);
        damaged.only(|name| name == "a");
        assert_eq!(cells(&damaged).expect("rows")[..2], ["a,b", "10,"]);
        damaged.only(|name| name == "c");
        assert_eq!(cells(&damaged).expect("rows")[1], "10,", "nothing changes where there is no such column");
    }

    #[test]
    fn rows_of_lists_alone_are_not_counted() {
        for (schema, is_read) in [
            ("message rows { required group pair { required int32 first; } repeated int32 list; }", false),
            ("message rows { required group pair { required int32 first; } required int32 number; }", true),
        ] {
            let schema = Arc::new(parse_message_type(schema).expect("a schema"));
            let file = tempfile::tempfile().expect("a file");
            let mut writer = SerializedFileWriter::new(&file, schema, Arc::default()).expect("a writer");
            writer.finish().expect("written");
            drop(writer);
            let opened = Parquet::open(file);
            assert_eq!(opened.is_ok(), is_read, "{opened:?}");
            assert!(is_read || opened.is_err_and(|damage| damage.what.contains("which are not read")));
        }
    }

    #[test]
    fn a_file_without_columns() {
        let schema = Arc::new(parse_message_type("message rows { }").expect("a schema"));
        let file = tempfile::tempfile().expect("a file");
        let mut writer = SerializedFileWriter::new(&file, schema, Arc::default()).expect("a writer");
        writer.finish().expect("written");
        drop(writer);
        assert_eq!(Parquet::open(file).expect_err("none").what, "it has no columns");
    }
}
