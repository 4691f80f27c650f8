//! Rows of known columns, some thousands at a time.

use std::path::Path;

use super::cell::trimmed;
use super::column::Column;
use super::dialect::Dialect;
use super::error::TableError;
use super::fill::Fill;
use super::input::Input;
use super::read::{Fault, Reading, nameless};
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
    let mut input = Input::open(path)?;
    if input.typed.is_none() && std::str::from_utf8(&input.beginning()?).is_err_and(|error| error.error_len().is_some())
    {
        input = input.western();
    }
    if let Some(typed) = &mut input.typed {
        typed.only(|name| schema.columns.iter().any(|column| column.name == name));
    }
    let options = &as_trained(options, schema);
    let reading = Reading::new(&input, options)?;
    // A model of a table without names has made them up, and a table of words alone may have none that tells itself.
    let no_names = schema.columns.iter().all(|column| column.name.starts_with("column_"));
    let has_names = input.typed.is_some() || options.has_header.unwrap_or(reading.dialect.has_header || !no_names);
    let mut places: Vec<usize> = Vec::new();
    let mut n_cells = 0;
    let mut extra: Option<(usize, usize)> = None;
    let mut strange = Strange::default();
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
            dialect: Dialect { has_header: has_names, ..reading.dialect },
            options: options.clone(),
            files: Vec::new(),
            n_rows,
            columns: columns.collect(),
        }
    };
    let read = reading.records(false, |record, line| {
        if places.is_empty() && n_cells == 0 {
            let made_up: Vec<String> = (1..=record.len()).map(|i| format!("column_{i}")).collect();
            let names: Vec<&str> = if has_names {
                record.iter().map(str::trim).collect()
            } else {
                made_up.iter().map(String::as_str).collect()
            };
            n_cells = names.len();
            places = find(&input.name, schema, &names)?;
            let typed = input.typed.as_ref();
            if let Some(&place) = places.iter().find(|&&place| typed.is_some_and(|typed| typed.is_other(place))) {
                let what = "lists, structures or bytes, but the model looks at it";
                return Err(TableError::new(&input.name, what).column(names[place]));
            }
            if has_names {
                return Ok(());
            }
        }
        // The first row tells whether there is a column without a name, and where.
        let (shift, expected) = *extra.get_or_insert_with(|| {
            if record.len() == n_cells + 1 { (usize::from(nameless(record) == 0), n_cells + 1) } else { (0, n_cells) }
        });
        if record.len() != expected {
            let what = format!("{} cells, expected {expected}", record.len());
            return Err(TableError::new(&input.name, what).line(line));
        }
        for (i, ((fill, &place), count)) in fills.iter_mut().zip(&places).zip(&mut counts).enumerate() {
            let cell = trimmed(record.get(place + shift).unwrap_or_default());
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
                return Err(TableError::new(&input.name, "stopped"));
            }
        }
        Ok(())
    });
    if let Some(error) = failed {
        return Err(error);
    }
    match read {
        Ok(()) => {}
        Err(Fault::Table(error)) => return Err(error.into()),
        Err(Fault::NotUtf8) => {
            let error = TableError::new(&input.name, "it is UTF-8 at its beginning, but not to its end");
            return Err(error.hint("`iconv -f WINDOWS-1252 -t UTF-8` writes all of it as UTF-8").into());
        }
    }
    if n_cells == 0 {
        return Err(TableError::new(&input.name, "the file is empty").into());
    }
    if n_rows > 0 {
        take(&chunk(&mut fills, n_rows))?;
    }
    for (column, (n, first, line)) in schema.columns.iter().zip(counts).filter(|(_, count)| count.0 > 0) {
        let cells = StrangeCells { column: column.name.clone(), n, first, line };
        let is_level = matches!(column.kind, SchemaKind::Categorical(_));
        if is_level { &mut strange.levels } else { &mut strange.cells }.push(cells);
    }
    strange.infinite = infinite.into_iter().flatten().collect();
    Ok(strange)
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
fn find(file: &str, schema: &Schema, names: &[&str]) -> Result<Vec<usize>, TableError> {
    let place = |column: &SchemaColumn| names.iter().position(|name| *name == column.name);
    let missing: Vec<&str> =
        schema.columns.iter().filter(|column| place(column).is_none()).map(|column| column.name.as_str()).collect();
    let Some(first) = missing.first() else {
        return Ok(schema.columns.iter().filter_map(place).collect());
    };
    let what = match missing.as_slice() {
        [one] => format!("the column {one:?} is missing, which the model looks at"),
        several => format!("{} columns are missing, which the model looks at: {}", several.len(), several.join(", ")),
    };
    let hint = nearest(first, names.iter().copied()).map(|near| format!("is {near:?} meant to be {first:?}?"));
    let hint = hint.unwrap_or_else(|| format!("the file has {}", names.join(", ")));
    // A model may have any names, and a file many.
    Err(TableError::new(file, brief(&what)).line(1).hint(brief(&hint)))
}
