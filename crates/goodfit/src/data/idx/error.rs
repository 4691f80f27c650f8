//! What can be wrong with a folder of IDX files.

use std::io;
use std::path::PathBuf;

use super::file::GZIP;
use super::{Set, file_names};
use crate::files::reason as words;

/// Why a folder of IDX files was not read.
///
/// Offsets count the bytes of the IDX format: in a gzipped file those of the unpacked data.
#[derive(Debug, thiserror::Error)]
pub enum IdxError {
    /// There is no such folder.
    #[error("folder {} does not exist", folder.display())]
    FolderMissing {
        /// The folder.
        folder: PathBuf,
    },
    /// The path leads to something else.
    #[error("{} is not a folder", path.display())]
    NotAFolder {
        /// The path.
        path: PathBuf,
    },
    /// The folder has neither of the two training files.
    #[error("folder {} has no IDX files for training", folder.display())]
    NoFiles {
        /// The folder.
        folder: PathBuf,
    },
    /// One file of a pair is there and the other is not.
    #[error("{} has no {missing} beside it", present.display())]
    FileMissing {
        /// The file that is there.
        present: PathBuf,
        /// Name of the one that is not.
        missing: String,
    },
    /// A file or folder cannot be opened.
    #[error("cannot open {}: {}", path.display(), words(reason))]
    Open {
        /// The file or folder.
        path: PathBuf,
        /// What the operating system says.
        reason: io::Error,
    },
    /// A file cannot be read on.
    #[error("cannot read {} at byte {offset}: {}", file.display(), words(reason))]
    Read {
        /// The file.
        file: PathBuf,
        /// Where reading stopped.
        offset: usize,
        /// What the operating system says.
        reason: io::Error,
    },
    /// A gzipped file does not unpack.
    #[error("{} does not unpack beyond byte {offset}: {reason}", file.display())]
    Gzip {
        /// The file.
        file: PathBuf,
        /// How many bytes came out.
        offset: usize,
        /// What the decoder found.
        reason: io::Error,
    },
    /// A file holds nothing.
    #[error("{} is empty, expected an IDX header at byte 0", file.display())]
    Empty {
        /// The file.
        file: PathBuf,
    },
    /// A file is of another format.
    #[error(
        "{} starts at byte 0 with {:02x} {:02x}, expected {}",
        file.display(), got[0], got[1], start(*got)
    )]
    NotIdx {
        /// The file.
        file: PathBuf,
        /// Its first bytes.
        got: [u8; 2],
    },
    /// The elements are not unsigned bytes.
    #[error(
        "{} has elements of type {} at byte 2, expected 0x08 (unsigned bytes)",
        file.display(), element_type(*got)
    )]
    ElementType {
        /// The file.
        file: PathBuf,
        /// The type code of its header.
        got: u8,
    },
    /// Images without dimensions.
    #[error("{} has 0 dimensions at byte 3, expected at least 1", file.display())]
    NoDimensions {
        /// The file.
        file: PathBuf,
    },
    /// Labels of another number of dimensions than one.
    #[error("{} has {got} dimensions at byte 3, expected 1 for labels", file.display())]
    LabelDimensions {
        /// The file.
        file: PathBuf,
        /// The number in its header.
        got: u8,
    },
    /// No rows, or rows without values.
    #[error("{} has a dimension of 0 at byte {offset}, expected at least 1", file.display())]
    ZeroDimension {
        /// The file.
        file: PathBuf,
        /// Where the dimension stands.
        offset: usize,
    },
    /// The header asks for more than there is memory.
    #[error("{} has dimensions {} at byte 4, more than there is memory for", file.display(), by(dims))]
    TooLarge {
        /// The file.
        file: PathBuf,
        /// Number of rows, then the dimensions of a row.
        dims: Vec<usize>,
    },
    /// The data end before they should.
    #[error("{} ends at byte {got}, expected {expected} bytes", file.display())]
    Truncated {
        /// The file.
        file: PathBuf,
        /// Length of the data.
        got: usize,
        /// Length of header and elements, as far as it is known.
        expected: usize,
    },
    /// The data go on where they should end.
    #[error("{} goes on at byte {expected}, expected its end there by its header", file.display())]
    TooLong {
        /// The file.
        file: PathBuf,
        /// Length of header and elements.
        expected: usize,
    },
    /// Images and labels do not belong together.
    #[error(
        "{} has {n_labels} rows at byte 4, expected {n_images} as in {}",
        labels.display(), images.display()
    )]
    RowCounts {
        /// The file of images.
        images: PathBuf,
        /// Its rows.
        n_images: usize,
        /// The file of labels.
        labels: PathBuf,
        /// Its rows.
        n_labels: usize,
    },
    /// Test images of another shape than the training images.
    #[error(
        "{} has rows of {} values at byte 8, expected {} as in the training files",
        file.display(), by(got), by(expected)
    )]
    Shapes {
        /// The file of test images.
        file: PathBuf,
        /// Dimensions of one of its rows.
        got: Vec<usize>,
        /// Dimensions of one training row.
        expected: Vec<usize>,
    },
    /// The files are sound and hold fewer training rows than were asked for.
    #[error("{} has {got} rows, expected at least the {expected} asked for", file.display())]
    TooFewRows {
        /// The file of training images.
        file: PathBuf,
        /// Its rows.
        got: usize,
        /// The number asked for.
        expected: usize,
    },
}

impl IdxError {
    /// What to do about it, where something can be said.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::FolderMissing { .. } | Self::NotAFolder { .. } | Self::NoFiles { .. } | Self::FileMissing { .. } => {
                let [train_images, train_labels] = file_names(Set::Train).map(|[name, ..]| name);
                let [test_images, test_labels] = file_names(Set::Test).map(|[name, ..]| name);
                Some(format!(
                    "a folder of IDX files holds {train_images} and {train_labels}, and to test \
                     with {test_images} and {test_labels}, each raw or with .gz; `apt-get install \
                     dataset-fashion-mnist` on Debian makes such a folder, \
                     /usr/share/datasets/fashion-mnist"
                ))
            }
            Self::Gzip { .. } | Self::Empty { .. } | Self::Truncated { .. } | Self::TooLong { .. } => {
                Some("the file is damaged or not wholly copied: fetch it again".to_owned())
            }
            Self::TooFewRows { got, .. } => Some(format!("ask for at most {got} rows")),
            Self::Open { .. } | Self::Read { .. } => Some("it has to be a file that you may read".to_owned()),
            Self::NotIdx { .. }
            | Self::ElementType { .. }
            | Self::NoDimensions { .. }
            | Self::LabelDimensions { .. }
            | Self::ZeroDimension { .. }
            | Self::TooLarge { .. } => {
                Some("the file is damaged, or holds something else than images or labels of one byte".to_owned())
            }
            Self::RowCounts { .. } | Self::Shapes { .. } => {
                Some("the files are of different data sets: fetch all of one".to_owned())
            }
        }
    }
}

/// The first bytes that a file may have, when it has others.
fn start(got: [u8; 2]) -> &'static str {
    match got {
        GZIP => "00 00 (IDX) once it is unpacked",
        _ => "00 00 (IDX) or 1f 8b (gzip)",
    }
}

/// `28 x 28`; a row of no dimensions is one value.
fn by(dims: &[usize]) -> String {
    if dims.is_empty() {
        return "1".to_owned();
    }
    dims.iter().map(usize::to_string).collect::<Vec<_>>().join(" x ")
}

fn element_type(code: u8) -> String {
    let name = match code {
        0x09 => " (signed bytes)",
        0x0b => " (16-bit integers)",
        0x0c => " (32-bit integers)",
        0x0d => " (32-bit floats)",
        0x0e => " (64-bit floats)",
        _ => "",
    };
    format!("0x{code:02x}{name}")
}
