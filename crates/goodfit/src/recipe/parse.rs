//! TOML text to values with places.

use std::ops::Range;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::recipe::error::RecipeError;
use crate::recipe::value::{Entry, Item, Key, Place, Value, quoted};

/// The entries of a TOML text, in its order.
pub(crate) fn document(text: &str) -> Result<Vec<Entry>, RecipeError> {
    let text = Text::new(text.strip_prefix('\u{feff}').unwrap_or(text));
    let table = DeTable::parse(text.text).map_err(|error| malformed(&text, &error))?;
    Ok(entries(&text, table.get_ref()))
}

/// A text with the places of its lines.
struct Text<'a> {
    text: &'a str,
    /// First byte of each line.
    lines: Vec<usize>,
}

impl<'a> Text<'a> {
    fn new(text: &'a str) -> Self {
        let ends = text.bytes().enumerate().filter(|&(_, byte)| byte == b'\n').map(|(at, _)| at + 1);
        Self { text, lines: std::iter::once(0).chain(ends).collect() }
    }

    /// The place of a byte.
    fn place(&self, byte: usize) -> Place {
        let byte = byte.min(self.text.len());
        let line = self.lines.partition_point(|&start| start <= byte);
        let before = &self.text.as_bytes()[self.lines[line - 1]..byte];
        Place { line, column: 1 + String::from_utf8_lossy(before).chars().count() }
    }
}

/// The value of a command-line argument that starts at `byte` of its text: TOML, or else a bare word.
///
/// ```text
/// he   0.1   [100, 100]   { std = 0.01 }   "with, comma"   data/fashion
/// ```
pub(crate) fn argument(text: &str, range: Range<usize>) -> Result<Item, RecipeError> {
    let start = range.start + (text[range.clone()].len() - text[range.clone()].trim_start().len());
    let word = text[range].trim();
    let whole = Text::new(text);
    let place = whole.place(start);
    match DeValue::parse(word) {
        Ok(value) => {
            let item = shifted(item(&Text::new(word), &value), place.column - 1);
            // A date is a bare word here: the name of a folder may look like one.
            Ok(if let Value::Date(date) = item.value { Value::Text(date).at(place) } else { item })
        }
        Err(_) if !word.is_empty() && !word.contains(['"', '\'', '[', ']', '{', '}', '=']) => {
            Ok(Value::Text(word.to_owned()).at(place))
        }
        Err(_) if word.is_empty() => {
            Err(RecipeError::new("a value is missing").at(place).hint("network.init=he, for instance"))
        }
        Err(error) => {
            let at = start + error.span().map_or(0, |span| span.start);
            let error = RecipeError::new(message(&error)).at(whole.place(at));
            Err(error.hint("a value is a word or TOML: he, 0.1, [100, 50], { std = 0.01 }"))
        }
    }
}

/// How an option says a text that TOML reads as something else, for a shell; `None` where it opens quotes already.
pub(crate) fn in_quotes(option: &str, argument: &str, from: usize) -> Option<String> {
    let word = argument[from..].trim();
    if word.is_empty() || word.starts_with(['"', '\'']) {
        return None;
    }
    let typed = format!("{}{}", &argument[..from], quoted(word)).replace('\'', r"'\''");
    Some(format!("in quotes, and again for the shell: {option} '{typed}'"))
}

/// The ranges of an argument's values: cut at commas outside brackets, braces and quotes.
pub(crate) fn values(text: &str, from: usize) -> Vec<Range<usize>> {
    let (mut ranges, mut start, mut depth) = (Vec::new(), from, 0_usize);
    let mut quote = None;
    let mut escaped = false;
    for (at, c) in text.char_indices().skip_while(|&(at, _)| at < from) {
        match (quote, c) {
            (Some('"'), '\\') if !escaped => {
                escaped = true;
                continue;
            }
            (Some(q), c) if q == c && !escaped => quote = None,
            (None, '"' | '\'') => quote = Some(c),
            (None, '[' | '{') => depth += 1,
            (None, ']' | '}') => depth = depth.saturating_sub(1),
            (None, ',') if depth == 0 => {
                ranges.push(start..at);
                start = at + 1;
            }
            _ => {}
        }
        escaped = false;
    }
    ranges.push(start..text.len());
    ranges
}

fn entries(text: &Text<'_>, table: &DeTable<'_>) -> Vec<Entry> {
    let mut list: Vec<_> = table.iter().collect();
    list.sort_by_key(|(key, _)| key.span().start);
    list.into_iter()
        .map(|(key, value)| Entry {
            key: Key { name: key.get_ref().to_string(), place: text.place(key.span().start) },
            item: item(text, value),
        })
        .collect()
}

fn item(text: &Text<'_>, value: &Spanned<DeValue<'_>>) -> Item {
    let place = text.place(value.span().start);
    let value = match value.get_ref() {
        DeValue::String(text) => Value::Text(text.to_string()),
        DeValue::Integer(n) => match i64::from_str_radix(n.as_str(), n.radix()) {
            Ok(n) => Value::Integer(n),
            Err(_) => Value::Number(n.as_str().parse().unwrap_or(f64::INFINITY)),
        },
        DeValue::Float(x) => Value::Number(x.as_str().parse().unwrap_or(f64::NAN)),
        DeValue::Boolean(b) => Value::Bool(*b),
        DeValue::Datetime(date) => Value::Date(date.to_string()),
        DeValue::Array(list) => Value::List(list.iter().map(|value| item(text, value)).collect()),
        DeValue::Table(table) => Value::Table(entries(text, table)),
    };
    Item { value, place }
}

/// The same values, whose text starts after so many columns of a longer one.
fn shifted(item: Item, by: usize) -> Item {
    let shift = |place: Place| Place { column: place.column + by, ..place };
    let value = match item.value {
        Value::List(items) => Value::List(items.into_iter().map(|item| shifted(item, by)).collect()),
        Value::Table(entries) => Value::Table(
            entries
                .into_iter()
                .map(|Entry { key, item }| Entry {
                    key: Key { place: shift(key.place), ..key },
                    item: shifted(item, by),
                })
                .collect(),
        ),
        value => value,
    };
    Item { value, place: shift(item.place) }
}

fn malformed(text: &Text<'_>, error: &toml::de::Error) -> RecipeError {
    let at = error.span().map_or(0, |span| span.start.min(text.text.len()));
    let rest = text.text.get(at..).unwrap_or_default().lines().next().unwrap_or_default();
    let end = rest.find(|c: char| c.is_whitespace() || ",]}=#".contains(c)).unwrap_or(rest.len());
    let (word, message) = (&rest[..end], message(error));
    let at = text.place(at);
    if message.contains("must be quoted") && word.is_empty() {
        return RecipeError::new("not valid TOML: a value is missing").at(at).hint("name = value");
    }
    if message.contains("must be quoted") {
        return RecipeError::new(message).at(at).hint(format!("in quotes: {}", quoted(word)));
    }
    if message.contains("duplicate key") {
        return RecipeError::new(format!("{message} {word}")).at(at).hint("leave one of them out");
    }
    RecipeError::new(message).at(at).hint("a recipe has lines [table] and below them name = value, texts in quotes")
}

/// The parser's message as one lower-case clause.
fn message(error: &toml::de::Error) -> String {
    let message = error.message().lines().collect::<Vec<_>>().join(", ");
    let message = message.trim_end_matches(", expected nothing").trim_end_matches(", expected literal string");
    let mut chars = message.chars();
    let first: String = chars.next().into_iter().flat_map(char::to_lowercase).collect();
    format!("not valid TOML: {first}{}", chars.as_str())
}

impl Value {
    /// With its place.
    pub(crate) fn at(self, place: Place) -> Item {
        Item { value: self, place }
    }
}
