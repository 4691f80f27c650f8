//! What others compute, for tests: `tests/golden/gp.json`, made by `gp.py` there.

use serde_json::Value;

pub(super) fn goldens() -> Value {
    serde_json::from_str(include_str!("../../../tests/golden/gp.json")).expect("valid JSON")
}

pub(super) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
}

pub(super) fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().expect("a list").iter().map(numbers).collect()
}

/// Equal to a relative error, where numbers below 1 count as 1.
pub(super) fn close(got: f64, expected: f64, tolerance: f64, what: &str) {
    assert!((got - expected).abs() <= tolerance * expected.abs().max(1.0), "{what}: {got}, expected {expected}");
}
