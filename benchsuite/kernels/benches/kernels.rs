//! Kernels by shape, with the multiply-adds of a second; `peak` is the calibration loop of the same process.
//!
//! `cargo bench [PART OF A NAME]`

use divan::Bencher;
use divan::counter::ItemsCount;
use goodfit_kernel_bench::{Kind, Product};
use goodfit_nn::kernels::{Isa, calibration_loop, column_sums, math::single, vectorised};
use goodfit_nn::{Activation, MatRef};

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

fn main() {
    divan::main();
}

#[divan::bench]
fn peak(bencher: Bencher) {
    let n = calibration_loop(Isa::detect(), 4000);
    bencher.counter(ItemsCount::new(n)).bench(|| calibration_loop(Isa::detect(), 4000));
}

fn product(bencher: Bencher, kind: Kind, (rows, inputs, units): (usize, usize, usize)) {
    let mut product = Product::new(kind, rows, inputs, units);
    bencher.counter(ItemsCount::new(product.work() as u64)).bench_local(|| product.goodfit());
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

#[divan::bench(args = [100, 1000, 4096])]
fn sums_of_columns(bencher: Bencher, columns: usize) {
    let (values, mut sums) = (vec![1.0_f32; 100 * columns], vec![0.0; columns]);
    let matrix = MatRef::new(&values, 100, columns);
    bencher.counter(ItemsCount::new(values.len())).bench_local(|| column_sums(&mut sums, matrix));
}

#[divan::bench(args = [Activation::Relu, Activation::Tanh, Activation::Sigmoid])]
fn activation(bencher: Bencher, activation: Activation) {
    let x: Vec<f32> = (0..10_000).map(|i| (i % 100) as f32 / 25.0 - 2.0).collect();
    let mut y = x.clone();
    bencher.counter(ItemsCount::new(x.len())).bench_local(|| {
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
    bencher.counter(ItemsCount::new(x.len())).bench_local(|| {
        vectorised(
            #[inline(always)]
            || x.iter_mut().for_each(|x| *x = single::exp(*x * 0.1)),
        );
    });
}
