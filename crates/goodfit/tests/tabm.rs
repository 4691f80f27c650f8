//! The preset `tabm` against `PyTorch`: `tabm/make.py` trains the network of its authors.

use std::path::Path;

use goodfit::recipe::{Experiment, Predicted, Preset};
use goodfit::run::{network_spec, training_spec};
use goodfit_nn::losses::softmax;
use goodfit_nn::{Batch, Inputs, Matrix, Network, Targets, Trainer, WeightDecay, Workspace};
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
fn steps_and_predictions_are_those_of_pytorch() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tabm/golden.json");
    let golden: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    for network in golden["networks"].as_array().unwrap() {
        let kind = network["kind"].as_str().unwrap();
        let of_classes = kind == "classes";
        let mut settings = Preset::named("tabm").unwrap().settings().unwrap();
        let loss = if of_classes { "cross-entropy" } else { "mean-squared-error" };
        for setting in [
            "data.source=\"t.csv\"",
            "data.target=\"y\"",
            "network.depth=2",
            "network.width=4",
            "network.members=3",
            "network.dropout=0",
            "training.learning_rate=2e-2",
            "training.weight_decay=3e-2",
            "training.clip_norm=0.15",
            "training.epochs=10",
        ] {
            settings.set("--set", setting).unwrap();
        }
        settings.set("--set", &format!("training.batch_size={BATCH}")).unwrap();
        settings.set("--set", &format!("training.loss={loss}")).unwrap();
        let predicted = if of_classes { Predicted::Classes } else { Predicted::Numbers };
        Preset::named("tabm").unwrap().fit(&mut settings, predicted, 2 * BATCH).unwrap();
        let recipe = Experiment::resolve("t", settings).unwrap().recipe;

        let x = numbers(&network["x"]);
        let targets = numbers(&network["targets"]);
        let classes: Vec<u32> = targets.iter().map(|&class| class as u32).collect();
        let values = Matrix::from_rows(ROWS, 1, targets);
        let n_outputs = if of_classes { 3 } else { 1 };
        let spec = network_spec(&recipe, x.len() / ROWS, n_outputs);
        let (_, training) = training_spec(&recipe, ROWS, 0);
        let mut start = Network::<f64>::new(&spec, 0).unwrap();
        assert_eq!(start.parameters().len(), network["start"].as_object().unwrap().len(), "{kind}");
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
        let mut outputs = Matrix::zeros(ROWS, n_outputs);
        let trained = trainer.network();
        Workspace::new(&trained).predict(outputs.view_mut(), &trained, &inputs);
        if of_classes {
            softmax(outputs.data_mut(), n_outputs);
        }
        close(&format!("{kind}: predicted"), outputs.data(), &network["predicted"]);
    }
}

/// Weight decay and dropout are 0 or from a range, and the preset is a point of the space.
#[test]
fn the_space_is_that_of_its_authors_and_begins_with_the_preset() {
    let mut settings = Preset::named("tabm").unwrap().with_space().unwrap();
    for setting in ["data.source=\"t.csv\"", "data.target=\"y\""] {
        settings.set("--set", setting).unwrap();
    }
    let experiment = Experiment::resolve("t", settings).unwrap();
    let search = experiment.search.as_ref().unwrap();
    let point: Vec<(String, Value)> =
        search.enqueue[0].iter().map(|(path, value)| (path.clone(), value.to_json())).collect();
    let of = |values: &[(String, Value)]| experiment.trial(values.iter().map(|(path, value)| (path, value))).unwrap();
    let mut preset = experiment.recipe.clone();
    preset.training.refit = false;
    assert_eq!(of(&point), preset);

    let with = |paths: &[&str], value: &Value| -> Vec<(String, Value)> {
        paths.iter().map(|path| ((*path).to_owned(), value.clone())).collect()
    };
    let none = of(&with(&["training.weight_decay", "network.dropout"], &Value::from(0.0)));
    assert_eq!((none.training.weight_decay, none.network.hidden_dropout), (WeightDecay::None, 0.0));
    let drawn = with(&["training.weight_decay.decoupled", "network.dropout.hidden"], &Value::from(0.03));
    let some = of(&[point, drawn].concat());
    assert_eq!((some.training.weight_decay, some.network.hidden_dropout), (WeightDecay::Decoupled(0.03), 0.03));
    let choices = ["training.weight_decay", "network.dropout"].map(|path| {
        let dimension = search.space.iter().find(|dimension| dimension.path == path).unwrap();
        dimension.values.to_string()
    });
    assert_eq!(choices, ["0.0 or { decoupled = 0.0003 }", "0.0 or { hidden = 0.1 }"]);
}
