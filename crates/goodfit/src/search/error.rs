//! What can go wrong in a search.

use goodfit_tune::storage::StorageError;
use goodfit_tune::{SamplerError, SpaceError, StudyError};

use crate::comparison::ComparisonError;

/// Why a search cannot be made or gone on with.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// The data or the recipe.
    #[error(transparent)]
    Recipe(#[from] ComparisonError),
    /// The space.
    #[error(transparent)]
    Space(#[from] SpaceError),
    /// The sampler.
    #[error(transparent)]
    Sampler(#[from] SamplerError),
    /// The study.
    #[error(transparent)]
    Study(StudyError),
}

impl From<StudyError> for SearchError {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Sampler(error) => Self::Sampler(error),
            error => Self::Study(error),
        }
    }
}

impl From<StorageError> for SearchError {
    fn from(error: StorageError) -> Self {
        Self::Study(error.into())
    }
}

impl SearchError {
    /// What to do about it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Recipe(error) => error.hint(),
            Self::Space(error) => error.hint(),
            Self::Study(StudyError::Different { .. }) => {
                Some("another --out or --study begins a new one, --force begins this one anew".to_owned())
            }
            Self::Study(error) => error.hint(),
            Self::Sampler(SamplerError::Conditional { .. }) => {
                Some("--sampler tpe learns in a space with conditions, and auto takes it there".to_owned())
            }
            Self::Sampler(SamplerError::Dimensions { .. }) => Some("--sampler tpe takes any number of them".to_owned()),
            Self::Sampler(_) => Some("--sampler random draws from any space".to_owned()),
        }
    }
}
