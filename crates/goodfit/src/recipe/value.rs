//! Values of recipe fields with their places.

use std::fmt::{self, Write as _};

use serde_json::Value as Json;

use crate::recipe::parse;

/// A place in a text, both counted from 1; 0 = nowhere.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Line.
    pub line: usize,
    /// Column in characters.
    pub column: usize,
}

impl Place {
    /// Not in any text.
    pub const NOWHERE: Self = Self { line: 0, column: 0 };
}

/// A value with its place. Two are equal when their values are.
#[derive(Clone, Debug)]
pub struct Item {
    /// The value.
    pub value: Value,
    /// Where it stands.
    pub place: Place,
}

/// What a recipe can say.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// `true` or `false`
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A number with a point or an exponent.
    Number(f64),
    /// A string.
    Text(String),
    /// A date, which no field takes.
    Date(String),
    /// A list.
    List(Vec<Item>),
    /// A table, in the order of its text.
    Table(Vec<Entry>),
}

/// A key with its value.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The key.
    pub key: Key,
    /// The value.
    pub item: Item,
}

/// A key with its place. Two are equal when their names are.
#[derive(Clone, Debug)]
pub struct Key {
    /// The name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl From<Value> for Item {
    fn from(value: Value) -> Self {
        Self { value, place: Place::NOWHERE }
    }
}

impl Value {
    /// The entry of a table.
    pub fn get(&self, key: &str) -> Option<&Value> {
        match self {
            Value::Table(entries) => entries.iter().find(|entry| entry.key.name == key).map(|entry| &entry.item.value),
            _ => None,
        }
    }

    /// A table with one entry.
    pub(crate) fn table(name: &str, item: Item) -> Self {
        let key = Key { name: name.to_owned(), place: item.place };
        Value::Table(vec![Entry { key, item }])
    }

    /// From its TOML; `None` when it is none.
    pub(crate) fn from_toml(toml: &str) -> Option<Self> {
        parse::argument(toml, 0..toml.len()).ok().map(|item| item.value)
    }

    /// As a number, whole or not.
    pub fn number(&self) -> Option<f64> {
        match *self {
            Value::Number(x) => Some(x),
            Value::Integer(n) => Some(n as f64),
            _ => None,
        }
    }

    /// As JSON; a number that is not finite becomes `null`.
    pub fn to_json(&self) -> Json {
        match self {
            Value::Bool(b) => Json::from(*b),
            Value::Integer(n) => Json::from(*n),
            Value::Number(x) => Json::from(*x),
            Value::Text(text) | Value::Date(text) => Json::from(text.as_str()),
            Value::List(items) => items.iter().map(|item| item.value.to_json()).collect(),
            Value::Table(entries) => {
                Json::Object(entries.iter().map(|entry| (entry.key.name.clone(), entry.item.value.to_json())).collect())
            }
        }
    }

    /// From JSON; `None` for `null` and what holds it.
    pub fn from_json(json: &Json) -> Option<Self> {
        Some(match json {
            Json::Null => return None,
            Json::Bool(b) => Value::Bool(*b),
            Json::Number(n) => n.as_i64().map_or_else(|| n.as_f64().map(Value::Number), |n| Some(Value::Integer(n)))?,
            Json::String(text) => Value::Text(text.clone()),
            Json::Array(list) => {
                Value::List(list.iter().map(|json| Self::from_json(json).map(Item::from)).collect::<Option<_>>()?)
            }
            Json::Object(map) => Value::Table(
                map.iter()
                    .map(|(name, json)| {
                        let key = Key { name: name.clone(), place: Place::NOWHERE };
                        Some(Entry { key, item: Self::from_json(json)?.into() })
                    })
                    .collect::<Option<_>>()?,
            ),
        })
    }

    /// The same value without places.
    pub(crate) fn without_places(self) -> Self {
        match self {
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| item.value.without_places().into()).collect())
            }
            Value::Table(entries) => {
                let entry = |Entry { key, item }: Entry| Entry {
                    key: Key { place: Place::NOWHERE, ..key },
                    item: item.value.without_places().into(),
                };
                Value::Table(entries.into_iter().map(entry).collect())
            }
            value => value,
        }
    }

    /// The value as a message shows it: its TOML, cut when it is long.
    pub(crate) fn shown(&self) -> String {
        let text = self.to_string();
        if text.chars().count() <= 60 {
            return text;
        }
        text.chars().take(57).chain("...".chars()).collect()
    }
}

/// TOML on one line.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Value::Bool(b) => write!(f, "{b}"),
            Value::Integer(n) => write!(f, "{n}"),
            Value::Number(x) if x.is_nan() => f.write_str("nan"),
            Value::Number(x) => write!(f, "{x:?}"),
            Value::Text(text) => f.write_str(&quoted(text)),
            Value::Date(text) => f.write_str(text),
            Value::List(items) => {
                f.write_str("[")?;
                for (i, item) in items.iter().enumerate() {
                    write!(f, "{}{}", if i == 0 { "" } else { ", " }, item.value)?;
                }
                f.write_str("]")
            }
            Value::Table(entries) if entries.is_empty() => f.write_str("{}"),
            Value::Table(entries) => {
                f.write_str("{ ")?;
                for (i, entry) in entries.iter().enumerate() {
                    write!(f, "{}{} = {}", if i == 0 { "" } else { ", " }, key(&entry.key.name), entry.item.value)?;
                }
                f.write_str(" }")
            }
        }
    }
}

/// A key as TOML writes it: quoted when it is not a plain word.
pub(crate) fn key(name: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    if !name.is_empty() && name.chars().all(plain) { name.to_owned() } else { quoted(name) }
}

/// A basic string of TOML.
pub(crate) fn quoted(text: &str) -> String {
    let mut out = String::from('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            c if c.is_control() => {
                let _ = write!(out, "\\u{:04X}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}
