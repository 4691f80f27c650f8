//! Axes that suit the values on them.

use super::label;
use crate::figure::{Axis, Band, Scale, Series, Shape};

/// The axis of training steps, up to a round number where the last step lies close below it.
pub(super) fn steps(last: f64) -> Axis {
    let round = 10f64.powf(last.max(1.0).log10().floor()) / 2.0;
    let end = (last / round).ceil() * round;
    Axis::linear("step", "", [0.0, if end <= 1.06 * last { end } else { last.max(1.0) }])
}

/// The axis of a metric for all series that are drawn against it.
///
/// Accuracy, AUC and F1 run from 0 to 1, or from the next tenth below the lowest value when that is above 0.7. A loss
/// starts at 0; when its largest value is more than 50 times the middle one, its scale is logarithmic. Bands
/// widen a linear axis until the lines take up a third of it; what lies beyond is cut off.
pub(super) fn metric<'a>(name: &str, text: &str, series: impl Iterator<Item = &'a Series>) -> Axis {
    let (thin, thick): (Vec<&Series>, Vec<&Series>) =
        series.partition(|series| matches!(series.shape, Shape::Line { thin: true, .. }));
    let bands: Vec<&Band> = thick.iter().filter_map(|series| band(series)).collect();
    // Runs that overflow may leave the picture; without others they are the picture.
    let mut values: Vec<f64> = thick.into_iter().flat_map(drawn).filter(|x| x.is_finite()).collect();
    if values.is_empty() {
        values = thin.into_iter().flat_map(drawn).filter(|x| x.is_finite()).collect();
    }
    values.sort_by(f64::total_cmp);
    let unit = label::unit(name);
    let (Some(&low), Some(&high)) = (values.first(), values.last()) else {
        return Axis::linear(text, unit, [0.0, 1.0]);
    };
    let [from, to] = with_bands([low, high], &bands, label::is_share(name));
    let is_score = name.ends_with("accuracy") || name.ends_with("auc") || name.ends_with("f1");
    if is_score && low >= 0.0 && high <= 1.0 {
        let start = if from > 0.7 { ((from * 10.0).floor() / 10.0).min(0.9) } else { 0.0 };
        return Axis::linear(text, unit, [start, 1.0]);
    }
    let middle = values[values.len() / 2];
    if low > 0.0 && high > 50.0 * middle {
        return Axis { scale: Scale::Log, ..Axis::linear(text, unit, [low / 1.2, high * 1.2]) };
    }
    if high == 0.0 && low == 0.0 && label::is_share(name) {
        return Axis::linear(text, unit, [0.0, 1.0]);
    }
    let start = if low >= 0.0 && from < 0.5 * to { 0.0 } else { from };
    Axis::linear(text, unit, padded(start, to))
}

/// The axis of a parameter: logarithmic when its values span more than two decades.
pub(super) fn parameter(text: &str, values: &[f64]) -> Axis {
    let finite = || values.iter().copied().filter(|x| x.is_finite());
    let (low, high) = (finite().fold(f64::INFINITY, f64::min), finite().fold(f64::NEG_INFINITY, f64::max));
    if low > high {
        return Axis::linear(text, "", [0.0, 1.0]);
    }
    if low > 0.0 && high > 100.0 * low {
        let margin = (high / low).powf(0.03);
        return Axis { scale: Scale::Log, ..Axis::linear(text, "", [low / margin, high * margin]) };
    }
    let [from, to] = padded(low, high);
    Axis::linear(text, "", [from - (to - high), to])
}

/// Some room above, and a width of its own for a single value.
pub(super) fn padded(low: f64, high: f64) -> [f64; 2] {
    let width = high - low;
    if width > 0.0 {
        [low, high + 0.04 * width]
    } else {
        let half = if low == 0.0 { 1.0 } else { 0.1 * low.abs() };
        [low - half, high + half]
    }
}

/// A range of values with the bands around them, of which as much as it is wide itself (at least half of its
/// largest value) on either side; of a share, all. A quantity that is never negative, and a share, keep to what
/// they can be.
fn with_bands([low, high]: [f64; 2], bands: &[&Band], is_share: bool) -> [f64; 2] {
    let share = is_share && high <= 1.0;
    let room = if share { 1.0 } else { (high - low).max(0.5 * low.abs().max(high.abs())) };
    let edges = |edge: fn(&Band) -> &Vec<f64>| bands.iter().flat_map(move |band| edge(band)).copied();
    let from = edges(|band| &band.low).fold(low, f64::min).max(low - room);
    let to = edges(|band| &band.high).fold(high, f64::max).min(high + room);
    let least = if low >= 0.0 { 0.0 } else { f64::NEG_INFINITY };
    let most = if share { 1.0 } else { f64::INFINITY };
    [from.max(least), to.min(most)]
}

fn band(series: &Series) -> Option<&Band> {
    match &series.shape {
        Shape::Line { band, .. } => band.as_ref(),
        _ => None,
    }
}

/// The values that a series draws: the line, or the points.
fn drawn(series: &Series) -> Vec<f64> {
    match &series.shape {
        Shape::Line { y, .. } | Shape::Points { y, .. } => y.clone(),
        Shape::Cloud(cloud) => cloud.y.clone(),
        Shape::Histogram { heights, .. } => heights.clone(),
        Shape::Boxes(_) | Shape::Surface(_) | Shape::Strands(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn axis(name: &str, line: [f64; 2], low: [f64; 2], high: [f64; 2]) -> [f64; 2] {
        let band = Some(Band { low: low.to_vec(), high: high.to_vec() });
        let shape = Shape::Line { x: vec![0.0, 1.0], y: line.to_vec(), band, cross: None, thin: false };
        metric(name, name, [Series { key: 0, note: String::new(), shape }].iter()).range
    }

    #[test]
    fn bands_fit_their_axis() {
        assert_eq!(axis("test_accuracy", [0.80, 0.85], [0.748, 0.8], [0.854, 0.9]), [0.7, 1.0]);
        assert_eq!(axis("layer1.dead", [0.1, 0.1], [-0.2, 0.0], [0.4, 0.2])[0], 0.0);
        assert!(axis("layer1.dead", [0.1, 0.1], [-0.2, 0.0], [0.4, 0.2])[1] >= 0.4);
        let [from, to] = axis("train_loss", [2.0, 2.2], [1.9, 2.1], [2.1, 2.3]);
        assert!(from <= 1.9 && to >= 2.3, "{from} to {to}");
        // A band that is far wider than what it surrounds is cut off.
        let [from, to] = axis("train_loss", [2.0, 2.2], [-50.0, 2.1], [50.0, 2.3]);
        assert!(from >= 0.0 && to < 4.0, "{from} to {to}");
    }
}
