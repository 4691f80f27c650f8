//! Burn: its modules, loss and optimizers on its CPU back end.

mod mlp;

use burn::module::{Module, ParamGroup};
use burn::nn::loss::{CrossEntropyLoss, CrossEntropyLossConfig};
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{AdamConfig, GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, Int, Tensor, TensorData};
use common::{Model, Optimizer, Peer, Rows, SmallRng};
use mlp::Mlp;

fn main() {
    common::main::<Burn>();
}

struct Burn {
    mlp: Mlp,
    cross_entropy: CrossEntropyLoss,
    optimizer: ModuleOptimizer,
    learning_rate: f64,
}

/// Rows on the device: inputs [n, 784], labels [n].
struct Data {
    x: Tensor<2>,
    t: Tensor<1, Int>,
}

fn integers(values: impl Iterator<Item = u32>) -> Tensor<1, Int> {
    let values: Vec<i64> = values.map(i64::from).collect();
    Tensor::from_data(values.as_slice(), &Device::default())
}

impl Peer for Burn {
    type Data = Data;

    fn load(rows: &Rows) -> Data {
        let x = TensorData::new(rows.x.clone(), [rows.t.len(), 784]);
        Data { x: Tensor::from_data(x, &Device::default()), t: integers(rows.t.iter().map(|&t| t.into())) }
    }

    fn select(data: &Data, rows: &[u32]) -> Data {
        let rows = integers(rows.iter().copied());
        Data { x: data.x.clone().select(0, rows.clone()), t: data.t.clone().select(0, rows) }
    }

    fn new(model: Model, _rng: SmallRng) -> Self {
        let sgd = SgdConfig::new();
        let optimizer = match model.optimizer {
            Optimizer::Adam => AdamConfig::new().with_epsilon(1e-8).init(),
            Optimizer::Momentum(momentum) => {
                let momentum = MomentumConfig::new().with_momentum(momentum).with_dampening(0.0);
                sgd.with_momentum(Some(momentum)).init()
            }
            Optimizer::Sgd { weight_decay: 0.0 } => sgd.init(),
            Optimizer::Sgd { weight_decay } => {
                let decaying = SgdConfig::new().with_weight_decay(Some(WeightDecayConfig::new(weight_decay as f32)));
                sgd.init().with_group(ParamGroup::from_predicate("weight"), decaying.build(), None)
            }
        };
        let learning_rate = model.learning_rate;
        let cross_entropy = CrossEntropyLossConfig::new().init(&Device::default());
        Self { mlp: Mlp::new(model), cross_entropy, optimizer, learning_rate }
    }

    fn step(mut self, batch: &Data) -> (Self, f32) {
        let outputs = self.mlp.forward(batch.x.clone().autodiff());
        let loss = self.cross_entropy.forward(outputs, batch.t.clone().autodiff());
        let gradients = GradientsParams::from_grads(loss.backward(), &self.mlp);
        self.mlp = self.optimizer.step(self.learning_rate, self.mlp, gradients);
        (self, loss.into_scalar())
    }

    fn loss(&self, rows: &Data) -> f32 {
        let outputs = self.mlp.valid().forward(rows.x.clone());
        self.cross_entropy.forward(outputs, rows.t.clone()).into_scalar()
    }

    fn evaluate(&self, rows: &Data) -> (f32, f32) {
        let outputs = self.mlp.valid().forward(rows.x.clone());
        let loss = self.cross_entropy.forward(outputs.clone(), rows.t.clone());
        let is_right = outputs.argmax(1).squeeze_dim::<1>(1).equal(rows.t.clone());
        (loss.into_scalar(), is_right.float().mean().into_scalar())
    }
}
