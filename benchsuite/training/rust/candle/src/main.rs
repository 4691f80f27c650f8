//! Candle: its layers, loss and Adam on the CPU.

mod mlp;
mod sgd;

use candle_core::{D, DType, Device, Module, Result, Tensor};
use candle_nn::loss::cross_entropy;
use candle_nn::{AdamW, Optimizer as _, ParamsAdamW};
use common::{Model, Optimizer, Peer, Rows, SmallRng};
use mlp::Mlp;
use sgd::{Sgd, SgdConfig};

fn main() {
    common::main::<Candle>();
}

struct Candle {
    mlp: Mlp,
    rule: Rule,
}

enum Rule {
    Sgd(Sgd),
    Adam(AdamW),
}

/// Rows on the device: inputs [n, 784], labels [n].
struct Data {
    x: Tensor,
    t: Tensor,
}

impl Candle {
    fn try_new(model: Model, rng: SmallRng) -> Result<Self> {
        let (optimizer, learning_rate) = (model.optimizer, model.learning_rate);
        let mlp = Mlp::new(model, rng)?;
        let sgd = |weight_decay, momentum| {
            Sgd::new(mlp.variables(), SgdConfig { learning_rate, weight_decay, momentum }).map(Rule::Sgd)
        };
        let rule = match optimizer {
            Optimizer::Sgd { weight_decay } => sgd(weight_decay, 0.0),
            Optimizer::Momentum(momentum) => sgd(0.0, momentum),
            Optimizer::Adam => {
                let config = ParamsAdamW { lr: learning_rate, weight_decay: 0.0, ..ParamsAdamW::default() };
                AdamW::new(mlp.variables(), config).map(Rule::Adam)
            }
        };
        Ok(Self { rule: rule?, mlp })
    }

    fn try_step(&mut self, batch: &Data) -> Result<f32> {
        let loss = cross_entropy(&self.mlp.forward_in_training(&batch.x)?, &batch.t)?;
        match &mut self.rule {
            Rule::Sgd(sgd) => sgd.backward_step(&loss)?,
            Rule::Adam(adam) => adam.backward_step(&loss)?,
        }
        loss.to_scalar()
    }

    fn try_evaluate(&self, rows: &Data) -> Result<(f32, f32)> {
        let outputs = self.mlp.forward(&rows.x)?;
        let is_right = outputs.argmax(D::Minus1)?.eq(&rows.t)?.to_dtype(DType::F32)?;
        Ok((cross_entropy(&outputs, &rows.t)?.to_scalar()?, is_right.mean_all()?.to_scalar()?))
    }
}

impl Data {
    fn new(rows: &Rows) -> Result<Self> {
        let x = Tensor::from_slice(&rows.x, (rows.t.len(), 784), &Device::Cpu)?;
        Ok(Self { x, t: Tensor::from_iter(rows.t.iter().map(|&t| u32::from(t)), &Device::Cpu)? })
    }

    fn select(&self, rows: &[u32]) -> Result<Self> {
        let rows = Tensor::new(rows, &Device::Cpu)?;
        Ok(Self { x: self.x.index_select(&rows, 0)?, t: self.t.index_select(&rows, 0)? })
    }
}

/// Candle reports its errors; here they end the program.
impl Peer for Candle {
    type Data = Data;

    fn load(rows: &Rows) -> Data {
        Data::new(rows).expect("rows")
    }

    fn select(data: &Data, rows: &[u32]) -> Data {
        data.select(rows).expect("a batch")
    }

    fn new(model: Model, rng: SmallRng) -> Self {
        Self::try_new(model, rng).expect("a network")
    }

    fn step(mut self, batch: &Data) -> (Self, f32) {
        let loss = self.try_step(batch).expect("a step");
        (self, loss)
    }

    fn loss(&self, rows: &Data) -> f32 {
        let loss = self.mlp.forward(&rows.x).and_then(|outputs| cross_entropy(&outputs, &rows.t)?.to_scalar());
        loss.expect("a loss")
    }

    fn evaluate(&self, rows: &Data) -> (f32, f32) {
        self.try_evaluate(rows).expect("an evaluation")
    }
}
