//! Milliseconds of a step of large networks by one thread and by more.
//!
//! `cargo run --release -p goodfit-nn --example threads`

use std::thread::available_parallelism;
use std::time::Instant;

use goodfit_nn::kernels::Team;
use goodfit_nn::{
    Activation, Affine, Batch, BatchNorm, BatchOrder, Batches, Convention, Dropout, DropoutForm, Init, Inputs,
    LayerSpec, Matrix, NetworkSpec, Optimizer, Purpose, Stream, Targets, Trainer, TrainingSpec,
};

const ROWS: usize = 4096;
const COLUMNS: usize = 784;

fn main() {
    let cores = available_parallelism().map_or(1, usize::from);
    let mut stream = Stream::new(1, Purpose::Data, 0);
    // A fifth of the values is not zero, as in MNIST.
    let values =
        (0..ROWS * COLUMNS).map(|_| if stream.uniform() < 0.2 { stream.uniform() as f32 } else { 0.0 }).collect();
    let inputs = Inputs::new(Matrix::from_rows(ROWS, COLUMNS, values));
    let classes: Vec<u32> = (0..ROWS).map(|i| (i % 10) as u32).collect();
    let adam = Optimizer::adam(Convention::Field);
    for (name, spec, optimizer, batch) in [
        ("784-512-512-10, Adam, batch 128", network(&[512, 512], false), adam, 128),
        (
            "784-1024-1024-1024-10, momentum, batch norm, dropout, batch 256",
            network(&[1024; 3], true),
            Optimizer::MOMENTUM,
            256,
        ),
        // Gradients and weights that no cache holds.
        ("784-4096-4096-10, SGD, batch 32", network(&[4096; 2], false), Optimizer::Sgd, 32),
    ] {
        let mut alone = f64::NAN;
        for n_threads in [1, cores] {
            let training = TrainingSpec { optimizer, max_batch: batch, n_steps: 1 << 20, ..TrainingSpec::default() };
            let mut trainer = Trainer::<f32>::new(&spec, training, 0).expect("a network");
            if n_threads > 1 {
                trainer.join(&Team::new(n_threads));
            }
            let mut batches = Batches::new(ROWS, batch, BatchOrder::Shuffle, 0);
            let n_steps = ROWS / batch.max(128);
            let mut epoch = || {
                let start = Instant::now();
                for _ in 0..n_steps {
                    let rows = batches.next_rows();
                    let targets = Targets::Classes(&classes);
                    trainer.step(&Batch { inputs: &inputs, targets, rows, row_weights: None });
                }
                start.elapsed().as_secs_f64() * 1e3 / n_steps as f64
            };
            let fastest = (0..9).map(|_| epoch()).fold(f64::INFINITY, f64::min);
            alone = if n_threads == 1 { fastest } else { alone };
            println!("{name}: {n_threads} threads {fastest:.3} ms a step, {:.2} times as fast", alone / fastest);
        }
    }
}

fn network(hidden: &[usize], regularised: bool) -> NetworkSpec {
    let mut layers = Vec::new();
    for &units in hidden {
        layers.push(LayerSpec::Affine(Affine::new(units, Init::He)));
        if regularised {
            layers.push(LayerSpec::BatchNorm(BatchNorm::new(Convention::Field)));
        }
        layers.push(LayerSpec::Activation(Activation::Relu));
        if regularised {
            layers.push(LayerSpec::Dropout(Dropout { ratio: 0.2, form: DropoutForm::Inverted }));
        }
    }
    layers.push(LayerSpec::Affine(Affine::new(10, Init::He)));
    NetworkSpec { inputs: COLUMNS, layers }
}
