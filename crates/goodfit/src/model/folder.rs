//! The files of a model, which may come from anybody.

use std::fs::symlink_metadata;
use std::io::{Error, ErrorKind};
use std::path::Path;

use super::{BASELINES, ModelError, OPENINGS, RECIPE, SCHEMA, TRAINING, WEIGHTS};
use crate::files::FileError;

/// Whether what bears the names of a model's files in a folder are files. A link could lead to any file of whoever opens
/// the model, the record of openings to one that is written to, and a pipe never ends.
///
/// # Errors
/// When one of them is a link, a folder, a pipe or a device.
pub(super) fn check(folder: &Path) -> Result<(), ModelError> {
    [WEIGHTS, SCHEMA, RECIPE, BASELINES, TRAINING, OPENINGS].into_iter().try_for_each(|name| check_file(folder, name))
}

/// The same of one of them.
///
/// # Errors
/// When it is a link, a folder, a pipe or a device.
pub(super) fn check_file(folder: &Path, name: &str) -> Result<(), ModelError> {
    let path = folder.join(name);
    let Ok(found) = symlink_metadata(&path).map(|found| found.file_type()) else { return Ok(()) };
    if found.is_file() {
        return Ok(());
    }
    let what = if found.is_symlink() { "it is a link, which a model may not have" } else { "it is no file" };
    let source = Error::new(ErrorKind::InvalidInput, what);
    Err(FileError { action: "read", path, source }.into())
}
