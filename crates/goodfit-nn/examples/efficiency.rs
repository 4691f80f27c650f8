//! How close the kernels come to the fused-multiply-add peak of one core.
//!
//! `cargo run --release -p goodfit-nn --example efficiency [PART OF A NAME]`
//!
//! Each timing is divided by that of a calibration loop run just before it; the median of these
//! ratios stands in the table, so that a busy machine disturbs it little.

use std::time::Instant;

use goodfit_nn::Matrix;
use goodfit_nn::kernels::{Accum, Isa, calibration_loop, column_sums, matmul_scratch, matmul_with, vectorised};

const REPEATS: usize = 41;

fn main() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let isa = Isa::detect();
    let peak = median((0..REPEATS).map(|_| calibrate(isa)).collect());
    println!("{isa:?}: peak {:.1} GFLOP/s", 2e-9 / peak);
    for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
        products(isa, &filter);
    }
    elementwise(&filter);
}

/// Seconds for one multiply-add at the peak.
fn calibrate(isa: Isa) -> f64 {
    let start = Instant::now();
    let n = calibration_loop(isa, 4000);
    start.elapsed().as_secs_f64() / n as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Prints the time of `work`, which is worth `multiply_adds`, and its share of the peak.
fn report(name: &str, isa: Isa, multiply_adds: f64, mut work: impl FnMut()) {
    work();
    let start = Instant::now();
    work();
    let n = (2e-4 / start.elapsed().as_secs_f64()).ceil().max(1.0);
    let (mut times, mut shares) = (vec![], vec![]);
    for _ in 0..REPEATS {
        let peak = calibrate(isa);
        let start = Instant::now();
        for _ in 0..n as usize {
            work();
        }
        let seconds = start.elapsed().as_secs_f64() / n;
        times.push(seconds);
        shares.push(multiply_adds * peak / seconds);
    }
    println!("{name:44} {:9.2} us {:6.1} % of peak", median(times) * 1e6, median(shares) * 100.0);
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

fn elementwise(filter: &str) {
    let x = values(10_000);
    let mut y = vec![0.0; x.len()];
    let functions: [(&str, fn(&[f32], &mut [f32])); 4] = [
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
    let matrix = Matrix::from_rows(100, 100, x.clone());
    let mut sums = vec![0.0; 100];
    if "column sums 100 x 100".contains(filter) {
        report("column sums 100 x 100", Isa::detect(), 1e4, || column_sums(&mut sums, matrix.view()));
    }
}

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
