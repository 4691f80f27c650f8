//! How good predictions are.

use std::collections::BTreeMap;

use super::Prediction;
use crate::data::table::{Goal, Predicts};

/// Scores of predictions by name. Of classes the accuracy, the balanced accuracy (the mean over the classes that are there
/// of the share of their rows that is found) and the log loss `-1/n sum ln p(class)`, with p at least 1e-15; of numbers
/// the root mean squared error, the mean absolute error, both in the target's units, and `R2 = 1 - sum (y - f)^2 / sum (y -
/// mean)^2`.
///
/// A class that the model does not know counts as not found.
pub fn scores(predictions: &[Prediction], goal: &Goal, predicts: &Predicts) -> BTreeMap<String, f64> {
    let named = match (goal, predicts) {
        (Goal::Classes { names, classes }, Predicts::Classes(known)) => {
            let known: Vec<Option<usize>> = names.iter().map(|name| known.iter().position(|own| own == name)).collect();
            let classes: Vec<Option<usize>> = classes.iter().map(|&class| known[class as usize]).collect();
            of_classes(predictions, &classes).to_vec()
        }
        (Goal::Numbers(numbers), _) => of_numbers(predictions, numbers).to_vec(),
        (Goal::Classes { .. }, Predicts::Numbers(_)) => Vec::new(),
    };
    // R2 is not defined where all numbers are the same.
    named.into_iter().filter(|(_, score)| score.is_finite()).map(|(name, score)| (name.to_owned(), score)).collect()
}

fn of_classes(predictions: &[Prediction], classes: &[Option<usize>]) -> [(&'static str, f64); 3] {
    let n = classes.len() as f64;
    let (mut n_found, mut loss) = (0.0, 0.0);
    let mut by_class: BTreeMap<Option<usize>, (f64, f64)> = BTreeMap::new();
    for (prediction, &class) in predictions.iter().zip(classes) {
        let Prediction::Classes(shares) = prediction else { continue };
        let found = f64::from(u8::from(class == prediction.class()));
        n_found += found;
        loss -= class.map_or(0.0, |class| f64::from(shares[class])).max(1e-15).ln();
        let (hits, rows) = by_class.entry(class).or_default();
        (*hits, *rows) = (*hits + found, *rows + 1.0);
    }
    let balanced = by_class.values().map(|(hits, rows)| hits / rows).sum::<f64>() / by_class.len() as f64;
    [("accuracy", n_found / n), ("balanced accuracy", balanced), ("log loss", loss / n)]
}

fn of_numbers(predictions: &[Prediction], numbers: &[f32]) -> [(&'static str, f64); 3] {
    let n = numbers.len() as f64;
    let mean = numbers.iter().map(|&y| f64::from(y)).sum::<f64>() / n;
    let (mut squares, mut absolute, mut spread) = (0.0, 0.0, 0.0);
    for (prediction, &y) in predictions.iter().zip(numbers) {
        let Prediction::Number(predicted) = prediction else { continue };
        let (error, from_mean) = (f64::from(y) - predicted, f64::from(y) - mean);
        squares += error * error;
        absolute += error.abs();
        spread += from_mean * from_mean;
    }
    [("RMSE", (squares / n).sqrt()), ("MAE", absolute / n), ("R2", 1.0 - squares / spread)]
}

#[cfg(test)]
mod tests {
    use super::*;
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
