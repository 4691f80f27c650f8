//! How good models of a table are on rows that none of them has seen.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::model::Metric;
use crate::statistics::Direction;

/// How good a network, a linear model and a constant are on the validation rows of a table.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Assessment {
    /// The column that is predicted.
    pub target: String,
    /// Validation rows, those of all folds.
    pub rows: usize,
    /// How many folds they are of, where scores are means over folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub folds: Option<usize>,
    /// The classes by name; empty where numbers are predicted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// Whether all that was trained was scored on these rows: not where arms or seeds have rows of their own.
    pub shared: bool,
    /// The models with their scores: `network` where one was trained, or `ensemble` and `single` where several were, `linear`, and
    /// `majority` or `mean`.
    pub models: Vec<Assessed>,
    /// Networks whose predictions are averaged, where there are several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub networks: Option<usize>,
    /// What the linear model is.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear: Option<LinearFit>,
    /// The network against the linear model.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub against_linear: Option<AgainstLinear>,
    /// Of the network: rows by their class, then by the class that is predicted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub confusion: Vec<Vec<u64>>,
    /// Of the network with two classes: what became of the rows by the probability of the second one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub calibration: Vec<CalibrationBin>,
    /// Of a network that predicts numbers: what is predicted and what is true, of some rows.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub predicted: Vec<[f64; 2]>,
    /// Of the network: how much it needs each column, the most needed one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub importance: Vec<ColumnImportance>,
    /// The score that this is of, where `training.metric` names one; else it is the log loss, or the RMSE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub importance_score: Option<String>,
}

/// What the validation score loses without a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ColumnImportance {
    /// Its name.
    pub column: String,
    /// By how much the score is worse when its values are permuted among the rows: higher, or of one where higher is better
    /// lower.
    pub increase: f64,
    /// 95 % interval of that over rows, with what permutations leave to chance.
    #[serde(with = "super::nullable::pair")]
    pub ci95: [f64; 2],
    /// Rows that it was measured on.
    pub rows: usize,
}

/// A model with its scores.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Assessed {
    /// What it is called.
    pub name: String,
    /// Scores by name, as [`crate::model::scores`] defines them.
    pub scores: BTreeMap<String, f64>,
    /// Of scores that are means over folds, their 95 % intervals.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub ci95: BTreeMap<String, [f64; 2]>,
}

/// How a linear model was fitted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LinearFit {
    /// Training rows that it was fitted on; with folds in the first.
    pub rows: usize,
    /// Its penalty; with folds that of the first.
    pub penalty: f64,
    /// Whether its solver got to the end; with folds in all of them.
    pub converged: bool,
    /// With folds, how these differ.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub over_folds: Option<FoldFits>,
}

/// How the linear models of folds were fitted.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct FoldFits {
    /// The fewest and the most training rows.
    pub rows: [usize; 2],
    /// The weakest and the strongest penalty.
    pub penalty: [f64; 2],
}

/// A network against a linear model on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct AgainstLinear {
    /// The score that decides; `accuracy` or `RMSE` unless another one is chosen.
    pub score: String,
    /// That of the network.
    #[serde(with = "super::nullable")]
    pub network: f64,
    /// That of the linear model.
    #[serde(with = "super::nullable")]
    pub linear: f64,
    /// Network less linear model.
    #[serde(with = "super::nullable")]
    pub difference: f64,
    /// 95 % interval of that over rows, by Student's t. Of a row counts what it adds to the score: 1 or 0 to an accuracy,
    /// `(y - f)^2 / (2 RMSE)` to an RMSE, which is its slope (the delta method), and likewise for the others.
    #[serde(with = "super::nullable::pair")]
    pub ci95: [f64; 2],
}

/// Rows whose second class has about the same probability.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct CalibrationBin {
    /// Mean of the probabilities.
    pub predicted: f64,
    /// Share of rows that are of the second class.
    pub share: f64,
    /// Number of rows.
    pub rows: usize,
}

impl Assessment {
    /// What its models call that which was trained.
    pub fn subject(&self) -> &'static str {
        if self.networks.is_some() { "ensemble" } else { "network" }
    }

    /// The score that columns are worth something for.
    pub fn importance_score(&self) -> &str {
        let usual = if self.classes.is_empty() { Metric::Rmse } else { Metric::LogLoss };
        self.importance_score.as_deref().unwrap_or(usual.name())
    }

    /// What the scores of several networks are, in a sentence.
    pub fn of_networks(&self) -> Option<String> {
        let n = self.networks?;
        Some(format!(
            "The ensemble predicts the mean of what {n} networks with seeds of their own predict; single is the mean of the scores \
             that each has alone."
        ))
    }
}

impl AgainstLinear {
    /// 1 where the interval says that the network is better, -1 where that it is worse, 0 where it does not tell.
    pub fn tells(&self) -> i8 {
        let is_lower = Metric::of_name(&self.score).is_some_and(|metric| metric.direction() == Direction::Lower);
        let [low, high] = if is_lower { [-self.ci95[1], -self.ci95[0]] } else { self.ci95 };
        i8::from(low > 0.0) - i8::from(high < 0.0)
    }
}
