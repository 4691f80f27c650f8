//! A distribution as JSON, and a parameter's value as a number, both in Optuna's form.

use std::fmt::Write;

use serde_json::Value as Json;

use super::json;
use crate::{Choice, Distribution, Value};

/// The largest whole number up to which a column of floats holds every one.
const LARGEST_INT: i64 = 1 << 53;

pub(in crate::storage) fn to_json(distribution: &Distribution) -> String {
    match distribution {
        Distribution::Float { low, high, log, step } => {
            let step = step.map_or_else(|| "null".to_owned(), number);
            let (low, high) = (number(*low), number(*high));
            format!(
                r#"{{"name": "FloatDistribution", "attributes": {{"step": {step}, "low": {low}, "high": {high}, "log": {log}}}}}"#
            )
        }
        Distribution::Int { low, high, log, step } => format!(
            r#"{{"name": "IntDistribution", "attributes": {{"log": {log}, "step": {step}, "low": {low}, "high": {high}}}}}"#
        ),
        Distribution::Categorical { choices } => {
            let mut text = r#"{"name": "CategoricalDistribution", "attributes": {"choices": ["#.to_owned();
            for (i, choice) in choices.iter().enumerate() {
                text.push_str(if i == 0 { "" } else { ", " });
                match choice {
                    Choice::Float(x) => text.push_str(&number(*x)),
                    // Writing to a text never fails.
                    Choice::Text(x) => _ = write!(text, "{}", Json::from(x.as_str())),
                    other => _ = write!(text, "{other}"),
                }
            }
            text.push_str("]}}");
            text
        }
    }
}

/// With a point or an exponent, so that it stays a float; what is not finite in Python's words.
pub(in crate::storage) fn number(x: f64) -> String {
    if x.is_nan() {
        "NaN".to_owned()
    } else if x.is_infinite() {
        if x > 0.0 { "Infinity" } else { "-Infinity" }.to_owned()
    } else {
        format!("{x:?}")
    }
}

/// `None` when it is not of this form.
pub(in crate::storage) fn from_json(text: &str) -> Option<Distribution> {
    let whole = json::parse(text)?;
    let attributes = whole.get("attributes")?;
    let get = |key: &str| attributes.get(key);
    let float = |key: &str| get(key)?.as_f64();
    let int = |key: &str| get(key)?.as_i64();
    let log = || get("log")?.as_bool();
    match whole.get("name")?.as_str()? {
        "FloatDistribution" => Some(Distribution::Float {
            low: float("low")?,
            high: float("high")?,
            log: log()?,
            step: match get("step") {
                None | Some(Json::Null) => None,
                Some(step) => Some(step.as_f64()?),
            },
        }),
        "IntDistribution" => {
            Some(Distribution::Int { low: int("low")?, high: int("high")?, log: log()?, step: int("step")? })
        }
        "CategoricalDistribution" => {
            let choices = get("choices")?.as_array()?.iter().map(choice).collect::<Option<_>>()?;
            Some(Distribution::Categorical { choices })
        }
        _ => None,
    }
}

fn choice(value: &Json) -> Option<Choice> {
    match value {
        Json::Null => Some(Choice::Null),
        Json::Bool(x) => Some(Choice::Bool(*x)),
        Json::Number(x) => x.as_i64().map(Choice::Int).or_else(|| x.as_f64().map(Choice::Float)),
        Json::String(x) => Some(json::word(x).map_or_else(|| Choice::Text(x.clone()), Choice::Float)),
        Json::Array(_) | Json::Object(_) => None,
    }
}

/// `None` when it is a whole number that a float cannot hold.
pub(in crate::storage) fn to_number(value: Value) -> Option<f64> {
    match value {
        Value::Float(x) => Some(x),
        Value::Int(x) => (-LARGEST_INT..=LARGEST_INT).contains(&x).then_some(x as f64),
        Value::Choice(i) => Some(i as f64),
    }
}

/// `None` when it is none of this distribution's kind.
pub(in crate::storage) fn from_number(x: f64, distribution: &Distribution) -> Option<Value> {
    match distribution {
        Distribution::Float { .. } => Some(Value::Float(x)),
        Distribution::Int { .. } => (x.fract() == 0.0).then_some(Value::Int(x as i64)),
        Distribution::Categorical { choices } => {
            let fits = x.fract() == 0.0 && (0.0..choices.len() as f64).contains(&x);
            fits.then_some(Value::Choice(x as usize))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        let odd = vec![
            Choice::Null,
            Choice::Bool(false),
            Choice::Int(-3),
            Choice::Float(1.0),
            Choice::Float(f64::NAN),
            Choice::Float(f64::NEG_INFINITY),
            Choice::from("a \"b\" \\ é\n NaN"),
            Choice::from("NaN"),
        ];
        for distribution in [
            Distribution::Float { low: -0.0, high: 1e300, log: false, step: None },
            Distribution::Float { low: 0.1, high: 0.1 + 0.2, log: true, step: None },
            Distribution::Float { low: 0.0, high: 1.0, log: false, step: Some(0.25) },
            Distribution::Int { low: i64::MIN, high: i64::MAX, log: false, step: 3 },
            Distribution::Categorical { choices: odd },
        ] {
            assert_eq!(from_json(&to_json(&distribution)), Some(distribution));
        }
    }

    #[test]
    fn foreign_text() {
        for text in [
            "",
            "{}",
            r#"{"name": "FloatDistribution", "attributes": {"low": "0"}}"#,
            r#"{"name": "CategoricalDistribution", "attributes": {"choices": [[1]]}}"#,
            r#"{"name": "UniformDistribution", "attributes": {"low": 0.0, "high": 1.0}}"#,
        ] {
            assert_eq!(from_json(text), None, "{text}");
        }
        let choices = Distribution::categorical(["a", "b"]);
        for (x, value) in [(1.0, Some(Value::Choice(1))), (2.0, None), (0.5, None), (-1.0, None), (f64::NAN, None)] {
            assert_eq!(from_number(x, &choices), value);
        }
        assert_eq!(to_number(Value::Int(i64::MAX)), None);
    }
}
