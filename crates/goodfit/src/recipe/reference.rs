//! The reference page of recipe files.

use std::fmt::Write as _;

use crate::recipe::field::{Default, Field};
use crate::recipe::fields::{FIELDS, TABLES};

/// Every field of a recipe file with what it takes, its default and what it is for, as Markdown.
///
/// ```
/// assert!(goodfit::recipe::reference().contains("`network.init`"));
/// ```
pub fn reference() -> String {
    let mut page = String::from(
        "# Recipe files\n\nA recipe is a TOML file. Every field has a default, so that an empty file is a recipe too. \
         Unknown fields and fields that would do nothing are errors. Paths of fields, as here, are what `--set`, \
         `--vary`, `compare.vary`, `compare.tune` and `search.space` take; a key of a table that a field takes is one \
         too, such as `network.init.std`.\n",
    );
    for (table, doc) in TABLES {
        let _ =
            write!(page, "\n## [{table}]\n\n{doc}\n\n| field | takes | default | what it is |\n|---|---|---|---|\n");
        for field in FIELDS.iter().filter(|field| field.table() == *table) {
            let _ = writeln!(
                page,
                "| `{}` | {} | {} | {} |",
                field.path,
                cell(&field.kind.to_string()),
                cell(&default(field)),
                cell(&doc_of(field))
            );
        }
    }
    page
}

fn default(field: &Field) -> String {
    match field.default {
        Default::Absent(meaning) => format!("not set: {meaning}"),
        Default::Is(toml) => format!("`{toml}`"),
        Default::From { rule, .. } => rule.to_owned(),
    }
}

fn doc_of(field: &Field) -> String {
    match field.needs {
        Some(needs) => format!("{}; only for {needs}", field.doc),
        None => field.doc.to_owned(),
    }
}

/// Text that can stand in a cell of a Markdown table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('<', "&lt;")
}
