//! Two small networks against PyTorch in float64, put together from the plain functions: what a
//! training step is, without a network, an arena or a kernel.

mod golden;

use std::collections::BTreeMap;

use golden::{assert_close, classes, items, number, numbers, read};
use goodfit_nn::layers::{BatchNormCache, RunningStatistics, affine_backward, affine_forward};
use goodfit_nn::{Activation, BatchNorm, Convention, Loss, Matrix, Optimizer, Targets, UpdateStep, WeightDecay};
use serde_json::Value;

const N: usize = 6;
const I: usize = 5;
const H: usize = 4;
const O: usize = 3;
const LOSS: Loss = Loss::CrossEntropy { label_smoothing: 0.0 };

/// Buffers by the names of the golden file.
type Named = BTreeMap<String, Vec<f64>>;

fn named(object: &Value) -> Named {
    object.as_object().unwrap().iter().map(|(name, value)| (name.clone(), numbers(value))).collect()
}

struct Net {
    norm: Option<BatchNorm>,
    activation: Activation,
    parameters: Named,
    running_mean: Vec<f64>,
    running_variance: Vec<f64>,
}

struct Pass {
    loss: f64,
    outputs: Vec<f64>,
    gradients: Named,
}

impl Net {
    fn new(network: &Value) -> Self {
        let has_norm = network["name"] == "batch-norm-relu";
        Self {
            norm: has_norm.then(|| BatchNorm::new(Convention::Field)),
            activation: if has_norm { Activation::Relu } else { Activation::Tanh },
            parameters: named(&network["parameters"]),
            running_mean: vec![0.0; H],
            running_variance: vec![1.0; H],
        }
    }

    fn matrix(&self, name: &str, n_rows: usize, n_columns: usize) -> Matrix<f64> {
        Matrix::from_rows(n_rows, n_columns, self.parameters[name].clone())
    }

    /// Forward and backward in training mode.
    fn pass(&mut self, x: &Matrix<f64>, classes: &[u32]) -> Pass {
        let (w1, w2) = (self.matrix("affine1.weight", I, H), self.matrix("affine2.weight", H, O));
        let p = &self.parameters;
        let mut z = Matrix::zeros(N, H);
        affine_forward(&mut z.view_mut(), x.view(), w1.view(), Some(&p["affine1.bias"]));
        let mut y = z.clone();
        let (mut mean, mut inverse_std) = (vec![0.0; H], vec![0.0; H]);
        if let Some(norm) = self.norm {
            norm.forward_training(
                y.data_mut(),
                BatchNormCache { normalized: z.data_mut(), mean: &mut mean, inverse_std: &mut inverse_std },
                RunningStatistics { mean: &mut self.running_mean, variance: &mut self.running_variance },
                &p["batch_norm1.scale"],
                &p["batch_norm1.shift"],
            );
        }
        self.activation.forward_in_place(y.data_mut());
        let mut outputs = Matrix::zeros(N, O);
        affine_forward(&mut outputs.view_mut(), y.view(), w2.view(), Some(&p["affine2.bias"]));

        let mut gradients: Named = p.iter().map(|(name, value)| (name.clone(), vec![0.0; value.len()])).collect();
        let mut d = Matrix::zeros(N, O);
        let loss = LOSS.value_and_gradient(d.data_mut(), outputs.data(), O, Targets::Classes(classes), None);
        let (mut dy, mut dw2, mut db2) = (Matrix::zeros(N, H), Matrix::zeros(H, O), vec![0.0; O]);
        affine_backward(&mut dy.view_mut(), &mut dw2.view_mut(), Some(&mut db2), d.view(), y.view(), w2.view());
        self.activation.backward(dy.data_mut(), y.data(), &[]);
        if let Some(norm) = self.norm {
            let (mut dscale, mut dshift) = (vec![0.0; H], vec![0.0; H]);
            let scale = &p["batch_norm1.scale"];
            norm.backward(dy.data_mut(), &mut dscale, &mut dshift, z.data(), &inverse_std, scale);
            gradients.insert("batch_norm1.scale".into(), dscale);
            gradients.insert("batch_norm1.shift".into(), dshift);
        }
        let (mut dx, mut dw1, mut db1) = (Matrix::zeros(N, I), Matrix::zeros(I, H), vec![0.0; H]);
        affine_backward(&mut dx.view_mut(), &mut dw1.view_mut(), Some(&mut db1), dy.view(), x.view(), w1.view());
        gradients.insert("affine1.weight".into(), dw1.data().to_vec());
        gradients.insert("affine1.bias".into(), db1);
        gradients.insert("affine2.weight".into(), dw2.data().to_vec());
        gradients.insert("affine2.bias".into(), db2);
        Pass { loss, outputs: outputs.data().to_vec(), gradients }
    }

    fn evaluate(&self, x: &Matrix<f64>) -> Vec<f64> {
        let p = &self.parameters;
        let mut y = Matrix::zeros(N, H);
        let w1 = self.matrix("affine1.weight", I, H);
        affine_forward(&mut y.view_mut(), x.view(), w1.view(), Some(&p["affine1.bias"]));
        if let Some(norm) = self.norm {
            let (mut factor, mut offset) = (vec![0.0; H], vec![0.0; H]);
            let (scale, shift) = (&p["batch_norm1.scale"], &p["batch_norm1.shift"]);
            norm.evaluation_map(&mut factor, &mut offset, scale, shift, &self.running_mean, &self.running_variance);
            norm.forward_evaluation(y.data_mut(), &factor, &offset);
        }
        self.activation.forward_in_place(y.data_mut());
        let mut outputs = Matrix::zeros(N, O);
        let w2 = self.matrix("affine2.weight", H, O);
        affine_forward(&mut outputs.view_mut(), y.view(), w2.view(), Some(&p["affine2.bias"]));
        outputs.data().to_vec()
    }
}

fn check_named(what: &str, got: &Named, expected: &Value, tolerance: f64) {
    assert_eq!(got.len(), expected.as_object().unwrap().len(), "{what}");
    for (name, values) in got {
        assert_close(&format!("{what} {name}"), values, &expected[name], tolerance);
    }
}

#[test]
fn small_networks() {
    let file = read("networks");
    let xs: Vec<Matrix<f64>> = items(&file["x"]).iter().map(|x| Matrix::from_rows(N, I, numbers(x))).collect();
    let targets: Vec<Vec<u32>> = items(&file["classes"]).iter().map(classes).collect();
    for network in items(&file["networks"]) {
        let name = &network["name"];
        let first = Net::new(network).pass(&xs[0], &targets[0]);
        let expected = &network["first_step"];
        assert_close(&format!("{name} outputs"), &first.outputs, &expected["outputs"], 1e-12);
        assert_close(&format!("{name} loss"), &[first.loss], &expected["loss"], 1e-13);
        // The bias before batch normalisation has the gradient 0, up to rounding.
        let mut gradients = first.gradients;
        let mut expected = expected["gradients"].clone();
        if name == "batch-norm-relu" {
            let bias = gradients.remove("affine1.bias").unwrap();
            assert!(bias.iter().all(|d| d.abs() < 1e-15), "{bias:?}");
            expected.as_object_mut().unwrap().remove("affine1.bias");
        }
        check_named(&format!("gradient of {name}"), &gradients, &expected, 1e-11);

        for run in items(&network["runs"]) {
            let what = format!("{name} {} {}", run["optimizer"], run["decay"]);
            let mut net = Net::new(network);
            let lambda = number(&run["lambda"]);
            let decay = match run["decay"].as_str().unwrap() {
                "none" => WeightDecay::None,
                "l2" => WeightDecay::L2(lambda),
                _ => WeightDecay::Decoupled(lambda),
            };
            let optimizer = if run["optimizer"] == "sgd" { Optimizer::Sgd } else { Optimizer::adam(Convention::Field) };
            let mut states: Named = net
                .parameters
                .iter()
                .map(|(name, value)| (name.clone(), vec![0.0; optimizer.n_state() * value.len()]))
                .collect();
            let mut losses = Vec::new();
            for (s, (x, t)) in xs.iter().zip(&targets).enumerate() {
                let pass = net.pass(x, t);
                losses.push(pass.loss);
                for (name, values) in &mut net.parameters {
                    // Adam makes steps of full length out of the rounding errors of that bias: they
                    // are not comparable, and batch normalisation takes them out again.
                    if net.norm.is_some() && name == "affine1.bias" {
                        continue;
                    }
                    let step = UpdateStep {
                        learning_rate: number(&run["learning_rate"]),
                        decay: if name.ends_with("weight") { decay } else { WeightDecay::None },
                        gradient_scale: 1.0,
                        step: s as u64 + 1,
                    };
                    optimizer.update(values, states.get_mut(name).unwrap(), &pass.gradients[name], &step);
                }
            }
            assert_close(&format!("losses of {what}"), &losses, &run["losses"], 1e-10);
            if net.norm.is_none() {
                check_named(&format!("end of {what}"), &net.parameters, &run["parameters"], 1e-9);
                assert_close(&what, &net.evaluate(&xs[0]), &run["evaluation_outputs"], 1e-9);
                continue;
            }
            for (name, values) in net.parameters.iter().filter(|(name, _)| *name != "affine1.bias") {
                assert_close(&format!("end of {what} {name}"), values, &run["parameters"][name], 1e-9);
            }
            assert_close(&what, &net.running_variance, &run["running"]["batch_norm1.variance"], 1e-9);
            if optimizer == Optimizer::Sgd {
                assert_close(&what, &net.running_mean, &run["running"]["batch_norm1.mean"], 1e-9);
                assert_close(&what, &net.evaluate(&xs[0]), &run["evaluation_outputs"], 1e-9);
            }
        }
    }
}
