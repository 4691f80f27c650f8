//! Layers as operators: the one place that knows what each of them is in evaluation.

use std::f64::consts::FRAC_1_SQRT_2;
use std::slice;

use goodfit_nn::{
    Activation, Affine, Average, BatchNorm, Dropout, DropoutForm, Embedding, Ensemble, LayerSpec, Network,
    NumericEmbedding, Parameter,
};

use super::embedding::{self, NumericValues};
use super::graph::{Graph, float, int, ints};
use crate::model::ModelError;

/// `lambda` and `alpha` of selu.
const SELU: [f64; 2] = [1.050_700_987_355_480_5, 1.673_263_242_354_377_2];

const UNFIT: ModelError = ModelError::Unfit { what: "the layers and their parameters" };

/// Adds the layers of a network in evaluation mode.
///
/// # Shapes
/// `x`: N x inputs. The result: N x outputs. Within an ensemble of M members values are N x M x units, and M x N x outputs behind
/// its last affine map, since a product of three dimensions takes a matrix for each of the first.
///
/// # Errors
/// When the network has other parameters than its layers have.
pub(super) fn add(
    graph: &mut Graph,
    network: &Network<f32>,
    layers: &[LayerSpec],
    x: String,
) -> Result<String, ModelError> {
    let n_affine = layers.iter().filter(|layer| matches!(layer, LayerSpec::Affine(_))).count();
    let mut adding = Adding { graph, network, parameters: network.parameters().iter(), ensemble: None, n_affine };
    let outputs = layers.iter().try_fold(x, |x, layer| adding.layer(layer, x))?;
    let outputs = adding.average(outputs);
    if adding.parameters.len() > 0 { Err(UNFIT) } else { Ok(outputs) }
}

/// A network whose layers are added one by one; each takes its parameters from those that are left.
struct Adding<'a> {
    graph: &'a mut Graph,
    network: &'a Network<f32>,
    parameters: slice::Iter<'a, Parameter>,
    ensemble: Option<Ensemble>,
    /// Affine maps that are left.
    n_affine: usize,
}

impl<'a> Adding<'a> {
    fn layer(&mut self, layer: &LayerSpec, x: String) -> Result<String, ModelError> {
        match layer {
            LayerSpec::Embedding(embedding) => self.embedding(embedding, &x),
            LayerSpec::Affine(affine) => {
                self.n_affine -= 1;
                if self.ensemble.is_some() { self.member_affine(*affine, &x) } else { self.affine(*affine, x) }
            }
            LayerSpec::BatchNorm(norm) => self.norm(*norm, &x),
            LayerSpec::Activation(activation) => Ok(self.activation(*activation, x)),
            LayerSpec::Dropout(dropout) => Ok(self.dropout(*dropout, x)),
            LayerSpec::Ensemble(ensemble) => {
                self.ensemble = Some(*ensemble);
                Ok(self.unsqueeze("members", &x))
            }
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

    /// `((x r) W) s + b` for each member, or `x W + b` with weights of its own in the last map.
    fn member_affine(&mut self, affine: Affine, x: &str) -> Result<String, ModelError> {
        let Affine { bias, input_scale: _, outputs: _, init: _, bias_std: _, max_norm: _, group: _ } = affine;
        let (name, weight) = self.first("weight")?;
        let bias = if bias { Some(self.parameter("bias")?) } else { None };
        let (y, bias) = if self.n_affine > 0 {
            let [scale_in, scale_out] = [self.parameter("scale_in")?, self.parameter("scale_out")?];
            let scaled = self.graph.add(&format!("{name}.scaled"), "Mul", &[x, &scale_in]);
            let product = self.graph.add(&format!("{name}.product"), "MatMul", &[&scaled, &weight]);
            (self.graph.add(&format!("{name}.of_members"), "Mul", &[&product, &scale_out]), bias)
        } else {
            let order = vec![ints("perm", vec![1, 0, 2])];
            let by_member = self.graph.add_with(&format!("{name}.by_member"), "Transpose", &[x], order);
            let product = self.graph.add(&format!("{name}.product"), "MatMul", &[&by_member, &weight]);
            (product, bias.map(|bias| self.unsqueeze(&bias, &bias)))
        };
        Ok(bias.map_or(y.clone(), |bias| self.graph.add(name, "Add", &[&y, &bias])))
    }

    /// From the outputs of each member, M x N x outputs, to those of the ensemble.
    fn average(&mut self, y: String) -> String {
        let Some(Ensemble { members: _, average }) = self.ensemble else { return y };
        let over_members = vec![ints("axes", vec![0]), int("keepdims", 0)];
        match average {
            Average::Values => self.graph.add_with("average", "ReduceMean", &[&y], over_members),
            Average::Probabilities => {
                let shares = self.graph.add_with("members.shares", "Softmax", &[&y], vec![int("axis", 2)]);
                let mean = self.graph.add_with("members.mean", "ReduceMean", &[&shares], over_members);
                self.graph.add("average", "Log", &[&mean])
            }
        }
    }

    /// A second dimension of one place.
    fn unsqueeze(&mut self, wanted: &str, x: &str) -> String {
        let axis = self.graph.constant("axis", &[1], &[1_i64]);
        self.graph.add(&format!("{wanted}.unsqueezed"), "Unsqueeze", &[x, &axis])
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
