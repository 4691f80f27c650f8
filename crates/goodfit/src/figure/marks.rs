//! What a series looks like between its axes.

use super::scene::{Item, Point, Rect};
use super::simplify::simplify;
use super::{Figure, Marker, Series, Shape};

/// From a value to a place in the picture.
type Place<'a> = &'a dyn Fn(f64) -> f64;

/// The band of a line, to be drawn below all lines.
pub(super) fn band(items: &mut Vec<Item>, figure: &Figure, series: &Series, at_x: Place, at_y: Place) {
    let Shape::Line { x, band: Some(band), .. } = &series.shape else { return };
    let Some(key) = figure.legend.get(series.key) else { return };
    let border = |values: &[f64], range: std::ops::Range<usize>| -> Vec<Point> {
        simplify(&range.map(|i| [at_x(x[i]), at_y(values[i])]).collect::<Vec<_>>())
    };
    let visible = |i: usize| at_x(x[i]).is_finite() && at_y(band.low[i]).is_finite() && at_y(band.high[i]).is_finite();
    for range in stretches(x.len(), visible) {
        let mut points = border(&band.high, range.clone());
        points.extend(border(&band.low, range).into_iter().rev());
        items.push(Item::Area { points, ink: key.colour.light(), opacity: 0.18 });
    }
}

/// The series itself.
pub(super) fn shape(items: &mut Vec<Item>, figure: &Figure, series: &Series, at_x: Place, at_y: Place, width: f64) {
    let Some(key) = figure.legend.get(series.key) else { return };
    let ink = key.colour.light();
    match &series.shape {
        Shape::Line { x, y, thin, .. } => {
            let crowded = figure.legend.len() > 8;
            let width = if width < 250.0 || crowded { 1.4 } else { 1.8 };
            let width = if *thin { 0.6 * width } else { width };
            let visible = |i: usize| at_x(x[i]).is_finite() && at_y(y[i]).is_finite();
            for range in stretches(x.len(), visible) {
                let points: Vec<Point> = range.map(|i| [at_x(x[i]), at_y(y[i])]).collect();
                let opacity = if crowded { 0.85 } else { 1.0 };
                match points[..] {
                    [point] => items.push(Item::Dots {
                        points: vec![point],
                        ink,
                        radius: 1.5 * width,
                        opacity,
                        marker: key.marker,
                    }),
                    _ => items.push(Item::Line {
                        points: simplify(&points),
                        ink,
                        width,
                        opacity,
                        dash: key.dash.pattern(),
                    }),
                }
            }
        }
        Shape::Points { x, y, .. } => {
            let points: Vec<Point> = x
                .iter()
                .zip(y)
                .map(|(&x, &y)| [at_x(x), at_y(y)])
                .filter(|[x, y]| x.is_finite() && y.is_finite())
                .collect();
            let (radius, opacity) = match points.len() {
                0..200 => (3.2, 0.8),
                200..2000 => (2.2, 0.5),
                _ => (1.5, 0.3),
            };
            items.push(Item::Dots { points, ink, radius, opacity, marker: key.marker });
        }
        Shape::Histogram { edges, heights, .. } => {
            let bars = edges
                .windows(2)
                .zip(heights)
                .filter(|&(_, &height)| height > 0.0)
                .map(|(edge, &height)| {
                    let (left, right) = (at_x(edge[0]), at_x(edge[1]));
                    let gap = ((right - left) * 0.08).min(0.7);
                    Rect { left: left + gap, top: at_y(height), right: right - gap, bottom: at_y(0.0) }
                })
                .collect();
            items.push(Item::Bars { bars, ink });
        }
    }
}

/// The mark of a run that overflowed, moved to the edge when it lies beyond.
pub(super) fn cross(items: &mut Vec<Item>, figure: &Figure, series: &Series, at_x: Place, at_y: Place, frame: Rect) {
    let Shape::Line { cross: Some([x, y]), .. } = &series.shape else { return };
    let Some(key) = figure.legend.get(series.key) else { return };
    let at = [at_x(*x).clamp(frame.left, frame.right), at_y(*y).clamp(frame.top, frame.bottom)];
    if at.iter().all(|c| c.is_finite()) {
        let ink = key.colour.light();
        items.push(Item::Dots { points: vec![at], ink, radius: 4.0, opacity: 1.0, marker: Marker::Cross });
    }
}

/// The longest ranges of indices that are all visible.
fn stretches(n: usize, visible: impl Fn(usize) -> bool) -> Vec<std::ops::Range<usize>> {
    let mut out = Vec::new();
    let mut start = None;
    for i in 0..=n {
        match (i < n && visible(i), start) {
            (true, None) => start = Some(i),
            (false, Some(from)) => {
                out.push(from..i);
                start = None;
            }
            _ => {}
        }
    }
    out
}
