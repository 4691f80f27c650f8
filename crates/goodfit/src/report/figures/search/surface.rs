//! A surface through scattered values: the mean of the neighbours, weighted by how near they are.

use super::course::{Course, is_finished};
use crate::figure::{Axis, ColourScale, Scale, Surface};
use crate::report::label;

/// Cells along an axis of numbers, horizontal and vertical.
const CELLS: [usize; 2] = [160, 96];
/// Trials that are used; of more, every k-th by its number.
const MOST: usize = 2000;
/// A cell whose neighbours weigh less than this together (a trial in its middle weighs 1) stays blank.
const LEAST: f64 = 0.05;

/// The bandwidth for n trials, as a share of the length of an axis: Scott's rule in two dimensions,
/// h = s n^(-1/6), for uniform draws, whose standard deviation is s = 0.29; never below a twentieth.
pub(super) fn bandwidth(n: usize) -> f64 {
    (0.29 * (n.max(1) as f64).powf(-1.0 / 6.0)).max(0.05)
}

/// The surface of the value over two columns, and the number of trials behind it.
///
/// ```text
/// v(x, y) = sum_i w_i v_i / sum_i w_i,   w_i = exp(-((x - x_i)^2 + (y - y_i)^2) / (2 h^2))
/// ```
///
/// with positions from 0 to 1 along the axes; where the axis of the value is logarithmic the mean is that of the
/// logarithms; of trials with another choice the weight is 0. (Nadaraya 1964 and
/// Watson 1964; `search.js` computes the same for the pair of a reader's choice.)
pub(super) fn surface(course: &Course<'_>, columns: [usize; 2]) -> (Surface, usize) {
    let axes = columns.map(|column| course.axis(column));
    let level = |value: f64| if course.value.scale == Scale::Log { value.ln() } else { value };
    let mut trials: Vec<(usize, [f64; 2], f64)> = course
        .results
        .trials
        .iter()
        .filter(|trial| is_finished(trial))
        .map(|trial| (trial.trial, [0, 1].map(|i| axes[i].position(course.at(columns[i], trial))), level(trial.value)))
        .filter(|(_, at, level)| at.iter().all(|x| x.is_finite()) && level.is_finite())
        .collect();
    trials.sort_by_key(|(number, ..)| *number);
    let every = trials.len().div_ceil(MOST).max(1);
    let trials: Vec<_> = trials.into_iter().step_by(every).collect();
    let h = bandwidth(trials.len());
    let weights = [0, 1].map(|i| {
        let at: Vec<f64> = trials.iter().map(|(_, at, _)| at[i]).collect();
        weights(&axes[i], cells(&axes[i], i), &at, h)
    });
    let mut values = Vec::with_capacity(weights[0].len() * weights[1].len());
    for row in &weights[1] {
        for column in &weights[0] {
            let (mut sum, mut total) = (0.0, 0.0);
            for ((wx, wy), (_, _, value)) in column.iter().zip(row).zip(&trials) {
                total += wx * wy;
                sum += wx * wy * value;
            }
            let mean = sum / total;
            values.push(match course.value.scale {
                _ if total < LEAST => f64::NAN,
                Scale::Linear => mean,
                Scale::Log => mean.exp(),
            });
        }
    }
    let finite = || values.iter().copied().filter(|value| value.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    let metric = &course.results.primary_metric;
    let [dark, bright] = if label::lower_is_better(metric) { [high, low] } else { [low, high] };
    let scale = ColourScale::new(&label::metric(metric), course.value.scale, [dark, bright]);
    let borders = |i: usize| {
        let n = cells(&axes[i], i);
        (0..=n).map(|k| axes[i].value(k as f64 / n as f64)).collect()
    };
    (Surface { x: borders(0), y: borders(1), values, scale }, trials.len())
}

fn cells(axis: &Axis, direction: usize) -> usize {
    if axis.names.is_empty() { CELLS[direction] } else { axis.names.len() }
}

/// For each cell of an axis the weight of each trial.
fn weights(axis: &Axis, n: usize, at: &[f64], h: f64) -> Vec<Vec<f64>> {
    let weight = |middle: f64, at: f64| {
        let d = middle - at;
        if axis.names.is_empty() {
            (-d * d / (2.0 * h * h)).exp()
        } else if d.abs() < 0.5 / n as f64 {
            1.0
        } else {
            0.0
        }
    };
    (0..n).map(|k| at.iter().map(|&at| weight((k as f64 + 0.5) / n as f64, at)).collect()).collect()
}
