//! Fields by their paths.

use crate::recipe::error::{RecipeError, any_of, nearest};
use crate::recipe::field::{Default, Field, Kind, Part};
use crate::recipe::fields::{FIELDS, TABLES};
use crate::recipe::value::{Key, Value};

/// A field, or a key of the tables that it takes: `network.init`, `network.init.std`.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// The field.
    pub field: &'static Field,
    /// The key.
    pub part: Option<&'static Part>,
}

impl Target {
    /// What it takes.
    pub fn kind(&self) -> &'static Kind {
        self.part.map_or(&self.field.kind, |part| &part.kind)
    }
}

/// The field of this path.
pub fn field(path: &str) -> Option<&'static Field> {
    FIELDS.iter().find(|field| field.path == path)
}

/// The field, or the key of a field's table, of this path.
///
/// # Errors
/// When there is none, with the nearest one as the hint.
pub fn target(path: &str) -> Result<Target, RecipeError> {
    if let Some(field) = field(path) {
        return Ok(Target { field, part: None });
    }
    let inner = path.rsplit_once('.').and_then(|(outer, name)| Some((field(outer)?, name)));
    if let Some((field, name)) = inner {
        let parts = field.kind.parts();
        if let Some(part) = parts.iter().find(|part| part.name == name) {
            return Ok(Target { field, part: Some(part) });
        }
        let names: Vec<&str> = parts.iter().map(|part| part.name).collect();
        if !names.is_empty() {
            let error = RecipeError::new(format!("unknown key {name} of {}, expected {}", field.path, any_of(&names)));
            let hint = nearest(name, names.into_iter()).map(|near| format!("did you mean {}.{near}?", field.path));
            return Err(RecipeError { hint, ..error });
        }
    }
    Err(unknown(path))
}

/// What a field is when it is left out, as a hint for one that has a wrong value.
pub(crate) fn usual(path: &str) -> Option<String> {
    let whole = path.split('[').next().unwrap_or(path);
    let of =
        |field: &&Field| whole == field.path || whole.strip_prefix(field.path).is_some_and(|key| key.starts_with('.'));
    let field = FIELDS.iter().find(of)?;
    Some(match field.default {
        Default::Absent(meaning) => format!("without {}: {meaning}", field.name()),
        Default::Is(toml) => format!("the default is {} = {toml}", field.name()),
        Default::From { rule, .. } => format!("the default is {rule}"),
    })
}

/// The error for a path that is no field.
pub(crate) fn unknown(path: &str) -> RecipeError {
    let (table, name) = path.split_once('.').unwrap_or(("", path));
    if path.is_empty() {
        return RecipeError::new("a field without a name".to_owned()).hint("for instance training.steps=500");
    }
    let error = if TABLES.iter().any(|(known, _)| *known == table) || table.is_empty() {
        RecipeError::new(format!("unknown field {path}"))
    } else {
        RecipeError::new(format!("unknown field {path}: there is no table [{table}]"))
    };
    if path == "seed" || name == "seed" {
        return error.hint("a recipe holds for every seed; give one on the command line: --seed 3");
    }
    let here = FIELDS.iter().filter(|field| field.table() == table);
    let found = nearest(name, here.map(Field::name))
        .and_then(|near| field(&format!("{table}.{near}")))
        .or_else(|| FIELDS.iter().find(|field| field.name() == name))
        .or_else(|| {
            nearest(name, FIELDS.iter().map(Field::name))
                .and_then(|near| FIELDS.iter().find(|field| field.name() == near))
        });
    if let Some(field) = found {
        return error.hint(format!("did you mean {}?", field.path));
    }
    let fields: Vec<&str> = FIELDS.iter().filter(|field| field.table() == table).map(Field::name).collect();
    if fields.is_empty() { error } else { error.hint(format!("the fields of [{table}] are {}", fields.join(", "))) }
}

/// The error for an entry of a file that is no table of a recipe.
pub(crate) fn not_a_table(key: &Key, value: &Value) -> RecipeError {
    let tables: Vec<&str> = TABLES.iter().map(|(table, _)| *table).collect();
    let name = &key.name;
    if tables.contains(&name.as_str()) {
        let message = format!("{name} is {}, expected a table", value.shown());
        return RecipeError::new(message).at(key.place).hint(format!("a line [{name}] and its fields below it"));
    }
    if !matches!(value, Value::Table(_)) {
        let error = unknown(name).at(key.place);
        return if error.hint.is_some() {
            error
        } else {
            error.hint(format!("the tables are [{}]", tables.join("], [")))
        };
    }
    let error = RecipeError::new(format!("unknown table [{name}]")).at(key.place);
    match nearest(name, tables.iter().copied()) {
        Some(near) => error.hint(format!("did you mean [{near}]?")),
        None => error.hint(format!("the tables are [{}]", tables.join("], ["))),
    }
}
