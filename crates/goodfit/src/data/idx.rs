//! A folder of IDX files, the form in which MNIST and the data sets made after its model come.
//!
//! An IDX file is a header (two zero bytes, the element type, the number of dimensions, each
//! dimension as a big-endian `u32`) and then the elements, last dimension fastest. A folder holds
//! one file of images and one of labels for training, and may hold two more for testing:
//!
//! | file | or |
//! |---|---|
//! | `train-images-idx3-ubyte` | `train-images.idx3-ubyte` |
//! | `train-labels-idx1-ubyte` | `train-labels.idx1-ubyte` |
//! | `t10k-images-idx3-ubyte` | `t10k-images.idx3-ubyte` |
//! | `t10k-labels-idx1-ubyte` | `t10k-labels.idx1-ubyte` |
//!
//! Each name may end in `.gz`; of several spellings of one name the first in the order of
//! [`file_names`] is read. Whether a file is gzipped is seen from its first bytes, not from its
//! name. Elements are unsigned bytes. Labels have one dimension; images have any number, of which
//! the first counts the rows.
//!
//! Files are not trusted: memory is taken as data are read, never because a header says so, and
//! what does not add up is an [`IdxError`] that names file and byte.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

pub use error::IdxError;
use file::{Holds, IdxFile};

mod error;
mod file;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

/// What a folder of IDX files holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IdxFolder {
    /// Rows to train with.
    pub train: Labelled,
    /// Rows to test with; `None` when the folder has neither of the two files.
    pub test: Option<Labelled>,
}

/// Rows of bytes, each with a label.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Labelled {
    /// Number of rows, n.
    pub n_rows: usize,
    /// Dimensions of one row; `[28, 28]` for an image of 28 x 28 pixels, empty for a single value.
    pub shape: Vec<usize>,
    /// Values, `[n, shape..]` row-major.
    pub pixels: Vec<u8>,
    /// Labels, `[n]`.
    pub labels: Vec<u8>,
}

/// Reads the training files of `folder`, and its test files where it has them.
///
/// With `train_rows` only that many training rows are read, from the top of the file. A raw file
/// is held against its length all the same; the rest of a gzipped one is not looked at.
///
/// # Errors
/// [`IdxError`] when files are missing, damaged or do not belong together, or when they hold fewer
/// than `train_rows` rows. [`IdxError::hint`] says what to do about it where something can be said.
///
/// ```
/// use goodfit::data::idx::read_folder;
///
/// let folder = tempfile::tempdir()?;
/// let images = [&[0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 2], &[10, 11, 20, 21][..]].concat();
/// let labels = [0, 0, 8, 1, 0, 0, 0, 2, 7, 9];
/// std::fs::write(folder.path().join("train-images-idx3-ubyte"), images)?;
/// std::fs::write(folder.path().join("train-labels-idx1-ubyte"), labels)?;
///
/// let train = read_folder(folder.path(), Some(1))?.train;
/// assert_eq!((train.n_rows, train.shape), (1, vec![1, 2]));
/// assert_eq!((train.pixels, train.labels), (vec![10, 11], vec![7]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn read_folder(folder: &Path, train_rows: Option<usize>) -> Result<IdxFolder, IdxError> {
    match fs::metadata(folder) {
        Ok(found) if found.is_dir() => {}
        Ok(_) => {
            return Err(IdxError::NotAFolder { path: folder.to_path_buf() });
        }
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => {
            return Err(IdxError::FolderMissing { folder: folder.to_path_buf() });
        }
        Err(reason) => {
            return Err(IdxError::Open { path: folder.to_path_buf(), reason });
        }
    }
    let Some(train_files) = find_pair(folder, Set::Train)? else {
        return Err(IdxError::NoFiles { folder: folder.to_path_buf() });
    };
    let test_files = find_pair(folder, Set::Test)?;

    let train = Pair::open(&train_files)?;
    let test = test_files.as_ref().map(Pair::open).transpose()?;
    if let Some(test) = &test {
        test.check_shape(&train)?;
    }
    Ok(IdxFolder { train: train.read(train_rows)?, test: test.map(|test| test.read(None)).transpose()? })
}

/// The names that a file may have, in the order in which they are looked for.
///
/// ```
/// use goodfit::data::idx::{Set, file_names};
///
/// let [images, _labels] = file_names(Set::Test);
/// assert_eq!(images[0], "t10k-images-idx3-ubyte");
/// assert_eq!(images[3], "t10k-images.idx3-ubyte.gz");
/// ```
pub fn file_names(set: Set) -> [[String; 4]; 2] {
    let set = match set {
        Set::Train => "train",
        Set::Test => "t10k",
    };
    [("images", 3), ("labels", 1)].map(|(what, n_dims)| {
        [("-", ""), ("-", ".gz"), (".", ""), (".", ".gz")]
            .map(|(joint, end)| format!("{set}-{what}{joint}idx{n_dims}-ubyte{end}"))
    })
}

/// One half of a data set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Set {
    /// Rows to train with.
    Train,
    /// Rows to test with.
    Test,
}

/// The files of images and of labels; `None` when there is neither.
fn find_pair(folder: &Path, set: Set) -> Result<Option<[PathBuf; 2]>, IdxError> {
    let names = file_names(set);
    let [images, labels] = &names;
    match (find(folder, images)?, find(folder, labels)?) {
        (Some(images), Some(labels)) => Ok(Some([images, labels])),
        (None, None) => Ok(None),
        (Some(present), None) => Err(IdxError::FileMissing { present, missing: labels[0].clone() }),
        (None, Some(present)) => Err(IdxError::FileMissing { present, missing: images[0].clone() }),
    }
}

fn find(folder: &Path, names: &[String]) -> Result<Option<PathBuf>, IdxError> {
    for name in names {
        let path = folder.join(name);
        match path.try_exists() {
            Ok(true) => return Ok(Some(path)),
            Ok(false) => {}
            Err(reason) => return Err(IdxError::Open { path, reason }),
        }
    }
    Ok(None)
}

/// Images and labels whose headers agree.
struct Pair {
    images: IdxFile,
    labels: IdxFile,
}

impl Pair {
    fn open([images, labels]: &[PathBuf; 2]) -> Result<Self, IdxError> {
        let images = IdxFile::open(images, Holds::Images)?;
        let labels = IdxFile::open(labels, Holds::Labels)?;
        if images.n_rows() != labels.n_rows() {
            return Err(IdxError::RowCounts {
                n_images: images.n_rows(),
                images: images.into_path(),
                n_labels: labels.n_rows(),
                labels: labels.into_path(),
            });
        }
        Ok(Self { images, labels })
    }

    fn check_shape(&self, train: &Self) -> Result<(), IdxError> {
        let (got, expected) = (self.images.shape(), train.images.shape());
        if got == expected {
            return Ok(());
        }
        Err(IdxError::Shapes { file: self.images.path().to_path_buf(), got: got.to_vec(), expected: expected.to_vec() })
    }

    fn read(self, n_rows: Option<usize>) -> Result<Labelled, IdxError> {
        let available = self.images.n_rows();
        let n_rows = n_rows.unwrap_or(available);
        if n_rows > available {
            let file = self.images.into_path();
            return Err(IdxError::TooFewRows { file, got: available, expected: n_rows });
        }
        Ok(Labelled {
            n_rows,
            shape: self.images.shape().to_vec(),
            labels: self.labels.read_rows(n_rows)?,
            pixels: self.images.read_rows(n_rows)?,
        })
    }
}
