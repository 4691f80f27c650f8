//! The sealed test rows of a model, opened on the record.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use goodfit_nn::{Inputs, Network};
use serde::{Deserialize, Serialize};

use super::{Model, ModelError, RECIPE, folder, predict, scores};
use crate::baseline::{Baselines, goal};
use crate::data::table::{TableError, TableOptions, lacking};
use crate::data::{DataError, Prepared, Sealed, fingerprint, load};
use crate::files::{FileError, brief, read_whole};
use crate::recipe::{Evaluation, Experiment, Given, Source};
use crate::results::Assessed;

/// Where openings are recorded, a line each.
pub const OPENINGS: &str = "openings.jsonl";

/// What opens test rows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Opener {
    /// `evaluate --open-test`; records that do not say are of it.
    #[default]
    Evaluate,
    /// `train` of a recipe that says `data.evaluation = "test"`.
    Train,
}

impl Opener {
    /// The command.
    pub fn name(self) -> &'static str {
        match self {
            Self::Evaluate => "evaluate",
            Self::Train => "train",
        }
    }
}

/// That the test rows of a model were opened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Opened {
    /// Seconds since 1970.
    pub time: u64,
    /// By which command.
    #[serde(default)]
    pub by: Opener,
    /// By which the rows are told from others.
    pub fingerprint: String,
    /// By which the model is told from others that stood in its folder, see [`Model::fingerprint`]; records that do not say
    /// may be of any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Number of rows.
    pub rows: usize,
    /// Scores by name.
    pub scores: BTreeMap<String, f64>,
    /// Whether the table had another fingerprint than when the model was trained, though these rows are the same.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub other_data: bool,
    /// Those of simple models that were fitted on the same training rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub baselines: Vec<Assessed>,
    /// How many of them are also among the rows that were not sealed, where some are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub twins: Option<usize>,
}

impl Opened {
    /// Scores networks and simple models on the test rows that their training has opened; `None` where it opened none, or the
    /// data are no table.
    pub fn by_training(data: &Prepared, networks: &[Network<f32>], baselines: Option<&Baselines>) -> Option<Self> {
        let (schema, rows) = (data.schema.as_ref()?, data.test.as_ref()?);
        let (predicts, goal) = (&schema.predicts, goal(rows, &schema.predicts));
        let simple = baselines.into_iter().flat_map(|baselines| baselines.predict(&rows.inputs, schema));
        Some(Self {
            time: now(),
            by: Opener::Train,
            fingerprint: data.summary.test_fingerprint.clone()?,
            model: Some(of_weights(networks)),
            rows: rows.n_rows(),
            scores: scores(&predict(networks, &rows.inputs, predicts), &goal, predicts),
            other_data: false,
            baselines: simple.map(|(name, own)| assessed(name, scores(&own, &goal, predicts))).collect(),
            twins: data.overlap.test.some(),
        })
    }

    /// Adds it to the record in a folder, which is made where it is not there.
    ///
    /// # Errors
    /// When the record cannot be read or written.
    pub fn record(&self, folder: &Path) -> Result<(), ModelError> {
        check_openings(folder)?;
        let made = std::fs::create_dir_all(folder);
        made.map_err(|source| FileError { action: "make the folder", path: folder.to_owned(), source })?;
        let line = serde_json::to_string(self).map_err(ModelError::Schema)?;
        let path = folder.join(OPENINGS);
        // Somebody's editor may have taken the end of the last line off.
        let ends = std::fs::read(&path).map_or(true, |text| text.is_empty() || text.ends_with(b"\n"));
        let gap = if ends { "" } else { "\n" };
        let append = OpenOptions::new().create(true).append(true).open(&path);
        append
            .and_then(|mut file| writeln!(file, "{gap}{line}").and_then(|()| file.sync_all()))
            .map_err(|source| FileError { action: "write to", path, source })?;
        Ok(())
    }
}

/// Whether the record of openings in a folder, if there is one, can be gone on with.
///
/// # Errors
/// When it is a link, or cannot be read.
pub fn check_openings(folder: &Path) -> Result<(), ModelError> {
    folder::check_file(folder, OPENINGS)?;
    earlier(folder).map(drop)
}

/// FNV-1a of all parameters, one network behind the other.
fn of_weights(networks: &[Network<f32>]) -> String {
    let values = |network: &Network<f32>| -> Vec<u8> {
        let parameters = network.parameters().iter();
        parameters.flat_map(|parameter| network.values(parameter)).flat_map(|value| value.to_le_bytes()).collect()
    };
    let all: Vec<Vec<u8>> = networks.iter().map(values).collect();
    format!("{:016x}", fingerprint(&all.iter().map(Vec::as_slice).collect::<Vec<_>>()))
}

impl Model {
    /// By which it is told from others: a fingerprint of its weights.
    pub fn fingerprint(&self) -> String {
        of_weights(&self.networks)
    }

    /// When its test rows were opened, the first time first.
    ///
    /// # Errors
    /// When the record in its folder cannot be read.
    pub fn openings(&self, folder: &Path) -> Result<Vec<Opened>, ModelError> {
        let mut openings = earlier(folder)?;
        openings.retain(|opened| self.schema.sealed.as_ref().is_some_and(|own| own.fingerprint == opened.fingerprint));
        Ok(openings)
    }

    /// Scores the model on the test rows that were sealed when it was trained, and records that in its folder. The earlier
    /// openings of the same rows come first, then this one. `table` is where the table is now, if it is not where it was; a
    /// file of test rows that is not where it was is looked for beside it.
    ///
    /// # Errors
    /// When there are no test rows, the table has changed since, or the record cannot be written.
    pub fn open_test(&self, folder: &Path, table: Option<&Path>) -> Result<Vec<Opened>, ModelError> {
        let sealed = self.schema.sealed.as_ref().ok_or(ModelError::NothingSealed)?;
        let experiment = Experiment::from_toml(RECIPE, &self.recipe).map_err(ModelError::Recipe)?;
        let mut recipe = experiment.recipe.data;
        recipe.evaluation = Evaluation::Test;
        let Source::Table { path, options, .. } = &mut recipe.source else {
            return Err(ModelError::Unfit { what: "its recipe and a table" });
        };
        if let Some(table) = table {
            table.clone_into(path);
            *options = options.for_copy(table).map_err(DataError::Table)?;
            if let Some(Given::TestFile(file)) = &mut recipe.given
                && let (false, Some(name)) = (file.exists(), file.file_name())
            {
                *file = table.with_file_name(name);
            }
        } else {
            self.check_source(path, options)?;
        }
        if let Some(Given::TestFile(file)) = &recipe.given {
            self.check_source(file, options)?;
        }
        let dataset = load(&recipe, 0)?;
        let is_of = self.training.as_ref().and_then(|training| training.is_of(&dataset.files));
        let twins = dataset.test_twins.some();
        let is_same = |test: &Sealed<_>| format!("{:016x}", test.fingerprint()) == sealed.fingerprint;
        let test = dataset.test.filter(is_same).ok_or(ModelError::Changed { source_name: dataset.source })?;
        // A record that cannot be read stops the opening, and so does one that cannot be written: nothing is shown then.
        let mut openings = self.openings(folder)?;
        let (rows, opening) = test.open();
        let (table, goal) =
            rows.for_model(&self.schema).ok_or(ModelError::Unfit { what: "its columns and those of the table" })?;
        let scored = |predictions: &[_]| scores(predictions, &goal, &self.schema.predicts);
        let scores = scored(&self.predict(&table));
        let inputs = Inputs::new(self.schema.encode(&table));
        let simple = self.baselines.iter().flat_map(|baselines| baselines.predict(&inputs, &self.schema));
        let baselines = simple.map(|(name, own)| assessed(name, scored(&own))).collect();
        let opened = Opened {
            time: now(),
            by: Opener::Evaluate,
            fingerprint: sealed.fingerprint.clone(),
            model: Some(self.fingerprint()),
            rows: opening.n_rows,
            scores,
            other_data: is_of == Some(false),
            baselines,
            twins,
        };
        opened.record(folder)?;
        openings.push(opened);
        Ok(openings)
    }
    /// Whether a file that the recipe names may be the table that the model was trained on. The recipe may come from anybody:
    /// what never ends is not read, and of another file nothing is told but which columns it has not.
    fn check_source(&self, file: &Path, options: &TableOptions) -> Result<(), ModelError> {
        let fault = |what: String| {
            let error = TableError::new(&file.display().to_string(), what);
            DataError::Table(error.hint("evaluate MODEL TABLE says where the table of the model is now"))
        };
        if file == Path::new("-") || file.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(fault("no file, as the table of a model is".to_owned()).into());
        }
        let missing = self.schema.missing_in(file, options).map_err(DataError::Table)?;
        if missing.is_empty() { Ok(()) } else { Err(fault(brief(&lacking(&missing))).into()) }
    }
}

fn assessed(name: &str, scores: BTreeMap<String, f64>) -> Assessed {
    Assessed { name: name.to_owned(), scores, ..Assessed::default() }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

fn earlier(folder: &Path) -> Result<Vec<Opened>, ModelError> {
    let path = folder.join(OPENINGS);
    if !path.exists() {
        return Ok(Vec::new());
    }
    let text = read_whole(&path)?;
    let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).map_err(ModelError::Openings)).collect()
}
