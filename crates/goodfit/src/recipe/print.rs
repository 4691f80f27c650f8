//! The recipe as a file that would run the same again.

use std::fmt::Write as _;

use crate::recipe::arms::varied;
use crate::recipe::error::Origin;
use crate::recipe::experiment::Experiment;
use crate::recipe::field::{Default, Field, Kind};
use crate::recipe::fields::{FIELDS, TABLES};
use crate::recipe::settings::Settings;
use crate::recipe::value::{Entry, Value, key};

/// Columns up to which a list stays on one line.
const WIDTH: usize = 100;

impl Experiment {
    /// A recipe file with every field and where its value comes from.
    ///
    /// It reads back to an equal experiment. Defaults that follow from other fields stand as
    /// comments, so that they go on following them when the file is edited.
    pub fn print(&self) -> String {
        let settings = &self.settings;
        let mut out = String::new();
        if !settings.head().is_empty() {
            let _ = writeln!(out, "{}", settings.head());
        }
        let has = |table: &str| FIELDS.iter().any(|field| field.table() == table && settings.is_set(field.path));
        let shown = |table: &str| match table {
            "search" => has("search"),
            "compare" => has("compare") || !has("search"),
            _ => true,
        };
        let tables: Vec<String> =
            TABLES.iter().filter(|(table, _)| shown(table)).map(|(table, _)| print_table(settings, table)).collect();
        out.push_str(&tables.join("\n"));
        out
    }
}

fn print_table(settings: &Settings, table: &str) -> String {
    let mut lines = Vec::new();
    let mut below = String::new();
    for field in FIELDS.iter().filter(|field| field.table() == table) {
        let varied = varied_by(settings, field).map(|by| format!("; {by} varies it")).unwrap_or_default();
        match (settings.get(field.path), field.kind) {
            (Some(Value::Table(entries)), Kind::Variations | Kind::Arms | Kind::Space) => {
                let _ = writeln!(below, "\n[{}] # {}", field.path, origin(settings, field));
                for Entry { key: name, item } in entries {
                    let _ = writeln!(below, "{} = {}", key(&name.name), wrapped(&name.name, &item.value));
                }
            }
            (value, _) => {
                let (left, right) = line(settings, field, value);
                lines.push((left, right + &varied));
            }
        }
    }
    let width = lines.iter().map(|(left, _)| left.chars().count()).filter(|&width| width <= 40).max().unwrap_or(0);
    let mut out = format!("[{table}]\n");
    for (left, right) in lines {
        let _ = writeln!(out, "{left:width$} # {right}");
    }
    out + &below
}

/// A line with its comment; what is not set and follows from something else is a comment as a whole.
fn line(settings: &Settings, field: &Field, value: Option<Value>) -> (String, String) {
    let name = field.name();
    let comment = |text: String| (format!("# {name}"), text);
    if let Some(setting) = settings.setting(field.path)
        && !settings.is_void(field)
    {
        return (format!("{name} = {}", setting.item.value), origin(settings, field));
    }
    if let Some(needs) = field.needs
        && !settings.holds(&needs)
    {
        return comment(format!("for {needs}"));
    }
    if let Some(other) = field.instead_of.iter().find(|other| settings.is_set(other)) {
        return comment(format!("{other} says it"));
    }
    match (value, field.default) {
        (Some(value), Default::From { fields, .. }) => {
            (format!("# {name} = {value}"), format!("from {}", fields.join(", ")))
        }
        (None, Default::From { rule, .. }) => comment(format!("default: {rule}")),
        (Some(value), _) if field.needs.is_some() => (format!("# {name} = {value}"), "default".to_owned()),
        (Some(value), _) => (format!("{name} = {value}"), "default".to_owned()),
        (None, Default::Absent(meaning)) => comment(format!("default: {meaning}")),
        (None, Default::Is(value)) => comment(format!("default: {value}")),
    }
}

/// The table that sets a field for arms or trials.
fn varied_by(settings: &Settings, field: &Field) -> Option<&'static str> {
    ["compare.vary", "compare.arms", "compare.tune", "search.space"]
        .into_iter()
        .find(|table| varied(settings, &[table]).contains(&field.path))
}

fn origin(settings: &Settings, field: &Field) -> String {
    match settings.setting(field.path).map(|setting| &setting.origin) {
        Some(Origin::Option(_)) => "command line".to_owned(),
        Some(Origin::File(_)) => "recipe".to_owned(),
        Some(Origin::Trial) => "trial".to_owned(),
        Some(Origin::Data) => "inferred".to_owned(),
        None => "default".to_owned(),
    }
}

/// A value, a long list on several lines.
fn wrapped(name: &str, value: &Value) -> String {
    let line = value.to_string();
    let Value::List(items) = value else { return line };
    if name.len() + 5 + line.len() <= WIDTH {
        return line;
    }
    let mut out = String::from("[");
    let mut column = WIDTH;
    for item in items {
        let item = item.value.to_string();
        if column + item.len() + 2 > WIDTH {
            out.push_str("\n   ");
            column = 3;
        }
        let _ = write!(out, " {item},");
        column += item.len() + 2;
    }
    out.push_str("\n]");
    out
}
