//! A comparison: does the scale of the initial weights matter? Two arms, eight seeds, paired.
//!
//! `cargo run --release -p goodfit-nn --example 3_comparison`
//!
//! One training says little: another seed gives another loss. With a seed, both arms get the same draws and the same
//! batches, so their difference is taken seed by seed, which leaves out what the seed does to both.

use goodfit_nn::{
    Activation, Affine, Batch, BatchOrder, Batches, Error, Init, Inputs, LayerSpec, Matrix, NetworkSpec, Purpose,
    Stream, Targets, Trainer, TrainingSpec,
};

const ROWS: usize = 500;
const COLUMNS: usize = 20;
const STEPS: usize = 300;
const SEEDS: u64 = 8;

fn main() -> Result<(), Error> {
    let (inputs, classes) = teacher();
    let arms = [("std 0.01", Init::Std(0.01)), ("he", Init::He)];

    println!("seed   {:>8}   {:>8}   difference", arms[0].0, arms[1].0);
    let mut differences = Vec::new();
    for seed in 0..SEEDS {
        let a = loss(arms[0].1, &inputs, &classes, seed)?;
        let b = loss(arms[1].1, &inputs, &classes, seed)?;
        println!("{seed:>4}   {a:>8.4}   {b:>8.4}   {:>+10.4}", b - a);
        differences.push(b - a);
    }

    let n = differences.len() as f64;
    let mean = differences.iter().sum::<f64>() / n;
    let variance = differences.iter().map(|d| (d - mean).powi(2)).sum::<f64>() / (n - 1.0);
    let half = 2.365 * (variance / n).sqrt(); // Student's t with 7 degrees of freedom, 95 %
    println!("{} less {}: {mean:+.4}, 95 % interval {:+.4} to {:+.4}", arms[1].0, arms[0].0, mean - half, mean + half);
    println!("{}", if mean.abs() > half { "they differ" } else { "cannot tell" });
    Ok(())
}

/// The training loss of a network of four hidden layers after its last step.
fn loss(init: Init, inputs: &Inputs<f32>, classes: &[u32], seed: u64) -> Result<f64, Error> {
    let mut layers = Vec::new();
    for _ in 0..4 {
        layers.push(LayerSpec::Affine(Affine::new(30, init)));
        layers.push(LayerSpec::Activation(Activation::Relu));
    }
    layers.push(LayerSpec::Affine(Affine::new(2, init)));
    let mut batches = Batches::new(ROWS, 50, BatchOrder::Replacement, seed);
    let training = TrainingSpec { learning_rate: 0.05, n_steps: STEPS, max_batch: 50, ..Default::default() };
    let mut trainer = Trainer::new(&NetworkSpec { inputs: COLUMNS, layers }, training, seed)?;
    let targets = Targets::Classes(classes);
    for _ in 0..STEPS {
        trainer.step(&Batch { inputs, targets, rows: batches.next_rows(), row_weights: None });
    }
    Ok(trainer.score(inputs, targets).loss)
}

/// Normal draws, of class 1 where the product of the first two columns is positive.
fn teacher() -> (Inputs<f32>, Vec<u32>) {
    let mut stream = Stream::new(0, Purpose::Data, 0);
    let rows = Matrix::from_rows(ROWS, COLUMNS, (0..ROWS * COLUMNS).map(|_| stream.normal() as f32).collect());
    let classes = rows.rows().map(|row| u32::from(row[0] * row[1] > 0.0)).collect();
    (Inputs::new(rows), classes)
}
