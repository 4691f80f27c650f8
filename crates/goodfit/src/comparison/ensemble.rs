//! The networks that `train` keeps: one, or several with seeds of their own.

use std::time::Instant;

use super::ComparisonError;
use crate::jobs::run_jobs;
use crate::run::{Monitor, Trained};

/// Trains networks by their numbers on so many threads, and gives back those that were trained to their end with the seconds
/// that each took: all of them, or the first ones when the monitor stopped. `on_done` sees them in the order of their numbers.
///
/// # Errors
/// When a network cannot be made, under the name `arm`.
pub(super) fn train_each(
    n: usize,
    n_jobs: usize,
    monitor: &Monitor,
    arm: &str,
    train: impl Fn(usize) -> Result<Option<Trained>, goodfit_nn::Error> + Sync,
    mut on_done: impl FnMut(usize, &Trained),
) -> Result<Vec<(Trained, f64)>, ComparisonError> {
    let done = run_jobs(
        n,
        n_jobs,
        &monitor.stop,
        |i| {
            let start = Instant::now();
            let trained = train(i);
            trained.map(|trained| trained.map(|trained| (trained, start.elapsed().as_secs_f64())))
        },
        |i, result| {
            if let Ok(Some((trained, _))) = result {
                on_done(i, trained);
            }
        },
    );
    let network = |source| ComparisonError::Network { arm: arm.to_owned(), source };
    let all: Vec<Option<_>> = done.into_iter().flatten().collect::<Result<_, _>>().map_err(network)?;
    Ok(all.into_iter().map_while(|trained| trained).collect())
}

/// The seeds of the networks: the first one, and those that follow it.
pub(super) fn seeds(first: u64, n: usize) -> Vec<u64> {
    (0..n as u64).map(|i| first.wrapping_add(i)).collect()
}
