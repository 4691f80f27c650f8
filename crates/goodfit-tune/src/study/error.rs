//! What can go wrong in a study.

use crate::SamplerError;
use crate::storage::StorageError;

/// Why a study cannot be opened, or cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum StudyError {
    /// The storage.
    #[error(transparent)]
    Storage(#[from] StorageError),
    /// The sampler.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    /// The study was made for something else.
    #[error("the study \"{name}\" was begun with another {what}: {stored}, now {given}")]
    Different {
        /// Name of the study.
        name: String,
        /// What differs.
        what: String,
        /// What it was begun with.
        stored: String,
        /// What was asked for now.
        given: String,
    },
    /// A study with several objectives can be read, but not gone on with.
    #[error("the study \"{name}\" has {n} objectives: it can be read, but not gone on with")]
    Objectives {
        /// Name of the study.
        name: String,
        /// How many it has.
        n: usize,
    },
    /// Parameters that do not belong to the space.
    #[error("these parameters are not of the space: {got}")]
    NotInSpace {
        /// What was given.
        got: String,
    },
    /// A claim that somebody else has taken over, or a trial that has ended.
    #[error("trial {number} was taken over or has ended")]
    Lost {
        /// Its number.
        number: u64,
    },
}

impl StudyError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Storage(error) => error.hint(),
            Self::Different { .. } => Some("give the new study another name".to_owned()),
            Self::Objectives { .. } => {
                Some("its trials can be listed and exported; a study of another name begins anew beside it".to_owned())
            }
            Self::NotInSpace { .. } => Some("give every parameter that exists a value in its range".to_owned()),
            Self::Sampler(_) | Self::Lost { .. } => None,
        }
    }
}
