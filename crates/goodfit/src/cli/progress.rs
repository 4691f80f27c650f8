//! The live view on stderr: a bar over all steps of all runs.

use std::sync::atomic::Ordering;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::Output;
use super::stop::monitor;
use crate::comparison::Observer;
use crate::results::Run;
use crate::run::Monitor;

/// The live view of an experiment: a bar on stderr, and on stdout the lines that are complete.
pub(super) struct Live {
    name: String,
    output: Output,
    bar: Option<Progress>,
}

impl Live {
    /// Nothing is shown before the first trainings begin.
    pub(super) fn new(name: &str, output: Output) -> Self {
        Self { name: name.to_owned(), output, bar: None }
    }
}

impl Observer for Live {
    fn begin(&mut self, what: &str, n_steps: u64) {
        let label = if what == "training" { self.name.clone() } else { format!("{} {what}", self.name) };
        self.bar = None;
        self.bar = Some(Progress::new(&label, n_steps, self.output.quiet, monitor()));
    }

    fn done(&mut self, arm: &str, seed: u64, _run: &Run) {
        if let Some(bar) = &self.bar {
            bar.message(format!("{arm}, seed {seed}"));
        }
    }

    fn trial(&mut self, number: u64, n_steps: u64, best: Option<&str>) {
        // Trials of an earlier run and those that ended early make no steps, or fewer.
        monitor().n_steps.fetch_max((number + 1) * n_steps, Ordering::Relaxed);
        if let (Some(bar), Some(best)) = (&self.bar, best) {
            bar.message(best.to_owned());
        }
    }

    fn line(&mut self, line: &str) {
        if self.output.json {
            return;
        }
        match &self.bar {
            Some(bar) => bar.print(line),
            None => print_line(line),
        }
    }
}

/// What cannot be written now will not be either when all is done, which is when it is said.
fn print_line(line: &str) {
    let _ = super::print(&format!("{line}\n"));
}

/// A bar that follows a monitor until it is dropped. Shows nothing when quiet or when stderr is no
/// terminal.
struct Progress {
    bar: ProgressBar,
    follower: Option<JoinHandle<()>>,
}

impl Progress {
    /// A bar of `n_steps` steps.
    fn new(label: &str, n_steps: u64, quiet: bool, monitor: &'static Monitor) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(10) };
        let bar = ProgressBar::with_draw_target(Some(n_steps), target);
        let template = "{prefix:>13} {bar:32.cyan/dim} {percent:>3} %  {msg}  {eta_precise} left";
        let style = ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar());
        bar.set_style(style.progress_chars("━╸─"));
        bar.set_prefix(label.to_owned());
        monitor.n_steps.store(0, Ordering::Relaxed);
        let follower = (!bar.is_hidden()).then(|| {
            let bar = bar.clone();
            thread::spawn(move || {
                while !bar.is_finished() {
                    bar.set_position(monitor.n_steps.load(Ordering::Relaxed));
                    thread::sleep(Duration::from_millis(100));
                }
            })
        });
        Self { bar, follower }
    }

    /// Says what was done last.
    fn message(&self, message: String) {
        self.bar.set_message(message);
    }

    /// Prints to stdout without tearing the bar.
    fn print(&self, line: &str) {
        self.bar.suspend(|| print_line(line));
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
        if let Some(follower) = self.follower.take() {
            // The follower only sleeps and draws; there is nothing to do about its panic here.
            let _ = follower.join();
        }
    }
}
