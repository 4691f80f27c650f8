//! SGD with weight decay of weights only and momentum; Candle's own has neither.

use candle_core::backprop::GradStore;
use candle_core::{Result, Tensor, Var};
use candle_nn::Optimizer;

#[derive(Clone, Copy)]
pub struct SgdConfig {
    pub learning_rate: f64,
    pub weight_decay: f64,
    pub momentum: f64,
}

pub struct Sgd {
    /// Each with its velocity, once there is one.
    variables: Vec<(Var, Option<Tensor>)>,
    config: SgdConfig,
}

impl Optimizer for Sgd {
    type Config = SgdConfig;

    fn new(variables: Vec<Var>, config: SgdConfig) -> Result<Self> {
        Ok(Self { variables: variables.into_iter().map(|variable| (variable, None)).collect(), config })
    }

    fn step(&mut self, gradients: &GradStore) -> Result<()> {
        let SgdConfig { learning_rate, weight_decay, momentum } = self.config;
        for (variable, velocity) in &mut self.variables {
            let Some(gradient) = gradients.get(variable) else { continue };
            let mut update = gradient.clone();
            if weight_decay > 0.0 && variable.rank() == 2 {
                update = (update + (variable.as_tensor() * weight_decay)?)?;
            }
            if momentum > 0.0 {
                if let Some(velocity) = velocity {
                    update = (update + (&*velocity * momentum)?)?;
                }
                *velocity = Some(update.detach());
            }
            variable.set(&variable.sub(&(update * learning_rate)?)?)?;
        }
        Ok(())
    }

    fn learning_rate(&self) -> f64 {
        self.config.learning_rate
    }

    fn set_learning_rate(&mut self, learning_rate: f64) {
        self.config.learning_rate = learning_rate;
    }
}
