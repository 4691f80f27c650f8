//! How good predictions are.

mod auc;
mod by_row;
mod classes;
mod metric;
mod numbers;

use std::collections::BTreeMap;

pub(crate) use classes::most_probable;
pub use metric::Metric;

use super::Prediction;
use classes::ClassRows;
use numbers::NumberRows;

use crate::data::table::{Goal, Predicts};
use crate::statistics::summary;

/// The names of all scores, in the order in which they are shown.
pub const SCORES: [&str; 9] =
    ["accuracy", "balanced accuracy", "log loss", "AUC", "F1", "Brier score", "RMSE", "MAE", "R2"];

/// Scores of predictions by name. A class that the model does not know counts as not found.
///
/// # Of classes
/// With n rows, `p_k` the probability that the model gives class k and y the class of a row:
/// - `accuracy`: the share of rows whose most probable class is y;
/// - `balanced accuracy`: the mean over the classes that are there of the share of their rows that is found;
/// - `log loss`: `-1/n sum ln p_y`, with p at least 1e-15, in nats;
/// - `AUC`: of two classes the probability that a row of the second one has a higher `p_2` than one of the first, ties
///   counted half; of more the mean of that over the classes, each against all others;
/// - `F1`: `2 hits / (rows of the class + rows predicted to be)`, of two classes that of the second one, of more the mean
///   over the classes that are there or are predicted;
/// - `Brier score`: of two classes `1/n sum (p_2 - [y = 2])^2`, of more `1/n sum sum_k (p_k - [y = k])^2`.
///
/// # Of numbers
/// With f the number predicted:
/// - `RMSE`: `sqrt(1/n sum (y - f)^2)`, in the target's units;
/// - `MAE`: `1/n sum |y - f|`, in the target's units;
/// - `R2`: `1 - sum (y - f)^2 / sum (y - mean)^2`.
///
/// All are as in scikit-learn. What is not defined is left out: R2 of numbers that are all the same, AUC of one class.
pub fn scores(predictions: &[Prediction], goal: &Goal, predicts: &Predicts) -> BTreeMap<String, f64> {
    let rows = Scored::new(predictions, goal, predicts);
    let scored = Metric::ALL.into_iter().map(|metric| (metric.name().to_owned(), rows.score(metric)));
    scored.filter(|(_, score)| score.is_finite()).collect()
}

/// Predictions in the form in which they are scored.
pub(crate) enum Scored {
    /// The probability of each class, the class of each row, and their number.
    Classes(Vec<f32>, Vec<u32>, usize),
    /// What is predicted, and what it is.
    Numbers(Vec<f64>, Vec<f32>),
}

impl Scored {
    pub(crate) fn new(predictions: &[Prediction], goal: &Goal, predicts: &Predicts) -> Self {
        match (goal, predicts) {
            (Goal::Classes { names, classes }, Predicts::Classes(own_names)) => {
                let known: Vec<u32> = names
                    .iter()
                    .map(|name| own_names.iter().position(|own| own == name).unwrap_or(own_names.len()) as u32)
                    .collect();
                let classes: Vec<u32> = classes.iter().map(|&class| known[class as usize]).collect();
                let shares = predictions.iter().flat_map(|prediction| match prediction {
                    Prediction::Classes(shares) => shares.as_slice(),
                    Prediction::Number(_) => &[],
                });
                Self::Classes(shares.copied().collect(), classes, own_names.len())
            }
            (Goal::Numbers(numbers), _) => {
                let number = |prediction: &Prediction| match prediction {
                    Prediction::Number(number) => Some(*number),
                    Prediction::Classes(_) => None,
                };
                Self::Numbers(predictions.iter().filter_map(number).collect(), numbers.clone())
            }
            (Goal::Classes { .. }, Predicts::Numbers(_)) => Self::Numbers(Vec::new(), Vec::new()),
        }
    }

    /// A score; NaN where it is not defined.
    pub(crate) fn score(&self, metric: Metric) -> f64 {
        match self {
            Self::Classes(shares, classes, n_classes) => {
                ClassRows { shares, classes, n_classes: *n_classes }.score(metric)
            }
            Self::Numbers(predicted, numbers) => NumberRows { predicted, numbers }.score(metric),
        }
    }

    /// What each row adds to a score, see [`by_row`].
    pub(crate) fn by_row(&self, metric: Metric) -> Vec<f64> {
        match self {
            Self::Classes(shares, classes, n_classes) => {
                ClassRows { shares, classes, n_classes: *n_classes }.by_row(metric)
            }
            Self::Numbers(predicted, numbers) => NumberRows { predicted, numbers }.by_row(metric),
        }
    }

    /// The standard error of a score over the rows that it is of, by what single rows add to it: `s / sqrt(n)`. For an AUC it is
    /// that of `DeLong` et al. NaN where there are fewer than two rows, or the score is not defined.
    pub(crate) fn standard_error(&self, metric: Metric) -> f64 {
        let by_row = summary(&self.by_row(metric));
        by_row.sd / (by_row.n as f64).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::golden::{floats, golden};
    use crate::data::Units;

    #[test]
    fn classes_by_hand() {
        let names = ["a", "b", "c"].map(str::to_owned).to_vec();
        let goal = Goal::Classes { names, classes: vec![0, 0, 0, 1, 2] };
        let shares = [[0.8, 0.2], [0.6, 0.4], [0.3, 0.7], [0.1, 0.9], [0.5, 0.5]];
        let predictions: Vec<Prediction> = shares.iter().map(|two| Prediction::Classes(two.to_vec())).collect();
        let known = Predicts::Classes(vec!["a".to_owned(), "b".to_owned()]);
        let scores = scores(&predictions, &goal, &known);
        assert!((scores["accuracy"] - 0.6).abs() < 1e-12);
        assert!((scores["balanced accuracy"] - (2.0 / 3.0 + 1.0 + 0.0) / 3.0).abs() < 1e-12, "c is never found");
        let loss = -(0.8_f64.ln() + 0.6_f64.ln() + 0.3_f64.ln() + 0.9_f64.ln() + 1e-15_f64.ln()) / 5.0;
        assert!((scores["log loss"] - loss).abs() < 1e-7);
    }

    fn as_in_scikit_learn(name: &str, found: &BTreeMap<String, f64>, n_scores: usize) {
        let golden = golden();
        assert_eq!(found.len(), n_scores, "{name}: {found:?}");
        for (score, value) in found {
            let expected = golden["scores"][name][score].as_f64().expect("a score");
            assert!((value - expected).abs() < 1e-6, "{name} {score}: {value} {expected}");
        }
    }

    #[test]
    fn classes_as_in_scikit_learn() {
        let golden = golden();
        for (name, n) in [("two", 2), ("many", 3)] {
            let case = &golden["scores"][name];
            let shares = |p: &serde_json::Value| match p.as_f64() {
                Some(p) => vec![(1.0 - p) as f32, p as f32],
                None => floats(p).into_iter().map(|p| p as f32).collect(),
            };
            let predictions: Vec<Prediction> =
                case["p"].as_array().expect("rows").iter().map(|p| Prediction::Classes(shares(p))).collect();
            let names: Vec<String> = (0..n).map(|k| k.to_string()).collect();
            let classes = floats(&case["y"]).into_iter().map(|y| y as u32).collect();
            let goal = Goal::Classes { names: names.clone(), classes };
            as_in_scikit_learn(name, &scores(&predictions, &goal, &Predicts::Classes(names)), 6);
        }
    }

    #[test]
    fn numbers_as_in_scikit_learn() {
        let golden = golden();
        let case = &golden["scores"]["numbers"];
        let predictions: Vec<Prediction> = floats(&case["f"]).into_iter().map(Prediction::Number).collect();
        let goal = Goal::Numbers(floats(&case["y"]).into_iter().map(|y| y as f32).collect());
        let units = Predicts::Numbers(Units { mean: 0.0, sd: 1.0 });
        as_in_scikit_learn("numbers", &scores(&predictions, &goal, &units), 3);
    }

    #[test]
    fn numbers_by_hand() {
        let predictions = [1.0, 2.0, 6.0].map(Prediction::Number);
        let units = Predicts::Numbers(Units { mean: 0.0, sd: 1.0 });
        let scores = scores(&predictions, &Goal::Numbers(vec![1.0, 4.0, 4.0]), &units);
        assert!((scores["RMSE"] - (8.0_f64 / 3.0).sqrt()).abs() < 1e-12);
        assert!((scores["MAE"] - 4.0 / 3.0).abs() < 1e-12);
        assert!((scores["R2"] - (1.0 - 8.0 / 6.0)).abs() < 1e-12);
    }
}
