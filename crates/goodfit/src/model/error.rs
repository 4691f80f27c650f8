//! Why a model cannot be kept or read.

use crate::data::DataError;
use crate::files::{FileError, brief};
use crate::recipe::RecipeError;
use crate::weights::WeightsError;

/// Why a model cannot be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The weights cannot.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The schema is damaged.
    #[error("schema.json is damaged: {}", brief(.0))]
    Schema(serde_json::Error),
    /// What was fitted beside it is damaged.
    #[error("baselines.json is damaged: {}", brief(.0))]
    Baselines(serde_json::Error),
    /// How it was trained is damaged.
    #[error("training.json is damaged: {}", brief(.0))]
    Training(serde_json::Error),
    /// The recipe is damaged.
    #[error(transparent)]
    Recipe(RecipeError),
    /// Its table cannot be read.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The record of its openings is damaged.
    #[error("openings.jsonl is damaged: {}", brief(.0))]
    Openings(serde_json::Error),
    /// No rows were sealed when it was trained.
    #[error("no test rows were sealed when the model was trained")]
    NothingSealed,
    /// The table is not what it was.
    #[error("the test rows of {source_name} are not those that were sealed when the model was trained")]
    Changed {
        /// The table.
        source_name: String,
    },
    /// It is written in another form.
    #[error("the model has the format {}, and this program reads 1", brief(found))]
    Format {
        /// What the weights say.
        found: String,
    },
    /// Its training overflowed.
    #[error("the weights of the model are not all finite numbers")]
    Overflowed,
    /// Its files are not of one model.
    #[error("the files of the model do not fit each other: {what}")]
    Unfit {
        /// What does not.
        what: &'static str,
    },
    /// It does not go into one file of another format.
    #[error("the model takes {bytes} bytes as ONNX, and a file holds at most {most}")]
    TooLarge {
        /// How many it takes.
        bytes: usize,
        /// How many there may be.
        most: usize,
    },
}

impl ModelError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::File(_) | Self::Weights(WeightsError::File(_)) => {
                Some("a model is the folder that `goodfit train TABLE --target COLUMN` writes; of other data than tables weights alone are kept".into())
            }
            Self::Weights(_)
            | Self::Schema(_)
            | Self::Baselines(_)
            | Self::Training(_)
            | Self::Recipe(_)
            | Self::Unfit { .. } => Some("train it again, or copy its whole folder once more".into()),
            Self::Data(error) => error.hint(),
            Self::Openings(_) => Some("it says when test rows were opened: put it back as it was".into()),
            Self::NothingSealed => Some("data.test = 0.2 seals a fifth of the rows".into()),
            Self::Changed { .. } => Some("the table has changed since: train a model on it as it is now".into()),
            Self::TooLarge { .. } => Some("train a network of fewer units".into()),
            Self::Overflowed => Some("train it again, with a lower learning rate".into()),
            Self::Format { .. } => Some("a later version reads it; weights without a format are of no table".into()),
        }
    }
}
