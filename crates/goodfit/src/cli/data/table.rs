//! What a table holds, for people and as JSON.

use std::path::Path;

use serde_json::{Value as Json, json};

use super::super::columns::{Side, aligned};
use super::super::visible::visible;
use super::super::{Failure, Outcome, print};
use crate::data::table::TableOptions;
use crate::data::table::{Column, Format, NO_LEVEL, Packing, Table, Values, date_text, read};
use crate::search::number;

/// Most frequent levels that are named.
const N_LEVELS: usize = 3;
/// Characters of a level that are shown.
const WIDTH: usize = 24;

pub(super) fn info(source: &str, options: &TableOptions, as_json: bool) -> Outcome {
    let table = read(Path::new(source), options).map_err(Failure::table)?;
    print(&if as_json { format!("{:#}\n", document(&table)) } else { text(&table) })?;
    Ok(0)
}

fn text(table: &Table) -> String {
    let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
    let mut out = format!(
        "{}: {}, {}\n{}\n\n",
        visible(&table.source),
        count(table.n_rows, "row"),
        count(table.columns.len(), "column"),
        form(table)
    );
    let mut rows = vec![["column", "kind", "missing", "values"].map(str::to_owned).to_vec()];
    for column in &table.columns {
        let missing = if column.n_missing == 0 { "-".to_owned() } else { column.n_missing.to_string() };
        rows.push(vec![shown(&column.name), column.kind.to_string(), missing, values(column)]);
    }
    out += &aligned(&rows, &[Side::Left, Side::Left, Side::Right, Side::Left]);
    let notes: Vec<String> = table
        .columns
        .iter()
        .flat_map(|c| c.notes.iter().map(|note| format!("  {}: {}\n", shown(&c.name), visible(note))))
        .collect();
    if !notes.is_empty() {
        out += "\nto know:\n";
        out.extend(notes);
    }
    out
}

/// `cells divided by a comma, names in the first line, UTF-8`, or `Parquet`
fn form(table: &Table) -> String {
    let packing = match table.packing {
        Packing::None => "",
        Packing::Gzip => ", gzip",
        Packing::Zstd => ", zstd",
    };
    let form = match table.format {
        Format::Text => {
            let names = if table.dialect.has_header { "names in the first line" } else { "no names" };
            let told = if table.is_detected { ", as far as its bytes tell (--encoding)" } else { "" };
            format!("cells divided by {}, {names}, {}{told}", table.dialect.delimiter_name(), table.encoding)
        }
        Format::Parquet => "Parquet".to_owned(),
        Format::Npy => "an array of NumPy".to_owned(),
        Format::Npz => "arrays of NumPy".to_owned(),
    };
    form + packing
}

fn values(column: &Column) -> String {
    match &column.values {
        Values::Numbers(numbers) => quartiles(numbers).map_or_else(String::new, |[low, median, high]| {
            format!("{} to {}, median {}", number(low), number(high), number(median))
        }),
        Values::Days(days) => {
            let (low, high) = days.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(*x), b.max(*x)));
            format!("{} to {}", date_text(low), date_text(high))
        }
        Values::Levels { .. } => {
            let levels = levels(column);
            let named: Vec<String> =
                levels.iter().take(N_LEVELS).map(|(name, n)| format!("{} ({n})", shown(name))).collect();
            let more = if levels.len() > N_LEVELS { ", .." } else { "" };
            format!("{} levels: {}{more}", levels.len(), named.join(", "))
        }
        Values::None => String::new(),
    }
}

/// Smallest, median and largest of the numbers that are finite.
fn quartiles(numbers: &[f32]) -> Option<[f64; 3]> {
    let mut finite: Vec<f32> = numbers.iter().copied().filter(|x| x.is_finite()).collect();
    let low = finite.iter().copied().min_by(f32::total_cmp)?;
    let (n, middle) = (finite.len(), finite.len() / 2);
    let (below, &mut upper, above) = finite.select_nth_unstable_by(middle, f32::total_cmp);
    let lower = if n % 2 == 1 { upper } else { below.iter().copied().max_by(f32::total_cmp)? };
    let high = above.iter().copied().max_by(f32::total_cmp).unwrap_or(upper);
    Some([f64::from(low), f64::midpoint(f64::from(lower), f64::from(upper)), f64::from(high)])
}

/// The levels of a column and how often each stands there, the most frequent one first.
fn levels(column: &Column) -> Vec<(&str, usize)> {
    let Values::Levels { names, codes } = &column.values else { return Vec::new() };
    let mut counts: Vec<(&str, usize)> = names.iter().map(|name| (name.as_str(), 0)).collect();
    for &code in codes.iter().filter(|code| **code != NO_LEVEL) {
        counts[code as usize].1 += 1;
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
    counts
}

/// A text of somebody else's, on one line, without what a terminal would act on, and not too long.
fn shown(text: &str) -> String {
    let clean = visible(text);
    if clean.chars().count() <= WIDTH {
        return clean.into_owned();
    }
    clean.chars().take(WIDTH - 2).chain("..".chars()).collect()
}

fn document(table: &Table) -> Json {
    let column = |column: &Column| {
        let mut found = json!({
            "name": column.name, "kind": column.kind.to_string(), "missing": column.n_missing, "notes": column.notes,
        });
        match &column.values {
            Values::Numbers(numbers) => {
                if let Some([low, median, high]) = quartiles(numbers) {
                    found["min"] = low.into();
                    found["median"] = median.into();
                    found["max"] = high.into();
                }
            }
            Values::Levels { .. } => {
                found["levels"] =
                    levels(column).into_iter().map(|(name, n)| json!({"name": name, "rows": n})).collect();
            }
            Values::Days(days) => {
                let days = days.iter().copied().filter(|x| !x.is_nan());
                found["first"] = days.clone().reduce(f64::min).map_or(Json::Null, |x| date_text(x).into());
                found["last"] = days.reduce(f64::max).map_or(Json::Null, |x| date_text(x).into());
            }
            Values::None => {}
        }
        found
    };
    let mut found = json!({
        "source": table.source, "rows": table.n_rows,
        "format": match table.format {
            Format::Text => "csv",
            Format::Parquet => "parquet",
            Format::Npy => "npy",
            Format::Npz => "npz",
        },
        "columns": table.columns.iter().map(column).collect::<Vec<_>>(),
    });
    if table.format == Format::Text {
        found["encoding"] = table.encoding.into();
        found["encoding_detected"] = table.is_detected.into();
        found["delimiter"] = char::from(table.dialect.delimiter).to_string().into();
        found["header"] = table.dialect.has_header.into();
    }
    found
}
