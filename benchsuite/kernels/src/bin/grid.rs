//! Share of the peak of the three products of a square layer, over widths and batches, by goodfit and by the crate
//! `gemm`; a line of JSON a cell.
//!
//!     grid [WIDTHS [BATCHES]]                 # all, or those named: grid 64,100 7,8192
//!
//! Both and the calibration loop take turns, on one core; the least time of each counts, which a busy machine disturbs
//! least.

use goodfit_kernel_bench::{Kind, Product, peak, seconds};

const WIDTHS: [usize; 13] = [1, 7, 16, 32, 64, 100, 128, 200, 256, 512, 1000, 2048, 4096];
const BATCHES: [usize; 8] = [1, 7, 32, 100, 128, 256, 1000, 8192];

/// Seconds for each side of a cell, and how often it is timed at least.
const BUDGET: f64 = 0.1;
const FEWEST: usize = 7;

fn main() {
    let mut named = std::env::args().skip(1).map(|list| {
        list.split(',').map(|n| n.parse().unwrap_or_else(|_| panic!("{n}: expected a number"))).collect::<Vec<usize>>()
    });
    let widths = named.next().unwrap_or_else(|| WIDTHS.to_vec());
    let batches = named.next().unwrap_or_else(|| BATCHES.to_vec());
    for width in widths {
        for &batch in &batches {
            for kind in Kind::ALL {
                cell(kind, width, batch);
            }
        }
    }
}

fn cell(kind: Kind, width: usize, batch: usize) {
    let mut product = Product::new(kind, batch, width, width);
    // The same result, up to rounding; and everything is in memory and in place.
    product.gemm();
    let theirs = product.result().to_vec();
    product.goodfit();
    for (ours, theirs) in product.result().iter().zip(&theirs) {
        assert!((ours - theirs).abs() <= 1e-5 * (product.k as f32 + 1.0), "{kind:?} {width} {batch}: {ours} {theirs}");
    }
    let once = seconds(|| product.goodfit()).max(seconds(|| product.goodfit()));
    // Small products are timed in groups that last some 20 microseconds.
    let group = (2e-5 / once).ceil().max(1.0);
    let n = (BUDGET / (once * group)).ceil().max(FEWEST as f64) as usize;
    let [mut ours, mut theirs, mut best] = [f64::INFINITY; 3];
    for i in 0..n.min(2000) {
        // In every turn of a cell that has few: the host may be slow in one of them.
        if i < 16 || i % 16 == 0 {
            best = best.min(peak());
        }
        ours = ours.min(seconds(|| (0..group as usize).for_each(|_| product.goodfit())) / group);
        theirs = theirs.min(seconds(|| (0..group as usize).for_each(|_| product.gemm())) / group);
    }
    let at_peak = product.work() * best;
    println!(
        "{{\"product\": \"{}\", \"width\": {width}, \"batch\": {batch}, \"microseconds\": {:.3}, \"goodfit\": {:.4}, \
         \"gemm\": {:.4}, \"peak_gflops\": {:.1}}}",
        kind.name(),
        1e6 * ours,
        at_peak / ours,
        at_peak / theirs,
        2e-9 / best
    );
}
