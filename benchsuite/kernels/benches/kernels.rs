//! Kernels by shape. Of products it prints the share of the peak: 1 Gitem/s is as many multiply-adds as the calibration loop
//! of the same process did in a second, those of zeros that are skipped included. Of loops over values it prints the bytes
//! that they read and write.
//!
//! `cargo bench [PART OF A NAME]`

use std::sync::LazyLock;
use std::time::Instant;

use divan::Bencher;
use divan::counter::{BytesCount, ItemsCount};
use goodfit_kernel_bench::{Kind, Product};
use goodfit_nn::kernels::{
    Csr, Isa, SparseScratch, calibration_loop, column_sums, math::single, sparse_forward, sparse_weight_gradient,
    vectorised,
};
use goodfit_nn::layers::{BatchNormCache, RunningStatistics};
use goodfit_nn::{
    Activation, BatchNorm, Convention, Dropout, DropoutForm, MatRef, Matrix, Optimizer, Purpose, Stream, UpdateStep,
    WeightDecay,
};

/// Rows of a batch, inputs and units of a layer.
const SHAPES: [(usize, usize, usize); 7] = [
    (100, 784, 100),
    (100, 100, 100),
    (100, 100, 10),
    (128, 784, 512),
    (128, 512, 512),
    (256, 1024, 1024),
    (1, 100, 100),
];
/// Those of first layers.
const SPARSE: [(usize, usize, usize); 3] = [(100, 784, 100), (128, 784, 512), (256, 784, 1024)];

/// Multiply-adds of a second, the most of some turns.
static PEAK: LazyLock<f64> = LazyLock::new(|| {
    let turn = || {
        let start = Instant::now();
        let n = calibration_loop(Isa::detect(), 200_000);
        n as f64 / start.elapsed().as_secs_f64()
    };
    (0..20).map(|_| turn()).fold(0.0, f64::max)
});

fn main() {
    println!("peak {:.1} GFLOP/s, {:?}; 1 Gitem/s is the peak", 2e-9 * *PEAK, Isa::detect());
    divan::main();
}

/// So many multiply-adds, in thousand millionths of what the peak does in a second.
fn of_peak(work: f64) -> ItemsCount {
    ItemsCount::new((1e9 * work / *PEAK).round() as u64)
}

fn values(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919) % 1000) as f32 / 500.0 - 1.0).collect()
}

#[divan::bench]
fn peak(bencher: Bencher) {
    let n = calibration_loop(Isa::detect(), 4000);
    bencher.counter(of_peak(n as f64)).bench(|| calibration_loop(Isa::detect(), 4000));
}

fn product(bencher: Bencher, kind: Kind, (rows, inputs, units): (usize, usize, usize)) {
    let mut product = Product::new(kind, rows, inputs, units);
    bencher.counter(of_peak(product.work())).bench_local(|| product.goodfit());
}

#[divan::bench(args = SHAPES)]
fn forward(bencher: Bencher, shape: (usize, usize, usize)) {
    product(bencher, Kind::Forward, shape);
}

#[divan::bench(args = SHAPES)]
fn input_gradient(bencher: Bencher, shape: (usize, usize, usize)) {
    product(bencher, Kind::Input, shape);
}

#[divan::bench(args = SHAPES)]
fn weight_gradient(bencher: Bencher, shape: (usize, usize, usize)) {
    product(bencher, Kind::Weight, shape);
}

/// Rows of which a fifth of the values is not zero, as in MNIST, in an order of their own.
fn sparse_rows(rows: usize, inputs: usize) -> (Csr<f32>, Vec<u32>) {
    let mut stream = Stream::new(0, Purpose::Data, 0);
    let data = (0..rows * inputs).map(|_| if stream.uniform() < 0.2 { 0.5 } else { 0.0 }).collect();
    let order = (0..rows).map(|i| ((7 * i + 3) % rows) as u32).collect();
    (Csr::from_matrix(Matrix::from_rows(rows, inputs, data).view()), order)
}

#[divan::bench(args = SPARSE)]
fn forward_of_sparse_rows(bencher: Bencher, (rows, inputs, units): (usize, usize, usize)) {
    let (x, order) = sparse_rows(rows, inputs);
    let (w, mut z) = (Matrix::from_rows(inputs, units, values(inputs * units)), Matrix::zeros(rows, units));
    let work = (rows * inputs * units) as f64;
    bencher.counter(of_peak(work)).bench_local(|| sparse_forward(z.view_mut(), &x, &order, w.view()));
}

#[divan::bench(args = SPARSE)]
fn weight_gradient_of_sparse_rows(bencher: Bencher, (rows, inputs, units): (usize, usize, usize)) {
    let (x, order) = sparse_rows(rows, inputs);
    let (dz, mut dw) = (Matrix::from_rows(rows, units, values(rows * units)), Matrix::zeros(inputs, units));
    let mut scratch = SparseScratch::new(&x, rows);
    let work = (rows * inputs * units) as f64;
    bencher
        .counter(of_peak(work))
        .bench_local(|| sparse_weight_gradient(dw.view_mut(), &x, &order, dz.view(), &mut scratch));
}

#[divan::bench(args = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam"])]
fn update(bencher: Bencher, name: &str) {
    const N: usize = 10_000;
    let optimizer = match name {
        "sgd" => Optimizer::Sgd,
        "momentum" => Optimizer::MOMENTUM,
        "nesterov" => Optimizer::nesterov(Convention::Field),
        "adagrad" => Optimizer::adagrad(Convention::Field),
        "rmsprop" => Optimizer::rmsprop(Convention::Field),
        _ => Optimizer::adam(Convention::Field),
    };
    let (mut w, gradient, mut state) = (values(N), values(N), vec![0.0; optimizer.n_state() * N]);
    let step =
        UpdateStep { learning_rate: 1e-6, decay: WeightDecay::L2(1e-4), gradient_scale: 1.0, step: 1000 };
    // Weights and state are read and written, gradients read.
    let bytes = 4 * N * (3 + 2 * optimizer.n_state());
    bencher.counter(BytesCount::new(bytes)).bench_local(|| {
        vectorised(
            #[inline(always)]
            || optimizer.update(&mut w, &mut state, &gradient, &step),
        );
    });
}

#[divan::bench]
fn batch_norm_of_100_rows_and_units(bencher: Bencher) {
    let norm = BatchNorm::new(Convention::Field);
    let (x, mut y, mut normalized) = (values(10_000), values(10_000), values(10_000));
    let [mut mean, mut inverse_std, mut running_mean, mut running_variance] = [(); 4].map(|()| vec![0.0; 100]);
    let (scale, shift) = (vec![1.0; 100], vec![0.0; 100]);
    bencher.counter(BytesCount::new(4 * 2 * x.len())).bench_local(|| {
        normalized.copy_from_slice(&x);
        vectorised(
            #[inline(always)]
            || {
                norm.forward_training(
                    &mut y,
                    BatchNormCache { normalized: &mut normalized, mean: &mut mean, inverse_std: &mut inverse_std },
                    RunningStatistics { mean: &mut running_mean, variance: &mut running_variance },
                    &scale,
                    &shift,
                );
            },
        );
    });
}

#[divan::bench]
fn dropout_masks(bencher: Bencher) {
    let (mut mask, mut stream) = (vec![0; 10_000 * Dropout::MASK_BYTES], Stream::new(0, Purpose::Dropout, 0));
    bencher.counter(BytesCount::new(mask.len())).bench_local(|| Dropout::draw_mask(&mut mask, &mut stream));
}

#[divan::bench]
fn dropout(bencher: Bencher) {
    let (mut mask, mut stream) = (vec![0; 10_000 * Dropout::MASK_BYTES], Stream::new(0, Purpose::Dropout, 0));
    Dropout::draw_mask(&mut mask, &mut stream);
    let (mut y, dropout) = (values(10_000), Dropout { ratio: 0.2, form: DropoutForm::Textbook });
    bencher.counter(BytesCount::new(2 * 4 * y.len() + mask.len())).bench_local(|| {
        vectorised(
            #[inline(always)]
            || dropout.forward_training(&mut y, &mask),
        );
    });
}

#[divan::bench(args = [100, 1000, 4096])]
fn sums_of_columns(bencher: Bencher, columns: usize) {
    let (values, mut sums) = (vec![1.0_f32; 100 * columns], vec![0.0; columns]);
    let matrix = MatRef::new(&values, 100, columns);
    bencher.counter(BytesCount::new(4 * values.len())).bench_local(|| column_sums(&mut sums, matrix));
}

#[divan::bench(args = [Activation::Relu, Activation::Tanh, Activation::Sigmoid])]
fn activation(bencher: Bencher, activation: Activation) {
    let x: Vec<f32> = (0..10_000).map(|i| (i % 100) as f32 / 25.0 - 2.0).collect();
    let mut y = x.clone();
    bencher.counter(BytesCount::new(4 * 2 * x.len())).bench_local(|| {
        y.copy_from_slice(&x);
        vectorised(
            #[inline(always)]
            || activation.forward_in_place(&mut y),
        );
    });
}

#[divan::bench]
fn exp(bencher: Bencher) {
    let mut x = vec![0.5_f32; 10_000];
    bencher.counter(BytesCount::new(4 * 2 * x.len())).bench_local(|| {
        vectorised(
            #[inline(always)]
            || x.iter_mut().for_each(|x| *x = single::exp(*x * 0.1)),
        );
    });
}
