//! What each row weighs in the loss of a training.

use super::Labelled;
use crate::recipe::ClassWeight;

/// The weights of rows, `None` where all weigh the same: what a column says, times, for balanced classes, `W / (K W_c)` for
/// a row of class c, where W is the sum of the column over the training rows, or their number without one, `W_c` that of
/// the class, and K the number of classes among them; as `class_weight="balanced"` of scikit-learn. A class that no
/// training row has keeps its weight.
///
/// The loss of a batch is `sum w l / sum w`, see [`goodfit_nn::Loss`]. Weights are for what a training minimises, for the
/// choice of its epoch, and for the linear model beside it: scores of training, validation and test rows count each row once,
/// and so do preprocessing, the majority and the mean.
pub(crate) fn row_weights(rows: &Labelled, class_weight: ClassWeight, train: &Labelled) -> Option<Vec<f32>> {
    if class_weight == ClassWeight::None {
        return rows.weights.clone();
    }
    let mut sums = vec![0.0; train.classes.iter().max().map_or(0, |&class| class as usize + 1)];
    for (row, &class) in train.classes.iter().enumerate() {
        sums[class as usize] += own(train, row);
    }
    let share = sums.iter().sum::<f64>() / sums.iter().filter(|&&sum| sum > 0.0).count() as f64;
    let of_class = |class: u32| sums.get(class as usize).filter(|&&sum| sum > 0.0).map_or(1.0, |sum| share / sum);
    let weight = |(row, &class): (usize, &u32)| (own(rows, row) * of_class(class)) as f32;
    Some(rows.classes.iter().enumerate().map(weight).collect())
}

/// What a column says of a row.
fn own(rows: &Labelled, row: usize) -> f64 {
    rows.weights.as_ref().map_or(1.0, |weights| f64::from(weights[row]))
}

#[cfg(test)]
mod tests {
    use goodfit_nn::{Inputs, Matrix};

    use super::*;

    #[test]
    fn balanced_as_scikit_learn_has_it() {
        let inputs = Inputs::new(Matrix::zeros(8, 1));
        let mut train = Labelled { inputs, classes: vec![0, 0, 0, 0, 0, 2, 2, 3], numbers: None, weights: None };
        // compute_class_weight("balanced", classes=np.array([0, 2, 3]), y=[0, 0, 0, 0, 0, 2, 2, 3])
        let [a, b, c] = [0.533_333_36, 1.333_333_4, 2.666_666_7];
        assert_eq!(row_weights(&train, ClassWeight::Balanced, &train), Some(vec![a, a, a, a, a, b, b, c]));
        assert_eq!(row_weights(&train, ClassWeight::None, &train), None);
        // As if the first row stood there four times, where there are 11 of them.
        train.weights = Some(vec![4.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0]);
        let [a, b, c] = [11.0_f64 / 24.0, 11.0 / 6.0, 11.0 / 3.0].map(|weight| weight as f32);
        assert_eq!(row_weights(&train, ClassWeight::Balanced, &train), Some(vec![4.0 * a, a, a, a, a, b, b, c]));
        assert_eq!(row_weights(&train, ClassWeight::None, &train), train.weights);
        let inputs = Inputs::new(Matrix::zeros(3, 1));
        let others = Labelled { inputs, classes: vec![3, 1, 4], numbers: None, weights: None };
        assert_eq!(
            row_weights(&others, ClassWeight::Balanced, &train),
            Some(vec![c, 1.0, 1.0]),
            "by the training rows"
        );
    }
}
