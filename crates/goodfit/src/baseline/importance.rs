//! How much a network needs each column of a table.

use std::ops::Range;
use std::sync::atomic::AtomicBool;

use goodfit_nn::{Inputs, Matrix, Network, Purpose, Stream};

use super::assess::goal;
use super::linear::dense;
use super::sample::sample;
use crate::data::Prepared;
use crate::data::table::{Goal, Predicts};
use crate::jobs::run_jobs;
use crate::model::{Metric, Scored, predict};
use crate::results::ColumnImportance;
use crate::statistics::{Direction, paired_t};

/// Permutations of a column.
const REPEATS: u64 = 5;
/// Rows at most.
const MOST_ROWS: usize = 2000;
/// Rows that are predicted, over all columns and permutations, by up to [`FEW`] networks; by more of them fewer.
const MOST_PREDICTIONS: usize = 400_000;
const FEW: usize = 4;
/// With fewer rows than this nothing is said.
const LEAST_ROWS: usize = 10;

/// By how much a score gets worse when the values of a column are permuted among the validation rows (Breiman, Machine
/// Learning 45, 2001): what it rises by, or, where higher is better, what it drops by. It is the metric that decides where one
/// was chosen; else of classes the log loss, which tells probabilities apart that an accuracy takes for the same, and of
/// numbers the RMSE, in the target's units. The column that is missed most comes first.
///
/// Mean over 5 permutations, the same ones for all columns, by the stream (0, `Purpose::Split`, 2 to 6). The interval is over
/// rows: what it would be on others like them. A row has a part in the loss as the one whose value is another's and as
/// the one whose value another has, so that Student's t is of the sum of both, over rows, of what they lose, averaged
/// over permutations; of a score that is no mean over rows by its slope, see `model/scores/by_row.rs`. That is the first-order (Hajek) variance of a
/// mean over pairs of rows (Hoeffding, Annals of Mathematical Statistics 19, 1948); what 5 permutations leave to chance is
/// in it, twice, so that it is rather too wide than too narrow. At most 2,000 rows are drawn, and so many that 400,000 are
/// predicted in all, or 1,600,000 / n by n > 4 networks, members of ensembles counted; with fewer than 10 rows left for a
/// column there is no importance. Columns that say the same as each
/// other share what they are worth. Columns are shared out among `n_jobs` threads, and give the same bits for any number.
pub(super) fn importance(
    data: &Prepared,
    networks: &[Network<f32>],
    metric: Option<Metric>,
    n_jobs: usize,
) -> Vec<ColumnImportance> {
    let (Some(schema), Some(rows)) = (&data.schema, &data.validation) else { return Vec::new() };
    let n_columns = schema.columns.len().max(1);
    let n_networks = networks.iter().map(Network::members).sum::<usize>();
    let most = MOST_PREDICTIONS * FEW / n_networks.max(FEW);
    let n = rows.n_rows().min(MOST_ROWS).min(most / (REPEATS as usize * n_columns));
    if n < LEAST_ROWS {
        return Vec::new();
    }
    let d = rows.inputs.n_columns();
    let some = sample(rows.n_rows(), n);
    let values = dense(&rows.inputs, &some);
    let predicts = &schema.predicts;
    let goal = match goal(rows, predicts) {
        Goal::Numbers(numbers) => Goal::Numbers(some.iter().map(|&row| numbers[row as usize]).collect()),
        Goal::Classes { names, classes } => {
            Goal::Classes { names, classes: some.iter().map(|&row| classes[row as usize]).collect() }
        }
    };
    let usual = if matches!(predicts, Predicts::Numbers(_)) { Metric::Rmse } else { Metric::LogLoss };
    let metric = metric.unwrap_or(usual);
    let sign = if metric.direction() == Direction::Higher { -1.0 } else { 1.0 };
    let worse = |values: Vec<f32>| -> Vec<f64> {
        let inputs = Inputs::new(Matrix::from_rows(n, d, values));
        let scored = Scored::new(&predict(networks, &inputs, predicts), &goal, predicts);
        scored.by_row(metric).into_iter().map(|own| sign * own).collect()
    };
    let increases = increases(&values, d, &schema.ranges(), &worse(values.clone()), worse, n_jobs);
    let mut found: Vec<ColumnImportance> = (schema.columns.iter().zip(increases))
        .filter(|(_, one)| one.mean.is_finite())
        .map(|(column, Increase { mean, ci95 })| ColumnImportance {
            column: column.name.clone(),
            increase: mean,
            ci95,
            rows: n,
        })
        .collect();
    found.sort_by(|a, b| b.increase.total_cmp(&a.increase));
    found
}

/// What a score gains, with its 95 % interval over rows.
#[derive(Clone, Copy, Debug)]
struct Increase {
    mean: f64,
    ci95: [f64; 2],
}

/// What a score gains when the values of a column, some inputs beside each other, are permuted among the rows; the score is
/// the mean of what each row adds to it.
fn increases(
    values: &[f32],
    d: usize,
    columns: &[Range<usize>],
    before: &[f64],
    by_row: impl Fn(Vec<f32>) -> Vec<f64> + Sync,
    n_jobs: usize,
) -> Vec<Increase> {
    let order = |repeat: u64| {
        let mut order = vec![0; values.len() / d];
        Stream::new(0, Purpose::Split, 2 + repeat).permutation(&mut order);
        order
    };
    let orders: Vec<Vec<u32>> = (0..REPEATS).map(order).collect();
    let column = |inputs: &Range<usize>| {
        // Of each row, as the one that takes a value and as the one that gives it, over permutations.
        let (mut taking, mut giving) = (vec![0.0; before.len()], vec![0.0; before.len()]);
        for order in &orders {
            let mut permuted = values.to_vec();
            for (to, &from) in order.iter().enumerate() {
                let (to, from) = (to * d + inputs.start, from as usize * d + inputs.start);
                permuted[to..to + inputs.len()].copy_from_slice(&values[from..from + inputs.len()]);
            }
            let after = by_row(permuted);
            for ((to, &from), gain) in order.iter().enumerate().zip(after.iter().zip(before).map(|(x, y)| x - y)) {
                taking[to] += gain / REPEATS as f64;
                giving[from as usize] += gain / REPEATS as f64;
            }
        }
        let mean = taking.iter().sum::<f64>() / taking.len() as f64;
        let both: Vec<f64> = taking.iter().zip(&giving).map(|(x, y)| x + y).collect();
        // Of both the mean is twice that of either.
        let ci95 = paired_t(&both, 0.0).ci95.map(|end| end - mean);
        Increase { mean, ci95 }
    };
    let never = AtomicBool::new(false);
    run_jobs(columns.len(), n_jobs, &never, |i| column(&columns[i]), |_, _| {}).into_iter().flatten().collect()
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
        let by_row = |permuted: Vec<f32>| {
            let square = |(row, y): (&[f32], &f64)| (line(row) - y).powi(2);
            let squares: Vec<f64> = permuted.chunks(4).zip(&truth).map(square).collect();
            let rmse = (squares.iter().sum::<f64>() / N as f64).sqrt();
            squares.iter().map(|x| if rmse > 0.0 { f64::midpoint(x / rmse, rmse) } else { 0.0 }).collect()
        };
        let found = increases(&values, 4, &[0..1, 1..3, 3..4], &[0.0; N], by_row, 2);
        let expected = [(2.0_f64 * 9.0).sqrt(), (2.0_f64 * 5.0).sqrt(), 0.0];
        for (one, expected) in found.iter().zip(expected) {
            assert!((one.mean - expected).abs() <= 0.05 * expected, "{one:?} {expected}");
            assert!(one.ci95[0] <= one.mean && one.mean <= one.ci95[1], "{one:?}");
        }
        assert!(found[0].ci95[0] > 0.0 && found[2].ci95 == [0.0; 2], "{found:?}");
    }

    /// Of `y = 3 x + noise` exchanged values cost a mean square of 2 * 9. Of tables of 100 rows 95 % have an interval that holds
    /// it, up to 3 standard errors of such a share; of intervals over the five permutations most miss it, for those say
    /// nothing of other rows.
    #[test]
    fn intervals_hold_what_other_rows_would_say() {
        const N: usize = 100;
        const TABLES: u64 = 400;
        const TRUTH: f64 = 18.0;
        let only = vec![Range { start: 0, end: 1 }];
        let (mut held, mut held_by_permutations, mut width) = (0.0, 0.0, 0.0);
        for table in 0..TABLES {
            let mut stream = Stream::new(table, Purpose::Data, 0);
            let values: Vec<f32> = (0..N).map(|_| stream.normal() as f32).collect();
            let y: Vec<f64> = values.iter().map(|&x| 3.0 * f64::from(x) + stream.normal()).collect();
            let squares = |x: Vec<f32>| -> Vec<f64> {
                x.iter().zip(&y).map(|(&x, y)| (3.0 * f64::from(x) - y).powi(2)).collect()
            };
            let before = squares(values.clone());
            let means = std::sync::Mutex::new(Vec::new());
            let by_row = |permuted: Vec<f32>| {
                let after = squares(permuted);
                means
                    .lock()
                    .expect("one thread")
                    .push((after.iter().sum::<f64>() - before.iter().sum::<f64>()) / N as f64);
                after
            };
            let Increase { ci95: [low, high], .. } = increases(&values, 1, &only, &before, by_row, 1)[0];
            held += f64::from(u8::from((low..high).contains(&TRUTH))) / TABLES as f64;
            width += (high - low) / TABLES as f64;
            let [low, high] = paired_t(&means.lock().expect("one thread"), 0.0).ci95;
            held_by_permutations += f64::from(u8::from((low..high).contains(&TRUTH))) / TABLES as f64;
        }
        let error = (0.95 * 0.05 / TABLES as f64).sqrt();
        assert!((0.95 - 3.0 * error..=0.95 + 3.0 * error).contains(&held), "{held} {held_by_permutations} {width}");
        assert!(held_by_permutations < 0.85, "{held_by_permutations}");
    }
}
