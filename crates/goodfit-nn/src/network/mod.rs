//! Networks: a list of layers, cut into blocks, with its parameters.

pub(crate) mod block;
pub(crate) mod embedding;
pub(crate) mod forward;
pub(crate) mod gather;
mod member_affine;
pub(crate) mod members;
pub(crate) mod plan;
mod rows;
pub(crate) mod score;
mod spec;

pub use forward::Workspace;
pub use plan::{Kind, Parameter};
use plan::{Members, Plan};
pub use score::Score;
pub use spec::{LayerSpec, NetworkSpec};

use crate::{Error, Float, Purpose, Stream};

/// A network with its parameters: what a training leaves behind and what predicts.
///
/// It is the composition of its layers, `f(x) = l_n(.. l_2(l_1(x)))`, row by row; in evaluation batch
/// norm takes its running statistics and dropout its map of evaluation. Parameters go in and out by
/// copy, by name.
///
/// # Shapes
/// x: N x [`inputs`](Network::inputs). f(x): N x [`outputs`](Network::outputs). Weights: inputs x
/// units of their layer, row-major; the other parameters: units.
///
/// ```
/// use goodfit_nn::{Affine, Init, Inputs, LayerSpec, Matrix, Network, NetworkSpec, Workspace};
/// let spec = NetworkSpec { inputs: 2, layers: vec![LayerSpec::Affine(Affine::new(1, Init::He))] };
/// let mut network = Network::new(&spec, 0)?;
/// network.set("affine1.weight", &[2.0, -1.0])?;
/// network.set("affine1.bias", &[0.5])?;
///
/// let inputs = Inputs::new(Matrix::from_rows(2, 2, vec![1.0, 1.0, 3.0, 4.0]));
/// let mut outputs = Matrix::zeros(2, 1);
/// Workspace::new(&network).predict(outputs.view_mut(), &network, &inputs);
/// assert_eq!(outputs.data(), [1.5, 2.5]);
/// # Ok::<(), goodfit_nn::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Network<T> {
    pub(crate) plan: Plan,
    pub(crate) values: Vec<T>,
}

impl<T: Float> Network<T> {
    /// Draws the initial parameters: weights of the i-th affine layer (from 0) from the stream
    /// (seed, [`Purpose::Init`], i), whatever else the network holds, and behind them its biases, if they do not
    /// start at 0; shifts and running means 0, scales 1, running variances as their form starts. Embeddings come from
    /// the streams from index 2^32 on: numbers from the first (frequencies, phases, weights, biases, each column after
    /// column), each column of levels from one behind it. Edges of bins run evenly from -3 to 3 until they are set. In an
    /// ensemble the members' weights of the last layer are drawn one after the other, the first biases are those of all, and
    /// behind them come the scales of the first layer's inputs, member after member: +1 for a draw of 64 bits whose first one
    /// is set, else -1; behind embeddings one draw from N(0, 1) for all values of an input.
    ///
    /// # Errors
    /// When the specification does not make a network, see [`NetworkSpec::check`].
    pub fn new(spec: &NetworkSpec, seed: u64) -> Result<Self, Error> {
        let plan = Plan::new(spec)?;
        let mut values = vec![T::ZERO; plan.n_values];
        if let Some(embeddings) = &plan.embeddings {
            embeddings.draw(&plan, &mut values, seed);
        }
        let mut n_affine = 0;
        for block in &plan.blocks {
            if let Some(affine) = block.affine {
                let range = plan.parameters[affine.weight].range.clone();
                let mut stream = Stream::new(seed, Purpose::Init, n_affine);
                for own in values[range].chunks_mut(block.inputs * block.units) {
                    affine.init.fill(own, block.inputs, block.units, &mut stream);
                }
                if let Some(bias) = affine.bias.filter(|_| affine.bias_std > 0.0) {
                    let all = &mut values[plan.parameters[bias].range.clone()];
                    all[..block.units].fill_with(|| T::from_f64(affine.bias_std * stream.normal()));
                    members::repeat(all, block.members);
                }
                if let Members::Share { scale_in, scale_out } = affine.members {
                    for scale in [scale_in, scale_out] {
                        values[plan.parameters[scale].range.clone()].fill(T::ONE);
                    }
                    if n_affine == 0 {
                        let scales = &mut values[plan.parameters[scale_in].range.clone()];
                        match &plan.embeddings {
                            Some(embeddings) => embeddings.draw_scales(scales, &mut stream),
                            None => scales.fill_with(|| if stream.bits() >> 63 == 1 { T::ONE } else { -T::ONE }),
                        }
                    }
                }
                if let Some(scale) = affine.scale {
                    values[plan.parameters[scale].range.clone()].fill(T::ONE);
                }
                n_affine += 1;
            }
            if let Some(norm) = block.norm {
                values[plan.parameters[norm.scale].range.clone()].fill(T::ONE);
                let variance = T::from_f64(norm.spec.running.initial_variance());
                values[plan.parameters[norm.running_variance].range.clone()].fill(variance);
            }
        }
        Ok(Self { plan, values })
    }

    /// Number of input columns.
    pub fn inputs(&self) -> usize {
        self.plan.inputs
    }

    /// Number of output columns.
    pub fn outputs(&self) -> usize {
        self.plan.outputs()
    }

    /// Members of the ensemble, 1 without one.
    pub fn members(&self) -> usize {
        self.plan.members()
    }

    /// Every parameter with its name, kind and shape, in order.
    pub fn parameters(&self) -> &[Parameter] {
        &self.plan.parameters
    }

    /// The values of a parameter, row-major.
    pub fn values(&self, parameter: &Parameter) -> &[T] {
        &self.values[parameter.range.clone()]
    }

    /// Sets the values of the parameter of that name.
    ///
    /// # Errors
    /// When there is no such parameter or its number of values differs.
    pub fn set(&mut self, name: &str, values: &[T]) -> Result<(), Error> {
        let parameter = self
            .plan
            .parameters
            .iter()
            .find(|parameter| parameter.name == name)
            .ok_or_else(|| Error::UnknownParameter { name: name.to_owned() })?;
        if parameter.range.len() != values.len() {
            return Err(Error::ParameterValues {
                name: name.to_owned(),
                got: values.len(),
                expected: parameter.range.len(),
            });
        }
        self.values[parameter.range.clone()].copy_from_slice(values);
        Ok(())
    }
}
