//! The trainings, the same for every framework.

use crate::model::Model;
use crate::task::{Experiment, Network};
use crate::rows::Rows;
use rand::rngs::SmallRng;
use rand::seq::SliceRandom;
use rand::{RngExt, SeedableRng};
use std::time::Instant;

/// A network in training with one framework.
pub trait Peer: Sized {
    /// Rows where the framework wants them.
    type Data;

    fn load(rows: &Rows) -> Self::Data;

    /// These rows of the data.
    fn select(data: &Self::Data, rows: &[u32]) -> Self::Data;

    /// `rng`: for what steps draw.
    fn new(model: Model, rng: SmallRng) -> Self;

    /// One update by a batch; the loss before it.
    fn step(self, batch: &Self::Data) -> (Self, f32);

    /// Loss, as in evaluation.
    fn loss(&self, rows: &Self::Data) -> f32;

    /// Loss and accuracy.
    fn evaluate(&self, rows: &Self::Data) -> (f32, f32);
}

/// The loss of every step; loss and accuracy of each evaluation.
#[derive(Default)]
pub(crate) struct Curves {
    pub(crate) losses: Vec<f32>,
    pub(crate) train: Vec<(f32, f32)>,
    pub(crate) held_out: Vec<(f32, f32)>,
}

/// One arm of an experiment.
pub(crate) fn train<P: Peer>(
    experiment: &Experiment,
    arm: usize,
    train: &P::Data,
    held_out: Option<&P::Data>,
    mut rng: SmallRng,
) -> Curves {
    let mut peer = P::new(Model::of_arm(&experiment.arms[arm], &experiment.hidden, &mut rng), rng.fork());
    let mut curves = Curves::default();
    for s in 0..experiment.n_steps {
        let drawn = (0..experiment.batch_size).map(|_| rng.random_range(0..experiment.train_rows as u32));
        let batch = P::select(train, &drawn.collect::<Vec<_>>());
        let loss;
        (peer, loss) = peer.step(&batch);
        curves.losses.push(if experiment.loss_after_update { peer.loss(&batch) } else { loss });
        if experiment.evaluate_every > 0 && s.is_multiple_of(experiment.evaluate_every) {
            curves.train.push(peer.evaluate(train));
            curves.held_out.extend(held_out.map(|rows| peer.evaluate(rows)));
        }
    }
    curves
}

/// Seconds of each epoch, the loss of every step, and loss and accuracy of the test rows after the last.
pub(crate) struct Epochs {
    pub(crate) seconds: Vec<f64>,
    pub(crate) losses: Vec<f32>,
    pub(crate) test: (f32, f32),
}

/// One of the larger networks.
pub(crate) fn epochs<P: Peer>(
    network: &Network,
    (train, n_rows): (&P::Data, usize),
    test: &P::Data,
    mut rng: SmallRng,
) -> Epochs {
    let mut peer = P::new(Model::of_network(network, &mut rng), rng.fork());
    let mut order: Vec<u32> = (0..n_rows as u32).collect();
    let (mut seconds, mut losses) = (Vec::new(), Vec::new());
    for _ in 0..network.n_epochs {
        let start = Instant::now();
        order.shuffle(&mut rng);
        for rows in order.chunks(network.batch_size) {
            let loss;
            (peer, loss) = peer.step(&P::select(train, rows));
            losses.push(loss);
        }
        seconds.push(start.elapsed().as_secs_f64());
    }
    Epochs { seconds, losses, test: peer.evaluate(test) }
}
