//! Settings: values of recipe fields in layers, each with where it came from.

use std::collections::BTreeMap;

use crate::recipe::check::check;
use crate::recipe::enqueue;
use crate::recipe::error::{Origin, RecipeError};
use crate::recipe::field::{Default, Field, Kind, Needs};
use crate::recipe::fields::{FIELDS, TABLES};
use crate::recipe::parse;
use crate::recipe::target::{Target, field, not_a_table, target, unknown};
use crate::recipe::value::{Entry, Item, Key, Place, Value};
use crate::recipe::variations;

/// What a file and the command line say: checked field by field, not yet against each other.
///
/// A later layer replaces what an earlier one says, also where it says it in another way
/// (`training.steps` replaces `training.epochs`), and makes constants void that belong to what it
/// replaced. Within one layer both are errors.
///
/// ```
/// use goodfit::recipe::{Experiment, Settings};
///
/// let mut settings = Settings::parse("my.toml", "[training]\nepochs = 5").unwrap();
/// settings.set("--set", "training.steps=100").unwrap();
/// settings.vary("--vary", "network.init={std=0.01},xavier,he").unwrap();
/// let experiment = Experiment::resolve("my", settings).unwrap();
/// assert_eq!(experiment.arms().unwrap()[1].name, "init xavier");
/// ```
#[derive(Clone, Debug)]
pub struct Settings {
    origin: Origin,
    head: String,
    map: BTreeMap<&'static str, Setting>,
}

/// What one field was set to.
#[derive(Clone, Debug)]
pub struct Setting {
    /// The checked value with its place.
    pub item: Item,
    /// The text that it comes from.
    pub origin: Origin,
    /// The layer.
    pub layer: Layer,
}

/// Who says it; later ones win.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// The recipe file.
    File,
    /// The command line.
    Options,
    /// An arm of a comparison or a trial of a search.
    Arm,
    /// A candidate for the value that an arm is tuned in.
    Candidate,
}

impl Settings {
    /// Reads the text of a recipe file; `name` is what messages call it.
    ///
    /// # Errors
    /// Malformed TOML, unknown tables and fields, values that a field does not take, two ways to
    /// say the same. All of them, the first one in front.
    pub fn parse(name: &str, text: &str) -> Result<Self, RecipeError> {
        let origin = Origin::File(name.to_owned());
        let is_head = |line: &&str| line.starts_with('#');
        let head = text.lines().take_while(is_head).flat_map(|line| [line, "\n"]).collect();
        let mut settings = Self { origin: origin.clone(), head, map: BTreeMap::new() };
        let mut faults = Vec::new();
        for Entry { key, item } in parse::document(text).map_err(|error| error.within(&origin))? {
            let table = match item.value {
                Value::Table(entries) if TABLES.iter().any(|(table, _)| *table == key.name) => entries,
                value => {
                    faults.push(not_a_table(&key, &value).within(&origin));
                    continue;
                }
            };
            for entry in table {
                let path = format!("{}.{}", key.name, entry.key.name);
                let result = match field(&path) {
                    None => Err(unknown(&path).at(entry.key.place)),
                    Some(field) => check(&field.kind, field.path, &entry.item)
                        .and_then(|item| settings.insert(field, item, &origin, Layer::File)),
                };
                faults.extend(result.err().map(|error| error.within(&origin)));
            }
        }
        RecipeError::collect(faults)?;
        Ok(settings)
    }

    /// One `FIELD=VALUE` of the command line; `option` is what messages call it.
    ///
    /// # Errors
    /// An unknown field, or a value that it does not take.
    pub fn set(&mut self, option: &str, argument: &str) -> Result<(), RecipeError> {
        let origin = Origin::Option(format!("{option} {argument}"));
        let (target, from) = split(option, argument).map_err(|error| error.within(&origin))?;
        let in_quotes = || parse::in_quotes(option, argument, from).filter(|_| matches!(target.kind(), Kind::Text));
        parse::argument(argument, from..argument.len())
            .map_err(|error| match in_quotes() {
                Some(hint) => error.hint(hint),
                None => error,
            })
            .and_then(|item| self.override_with(&target, &item, &origin, Layer::Options))
            .map_err(|error| error.within(&origin))
    }

    /// One `FIELD=V1,V2,..` of the command line. The first one replaces the arms of the file, further
    /// ones make a grid with it.
    ///
    /// # Errors
    /// An unknown field, a value that it does not take, a field that is varied twice.
    pub fn vary(&mut self, option: &str, argument: &str) -> Result<(), RecipeError> {
        let origin = Origin::Option(format!("{option} {argument}"));
        self.add_variation(option, argument, &origin).map_err(|error| error.within(&origin))
    }

    fn add_variation(&mut self, option: &str, argument: &str, origin: &Origin) -> Result<(), RecipeError> {
        let (_, from) = split(option, argument)?;
        let key = Key { name: argument[..from - 1].trim().to_owned(), place: Place { line: 1, column: 1 } };
        let values = parse::values(argument, from).into_iter().map(|range| parse::argument(argument, range));
        let list = Value::List(values.collect::<Result<_, _>>()?).at(key.place);
        let Value::Table(new) = variations::variations(option, &[Entry { key, item: list }])? else { return Ok(()) };
        let mut entries = Vec::new();
        if let Some(Setting { layer: Layer::Options, item, .. }) = self.map.get("compare.vary")
            && let Value::Table(earlier) = &item.value
        {
            entries.clone_from(earlier);
        }
        if let Some(twice) = entries.iter().find(|earlier| new.iter().any(|entry| entry.key == earlier.key)) {
            let error = RecipeError::new(format!("{} is varied twice", twice.key.name));
            return Err(error.hint(format!("one {option} with all its values")));
        }
        entries.extend(new);
        if self.map.get("compare.baseline").is_some_and(|baseline| baseline.layer == Layer::File) {
            self.map.remove("compare.baseline");
        }
        let vary = field("compare.vary").expect("a field of the table");
        self.insert(vary, Value::Table(entries).at(Place::NOWHERE), origin, Layer::Options)
    }

    /// One `FIELD=VALUE,FIELD=VALUE,..` of the command line: a point that a search tries first. It comes after
    /// those of the file and of earlier options.
    ///
    /// # Errors
    /// An unknown field, or a value that it does not take.
    pub fn enqueue(&mut self, option: &str, argument: &str) -> Result<(), RecipeError> {
        let origin = Origin::Option(format!("{option} {argument}"));
        let point = enqueue::argument(option, argument).map_err(|error| error.within(&origin))?;
        let mut points = match self.map.get("search.enqueue") {
            Some(Setting { item: Item { value: Value::List(points), .. }, .. }) => points.clone(),
            _ => Vec::new(),
        };
        points.push(point);
        // Several arguments make one list, so that no place in one of them is a place of the list.
        self.set_value(option, "search.enqueue", Value::List(points).without_places())
    }

    /// The value of an option that stands for one field, such as `--seeds 3` for `compare.seeds`.
    ///
    /// # Errors
    /// When the field does not take it.
    pub fn set_value(&mut self, option: &str, path: &str, value: Value) -> Result<(), RecipeError> {
        let origin = Origin::Option(option.to_owned());
        target(path)
            .and_then(|target| self.override_with(&target, &value.into(), &origin, Layer::Options))
            .map_err(|error| error.within(&origin))
    }

    /// A value that the data say, where nobody else says one.
    ///
    /// # Errors
    /// When the field does not take it.
    pub fn infer(&mut self, path: &str, value: Value) -> Result<(), RecipeError> {
        if self.is_set(path) {
            return Ok(());
        }
        target(path).and_then(|target| self.override_with(&target, &value.into(), &Origin::Data, Layer::File))
    }

    /// The same for a value that is kept as its TOML, in the layer of the file or of a trial.
    ///
    /// # Errors
    /// As `set_value`, and when it is no TOML.
    pub(crate) fn set_toml(&mut self, path: &str, toml: &str, layer: Layer) -> Result<(), RecipeError> {
        let origin = if layer == Layer::File { self.origin.clone() } else { Origin::Trial };
        let item = parse::argument(toml, 0..toml.len());
        item.and_then(|item| self.override_with(&target(path)?, &item, &origin, layer))
            .map_err(|error| error.within(&origin))
    }

    /// Puts a value of a field, or of a key of its table, into a layer.
    pub(crate) fn override_with(
        &mut self,
        target: &Target,
        item: &Item,
        origin: &Origin,
        layer: Layer,
    ) -> Result<(), RecipeError> {
        let field = target.field;
        let item = match target.part {
            None => check(&field.kind, field.path, item)?,
            Some(part) => {
                let place = item.place;
                let item = check(&part.kind, &format!("{}.{}", field.path, part.name), item)?;
                let whole = self.merged(target, item).at(place);
                check(&field.kind, field.path, &whole)?
            }
        };
        self.insert(field, item, origin, layer)
    }

    /// The table of a field with one key replaced; a table of which only one key can stand is new.
    fn merged(&self, target: &Target, item: Item) -> Value {
        let (field, name) = (target.field, target.part.map_or("", |part| part.name));
        let merges = |kind: &Kind| matches!(kind, Kind::Table(_));
        let merges = matches!(&field.kind, Kind::Either(kinds) if kinds.iter().any(merges)) || merges(&field.kind);
        let mut entries = match self.get(field.path) {
            Some(Value::Table(entries)) if merges => entries,
            // A plain number is the rate of the hidden layers.
            Some(number @ Value::Number(_)) if merges && field.path == "network.dropout" => {
                match Value::table("hidden", number.into()) {
                    Value::Table(entries) => entries,
                    _ => Vec::new(),
                }
            }
            _ => Vec::new(),
        };
        entries.retain(|entry| entry.key.name != name);
        entries.push(Entry { key: Key { name: name.to_owned(), place: item.place }, item });
        Value::Table(entries)
    }

    fn insert(&mut self, field: &'static Field, item: Item, origin: &Origin, layer: Layer) -> Result<(), RecipeError> {
        for &other in field.instead_of {
            match self.map.get(other) {
                Some(setting) if setting.layer == layer => {
                    let message = format!("both {other} and {} are set, expected only one of them", field.path);
                    return Err(RecipeError::new(message).at(item.place).hint("leave one of them out"));
                }
                Some(_) => {
                    self.map.remove(other);
                    let depends = |path| {
                        let needs = crate::recipe::target::field(path).and_then(|field| field.needs);
                        needs.is_some_and(|needs| needs.field() == other)
                    };
                    self.map.retain(|path, setting| setting.layer == layer || !depends(path));
                }
                None => {}
            }
        }
        self.map.insert(field.path, Setting { item, origin: origin.clone(), layer });
        Ok(())
    }

    /// What a field was set to, if it was.
    pub fn setting(&self, path: &str) -> Option<&Setting> {
        self.map.get(path)
    }

    /// Whether a field was set.
    pub fn is_set(&self, path: &str) -> bool {
        self.map.contains_key(path)
    }

    /// What a field is: as it was set, or else its default; `None` where it has none or does not apply.
    pub fn get(&self, path: &str) -> Option<Value> {
        let field = field(path)?;
        if !field.needs.is_none_or(|needs| self.holds(&needs)) {
            return None;
        }
        match self.map.get(path) {
            Some(setting) => Some(setting.item.value.clone()),
            None => self.default(field),
        }
    }

    /// What a field of whole numbers is; 0 where it does not apply.
    pub(crate) fn count(&self, path: &str) -> usize {
        match self.get(path) {
            Some(Value::Integer(n)) => usize::try_from(n).unwrap_or_default(),
            _ => 0,
        }
    }

    /// What a field of words is.
    pub(crate) fn text(&self, path: &str) -> Option<String> {
        match self.get(path) {
            Some(Value::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// What a field is when nobody sets it.
    pub(crate) fn default(&self, field: &Field) -> Option<Value> {
        if field.instead_of.iter().any(|other| self.is_set(other)) {
            return None;
        }
        match field.default {
            Default::Absent(_) => None,
            Default::Is(toml) => Value::from_toml(toml),
            Default::From { value, .. } => value(self),
        }
    }

    /// Whether what a field needs is there.
    pub(crate) fn holds(&self, needs: &Needs) -> bool {
        let is_met = |path: &str| self.get(path).is_some_and(|value| needs.is_met_by(&value));
        match needs {
            Needs::Set(path) => self.is_set(path),
            Needs::Is(path, _) | Needs::Positive(path) | Needs::True(path) => is_met(path),
            Needs::PositiveOrSet(path, others) => is_met(path) || others.iter().any(|other| self.is_set(other)),
        }
    }

    /// Whether what a field was set to became void when a later layer replaced what it is for.
    pub(crate) fn is_void(&self, field: &Field) -> bool {
        let (Some(setting), Some(needs)) = (self.map.get(field.path), field.needs) else { return false };
        !self.holds(&needs) && self.map.get(needs.field()).is_some_and(|other| other.layer > setting.layer)
    }

    /// Without the settings of the last layer that would do nothing.
    pub(crate) fn without_unused(mut self) -> Self {
        let unused: Vec<&str> = FIELDS
            .iter()
            .filter(|field| self.map.get(field.path).is_some_and(|setting| setting.layer == Layer::Arm))
            .filter(|field| field.needs.is_some_and(|needs| !self.holds(&needs)))
            .map(|field| field.path)
            .collect();
        self.map.retain(|path, _| !unused.contains(path));
        self
    }

    /// Errors for settings that would do nothing. `free` are fields that arms or trials set: what
    /// depends on them may apply there. What an earlier layer says about something that a later one
    /// replaced is void and no error.
    pub(crate) fn unused(&self, free: &[&str]) -> Vec<RecipeError> {
        let mut faults = Vec::new();
        for field in FIELDS {
            let (Some(setting), Some(needs)) = (self.map.get(field.path), field.needs) else { continue };
            let other = needs.field();
            if self.holds(&needs) || self.is_void(field) || free.contains(&other) {
                continue;
            }
            let state = match self.get(other) {
                Some(value) => format!("{other} is {}, which has no use for it", value.shown()),
                None => format!("{other} is not"),
            };
            let error = RecipeError::new(format!("{} is set, but {state}", field.path)).hint(match needs {
                Needs::Set(other) => format!("set {other} too, or leave {} out", field.path),
                _ => format!("it is for {needs}"),
            });
            faults.push(error.at(setting.item.place).within(&setting.origin));
        }
        faults
    }

    /// An error about a field, at its place if it was set.
    pub(crate) fn fault(&self, path: &str, message: impl Into<String>) -> RecipeError {
        let error = RecipeError::new(message);
        match self.map.get(path) {
            Some(setting) => error.at(setting.item.place).within(&setting.origin),
            None => error.within(&self.origin),
        }
    }

    /// An error about an entry of a table by path, at its place.
    pub(crate) fn fault_in(&self, table: &str, path: &str, message: impl Into<String>) -> RecipeError {
        let error = self.fault(table, message);
        let Some(Setting { item: Item { value: Value::Table(entries), .. }, .. }) = self.map.get(table) else {
            return error;
        };
        match entries.iter().find(|entry| entry.key.name == path) {
            Some(entry) => error.at(entry.key.place),
            None => error,
        }
    }

    /// The comment at the head of the file.
    pub(crate) fn head(&self) -> &str {
        &self.head
    }
}

fn split(option: &str, argument: &str) -> Result<(Target, usize), RecipeError> {
    let start = Place { line: 1, column: 1 };
    let Some(at) = argument.find('=') else {
        let expected = if option == "--vary" { "FIELD=VALUE,VALUE,.." } else { "FIELD=VALUE" };
        let error = RecipeError::new(format!("a value is missing, expected {option} {expected}"));
        return Err(error.at(start).hint(format!("{option} network.init=he, for instance")));
    };
    let target = target(argument[..at].trim()).map_err(|error| error.at(start))?;
    Ok((target, at + 1))
}
