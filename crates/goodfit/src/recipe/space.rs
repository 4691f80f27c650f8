//! `[search.space]`: what a search may vary, and how.

use std::fmt;

use goodfit_tune::Distribution;
use serde_json::Value as Json;

use crate::recipe::check::check as check_value;
use crate::recipe::condition::{self, When};
use crate::recipe::error::{RecipeError, any_of, nearest};
use crate::recipe::field::Kind;
use crate::recipe::value::{Entry, Item, Key, Value};
use crate::recipe::variations::{by_path, values, varying};

/// One field that a search varies.
#[derive(Clone, Debug, PartialEq)]
pub struct Dimension {
    /// The field, or a key of its table: `training.learning_rate`, `network.init.std`.
    pub path: String,
    /// What messages call it, for instance `learning rate`.
    pub label: &'static str,
    /// Where it may lie.
    pub values: Values,
    /// With which values of another field it varies; always when `None`.
    pub when: Option<When>,
}

/// Where a field of a search may lie.
#[derive(Clone, Debug, PartialEq)]
pub enum Values {
    /// A number between two others, both included.
    Float {
        /// The lowest.
        low: f64,
        /// The highest.
        high: f64,
        /// Whether its logarithm is what is spread evenly.
        log: bool,
        /// Distance of the values, from `low` on.
        step: Option<f64>,
    },
    /// A whole number between two others, both included.
    Int {
        /// The lowest.
        low: i64,
        /// The highest.
        high: i64,
        /// Whether its logarithm is what is spread evenly.
        log: bool,
        /// Distance of the values, from `low` on; 1 where nothing was said.
        step: i64,
    },
    /// One of these, without order.
    Choices(Vec<Value>),
}

/// What it may be, as the end of a sentence: `0.1 to 1`.
impl fmt::Display for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Values::Float { low, high, step: None, .. } => write!(f, "a number from {low} to {high}"),
            Values::Float { low, high, step: Some(step), .. } => write!(f, "{low} to {high} in steps of {step}"),
            Values::Int { low, high, step: 1, .. } => write!(f, "a whole number from {low} to {high}"),
            Values::Int { low, high, step, .. } => write!(f, "{low} to {high} in steps of {step}"),
            Values::Choices(choices) => f.write_str(&any_of(&choices.iter().map(Value::shown).collect::<Vec<_>>())),
        }
    }
}

impl Dimension {
    /// Whether it is this field, or a key of its table.
    pub(crate) fn is_of(&self, field: &str) -> bool {
        self.path == field || self.path.strip_prefix(field).is_some_and(|rest| rest.starts_with('.'))
    }

    /// Its lowest value, or its first choice.
    pub(crate) fn first(&self) -> Json {
        match &self.values {
            Values::Float { low, .. } => Json::from(*low),
            Values::Int { low, .. } => Json::from(*low),
            Values::Choices(choices) => choices.first().map_or(Json::Null, Value::to_json),
        }
    }

    /// Its highest value, or its last choice.
    pub(crate) fn last(&self) -> Json {
        match &self.values {
            Values::Float { high, .. } => Json::from(*high),
            Values::Int { high, .. } => Json::from(*high),
            Values::Choices(choices) => choices.last().map_or(Json::Null, Value::to_json),
        }
    }
}

const KEYS: [&str; 6] = ["low", "high", "log", "step", "choices", "when"];

/// Fields that say on which rows, and by which loss, trials are ranked. A search that varied them would choose the
/// question whose answer looks best, or choose by the sealed test rows.
const RANKING: [&str; 17] = [
    "data.source",
    "data.test",
    "data.test_file",
    "data.split",
    "data.group",
    "data.time",
    "data.split_column",
    "data.rows",
    "data.columns",
    "data.weight",
    "data.train_rows",
    "data.validation",
    "data.folds",
    "data.evaluation",
    "data.split_seed",
    "training.loss",
    "training.metric",
];

/// Checked ranges and lists by path.
pub(crate) fn check(entries: &[Entry]) -> Result<Value, RecipeError> {
    let mut checked: Vec<Entry> = Vec::new();
    for Entry { key, item } in by_path(entries) {
        let target = varying(&key)?;
        if RANKING.contains(&target.field.path) {
            let message = format!("search.space varies {}, which decides what trials are ranked by", key.name);
            let hint = "leave it out: trials can only be compared on the same rows and by the same loss";
            return Err(RecipeError::new(message).at(key.place).hint(hint));
        }
        let kind = target.kind();
        let item = match &item.value {
            Value::Table(keys) => table(&key.name, kind, &item, keys)?,
            Value::List(_) => {
                let what = format!("search.space of {}", key.name);
                Value::List(values(&what, &key.name, kind, &item)?).at(item.place)
            }
            value => {
                let message = format!(
                    "search.space of {} is {}, expected {{ low = .., high = .. }} or a list of choices",
                    key.name,
                    value.shown()
                );
                return Err(RecipeError::new(message).at(item.place).hint(example(&key.name, kind)));
            }
        };
        if checked.iter().any(|entry| entry.key.name == key.name) {
            let error = RecipeError::new(format!("{} stands twice in search.space", key.name));
            return Err(error.at(key.place).hint("leave one of them out"));
        }
        checked.push(Entry { key, item });
    }
    condition::check_all(&checked)?;
    Ok(Value::Table(checked))
}

/// A checked table: a range or a list of choices, and when it is there.
fn table(path: &str, kind: &Kind, item: &Item, keys: &[Entry]) -> Result<Item, RecipeError> {
    if let Some(unknown) = keys.iter().find(|entry| !KEYS.contains(&entry.key.name.as_str())) {
        let name = &unknown.key.name;
        let error = RecipeError::new(format!("unknown key {name} in the range of {path}, expected {}", any_of(&KEYS)));
        let hint = nearest(name, KEYS.into_iter()).map(|near| format!("did you mean {near}?"));
        let hint = hint.or_else(|| Some(example(path, kind)));
        return Err(RecipeError { hint, ..error.at(unknown.key.place) });
    }
    let when = keys.iter().find(|entry| entry.key.name == "when");
    let when = when.map(|Entry { key, item }| Ok((key.clone(), condition::check(path, item)?))).transpose()?;
    let entry = |key: Key, item: Item| Entry { key, item };
    let Some(Entry { key, item: choices }) = keys.iter().find(|entry| entry.key.name == "choices") else {
        let mut checked = range(path, kind, item, keys)?;
        checked.extend(when.map(|(key, item)| entry(key, item)));
        return Ok(Value::Table(checked).at(item.place));
    };
    if let Some(other) = keys.iter().find(|entry| KEYS[..4].contains(&entry.key.name.as_str())) {
        let message = format!("the space of {path} has both choices and {}", other.key.name);
        return Err(RecipeError::new(message).at(other.key.place).hint("either a range or choices"));
    }
    let choices = Value::List(values(&format!("choices of {path}"), path, kind, choices)?).at(choices.place);
    Ok(match when {
        // Without a condition the list says it all.
        None => choices.value.at(item.place),
        Some((when, item_)) => Value::Table(vec![entry(key.clone(), choices), entry(when, item_)]).at(item.place),
    })
}

/// A space that a field of this kind may have.
fn example(path: &str, kind: &Kind) -> String {
    match kind.numeric() {
        Some(Kind::Integer { low, .. }) if *low > 1 => format!("{{ low = {low}, high = {} }}, for instance", low + 8),
        Some(Kind::Integer { .. }) => "{ low = 1, high = 64, log = true }, for instance".to_owned(),
        Some(_) => "{ low = 1e-4, high = 0.1, log = true }, for instance".to_owned(),
        None => format!("a list of choices, of which each is {kind}, for {path}"),
    }
}

/// A checked range.
fn range(path: &str, kind: &Kind, item: &Item, keys: &[Entry]) -> Result<Vec<Entry>, RecipeError> {
    bounds(path, kind, item, keys)
        .map_err(|error| RecipeError { hint: error.hint.clone().or_else(|| Some(example(path, kind))), ..error })
}

fn bounds(path: &str, kind: &Kind, item: &Item, keys: &[Entry]) -> Result<Vec<Entry>, RecipeError> {
    let Some(number) = kind.numeric() else {
        let error = RecipeError::new(format!("{path} is not a number and has no range, expected a list of choices"));
        return Err(error.at(item.place).hint(format!("{path} takes {kind}")));
    };
    let get = |name: &str| keys.iter().find(|entry| entry.key.name == name).map(|entry| &entry.item);
    let bound = |name: &str| match get(name) {
        Some(item) => check_value(number, &format!("{name} of {path}"), item),
        None => Err(RecipeError::new(format!("the range of {path} has no {name}")).at(item.place)),
    };
    let (low, high) = (bound("low")?, bound("high")?);
    let said = |name: &str| get(name).map(|item| item.value.to_string()).unwrap_or_default();
    let number_of = |item: &Item| item.value.number().unwrap_or_default();
    if number_of(&low) >= number_of(&high) {
        let message = format!("low of {path} is {}, expected less than its high, {}", said("low"), said("high"));
        return Err(RecipeError::new(message).at(low.place));
    }
    let log = match get("log") {
        None => None,
        Some(item) => Some(check_value(&Kind::Bool, &format!("log of {path}"), item)?),
    };
    let is_log = log.as_ref().is_some_and(|log| log.value == Value::Bool(true));
    if is_log && number_of(&low) <= 0.0 {
        let message = format!("low of {path} is {}, expected a number above 0 with log = true", said("low"));
        return Err(RecipeError::new(message).at(low.place));
    }
    let step = match get("step") {
        None => None,
        Some(item) if is_log => {
            let error = RecipeError::new(format!("the range of {path} has both log = true and step"));
            return Err(error.at(item.place).hint("without step, or without log"));
        }
        Some(item) => Some(step_of(path, number, item, number_of(&low), number_of(&high))?),
    };
    let named = [("low", Some(low)), ("high", Some(high)), ("log", log), ("step", step)];
    let entry = |(name, item): (&str, Option<Item>)| {
        item.map(|item| Entry { key: Key { name: name.to_owned(), place: item.place }, item })
    };
    Ok(named.into_iter().filter_map(entry).collect())
}

fn step_of(path: &str, number: &Kind, item: &Item, low: f64, high: f64) -> Result<Item, RecipeError> {
    let kind = match number {
        Kind::Integer { .. } => Kind::count(1),
        _ => Kind::Number(crate::recipe::field::Range::Positive),
    };
    let step = check_value(&kind, &format!("step of {path}"), item)?;
    let (size, width) = (step.value.number().unwrap_or_default(), high - low);
    if size > width {
        let message = format!("step of {path} is {}, expected at most high - low = {width}", item.value);
        return Err(RecipeError::new(message).at(step.place));
    }
    let range = Distribution::Float { low, high, log: false, step: Some(size) };
    if !range.contains(goodfit_tune::Value::Float(high)) {
        // Without the rounding errors of a sum.
        let nearest = ((low + (width / size).floor() * size) * 1e12).round() / 1e12;
        let message = format!("step of {path} is {}, but steps of it from {low} do not meet {high}", item.value);
        return Err(RecipeError::new(message).at(step.place).hint(format!("high = {nearest}, or another step")));
    }
    Ok(step)
}

/// The dimensions of a checked space.
pub(crate) fn dimensions(space: &Value) -> Vec<Dimension> {
    let Value::Table(entries) = space else { return Vec::new() };
    let dimension = |Entry { key, item }: &Entry| {
        let label = varying(key).ok()?.field.label;
        let when = condition::when(&item.value);
        let choices = |items: &[Item]| Values::Choices(items.iter().map(|item| item.value.clone()).collect());
        let values = match &item.value {
            Value::List(items) => choices(items),
            table => {
                if let Some(Value::List(items)) = table.get("choices") {
                    return Some(Dimension { path: key.name.clone(), label, values: choices(items), when });
                }
                let log = table.get("log") == Some(&Value::Bool(true));
                match (table.get("low")?, table.get("high")?) {
                    (&Value::Integer(low), &Value::Integer(high)) => {
                        let step = if let Some(&Value::Integer(step)) = table.get("step") { step } else { 1 };
                        Values::Int { low, high, log, step }
                    }
                    (low, high) => Values::Float {
                        low: low.number()?,
                        high: high.number()?,
                        log,
                        step: table.get("step").and_then(Value::number),
                    },
                }
            }
        };
        Some(Dimension { path: key.name.clone(), label, values, when })
    };
    entries.iter().filter_map(dimension).collect()
}
