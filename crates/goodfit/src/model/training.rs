//! How a model was trained: on what, and how good it was.

use std::path::Path;

use serde::{Deserialize, Serialize};

use super::{Model, ModelError, RECIPE};
use crate::data::table::{DataFile, TableOptions, read};
use crate::recipe::{Experiment, Source};
use crate::results::{Assessment, DataSummary, Refit, Results};

/// How a model was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Training {
    /// The version of the program that trained it.
    pub goodfit: String,
    /// The seed.
    pub seed: u64,
    /// Of a search, the trial that it is of; its validation rows are then those that have chosen it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trial: Option<usize>,
    /// The files that were read, each with the fingerprint of its contents, and the number of rows on each side.
    pub data: DataSummary,
    /// The training anew on all rows that are not sealed, where there was one: `validation` is of the network before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refit: Option<Refit>,
    /// Its scores on the validation rows, and those of simple models; absent where nothing validates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub validation: Option<Assessment>,
}

impl Training {
    /// What the results of a training say of the model that it leaves; figures are left to them.
    pub fn of(results: &Results, trial: Option<usize>) -> Self {
        let validation = results.assessment.clone().map(|assessed| Assessment {
            classes: Vec::new(),
            confusion: Vec::new(),
            calibration: Vec::new(),
            predicted: Vec::new(),
            importance: Vec::new(),
            importance_score: None,
            ..assessed
        });
        Self {
            goodfit: results.goodfit.clone(),
            seed: results.seeds.first().copied().unwrap_or_default(),
            trial,
            data: results.data.clone(),
            refit: results.refit,
            validation,
        }
    }

    /// Whether these files hold what it was trained on: as many files, each with the same fingerprint. `None` where that is
    /// not known.
    pub fn is_of(&self, files: &[DataFile]) -> Option<bool> {
        let prints = |files: &[DataFile]| files.iter().map(|file| file.fingerprint.clone()).collect::<Vec<_>>();
        (!self.data.files.is_empty()).then(|| prints(&self.data.files) == prints(files))
    }
}

impl Model {
    /// Reads a table as that of the model was, and says what tells it from others; and whether its contents are those of
    /// the first file that the model was trained on, `None` where the model does not know.
    ///
    /// # Errors
    /// When it cannot be read.
    pub fn compare_data(&self, table: &Path) -> Result<(Vec<DataFile>, Option<bool>), ModelError> {
        let experiment = Experiment::from_toml(RECIPE, &self.recipe).map_err(ModelError::Recipe)?;
        let options = match experiment.recipe.data.source {
            Source::Table { options, .. } => options,
            _ => TableOptions::default(),
        };
        let options = options.for_copy(table).map_err(crate::data::DataError::Table)?;
        // What its columns are makes no difference to what stands in it.
        let options = TableOptions { kinds: std::collections::BTreeMap::new(), ..options };
        let files = read(table, &options).map_err(crate::data::DataError::Table)?.files;
        let known = self.training.as_ref().and_then(|training| training.data.files.first());
        let is_same = known.map(|known| files.first().is_some_and(|file| file.fingerprint == known.fingerprint));
        Ok((files, is_same))
    }
}
