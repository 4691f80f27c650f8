//! What a network on a table has to be better than: a constant, and a linear model, fitted on the same rows.

mod assess;
mod folds;
mod importance;
mod lbfgs;
mod levels;
mod linear;
mod majority;
mod objective;
mod ridge;
mod sample;
mod verdict;

use goodfit_nn::Inputs;
use goodfit_nn::losses::softmax;
use serde::{Deserialize, Serialize};

pub use assess::assess;
pub(crate) use assess::{Judged, goal};
use levels::{expanded, labelled, n_expanded};
pub use linear::{Linear, Penalty, Weighed};
pub(crate) use majority::like_the_majority;
pub use verdict::verdict;

use crate::data::table::{InputColumns, Schema};
use crate::data::{Prepared, Units, row_weights};
use crate::model::Prediction;
use crate::recipe::ClassWeight;

/// What is fitted on the training rows of a table beside the network.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Baselines {
    /// The same for every row.
    pub constant: Constant,
    /// A linear model; absent where there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linear: Option<Linear>,
    /// Of the last inputs, which hold the number of a level, how many levels there are; each is one-hot for the linear model.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    levels: Vec<usize>,
    /// Whether the linear model is of numbers from which the bends of the scaling were taken back; those of models that were
    /// written before are of a network's inputs as they are.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    is_straight: bool,
}

/// What predicts the same for every row.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Constant {
    /// The share of each class among the training rows, so that the class is the most frequent one.
    Shares(Vec<f32>),
    /// The mean of the training rows, and the units of numbers.
    Mean(Units),
}

impl Baselines {
    /// Fits the training rows of a table, which weigh in the linear model what they weigh in the loss of a network that is trained
    /// beside it; `None` where the data are none.
    pub fn fit(data: &Prepared, class_weight: ClassWeight) -> Option<Self> {
        let levels = data.inputs().levels;
        let stopping = data.stopping.as_ref().map(|rows| labelled(rows, &levels));
        let weights = stopping.as_deref().and_then(|rows| row_weights(rows, class_weight, &data.train));
        let chosen_by = stopping.as_deref().map(|rows| Weighed { rows, weights: weights.as_deref() });
        Self::with_penalty(data, class_weight, chosen_by.map_or(Penalty::Unchosen, Penalty::ChosenBy))
    }

    /// The same for other training rows, with the penalty that was chosen.
    pub fn refit(&self, data: &Prepared, class_weight: ClassWeight) -> Option<Self> {
        let penalty = self.linear.as_ref().map_or(Penalty::Unchosen, |linear| Penalty::Is(linear.penalty));
        Self::with_penalty(data, class_weight, penalty)
    }

    fn with_penalty(data: &Prepared, class_weight: ClassWeight, penalty: Penalty<'_>) -> Option<Self> {
        let schema = data.schema.as_ref()?;
        let n = data.n_outputs;
        let constant = if let Some(units) = data.units {
            Constant::Mean(units)
        } else {
            let mut counts = vec![0_usize; n];
            data.train.classes.iter().for_each(|&class| counts[class as usize] += 1);
            Constant::Shares(counts.into_iter().map(|count| count as f32 / data.train.n_rows() as f32).collect())
        };
        let levels = data.inputs().levels;
        let train = labelled(&data.train, &levels);
        let weights = row_weights(&train, class_weight, &data.train);
        let weighed = Weighed { rows: &train, weights: weights.as_deref() };
        let linear = Linear::fit(weighed, Some(schema), penalty, if data.units.is_some() { 0 } else { n });
        Some(Self { constant, linear, levels, is_straight: true })
    }

    /// Whether they take these inputs and predict so many classes, or numbers; what was read from a file may not.
    pub fn fits(&self, inputs: &InputColumns, n_classes: Option<usize>) -> bool {
        let n_outputs = match (&self.constant, n_classes) {
            (Constant::Shares(shares), Some(n)) if shares.len() == n => {
                if n == 2 {
                    1
                } else {
                    n
                }
            }
            (Constant::Mean(_), None) => 1,
            _ => return false,
        };
        let n_inputs = n_expanded(inputs.n, &self.levels);
        let fits = |linear: &Linear| n_inputs.is_some_and(|n_inputs| linear.fits(n_inputs, n_outputs));
        self.levels == inputs.levels && self.linear.as_ref().is_none_or(fits)
    }

    /// Predicts rows with the names of what predicts: `linear` where there is such a model, then `majority`, or `mean`
    /// where numbers are predicted. `schema`: what has made the inputs.
    pub fn predict(&self, inputs: &Inputs<f32>, schema: &Schema) -> Vec<(&'static str, Vec<Prediction>)> {
        let (name, one) = match &self.constant {
            Constant::Shares(shares) => ("majority", Prediction::Classes(shares.clone())),
            Constant::Mean(units) => ("mean", Prediction::Number(units.mean)),
        };
        let linear = self.linear.as_ref().map(|linear| {
            let outputs = linear.outputs(&expanded(inputs, &self.levels), self.is_straight.then_some(schema));
            ("linear", outputs.iter().map(|row| self.prediction(row)).collect())
        });
        linear.into_iter().chain([(name, vec![one; inputs.n_rows()])]).collect()
    }

    fn prediction(&self, outputs: &[f64]) -> Prediction {
        match (&self.constant, outputs) {
            (Constant::Mean(units), _) => Prediction::Number(outputs[0] * units.sd + units.mean),
            (Constant::Shares(_), &[z]) => {
                Prediction::Classes(vec![(1.0 / (1.0 + z.exp())) as f32, (1.0 / (1.0 + (-z).exp())) as f32])
            }
            (Constant::Shares(_), _) => {
                let mut shares = outputs.to_vec();
                softmax(&mut shares, outputs.len());
                Prediction::Classes(shares.into_iter().map(|share| share as f32).collect())
            }
        }
    }
}

/// Values that scikit-learn computed.
#[cfg(test)]
pub(crate) mod golden {
    use goodfit_nn::Matrix;
    use serde_json::Value;

    pub(crate) fn golden() -> Value {
        serde_json::from_str(include_str!("../../tests/scikit_learn/golden.json")).expect("golden.json")
    }

    pub(crate) fn floats(list: &Value) -> Vec<f64> {
        list.as_array().expect("a list").iter().map(|x| x.as_f64().expect("a number")).collect()
    }

    pub(crate) fn rows(list: &Value) -> Matrix<f32> {
        let rows: Vec<Vec<f64>> = list.as_array().expect("a list").iter().map(floats).collect();
        Matrix::from_rows(rows.len(), rows[0].len(), rows.concat().into_iter().map(|x| x as f32).collect())
    }
}
