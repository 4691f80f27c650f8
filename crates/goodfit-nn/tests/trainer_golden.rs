//! The trainer against `PyTorch`: the two small networks of `golden/networks.json`.

mod golden;
mod plain;

use golden::{assert_close, classes, items, numbers, read, training, wide};
use goodfit_nn::{
    Activation, Affine, Batch, BatchNorm, Convention, Float, Init, Inputs, LayerSpec, Matrix, Network, NetworkSpec,
    Targets, Trainer,
};
use serde_json::Value;

const N: usize = 6;
const I: usize = 5;
const H: usize = 4;
const O: usize = 3;

fn spec(network: &Value) -> NetworkSpec {
    let affine = |outputs, bias| LayerSpec::Affine(Affine { bias, ..Affine::new(outputs, Init::He) });
    let norm = LayerSpec::BatchNorm(BatchNorm::new(Convention::Field));
    let layers = match network["name"].as_str().expect("a name") {
        "batch-norm-relu" => vec![affine(H, false), norm, LayerSpec::Activation(Activation::Relu), affine(O, true)],
        "tanh" => vec![affine(H, true), LayerSpec::Activation(Activation::Tanh), affine(O, true)],
        other => panic!("network {other}"),
    };
    NetworkSpec { inputs: I, layers }
}

fn start<T: Float>(network: &Value) -> Network<T> {
    let mut start = Network::new(&spec(network), 0).unwrap();
    for (name, values) in network["parameters"].as_object().unwrap() {
        let values: Vec<T> = numbers(values).into_iter().map(T::from_f64).collect();
        start.set(name, &values).unwrap();
    }
    start
}

/// Largest errors, relative to the expected value.
struct Tolerances {
    first_loss: f64,
    first_gradient: f64,
    ten_losses: f64,
    after_ten_steps: f64,
}

fn check<T: Float>(tolerances: &Tolerances) {
    let file = read("networks");
    let x: Vec<T> = numbers(&file["x"]).into_iter().map(T::from_f64).collect();
    let n_rows = x.len() / I;
    let inputs = Inputs::Dense(Matrix::from_rows(n_rows, I, x));
    let all: Vec<u32> = items(&file["classes"]).iter().flat_map(classes).collect();
    let targets = Targets::Classes(&all);
    let rows: Vec<u32> = (0..n_rows as u32).collect();
    for network in items(&file["networks"]) {
        let name = network["name"].as_str().unwrap();
        let batch = |s: usize| Batch { inputs: &inputs, targets, rows: &rows[s * N..(s + 1) * N], row_weights: None };

        let expected = &network["first_step"];
        let mut first = Trainer::from_network(start::<T>(network), training(&network["runs"][0], N), 0).unwrap();
        let loss = first.differentiate(&batch(0));
        assert_close(&format!("{name} loss"), &[loss], &expected["loss"], tolerances.first_loss);
        let gradients = plain::gradients(&first);
        assert_eq!(gradients.len(), expected["gradients"].as_object().unwrap().len());
        for (parameter, gradient) in &gradients {
            let what = format!("{name} gradient of {parameter}");
            assert_close(&what, &wide(gradient), &expected["gradients"][parameter], tolerances.first_gradient);
        }

        for run in items(&network["runs"]) {
            let what = format!("{name} {} {}", run["optimizer"], run["decay"]);
            let mut trainer = Trainer::from_network(start::<T>(network), training(run, N), 0).unwrap();
            let losses: Vec<f64> = (0..10).map(|s| trainer.step(&batch(s))).collect();
            assert_close(&format!("losses of {what}"), &losses, &run["losses"], tolerances.ten_losses);
            for parameter in trainer.parameters() {
                let values = wide(trainer.values(parameter));
                let part = parameter.name.replace("running_", "");
                let expected = run["running"].get(&part).unwrap_or(&run["parameters"][&parameter.name]);
                assert_close(&format!("{} of {what}", parameter.name), &values, expected, tolerances.after_ten_steps);
            }
            let mut outputs = Vec::new();
            let first_rows = Inputs::Dense(match &inputs {
                Inputs::Dense(x) => plain::rows_of(x, &rows[..N]),
                Inputs::Sparse(_) => unreachable!("made dense"),
            });
            // The last block is affine alone, so that what is inspected is the outputs.
            trainer.inspect(&first_rows, |block, values| {
                if block == 1 {
                    outputs.extend(wide(values));
                }
            });
            assert_close(
                &format!("outputs of {what}"),
                &outputs,
                &run["evaluation_outputs"],
                tolerances.after_ten_steps,
            );
        }
    }
}

#[test]
fn in_double_precision() {
    check::<f64>(&Tolerances { first_loss: 1e-13, first_gradient: 1e-11, ten_losses: 1e-10, after_ten_steps: 1e-9 });
}

/// Single precision has 6e-8 to give; small values, and small differences of large ones, lose more.
#[test]
fn in_single_precision() {
    check::<f32>(&Tolerances { first_loss: 3e-7, first_gradient: 3e-5, ten_losses: 1e-5, after_ten_steps: 1e-3 });
}
