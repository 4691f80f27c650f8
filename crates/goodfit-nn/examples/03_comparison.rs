//! 3. A comparison: which initial values suit a deep relu network, Xavier's or He's? One run of each
//!    would answer with luck; several seeds, paired, say how sure one can be.
//!
//! `cargo run -p goodfit-nn --example 03_comparison`

use goodfit_nn::{
    Activation, Affine, Batch, BatchOrder, Batches, Error, Init, Inputs, LayerSpec, Matrix, NetworkSpec, Purpose,
    Stream, Targets, Trainer, TrainingSpec,
};

const ROWS: usize = 300;
const STEPS: usize = 300;
const SEEDS: u64 = 8;

fn main() -> Result<(), Error> {
    let losses = run()?;
    let differences: Vec<f64> = losses.iter().map(|[xavier, he]| he - xavier).collect();
    println!("{ROWS} rows in two rings, 6 hidden layers of 30, {STEPS} steps, training loss, {SEEDS} seeds");
    for (arm, name) in ["xavier", "he"].into_iter().enumerate() {
        let (mean, sd) = mean_and_sd(&losses.iter().map(|pair| pair[arm]).collect::<Vec<f64>>());
        println!("{name:12} {mean:8.4} (sd {sd:.4})");
    }
    // The standard error says how far the mean would move with other seeds. A difference of less than
    // about two of them may well be chance.
    let (mean, sd) = mean_and_sd(&differences);
    let standard_error = sd / (SEEDS as f64).sqrt();
    println!("he - xavier  {mean:8.4} (sd {sd:.4}, standard error {standard_error:.4})");
    Ok(())
}

/// The training loss of both arms, seed by seed.
fn run() -> Result<Vec<[f64; 2]>, Error> {
    (0..SEEDS).map(|seed| Ok([train(Init::Xavier, seed)?, train(Init::He, seed)?])).collect()
}

/// One training. All that depends on chance depends on the seed: both arms of a pair have the same
/// points and the same batches, and even the same normal draws behind their weights, which differ by
/// the factor sqrt(2) alone. What the arms share cancels in their difference, so a pair says more
/// than two independent runs.
fn train(init: Init, seed: u64) -> Result<f64, Error> {
    let (inputs, classes) = rings(seed);
    let targets = Targets::Classes(&classes);
    let mut layers = Vec::new();
    for _ in 0..6 {
        layers.extend([LayerSpec::Affine(Affine::new(30, init)), LayerSpec::Activation(Activation::Relu)]);
    }
    layers.push(LayerSpec::Affine(Affine::new(2, init)));
    let mut batches = Batches::new(ROWS, 30, BatchOrder::Replacement, seed);
    let training =
        TrainingSpec { learning_rate: 0.03, n_steps: STEPS, max_batch: batches.max_batch(), ..Default::default() };
    let mut trainer = Trainer::<f32>::new(&NetworkSpec { inputs: 2, layers }, training, seed)?;
    for _ in 0..STEPS {
        trainer.step(&Batch { inputs: &inputs, targets, rows: batches.next_rows(), row_weights: None });
    }
    Ok(trainer.score(&inputs, targets).loss)
}

/// Points around the origin, and whether they lie in the inner or the outer ring.
fn rings(seed: u64) -> (Inputs<f32>, Vec<u32>) {
    let mut draws = Stream::new(seed, Purpose::Data, 0);
    let (mut points, mut classes) = (Vec::new(), Vec::new());
    for row in 0..ROWS {
        let ring = row % 2;
        let (radius, angle) = (1.0 + ring as f64 + 0.2 * draws.normal(), std::f64::consts::TAU * draws.uniform());
        points.extend([(radius * angle.cos()) as f32, (radius * angle.sin()) as f32]);
        classes.push(ring as u32);
    }
    (Inputs::new(Matrix::from_rows(ROWS, 2, points)), classes)
}

/// The mean, and the standard deviation with divisor n - 1.
fn mean_and_sd(values: &[f64]) -> (f64, f64) {
    let n = values.len() as f64;
    let mean = values.iter().sum::<f64>() / n;
    let squares = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>();
    (mean, (squares / (n - 1.0)).sqrt())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn he_trains_a_deep_relu_network_faster() {
        let losses = run().unwrap();
        let (mean, sd) = mean_and_sd(&losses.iter().map(|[xavier, he]| he - xavier).collect::<Vec<f64>>());
        assert!(mean + 2.0 * sd / (SEEDS as f64).sqrt() < 0.0, "{losses:?}");
    }
}
