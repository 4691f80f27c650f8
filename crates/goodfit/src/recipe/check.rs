//! Values against what a field takes.

use crate::recipe::error::{RecipeError, any_of, nearest};
use crate::recipe::field::{Kind, MANY, Part};
use crate::recipe::space;
use crate::recipe::target::usual;
use crate::recipe::value::{Entry, Item, Value};
use crate::recipe::variations;

/// The value of a field as the rest of the program reads it: numbers are [`Value::Number`] and
/// tables have the order of their keys in the field table.
///
/// # Errors
/// When the field does not take it.
pub(crate) fn check(kind: &Kind, path: &str, item: &Item) -> Result<Item, RecipeError> {
    let wrong = || not_expected(path, item, kind);
    let value = match (kind, &item.value) {
        (Kind::Bool, Value::Bool(_)) | (Kind::Text, Value::Text(_)) if item.value != Value::Text(String::new()) => {
            item.value.clone()
        }
        (Kind::Integer { low, high }, Value::Integer(n)) if (*low..=*high).contains(n) => item.value.clone(),
        (Kind::Number(range), value) if value.number().is_some_and(|x| range.contains(x)) => {
            Value::Number(value.number().unwrap_or_default())
        }
        (Kind::Word(words), Value::Text(text)) if words.contains(&text.as_str()) => item.value.clone(),
        (Kind::List(kind), Value::List(items)) => Value::List(
            items
                .iter()
                .enumerate()
                .map(|(i, item)| check(kind, &format!("{path}[{i}]"), item))
                .collect::<Result<_, _>>()?,
        ),
        (Kind::Table(parts), Value::Table(entries)) => table(kind, parts, path, item, entries)?,
        (Kind::Variant(parts), Value::Table(entries)) if entries.len() == 1 => table(kind, parts, path, item, entries)?,
        (Kind::Either(kinds), value) => {
            let Some(kind) = kinds.iter().find(|kind| fits(kind, value)) else { return Err(wrong()) };
            return check(kind, path, item).map_err(|error| {
                // Of a number that is out of range only the range is of interest.
                let whole = kind.numeric().is_none() && error.message == not_expected(path, item, kind).message;
                if whole { wrong() } else { error }
            });
        }
        (Kind::Overrides, Value::Table(entries)) if !entries.is_empty() => variations::overrides(entries)?,
        (Kind::Point, Value::Table(entries)) => variations::overrides(entries)?,
        (Kind::Variations, Value::Table(entries)) if !entries.is_empty() => variations::variations(path, entries)?,
        (Kind::ByName(words), Value::Table(entries)) => by_name(words, path, entries)?,
        (Kind::Arms, Value::Table(entries)) if !entries.is_empty() => variations::arms(path, entries)?,
        (Kind::Space, Value::Table(entries)) if !entries.is_empty() => space::check(entries)?,
        _ => return Err(wrong()),
    };
    Ok(value.at(item.place))
}

/// Whether a value has the type that a kind takes.
fn fits(kind: &Kind, value: &Value) -> bool {
    match kind {
        Kind::Bool => matches!(value, Value::Bool(_)),
        Kind::Integer { .. } | Kind::Number(_) => value.number().is_some(),
        Kind::Word(_) | Kind::Text => matches!(value, Value::Text(_)),
        Kind::List(_) => matches!(value, Value::List(_)),
        Kind::Either(kinds) => kinds.iter().any(|kind| fits(kind, value)),
        Kind::Table(_)
        | Kind::Variant(_)
        | Kind::Overrides
        | Kind::Point
        | Kind::Variations
        | Kind::ByName(_)
        | Kind::Arms
        | Kind::Space => matches!(value, Value::Table(_)),
    }
}

fn by_name(words: &'static [&'static str], path: &str, entries: &[Entry]) -> Result<Value, RecipeError> {
    let checked = entries.iter().map(|Entry { key, item }| {
        let item = check(&Kind::Word(words), &format!("{path}.{}", key.name), item)?;
        Ok(Entry { key: key.clone(), item })
    });
    Ok(Value::Table(checked.collect::<Result<_, _>>()?))
}

fn table(kind: &Kind, parts: &[Part], path: &str, item: &Item, entries: &[Entry]) -> Result<Value, RecipeError> {
    for entry in entries {
        let name = entry.key.name.as_str();
        if !parts.iter().any(|part| part.name == name) {
            let names: Vec<&str> = parts.iter().map(|part| part.name).collect();
            let error = RecipeError::new(format!("unknown key {name} of {path}, expected {}", any_of(&names)));
            let near = nearest(name, names.iter().copied()).map(|near| format!("did you mean {near}?"));
            return Err(RecipeError { hint: near.or_else(|| usual(path)), ..error.at(entry.key.place) });
        }
    }
    let mut checked = Vec::new();
    for part in parts {
        match entries.iter().find(|entry| entry.key.name == part.name) {
            Some(Entry { key, item }) => {
                let item = check(&part.kind, &format!("{path}.{}", part.name), item)?;
                checked.push(Entry { key: key.clone(), item });
            }
            None if part.optional || matches!(kind, Kind::Variant(_)) => {}
            None => {
                let error = RecipeError::new(format!("{path} has no {}, expected {}", part.name, part.kind));
                return Err(error.at(item.place).hint(format!("{{ {} = .. }}", part.name)));
            }
        }
    }
    Ok(Value::Table(checked))
}

/// The error for a value that a field does not take.
pub(crate) fn not_expected(path: &str, item: &Item, kind: &Kind) -> RecipeError {
    let error = likely(path, item, kind);
    RecipeError { hint: error.hint.or_else(|| usual(path)), ..error }
}

/// The same, with a hint where one can guess what was meant.
fn likely(path: &str, item: &Item, kind: &Kind) -> RecipeError {
    let error = RecipeError::new(format!("{path} is {}, expected {kind}", item.value.shown())).at(item.place);
    match (&item.value, kind) {
        (Value::Number(x), _) if x.is_infinite() => error.hint(format!("the largest number is {:e}", f64::MAX)),
        (Value::Text(text), Kind::List(_)) => {
            let numbers = text.chars().all(|c| c.is_ascii_digit() || c == ',' || c == ' ');
            error.hint(format!("in brackets: [{}]", if numbers { text.clone() } else { item.value.shown() }))
        }
        (Value::Table(_), Kind::List(Kind::Point)) => error.hint(format!("in two pairs of brackets: [[{path}]]")),
        (value, Kind::List(_)) if !matches!(value, Value::List(_)) => {
            error.hint(format!("in brackets: [{}]", value.shown()))
        }
        (Value::Text(text), _) if text.parse::<f64>().is_ok_and(f64::is_finite) && kind.numeric().is_some() => {
            error.hint(format!("without the quotes: {text}"))
        }
        (Value::Text(text), _) if ["true", "false"].contains(&text.as_str()) && takes_bool(kind) => {
            error.hint(format!("without the quotes: {text}"))
        }
        (Value::Text(text), _) => {
            let near = nearest(text, kind.words().iter().copied().chain(kind.parts().iter().map(|part| part.name)));
            RecipeError { hint: near.map(|near| instead(kind, near)), ..error }
        }
        (value, _) if largest(kind).is_some_and(|most| value.number().is_some_and(|x| x > most as f64)) => {
            error.hint(format!("the largest is {}", largest(kind).unwrap_or_default()))
        }
        (Value::Number(x), _) if whole(kind) && x.fract() == 0.0 && x.abs() < 1e15 => {
            error.hint(format!("without a point or an exponent: {x}"))
        }
        (Value::Number(_) | Value::Integer(_), _) => match kind.parts() {
            [part] if !matches!(kind, Kind::Table(_)) && check(&part.kind, path, item).is_ok() => {
                error.hint(format!("did you mean {{ {} = {} }}?", part.name, item.value))
            }
            _ => error,
        },
        _ => error,
    }
}

/// The largest whole number that it takes, where it takes such and does not say it.
fn largest(kind: &Kind) -> Option<i64> {
    match kind.numeric() {
        Some(Kind::Integer { high, .. }) if *high >= MANY => Some(*high),
        _ => None,
    }
}

fn instead(kind: &Kind, near: &str) -> String {
    if kind.words().contains(&near) {
        return format!("did you mean \"{near}\"?");
    }
    format!("did you mean {{ {near} = .. }}?")
}

fn takes_bool(kind: &Kind) -> bool {
    fits(kind, &Value::Bool(true))
}

fn whole(kind: &Kind) -> bool {
    matches!(kind.numeric(), Some(Kind::Integer { .. }))
}
