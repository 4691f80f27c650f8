//! What is written for a person: `report.html` and the plots beside it.
//!
//! A report is a function of [`Results`] alone: the same results give the same bytes.

mod assessment;
mod figures;
mod label;
mod page;
mod search;
mod summary;
mod tables;
mod tuning;

use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use crate::figure::Figure;
use crate::files::{FileError, write_whole};
use crate::jobs::run_jobs;
use crate::results::Results;

pub use figures::figures;
pub use summary::summary;

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct ReportError(#[from] FileError);

impl ReportError {
    /// What to do about it.
    pub fn hint(&self) -> Option<&'static str> {
        self.0.hint()
    }
}

/// The interactive report: one HTML file that needs no other.
pub fn render(results: &Results) -> String {
    page::page(results)
}

/// Writes `report.html`, `plots/NAME.svg` and `plots/NAME.png` into a folder, which is made if need be; drawn by so many
/// threads, with the same bytes for any number of them.
///
/// Each file appears complete or not at all. Returns the paths, the report first.
///
/// # Errors
/// When the folder cannot be made or a file cannot be written.
pub fn write_report(dir: &Path, results: &Results, jobs: usize) -> Result<Vec<PathBuf>, ReportError> {
    let plots = dir.join("plots");
    let figures = all_figures(results);
    let mut paths = vec![vec![dir.join("report.html")]];
    paths.extend(
        figures.iter().map(|figure| ["svg", "png"].map(|end| plots.join(format!("{}.{end}", figure.name))).into()),
    );
    let draw = |i: usize| match i.checked_sub(1) {
        None => vec![render(results).into_bytes()],
        Some(i) => vec![figures[i].svg().into_bytes(), figures[i].png()],
    };
    let drawn = run_jobs(paths.len(), jobs, &AtomicBool::new(false), draw, |_, _| {});
    let written = paths.concat();
    for (path, bytes) in written.iter().zip(drawn.iter().flatten().flatten()) {
        write_whole(path, |writer| writer.write_all(bytes))?;
    }
    // Figures of earlier results in this folder are not those of these.
    for entry in std::fs::read_dir(&plots).into_iter().flatten().flatten() {
        let (path, is_figure) = (entry.path(), |ending| entry.path().extension().is_some_and(|e| e == ending));
        if !written.contains(&path) && (is_figure("svg") || is_figure("png")) {
            let _ = std::fs::remove_file(path);
        }
    }
    Ok(written)
}

/// The figures of an experiment and of all its parts, each under a name of its own.
pub(crate) fn all_figures(results: &Results) -> Vec<Figure> {
    let mut out = figures(results);
    for part in &results.parts {
        let prefix = crate::figure::slug(&part.experiment);
        out.extend(
            all_figures(part).into_iter().map(|figure| Figure { name: format!("{prefix}-{}", figure.name), ..figure }),
        );
    }
    let mut taken = std::collections::HashSet::new();
    for figure in &mut out {
        let stem = crate::figure::slug(&figure.name);
        let names = std::iter::once(stem.clone()).chain((2..).map(|n| format!("{stem}-{n}")));
        figure.name = names.into_iter().find(|name| !taken.contains(name)).unwrap_or(stem);
        taken.insert(figure.name.clone());
    }
    out
}
