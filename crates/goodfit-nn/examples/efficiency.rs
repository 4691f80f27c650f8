//! How close the kernels come to the fused-multiply-add peak of one core.
//!
//! `cargo run --release -p goodfit-nn --example efficiency [PART OF A NAME]`
//!
//! Kernel and calibration loop are timed in alternation; the shortest of the times of each are
//! compared, which a busy machine disturbs least.

use std::time::Instant;

use goodfit_nn::kernels::{
    Accum, Csr, Isa, SparseScratch, calibration_loop, column_sums, matmul_scratch, matmul_with, sparse_forward,
    sparse_weight_gradient, vectorised,
};
use goodfit_nn::{Convention, Matrix, Optimizer, UpdateStep, WeightDecay};

const REPEATS: usize = 41;

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let isa = Isa::detect();
    let peak = least((0..REPEATS).map(|_| calibrate(isa)));
    println!("{isa:?}: peak {:.1} GFLOP/s", 2e-9 / peak);
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        products(isa, &filter);
    }
    sparse(&filter);
    elementwise(&filter);
}

/// Seconds for one multiply-add at the peak.
fn calibrate(isa: Isa) -> f64 {
    let start = Instant::now();
    let n = calibration_loop(isa, 4000);
    start.elapsed().as_secs_f64() / n as f64
}

fn least(values: impl Iterator<Item = f64>) -> f64 {
    values.fold(f64::INFINITY, f64::min)
}

/// Prints the time of `work`, which is worth `multiply_adds`, and its share of the peak.
fn report(name: &str, isa: Isa, multiply_adds: f64, mut work: impl FnMut()) {
    work();
    let start = Instant::now();
    work();
    let n = (2e-4 / start.elapsed().as_secs_f64()).ceil().max(1.0);
    let (mut times, mut peaks) = (vec![], vec![]);
    for _ in 0..REPEATS {
        peaks.push(calibrate(isa));
        let start = Instant::now();
        for _ in 0..n as usize {
            work();
        }
        times.push(start.elapsed().as_secs_f64() / n);
    }
    let (seconds, peak) = (least(times.into_iter()), least(peaks.into_iter()));
    println!("{name:44} {:9.2} us {:6.1} % of peak", seconds * 1e6, multiply_adds * peak / seconds * 100.0);
}

fn values(n: usize) -> Vec<f32> {
    (0..n).map(|i| ((i * 7919) % 1000) as f32 / 500.0 - 1.0).collect()
}

fn products(isa: Isa, filter: &str) {
    for (m, n, k) in [
        (100, 100, 100),
        (128, 128, 128),
        (256, 100, 100),
        (100, 100, 784),
        (784, 100, 100),
        (100, 10, 100),
        (100, 100, 10),
        (256, 256, 256),
        (128, 512, 784),
        (256, 1024, 1024),
        (1, 100, 100),
        (7, 100, 100),
        (16, 200, 200),
        (32, 256, 256),
        (64, 512, 784),
        (1000, 1000, 1000),
    ] {
        for (kind, transposed) in [("X W", (false, false)), ("dZ W'", (false, true)), ("X' dZ", (true, false))] {
            let name = format!("{isa:?} {m} x {n} over {k}, {kind}");
            if !name.contains(filter) {
                continue;
            }
            let matrix = |(r, c): (usize, usize), t| {
                if t { Matrix::from_rows(c, r, values(r * c)) } else { Matrix::from_rows(r, c, values(r * c)) }
            };
            let (lhs, rhs) = (matrix((m, k), transposed.0), matrix((k, n), transposed.1));
            let lhs = if transposed.0 { lhs.view().transposed() } else { lhs.view() };
            let rhs = if transposed.1 { rhs.view().transposed() } else { rhs.view() };
            let mut dst = Matrix::zeros(m, n);
            let mut scratch = vec![0.0; matmul_scratch(m, n, k)];
            report(&name, isa, (m * n * k) as f64, || {
                matmul_with(isa, dst.view_mut(), Accum::Replace, lhs, rhs, &mut scratch);
            });
        }
    }
}

/// As many strokes of a pen as make pictures like those of MNIST: 28 x 28, 19 % of it not zero.
fn pictures(n: usize) -> Csr<f32> {
    let mut state = 1_u64;
    let mut random = |below: u64| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) % below) as usize
    };
    let mut pixels = vec![0; n * 784];
    for picture in pixels.chunks_exact_mut(784) {
        let (mut row, mut column) = (4 + random(18), 4 + random(18));
        for _ in 0..4 {
            let (to_row, to_column) = (4 + random(18), 4 + random(18));
            for step in 0..=20 {
                let (r, c) = ((row * (20 - step) + to_row * step) / 20, (column * (20 - step) + to_column * step) / 20);
                (r - 1..=r + 1).for_each(|r| picture[r * 28 + c - 1..=r * 28 + c + 2].fill(200));
            }
            (row, column) = (to_row, to_column);
        }
    }
    Csr::from_bytes(&pixels, 784, 255.0)
}

fn sparse(filter: &str) {
    let inputs = pictures(1000);
    let isa = Isa::detect();
    for (m, units) in [(100, 100), (256, 100), (128, 512), (100, 1)] {
        let rows: Vec<u32> = (0..m as u32).map(|i| i * 37 % 1000).collect();
        let n_entries: usize = rows.iter().map(|&row| inputs.row(row as usize).len()).sum();
        let share = n_entries as f64 / (m * 784) as f64 * 100.0;
        let weights = Matrix::from_rows(784, units, values(784 * units));
        let dz = Matrix::from_rows(m, units, values(m * units));
        let mut z = Matrix::zeros(m, units);
        let mut dw = Matrix::zeros(784, units);
        let mut scratch = SparseScratch::new(&inputs, m);
        let name = format!("sparse forward {m} x {units}, {share:.0} %");
        if name.contains(filter) {
            report(&name, isa, (n_entries * units) as f64, || {
                sparse_forward(z.view_mut(), &inputs, &rows, weights.view());
            });
        }
        let name = format!("sparse gradient {m} x {units}, {share:.0} %");
        if name.contains(filter) {
            report(&name, isa, (n_entries * units) as f64, || {
                sparse_weight_gradient(dw.view_mut(), &inputs, &rows, dz.view(), &mut scratch);
            });
        }
    }
}

fn elementwise(filter: &str) {
    let x = values(10_000);
    let mut y = vec![0.0; x.len()];
    let functions: [(&str, Each); 4] = [
        ("exp of 10,000", |x, y| each(x, y, goodfit_nn::kernels::math::single::exp)),
        ("ln of 10,000", |x, y| each(x, y, goodfit_nn::kernels::math::single::ln)),
        ("tanh of 10,000", |x, y| each(x, y, goodfit_nn::kernels::math::single::tanh)),
        ("erf of 10,000", |x, y| each(x, y, goodfit_nn::kernels::math::single::erf)),
    ];
    for (name, function) in functions {
        if name.contains(filter) {
            report(name, Isa::detect(), x.len() as f64, || function(&x, &mut y));
        }
    }
    updates(filter);
    let matrix = Matrix::from_rows(100, 100, x.clone());
    let mut sums = vec![0.0; 100];
    if "column sums 100 x 100".contains(filter) {
        report("column sums 100 x 100", Isa::detect(), 1e4, || column_sums(&mut sums, matrix.view()));
    }
}

/// Adam while gradients come, and long after they ceased.
fn updates(filter: &str) {
    let (mut w, mut moments, zeros) = (values(10_000), vec![0.0; 20_000], vec![0.0; 10_000]);
    let mut update = |gradient: &[f32], step| {
        let step = UpdateStep { learning_rate: 1e-3, decay: WeightDecay::None, gradient_scale: 1.0, step };
        vectorised(
            #[inline(always)]
            || Optimizer::adam(Convention::Field).update(&mut w, &mut moments, gradient, &step),
        );
    };
    let gradient = values(10_000);
    if "Adam of 10,000, gradients as usual".contains(filter) {
        report("Adam of 10,000, gradients as usual", Isa::detect(), 1e4, || update(&gradient, 1000));
        (1000..2000).for_each(|step| update(&zeros, step));
        report("Adam of 10,000, no gradient for 1000 steps", Isa::detect(), 1e4, || update(&zeros, 2000));
    }
}

type Each = fn(&[f32], &mut [f32]);

fn each(x: &[f32], y: &mut [f32], function: impl Fn(f32) -> f32) {
    vectorised(
        #[inline(always)]
        || {
            for (y, &x) in y.iter_mut().zip(x) {
                *y = function(x);
            }
        },
    );
}
