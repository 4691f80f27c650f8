//! What a network is made of: a list of layers over a number of inputs.

use crate::Error;
use crate::error::require;
use crate::layers::{Activation, Affine, BatchNorm, Dropout, Ensemble};

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
    /// All layers are those of an ensemble whose members share weights; it stands in front.
    Ensemble(Ensemble),
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
    /// When there are no inputs, a layer has no units, or a layer's setting is out of its range; when an ensemble does not stand
    /// in front, has no affine layer, or has one with scaled inputs or a bound on its norm, or batch normalisation.
    pub fn check(&self) -> Result<(), Error> {
        require(self.inputs > 0, "number of inputs", 0.0, "at least 1")?;
        for (place, layer) in self.layers.iter().enumerate() {
            match *layer {
                LayerSpec::Affine(affine) => affine.check()?,
                LayerSpec::BatchNorm(norm) => norm.check()?,
                LayerSpec::Dropout(dropout) => dropout.check()?,
                LayerSpec::Activation(activation) => activation.check()?,
                LayerSpec::Ensemble(ensemble) => {
                    ensemble.check()?;
                    require(place == 0, "layers in front of an ensemble", place as f64, "none")?;
                }
            }
        }
        self.check_ensemble()
    }

    /// What the members of an ensemble cannot have: statistics over the rows of all of them would mix them, a bound would be one
    /// of the shared weights only, and inputs have a scale for each member as it is.
    fn check_ensemble(&self) -> Result<(), Error> {
        let [LayerSpec::Ensemble(_), layers @ ..] = self.layers.as_slice() else { return Ok(()) };
        let count = |is: fn(&LayerSpec) -> bool| layers.iter().filter(|layer| is(layer)).count() as f64;
        let norms = count(|layer| matches!(layer, LayerSpec::BatchNorm(_)));
        require(norms == 0.0, "batch normalisations in an ensemble", norms, "none")?;
        let scaled = count(|layer| matches!(layer, LayerSpec::Affine(affine) if affine.input_scale));
        require(scaled == 0.0, "affine layers with scaled inputs in an ensemble", scaled, "none")?;
        let bound = count(|layer| matches!(layer, LayerSpec::Affine(affine) if affine.max_norm.is_some()));
        require(bound == 0.0, "affine layers with a max norm in an ensemble", bound, "none")?;
        let affine = count(|layer| matches!(layer, LayerSpec::Affine(_)));
        require(affine > 0.0, "affine layers of an ensemble", affine, "at least 1")
    }
}
