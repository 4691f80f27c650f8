//! Affine maps with batch normalisation, ReLU and dropout between them.

use candle_core::{DType, Device, Module, Result, Tensor, Var};
use candle_nn::{BatchNorm, BatchNormConfig, Linear, ModuleT, VarBuilder, VarMap, batch_norm};
use common::{Dropout, Model, SmallRng, Weights};

pub struct Mlp {
    affine: Vec<Linear>,
    norm: Vec<BatchNorm>,
    dropout: Option<Dropout>,
    variables: Vec<Var>,
    rng: SmallRng,
}

impl Mlp {
    pub fn new(model: Model, rng: SmallRng) -> Result<Self> {
        let (map, device) = (VarMap::new(), Device::Cpu);
        let builder = VarBuilder::from_varmap(&map, DType::F32, &device);
        let (mut affine, mut norm, mut variables) = (Vec::new(), Vec::new(), Vec::new());
        let n_hidden = model.weights.len() - 1;
        for (k, Weights { values, shape }) in model.weights.into_iter().enumerate() {
            // Candle keeps weights as outputs x inputs.
            let weight = Var::from_tensor(&Tensor::from_vec(values, &shape, &device)?.t()?.contiguous()?)?;
            let bias = Var::zeros(shape[1], DType::F32, &device)?;
            affine.push(Linear::new(weight.as_tensor().clone(), Some(bias.as_tensor().clone())));
            variables.extend([weight, bias]);
            if let (true, Some(of)) = (k < n_hidden, model.batch_norm) {
                let config = BatchNormConfig { eps: of.epsilon, ..BatchNormConfig::default() };
                norm.push(batch_norm(shape[1], config, builder.pp(k))?);
            }
        }
        // The running statistics are among them; they have no gradients, so that no step changes them.
        variables.extend(map.all_vars());
        Ok(Self { affine, norm, dropout: model.dropout, variables, rng })
    }

    pub fn variables(&self) -> Vec<Var> {
        self.variables.clone()
    }

    pub fn forward_in_training(&mut self, x: &Tensor) -> Result<Tensor> {
        let (last, hidden) = self.affine.split_last().expect("an output layer");
        let mut x = x.clone();
        for (k, affine) in hidden.iter().enumerate() {
            x = affine.forward(&x)?;
            if let Some(norm) = self.norm.get(k) {
                x = norm.forward_t(&x, true)?;
            }
            x = x.relu()?;
            if let Some(dropout) = &self.dropout {
                // Candle's own knows the inverted form only, and its random numbers have no seed.
                let mask = dropout.mask(x.elem_count(), &mut self.rng);
                x = x.mul(&Tensor::from_vec(mask, x.shape(), x.device())?)?;
            }
        }
        last.forward(&x)
    }
}

/// In evaluation.
impl Module for Mlp {
    fn forward(&self, x: &Tensor) -> Result<Tensor> {
        let (last, hidden) = self.affine.split_last().expect("an output layer");
        let mut x = x.clone();
        for (k, affine) in hidden.iter().enumerate() {
            x = affine.forward(&x)?;
            if let Some(norm) = self.norm.get(k) {
                x = norm.forward_t(&x, false)?;
            }
            x = x.relu()?;
            if let Some(Dropout { in_evaluation, .. }) = self.dropout
                && in_evaluation != 1.0
            {
                x = (x * f64::from(in_evaluation))?;
            }
        }
        last.forward(&x)
    }
}
