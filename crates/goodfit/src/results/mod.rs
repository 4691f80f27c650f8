//! What an experiment found: the content of `results.json` (format 1).
//!
//! A report is a function of these values alone. Values that are not finite stand as `null` in the
//! file and as NaN in memory.

mod assessment;
mod curves;
mod error;
mod folder;
mod json;
mod nullable;
mod refit;
#[cfg(test)]
mod sample;
mod search;
mod summarise;
mod timing;

pub(crate) use json::write_json;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::data::table::DataFile;

pub use assessment::{AgainstLinear, Assessed, Assessment, CalibrationBin, ColumnImportance, FoldFits, LinearFit};
pub use error::ResultsError;
pub use folder::{read, write};
pub use refit::Refit;
pub use search::{
    Audited, BestOf, ExpectedGain, Importance, NarrowRange, NarrowRound, PruningAudit, SearchSummary, SearchedField,
    Winner,
};
pub use timing::{ArmTiming, Machine, RunTiming, Timing};

/// The version of the layout of `results.json`.
pub const FORMAT: u32 = 1;

/// Everything that one experiment found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Results {
    /// [`FORMAT`]
    pub format: u32,
    /// Name of the experiment, for instance `batch-norm`.
    pub experiment: String,
    /// Version of the program that wrote it.
    pub goodfit: String,
    /// The data.
    pub data: DataSummary,
    /// The seeds of the runs of each arm.
    pub seeds: Vec<u64>,
    /// The metric that decides comparisons.
    pub primary_metric: String,
    /// The recipe, as the text of a recipe file that would run the same again.
    pub recipe: String,
    /// The command that runs the same again.
    pub command: String,
    /// How the report presents it.
    pub report: Layout,
    /// The arms, first the baseline unless another one was named; with `data.folds` the folds.
    pub arms: Vec<Arm>,
    /// Comparisons of arms, corrected together.
    #[serde(default)]
    pub comparisons: Vec<Comparison>,
    /// Trials of a search, best first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trials: Vec<Trial>,
    /// What a search did and found besides its trials.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub search: Option<SearchSummary>,
    /// Statements put to the test.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<Claim>,
    /// How good its models are beside simple ones, on a table.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assessment: Option<Assessment>,
    /// The network that is kept, where it was trained anew on all rows that are not sealed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refit: Option<Refit>,
    /// What the experiment found, in sentences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// Experiments this one is made of (`claims`), each with its own arms and figures.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub parts: Vec<Results>,
    /// False when the run was stopped before all of it was done.
    pub complete: bool,
}

impl Results {
    /// What its arms are: the folds of one recipe, which do not contest, or arms.
    pub fn arm_word(&self) -> &'static str {
        if self.data.folds.is_some() { "fold" } else { "arm" }
    }

    /// The results of an experiment before anything is trained: nothing found, not complete.
    pub fn new(experiment: &str, command: &str, report: Layout) -> Self {
        Self {
            format: FORMAT,
            experiment: experiment.to_owned(),
            goodfit: env!("CARGO_PKG_VERSION").to_owned(),
            data: DataSummary::default(),
            seeds: Vec::new(),
            primary_metric: String::new(),
            recipe: String::new(),
            command: command.to_owned(),
            report,
            arms: Vec::new(),
            comparisons: Vec::new(),
            trials: Vec::new(),
            search: None,
            assessment: None,
            refit: None,
            claims: Vec::new(),
            findings: Vec::new(),
            parts: Vec::new(),
            complete: false,
        }
    }
}

/// The data of an experiment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct DataSummary {
    /// `mnist`, `normal`, or the path as it was given.
    pub source: String,
    /// Of a table the files that were read, that of test rows last, each with the fingerprint of its contents.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<DataFile>,
    /// Rows that are trained on, after the split.
    pub train_rows: usize,
    /// Rows split off for validation; with folds those of all of them.
    pub validation_rows: usize,
    /// Over how many folds a single training was scored; the other numbers of rows are those of the first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
    /// Rows split off to choose the epoch by.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub stopping_rows: usize,
    /// Test rows that were opened; 0 while they are sealed.
    pub test_rows: usize,
    /// Fingerprint of the test rows that were opened.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub test_fingerprint: Option<String>,
    /// How rows are split, where that is not the usual.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Seed that split off the validation rows (of the first seed's run, where each splits anew).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub split_seed: Option<u64>,
    /// Columns of the inputs.
    pub columns: usize,
    /// Number of classes; 0 = none.
    pub classes: usize,
}

#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}

/// How a report presents the results.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Layout {
    /// Title of the report.
    pub title: String,
    /// What is asked, one sentence; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub question: String,
    /// The main figure.
    pub figure: FigureKind,
    /// Metrics to plot, in order; empty = all.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub metrics: Vec<String>,
    /// Field whose values become the panels of the figure; empty = one panel a metric.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub panel: String,
    /// Length of the Kaiser window (beta 2) that smooths the curves; 0 = none.
    #[serde(default)]
    pub smooth: usize,
    /// Metrics that share one panel when true (training and test accuracy, as in the book).
    #[serde(default)]
    pub overlay: bool,
}

/// The main figure of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FigureKind {
    /// Curves over steps.
    #[default]
    Curves,
    /// Histograms of activations, a row of panels an arm, a column a layer.
    Histograms,
    /// The curves of the best trials, a panel each.
    Trials,
    /// The claims table with the figures of its parts.
    Claims,
}

/// One variant in a comparison.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Arm {
    /// Readable and unique, for instance `init he, batch norm on`.
    pub name: String,
    /// What this arm sets, by recipe path, as JSON values.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// One run a seed, in the order of the seeds.
    pub runs: Vec<Run>,
    /// By metric, over the runs.
    pub summary: BTreeMap<String, Summary>,
    /// How it came to the values that were tuned for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tuning: Option<Tuning>,
    /// Its data, where the arms do not share them.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<DataSummary>,
}

/// What an arm tried before it was compared, and what it took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Tuning {
    /// The metric that decided.
    pub metric: String,
    /// The seeds it was decided on; none of them is among those of the comparison.
    pub seeds: Vec<u64>,
    /// The place of the best in `scores`; `None` when tuning was stopped before all of it was done.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub best: Option<usize>,
    /// What was tried; of a tuning that was stopped, what was finished.
    pub scores: Vec<TuningScore>,
}

/// One candidate of a tuning.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TuningScore {
    /// The values by recipe path.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Its metric over the seeds.
    pub score: Summary,
}

/// One training of one arm with one seed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// The seed.
    pub seed: u64,
    /// By name: `train_loss`, `train_accuracy`, `validation_accuracy`, `test_accuracy`, ...
    pub curves: BTreeMap<String, Curve>,
    /// The last recorded point of each curve.
    #[serde(rename = "final", with = "nullable::map")]
    pub final_: BTreeMap<String, f64>,
    /// 0-based number of the first step whose loss or outputs were not finite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub diverged_at: Option<usize>,
    /// Activations by layer at the end, where the recipe asks for them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub layers: Vec<LayerActivations>,
    /// Activations by layer after each epoch, where the recipe asks for diagnostics.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub epochs: Vec<EpochActivations>,
}

impl Run {
    /// Whether the network it ended with overflows: its loss on the rows that it is evaluated on is not finite, or that of its
    /// last step where there are none. Its accuracy is a number all the same.
    pub fn ends_overflowed(&self) -> bool {
        let evaluated: Vec<f64> =
            ["validation_loss", "test_loss"].iter().filter_map(|name| self.final_.get(*name).copied()).collect();
        let last = self.final_.get("train_loss").filter(|_| evaluated.is_empty());
        evaluated.iter().chain(last).any(|loss| !loss.is_finite())
    }
}

/// What the activations look like after an epoch.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct EpochActivations {
    /// 0-based number of the epoch's last update.
    pub step: usize,
    /// By layer.
    pub layers: Vec<LayerActivations>,
}

/// A value recorded over a training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Curve {
    /// 0-based number of the update just made.
    pub step: Vec<usize>,
    /// The value there; `null` (NaN) where it was not finite.
    #[serde(with = "nullable::list")]
    pub value: Vec<f64>,
}

/// A metric over the runs of an arm.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Mean over the runs.
    #[serde(with = "nullable")]
    pub mean: f64,
    /// Standard deviation with n - 1; NaN for one run.
    #[serde(with = "nullable")]
    pub sd: f64,
    /// Number of runs.
    pub n: usize,
}

/// One arm against another on one metric.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// The metric.
    pub metric: String,
    /// Name of the arm.
    pub arm: String,
    /// Name of the arm it is held against.
    pub baseline: String,
    /// Mean over seeds of (arm - baseline).
    #[serde(with = "nullable")]
    pub difference: f64,
    /// 95 % interval of that mean (Student's t over the paired differences).
    #[serde(with = "nullable::pair")]
    pub ci95: [f64; 2],
    /// p value of the paired t test, corrected after Holm over all comparisons of the report.
    #[serde(with = "nullable")]
    pub p_holm: f64,
    /// Number of pairs.
    pub n: usize,
    /// What can be said.
    pub verdict: Verdict,
}

/// What a comparison says of the arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// The arm is better than its baseline.
    Better,
    /// The arm is worse than its baseline.
    Worse,
    /// The runs do not tell.
    #[serde(rename = "cannot tell")]
    CannotTell,
}

/// What the activations of one layer look like.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct LayerActivations {
    /// Mean over rows and units.
    #[serde(with = "nullable")]
    pub mean: f64,
    /// Standard deviation (population).
    #[serde(with = "nullable")]
    pub sd: f64,
    /// Share that is exactly 0.
    #[serde(with = "nullable")]
    pub zeros: f64,
    /// Share at the flat ends of the activation.
    #[serde(with = "nullable")]
    pub saturated: f64,
    /// Share beyond the range of the histogram.
    #[serde(with = "nullable")]
    pub outside: f64,
    /// Share of units that are 0 in every row.
    #[serde(default, with = "nullable")]
    pub dead: f64,
    /// Counts by value.
    pub histogram: Histogram,
}

/// Counts by value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Histogram {
    /// Borders of the bins, one more than there are counts.
    #[serde(with = "nullable::list")]
    pub edges: Vec<f64>,
    /// Values in each bin.
    pub counts: Vec<u64>,
}

/// One trial of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Trial {
    /// 0-based number.
    pub trial: usize,
    /// `complete`, `pruned` or `failed`.
    pub state: String,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The value it is ranked by.
    #[serde(with = "nullable")]
    pub value: f64,
    /// The sampled values by recipe path.
    pub settings: BTreeMap<String, serde_json::Value>,
    /// Its score when trained again on fresh seeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rescored: Option<Summary>,
}

/// A statement of the textbook put to the test.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Claim {
    /// The statement.
    pub claim: String,
    /// What was measured, with data, seeds and numbers.
    pub evidence: String,
    /// `holds`, `does not hold`, `cannot tell`, or what part of it holds.
    pub verdict: String,
}

/// A statement with evidence and the next command to type.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// What was found.
    pub statement: String,
    /// The numbers behind it, with data, seeds and count.
    pub evidence: String,
    /// The next command to type; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub next: String,
}
