//! What a search did and found, besides its trials.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Summary, nullable};

/// What a search did and found, besides its trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchSummary {
    /// Name of the study in its storage.
    pub study: String,
    /// How trials were chosen.
    pub sampler: String,
    /// How trials were given up early; `none` when they were not.
    pub pruner: String,
    /// Seed of all draws.
    pub seed: u64,
    /// Trials drawn from the same knowledge.
    pub generation: u64,
    /// How many of the first trials the recipe set.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub enqueued: usize,
    /// Trainings of each trial, over whose mean it was ranked.
    pub trainings: usize,
    /// Whether the same command gives the same bytes again.
    pub reproducible: bool,
    /// Why it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// What was varied, in the order of the recipe.
    pub space: Vec<SearchedField>,
    /// The rounds of the sampler `narrow`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rounds: Vec<NarrowRound>,
    /// How much of the difference between trials each field explains, in the order of `space`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub importance: Vec<Importance>,
    /// The best of n trials, by rising n.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub best_of: Vec<BestOf>,
    /// What more trials would bring.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gain: Option<ExpectedGain>,
    /// What the pruner gave up wrongly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub audit: Option<PruningAudit>,
    /// The winner, trained again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub winner: Option<Winner>,
    /// How many networks of it `--seconds` left time to keep, where that is fewer than the recipe asks for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks_in_time: Option<usize>,
}

impl SearchSummary {
    /// Whether the recipe set the trial of this number.
    pub fn is_set(&self, trial: usize) -> bool {
        trial < self.enqueued
    }
}

/// A field that was varied.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct SearchedField {
    /// Its recipe path.
    pub path: String,
    /// What people call it.
    pub label: String,
    /// The lowest value; absent for choices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The highest value; absent for choices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// Whether its scale is logarithmic.
    pub log: bool,
    /// The choices, as they stand in the settings of a trial; empty for a range.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<serde_json::Value>,
    /// The field whose value decides whether this one exists, with the values with which it does; empty where it
    /// always exists.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub when: BTreeMap<String, Vec<serde_json::Value>>,
}

/// A round of the sampler `narrow`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NarrowRound {
    /// The number of its first trial.
    pub first: usize,
    /// The range of each field in it, in the order of `space`.
    pub ranges: Vec<NarrowRange>,
    /// The trials that the ranges were derived from, best first.
    pub kept: Vec<usize>,
}

/// The range of a field in a round.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct NarrowRange {
    /// The lowest value; absent for choices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub low: Option<f64>,
    /// The highest value; absent for choices.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub high: Option<f64>,
    /// The choices that are left.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub choices: Vec<serde_json::Value>,
    /// Why it is what it is: `start`, `narrowed`, `widened` or `kept`, with the numbers behind it.
    pub reason: String,
}

/// How much a field explains.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The field's recipe path.
    pub path: String,
    /// Its share of what all fields explain; the shares add up to 1.
    #[serde(with = "nullable")]
    pub share: f64,
}

/// The best of n trials.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct BestOf {
    /// The number of trials.
    pub n: usize,
    /// Expected value of the best of them.
    #[serde(with = "nullable")]
    pub mean: f64,
    /// 95 % interval of the best.
    #[serde(with = "nullable::pair")]
    pub band: [f64; 2],
}

/// What more trials would bring.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ExpectedGain {
    /// The number of further trials.
    pub n: usize,
    /// How much better their best is expected to be than the best so far; 0 is nothing.
    #[serde(with = "nullable")]
    pub mean: f64,
    /// 95 % interval by resampling of the trials.
    #[serde(with = "nullable::pair")]
    pub ci95: [f64; 2],
}

/// Pruned trials that were trained to the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PruningAudit {
    /// Pruned trials.
    pub pruned: usize,
    /// Those that were trained to the end, with what they ended at.
    pub audited: Vec<Audited>,
    /// How many of these would have ended among the best tenth of the complete trials.
    pub in_top_tenth: usize,
    /// 95 % interval of their share (exact binomial).
    #[serde(with = "nullable::pair")]
    pub ci95: [f64; 2],
}

/// A pruned trial that was trained to the end.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Audited {
    /// Its number.
    pub trial: usize,
    /// What it ended at.
    #[serde(with = "nullable")]
    pub value: f64,
}

/// The winner of a search, trained again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Winner {
    /// Its number: of the trials trained again, the one with the best mean.
    pub trial: usize,
    /// Its value in the search.
    #[serde(with = "nullable")]
    pub searched: f64,
    /// The seeds of its further trainings, used for nothing else.
    pub seeds: Vec<u64>,
    /// Its value over them: the score to believe.
    pub score: Option<Summary>,
    /// 95 % interval of the mean over seeds (Student's t).
    #[serde(with = "nullable::pair")]
    pub ci95: [f64; 2],
    /// Standard error that comes from the number of validation rows alone; absent where it is not known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub row_error: Option<f64>,
    /// Rows that it is scored on.
    pub rows: usize,
}

/// What is left out of the file.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde asks with a reference")]
fn is_zero(n: &usize) -> bool {
    *n == 0
}
