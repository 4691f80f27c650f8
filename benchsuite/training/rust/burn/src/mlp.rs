//! Affine maps with batch normalisation, ReLU and dropout between them.

use burn::module::{Module, Param};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, Relu};
use burn::tensor::{Device, Distribution, Tensor, TensorData};
use common::{Dropout, Model, Weights};

#[derive(Module, Debug)]
pub struct Mlp {
    affine: Vec<Linear>,
    norm: Vec<BatchNorm>,
    relu: Relu,
    #[module(skip)]
    dropout: Option<Dropout>,
}

impl Mlp {
    pub fn new(model: Model) -> Self {
        let device = Device::default().autodiff();
        let widths = model.weights.iter().map(|weights| weights.shape[1]).take(model.weights.len() - 1);
        let norm = model.batch_norm.map(|norm| {
            widths.map(|n| BatchNormConfig::new(n).with_epsilon(norm.epsilon).init(&device)).collect()
        });
        let affine = model.weights.iter().map(|Weights { values, shape }| Linear {
            weight: Param::from_tensor(Tensor::from_data(TensorData::new(values.clone(), *shape), &device)),
            bias: Some(Param::from_tensor(Tensor::zeros([shape[1]], &device))),
        });
        Self { affine: affine.collect(), norm: norm.unwrap_or_default(), relu: Relu::new(), dropout: model.dropout }
    }

    /// In training on an autodiff device, in evaluation elsewhere, as Burn's own modules do it.
    pub fn forward(&self, mut x: Tensor<2>) -> Tensor<2> {
        let (last, hidden) = self.affine.split_last().expect("an output layer");
        for (k, affine) in hidden.iter().enumerate() {
            x = affine.forward(x);
            if let Some(norm) = self.norm.get(k) {
                x = norm.forward(x);
            }
            x = self.relu.forward(x);
            if let Some(dropout) = &self.dropout {
                x = dropped(x, dropout);
            }
        }
        last.forward(x)
    }
}

/// Burn's own module knows the inverted form only.
fn dropped(x: Tensor<2>, dropout: &Dropout) -> Tensor<2> {
    if x.is_autodiff() {
        let mask = x.random_like(Distribution::Bernoulli(1.0 - dropout.ratio));
        let x = x * mask;
        if dropout.in_training == 1.0 { x } else { x * dropout.in_training }
    } else if dropout.in_evaluation == 1.0 {
        x
    } else {
        x * dropout.in_evaluation
    }
}
