//! The lines of one arm and the words below a figure of them.

use std::fmt::Write as _;

use super::origin;
use super::spread::spread;
use crate::figure::{Colour, Series, Shape};
use crate::report::label;
use crate::results::{Arm, Results, Run};

/// With more lines than this in a figure, bands only hide them.
const MOST_BANDS: usize = 12;

/// Collects the lines of a figure and what its caption has to say of them.
pub(super) struct Lines<'a> {
    results: &'a Results,
    bands: bool,
    /// Runs behind each mean.
    counts: Vec<usize>,
    broken: usize,
}

impl<'a> Lines<'a> {
    /// For a figure whose legend has `n_keys` entries.
    pub(super) fn new(results: &'a Results, n_keys: usize) -> Self {
        Self { results, bands: n_keys <= MOST_BANDS, counts: Vec::new(), broken: 0 }
    }

    /// The mean of a metric over the runs of an arm that stay finite, and each other run by itself.
    pub(super) fn of(&mut self, arm: &Arm, metric: &str, key: usize) -> Vec<Series> {
        let spread = spread(&arm.runs, metric, self.results.report.smooth);
        let note = overflow_note(&arm.runs).unwrap_or_default();
        let mut out = Vec::new();
        self.broken += spread.broken.len();
        for run in spread.broken {
            let last = run.step.last().copied().zip(run.value.last().copied());
            // Nothing finite was recorded: the cross lies at the upper edge.
            let cross = last.map_or([run.at as f64, f64::INFINITY], |(x, y)| [x, y]);
            let note = format!("overflowed before the record of step {}", run.at);
            let shape = Shape::Line { x: run.step, y: run.value, band: None, cross: Some(cross), thin: true };
            out.push(Series { key, note, shape });
        }
        if spread.n > 0 {
            self.counts.push(spread.n);
            let finite_here = out.is_empty();
            let overflow = arm.runs.iter().filter_map(|run| run.diverged_at).min().filter(|_| finite_here);
            let points = || spread.step.iter().zip(&spread.mean);
            let cross = overflow.and_then(|at| {
                let at = points().rfind(|&(&step, _)| step <= at as f64).or_else(|| points().next());
                at.map(|(&x, &y)| [x, y])
            });
            let band = if self.bands { spread.band } else { None };
            let shape = Shape::Line { x: spread.step, y: spread.mean, band, cross, thin: false };
            out.push(Series { key, note, shape });
        }
        out
    }

    /// Data, seeds, count, the meaning of lines and bands, and what overflowed.
    pub(super) fn caption(&self) -> String {
        let mut out = origin(self.results) + &super::means(self.results, &self.counts);
        if self.bands {
            out += super::bands(&self.counts);
        }
        out.push('.');
        if self.results.report.smooth > 1 {
            let _ = write!(out, " Smoothed by a Kaiser window of {} points (beta 2).", self.results.report.smooth);
        }
        if self.results.arms.len() > Colour::SLOTS && self.results.report.panel.is_empty() {
            let _ = write!(out, " {}s are coloured in their order.", label::capitalised(self.results.arm_word()));
        }
        if self.broken > 0 {
            let runs = label::count(self.broken, "run that overflowed", "runs that overflowed");
            let _ = write!(out, " Thin lines to a cross: {runs}, no part of a mean.");
        }
        out + &overflows(self.results)
    }
}

fn overflows(results: &Results) -> String {
    let note = |arm: &Arm| overflow_note(&arm.runs).map(|note| format!("{} {note}", arm.name));
    let notes: Vec<String> = results.arms.iter().filter_map(note).collect();
    match notes.len() {
        0 => String::new(),
        1..=3 => format!(" Crosses: {}.", notes.join("; ")),
        n => format!(" Crosses: {n} {}s overflowed there.", results.arm_word()),
    }
}

/// `overflowed at step 3 (5 of 5 runs)`, where it did.
pub(in crate::report) fn overflow_note(runs: &[Run]) -> Option<String> {
    let steps: Vec<usize> = runs.iter().filter_map(|run| run.diverged_at).collect();
    let (first, last) = (steps.iter().min()?, steps.iter().max()?);
    let at = if first == last { format!("step {first}") } else { format!("steps {first} to {last}") };
    Some(format!("overflowed at {at} ({} of {})", steps.len(), label::count(runs.len(), "run", "runs")))
}
