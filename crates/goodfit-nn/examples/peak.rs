//! The peak of fused multiply-adds: all cores at once, and one alone, as a line of JSON.
//!
//! `cargo run --release -p goodfit-nn --example peak`

use std::thread::{available_parallelism, scope};
use std::time::Instant;

use goodfit_nn::kernels::{Isa, calibration_loop};

const REPEATS: usize = 15;

fn main() {
    let cores = available_parallelism().map_or(1, usize::from);
    let all: f64 = scope(|threads| {
        let peaks: Vec<_> = (0..cores).map(|_| threads.spawn(gflops)).collect();
        peaks.into_iter().filter_map(|peak| peak.join().ok()).sum()
    });
    println!("{{\"gflops\": {all:.1}, \"one_core\": {:.1}, \"cores\": {cores}}}", gflops());
}

/// Of the best of a few loops of some milliseconds each.
fn gflops() -> f64 {
    let rate = |_| {
        let start = Instant::now();
        let n = calibration_loop(Isa::detect(), 40_000);
        2e-9 * n as f64 / start.elapsed().as_secs_f64()
    };
    (0..REPEATS).map(rate).fold(0.0, f64::max)
}
