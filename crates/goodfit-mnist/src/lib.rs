#![doc = include_str!("../README.md")]
// It takes the name LeCun for an identifier.
#![allow(clippy::doc_markdown)]

mod parts;

/// Rows of the training set.
pub const N_TRAIN: usize = 60_000;
/// Rows of the test set.
pub const N_TEST: usize = 10_000;
/// Rows of pixels in one image.
pub const ROWS: usize = 28;
/// Columns of pixels in one image.
pub const COLUMNS: usize = 28;
/// Number of classes; a label is its class, 0 to 9.
pub const N_CLASSES: usize = 10;

/// How many rows of the training set each independently compressed part of its images holds, in
/// order: [`train`] decodes the parts that its rows lie in, and no others.
pub const PART_ROWS: [usize; 4] = [1_000, 9_000, 25_000, 25_000];

/// Who made the data and under what licence, as one line that may be shown to a user.
pub const ATTRIBUTION: &str = "MNIST database of handwritten digits by Yann LeCun and Corinna \
    Cortes, CC BY-SA 3.0 <https://creativecommons.org/licenses/by-sa/3.0/>; compressed, \
    otherwise unchanged";

/// Images and their labels, in the order of the original files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Digits {
    /// Grey values, `[n, ROWS, COLUMNS]` row-major: 0 is paper, 255 is ink.
    pub pixels: Vec<u8>,
    /// The digit that each image shows, `[n]`, 0 to 9.
    pub labels: Vec<u8>,
}

/// The first `n_rows` rows of the training set.
///
/// # Errors
/// [`Error::TooManyRows`] when `n_rows` is above [`N_TRAIN`]; [`Error::Damaged`] when the
/// compiled-in data do not decode.
///
/// ```
/// let digits = goodfit_mnist::train(3)?;
/// assert_eq!(digits.labels, [5, 0, 4]);
/// assert_eq!(digits.pixels.len(), 3 * goodfit_mnist::ROWS * goodfit_mnist::COLUMNS);
/// # Ok::<(), goodfit_mnist::Error>(())
/// ```
pub fn train(n_rows: usize) -> Result<Digits, Error> {
    if n_rows > N_TRAIN {
        return Err(Error::TooManyRows { got: n_rows });
    }
    Ok(Digits {
        pixels: parts::decode(&parts::TRAIN_IMAGES, n_rows, ROWS * COLUMNS)?,
        labels: parts::decode(&parts::TRAIN_LABELS, n_rows, 1)?,
    })
}

/// All [`N_TEST`] rows of the test set.
///
/// # Errors
/// [`Error::Damaged`] when the compiled-in data do not decode.
///
/// ```
/// assert_eq!(goodfit_mnist::test()?.labels.len(), goodfit_mnist::N_TEST);
/// # Ok::<(), goodfit_mnist::Error>(())
/// ```
pub fn test() -> Result<Digits, Error> {
    Ok(Digits {
        pixels: parts::decode(&parts::TEST_IMAGES, N_TEST, ROWS * COLUMNS)?,
        labels: parts::decode(&parts::TEST_LABELS, N_TEST, 1)?,
    })
}

/// Why no digits came back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// More training rows were asked for than there are.
    #[error("{got} training rows were asked for, MNIST has {N_TRAIN}")]
    TooManyRows {
        /// The number asked for.
        got: usize,
    },
    /// A part of the compiled-in data does not decode to its rows: the program file is damaged.
    #[error("the compiled-in MNIST part {part} is damaged: {reason}")]
    Damaged {
        /// Name of the part.
        part: &'static str,
        /// What the decoder found.
        reason: String,
    },
}
