//! The live view on stderr: a line for each trial that runs, and a bar over all steps of all runs.

use std::fmt::Write;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use console::Term;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressState, ProgressStyle};

use super::args::Output;
use super::frame;
use super::stop::monitor;
use super::visible::visible;
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
        self.bar = Some(Progress::new(&visible(&label), n_steps, self.output.quiet, monitor()));
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
        let line = &visible(line);
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

/// A bar that follows a monitor until it is dropped, with a line for each trial that runs above it. Shows nothing when
/// quiet or when stderr is no terminal.
struct Progress {
    bar: ProgressBar,
    best: Arc<Mutex<String>>,
    monitor: &'static Monitor,
    follower: Option<JoinHandle<()>>,
}

/// How often the view is made anew.
const EVERY: Duration = Duration::from_millis(100);

impl Progress {
    /// A bar of `n_steps` steps.
    fn new(label: &str, n_steps: u64, quiet: bool, monitor: &'static Monitor) -> Self {
        let target = if quiet { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr_with_hz(10) };
        let bar = ProgressBar::with_draw_target(Some(n_steps), target);
        bar.set_prefix(label.to_owned());
        monitor.n_steps.store(0, Ordering::Relaxed);
        monitor.board.watch(!bar.is_hidden());
        let best: Arc<Mutex<String>> = Arc::default();
        let follower = (!bar.is_hidden()).then(|| {
            let mut view = View { bar: bar.clone(), best: best.clone(), template: String::new() };
            thread::spawn(move || {
                while !view.bar.is_finished() {
                    view.show(monitor);
                    thread::park_timeout(EVERY);
                }
            })
        });
        Self { bar, best, monitor, follower }
    }

    /// Says what was done last, or the best so far.
    fn message(&self, message: String) {
        *text(&self.best) = visible(&message).into_owned();
    }

    /// Prints to stdout without tearing the bar.
    fn print(&self, line: &str) {
        self.bar.suspend(|| print_line(line));
    }
}

/// What the follower draws.
struct View {
    bar: ProgressBar,
    best: Arc<Mutex<String>>,
    /// The template that the bar has.
    template: String,
}

impl View {
    fn show(&mut self, monitor: &Monitor) {
        let (rows, columns) = Term::stderr().size();
        let best = text(&self.best).clone();
        let template = frame::bar(&self.bar.prefix(), &best, columns.into());
        if template != self.template
            && let Ok(style) = ProgressStyle::with_template(&template)
        {
            let best = self.best.clone();
            let write = move |_: &ProgressState, out: &mut dyn Write| {
                // A bar has no way to say that it cannot be drawn.
                let _ = out.write_str(&text(&best));
            };
            self.bar.set_style(style.progress_chars("━╸─").with_key("best", write));
            self.template = template;
        }
        self.bar.set_message(frame::lines(&monitor.board.look(), rows.into(), columns.into()));
        self.bar.set_position(monitor.n_steps.load(Ordering::Relaxed));
    }
}

fn text(shared: &Mutex<String>) -> MutexGuard<'_, String> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.monitor.board.watch(false);
        self.bar.finish_and_clear();
        if let Some(follower) = self.follower.take() {
            follower.thread().unpark();
            // The follower only sleeps and draws; there is nothing to do about its panic here.
            let _ = follower.join();
        }
    }
}
