//! Tables by recipe path: `[compare.vary]`, `[compare.tune]`, `[compare.arms]`, overrides.

use crate::recipe::check::{check, not_expected};
use crate::recipe::error::RecipeError;
use crate::recipe::field::Kind;
use crate::recipe::fields::TABLES;
use crate::recipe::target::{Target, target};
use crate::recipe::value::{Entry, Item, Key, Value};

/// Entries by path: tables of tables become `table.field`, whether the path was quoted or not.
pub(crate) fn by_path(entries: &[Entry]) -> Vec<Entry> {
    let mut flat = Vec::new();
    for entry in entries {
        let Key { name, place } = &entry.key;
        match &entry.item.value {
            Value::Table(inner) if TABLES.iter().any(|(table, _)| table == name) => {
                flat.extend(inner.iter().map(|inner| Entry {
                    key: Key { name: format!("{name}.{}", inner.key.name), place: *place },
                    item: inner.item.clone(),
                }));
            }
            _ => flat.push(entry.clone()),
        }
    }
    flat
}

/// The target of a path that arms and trials may differ in.
pub(crate) fn varying(key: &Key) -> Result<Target, RecipeError> {
    let target = target(&key.name).map_err(|error| error.at(key.place))?;
    if target.field.varies() {
        return Ok(target);
    }
    let (expected, hint) = match target.field.path {
        "data.target" => ("", "a recipe for each value, or --set"),
        "data.folds" => ("", "leave it out: it is for train; --resplit splits off other rows for each seed"),
        "training.metric" => ("", "leave it out: one metric decides between all; training.stopping_metric can vary"),
        "training.refit" => ("", "leave it out: only train keeps a network, and scores are those of the first one"),
        "training.ensemble" => {
            ("", "leave it out: it is for the model that is kept; network.members, of one training, may vary")
        }
        _ => (", expected a field of [data], [network] or [training]", "a recipe for each value, or --set"),
    };
    Err(RecipeError::new(format!("{} cannot vary{expected}", key.name)).at(key.place).hint(hint))
}

/// Checked values by path.
pub(crate) fn overrides(entries: &[Entry]) -> Result<Value, RecipeError> {
    let mut checked: Vec<Entry> = Vec::new();
    for Entry { key, item } in by_path(entries) {
        let item = check(varying(&key)?.kind(), &key.name, &item)?;
        push(&mut checked, key, item)?;
    }
    Ok(Value::Table(checked))
}

/// Checked lists of values by path.
pub(crate) fn variations(path: &str, entries: &[Entry]) -> Result<Value, RecipeError> {
    let mut checked = Vec::new();
    for Entry { key, item } in by_path(entries) {
        let kind = varying(&key)?.kind();
        let values = values(&format!("{path} of {}", key.name), &key.name, kind, &item)?;
        push(&mut checked, key, Value::List(values).at(item.place))?;
    }
    Ok(Value::Table(checked))
}

/// Checked, different values of one field; at least one.
pub(crate) fn values(what: &str, path: &str, kind: &Kind, item: &Item) -> Result<Vec<Item>, RecipeError> {
    let Value::List(items) = &item.value else {
        let message = format!("{what} is {}, expected a list of values", item.value.shown());
        return Err(RecipeError::new(message).at(item.place).hint(format!("in brackets: [{}]", item.value.shown())));
    };
    if items.is_empty() {
        let error = RecipeError::new(format!("{what} is an empty list, expected at least one value"));
        return Err(error.at(item.place).hint("leave it out, or name a value"));
    }
    let mut checked: Vec<Item> = Vec::new();
    for item in items {
        let value = check(kind, path, item)?;
        if checked.contains(&value) {
            let message = format!("{what} has {} twice", value.value.shown());
            return Err(RecipeError::new(message).at(item.place).hint("leave one of them out"));
        }
        checked.push(value);
    }
    Ok(checked)
}

/// Checked overrides by the name of an arm.
pub(crate) fn arms(path: &str, entries: &[Entry]) -> Result<Value, RecipeError> {
    let mut checked = Vec::new();
    for Entry { key, item } in entries {
        let Value::Table(settings) = &item.value else {
            return Err(not_expected(&format!("{path}.{}", key.name), item, &Kind::Overrides));
        };
        if key.name.trim().is_empty() {
            return Err(RecipeError::new("an arm has an empty name").at(key.place).hint("a name for it"));
        }
        checked.push(Entry { key: key.clone(), item: overrides(settings)?.at(item.place) });
    }
    Ok(Value::Table(checked))
}

fn push(checked: &mut Vec<Entry>, key: Key, item: Item) -> Result<(), RecipeError> {
    if checked.iter().any(|entry| entry.key.name == key.name) {
        let error = RecipeError::new(format!("{} stands twice in one table", key.name));
        return Err(error.at(key.place).hint("leave one of them out"));
    }
    checked.push(Entry { key, item });
    Ok(())
}
