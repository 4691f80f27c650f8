//! Networks behind embeddings against `PyTorch`: `golden/embeddings.json`.

mod golden;
mod plain;

use golden::{assert_close, classes, items, number, numbers, read, training, wide};
use goodfit_nn::{
    Activation, Affine, Batch, Embedding, Float, Init, Inputs, LayerSpec, LevelColumn, Matrix, Network, NetworkSpec,
    NumericColumns, NumericEmbedding, Targets, Trainer, Workspace,
};
use serde_json::Value;

const N: usize = 6;
const I: usize = 6;
const H: usize = 4;
const O: usize = 3;

fn spec(file: &Value, case: &Value) -> NetworkSpec {
    let whole = |value: &Value| number(value) as usize;
    let (size, std) = (whole(&case["size"]), 0.1);
    let form = match case["form"].as_str().expect("a form") {
        "piecewise-linear" => NumericEmbedding::PiecewiseLinear { bins: 4, size },
        "periodic" => NumericEmbedding::Periodic { frequencies: 3, size, std },
        "periodic-with-phases" => NumericEmbedding::PeriodicWithPhases { frequencies: 3, size, std },
        other => panic!("form {other}"),
    };
    let inputs = items(&file["numbers"]).iter().map(whole).collect();
    let level =
        |column: &Value| LevelColumn { input: whole(&column[0]), levels: whole(&column[1]), size: whole(&column[2]) };
    let levels = items(&file["levels"]).iter().map(level).collect();
    let embedding = Embedding { numeric: Some(NumericColumns { inputs, form, learning_rate: 1.0 }), levels };
    let affine = |outputs| LayerSpec::Affine(Affine::new(outputs, Init::He));
    let layers = vec![LayerSpec::Embedding(embedding), affine(H), LayerSpec::Activation(Activation::Tanh), affine(O)];
    NetworkSpec { inputs: I, layers }
}

fn values<T: Float>(value: &Value) -> Vec<T> {
    numbers(value).into_iter().map(T::from_f64).collect()
}

fn start<T: Float>(file: &Value, case: &Value) -> Network<T> {
    let mut start = Network::new(&spec(file, case), 0).unwrap();
    for (name, parameter) in case["parameters"].as_object().unwrap() {
        start.set(name, &values::<T>(parameter)).unwrap();
    }
    if case["form"] == "piecewise-linear" {
        start.set("numeric_embedding.edges", &values::<T>(&file["edges"])).unwrap();
    }
    start
}

/// Largest errors, relative to the expected value: of the first step, of ten losses, of parameters after ten steps.
fn check<T: Float>([first_step, ten_losses, after_ten_steps]: [f64; 3]) {
    let file = read("embeddings");
    let x: Vec<T> = values(&file["x"]);
    let n_rows = x.len() / I;
    let first = Inputs::Dense(Matrix::from_rows(N, I, x[..N * I].to_vec()));
    let inputs = Inputs::Dense(Matrix::from_rows(n_rows, I, x));
    let all: Vec<u32> = items(&file["classes"]).iter().flat_map(classes).collect();
    let targets = Targets::Classes(&all);
    let rows: Vec<u32> = (0..n_rows as u32).collect();
    let batch = |s: usize| Batch { inputs: &inputs, targets, rows: &rows[s * N..(s + 1) * N], row_weights: None };
    assert_eq!(items(&file["cases"]).len(), 3);
    for case in items(&file["cases"]) {
        let form = case["form"].as_str().unwrap();
        let network = start::<T>(&file, case);
        let mut outputs = Matrix::zeros(N, O);
        Workspace::new(&network).predict(outputs.view_mut(), &network, &first);
        let expected = &case["first_step"];
        assert_close(&format!("{form} outputs"), &wide(outputs.data()), &expected["outputs"], first_step);

        let mut trainer = Trainer::from_network(network, training(&case["runs"][0], N), 0).unwrap();
        assert_close(&format!("{form} loss"), &[trainer.differentiate(&batch(0))], &expected["loss"], first_step);
        let gradients = plain::gradients(&trainer);
        assert_eq!(gradients.len(), expected["gradients"].as_object().unwrap().len());
        for (parameter, gradient) in &gradients {
            let what = format!("{form} gradient of {parameter}");
            assert_close(&what, &wide(gradient), &expected["gradients"][parameter], first_step);
        }

        for run in items(&case["runs"]) {
            let what = format!("{form} {} {}", run["optimizer"], run["decay"]);
            let mut trainer = Trainer::from_network(start::<T>(&file, case), training(run, N), 0).unwrap();
            let losses: Vec<f64> = (0..10).map(|s| trainer.step(&batch(s))).collect();
            assert_close(&format!("losses of {what}"), &losses, &run["losses"], ten_losses);
            for parameter in trainer.parameters() {
                let edges = parameter.name == "numeric_embedding.edges";
                let expected = if edges { &file["edges"] } else { &run["parameters"][&parameter.name] };
                let tolerance = if edges { 1e-6 } else { after_ten_steps };
                let values = wide(trainer.values(parameter));
                assert_close(&format!("{} of {what}", parameter.name), &values, expected, tolerance);
            }
        }
    }
}

#[test]
fn in_double_precision() {
    check::<f64>([1e-11, 1e-10, 1e-8]);
}

/// Single precision has 6e-8 to give; small values, and small differences of large ones, lose more.
#[test]
fn in_single_precision() {
    check::<f32>([1e-3, 2e-4, 3e-3]);
}
