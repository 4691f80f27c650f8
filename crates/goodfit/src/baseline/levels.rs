//! Inputs that hold the number of a level, for models that do not embed them.

use std::borrow::Cow;

use goodfit_nn::{Inputs, Matrix};

use super::linear::dense;
use super::sample::all;
use crate::data::Labelled;
use crate::data::table::MOST_PLACES;

/// Inputs that such a column becomes: one for each of its levels, which come in the order of how frequent they are, and one
/// for all beyond the first hundred.
fn width(levels: usize) -> usize {
    levels.min(MOST_PLACES + 1)
}

/// Number of inputs when the last of so many are the numbers of levels; `None` where there are not as many, or too many.
pub(super) fn n_expanded(n_inputs: usize, levels: &[usize]) -> Option<usize> {
    let others = n_inputs.checked_sub(levels.len())?;
    levels.iter().try_fold(others, |n, &levels| n.checked_add(width(levels)))
}

/// Rows whose last inputs are the numbers of levels, with 0 and 1 in place of them; all 0 where there is no level.
pub(super) fn expanded<'a>(inputs: &'a Inputs<f32>, levels: &[usize]) -> Cow<'a, Inputs<f32>> {
    let (n, d) = (inputs.n_rows(), inputs.n_columns());
    let Some(width_of_all) = n_expanded(d, levels).filter(|_| !levels.is_empty()) else {
        return Cow::Borrowed(inputs);
    };
    let mut values = vec![0.0; n * width_of_all];
    let rows = dense(inputs, &all(n));
    for (row, to) in rows.chunks_exact(d).zip(values.chunks_exact_mut(width_of_all)) {
        let (others, numbers) = row.split_at(d - levels.len());
        to[..others.len()].copy_from_slice(others);
        let mut first = others.len();
        for (&x, &levels) in numbers.iter().zip(levels) {
            if x >= 0.0 {
                to[first + (x as usize).min(width(levels) - 1)] = 1.0;
            }
            first += width(levels);
        }
    }
    Cow::Owned(Inputs::new(Matrix::from_rows(n, width_of_all, values)))
}

/// The same with what is to be predicted.
pub(super) fn labelled<'a>(rows: &'a Labelled, levels: &[usize]) -> Cow<'a, Labelled> {
    match expanded(&rows.inputs, levels) {
        Cow::Borrowed(_) => Cow::Borrowed(rows),
        Cow::Owned(inputs) => {
            let Labelled { classes, numbers, weights, .. } = rows.clone();
            Cow::Owned(Labelled { inputs, classes, numbers, weights })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_of_levels_by_hand() {
        let inputs = Inputs::new(Matrix::from_rows(3, 3, vec![0.5, 1.0, 150.0, 0.25, -1.0, 99.0, 0.0, 0.0, 0.0]));
        let Cow::Owned(Inputs::Sparse(rows)) = expanded(&inputs, &[2, 200]) else { panic!("mostly zeros") };
        assert_eq!(rows.n_columns(), 1 + 2 + 101);
        let of = |row| rows.row(row).collect::<Vec<_>>();
        assert_eq!(of(0), [(0, 0.5), (2, 1.0), (103, 1.0)]);
        assert_eq!(of(1), [(0, 0.25), (102, 1.0)], "no level, and the last one with a place of its own");
        assert_eq!(of(2), [(1, 1.0), (3, 1.0)]);
        assert!(matches!(expanded(&inputs, &[]), Cow::Borrowed(_)));
        assert_eq!([n_expanded(1, &[2, 2]), n_expanded(3, &[2, 200])], [None, Some(104)]);
    }
}
