//! A score of models over a training.

use goodfit_nn::losses::softmax;

use crate::data::{Labelled, Units};
use crate::model::{Metric, Scored};

/// A score of some rows, or of several sets of them taken together, with the buffers that each evaluation needs. Every row
/// counts once, as in all scores.
pub(super) struct Scorer {
    metric: Metric,
    /// Of numbers that are predicted.
    units: Option<Units>,
    scored: Scored,
}

impl Scorer {
    pub(super) fn new(metric: Metric, sets: &[&Labelled], units: Option<Units>, n_outputs: usize) -> Self {
        let scored = if units.is_some() {
            let numbers = sets.iter().flat_map(|rows| rows.own_numbers()).copied().collect();
            Scored::Numbers(Vec::new(), numbers)
        } else {
            let classes = sets.iter().flat_map(|rows| &rows.classes).copied().collect();
            Scored::Classes(Vec::new(), classes, n_outputs)
        };
        Self { metric, units, scored }
    }

    /// The score of outputs of a network, those of each set of rows; NaN where one is not finite, or where it is not defined.
    ///
    /// # Shapes
    /// Of each set: rows x outputs.
    pub(super) fn score(&mut self, outputs: &[&[f32]]) -> f64 {
        let all = || outputs.iter().copied().flatten().copied();
        if !all().all(f32::is_finite) {
            return f64::NAN;
        }
        match &mut self.scored {
            Scored::Classes(shares, _, n_classes) => {
                shares.clear();
                shares.extend(all());
                softmax(shares, *n_classes);
            }
            Scored::Numbers(predicted, _) => {
                predicted.clear();
                predicted.extend(all().map(|y| self.units.map_or(f64::from(y), |units| units.restored(y))));
            }
        }
        self.scored.score(self.metric)
    }
}

#[cfg(test)]
mod tests {
    use goodfit_nn::{Inputs, Matrix};

    use super::*;
    use crate::data::Numbers;

    fn rows(classes: Vec<u32>, numbers: Option<Vec<f32>>) -> Labelled {
        let n = classes.len();
        let numbers = numbers.map(|own| Numbers { standard: Matrix::zeros(n, 1), own });
        Labelled { inputs: Inputs::new(Matrix::zeros(n, 1)), classes, numbers, weights: None }
    }

    /// Each set is in order by itself, and beside the rows of the other it is not.
    #[test]
    fn sets_are_scored_as_one() {
        let (a, b) = (rows(vec![0, 1], None), rows(vec![0, 1], None));
        let (low, high) = ([0.0, 1.0, 0.0, 2.0], [0.0, 3.0, 0.0, 4.0]);
        let of = |sets: &[&Labelled], outputs: &[&[f32]]| Scorer::new(Metric::Auc, sets, None, 2).score(outputs);
        assert_eq!([of(&[&a], &[&low]), of(&[&b], &[&high])], [1.0, 1.0]);
        assert_eq!(of(&[&a, &b], &[&low, &high]), 0.75);

        let (a, b) = (rows(vec![0], Some(vec![1.0])), rows(vec![0], Some(vec![7.0])));
        let units = Some(Units { mean: 1.0, sd: 2.0 });
        let of = |sets: &[&Labelled], outputs: &[&[f32]]| Scorer::new(Metric::Rmse, sets, units, 1).score(outputs);
        assert_eq!([of(&[&a], &[&[0.0]]), of(&[&b], &[&[0.0]])], [0.0, 6.0]);
        assert!((of(&[&a, &b], &[&[0.0], &[0.0]]) - 18.0_f64.sqrt()).abs() < 1e-12, "no mean of 0 and 6");
        assert!(of(&[&a, &b], &[&[0.0], &[f32::INFINITY]]).is_nan());
    }
}
