//! What a series looks like between its axes.

use super::scene::{Item, Point, Rect};
use super::simplify::simplify;
use super::{Figure, Key, Marker, Series, Shape};

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
pub(super) fn shape(items: &mut Vec<Item>, figure: &Figure, series: &Series, at_x: Place, at_y: Place, frame: Rect) {
    let Some(key) = figure.legend.get(series.key) else { return };
    let ink = key.colour.light();
    match &series.shape {
        Shape::Line { x, y, thin, .. } => {
            let crowded = figure.legend.len() > 8;
            let width = if frame.width() < 250.0 || crowded { 1.4 } else { 1.8 };
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
            let points = visible_points(x, y, at_x, at_y);
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
        Shape::Boxes(boxes) => super::areas::boxes(items, boxes, ink, at_x, at_y),
        Shape::Surface(surface) => super::areas::surface(items, surface, at_x, at_y),
        Shape::Cloud(cloud) => self::cloud(items, figure, key, &visible_points(&cloud.x, &cloud.y, at_x, at_y)),
        // Drawn instead of the axes.
        Shape::Strands(_) => {}
    }
}

/// More points than this are thinned.
const CROWD: usize = 1500;

/// Points of a table: as large in all panels, those that would hide each other thinned.
fn cloud(items: &mut Vec<Item>, figure: &Figure, key: &Key, points: &[Point]) {
    let series = || figure.panels.iter().flat_map(|panel| &panel.series);
    let most = series().map(|series| if let Shape::Cloud(cloud) = &series.shape { cloud.x.len() } else { 0 }).max();
    let ink = key.colour.light();
    let marker = key.marker;
    let mut dots = |points: Vec<Point>, ink, radius, opacity, marker| {
        if !points.is_empty() {
            items.push(Item::Dots { points, ink, radius, opacity, marker });
        }
    };
    if series().any(|series| matches!(series.shape, Shape::Surface(_))) {
        // A rim keeps a point apart from whatever colour it lies on.
        let radius = if marker == Marker::Diamond { 3.6 } else { 2.0 };
        let rim = if marker == Marker::Cross { Marker::Circle } else { marker };
        for point in points {
            dots(vec![*point], [0xFF; 3], radius + 1.0, 0.9, rim);
            dots(vec![*point], ink, radius, 1.0, marker);
        }
        return;
    }
    let (radius, opacity) = match most.unwrap_or(0) {
        _ if marker == Marker::Diamond => (4.2, 0.9),
        0..200 => (3.2, 0.8),
        200..2000 => (2.3, 0.6),
        _ => (1.6, 0.4),
    };
    if points.len() <= CROWD {
        dots(points.to_vec(), ink, radius, opacity, marker);
        return;
    }
    for (points, opacity) in thinned(points).into_iter().zip([0.3, 0.55, 0.85]) {
        dots(points, ink, radius, opacity, marker);
    }
}

/// The first point in each cell of a grid of three units: what covers its neighbours is not written. In three groups by
/// the number of points that each stands for: one, up to three, more.
fn thinned(points: &[Point]) -> [Vec<Point>; 3] {
    const CELL: f64 = 3.0;
    let mut cells: std::collections::BTreeMap<[i64; 2], (Point, usize)> = std::collections::BTreeMap::new();
    for point in points {
        let cell = point.map(|place| (place / CELL).floor() as i64);
        cells.entry(cell).or_insert((*point, 0)).1 += 1;
    }
    let mut out = <[Vec<Point>; 3]>::default();
    for (point, count) in cells.into_values() {
        // A tenth of a unit is a twentieth of a millimetre in print.
        out[usize::from(count > 1) + usize::from(count > 3)].push(point.map(|place| (place * 10.0).round() / 10.0));
    }
    out
}

fn visible_points(x: &[f64], y: &[f64], at_x: Place, at_y: Place) -> Vec<Point> {
    let places = x.iter().zip(y).map(|(&x, &y)| [at_x(x), at_y(y)]);
    places.filter(|[x, y]| x.is_finite() && y.is_finite()).collect()
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
