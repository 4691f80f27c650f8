//! The plan of a network: which blocks it has, where each parameter and each buffer lies.
//!
//! A block is an affine map, batch normalisation, an activation and dropout, each optional, in this
//! order. A layer that does not fit behind the last one of a block begins the next block, so every
//! list of layers has a plan. The input block (the rows of a batch, their embeddings, and dropout of
//! inputs) stands in front.
//!
//! Shapes: N rows (samples), D inputs of a block, U units of a block, M members of an ensemble.

use std::ops::Range;

use super::embedding::Embeddings;
use super::spec::{LayerSpec, NetworkSpec};
use crate::kernels::{Csr, Finish};
use crate::layers::{Activation, Affine, BatchNorm, Dropout, Ensemble};
use crate::{Error, Float, Init, Inputs, MatRef};

/// What a parameter is; only weights decay.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Weights of an affine map, D x U; in the last one of an ensemble those of each member, M x D x U; or of an embedding.
    Weight,
    /// Bias of an affine map, U; in an ensemble M x U.
    Bias,
    /// Scale of batch normalisation, U, or of the inputs of an affine map, D; in an ensemble of the inputs, M x D, or the outputs,
    /// M x U, of each member; frequencies of embedded numbers.
    Scale,
    /// Shift of batch normalisation, U; phases of embedded numbers.
    Shift,
    /// Running mean or variance of batch normalisation, U: kept with the parameters, not trained.
    Running,
    /// Edges of the bins of embedded numbers, kept with the parameters, not trained.
    Fixed,
}

impl Kind {
    /// Whether training moves it along a gradient.
    pub fn is_trained(self) -> bool {
        !matches!(self, Self::Running | Self::Fixed)
    }
}

/// A named tensor of a network.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// For instance `affine1.weight`, `batch_norm1.running_mean`.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Extents, as [`Kind`] says them; of embedded numbers column after column.
    pub shape: Vec<usize>,
    /// Where it lies among all parameters.
    pub range: Range<usize>,
    /// Multiplies the learning rate.
    pub learning_rate: f64,
    /// Multiplies the weight decay.
    pub decay: f64,
    /// Upper bound of the norm of each column.
    pub max_norm: Option<f64>,
}

/// The affine part of a block: indices into [`Plan::parameters`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct AffinePart {
    pub(crate) weight: usize,
    pub(crate) bias: Option<usize>,
    pub(crate) scale: Option<usize>,
    pub(crate) init: Init,
    pub(crate) bias_std: f64,
    pub(crate) members: Members,
}

/// What the members of an ensemble have of an affine map for themselves: indices into [`Plan::parameters`].
#[derive(Clone, Copy, Debug)]
pub(crate) enum Members {
    /// There is no ensemble.
    None,
    /// Scales and biases around weights that all share.
    Share { scale_in: usize, scale_out: usize },
    /// Weights and biases.
    Own,
}

/// The batch-norm part of a block: indices into [`Plan::parameters`].
#[derive(Clone, Copy, Debug)]
pub(crate) struct NormPart {
    pub(crate) spec: BatchNorm,
    pub(crate) scale: usize,
    pub(crate) shift: usize,
    pub(crate) running_mean: usize,
    pub(crate) running_variance: usize,
}

/// Affine map, batch normalisation, activation, dropout; each optional.
#[derive(Clone, Debug)]
pub(crate) struct Block {
    /// D
    pub(crate) inputs: usize,
    /// U
    pub(crate) units: usize,
    /// M, or 1 without an ensemble.
    pub(crate) members: usize,
    pub(crate) affine: Option<AffinePart>,
    pub(crate) norm: Option<NormPart>,
    pub(crate) activation: Option<Activation>,
    pub(crate) dropout: Option<Dropout>,
}

/// Blocks and parameters of a network.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) inputs: usize,
    pub(crate) embeddings: Option<Embeddings>,
    pub(crate) ensemble: Option<Ensemble>,
    pub(crate) input_dropout: Option<Dropout>,
    pub(crate) blocks: Vec<Block>,
    pub(crate) parameters: Vec<Parameter>,
    pub(crate) n_values: usize,
}

impl Plan {
    /// Cuts a list of layers into blocks.
    pub(crate) fn new(spec: &NetworkSpec) -> Result<Self, Error> {
        spec.check()?;
        let mut plan = Self {
            inputs: spec.inputs,
            embeddings: None,
            ensemble: None,
            input_dropout: None,
            blocks: Vec::new(),
            parameters: Vec::new(),
            n_values: 0,
        };
        let mut layers = spec.layers.as_slice();
        if let [LayerSpec::Embedding(embedding), rest @ ..] = layers {
            plan.embeddings = Some(Embeddings::add(embedding, &mut plan));
            layers = rest;
        }
        if let [LayerSpec::Ensemble(ensemble), rest @ ..] = layers {
            plan.ensemble = Some(*ensemble);
            layers = rest;
        }
        if let [LayerSpec::Dropout(dropout), rest @ ..] = layers {
            plan.input_dropout = Some(*dropout);
            layers = rest;
        }
        let last = layers.iter().rposition(|layer| matches!(layer, LayerSpec::Affine(_)));
        for (place, layer) in layers.iter().enumerate() {
            match layer {
                LayerSpec::Embedding(_) | LayerSpec::Ensemble(_) => {
                    unreachable!("the check finds one that is not in front")
                }
                LayerSpec::Affine(affine) => plan.add_affine(affine, last == Some(place)),
                LayerSpec::BatchNorm(norm) => plan.add_norm(*norm),
                LayerSpec::Activation(activation) => {
                    plan.block_with(|b| b.activation.is_none() && b.dropout.is_none()).activation = Some(*activation);
                }
                LayerSpec::Dropout(dropout) => {
                    plan.block_with(|b| b.dropout.is_none()).dropout = Some(*dropout);
                }
            }
        }
        Ok(plan)
    }

    /// Number of columns that the first block reads: the inputs, embedded where they are.
    pub(crate) fn width(&self) -> usize {
        self.embeddings.as_ref().map_or(self.inputs, |embeddings| embeddings.outputs)
    }

    /// Number of output columns.
    pub(crate) fn outputs(&self) -> usize {
        self.blocks.last().map_or(self.width(), |block| block.units)
    }

    /// Members of the ensemble, 1 without one.
    pub(crate) fn members(&self) -> usize {
        self.ensemble.map_or(1, |ensemble| ensemble.members)
    }

    /// The widest row that goes between blocks, embedded inputs included; in an ensemble also that of the inputs, by which there
    /// is a gradient for the scales.
    pub(crate) fn max_units(&self) -> usize {
        let has_front = self.embeddings.is_some() || self.ensemble.is_some();
        let front = if has_front { self.width() } else { self.inputs.min(self.outputs()) };
        self.blocks.iter().map(|block| block.units).fold(front, usize::max)
    }

    /// The inputs without their zeros, if they are so and the first block can read them so: nothing
    /// but an affine map does, and not for members with scales of their own.
    pub(crate) fn sparse<'a, T>(&self, inputs: &'a Inputs<T>) -> Option<&'a Csr<T>> {
        match inputs {
            Inputs::Sparse(csr) if self.reads_inputs() => Some(csr),
            _ => None,
        }
    }

    /// Rows of dense inputs where they stand, if they follow one another there and the first product takes them as they are.
    pub(crate) fn dense<'a, T: Float>(&self, inputs: &'a Inputs<T>, rows: &[u32]) -> Option<MatRef<'a, T>> {
        let Inputs::Dense(matrix) = inputs else { return None };
        let first = *rows.first()? as usize;
        let follow = rows.iter().zip(first..).all(|(&row, next)| row as usize == next);
        let d = matrix.n_columns();
        (self.reads_inputs() && follow)
            .then(|| MatRef::new(&matrix.data()[first * d..(first + rows.len()) * d], rows.len(), d))
    }

    /// Whether the first product takes the inputs as they are.
    fn reads_inputs(&self) -> bool {
        self.embeddings.is_none() && self.ensemble.is_none() && self.input_dropout.is_none() && self.starts_affine()
    }

    /// Whether the first block reads the inputs through an affine map.
    pub(crate) fn starts_affine(&self) -> bool {
        self.blocks.first().is_some_and(|block| block.affine.is_some())
    }

    /// The number of affine maps.
    pub(crate) fn n_affine(&self) -> usize {
        self.blocks.iter().filter(|block| block.affine.is_some()).count()
    }

    fn add_affine(&mut self, affine: &Affine, is_last: bool) {
        let inputs = self.outputs();
        let number = self.n_affine() + 1;
        let of_members =
            |shape: &[usize]| self.ensemble.iter().map(|e| e.members).chain(shape.iter().copied()).collect();
        let (bias_shape, own_weights): (Vec<usize>, Vec<usize>) =
            (of_members(&[affine.outputs]), of_members(&[inputs, affine.outputs]));
        let shares = self.ensemble.filter(|_| !is_last);
        let shape = if shares.is_some() { vec![inputs, affine.outputs] } else { own_weights };
        let weight = self.add_parameter(format!("affine{number}.weight"), Kind::Weight, shape);
        self.parameters[weight].learning_rate = affine.group.learning_rate;
        self.parameters[weight].decay = affine.group.decay;
        self.parameters[weight].max_norm = affine.max_norm;
        let bias = affine.bias.then(|| {
            let bias = self.add_parameter(format!("affine{number}.bias"), Kind::Bias, bias_shape);
            self.parameters[bias].learning_rate = affine.group.bias_learning_rate;
            bias
        });
        let scale = affine.input_scale.then(|| {
            let scale = self.add_parameter(format!("affine{number}.scale"), Kind::Scale, vec![inputs]);
            self.parameters[scale].learning_rate = affine.group.scale_learning_rate;
            scale
        });
        let members = match (shares, self.ensemble) {
            (Some(Ensemble { members, .. }), _) => {
                let mut add = |part: &str, units| {
                    self.add_parameter(format!("affine{number}.{part}"), Kind::Scale, vec![members, units])
                };
                Members::Share { scale_in: add("scale_in", inputs), scale_out: add("scale_out", affine.outputs) }
            }
            (None, Some(_)) => Members::Own,
            (None, None) => Members::None,
        };
        let Affine { init, bias_std, outputs, .. } = *affine;
        self.blocks.push(Block {
            affine: Some(AffinePart { weight, bias, scale, init, bias_std, members }),
            ..self.empty_block(inputs, outputs)
        });
    }

    fn add_norm(&mut self, spec: BatchNorm) {
        let units = self.block_with(|b| b.norm.is_none() && b.activation.is_none() && b.dropout.is_none()).units;
        let number = self.blocks.iter().filter(|block| block.norm.is_some()).count() + 1;
        let mut add = |part: &str, kind| self.add_parameter(format!("batch_norm{number}.{part}"), kind, vec![units]);
        let norm = NormPart {
            spec,
            scale: add("scale", Kind::Scale),
            shift: add("shift", Kind::Shift),
            running_mean: add("running_mean", Kind::Running),
            running_variance: add("running_variance", Kind::Running),
        };
        if let Some(block) = self.blocks.last_mut() {
            block.norm = Some(norm);
        }
    }

    /// The last block if it has room, else a new one behind it.
    fn block_with(&mut self, has_room: impl Fn(&Block) -> bool) -> &mut Block {
        if !self.blocks.last().is_some_and(has_room) {
            let units = self.outputs();
            self.blocks.push(self.empty_block(units, units));
        }
        let last = self.blocks.len() - 1;
        &mut self.blocks[last]
    }

    fn empty_block(&self, inputs: usize, units: usize) -> Block {
        Block { inputs, units, members: self.members(), affine: None, norm: None, activation: None, dropout: None }
    }

    pub(super) fn add_parameter(&mut self, name: String, kind: Kind, shape: Vec<usize>) -> usize {
        let n = shape.iter().product::<usize>();
        let range = self.n_values..self.n_values + n;
        self.n_values += n;
        let decay = if kind == Kind::Weight { 1.0 } else { 0.0 };
        self.parameters.push(Parameter { name, kind, shape, range, learning_rate: 1.0, decay, max_norm: None });
        self.parameters.len() - 1
    }
}

impl Block {
    /// Values of the weights with the scales of the inputs in them; 0 without scales.
    pub(crate) fn n_scaled(&self) -> usize {
        if self.affine.is_some_and(|affine| affine.scale.is_some()) { self.inputs * self.units } else { 0 }
    }

    /// What follows on its product at once: the bias, and the activation where that is all that comes between.
    pub(crate) fn finish<'a, T: Float>(&self, plan: &Plan, values: &'a [T]) -> Finish<'a, T> {
        let bias = self.affine.and_then(|affine| affine.bias);
        Finish { bias: bias.map(|bias| &values[plan.parameters[bias].range.clone()]), relu: self.finishes_relu() }
    }

    /// Whether [`Block::finish`] is all of the activation.
    pub(crate) fn finishes_relu(&self) -> bool {
        let alone = self.affine.is_some_and(|affine| matches!(affine.members, Members::None)) && self.norm.is_none();
        alone && self.activation == Some(Activation::Relu)
    }

    /// Whether the members of an ensemble share its weights.
    pub(crate) fn is_shared(&self) -> bool {
        matches!(self.affine, Some(AffinePart { members: Members::Share { .. }, .. }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::{Convention, DropoutForm};

    fn plan(layers: Vec<LayerSpec>) -> Plan {
        Plan::new(&NetworkSpec { inputs: 3, layers }).unwrap()
    }

    const DROPOUT: LayerSpec = LayerSpec::Dropout(Dropout { ratio: 0.5, form: DropoutForm::Inverted });
    const RELU: LayerSpec = LayerSpec::Activation(Activation::Relu);

    fn affine(units: usize) -> LayerSpec {
        LayerSpec::Affine(Affine::new(units, Init::He))
    }

    fn norm() -> LayerSpec {
        LayerSpec::BatchNorm(BatchNorm::new(Convention::Field))
    }

    #[test]
    fn layers_in_the_usual_order_share_a_block() {
        let plan = plan(vec![DROPOUT, affine(5), norm(), RELU, DROPOUT, affine(2)]);
        assert!(plan.input_dropout.is_some());
        assert_eq!(plan.blocks.len(), 2);
        assert_eq!(plan.outputs(), 2);
        let names: Vec<&str> = plan.parameters.iter().map(|p| p.name.as_str()).collect();
        assert_eq!(
            names,
            [
                "affine1.weight",
                "affine1.bias",
                "batch_norm1.scale",
                "batch_norm1.shift",
                "batch_norm1.running_mean",
                "batch_norm1.running_variance",
                "affine2.weight",
                "affine2.bias"
            ]
        );
        assert_eq!(plan.n_values, 15 + 5 + 20 + 10 + 2);
    }

    #[test]
    fn any_other_order_begins_new_blocks() {
        assert_eq!(plan(vec![affine(5), RELU, norm(), RELU, RELU]).blocks.len(), 3);
        assert_eq!(plan(vec![norm(), affine(4)]).blocks.len(), 2);
        assert_eq!(plan(vec![]).outputs(), 3);
    }
}
