//! How much a network needs each column of a table.

use std::ops::Range;

use goodfit_nn::{Inputs, Matrix, Network, Purpose, Stream};

use super::assess::goal;
use super::linear::dense;
use crate::data::table::{Goal, Predicts};
use crate::data::{Labelled, Prepared};
use crate::model::{predict, scores};
use crate::results::ColumnImportance;
use crate::statistics::{PairedTest, paired_t};

/// Permutations of a column.
const REPEATS: u64 = 5;
/// Rows at most.
const MOST_ROWS: usize = 2000;
/// Rows that are predicted, over all columns and permutations, by up to [`FEW`] networks; by more of them fewer.
const MOST_PREDICTIONS: usize = 400_000;
const FEW: usize = 4;
/// With fewer rows than this nothing is said.
const LEAST_ROWS: usize = 10;

/// By how much a score gets worse when the values of a column are permuted among the validation rows: of classes the log
/// loss, of numbers the RMSE, in the target's units (Breiman, Machine Learning 45, 2001). The column with the largest
/// increase comes first.
///
/// Mean over 5 permutations, the same ones for all columns, by the stream (0, `Purpose::Split`, 2 to 6); the interval is
/// Student's t over them and says nothing of other rows. At most 2,000 rows are taken, and so many that 400,000 are
/// predicted in all, or 1,600,000 / n by n > 4 networks, members of ensembles counted; with fewer than 10 rows left for a column there is no importance. Columns that say the same as each
/// other share what they are worth.
pub(super) fn importance(data: &Prepared, networks: &[Network<f32>]) -> Vec<ColumnImportance> {
    let (Some(schema), Some(rows)) = (&data.schema, &data.validation) else { return Vec::new() };
    let n_columns = schema.columns.len().max(1);
    let n_networks = networks.iter().map(Network::members).sum::<usize>();
    let most = MOST_PREDICTIONS * FEW / n_networks.max(FEW);
    let n = rows.n_rows().min(MOST_ROWS).min(most / (REPEATS as usize * n_columns));
    if n < LEAST_ROWS {
        return Vec::new();
    }
    let d = rows.inputs.n_columns();
    let values = dense(&rows.inputs, n);
    let some = |values: Vec<f32>| Labelled {
        inputs: Inputs::new(Matrix::from_rows(n, d, values)),
        classes: rows.classes[..n].to_vec(),
        numbers: rows.numbers.as_ref().map(|y| Matrix::from_rows(n, 1, y.data()[..n].to_vec())),
        weights: None,
    };
    let predicts = &schema.predicts;
    let whole = some(values.clone());
    let goal = goal(&whole, predicts);
    let before = worse(networks, &whole, &goal, predicts);
    let ranges = schema.ranges();
    let tests = increases(&values, d, &ranges, before, |permuted| worse(networks, &some(permuted), &goal, predicts));
    let mut found: Vec<ColumnImportance> = (schema.columns.iter().zip(tests))
        .filter(|(_, test)| test.difference.is_finite())
        .map(|(column, test)| ColumnImportance {
            column: column.name.clone(),
            increase: test.difference,
            ci95: test.ci95,
            rows: n,
        })
        .collect();
    found.sort_by(|a, b| b.increase.total_cmp(&a.increase));
    found
}

/// What a score gains when the values of a column, some inputs beside each other, are permuted among the rows.
fn increases(
    values: &[f32],
    d: usize,
    columns: &[Range<usize>],
    before: f64,
    score: impl Fn(Vec<f32>) -> f64,
) -> Vec<PairedTest> {
    let order = |repeat: u64| {
        let mut order = vec![0; values.len() / d];
        Stream::new(0, Purpose::Split, 2 + repeat).permutation(&mut order);
        order
    };
    let orders: Vec<Vec<u32>> = (0..REPEATS).map(order).collect();
    let column = |inputs: &Range<usize>| {
        let increase = |order: &Vec<u32>| {
            let mut permuted = values.to_vec();
            for (to, &from) in order.iter().enumerate() {
                let (to, from) = (to * d + inputs.start, from as usize * d + inputs.start);
                permuted[to..to + inputs.len()].copy_from_slice(&values[from..from + inputs.len()]);
            }
            score(permuted) - before
        };
        paired_t(&orders.iter().map(increase).collect::<Vec<f64>>(), 0.0)
    };
    columns.iter().map(column).collect()
}

/// The score of which less is better.
fn worse(networks: &[Network<f32>], rows: &Labelled, goal: &Goal, predicts: &Predicts) -> f64 {
    let scores = scores(&predict(networks, &rows.inputs, predicts), goal, predicts);
    let name = if matches!(goal, Goal::Numbers(_)) { "RMSE" } else { "log loss" };
    scores.get(name).copied().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Of a line y = w x an exchanged column costs a mean square of w^2 times 2 var(x), whatever the other columns are.
    #[test]
    fn columns_of_a_line_by_their_formula() {
        const N: usize = 2000;
        let mut stream = Stream::new(7, Purpose::Data, 0);
        let values: Vec<f32> = (0..4 * N).map(|_| stream.normal() as f32).collect();
        // The first column has one input, the second two, the third one that is not looked at.
        let line = |row: &[f32]| f64::from(3.0 * row[0] + row[1] - 2.0 * row[2]);
        let truth: Vec<f64> = values.chunks(4).map(line).collect();
        let score = |permuted: Vec<f32>| {
            let square = |(row, y): (&[f32], &f64)| (line(row) - y).powi(2);
            (permuted.chunks(4).zip(&truth).map(square).sum::<f64>() / N as f64).sqrt()
        };
        let found = increases(&values, 4, &[0..1, 1..3, 3..4], 0.0, score);
        let expected = [(2.0_f64 * 9.0).sqrt(), (2.0_f64 * 5.0).sqrt(), 0.0];
        for (test, expected) in found.iter().zip(expected) {
            assert!((test.difference - expected).abs() <= 0.05 * expected, "{test:?} {expected}");
        }
        assert!(found[0].ci95[0] > 0.0 && found[0].n == 5);
    }
}
