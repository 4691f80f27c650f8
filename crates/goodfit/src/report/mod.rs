//! What is written for a person: `report.html` and the plots beside it.
//!
//! A report is a function of [`Results`] alone: the same results give the same bytes.

mod figures;
mod label;
mod page;
mod summary;
mod tables;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::figure::Figure;
use crate::results::Results;

pub use figures::figures;
pub use summary::summary;

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write {}: {source}", path.display())]
pub struct ReportError {
    /// The file or folder.
    pub path: PathBuf,
    /// Why.
    pub source: std::io::Error,
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
    std::fs::create_dir_all(&plots).map_err(|source| ReportError { path: plots.clone(), source })?;
    let mut written = Vec::new();
    for figure in all_figures(results) {
        let path = |ending: &str| plots.join(format!("{}.{ending}", figure.name));
        for (path, bytes) in [(path("svg"), figure.svg().into_bytes()), (path("png"), figure.png())] {
            write(&path, &bytes)?;
            written.push(path);
        }
    }
    let path = dir.join("report.html");
    write(&path, render(results).as_bytes())?;
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

/// Writes beside the target and renames, so that nothing half-written bears a final name.
fn write(path: &Path, bytes: &[u8]) -> Result<(), ReportError> {
    let failed = |source| ReportError { path: path.to_owned(), source };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut builder = tempfile::Builder::new();
    #[cfg(unix)]
    let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder).map_err(failed)?;
    file.write_all(bytes).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
