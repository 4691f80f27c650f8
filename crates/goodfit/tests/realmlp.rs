//! The preset `realmlp` against `PyTorch`: `realmlp/make.py` trains the network of its authors.

use std::path::Path;

use goodfit::recipe::{Experiment, Predicted, Preset};
use goodfit::run::{network_spec, training_spec};
use goodfit_nn::{Batch, Inputs, Matrix, Network, Targets, Trainer};
use serde_json::Value;

const ROWS: usize = 12;
const BATCH: usize = 6;

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(list) => list.iter().flat_map(numbers).collect(),
        value => vec![value.as_f64().expect("a number")],
    }
}

fn close(what: &str, got: &[f64], expected: &Value) {
    let expected = numbers(expected);
    assert_eq!(got.len(), expected.len(), "{what}");
    for (got, expected) in got.iter().zip(expected) {
        assert!((got - expected).abs() <= 1e-9 * (1.0 + expected.abs()), "{what}: {got}, expected {expected}");
    }
}

#[test]
fn steps_are_those_of_pytorch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/realmlp/golden.json");
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for network in golden["networks"].as_array().unwrap() {
        let kind = network["kind"].as_str().unwrap();
        let of_classes = kind == "classes";
        let mut settings = Preset::named("realmlp").unwrap().settings().unwrap();
        let loss = if of_classes { "cross-entropy" } else { "mean-squared-error" };
        for setting in ["data.source=\"t.csv\"", "data.target=\"y\"", "network.hidden=[4, 3]", "training.epochs=5"] {
            settings.set("--set", setting).unwrap();
        }
        settings.set("--set", &format!("training.loss={loss}")).unwrap();
        let predicted = if of_classes { Predicted::Classes } else { Predicted::Numbers };
        Preset::named("realmlp").unwrap().fit(&mut settings, predicted, 2 * BATCH).unwrap();
        let recipe = Experiment::resolve("t", settings).unwrap().recipe;

        let x = numbers(&network["x"]);
        let targets = numbers(&network["targets"]);
        let classes: Vec<u32> = targets.iter().map(|&class| class as u32).collect();
        let values = Matrix::from_rows(ROWS, 1, targets);
        let spec = network_spec(&recipe, x.len() / ROWS, if of_classes { 3 } else { 1 });
        let (_, training) = training_spec(&recipe, ROWS, 0);
        let mut start = Network::<f64>::new(&spec, 0).unwrap();
        let drawn = |name: &str| {
            let parameter = start.parameters().iter().find(|parameter| parameter.name == name).unwrap();
            start.values(parameter).to_vec()
        };
        assert!(drawn("affine3.weight").iter().chain(&drawn("affine3.bias")).all(|x| *x == 0.0), "{kind}");
        assert!(drawn("affine1.bias").iter().all(|x| *x != 0.0), "{kind}");
        for (name, values) in network["start"].as_object().unwrap() {
            start.set(name, &numbers(values)).unwrap();
        }
        let mut trainer = Trainer::from_network(start, training, 0).unwrap();
        let inputs = Inputs::new(Matrix::from_rows(ROWS, x.len() / ROWS, x));
        let rows: Vec<u32> = (0..ROWS as u32).collect();
        let losses: Vec<f64> = (0..training.n_steps)
            .map(|step| {
                let rows = &rows[step * BATCH % ROWS..][..BATCH];
                let targets = if of_classes { Targets::Classes(&classes) } else { Targets::Values(values.view()) };
                trainer.step(&Batch { inputs: &inputs, targets, rows, row_weights: None })
            })
            .collect();
        close(&format!("{kind}: losses"), &losses, &network["losses"]);
        for parameter in trainer.parameters() {
            let name = &parameter.name;
            close(&format!("{kind}: {name}"), trainer.values(parameter), &network["end"][name]);
        }
    }
}
