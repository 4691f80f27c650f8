//! What a network does on validation rows: its confusion of classes, its calibration, its numbers.

use super::origin;
use crate::figure::{Axis, Boxes, Colour, Dash, Figure, Key, Marker, Panel, Series, Shape};
use crate::model::Metric;
use crate::report::label;
use crate::results::{Assessment, CalibrationBin, Results};
use crate::statistics::Direction;

/// Classes whose cells can be read.
const MOST_CLASSES: usize = 20;
/// Columns whose bars can be read.
const MOST_COLUMNS: usize = 24;
/// The strongest colour, on which black and white letters can still be read.
const STRONGEST: f64 = 0.85;

/// The figures of an assessment: `confusion`, `calibration`, `predicted`, `columns`.
pub(super) fn assessment(results: &Results) -> Vec<Figure> {
    let Some(assessed) = &results.assessment else { return Vec::new() };
    let of_columns = importance(results, assessed);
    [confusion(results, assessed), calibration(results, assessed), predicted(results, assessed), of_columns]
        .into_iter()
        .flatten()
        .collect()
}

fn key(slot: usize, label: &str) -> Key {
    Key { label: label.to_owned(), colour: Colour::Slot(slot), dash: Dash::nth(0), marker: Marker::Circle }
}

fn series(key: usize, shape: Shape) -> Series {
    Series { key, note: String::new(), shape }
}

fn figure(
    name: &str,
    title: String,
    caption: String,
    legend: Vec<Key>,
    axes: [Axis; 2],
    series: Vec<Series>,
) -> Figure {
    let [x, y] = axes;
    let panel = Panel { title: String::new(), note: String::new(), x, y, series };
    Figure { name: name.to_owned(), title, caption, columns: 1, legend, panels: vec![panel] }
}

/// Rows by class and predicted class, coloured by the share of the class.
fn confusion(results: &Results, assessed: &Assessment) -> Option<Figure> {
    let n = assessed.confusion.len();
    if !(2..=MOST_CLASSES).contains(&n) {
        return None;
    }
    let mut all = Vec::new();
    for (own, row) in assessed.confusion.iter().enumerate() {
        let sum: u64 = row.iter().sum();
        // The first class at the top.
        let place = (n - 1 - own) as f64;
        for (found, &count) in row.iter().enumerate() {
            let share = if sum > 0 { count as f64 / sum as f64 } else { 0.0 };
            let (class, predicted) = (&assessed.classes[own], &assessed.classes[found]);
            let x = found as f64;
            let cell = Boxes {
                x: vec![[x - 0.5, x + 0.5]],
                y: vec![[place - 0.5, place + 0.5]],
                labels: vec![format!("{class}, predicted {predicted}: {count} of {sum} rows")],
                texts: vec![count.to_string()],
                opacity: STRONGEST * share,
            };
            all.push(series(0, Shape::Boxes(cell)));
        }
    }
    let names = |classes: Vec<&String>| classes.into_iter().cloned().collect::<Vec<String>>();
    let x = Axis::named("predicted", names(assessed.classes.iter().collect()));
    let y = Axis::named(&assessed.target, names(assessed.classes.iter().rev().collect()));
    let caption = format!(
        "{}. Validation rows by what they are and what the {} takes them for; the colour is the share of the rows of \
         a class.",
        origin(results),
        assessed.subject()
    );
    let title = format!("What {} is taken for", assessed.target);
    Some(figure("confusion", title, caption, vec![key(0, "")], [x, y], all))
}

/// The share of rows of the second class over its probability.
fn calibration(results: &Results, assessed: &Assessment) -> Option<Figure> {
    let [_, second] = assessed.classes.as_slice() else { return None };
    let bins = &assessed.calibration;
    if bins.is_empty() {
        return None;
    }
    let of = |value: fn(&CalibrationBin) -> f64| bins.iter().map(value).collect::<Vec<f64>>();
    let (x, y) = (of(|bin| bin.predicted), of(|bin| bin.share));
    let labels = bins.iter().map(|bin| label::count(bin.rows, "row", "rows")).collect();
    let line =
        |x: [f64; 2], y: [f64; 2]| Shape::Line { x: x.to_vec(), y: y.to_vec(), band: None, cross: None, thin: true };
    let mut all = vec![series(1, line([0.0, 1.0], [0.0, 1.0])), series(0, Shape::Points { x, y, labels })];
    all.extend(bins.iter().map(|bin| series(0, line([bin.predicted; 2], wilson(bin).into()))));
    let subject = assessed.subject();
    let caption = format!(
        "{}. Validation rows in tenths of the probability that the {subject} gives to {second}: its mean, and the share of \
         the rows that are {second}. Bars: 95 % interval of each share (Wilson).",
        origin(results)
    );
    // Points at the ends are seen whole.
    let axes = [
        Axis::linear(&format!("probability of {second}"), "", [-0.02, 1.02]),
        Axis::linear(&format!("share that is {second}"), "", [-0.02, 1.02]),
    ];
    let legend = vec![key(0, subject), key(6, "probabilities that come true")];
    Some(figure("calibration", format!("How often {second} comes true"), caption, legend, axes, all))
}

/// Wilson's 95 % interval of a share p of n rows: `(p + z^2/2n -+ z sqrt(p (1 - p)/n + z^2/4n^2)) / (1 + z^2/n)`, z = 1.96
/// (Journal of the American Statistical Association 22, 1927).
fn wilson(bin: &CalibrationBin) -> (f64, f64) {
    const Z: f64 = 1.959_963_984_540_054;
    let (p, n) = (bin.share, bin.rows as f64);
    let middle = p + Z * Z / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + Z * Z / (4.0 * n * n)).sqrt();
    let whole = 1.0 + Z * Z / n;
    (((middle - half) / whole).max(0.0), ((middle + half) / whole).min(1.0))
}

/// True numbers over predicted ones.
fn predicted(results: &Results, assessed: &Assessment) -> Option<Figure> {
    let points = &assessed.predicted;
    let all = || points.iter().flatten().copied().filter(|x| x.is_finite());
    let (low, high) = (all().fold(f64::INFINITY, f64::min), all().fold(f64::NEG_INFINITY, f64::max));
    if low >= high {
        return None;
    }
    let margin = 0.03 * (high - low);
    let range = [low - margin, high + margin];
    let (x, y) = (points.iter().map(|p| p[0]).collect(), points.iter().map(|p| p[1]).collect());
    let residual = |p: &[f64; 2]| format!("residual {}", label::number(p[1] - p[0]));
    let series = vec![
        series(1, Shape::Line { x: range.to_vec(), y: range.to_vec(), band: None, cross: None, thin: true }),
        series(0, Shape::Points { x, y, labels: points.iter().map(residual).collect() }),
    ];
    let some =
        if points.len() < assessed.rows { format!(" {} of them are drawn.", points.len()) } else { String::new() };
    let caption = format!(
        "{}. Each point is a validation row; its distance from the line upwards is the residual, what is true less what is \
         predicted.{some}",
        origin(results)
    );
    let axes = [
        Axis::linear(&format!("{}, predicted", assessed.target), "", range),
        Axis::linear(&assessed.target, "", range),
    ];
    let legend = vec![key(0, "validation row"), key(6, "predicted exactly")];
    Some(figure("predicted", format!("{} as predicted and as it is", assessed.target), caption, legend, axes, series))
}

/// What the score loses when a column is permuted.
fn importance(results: &Results, assessed: &Assessment) -> Option<Figure> {
    let shown = &assessed.importance[..assessed.importance.len().min(MOST_COLUMNS)];
    let rows = shown.first()?.rows;
    let (mut boxes, mut whiskers) = (Boxes { opacity: 0.85, ..Boxes::default() }, Vec::new());
    let mut range = [0.0_f64, 0.0];
    for (rank, one) in shown.iter().enumerate() {
        let place = (shown.len() - 1 - rank) as f64;
        boxes.x.push([one.increase.min(0.0), one.increase.max(0.0)]);
        boxes.y.push([place - 0.34, place + 0.34]);
        boxes.labels.push(format!("{}: {}", one.column, label::number(one.increase)));
        let line = Shape::Line { x: one.ci95.to_vec(), y: vec![place; 2], band: None, cross: None, thin: false };
        whiskers.push(series(1, line));
        for x in one.ci95.into_iter().chain([one.increase]).filter(|x| x.is_finite()) {
            range = [range[0].min(x), range[1].max(x)];
        }
    }
    let width = range[1] - range[0];
    if width <= 0.0 {
        return None;
    }
    range = [if range[0] < 0.0 { range[0] - 0.03 * width } else { 0.0 }, range[1] + 0.03 * width];
    let score = assessed.importance_score();
    let drops = Metric::of_name(score).is_some_and(|metric| metric.direction() == Direction::Higher);
    let axis = if drops { format!("drop of the {score}") } else { format!("increase of the {score}") };
    let over = assessed.folds.map_or_else(
        || " with its 95 % interval over rows (Student’s t)".to_owned(),
        |folds| format!(" in each of {folds} folds with its 95 % interval over folds (Nadeau, Bengio, 2003)"),
    );
    let rest = assessed.importance.len() - shown.len();
    let more = if rest > 0 { format!(" {rest} further columns matter less.") } else { String::new() };
    let caption = format!(
        "{}. By how much the {score} of {} gets worse when the values of a column are permuted among them: mean of 5 \
         permutations{over}. Columns that say the same share what they are worth.{more}",
        origin(results),
        label::count(rows, "validation row", "validation rows")
    );
    let names = shown.iter().rev().map(|one| one.column.clone()).collect();
    let axes = [Axis::linear(&axis, "", range), Axis::named("", names)];
    let mut all = vec![series(0, Shape::Boxes(boxes))];
    all.append(&mut whiskers);
    let title = format!("Columns that {} is predicted from", assessed.target);
    Some(figure("columns", title, caption, vec![key(0, ""), key(6, "")], axes, all))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Newcombe, Statistics in Medicine 17 (1998), table I, method 3.
    #[test]
    fn wilson_as_published() {
        for (hits, rows, expected) in [
            (81, 263, [0.2553, 0.3662]),
            (15, 148, [0.0624, 0.1605]),
            (0, 20, [0.0, 0.1611]),
            (1, 29, [0.0061, 0.1718]),
        ] {
            let (low, high) = wilson(&CalibrationBin { predicted: 0.0, share: hits as f64 / rows as f64, rows });
            assert!((low - expected[0]).abs() < 6e-5 && (high - expected[1]).abs() < 6e-5, "{hits}: {low} {high}");
        }
    }
}
