//! The arms of a comparison.

use std::collections::BTreeMap;

use serde_json::Value as Json;

use crate::recipe::compare::Baseline;
use crate::recipe::error::{Origin, RecipeError, nearest};
use crate::recipe::experiment::Experiment;
use crate::recipe::field::Kind;
use crate::recipe::fields::FIELDS;
use crate::recipe::settings::{Layer, Settings};
use crate::recipe::target::{Target, target};
use crate::recipe::typed::Recipe;
use crate::recipe::value::{Entry, Item, Value};

/// The most arms that one comparison can have.
pub const MAX_ARMS: usize = 10_000;

/// An arm that is to be trained.
#[derive(Clone, Debug, PartialEq)]
pub struct ArmPlan {
    /// Readable and unique, for instance `init std 0.01, batch norm on`.
    pub name: String,
    /// Its values of the fields in which arms differ, by path.
    pub settings: BTreeMap<String, Json>,
    /// What is trained; where it is tuned, with the first candidate's values.
    pub recipe: Recipe,
    /// Where it is tuned, the values of which it takes its own best.
    pub candidates: Vec<Candidate>,
}

/// One way to train an arm that is tuned.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// For instance `learning rate 0.01`.
    pub name: String,
    /// The tuned values by path.
    pub settings: BTreeMap<String, Json>,
    /// What is trained.
    pub recipe: Recipe,
}

/// A named set of values by path.
struct Choice {
    name: String,
    values: Vec<(Target, Entry)>,
}

impl Experiment {
    /// The arms in their order; one named `recipe` where nothing varies.
    ///
    /// # Errors
    /// Arms that end up equal, contradict themselves, or set what does nothing.
    pub fn arms(&self) -> Result<Vec<ArmPlan>, RecipeError> {
        let settings = &self.settings;
        let (choices, path) = match (settings.get("compare.vary"), settings.get("compare.arms")) {
            (Some(vary), _) => (self.grid(&vary, "compare.vary")?, "compare.vary"),
            (_, Some(arms)) => (named(&arms)?, "compare.arms"),
            _ => (vec![Choice { name: "recipe".to_owned(), values: Vec::new() }], "compare.vary"),
        };
        let tuned = match settings.get("compare.tune") {
            Some(tune) => self.grid(&tune, "compare.tune")?,
            None => Vec::new(),
        };
        let origin = settings.setting(path).map_or(Origin::Trial, |setting| setting.origin.clone());
        let mut applied = Vec::new();
        let mut arms: Vec<ArmPlan> = Vec::new();
        for choice in &choices {
            let arm = apply(settings, choice, &origin, Layer::Arm)?;
            let plan = plan(&arm, choice, &choices, &tuned, settings)?;
            let same = |other: &&ArmPlan| other.recipe == plan.recipe && other.candidates == plan.candidates;
            if let Some(other) = arms.iter().find(same) {
                let message = format!("the arms \"{}\" and \"{}\" are the same recipe", other.name, plan.name);
                return Err(settings.fault(path, message).hint("leave one of them out"));
            }
            if arms.iter().any(|other| other.name == plan.name) {
                let error = settings.fault(path, format!("two arms have the name \"{}\"", plan.name));
                return Err(error.hint("name them in [compare.arms]"));
            }
            applied.push(arm);
            arms.push(plan);
        }
        used_by_some(settings, &applied)?;
        Ok(arms)
    }

    /// The index of the arm that the others are held against.
    ///
    /// # Errors
    /// When `compare.baseline` is not exactly one of them.
    pub fn baseline(&self, arms: &[ArmPlan]) -> Result<usize, RecipeError> {
        let (shown, found): (String, Vec<usize>) = match &self.compare.baseline {
            None => return Ok(0),
            Some(Baseline::Name(name)) => {
                (format!("\"{name}\""), (0..arms.len()).filter(|&i| arms[i].name == *name).collect())
            }
            Some(Baseline::Settings(settings)) => {
                let has = |arm: &ArmPlan| settings.iter().all(|(path, value)| arm.settings.get(path) == Some(value));
                let shown = self.settings.get("compare.baseline").map(|value| value.shown()).unwrap_or_default();
                (shown, (0..arms.len()).filter(|&i| has(&arms[i])).collect())
            }
        };
        match found[..] {
            [index] => Ok(index),
            [] => {
                let message = format!("compare.baseline is {shown}, which is no arm");
                let said = shown.trim_matches('"');
                let ends = |arm: &&ArmPlan| arm.name.ends_with(&format!(" {said}"));
                let near = nearest(said, arms.iter().map(|arm| arm.name.as_str()))
                    .or_else(|| arms.iter().find(ends).map(|arm| arm.name.as_str()));
                let some: Vec<&str> = arms.iter().take(5).map(|arm| arm.name.as_str()).collect();
                Err(self.settings.fault("compare.baseline", message).hint(match near {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => format!("the arms are: {}{}", some.join("; "), if arms.len() > 5 { "; .." } else { "" }),
                }))
            }
            [first, second, ..] => {
                let message = format!(
                    "compare.baseline is {shown}, which is {} arms, among them \"{}\" and \"{}\"",
                    found.len(),
                    arms[first].name,
                    arms[second].name
                );
                Err(self.settings.fault("compare.baseline", message).hint("the whole name of one of them"))
            }
        }
    }

    /// All combinations of the lists of a table; the last one varies fastest.
    fn grid(&self, table: &Value, path: &str) -> Result<Vec<Choice>, RecipeError> {
        let Value::Table(entries) = table else { return Ok(Vec::new()) };
        let lists: Vec<(Target, &Entry, &[Item])> = entries
            .iter()
            .filter_map(|entry| match &entry.item.value {
                Value::List(items) => Some((target(&entry.key.name).ok()?, entry, items.as_slice())),
                _ => None,
            })
            .collect();
        let size = lists.iter().try_fold(1_usize, |size, (_, _, items)| size.checked_mul(items.len()));
        if size.is_none_or(|size| size > MAX_ARMS) {
            let message = format!("{path} makes more than {MAX_ARMS} combinations");
            return Err(self.settings.fault(path, message).hint("fewer values, or a search"));
        }
        let mut choices = vec![Choice { name: String::new(), values: Vec::new() }];
        for (target, entry, items) in lists {
            let names = names(&target, items);
            let longer = |choice: &Choice, item: &Item, name: &str| Choice {
                name: if choice.name.is_empty() { name.to_owned() } else { format!("{}, {name}", choice.name) },
                values: choice
                    .values
                    .iter()
                    .cloned()
                    .chain([(target, Entry { key: entry.key.clone(), item: item.clone() })])
                    .collect(),
            };
            choices = choices
                .iter()
                .flat_map(|choice| items.iter().zip(&names).map(|(item, name)| longer(choice, item, name)))
                .collect();
        }
        Ok(choices)
    }
}

fn named(arms: &Value) -> Result<Vec<Choice>, RecipeError> {
    let Value::Table(arms) = arms else { return Ok(Vec::new()) };
    let values = |entry: &Entry| match &entry.item.value {
        Value::Table(values) => {
            values.iter().map(|value| Ok((target(&value.key.name)?, value.clone()))).collect::<Result<_, RecipeError>>()
        }
        _ => Ok(Vec::new()),
    };
    arms.iter().map(|entry| Ok(Choice { name: entry.key.name.clone(), values: values(entry)? })).collect()
}

fn apply(settings: &Settings, choice: &Choice, origin: &Origin, layer: Layer) -> Result<Settings, RecipeError> {
    let mut settings = settings.clone();
    for (target, entry) in &choice.values {
        settings.override_with(target, &entry.item, origin, layer).map_err(|error| error.within(origin))?;
    }
    Ok(settings)
}

fn plan(
    arm: &Settings,
    choice: &Choice,
    choices: &[Choice],
    tuned: &[Choice],
    base: &Settings,
) -> Result<ArmPlan, RecipeError> {
    let free = varied(base, &["search.space"]);
    let mut candidates = Vec::new();
    for candidate in tuned {
        let twice = candidate
            .values
            .iter()
            .find(|(tuned, _)| choice.values.iter().any(|(varied, _)| varied.field.path == tuned.field.path));
        if let Some((_, entry)) = twice {
            let path = &entry.key.name;
            let error = base.fault_in("compare.tune", path, format!("{path} both varies and is tuned"));
            return Err(error.hint("leave it out of one of them"));
        }
        let origin = base.setting("compare.tune").map_or(Origin::Trial, |setting| setting.origin.clone());
        let settings = apply(arm, candidate, &origin, Layer::Candidate)?;
        let values = candidate.values.iter();
        candidates.push(Candidate {
            name: candidate.name.clone(),
            settings: values.map(|(_, entry)| (entry.key.name.clone(), entry.item.value.to_json())).collect(),
            recipe: Recipe::resolve_with(&settings, &free)?.for_scores(),
        });
    }
    let recipe = match candidates.first() {
        Some(first) => first.recipe.clone(),
        None => Recipe::resolve_with(arm, &free)?.for_scores(),
    };
    let differing = choices.iter().flat_map(|choice| &choice.values).map(|(target, entry)| (target, &entry.key.name));
    let settings =
        differing.filter_map(|(target, path)| Some((path.clone(), value_of(arm, target)?.to_json()))).collect();
    Ok(ArmPlan { name: choice.name.clone(), settings, recipe, candidates })
}

pub(crate) fn value_of(settings: &Settings, target: &Target) -> Option<Value> {
    let value = settings.get(target.field.path)?;
    match target.part {
        Some(part) => value.get(part.name).cloned(),
        None => Some(value),
    }
}

/// An error for a setting of the recipe that no arm has a use for.
fn used_by_some(base: &Settings, arms: &[Settings]) -> Result<(), RecipeError> {
    let free = varied(base, &["compare.tune", "search.space"]);
    for field in FIELDS {
        let (Some(needs), true) = (field.needs, field.varies() && base.is_set(field.path)) else { continue };
        if base.holds(&needs)
            || base.is_void(field)
            || free.contains(&needs.field())
            || arms.iter().any(|arm| arm.holds(&needs))
        {
            continue;
        }
        let message = format!("{} is set, but no arm has a use for it", field.path);
        return Err(base.fault(field.path, message).hint(format!("it is for {needs}")));
    }
    Ok(())
}

/// The fields that these tables of settings vary.
pub(crate) fn varied(settings: &Settings, tables: &[&str]) -> Vec<&'static str> {
    let fields = |table: &&str| {
        let paths = settings.get(table).map(|value| paths(&value)).unwrap_or_default();
        paths.into_iter().filter_map(|path| Some(target(&path).ok()?.field.path))
    };
    tables.iter().flat_map(fields).collect()
}

/// The recipe paths of a table by path, also one level further down.
pub(crate) fn paths(table: &Value) -> Vec<String> {
    let Value::Table(entries) = table else { return Vec::new() };
    let path = |entry: &Entry| {
        if target(&entry.key.name).is_ok() { vec![entry.key.name.clone()] } else { paths(&entry.item.value) }
    };
    entries.iter().flat_map(path).collect()
}

/// What the names of arms call the values of one field: short, but different from each other.
fn names(target: &Target, items: &[Item]) -> Vec<String> {
    let short: Vec<String> = items.iter().map(|item| name(target, &item.value, short)).collect();
    let unique = (1..short.len()).all(|i| !short[..i].contains(&short[i]));
    if unique { short } else { items.iter().map(|item| name(target, &item.value, |x| format!("{x:?}"))).collect() }
}

fn name(target: &Target, value: &Value, number: fn(f64) -> String) -> String {
    let label = match target.part {
        Some(part) => format!("{} {}", target.field.label, part.name),
        None => target.field.label.to_owned(),
    };
    match (value, target.kind()) {
        (Value::List(widths), Kind::List(_)) => format!("{label} {}", shape(widths)),
        _ => format!("{label} {}", words(value, number)),
    }
}

fn words(value: &Value, number: fn(f64) -> String) -> String {
    match value {
        Value::Bool(b) => String::from(if *b { "on" } else { "off" }),
        Value::Integer(n) => n.to_string(),
        Value::Number(x) => number(*x),
        Value::Text(text) | Value::Date(text) => text.clone(),
        Value::List(items) => items.iter().map(|item| words(&item.value, number)).collect::<Vec<_>>().join("-"),
        Value::Table(entries) => {
            let words = |entry: &Entry| format!("{} {}", entry.key.name, words(&entry.item.value, number));
            entries.iter().map(words).collect::<Vec<_>>().join(" ")
        }
    }
}

/// `100x5` for five layers of 100, else `100-50-10`.
fn shape(widths: &[Item]) -> String {
    match widths {
        [] => "none".to_owned(),
        [first, .., last] if widths.iter().all(|width| width == first) => format!("{}x{}", last.value, widths.len()),
        _ => widths.iter().map(|width| width.value.to_string()).collect::<Vec<_>>().join("-"),
    }
}

/// A number with three significant digits.
fn short(x: f64) -> String {
    let text = format!("{x:.2e}");
    let (digits, exponent) = text.split_once('e').unwrap_or((&text, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    if (-3..5).contains(&exponent) || x == 0.0 {
        let rounded: f64 = text.parse().unwrap_or(x);
        return rounded.to_string();
    }
    let digits = if digits.contains('.') { digits.trim_end_matches('0').trim_end_matches('.') } else { digits };
    format!("{digits}e{exponent}")
}
