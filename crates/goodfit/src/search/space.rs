//! Between the space of a recipe and that of a study.

use std::collections::BTreeMap;

use goodfit_tune::samplers::narrow::wider;
use goodfit_tune::storage::StoredParameter;
use goodfit_tune::{Condition, Distribution, Parameter, Parameters, Space, SpaceError, StudyError, Value};
use serde_json::Value as Json;

use crate::recipe::{Dimension, Kind, Point, Range, SearchRecipe, Value as Choice, Values, target};
use crate::results::SearchedField;

/// How much wider than the recipe's range `narrow` may become, in widths of it at either end.
const ROOM: f64 = 0.5;

/// The space of a recipe in the words of a study.
///
/// # Errors
/// When nothing could be drawn from it.
pub(super) fn space(search: &SearchRecipe) -> Result<Space, SpaceError> {
    let parameter = |dimension: &Dimension| {
        let range = range(dimension);
        let distribution = if search.sampler == "narrow" { wider(&range, ROOM, limits(dimension)) } else { range };
        let name = dimension.path.clone();
        Parameter { name, distribution, when: condition(search, dimension) }
    };
    Space::new(search.space.iter().map(parameter))
}

/// The range or the choices of a field, as the recipe says.
pub(super) fn range(dimension: &Dimension) -> Distribution {
    match &dimension.values {
        Values::Float { low, high, log, step } => {
            Distribution::Float { low: *low, high: *high, log: *log, step: *step }
        }
        Values::Int { low, high, log, step } => Distribution::Int { low: *low, high: *high, log: *log, step: *step },
        Values::Choices(choices) => Distribution::categorical(choices.iter().map(ToString::to_string)),
    }
}

/// What a field may be at all.
fn limits(dimension: &Dimension) -> (f64, f64) {
    let kind = target(&dimension.path).ok().and_then(|target| target.kind().numeric());
    match kind {
        Some(Kind::Integer { low, high }) => (*low as f64, *high as f64),
        Some(Kind::Number(Range::Share)) => (0.0, 0.999),
        Some(Kind::Number(Range::PositiveShare)) => (f64::MIN_POSITIVE, 1.0),
        Some(Kind::Number(Range::AtLeastOne)) => (1.0, f64::INFINITY),
        Some(Kind::Number(Range::Positive)) => (f64::MIN_POSITIVE, f64::INFINITY),
        _ => (0.0, f64::INFINITY),
    }
}

/// What a field looks at, and the values with which it is there.
fn condition(search: &SearchRecipe, dimension: &Dimension) -> Option<Condition> {
    let when = dimension.when.as_ref()?;
    let other = search.space.iter().find(|other| other.path == when.path)?;
    let values = when.values.iter().filter_map(|value| drawn(other, value)).collect();
    Some(Condition { parameter: other.path.clone(), values })
}

/// The points that are tried first, as a study would draw them.
///
/// # Errors
/// When one is not of the space.
pub(super) fn points(search: &SearchRecipe, space: &Space) -> Result<Vec<Parameters>, StudyError> {
    let value = |path: &str, setting: &Choice| {
        let dimension = search.space.iter().find(|dimension| dimension.path == path)?;
        drawn(dimension, setting)
    };
    let point = |point: &Point| {
        let values = point.iter().map(|(path, setting)| Some((path.as_str(), value(path, setting)?)));
        let parameters = values.collect::<Option<Vec<_>>>().and_then(|values| space.parameters(values));
        parameters.ok_or_else(|| StudyError::NotInSpace { got: format!("{point:?}") })
    };
    search.enqueue.iter().map(point).collect()
}

/// A setting as a study would draw it.
fn drawn(dimension: &Dimension, setting: &Choice) -> Option<Value> {
    match (&dimension.values, setting) {
        (Values::Choices(choices), setting) => choices.iter().position(|choice| choice == setting).map(Value::Choice),
        (Values::Int { .. }, Choice::Integer(n)) => Some(Value::Int(*n)),
        (Values::Float { .. }, setting) => setting.number().map(Value::Float),
        (Values::Int { .. }, _) => None,
    }
}

/// Drawn values as settings of a recipe, by path.
pub(super) fn settings(search: &SearchRecipe, parameters: &Parameters) -> BTreeMap<String, Json> {
    by_path(search, |path| parameters.get(path))
}

/// Stored values as settings of a recipe, by path.
pub(super) fn stored_settings(search: &SearchRecipe, parameters: &[StoredParameter]) -> BTreeMap<String, Json> {
    by_path(search, |path| parameters.iter().find(|parameter| parameter.name == path).map(|parameter| parameter.value))
}

fn by_path(search: &SearchRecipe, value: impl Fn(&str) -> Option<Value>) -> BTreeMap<String, Json> {
    let of = |dimension: &Dimension| Some((dimension.path.clone(), json(dimension, value(&dimension.path)?)?));
    search.space.iter().filter_map(of).collect()
}

/// A value as it stands in the settings of a trial.
pub(super) fn json(dimension: &Dimension, value: Value) -> Option<Json> {
    match (value, &dimension.values) {
        (Value::Float(x), _) => Some(Json::from(x)),
        (Value::Int(n), _) => Some(Json::from(n)),
        (Value::Choice(i), Values::Choices(choices)) => choices.get(i).map(Choice::to_json),
        (Value::Choice(_), _) => None,
    }
}

fn json_list(values: &[Choice]) -> Vec<Json> {
    values.iter().map(Choice::to_json).collect()
}

/// What was varied, for the report.
pub(super) fn fields(search: &SearchRecipe) -> Vec<SearchedField> {
    let field = |dimension: &Dimension| {
        let (low, high, log) = match dimension.values {
            Values::Float { low, high, log, .. } => (Some(low), Some(high), log),
            Values::Int { low, high, log, .. } => (Some(low as f64), Some(high as f64), log),
            Values::Choices(_) => (None, None, false),
        };
        let choices = match &dimension.values {
            Values::Choices(choices) => json_list(choices),
            _ => Vec::new(),
        };
        SearchedField {
            path: dimension.path.clone(),
            label: dimension.label.to_owned(),
            low,
            high,
            log,
            choices,
            when: dimension.when.iter().map(|when| (when.path.clone(), json_list(&when.values))).collect(),
        }
    };
    search.space.iter().map(field).collect()
}
