//! Conditions of a search space: fields that are there only with some values of another one.

use serde_json::Value as Json;

use crate::recipe::error::RecipeError;
use crate::recipe::field::Needs;
use crate::recipe::settings::Settings;
use crate::recipe::space::{Dimension, Values};
use crate::recipe::target::target;
use crate::recipe::value::{Entry, Item, Key, Value};
use crate::recipe::variations::{by_path, values, varying};

/// A field is varied only where another one that is varied takes one of some values.
#[derive(Clone, Debug, PartialEq)]
pub struct When {
    /// The other field.
    pub path: String,
    /// The values.
    pub values: Vec<Value>,
}

const EXAMPLE: &str = "when = { \"training.optimizer\" = [\"momentum\", \"nesterov\"] }, for instance";

/// A checked `when` of a field; not yet checked against the other fields of its space.
pub(crate) fn check(path: &str, item: &Item) -> Result<Item, RecipeError> {
    let wrong = |what: String| {
        let message = format!("when of {path} {what}, expected one other field with the values it has to take");
        Err(RecipeError::new(message).at(item.place).hint(EXAMPLE))
    };
    let Value::Table(entries) = &item.value else { return wrong(format!("is {}", item.value.shown())) };
    let entries = by_path(entries);
    let [Entry { key, item: wanted }] = &entries[..] else {
        return wrong(format!(
            "names {} fields",
            if entries.is_empty() { "no".into() } else { entries.len().to_string() }
        ));
    };
    let kind = varying(key)?.kind();
    let wanted = Value::List(values(&format!("when of {path}"), &key.name, kind, wanted)?).at(wanted.place);
    Ok(Value::Table(vec![Entry { key: key.clone(), item: wanted }]).at(item.place))
}

/// Checks the conditions of a space against its other fields.
pub(crate) fn check_all(space: &[Entry]) -> Result<(), RecipeError> {
    for Entry { key: Key { name, .. }, item } in space {
        let Some((other, wanted)) = condition(&item.value) else { continue };
        let error = |what: String| RecipeError::new(what).at(other.place);
        let Some(parent) = space.iter().find(|entry| entry.key.name == other.name) else {
            let message = format!("when of {name} looks at {}, which search.space does not vary", other.name);
            return Err(error(message).hint(format!("add {} to search.space, or leave the when out", other.name)));
        };
        if let Some(way) = way_back(space, name) {
            let message = match &way[..] {
                [_] => format!("when of {name} looks at {name} itself"),
                _ => format!("conditions lead from {name} back to it, through {}", way[..way.len() - 1].join(" and ")),
            };
            return Err(error(message).hint("leave out one when"));
        }
        for value in wanted {
            never(&other.name, &parent.item.value, &value.value).map_or(Ok(()), |(what, hint)| {
                Err(RecipeError::new(format!("when of {name}: {what}")).at(value.place).hint(hint))
            })?;
        }
    }
    Ok(())
}

/// The field that a checked item of a space looks at, and the values.
fn condition(item: &Value) -> Option<(&Key, &[Item])> {
    let Some(Value::Table(when)) = item.get("when") else { return None };
    match &when[..] {
        [Entry { key, item: Item { value: Value::List(values), .. } }] => Some((key, values)),
        _ => None,
    }
}

/// The fields from the one that this one looks at to itself, where its conditions go round in a circle.
fn way_back(space: &[Entry], name: &str) -> Option<Vec<String>> {
    let mut way: Vec<String> = Vec::new();
    let mut at = name;
    loop {
        let entry = space.iter().find(|entry| entry.key.name == at)?;
        at = &condition(&entry.item.value)?.0.name;
        if way.iter().any(|known| known == at) {
            return None;
        }
        way.push(at.to_owned());
        if at == name {
            return Some(way);
        }
    }
}

/// Why a field of a space never takes a value, with what to do.
fn never(path: &str, space: &Value, value: &Value) -> Option<(String, String)> {
    let list = match space {
        Value::List(items) => Some(items),
        table => match table.get("choices") {
            Some(Value::List(items)) => Some(items),
            _ => None,
        },
    };
    if let Some(choices) = list {
        let shown: Vec<String> = choices.iter().map(|choice| choice.value.shown()).collect();
        return choices
            .iter()
            .all(|choice| choice.value != *value)
            .then(|| (format!("{path} never is {}", value.shown()), format!("its choices are {}", shown.join(", "))));
    }
    let (Some(Value::Integer(low)), Some(Value::Integer(high)), &Value::Integer(n)) =
        (space.get("low"), space.get("high"), value)
    else {
        let what = format!("{path} has a range of numbers, in which single values say nothing");
        return Some((what, format!("{path} as a list of choices")));
    };
    let step = if let Some(&Value::Integer(step)) = space.get("step") { step } else { 1 };
    let takes = (*low..=*high).contains(&n) && (i128::from(n) - i128::from(*low)) % i128::from(step) == 0;
    let by = if step == 1 { String::new() } else { format!(" in steps of {step}") };
    (!takes).then(|| (format!("{path} never is {n}"), format!("it goes from {low} to {high}{by}")))
}

/// What a checked item of a space says about when it is there.
pub(crate) fn when(item: &Value) -> Option<When> {
    let (key, values) = condition(item)?;
    Some(When { path: key.name.clone(), values: values.iter().map(|item| item.value.clone()).collect() })
}

/// Adds the conditions that go without saying: what only some choices of another field have a use for is there with
/// these alone.
///
/// # Errors
/// When a condition that is said lets a field be there where nothing has a use for it.
pub(crate) fn imply(space: &mut [Dimension], settings: &Settings) -> Result<(), RecipeError> {
    let implied: Vec<Option<When>> =
        space.iter().map(|dimension| implied(space, dimension, settings)).collect::<Result<_, _>>()?;
    for (dimension, implied) in space.iter_mut().zip(implied) {
        dimension.when = dimension.when.take().or(implied);
    }
    Ok(())
}

fn implied(space: &[Dimension], dimension: &Dimension, settings: &Settings) -> Result<Option<When>, RecipeError> {
    let Some(needs) = target(&dimension.path)?.field.needs else { return Ok(None) };
    let Some(other) = space.iter().find(|other| other.path == needs.field()) else { return Ok(None) };
    let choices = match &other.values {
        Values::Choices(choices) => choices,
        // Where the other is not there at all, the recipe's own value of it decides.
        _ if matches!(needs, Needs::Set(_)) && !settings.is_set(&other.path) => return Ok(other.when.clone()),
        _ => return Ok(None),
    };
    let fault = |message: String| settings.fault_in("search.space", &dimension.path, message);
    let fit: Vec<Value> = choices.iter().filter(|choice| needs.is_met_by(choice)).cloned().collect();
    if fit.is_empty() {
        let message =
            format!("search.space varies {}, which no choice of {} has a use for", dimension.path, other.path);
        return Err(fault(message).hint(format!("it is for {needs}")));
    }
    if fit.len() == choices.len() && other.when.is_none() {
        return Ok(None);
    }
    let implied = When { path: other.path.clone(), values: fit };
    let mut said = dimension.when.as_ref();
    while let Some(when) = said {
        if when.path == other.path {
            let Some(useless) = when.values.iter().find(|value| !implied.values.contains(value)) else {
                return Ok(None);
            };
            let message = format!(
                "when of {} lets it vary with {} = {}, which has no use for it",
                dimension.path,
                other.path,
                useless.shown()
            );
            return Err(fault(message).hint(format!("it is for {needs}")));
        }
        said = space.iter().find(|parent| parent.path == when.path).and_then(|parent| parent.when.as_ref());
    }
    if let Some(when) = &dimension.when
        && implied.values.len() < choices.len()
    {
        let message = format!(
            "when of {} looks at {}, but only some choices of {} have a use for it",
            dimension.path, when.path, other.path
        );
        let values: Vec<String> = implied.values.iter().map(Value::to_string).collect();
        return Err(fault(message).hint(format!("when = {{ \"{}\" = [{}] }}", other.path, values.join(", "))));
    }
    Ok(Some(implied))
}

/// Values of all fields of a space, less those of fields that are not there beside the others.
pub(crate) fn there(space: &[Dimension], values: &[(String, Json)]) -> Vec<(String, Json)> {
    let is = |path: &str| values.iter().find(|(other, _)| other == path).map(|(_, value)| value);
    let is_there = |dimension: &Dimension| {
        let mut at = Some(dimension);
        while let Some(when) = at.and_then(|dimension| dimension.when.as_ref()) {
            if !is(&when.path).is_some_and(|value| when.values.iter().any(|wanted| wanted.to_json() == *value)) {
                return false;
            }
            at = space.iter().find(|parent| parent.path == when.path);
        }
        true
    };
    let named = |dimension: &Dimension| Some((dimension.path.clone(), is(&dimension.path)?.clone()));
    space.iter().filter(|dimension| is_there(dimension)).filter_map(named).collect()
}

/// Values at an end of each field, with which a field is there: those that its conditions look at take what they want.
pub(crate) fn around(space: &[Dimension], dimension: &Dimension, end: fn(&Dimension) -> Json) -> Vec<(String, Json)> {
    let mut values: Vec<(String, Json)> = space.iter().map(|other| (other.path.clone(), end(other))).collect();
    let mut at = Some(dimension);
    while let Some(when) = at.and_then(|dimension| dimension.when.as_ref()) {
        if let (Some((_, value)), Some(wanted)) =
            (values.iter_mut().find(|(path, _)| *path == when.path), when.values.first())
            && !when.values.iter().any(|wanted| wanted.to_json() == *value)
        {
            *value = wanted.to_json();
        }
        at = space.iter().find(|parent| parent.path == when.path);
    }
    there(space, &values)
}
