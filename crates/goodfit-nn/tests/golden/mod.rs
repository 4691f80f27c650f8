//! Reading golden files, and comparing with them.
#![allow(dead_code, reason = "each test file uses a part of it")]

use std::path::Path;

use goodfit_nn::{Convention, Float, Optimizer, TrainingSpec, WeightDecay};
use serde_json::Value;

/// The content of `NAME.json` in this folder.
pub(crate) fn read(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden").join(format!("{name}.json"));
    let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_str(&text).expect("a golden file is JSON")
}

/// The items of a list.
pub(crate) fn items(value: &Value) -> &[Value] {
    value.as_array().expect("a list")
}

/// A number.
pub(crate) fn number(value: &Value) -> f64 {
    value.as_f64().expect("a number")
}

/// All numbers of a list of lists, row after row.
pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        value => vec![number(value)],
    }
}

/// Class indices.
pub(crate) fn classes(value: &Value) -> Vec<u32> {
    items(value).iter().map(|class| class.as_u64().expect("a class") as u32).collect()
}

/// Panics unless each value is within `tolerance` of the expected one, relative to it where it is
/// above 1e-3 of the largest expected value and to that elsewhere.
pub(crate) fn assert_close(what: &str, got: &[f64], expected: &Value, tolerance: f64) {
    let expected = numbers(expected);
    assert_eq!(got.len(), expected.len(), "{what}: number of values");
    let largest = expected.iter().fold(0.0_f64, |m, x| m.max(x.abs()));
    for (i, (got, expected)) in got.iter().zip(&expected).enumerate() {
        let error = (got - expected).abs() / expected.abs().max(1e-3 * largest).max(f64::MIN_POSITIVE);
        assert!(error <= tolerance, "{what}: value {i} is {got}, expected {expected}");
    }
}

/// Ten steps of a recorded run.
pub(crate) fn training(run: &Value, max_batch: usize) -> TrainingSpec {
    let lambda = number(&run["lambda"]);
    TrainingSpec {
        optimizer: if run["optimizer"] == "sgd" { Optimizer::Sgd } else { Optimizer::adam(Convention::Field) },
        learning_rate: number(&run["learning_rate"]),
        weight_decay: match run["decay"].as_str().unwrap() {
            "none" => WeightDecay::None,
            "l2" => WeightDecay::L2(lambda),
            "decoupled" => WeightDecay::Decoupled(lambda),
            other => panic!("decay {other}"),
        },
        max_batch,
        n_steps: 10,
        ..Default::default()
    }
}

/// Values in float64.
pub(crate) fn wide<T: Float>(values: &[T]) -> Vec<f64> {
    values.iter().map(|x| x.to_f64()).collect()
}
