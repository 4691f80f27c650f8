//! Between what a storage keeps of a trial and what samplers see of it.

use serde_json::Value as Json;

use crate::storage::{Scope, StoredParameter, StoredTrial};
use crate::{Choice, Direction, Distribution, Observed, Parameters, Space, Value};

/// The key under which an enqueued trial holds the parameters that were asked for.
pub(super) const FIXED: &str = "fixed_params";

/// Parameters with the distributions they were drawn from.
pub(super) fn stored(space: &Space, parameters: &Parameters) -> Vec<StoredParameter> {
    let of = |(name, value): (&str, Value)| {
        let distribution = space.get(name).cloned()?;
        Some(StoredParameter { name: name.to_owned(), value, distribution })
    };
    parameters.iter().filter_map(of).collect()
}

/// What stored parameters are in a space; `None` where they do not belong there.
pub(super) fn parameters(space: &Space, stored: &[StoredParameter]) -> Option<Parameters> {
    space.parameters(stored.iter().map(|parameter| (parameter.name.as_str(), parameter.value)))
}

/// A stored trial as samplers see it; `None` where its parameters are not of the space.
pub(super) fn observed(space: &Space, direction: Direction, trial: &StoredTrial) -> Option<Observed> {
    let parameters = parameters(space, &trial.parameters)?;
    Some(Observed::new(trial.number, parameters, &trial.state, &trial.intermediate, &[direction]))
}

/// Parameters as JSON values by name: a choice as itself, not as its place.
pub(super) fn external(space: &Space, parameters: &Parameters) -> Json {
    let of = |(name, value): (&str, Value)| {
        let value = match (value, space.get(name)) {
            (Value::Float(x), _) => Json::from(x),
            (Value::Int(n), _) => Json::from(n),
            (Value::Choice(i), Some(Distribution::Categorical { choices })) => choice(&choices[i]),
            (Value::Choice(_), _) => Json::Null,
        };
        (name.to_owned(), value)
    };
    Json::Object(parameters.iter().map(of).collect())
}

fn choice(choice: &Choice) -> Json {
    match choice {
        Choice::Null => Json::Null,
        Choice::Bool(x) => Json::from(*x),
        Choice::Int(x) => Json::from(*x),
        Choice::Float(x) => Json::from(*x),
        Choice::Text(x) => Json::from(x.as_str()),
    }
}

/// The value of a distribution that a JSON value names.
fn internal(distribution: &Distribution, json: &Json) -> Option<Value> {
    let value = match distribution {
        Distribution::Float { .. } => Value::Float(json.as_f64()?),
        Distribution::Int { .. } => Value::Int(json.as_i64()?),
        Distribution::Categorical { choices } => Value::Choice(choices.iter().position(|c| choice(c) == *json)?),
    };
    distribution.contains(value).then_some(value)
}

/// The parameters of an enqueued trial that got none when it was made: those asked for, where they fit,
/// and of the others what was drawn for it.
pub(super) fn complete(space: &Space, attributes: &Attributes, drawn: &Parameters) -> Parameters {
    let fixed = attributes.get(&(Scope::System, FIXED.to_owned()));
    let of = |name: &str, distribution: &Distribution| internal(distribution, fixed?.get(name)?);
    space.assemble(|place, distribution| {
        let fixed = of(&space.at(place).name, distribution);
        fixed.or(drawn.values()[place]).unwrap_or_else(|| distribution.from_unit(0.5))
    })
}

type Attributes = std::collections::BTreeMap<(Scope, String), Json>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_asked_for_is_taken_where_it_fits() {
        let unit = || Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
        let space =
            Space::new([("x", unit()), ("y", unit()), ("c", Distribution::categorical(["a", "b"]))]).expect("a space");
        let drawn = space.assemble(|_, distribution| distribution.from_unit(0.25));
        let fixed = serde_json::json!({ "x": 0.75, "y": 2.0, "c": "b", "z": 1 });
        let attributes = [((Scope::System, FIXED.to_owned()), fixed)].into();
        let parameters = complete(&space, &attributes, &drawn);
        let got: Vec<_> = parameters.iter().map(|(_, value)| value).collect();
        assert_eq!(got, [Value::Float(0.75), Value::Float(0.25), Value::Choice(1)]);
        assert_eq!(external(&space, &parameters), serde_json::json!({ "x": 0.75, "y": 0.25, "c": "b" }));
    }
}
