//! A training loop: two spirals that no straight line tells apart.
//!
//! `cargo run --release -p goodfit-nn --example 2_training_loop`

use std::f64::consts::TAU;

use goodfit_nn::{
    Activation, Affine, Batch, BatchOrder, Batches, Error, Init, Inputs, LayerSpec, Matrix, NetworkSpec, Optimizer,
    Purpose, Schedule, Stream, Targets, Trainer, TrainingSpec,
};

const ROWS: usize = 400;
const EPOCHS: usize = 200;

fn main() -> Result<(), Error> {
    let (inputs, classes) = spirals(0);
    let targets = Targets::Classes(&classes);

    // A network is a list of layers.
    let mut layers = Vec::new();
    for _ in 0..2 {
        layers.push(LayerSpec::Affine(Affine::new(32, Init::He)));
        layers.push(LayerSpec::Activation(Activation::Relu));
    }
    layers.push(LayerSpec::Affine(Affine::new(2, Init::He)));

    // Batches say which rows a step takes, the trainer makes the step. Everything is allocated here.
    let seed = 0;
    let mut batches = Batches::new(ROWS, 50, BatchOrder::Shuffle, seed);
    let n_steps = EPOCHS * batches.steps_per_epoch();
    let training = TrainingSpec {
        optimizer: Optimizer::Momentum { momentum: 0.9 },
        learning_rate: 0.05,
        schedule: Schedule::Cosine { floor: 0.0 },
        n_steps,
        max_batch: batches.max_batch(),
        ..Default::default()
    };
    let mut trainer = Trainer::new(&NetworkSpec { inputs: 2, layers }, training, seed)?;

    for epoch in 0..EPOCHS {
        for _ in 0..batches.steps_per_epoch() {
            trainer.step(&Batch { inputs: &inputs, targets, rows: batches.next_rows(), row_weights: None });
        }
        if epoch % 40 == 39 {
            let score = trainer.score(&inputs, targets);
            println!("epoch {:>3}: loss {:.4}, accuracy {:.3}", epoch + 1, score.loss, score.accuracy);
        }
    }

    // What was learned is a network of its own, without the optimiser's state; other spirals show how good it is.
    let (unseen, classes) = spirals(1);
    let network = trainer.network();
    let mut judge = Trainer::from_network(network, training, seed)?;
    let score = judge.score(&unseen, Targets::Classes(&classes));
    println!("other draws: accuracy {:.3}", score.accuracy);
    assert!(score.accuracy > 0.95);
    Ok(())
}

/// Points along two arms, class 0 and 1 in turn, a little beside their place.
fn spirals(seed: u64) -> (Inputs<f32>, Vec<u32>) {
    let mut stream = Stream::new(seed, Purpose::Data, 0);
    let mut points = Vec::with_capacity(2 * ROWS);
    for row in 0..ROWS {
        let along = stream.uniform();
        let angle = TAU * (along + 0.5 * (row % 2) as f64);
        for value in [angle.cos(), angle.sin()] {
            points.push((2.0 * along * value + 0.02 * stream.normal()) as f32);
        }
    }
    let classes = (0..ROWS as u32).map(|row| row % 2).collect();
    (Inputs::new(Matrix::from_rows(ROWS, 2, points)), classes)
}
