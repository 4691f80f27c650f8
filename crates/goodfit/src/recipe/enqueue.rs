//! `search.enqueue`: points of the search space that are tried first.

use serde_json::Value as Json;

use crate::recipe::arms::value_of;
use crate::recipe::check::check;
use crate::recipe::error::{Origin, RecipeError, any_of};
use crate::recipe::field::Kind;
use crate::recipe::parse;
use crate::recipe::settings::{Layer, Settings};
use crate::recipe::space::{Dimension, Values};
use crate::recipe::target::target;
use crate::recipe::value::{Entry, Item, Key, Place, Value};

/// A value for each field of a search space that is there, in the order of the space.
pub type Point = Vec<(String, Value)>;

/// One `FIELD=VALUE,FIELD=VALUE,..` of the command line, as a table.
pub(crate) fn argument(option: &str, argument: &str) -> Result<Item, RecipeError> {
    let mut entries = Vec::new();
    let place = |at: usize| Place { line: 1, column: 1 + argument[..at].chars().count() };
    // Nothing is the recipe's own values.
    let ranges = if argument.trim().is_empty() { Vec::new() } else { parse::values(argument, 0) };
    for range in ranges {
        let piece = &argument[range.clone()];
        let start = place(range.start + piece.len() - piece.trim_start().len());
        let Some(at) = piece.find('=') else {
            let message = format!("{} has no value, expected {option} FIELD=VALUE,FIELD=VALUE,..", piece.trim());
            let hint = format!("{option} training.learning_rate=0.1,training.batch_size=50, for instance");
            return Err(RecipeError::new(message).at(start).hint(hint));
        };
        let key = Key { name: piece[..at].trim().to_owned(), place: start };
        let item = parse::argument(argument, range.start + at + 1..range.end)?;
        entries.push(Entry { key, item });
    }
    check(&Kind::Point, option, &Value::Table(entries).at(Place::NOWHERE))
}

/// The points of checked settings, each with a value for every field that is there beside the others. What a table
/// leaves out is as the recipe says.
///
/// # Errors
/// Fields that do not vary or are not there, and values outside of what the space says.
pub(crate) fn points(settings: &Settings, space: &[Dimension]) -> Result<Vec<Point>, RecipeError> {
    let Some(Value::List(items)) = settings.get("search.enqueue") else { return Ok(Vec::new()) };
    let mut points: Vec<Point> = Vec::new();
    for (i, item) in items.iter().enumerate() {
        let Value::Table(entries) = &item.value else { continue };
        let name = if items.len() > 1 { format!("search.enqueue[{i}]") } else { "search.enqueue".to_owned() };
        let asked = Asked { settings, space, name: &name, item, entries };
        let point = asked.point()?;
        if let Some(other) = points.iter().position(|other| *other == point) {
            let message = format!("{name} is the same point as search.enqueue[{other}]");
            return Err(asked.fault(item.place, message).hint("leave one of them out"));
        }
        points.push(point);
    }
    Ok(points)
}

/// A point as a recipe says it.
struct Asked<'a> {
    settings: &'a Settings,
    space: &'a [Dimension],
    name: &'a str,
    item: &'a Item,
    entries: &'a [Entry],
}

impl Asked<'_> {
    fn point(&self) -> Result<Point, RecipeError> {
        let name = self.name;
        if let Some(Entry { key, .. }) =
            self.entries.iter().find(|entry| !self.space.iter().any(|dimension| dimension.path == entry.key.name))
        {
            let message = format!("{name} sets {}, which search.space does not vary", key.name);
            let hint = format!("set {} for all trials, or add it to search.space", key.name);
            return Err(self.fault(key.place, message).hint(hint));
        }
        // The recipe's own values beside those that were asked for.
        let mut own = self.settings.clone();
        for Entry { key, item } in self.entries {
            own.override_with(&target(&key.name)?, item, &Origin::Trial, Layer::Arm)
                .map_err(|error| self.fault(key.place, error.message))?;
        }
        let mut point: Point = Vec::new();
        let mut left: Vec<&Dimension> = self.space.iter().collect();
        // Those that others look at come first; there is no circle among them.
        while !left.is_empty() {
            let waits = |dimension: &Dimension, left: &[&Dimension]| {
                dimension.when.as_ref().is_some_and(|when| left.iter().any(|other| other.path == when.path))
            };
            let (later, now): (Vec<&Dimension>, Vec<&Dimension>) =
                left.iter().partition(|dimension| waits(dimension, &left));
            for dimension in now {
                point.extend(self.value(dimension, &own, &point)?.map(|value| (dimension.path.clone(), value)));
            }
            left = later;
        }
        let place = |path: &str| self.space.iter().position(|dimension| dimension.path == path);
        point.sort_by_key(|(path, _)| place(path));
        Ok(point)
    }

    /// The value of a field beside those of the fields that it may look at; `None` where it is not there.
    fn value(&self, dimension: &Dimension, own: &Settings, point: &Point) -> Result<Option<Value>, RecipeError> {
        let (name, path) = (self.name, &dimension.path);
        let given = self.entries.iter().find(|entry| entry.key.name == *path);
        if let Some(when) = &dimension.when
            && !point.iter().any(|(path, value)| *path == when.path && when.values.contains(value))
        {
            let Some(Entry { key, .. }) = given else { return Ok(None) };
            let values: Vec<String> = when.values.iter().map(Value::shown).collect();
            let only = format!("{} = {}", when.path, any_of(&values));
            let message = format!("{name} sets {path}, which varies only with {only}");
            return Err(self.fault(key.place, message).hint(format!("set {} too, or leave {path} out", when.path)));
        }
        if let Some(Entry { item, .. }) = given {
            if dimension.contains(&item.value) {
                return Ok(Some(item.value.clone()));
            }
            let message = format!("{name} sets {path} to {}, expected {}", item.value.shown(), dimension.values);
            return Err(self
                .fault(item.place, message)
                .hint(format!("widen {path} in search.space, or another value")));
        }
        match value_of(own, &target(path)?) {
            Some(value) if dimension.contains(&value) => Ok(Some(value)),
            value => {
                let is = value.map_or_else(|| "not set".to_owned(), |value| value.shown());
                let message =
                    format!("{name} leaves {path} to the recipe, where it is {is}, expected {}", dimension.values);
                Err(self.fault(self.item.place, message).hint(format!("set {path} there too")))
            }
        }
    }

    /// An error at a place of the text, where there is only one.
    fn fault(&self, place: Place, message: String) -> RecipeError {
        self.settings.fault("search.enqueue", message).at(place)
    }
}

impl Dimension {
    /// Whether it can be this value.
    fn contains(&self, value: &Value) -> bool {
        match (&self.values, value) {
            (Values::Choices(choices), value) => choices.contains(value),
            (&Values::Int { low, high, step, .. }, &Value::Integer(n)) => {
                (low..=high).contains(&n) && (i128::from(n) - i128::from(low)) % i128::from(step) == 0
            }
            (&Values::Float { low, high, step, .. }, value) => value.number().is_some_and(|x| {
                let is_whole = |n: f64| (n - n.round()).abs() <= 1e-9 * n.abs().max(1.0);
                (low..=high).contains(&x) && step.is_none_or(|step| is_whole((x - low) / step))
            }),
            (Values::Int { .. }, _) => false,
        }
    }
}

/// A point as the values of a trial.
pub(crate) fn json(point: &Point) -> Vec<(String, Json)> {
    point.iter().map(|(path, value)| (path.clone(), value.to_json())).collect()
}
