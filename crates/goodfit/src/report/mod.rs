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

use crate::figure::Figure;
use crate::files::{FileError, write_whole};
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

/// Writes `report.html`, `plots/NAME.svg` and `plots/NAME.png` into a folder, which is made if need be.
///
/// Each file appears complete or not at all. Returns the paths, the report first.
///
/// # Errors
/// When the folder cannot be made or a file cannot be written.
pub fn write_report(dir: &Path, results: &Results) -> Result<Vec<PathBuf>, ReportError> {
    let plots = dir.join("plots");
    let mut written = Vec::new();
    for figure in all_figures(results) {
        let path = |ending: &str| plots.join(format!("{}.{ending}", figure.name));
        for (path, bytes) in [(path("svg"), figure.svg().into_bytes()), (path("png"), figure.png())] {
            write_whole(&path, |writer| writer.write_all(&bytes))?;
            written.push(path);
        }
    }
    // Figures of earlier results in this folder are not those of these.
    for entry in std::fs::read_dir(&plots).into_iter().flatten().flatten() {
        let (path, is_figure) = (entry.path(), |ending| entry.path().extension().is_some_and(|e| e == ending));
        if !written.contains(&path) && (is_figure("svg") || is_figure("png")) {
            let _ = std::fs::remove_file(path);
        }
    }
    let path = dir.join("report.html");
    write_whole(&path, |writer| writer.write_all(render(results).as_bytes()))?;
    written.insert(0, path);
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
