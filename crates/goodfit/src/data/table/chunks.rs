//! Rows of known columns, some thousands at a time.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use super::cell::trimmed;
use super::column::Column;
use super::dialect::Dialect;
use super::encoding::TextEncoding;
use super::error::TableError;
use super::fill::Fill;
use super::input::Input;
use super::reading::{Part, Reading, with_reading};
use super::schema::{Schema, SchemaColumn, SchemaKind};
use super::{Table, TableOptions};
use crate::files::brief;
use crate::recipe::nearest;

/// Rows of a chunk.
const N_ROWS: usize = 16 * 1024;

/// What of a file was not as the model knows it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Strange {
    /// Of columns of numbers or dates what is none, and counts as missing.
    pub cells: Vec<StrangeCells>,
    /// Of columns of levels those that the model does not know.
    pub levels: Vec<StrangeCells>,
    /// Of columns of numbers those that are infinite, or too large for 32 bits: they count as larger, or smaller, than all that
    /// were trained on.
    pub infinite: Vec<StrangeCells>,
    /// The encoding of its text, where nothing but its bytes tells it and it is not UTF-8.
    pub detected: Option<&'static str>,
}

/// What of a column was not as the model knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StrangeCells {
    /// The column.
    pub column: String,
    /// How many cells.
    pub n: u64,
    /// The first of them.
    pub first: String,
    /// Its line.
    pub line: u64,
}

/// Reads the columns of a model from a table with named columns, in any order and among others; `-` is the standard
/// input. `take` gets its rows in chunks of a few thousand, in the order of the file.
///
/// # Errors
/// When the file cannot be read, lacks a column, or has a line of another length.
pub fn read_chunks<E: From<TableError>>(
    path: &Path,
    options: &TableOptions,
    schema: &Schema,
    mut take: impl FnMut(&Table) -> Result<(), E>,
) -> Result<Strange, E> {
    let options = &as_trained(options, schema);
    let known = schema.encoding.as_deref().and_then(TextEncoding::named);
    let mut input = Input::open(path, options, known)?;
    if let Some(typed) = &mut input.typed {
        let names: HashSet<&str> = schema.columns.iter().map(|column| column.name.as_str()).collect();
        typed.only(|name| names.contains(name));
    }
    let reading = Reading::new(&input, options)?;
    // A model of a table without names has made them up, and a table of words alone may have none that tells itself.
    let no_names = schema.columns.iter().all(|column| column.name.starts_with("column_"));
    let has_names = input.typed.is_some() || options.has_header.unwrap_or(reading.dialect.has_header || !no_names);
    let mut places: Option<Vec<usize>> = None;
    let mut counts: Vec<(u64, String, u64)> = vec![(0, String::new(), 0); schema.columns.len()];
    let mut infinite: Vec<Option<StrangeCells>> = vec![None; schema.columns.len()];
    let mut fills: Vec<Fill> = schema.columns.iter().map(fill).collect();
    let mut n_rows = 0;
    let mut failed = None;
    let chunk = |fills: &mut Vec<Fill>, n_rows: usize| {
        let full = std::mem::replace(fills, schema.columns.iter().map(fill).collect());
        let columns = schema.columns.iter().zip(full);
        let columns = columns.map(|(column, full)| Column { values: full.values(), ..column.empty() });
        Table {
            source: input.name.clone(),
            format: input.format(),
            packing: input.packing,
            encoding: input.encoding.name(),
            is_detected: input.is_detected,
            dialect: Dialect { has_header: has_names, ..reading.dialect },
            options: options.clone(),
            files: Vec::new(),
            n_rows,
            columns: columns.collect(),
        }
    };
    let read = reading.rows(has_names, |part| {
        let (record, line) = match part {
            Part::Names(names) => {
                places = Some(find(&reading, schema, names)?);
                return Ok(());
            }
            Part::Row(record, line) => (record, line),
        };
        let places = places.iter().flatten();
        for (i, ((fill, &place), count)) in fills.iter_mut().zip(places).zip(&mut counts).enumerate() {
            let cell = trimmed(&record[place]);
            if !fill.take(cell, reading.words.said(cell)) {
                if count.0 == 0 {
                    (count.1, count.2) = (cell.to_owned(), line);
                }
                count.0 += 1;
            } else if fill.ends_infinite() {
                let first =
                    || StrangeCells { column: schema.columns[i].name.clone(), n: 0, first: cell.to_owned(), line };
                infinite[i].get_or_insert_with(first).n += 1;
            }
        }
        n_rows += 1;
        if n_rows == N_ROWS {
            let table = chunk(&mut fills, std::mem::take(&mut n_rows));
            if let Err(error) = take(&table) {
                failed = Some(error);
                return Err(reading.fault("stopped"));
            }
        }
        Ok(())
    });
    if let Some(error) = failed {
        return Err(error);
    }
    read?;
    if places.is_none() {
        return Err(reading.empty().into());
    }
    if n_rows > 0 {
        take(&chunk(&mut fills, n_rows))?;
    }
    let mut strange = Strange { detected: input.detected(), ..Strange::default() };
    for (column, (n, first, line)) in schema.columns.iter().zip(counts).filter(|(_, count)| count.0 > 0) {
        let cells = StrangeCells { column: column.name.clone(), n, first, line };
        let is_level = matches!(column.kind, SchemaKind::Categorical(_));
        if is_level { &mut strange.levels } else { &mut strange.cells }.push(cells);
    }
    strange.infinite = infinite.into_iter().flatten().collect();
    Ok(strange)
}

impl Schema {
    /// Which columns of the model, its target among them, a table has not, by the names that it begins with alone.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(crate) fn missing_in(&self, path: &Path, options: &TableOptions) -> Result<Vec<&str>, TableError> {
        let mut missing: HashSet<&str> = self.columns.iter().map(|column| column.name.as_str()).collect();
        missing.insert(&self.target);
        with_reading(path, options, |reading| {
            let mut are_read = false;
            let read = reading.rows(reading.dialect.has_header, |part| {
                if let Part::Names(names) = part {
                    let names: HashSet<&str> = names.iter().map(String::as_str).collect();
                    missing.retain(|column| !names.contains(column));
                    are_read = true;
                }
                // Nothing else is asked for.
                Err(reading.fault("stopped"))
            });
            if are_read { Ok(()) } else { read }
        })?;
        let mut missing: Vec<&str> = missing.into_iter().collect();
        missing.sort_unstable();
        Ok(missing)
    }
}

/// Names, numbers and missing values are written as in the table that the model was trained on, as far as nobody says else.
fn as_trained(options: &TableOptions, schema: &Schema) -> TableOptions {
    let mut options = options.clone();
    options.has_header = options.has_header.or(schema.header);
    options.decimal_comma = options.decimal_comma.or(Some(schema.decimal_comma));
    options.missing.extend(schema.missing.iter().cloned());
    options
}

fn fill(column: &SchemaColumn) -> Fill {
    match &column.kind {
        SchemaKind::Numeric => Fill::Numbers(Vec::new()),
        SchemaKind::Date(form) => Fill::Days(*form, Vec::new()),
        SchemaKind::Categorical(names) => Fill::closed(names),
    }
}

/// Where the columns of a model stand in a file.
fn find(reading: &Reading<'_>, schema: &Schema, names: &[String]) -> Result<Vec<usize>, TableError> {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(names.len());
    let mut twice: HashSet<&str> = HashSet::new();
    for (place, name) in names.iter().enumerate() {
        if places.insert(name, place).is_some() {
            twice.insert(name);
        }
    }
    let mut found = Vec::with_capacity(schema.columns.len());
    let mut missing: Vec<&str> = Vec::new();
    for column in &schema.columns {
        let Some(&place) = places.get(column.name.as_str()) else {
            missing.push(&column.name);
            continue;
        };
        if twice.contains(column.name.as_str()) {
            let hint = "the model looks at it: rename the one that is not meant";
            return Err(reading.fault("two columns have this name").line(1).column(&column.name).hint(hint));
        }
        if reading.input.typed.as_ref().is_some_and(|typed| typed.is_other(place)) {
            let what = "lists, structures or bytes, but the model looks at it";
            return Err(reading.fault(what).column(&column.name));
        }
        found.push(place);
    }
    let Some(first) = missing.first() else { return Ok(found) };
    let names = || names.iter().map(String::as_str);
    let hint = nearest(first, names()).map(|near| format!("is {near:?} meant to be {first:?}?"));
    let hint = hint.unwrap_or_else(|| format!("the file has {}", names().collect::<Vec<_>>().join(", ")));
    // A model may have any names, and a file many.
    Err(reading.fault(brief(&lacking(&missing))).line(1).hint(brief(&hint)))
}

/// That columns are missing.
pub(crate) fn lacking(missing: &[&str]) -> String {
    match missing {
        [one] => format!("the column {one:?} is missing, which the model looks at"),
        several => format!("{} columns are missing, which the model looks at: {}", several.len(), several.join(", ")),
    }
}
