//! 2. A training loop: two spirals that no line can part, and a network that learns to.
//!
//! `cargo run -p goodfit-nn --example 02_training_loop`

use goodfit_nn::{
    Activation, Affine, Batch, BatchOrder, Batches, Convention, Error, Init, Inputs, LayerSpec, Matrix, NetworkSpec,
    Optimizer, Purpose, Schedule, Stream, Targets, Trainer, TrainingSpec,
};

const ROWS: usize = 400;
const EPOCHS: usize = 60;

fn main() -> Result<(), Error> {
    let accuracy = run(0)?;
    println!("accuracy on points that were not trained on: {accuracy:.3}");
    Ok(())
}

/// Trains one network and returns its accuracy on fresh points.
fn run(seed: u64) -> Result<f64, Error> {
    // Training and validation points come from streams of their own: a score on the points that were
    // trained on would also count what was merely remembered.
    let (inputs, classes) = spirals(seed, 0);
    let (fresh_inputs, fresh_classes) = spirals(seed, 1);

    // A network is a list of layers. Its shapes are checked here, once; after that no step can fail,
    // which is why the loop below has no `?`.
    let spec = NetworkSpec {
        inputs: 2,
        layers: vec![
            LayerSpec::Affine(Affine::new(32, Init::He)),
            LayerSpec::Activation(Activation::Relu),
            LayerSpec::Affine(Affine::new(32, Init::He)),
            LayerSpec::Activation(Activation::Relu),
            // One output for each class and no activation: softmax is part of the loss, where it
            // cannot overflow.
            LayerSpec::Affine(Affine::new(2, Init::He)),
        ],
    };
    // Every epoch passes over all points in a new order, so that no batch comes twice.
    let mut batches = Batches::new(ROWS, 20, BatchOrder::Shuffle, seed);
    let n_steps = EPOCHS * batches.steps_per_epoch();
    let training = TrainingSpec {
        optimizer: Optimizer::adam(Convention::Field),
        learning_rate: 0.005,
        // Large steps first, to get somewhere; small ones at the end, to settle.
        schedule: Schedule::Cosine { floor: 0.0 },
        n_steps,
        max_batch: batches.max_batch(),
        ..Default::default()
    };
    let mut trainer = Trainer::<f32>::new(&spec, training, seed)?;

    println!("epoch  batch loss  loss   accuracy");
    for step in 0..n_steps {
        let rows = batches.next_rows();
        // `step` returns the loss of its batch before the update. It costs nothing, but it is noisy:
        // the next one is that of other rows.
        let batch_loss =
            trainer.step(&Batch { inputs: &inputs, targets: Targets::Classes(&classes), rows, row_weights: None });
        if (step + 1) % (n_steps / 6) == 0 {
            let score = trainer.score(&inputs, Targets::Classes(&classes));
            let epoch = (step + 1) / batches.steps_per_epoch();
            println!("{epoch:5}  {batch_loss:10.4}  {:.4}  {:.3}", score.loss, score.accuracy);
        }
    }
    Ok(trainer.score(&fresh_inputs, Targets::Classes(&fresh_classes)).accuracy)
}

/// Points on two arms of a spiral, with some noise, and which arm each is on.
fn spirals(seed: u64, index: u64) -> (Inputs<f32>, Vec<u32>) {
    let mut draws = Stream::new(seed, Purpose::Data, index);
    let (mut points, mut arms) = (Vec::new(), Vec::new());
    for row in 0..ROWS {
        let arm = row % 2;
        let radius = 0.1 + 0.9 * draws.uniform();
        let angle = 9.0 * radius + std::f64::consts::PI * arm as f64;
        points.push((radius * angle.cos() + 0.02 * draws.normal()) as f32);
        points.push((radius * angle.sin() + 0.02 * draws.normal()) as f32);
        arms.push(arm as u32);
    }
    (Inputs::new(Matrix::from_rows(ROWS, 2, points)), arms)
}

#[cfg(test)]
mod tests {
    #[test]
    fn it_learns() {
        assert!(super::run(0).unwrap() > 0.95);
    }
}
