//! Where the time of a training step goes, beside the peak of fused multiply-adds, and how fast rows go through a
//! network; on one core.
//!
//! `cargo run --release -p goodfit-nn --example step`
//!
//! The network is that of the chapter's search: 784-100-100-100-100-100-100-10, `ReLU`, plain SGD with weight decay,
//! batches of 100 rows. Parts are the kernels alone, on data of the same shapes; what is left is all the rest of the step.
//! Work is that of the dense network, without the first layer's input gradient. Each is timed in turns with the
//! calibration loop, and of each the least time counts.

use std::time::Instant;

use goodfit_nn::kernels::{Accum, Isa, calibration_loop, column_sums, matmul, matmul_scratch, vectorised};
use goodfit_nn::{
    Activation, Affine, Batch, BatchOrder, Batches, Init, Inputs, LayerSpec, Loss, MatMut, Matrix, Network,
    NetworkSpec, Optimizer, Purpose, Stream, Targets, Trainer, TrainingSpec, UpdateStep, WeightDecay, Workspace,
};

/// One product of a layer: its inputs and units, and room for the result and for scratch.
type Each<'a> = dyn FnMut(usize, usize, &mut [f32], &mut [f32]) + 'a;

const REPEATS: usize = 60;
const SIZES: [usize; 8] = [784, 100, 100, 100, 100, 100, 100, 10];
const BATCH: usize = 100;
const ROWS: usize = 10_000;

fn main() {
    // A fifth of the values is not zero, as in MNIST.
    let mut stream = Stream::new(1, Purpose::Data, 0);
    let mut pixel = || if stream.uniform() < 0.2 { stream.uniform() as f32 } else { 0.0 };
    let pixels: Vec<f32> = (0..ROWS * SIZES[0]).map(|_| pixel()).collect();
    let dense = Inputs::Dense(Matrix::from_rows(ROWS, SIZES[0], pixels.clone()));
    let sparse = Inputs::new(Matrix::from_rows(ROWS, SIZES[0], pixels));
    println!("{:?}", Isa::detect());

    let work: usize = layers().map(|(inputs, units)| inputs * units).sum();
    let step_work = (BATCH * (3 * work - SIZES[0] * SIZES[1])) as f64;
    let whole = step(&dense, step_work, "training step, dense");
    parts(&dense, whole);
    step(&sparse, step_work, "training step, zeros skipped (share of the dense work)");

    let network = Network::<f32>::new(&spec(), 0).expect("a network");
    for (inputs, name) in [(&dense, "dense"), (&sparse, "zeros skipped")] {
        let (mut outputs, mut workspace) = (Matrix::zeros(ROWS, 10), Workspace::new(&network));
        let name = format!("10,000 rows through the network, {name}");
        report(&name, (ROWS * work) as f64, || workspace.predict(outputs.view_mut(), &network, inputs));
    }
}

fn layers() -> impl Iterator<Item = (usize, usize)> {
    SIZES.windows(2).map(|pair| (pair[0], pair[1]))
}

fn spec() -> NetworkSpec {
    let affine = |(_, units)| LayerSpec::Affine(Affine::new(units, Init::He));
    let mut all: Vec<LayerSpec> =
        layers().flat_map(|layer| [affine(layer), LayerSpec::Activation(Activation::Relu)]).collect();
    all.pop();
    NetworkSpec { inputs: SIZES[0], layers: all }
}

fn step(inputs: &Inputs<f32>, work: f64, name: &str) -> f64 {
    let training = TrainingSpec {
        learning_rate: 1e-3,
        weight_decay: WeightDecay::L2(1e-5),
        max_batch: BATCH,
        n_steps: 1 << 30,
        ..TrainingSpec::default()
    };
    let mut trainer = Trainer::<f32>::new(&spec(), training, 0).expect("a network");
    let classes: Vec<u32> = (0..ROWS).map(|i| (i % 10) as u32).collect();
    // As many rows as the chapter's search has.
    let mut batches = Batches::new(400, BATCH, BatchOrder::Replacement, 0);
    report(name, work, || {
        let targets = Targets::Classes(&classes);
        trainer.step(&Batch { inputs, targets, rows: batches.next_rows(), row_weights: None });
    })
}

/// The kernels of a step alone.
fn parts(inputs: &Inputs<f32>, whole: f64) {
    let largest = SIZES[0] * SIZES[1];
    let values: Vec<f32> = (0..largest).map(|i| ((i * 7919) % 1000) as f32 / 5e5 - 1e-3).collect();
    let (mut dst, mut scratch) = (vec![0.0; largest], vec![0.0; matmul_scratch(784, 784, 784)]);
    let mut known = 0.0;
    let mut part = |name: &str, work: f64, run: &mut dyn FnMut()| {
        let seconds = report(name, work, run);
        println!("{:60} {:5.1} % of the step", "", 100.0 * seconds / whole);
        known += seconds;
    };
    let rows: Vec<u32> = (0..BATCH as u32).map(|i| i * 37 % 400).collect();
    part("  gathering the batch", 0.0, &mut || {
        let Inputs::Dense(inputs) = inputs else { return };
        for (dst, &row) in dst.chunks_exact_mut(SIZES[0]).zip(&rows) {
            dst.copy_from_slice(inputs.row(row as usize));
        }
    });
    let all: usize = layers().map(|(inputs, units)| inputs * units).sum();
    let view = |rows, columns| goodfit_nn::MatRef::new(&values[..rows * columns], rows, columns);
    let mut products = |name: &str, work: usize, each: &mut Each<'_>| {
        part(name, (BATCH * work) as f64, &mut || layers().for_each(|(d, u)| each(d, u, &mut dst, &mut scratch)));
    };
    products("  forward products", all, &mut |d, u, dst, scratch| {
        matmul(MatMut::new(&mut dst[..BATCH * u], BATCH, u), Accum::Replace, view(BATCH, d), view(d, u), scratch);
    });
    products("  products of the input gradients", all - SIZES[0] * SIZES[1], &mut |d, u, dst, scratch| {
        if d != SIZES[0] {
            let dst = MatMut::new(&mut dst[..BATCH * d], BATCH, d);
            matmul(dst, Accum::Replace, view(BATCH, u), view(d, u).transposed(), scratch);
        }
    });
    products("  products of the weight gradients", all, &mut |d, u, dst, scratch| {
        matmul(
            MatMut::new(&mut dst[..d * u], d, u),
            Accum::Replace,
            view(BATCH, d).transposed(),
            view(BATCH, u),
            scratch,
        );
    });
    let mut weights = values.clone();
    let sgd = UpdateStep { learning_rate: 1e-9, decay: WeightDecay::L2(1e-5), gradient_scale: 1.0, step: 1 };
    part("  updates of the weights", 0.0, &mut || {
        for (d, u) in layers() {
            vectorised(
                #[inline(always)]
                || Optimizer::Sgd.update(&mut weights[..d * u], &mut [], &values[..d * u], &sgd),
            );
        }
    });
    let mut d = values.clone();
    part("  activations, forward and backward", 0.0, &mut || {
        for (_, u) in layers().take(SIZES.len() - 2) {
            vectorised(
                #[inline(always)]
                || {
                    Activation::Relu.forward_in_place(&mut dst[..BATCH * u]);
                    Activation::Relu.backward(&mut d[..BATCH * u], &values[..BATCH * u], &values[..BATCH * u]);
                },
            );
        }
    });
    let mut sums = vec![0.0; 100];
    part("  gradients of the biases", 0.0, &mut || {
        layers().for_each(|(_, u)| column_sums(&mut sums[..u], view(BATCH, u)));
    });
    let classes: Vec<u32> = (0..BATCH).map(|i| (i % 10) as u32).collect();
    let loss = Loss::CrossEntropy { label_smoothing: 0.0 };
    part("  softmax and cross-entropy", 0.0, &mut || {
        loss.value_and_gradient(&mut d[..10 * BATCH], &values[..10 * BATCH], 10, Targets::Classes(&classes), None);
    });
    println!(
        "{:60} {:5.1} % of the step",
        "  the rest: biases, drawing the batch, caches",
        100.0 * (1.0 - known / whole)
    );
}

/// Prints the time of `run`, and its share of the peak where it is worth some multiply-adds; returns seconds.
fn report(name: &str, multiply_adds: f64, mut run: impl FnMut()) -> f64 {
    run();
    let start = Instant::now();
    run();
    let n = (5e-4 / start.elapsed().as_secs_f64()).ceil().max(1.0);
    let (mut seconds, mut peak) = (f64::INFINITY, f64::INFINITY);
    for _ in 0..REPEATS {
        let start = Instant::now();
        let done = calibration_loop(Isa::detect(), 20_000);
        peak = peak.min(start.elapsed().as_secs_f64() / done as f64);
        let start = Instant::now();
        (0..n as usize).for_each(|_| run());
        seconds = seconds.min(start.elapsed().as_secs_f64() / n);
    }
    print!("{name:60} {:9.1} us", 1e6 * seconds);
    if multiply_adds > 0.0 {
        print!(" {:5.1} % of the peak of {:.1} GFLOP/s", 100.0 * multiply_adds * peak / seconds, 2e-9 / peak);
    }
    println!();
    seconds
}
