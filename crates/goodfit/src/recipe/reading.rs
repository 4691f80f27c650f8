//! How a table is read, as a recipe says it.

use crate::data::table::{ColumnKind, TableOptions, TextEncoding, delimiter_named};
use crate::recipe::settings::Settings;
use crate::recipe::value::{Entry, Value};

impl Settings {
    /// What is said of the table of `data.source`.
    pub(crate) fn table_options(&self) -> TableOptions {
        let flag = |path: &str| match self.get(path) {
            Some(Value::Bool(flag)) => Some(flag),
            _ => None,
        };
        let text = |value: &Value| match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        };
        let missing = match self.get("data.missing") {
            Some(Value::List(words)) => words.iter().filter_map(|word| text(&word.value)).collect(),
            _ => Vec::new(),
        };
        let kind = |Entry { key, item }: &Entry| Some((key.name.clone(), ColumnKind::named(&text(&item.value)?)?));
        let kinds = match self.get("data.kinds") {
            Some(Value::Table(entries)) => entries.iter().filter_map(kind).collect(),
            _ => Vec::new(),
        };
        TableOptions {
            delimiter: self.text("data.delimiter").and_then(|text| delimiter_named(&text)),
            encoding: self.text("data.encoding").and_then(|name| TextEncoding::named(&name)),
            has_header: flag("data.header"),
            decimal_comma: flag("data.decimal_comma"),
            missing,
            kinds: kinds.into_iter().collect(),
        }
    }
}
