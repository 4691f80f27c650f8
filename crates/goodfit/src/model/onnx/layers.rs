//! Layers as operators: the one place that knows what each of them is in evaluation.

use std::f64::consts::FRAC_1_SQRT_2;
use std::slice;

use goodfit_nn::{
    Activation, Affine, BatchNorm, Dropout, DropoutForm, Embedding, LayerSpec, Network, NumericEmbedding, Parameter,
};

use super::embedding::{self, NumericValues};
use super::graph::{Graph, float, int};
use crate::model::ModelError;

/// `lambda` and `alpha` of selu.
const SELU: [f64; 2] = [1.050_700_987_355_480_5, 1.673_263_242_354_377_2];

const UNFIT: ModelError = ModelError::Unfit { what: "the layers and their parameters" };

/// Adds the layers of a network in evaluation mode.
///
/// # Shapes
/// `x`: N x inputs. The result: N x outputs.
///
/// # Errors
/// When the network has other parameters than its layers have.
pub(super) fn add(
    graph: &mut Graph,
    network: &Network<f32>,
    layers: &[LayerSpec],
    x: String,
) -> Result<String, ModelError> {
    let mut adding = Adding { graph, network, parameters: network.parameters().iter() };
    let outputs = layers.iter().try_fold(x, |x, layer| adding.layer(layer, x))?;
    if adding.parameters.len() > 0 { Err(UNFIT) } else { Ok(outputs) }
}

/// A network whose layers are added one by one; each takes its parameters from those that are left.
struct Adding<'a> {
    graph: &'a mut Graph,
    network: &'a Network<f32>,
    parameters: slice::Iter<'a, Parameter>,
}

impl<'a> Adding<'a> {
    fn layer(&mut self, layer: &LayerSpec, x: String) -> Result<String, ModelError> {
        match layer {
            LayerSpec::Embedding(embedding) => self.embedding(embedding, &x),
            LayerSpec::Affine(affine) => self.affine(*affine, x),
            LayerSpec::BatchNorm(norm) => self.norm(*norm, &x),
            LayerSpec::Activation(activation) => Ok(self.activation(*activation, x)),
            LayerSpec::Dropout(dropout) => Ok(self.dropout(*dropout, x)),
        }
    }

    /// The inputs that pass, the embeddings of numbers and those of levels beside each other.
    fn embedding(&mut self, embedding: &Embedding, x: &str) -> Result<String, ModelError> {
        let Embedding { numeric, levels } = embedding;
        let mut parts = Vec::new();
        let passed: Vec<usize> = embedding.passed(self.network.inputs()).collect();
        if !passed.is_empty() {
            parts.push(embedding::columns(self.graph, "embedding.passed", x, &passed));
        }
        if let Some(numeric) = numeric {
            let (mut edges, mut frequencies, mut phases): (&[f32], &[f32], &[f32]) = (&[], &[], &[]);
            match numeric.form {
                NumericEmbedding::PiecewiseLinear { .. } => edges = self.values("edges")?,
                NumericEmbedding::Periodic { .. } => frequencies = self.values("frequencies")?,
                NumericEmbedding::PeriodicWithPhases { .. } => {
                    (frequencies, phases) = (self.values("frequencies")?, self.values("phases")?);
                }
            }
            let (weight, bias) = (self.parameter("weight")?, self.parameter("bias")?);
            let values = NumericValues { edges, frequencies, phases, weight, bias };
            parts.push(embedding::numbers(self.graph, x, numeric, &values));
        }
        for (number, column) in (1..).zip(levels) {
            let weights = self.values("weight")?;
            parts.push(embedding::levels(self.graph, &format!("level_embedding{number}"), x, column, weights));
        }
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        Ok(self.graph.add_with("embedding", "Concat", &parts, vec![int("axis", 1)]))
    }

    /// The values of the next parameter.
    fn values(&mut self, part: &str) -> Result<&'a [f32], ModelError> {
        let parameter = self.parameters.next().filter(|parameter| parameter.name.ends_with(&format!(".{part}")));
        parameter.map(|parameter| self.network.values(parameter)).ok_or(UNFIT)
    }

    /// `x W + b`, or `(x s) W + b`. Fields are named one by one, here and below, so that a new one is thought of.
    fn affine(&mut self, affine: Affine, x: String) -> Result<String, ModelError> {
        let Affine { bias, input_scale, outputs: _, init: _, bias_std: _, max_norm: _, group: _ } = affine;
        let (name, weight) = self.first("weight")?;
        let bias = if bias { Some(self.parameter("bias")?) } else { None };
        let scaled = if input_scale {
            let scale = self.parameter("scale")?;
            self.graph.add(&format!("{name}.scaled"), "Mul", &[&x, &scale])
        } else {
            x
        };
        Ok(match bias {
            Some(bias) => self.graph.add(name, "Gemm", &[&scaled, &weight, &bias]),
            None => self.graph.add(name, "MatMul", &[&scaled, &weight]),
        })
    }

    /// The next parameter as a constant.
    fn parameter(&mut self, part: &str) -> Result<String, ModelError> {
        Ok(self.first(part)?.1)
    }

    /// The same for the first one of a layer, behind the name of the layer.
    fn first(&mut self, part: &str) -> Result<(&'a str, String), ModelError> {
        let parameter = self.parameters.next();
        let named = parameter.and_then(|parameter| {
            let layer = parameter.name.strip_suffix(part)?.strip_suffix('.')?;
            Some((layer, self.graph.constant(&parameter.name, &parameter.shape, self.network.values(parameter))))
        });
        named.ok_or(UNFIT)
    }

    /// `scale * (x - mean) / sqrt(variance + epsilon) + shift`, with the running mean and variance.
    fn norm(&mut self, norm: BatchNorm, x: &str) -> Result<String, ModelError> {
        let BatchNorm { epsilon, momentum: _, running: _ } = norm;
        let (name, scale) = self.first("scale")?;
        let [shift, mean, variance] =
            [self.parameter("shift")?, self.parameter("running_mean")?, self.parameter("running_variance")?];
        let inputs = [x, &scale, &shift, &mean, &variance];
        Ok(self.graph.add_with(name, "BatchNormalization", &inputs, vec![float("epsilon", epsilon)]))
    }

    fn activation(&mut self, activation: Activation, x: String) -> String {
        let graph = &mut *self.graph;
        let name = activation.name();
        match activation {
            Activation::Identity => x,
            Activation::Relu => graph.add(name, "Relu", &[&x]),
            Activation::Sigmoid => graph.add(name, "Sigmoid", &[&x]),
            Activation::Tanh => graph.add(name, "Tanh", &[&x]),
            Activation::LeakyRelu { slope } => graph.add_with(name, "LeakyRelu", &[&x], vec![float("alpha", slope)]),
            Activation::Elu { alpha } => graph.add_with(name, "Elu", &[&x], vec![float("alpha", alpha)]),
            Activation::Selu => {
                let [lambda, alpha] = SELU;
                graph.add_with(name, "Selu", &[&x], vec![float("alpha", alpha), float("gamma", lambda)])
            }
            // x (1 + erf(x / sqrt 2)) / 2: an operator of its own comes with opset 20.
            Activation::Gelu => {
                let [half, one, root] = [0.5, 1.0, FRAC_1_SQRT_2 as f32].map(|x: f32| graph.scalar(x));
                let scaled = graph.add("gelu.scaled", "Mul", &[&x, &root]);
                let erf = graph.add("gelu.erf", "Erf", &[&scaled]);
                let twice = graph.add("gelu.twice", "Add", &[&one, &erf]);
                let share = graph.add("gelu.share", "Mul", &[&half, &twice]);
                graph.add(name, "Mul", &[&x, &share])
            }
            Activation::Silu => {
                let share = graph.add("silu.share", "Sigmoid", &[&x]);
                graph.add(name, "Mul", &[&x, &share])
            }
            // x tanh(ln(1 + exp(x))): an operator of its own comes with opset 18.
            Activation::Mish => {
                let plus = graph.add("mish.plus", "Softplus", &[&x]);
                let share = graph.add("mish.share", "Tanh", &[&plus]);
                graph.add(name, "Mul", &[&x, &share])
            }
        }
    }

    /// Nothing in the inverted form, `x (1 - ratio)` in the textbook's.
    fn dropout(&mut self, dropout: Dropout, x: String) -> String {
        let Dropout { ratio, form } = dropout;
        match form {
            DropoutForm::Inverted => x,
            DropoutForm::Textbook => {
                let kept = self.graph.scalar((1.0 - ratio) as f32);
                self.graph.add("dropout", "Mul", &[&x, &kept])
            }
        }
    }
}
