//! Recipes: everything that determines a training except its seed, and what is asked of it.
//!
//! A recipe file becomes [`Settings`], which are checked field by field against the one table of
//! [`FIELDS`]; the command line adds layers to them; [`Experiment::resolve`] checks them against each
//! other and makes typed values: the [`Recipe`], its arms, its search, its report.

mod arms;
mod check;
mod compare;
mod condition;
mod cross;
mod defaults;
mod enqueue;
mod ensembles;
mod error;
mod experiment;
mod field;
mod fields;
mod kinds;
mod metric;
mod parse;
mod preset;
mod print;
mod reading;
mod reference;
mod report;
mod resolve;
mod search;
mod settings;
mod shipped;
mod space;
mod splits;
mod target;
mod typed;
mod value;
mod variations;

pub use arms::{ArmPlan, Candidate, MAX_ARMS};
pub use compare::{Baseline, CompareRecipe};
pub use condition::When;
pub use enqueue::Point;
pub use error::{Origin, RecipeError, nearest};
pub use experiment::Experiment;
pub use field::{Default, Field, Kind, Needs, Part, Range};
pub use fields::{FIELDS, TABLES};
pub use preset::{PRESETS, Predicted, Preset, fit_batch_size};
pub use reference::reference;
pub use search::SearchRecipe;
pub use settings::{Layer, Setting, Settings};
pub use shipped::{CLAIMS, SHIPPED, shipped};
pub use space::{Dimension, Values};
pub use target::{Target, field, target};
pub use typed::{
    Batches, ClassWeight, DataRecipe, Evaluation, Fold, Given, Length, NetworkRecipe, Parametrization, Recipe,
    RecordLoss, Source, Split, StoppingMetric, TrainingRecipe,
};
pub use value::{Entry, Item, Key, Place, Value};
