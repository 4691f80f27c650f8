//! Tasks spread over threads, with results that do not depend on how many.

use std::any::Any;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

/// The number of jobs that fills the machine: its available parallelism.
pub fn default_jobs() -> usize {
    thread::available_parallelism().map_or(1, NonZero::get)
}

/// Runs the tasks `0..n_tasks` on `n_jobs` threads (at least one) and gives back their results by
/// number.
///
/// Threads take the tasks in order. `on_done` is called on the caller's thread in task order, as
/// soon as a task and all before it are done: what it prints is the same for any number of jobs.
///
/// Once `stop` is true no further task is taken. Those already taken are finished and kept; the
/// others stay `None`. So the results are a prefix of the whole.
///
/// # Panics
/// When a task panics. No further task is taken, the other threads finish the one they are at, and
/// the panic goes on in the caller's thread; of several that of the lowest task. A panic of
/// `on_done` does the same.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// let stop = AtomicBool::new(false);
/// let squares = goodfit::jobs::run_jobs(4, 2, &stop, |i| i * i, |_, _| {});
/// assert_eq!(squares, [Some(0), Some(1), Some(4), Some(9)]);
/// ```
pub fn run_jobs<R: Send>(
    n_tasks: usize,
    n_jobs: usize,
    stop: &AtomicBool,
    task: impl Fn(usize) -> R + Sync,
    on_done: impl FnMut(usize, &R),
) -> Vec<Option<R>> {
    run_jobs_live(n_tasks, n_jobs, stop, task, |_, _| {}, on_done)
}

/// [`run_jobs`] that also calls `on_any` on the caller's thread for each task as it ends, in
/// whatever order that happens, before `on_done` for it: for a live view.
///
/// # Panics
/// As [`run_jobs`].
pub fn run_jobs_live<R: Send>(
    n_tasks: usize,
    n_jobs: usize,
    stop: &AtomicBool,
    task: impl Fn(usize) -> R + Sync,
    mut on_any: impl FnMut(usize, &R),
    mut on_done: impl FnMut(usize, &R),
) -> Vec<Option<R>> {
    let mut results: Vec<Option<R>> = (0..n_tasks).map(|_| None).collect();
    let mut first_panic: Option<(usize, Box<dyn Any + Send>)> = None;
    let (next, failed) = (AtomicUsize::new(0), AtomicBool::new(false));

    thread::scope(|scope| {
        let (sender, receiver) = mpsc::channel();
        for _ in 0..n_jobs.max(1).min(n_tasks) {
            let (sender, next, failed, task) = (sender.clone(), &next, &failed, &task);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) && !failed.load(Ordering::Relaxed) {
                    let i = next.fetch_add(1, Ordering::Relaxed);
                    if i >= n_tasks {
                        break;
                    }
                    // What a task that panicked leaves behind is dropped before anyone sees it.
                    let outcome = catch_unwind(AssertUnwindSafe(|| task(i)));
                    failed.fetch_or(outcome.is_err(), Ordering::Relaxed);
                    // The receiver is gone when a callback panicked.
                    if sender.send((i, outcome)).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);

        let mut n_in_order = 0;
        for (i, outcome) in receiver {
            match outcome {
                Ok(result) => {
                    on_any(i, &result);
                    results[i] = Some(result);
                }
                Err(panic) if first_panic.as_ref().is_none_or(|(first, _)| i < *first) => {
                    first_panic = Some((i, panic));
                }
                Err(_) => {}
            }
            while let Some(Some(result)) = results.get(n_in_order) {
                on_done(n_in_order, result);
                n_in_order += 1;
            }
        }
    });

    match first_panic {
        Some((_, panic)) => resume_unwind(panic),
        None => results,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Barrier;

    use goodfit_nn::{Purpose, Stream};

    use super::*;

    fn never() -> AtomicBool {
        AtomicBool::new(false)
    }

    #[test]
    fn any_number_of_jobs_gives_the_same() {
        let run = |n_jobs| {
            let mut seen = Vec::new();
            let task = |i: usize| Stream::new(3, Purpose::Data, i as u64).normal().to_bits();
            let results = run_jobs(100, n_jobs, &never(), task, |i, &r| seen.push((i, r)));
            (results, seen)
        };
        let one = run(1);
        assert_eq!(one.1.iter().map(|&(i, _)| i).collect::<Vec<_>>(), (0..100).collect::<Vec<_>>());
        for n_jobs in [0, 2, 7, 200] {
            assert_eq!(run(n_jobs), one, "{n_jobs} jobs");
        }
    }

    #[test]
    fn live_in_order_of_completion_and_done_in_order_of_tasks() {
        // Task 0 ends only after task 1 was seen to end.
        let first_may_end = Barrier::new(2);
        let events = std::cell::RefCell::new(Vec::new());
        let task = |i: usize| {
            if i == 0 {
                first_may_end.wait();
            }
        };
        let on_any = |i: usize, (): &()| {
            events.borrow_mut().push(("any", i));
            if i == 1 {
                first_may_end.wait();
            }
        };
        run_jobs_live(2, 2, &never(), task, on_any, |i, ()| events.borrow_mut().push(("done", i)));
        assert_eq!(*events.borrow(), [("any", 1), ("any", 0), ("done", 0), ("done", 1)]);
    }

    #[test]
    fn stop_keeps_what_was_taken() {
        for n_jobs in [1, 3] {
            let stop = never();
            let task = |i: usize| {
                if i == 10 {
                    stop.store(true, Ordering::Relaxed);
                }
                i
            };
            let mut n_done = 0;
            let results = run_jobs(1000, n_jobs, &stop, task, |_, _| n_done += 1);
            let n_kept = results.iter().take_while(|r| r.is_some()).count();
            assert!(n_kept >= 11 && (n_jobs > 1 || n_kept == 11), "{n_kept}");
            assert!(results[n_kept..].iter().all(Option::is_none), "not a prefix");
            assert_eq!(results.len(), 1000);
            assert_eq!(n_done, n_kept);
        }
        let stop = AtomicBool::new(true);
        assert_eq!(run_jobs(3, 2, &stop, |i| i, |_, _| {}), [None, None, None]);
    }

    #[test]
    fn a_panic_goes_on_after_the_others_have_finished() {
        let n_finished = AtomicUsize::new(0);
        let both_run = Barrier::new(2);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let task = |i: usize| {
                both_run.wait();
                assert!(i != 1, "task {i} is broken");
                thread::sleep(std::time::Duration::from_millis(20));
                n_finished.fetch_add(1, Ordering::Relaxed);
            };
            run_jobs(2, 2, &never(), task, |_, ()| {})
        }));
        let panic = outcome.expect_err("the panic of the task");
        assert_eq!(panic.downcast_ref::<String>().map(String::as_str), Some("task 1 is broken"));
        assert_eq!(n_finished.into_inner(), 1);
    }

    #[test]
    fn a_panic_of_a_callback_ends_the_tasks() {
        let n_run = AtomicUsize::new(0);
        let outcome = catch_unwind(AssertUnwindSafe(|| {
            let task = |_| {
                n_run.fetch_add(1, Ordering::Relaxed);
                thread::yield_now();
            };
            run_jobs(1_000_000, 2, &never(), task, |_, ()| panic!("callback"))
        }));
        assert!(outcome.is_err());
        assert!(n_run.into_inner() < 1_000_000);
    }

    #[test]
    fn no_tasks() {
        assert!(run_jobs(0, 4, &never(), |i| i, |_, _| {}).is_empty());
    }
}
