//! What a framework builds and trains.

use crate::task::{Arm, Init, Method, Network, Rule};
use rand::RngExt;
use rand::rngs::SmallRng;
use rand_distr::{Distribution, Normal};

/// A network with its initial weights, and how its steps go.
pub struct Model {
    /// A layer each; all but the last are followed by ReLU.
    pub weights: Vec<Weights>,
    /// Between affine map and ReLU of the hidden layers.
    pub batch_norm: Option<BatchNorm>,
    /// After ReLU.
    pub dropout: Option<Dropout>,
    pub optimizer: Optimizer,
    pub learning_rate: f64,
}

/// A layer's weights and their shape, inputs x outputs. Biases start at zero.
pub struct Weights {
    pub values: Vec<f32>,
    pub shape: [usize; 2],
}

/// Running statistics move by a tenth a step.
#[derive(Clone, Copy)]
pub struct BatchNorm {
    pub epsilon: f64,
}

/// A kept unit is multiplied by `in_training`, all units by `in_evaluation`.
#[derive(Clone, Copy, Debug)]
pub struct Dropout {
    pub ratio: f64,
    pub in_training: f32,
    pub in_evaluation: f32,
}

/// Weight decay is L2 and of weights only; Adam's constants are the usual ones.
#[derive(Clone, Copy)]
pub enum Optimizer {
    Sgd { weight_decay: f64 },
    Momentum(f64),
    Adam,
}

impl Model {
    /// With the textbook's dropout, which scales in evaluation.
    pub(crate) fn of_arm(arm: &Arm, hidden: &[usize], rng: &mut SmallRng) -> Self {
        Self {
            weights: initial_weights(hidden, &arm.init, rng),
            batch_norm: arm.batch_norm.then_some(BatchNorm { epsilon: 1e-6 }),
            dropout: arm.dropout.map(|ratio| Dropout { ratio, in_training: 1.0, in_evaluation: 1.0 - ratio as f32 }),
            optimizer: Optimizer::Sgd { weight_decay: arm.weight_decay },
            learning_rate: arm.learning_rate,
        }
    }

    /// With inverted dropout, which scales in training.
    pub(crate) fn of_network(network: &Network, rng: &mut SmallRng) -> Self {
        let dropout = (network.dropout > 0.0).then_some(network.dropout);
        Self {
            weights: initial_weights(&network.hidden, &Init::Rule(Rule::He), rng),
            batch_norm: network.batch_norm.then_some(BatchNorm { epsilon: 1e-5 }),
            dropout: dropout.map(|ratio| Dropout { ratio, in_training: 1.0 / (1.0 - ratio as f32), in_evaluation: 1.0 }),
            optimizer: match network.optimizer {
                Method::Adam => Optimizer::Adam,
                Method::Momentum => Optimizer::Momentum(0.9),
            },
            learning_rate: network.learning_rate,
        }
    }
}

impl Dropout {
    /// What each of `n` units is multiplied by in a step.
    pub fn mask(&self, n: usize, rng: &mut SmallRng) -> Vec<f32> {
        let limit = (self.ratio * 65536.0) as u16;
        (0..n).map(|_| if rng.random::<u16>() < limit { 0.0 } else { self.in_training }).collect()
    }
}

fn initial_weights(hidden: &[usize], init: &Init, rng: &mut SmallRng) -> Vec<Weights> {
    let sizes = [&[784], hidden, &[10]].concat();
    let layers = sizes.windows(2).map(|size| {
        let n_in = size[0] as f64;
        let std = match init {
            Init::Std(std) => *std,
            Init::Rule(Rule::Xavier) => (1.0 / n_in).sqrt(),
            Init::Rule(Rule::He) => (2.0 / n_in).sqrt(),
        };
        let normal = Normal::new(0.0, std as f32).expect("a finite standard deviation");
        let values = normal.sample_iter(&mut *rng).take(size[0] * size[1]).collect();
        Weights { values, shape: [size[0], size[1]] }
    });
    layers.collect()
}
