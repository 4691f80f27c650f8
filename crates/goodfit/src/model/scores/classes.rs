//! Scores of classes.

use super::auc::auc;
use crate::model::Prediction;

/// The scores of rows whose class is known, or is none that the model knows.
pub(super) fn of_classes(
    predictions: &[Prediction],
    classes: &[Option<usize>],
    n_classes: usize,
) -> [(&'static str, f64); 6] {
    let n = classes.len() as f64;
    // The last place is that of classes which the model does not know.
    let mut tallies = vec![Tally::default(); n_classes + 1];
    let (mut n_found, mut loss, mut brier) = (0.0, 0.0, 0.0);
    for (prediction, &class) in predictions.iter().zip(classes) {
        let (Prediction::Classes(shares), Some(found)) = (prediction, prediction.class()) else { continue };
        tallies[found].predicted += 1.0;
        let own = &mut tallies[class.unwrap_or(n_classes)];
        own.rows += 1.0;
        if class == Some(found) {
            own.hits += 1.0;
            n_found += 1.0;
        }
        loss -= class.map_or(0.0, |class| f64::from(shares[class])).max(1e-15).ln();
        let square = |(k, &share): (usize, &f32)| (f64::from(share) - f64::from(u8::from(class == Some(k)))).powi(2);
        brier += match shares.len() {
            2 => square((1, &shares[1])),
            _ => shares.iter().enumerate().map(square).sum(),
        };
    }
    let there = || tallies.iter().filter(|tally| tally.rows > 0.0);
    let balanced = there().map(|tally| tally.hits / tally.rows).sum::<f64>() / there().count() as f64;
    [
        ("accuracy", n_found / n),
        ("balanced accuracy", balanced),
        ("log loss", loss / n),
        ("AUC", area(predictions, classes, n_classes)),
        ("F1", f1(&tallies, n_classes)),
        ("Brier score", brier / n),
    ]
}

/// What is counted of a class.
#[derive(Clone, Copy, Debug, Default)]
struct Tally {
    /// Rows of it.
    rows: f64,
    /// Rows that are predicted to be of it.
    predicted: f64,
    /// Rows that are both.
    hits: f64,
}

fn f1(tallies: &[Tally], n_classes: usize) -> f64 {
    let one = |tally: &Tally| 2.0 * tally.hits / (tally.rows + tally.predicted);
    if n_classes == 2 {
        let second = &tallies[1];
        return if second.rows + second.predicted > 0.0 { one(second) } else { 0.0 };
    }
    let there: Vec<f64> = tallies.iter().filter(|tally| tally.rows + tally.predicted > 0.0).map(one).collect();
    there.iter().sum::<f64>() / there.len() as f64
}

fn area(predictions: &[Prediction], classes: &[Option<usize>], n_classes: usize) -> f64 {
    let of = |k: usize| {
        let rows = predictions.iter().zip(classes).filter_map(|(prediction, class)| match prediction {
            Prediction::Classes(shares) => Some((f64::from(shares[k]), *class == Some(k))),
            Prediction::Number(_) => None,
        });
        auc(rows.collect())
    };
    if n_classes == 2 {
        return of(1).unwrap_or(f64::NAN);
    }
    let there: Vec<f64> = (0..n_classes).filter_map(of).collect();
    there.iter().sum::<f64>() / there.len() as f64
}
