//! Importance against the values of Optuna's evaluator, recorded by `golden/make_importance.py`.

use goodfit_tune::{Distribution, History, Observed, Parameter, Seen, Space, Streams, Value, importance};
use serde_json::Value as Json;

#[test]
fn as_optuna() {
    let float = |low, high, log, step| Distribution::Float { low, high, log, step };
    let int = |low, high, log, step| Distribution::Int { low, high, log, step };
    let space = Space::new([
        Parameter::from(("rate", float(1e-6, 1.0, true, None))),
        Parameter::from(("x", float(-5.0, 5.0, false, None))),
        Parameter::from(("share", float(0.0, 0.9, false, Some(0.1)))),
        Parameter::from(("depth", int(1, 6, false, 1))),
        Parameter::from(("even", int(0, 200, false, 2))),
        Parameter::from(("width", int(1, 1000, true, 1))),
        Parameter::from(("kind", Distribution::categorical(["a", "b", "c"]))),
        Parameter::from(("momentum", float(0.5, 0.99, false, None))).when("kind", [Value::Choice(1)]),
    ])
    .expect("a space");
    let golden: Json = serde_json::from_str(include_str!("golden/importance.json")).expect("JSON");
    for study in golden["studies"].as_array().expect("studies") {
        let mut history = History::new();
        for (number, row) in (0..).zip(study["trials"].as_array().expect("trials")) {
            let row = row.as_array().expect("a row");
            let parameters = space.assemble(|place, distribution| match (distribution, &row[place + 1]) {
                (Distribution::Float { .. }, x) => Value::Float(x.as_f64().expect("a number")),
                (Distribution::Int { .. }, x) => Value::Int(x.as_i64().expect("a whole number")),
                (Distribution::Categorical { .. }, x) => Value::Choice(x.as_u64().expect("a choice") as usize),
            });
            let seen = Seen::Complete(vec![row[0].as_f64().unwrap_or(f64::INFINITY)]);
            history.insert(Observed { number, parameters, seen, intermediate: Vec::new() });
        }
        let best = study["best"].as_f64().expect("a share");
        let found = importance(&space, &history, best, Streams::new(1));
        for (one, expected) in found.iter().zip(study["values"].as_array().expect("values")) {
            let expected = expected.as_f64().expect("a value");
            assert!(
                (one.value - expected).abs() <= 1e-9 * expected,
                "{}: {}, expected {expected}",
                one.name,
                one.value
            );
        }
    }
}
