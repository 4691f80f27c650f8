//! What a network is made of: a list of layers over a number of inputs.

use crate::error::require;
use crate::layers::{Activation, BatchNorm, Dropout};
use crate::{Error, Init};

/// A network: its number of inputs and its layers, first to last.
///
/// ```
/// use goodfit_nn::{Activation, Affine, Init, LayerSpec, NetworkSpec};
/// let spec = NetworkSpec {
///     inputs: 784,
///     layers: vec![
///         LayerSpec::Affine(Affine::new(100, Init::He)),
///         LayerSpec::Activation(Activation::Relu),
///         LayerSpec::Affine(Affine::new(10, Init::He)),
///     ],
/// };
/// assert_eq!(spec.outputs(), 10);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct NetworkSpec {
    /// Number of input columns.
    pub inputs: usize,
    /// The layers, first to last.
    pub layers: Vec<LayerSpec>,
}

/// One layer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum LayerSpec {
    /// `x W + b`
    Affine(Affine),
    /// Batch normalisation with a learned scale and shift.
    BatchNorm(BatchNorm),
    /// An activation function.
    Activation(Activation),
    /// Dropout.
    Dropout(Dropout),
}

/// An affine layer `y = x W + b`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// Number of units.
    pub outputs: usize,
    /// How the weights are drawn; biases start at 0.
    pub init: Init,
    /// Whether there is a bias.
    pub bias: bool,
    /// Upper bound of the norm of each unit's incoming weights, kept after every update.
    pub max_norm: Option<f64>,
    /// What multiplies learning rate and decay of the weights and of the bias.
    pub group: Group,
}

impl Affine {
    /// An affine layer with a bias, without a bound on its norm, in the default group.
    pub fn new(outputs: usize, init: Init) -> Self {
        Self { outputs, init, bias: true, max_norm: None, group: Group::default() }
    }
}

/// What multiplies the learning rate and the decay of a layer's parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Multiplies the learning rate of weights.
    pub learning_rate: f64,
    /// Multiplies the learning rate of biases.
    pub bias_learning_rate: f64,
    /// Multiplies the decay of weights.
    pub decay: f64,
}

impl Default for Group {
    fn default() -> Self {
        Self { learning_rate: 1.0, bias_learning_rate: 1.0, decay: 1.0 }
    }
}

impl Group {
    fn check(&self) -> Result<(), Error> {
        let factor = |operation, x: f64| require(x.is_finite() && x >= 0.0, operation, x, "a finite number >= 0");
        factor("factor of the learning rate of weights", self.learning_rate)?;
        factor("factor of the learning rate of biases", self.bias_learning_rate)?;
        factor("factor of the weight decay", self.decay)
    }
}

impl NetworkSpec {
    /// Number of output columns: the units of the last affine layer, or the inputs without one.
    pub fn outputs(&self) -> usize {
        let affine = self.layers.iter().rev().find_map(|layer| match layer {
            LayerSpec::Affine(affine) => Some(affine.outputs),
            _ => None,
        });
        affine.unwrap_or(self.inputs)
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// When there are no inputs, a layer has no units, or a layer's setting is out of its range.
    pub fn check(&self) -> Result<(), Error> {
        require(self.inputs > 0, "number of inputs", 0.0, "at least 1")?;
        for layer in &self.layers {
            match *layer {
                LayerSpec::Affine(affine) => {
                    require(affine.outputs > 0, "units of an affine layer", 0.0, "at least 1")?;
                    if let Some(bound) = affine.max_norm {
                        require(bound > 0.0, "max norm of an affine layer", bound, "a number > 0")?;
                    }
                    affine.init.check()?;
                    affine.group.check()?;
                }
                LayerSpec::BatchNorm(norm) => norm.check()?,
                LayerSpec::Dropout(dropout) => dropout.check()?,
                LayerSpec::Activation(activation) => activation.check()?,
            }
        }
        Ok(())
    }
}
