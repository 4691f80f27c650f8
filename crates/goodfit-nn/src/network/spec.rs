//! What a network is made of: a list of layers over a number of inputs.

use crate::Error;
use crate::error::require;
use crate::layers::{Activation, Affine, BatchNorm, Dropout, Embedding, Ensemble};

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
#[derive(Clone, Debug, PartialEq)]
pub enum LayerSpec {
    /// Embeddings of single inputs; in front of all other layers.
    Embedding(Embedding),
    /// `x W + b`
    Affine(Affine),
    /// Batch normalisation with a learned scale and shift.
    BatchNorm(BatchNorm),
    /// An activation function.
    Activation(Activation),
    /// Dropout.
    Dropout(Dropout),
    /// All layers behind it are those of an ensemble whose members share weights; in front of it there may be embeddings,
    /// which all members have in common.
    Ensemble(Ensemble),
}

impl NetworkSpec {
    /// Number of output columns: the units of the last affine layer, or the inputs without one, embedded where they are.
    pub fn outputs(&self) -> usize {
        let affine = self.layers.iter().rev().find_map(|layer| match layer {
            LayerSpec::Affine(affine) => Some(affine.outputs),
            _ => None,
        });
        affine.unwrap_or_else(|| self.width())
    }

    /// Number of columns behind the embeddings, where there are any.
    pub fn width(&self) -> usize {
        self.embedding().map_or(self.inputs, |embedding| embedding.outputs(self.inputs))
    }

    /// What embeds inputs.
    pub fn embedding(&self) -> Option<&Embedding> {
        match self.layers.first() {
            Some(LayerSpec::Embedding(embedding)) => Some(embedding),
            _ => None,
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// When there are no inputs, a layer has no units, a layer's setting is out of its range, or embeddings stand behind
    /// another layer; when an ensemble does not stand in front of all layers but embeddings, has no affine layer, or has one
    /// with scaled inputs or a bound on its norm, or batch normalisation.
    pub fn check(&self) -> Result<(), Error> {
        require(self.inputs > 0, "number of inputs", 0.0, "at least 1")?;
        for (place, layer) in self.layers.iter().enumerate() {
            match layer {
                LayerSpec::Embedding(embedding) => {
                    require(place == 0, "place of embeddings among the layers", place as f64, "0, in front of all")?;
                    embedding.check(self.inputs)?;
                }
                LayerSpec::Affine(affine) => affine.check()?,
                LayerSpec::BatchNorm(norm) => norm.check()?,
                LayerSpec::Dropout(dropout) => dropout.check()?,
                LayerSpec::Activation(activation) => activation.check()?,
                LayerSpec::Ensemble(ensemble) => {
                    ensemble.check()?;
                    let before = place - usize::from(self.embedding().is_some());
                    require(before == 0, "layers in front of an ensemble", before as f64, "none but embeddings")?;
                }
            }
        }
        self.check_ensemble()
    }

    /// What the members of an ensemble cannot have: statistics over the rows of all of them would mix them, a bound would be one
    /// of the shared weights only, and inputs have a scale for each member as it is.
    fn check_ensemble(&self) -> Result<(), Error> {
        let ([LayerSpec::Ensemble(_), layers @ ..] | [LayerSpec::Embedding(_), LayerSpec::Ensemble(_), layers @ ..]) =
            self.layers.as_slice()
        else {
            return Ok(());
        };
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
