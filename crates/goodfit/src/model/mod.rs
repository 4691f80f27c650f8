//! Models: a network with what it knows of its columns, kept in a folder.

mod average;
mod error;
mod folder;
#[cfg(feature = "onnx")]
mod onnx;
mod opening;
mod scores;
mod training;

use std::path::Path;

use goodfit_nn::losses::softmax;
use goodfit_nn::{Embedding, Inputs, Network, NetworkSpec};

pub(crate) use average::predict;
pub use error::ModelError;
pub use opening::{OPENINGS, Opened, Opener, check_openings};
pub(crate) use scores::Scored;
use scores::most_probable;
pub use scores::{Metric, SCORES, scores};
pub use training::Training;

use crate::baseline::Baselines;
use crate::data::table::{Predicts, Schema, Table};
use crate::files::{read_whole, write_whole};
use crate::recipe::{Experiment, NetworkRecipe};
use crate::results::write_json;
use crate::run::network_spec;
use crate::weights::Weights;

/// The recipe by which a model was trained.
pub const RECIPE: &str = "model.toml";
/// Its weights.
pub const WEIGHTS: &str = "weights.safetensors";
/// Its columns.
pub const SCHEMA: &str = "schema.json";
/// What was fitted beside it.
pub const BASELINES: &str = "baselines.json";
/// How it was trained.
pub const TRAINING: &str = "training.json";
/// What of the metadata of the weights says in which form the folder is written.
const FORMAT: &str = "format";
/// That form.
const CURRENT: &str = "1";

/// A trained network with its columns, or several whose predictions are averaged.
///
/// ```no_run
/// use std::path::Path;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # use goodfit::data::table::{TableError, read_chunks};
/// # use goodfit::model::Model;
/// let model = Model::load(Path::new("goodfit-out/sales"))?;
/// read_chunks(Path::new("new.csv"), &Default::default(), &model.schema, |rows| {
///     println!("{:?}", model.predict(rows));
///     Ok::<(), TableError>(())
/// })?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Model {
    /// What it knows of its columns.
    pub schema: Schema,
    /// The recipe that it was trained by, as text.
    pub recipe: String,
    /// What was fitted on its training rows to hold it against.
    pub baselines: Option<Baselines>,
    /// How it was trained; models of versions before 0.1.0 do not say.
    pub training: Option<Training>,
    networks: Vec<Network<f32>>,
}

/// What is predicted for a row.
#[derive(Clone, Debug, PartialEq)]
pub enum Prediction {
    /// The probability of each class.
    Classes(Vec<f32>),
    /// A number, in the units of the target.
    Number(f64),
}

impl Prediction {
    /// What the outputs of a network say.
    pub(crate) fn of(outputs: &[f32], predicts: &Predicts) -> Self {
        match predicts {
            Predicts::Classes(_) => {
                let mut shares = outputs.to_vec();
                softmax(&mut shares, outputs.len());
                Self::Classes(shares)
            }
            Predicts::Numbers(units) => Self::Number(units.restored(outputs[0])),
        }
    }

    /// Whether its numbers are finite.
    pub(crate) fn is_finite(&self) -> bool {
        match self {
            Self::Classes(shares) => shares.iter().all(|share| share.is_finite()),
            Self::Number(number) => number.is_finite(),
        }
    }

    /// The place of the most probable class, the first one of several; `None` of a number.
    pub fn class(&self) -> Option<usize> {
        if let Self::Classes(shares) = self { Some(most_probable(shares)) } else { None }
    }
}

/// Numbers that the layers of a network have, biases not counted.
fn n_weights(network: &NetworkRecipe, spec: &NetworkSpec, outputs: usize) -> usize {
    let members = network.members;
    let (mut before, mut n) = (spec.width(), spec.embedding().map_or(0, Embedding::n_values));
    for &width in &network.hidden {
        let scales = if members > 1 { members.saturating_mul(before.saturating_add(width)) } else { 0 };
        n = n.saturating_add(before.saturating_mul(width)).saturating_add(scales);
        before = width;
    }
    n.saturating_add(members.saturating_mul(before).saturating_mul(outputs))
}

impl Model {
    /// Networks with their columns: one, or as many as the recipe's ensemble has.
    pub fn new(schema: Schema, recipe: String, networks: Vec<Network<f32>>) -> Self {
        Self { schema, recipe, baselines: None, training: None, networks }
    }

    /// The same with what was fitted on its training rows beside it.
    pub fn with_baselines(self, baselines: Option<Baselines>) -> Self {
        Self { baselines, ..self }
    }

    /// The same with how it was trained.
    pub fn with_training(self, training: Option<Training>) -> Self {
        Self { training, ..self }
    }

    /// Writes `model.toml`, `schema.json`, `weights.safetensors`, `baselines.json` and `training.json` where there
    /// are any, into a folder.
    ///
    /// # Errors
    /// When they cannot be written.
    pub fn save(&self, folder: &Path) -> Result<(), ModelError> {
        write_whole(&folder.join(RECIPE), |to| to.write_all(self.recipe.as_bytes()))?;
        let schema = serde_json::to_string_pretty(&self.schema).map_err(ModelError::Schema)?;
        write_whole(&folder.join(SCHEMA), |to| writeln!(to, "{schema}"))?;
        match &self.baselines {
            Some(baselines) => {
                let baselines = serde_json::to_string(baselines).map_err(ModelError::Baselines)?;
                write_whole(&folder.join(BASELINES), |to| writeln!(to, "{baselines}"))?;
            }
            // Those of an earlier model are not this one's.
            None => drop(std::fs::remove_file(folder.join(BASELINES))),
        }
        match &self.training {
            Some(training) => write_whole(&folder.join(TRAINING), |to| write_json(to, training))?,
            None => drop(std::fs::remove_file(folder.join(TRAINING))),
        }
        let mut weights = Weights::of_all(&self.networks);
        weights.metadata.insert(FORMAT.to_owned(), CURRENT.to_owned());
        weights.metadata.insert("goodfit".to_owned(), env!("CARGO_PKG_VERSION").to_owned());
        weights.metadata.insert("recipe".to_owned(), self.recipe.clone());
        weights.save(&folder.join(WEIGHTS))?;
        Ok(())
    }

    /// Reads the model of a folder.
    ///
    /// # Errors
    /// When a file is missing or damaged, is written in a later form, or the files do not fit each other.
    pub fn load(folder: &Path) -> Result<Self, ModelError> {
        folder::check(folder)?;
        let weights = Weights::load(&folder.join(WEIGHTS))?;
        let schema = read_whole(&folder.join(SCHEMA))?;
        match weights.metadata.get(FORMAT).map(String::as_str) {
            Some(CURRENT) => {}
            found => return Err(ModelError::Format { found: found.unwrap_or("none").to_owned() }),
        }
        let schema: Schema = serde_json::from_slice(&schema).map_err(ModelError::Schema)?;
        if !schema.is_sound() {
            return Err(ModelError::Unfit { what: "its columns and their encoding" });
        }
        let baselines = Self::baselines(folder, &schema)?;
        let text = read_whole(&folder.join(RECIPE))?;
        let recipe =
            String::from_utf8(text).map_err(|_| ModelError::Unfit { what: "bytes and UTF-8 of the recipe" })?;
        let experiment = Experiment::from_toml(RECIPE, &recipe).map_err(ModelError::Recipe)?;
        let spec = network_spec(&experiment.recipe, schema.inputs(), schema.n_outputs());
        // Before any memory is taken for it: what the files ask for has to be there.
        let held: usize = weights.tensors.iter().map(|tensor| tensor.values.len()).sum();
        let needed = n_weights(&experiment.recipe.network, &spec, schema.n_outputs());
        let n = experiment.recipe.training.ensemble;
        if needed.saturating_mul(n) > held {
            return Err(ModelError::Unfit { what: "the weights and the recipe" });
        }
        let unfit = |_| ModelError::Unfit { what: "the weights and the recipe" };
        let mut networks = vec![Network::new(&spec, 0).map_err(unfit)?; n];
        if weights.tensors.len() != n * networks[0].parameters().len() {
            return Err(ModelError::Unfit { what: "the weights and the recipe" });
        }
        weights.put_into_all(&mut networks).map_err(unfit)?;
        if weights.tensors.iter().any(|tensor| tensor.values.iter().any(|x| !x.is_finite())) {
            return Err(ModelError::Overflowed);
        }
        let training = folder.join(TRAINING);
        let training = training.exists().then(|| read_whole(&training)).transpose()?;
        let training = training.map(|text| serde_json::from_slice(&text).map_err(ModelError::Training)).transpose()?;
        Ok(Self { schema, recipe, baselines, training, networks })
    }

    /// What was fitted beside the model; models may be without.
    fn baselines(folder: &Path, schema: &Schema) -> Result<Option<Baselines>, ModelError> {
        let path = folder.join(BASELINES);
        if !path.exists() {
            return Ok(None);
        }
        let baselines: Baselines = serde_json::from_slice(&read_whole(&path)?).map_err(ModelError::Baselines)?;
        let n_classes = if let Predicts::Classes(names) = &schema.predicts { Some(names.len()) } else { None };
        let fits = baselines.fits(&schema.inputs(), n_classes);
        if fits { Ok(Some(baselines)) } else { Err(ModelError::Unfit { what: "its columns and baselines.json" }) }
    }

    /// The number of its networks.
    pub fn n_networks(&self) -> usize {
        self.networks.len()
    }

    /// Predicts rows that have the columns of the schema, in its order.
    pub fn predict(&self, rows: &Table) -> Vec<Prediction> {
        let inputs = Inputs::new(self.schema.encode(rows));
        predict(&self.networks, &inputs, &self.schema.predicts)
    }
}
