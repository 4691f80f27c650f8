//! From a figure to a drawing: where panels, axes, labels, legend and caption lie.
//!
//! Axes that a whole row or column of panels shares are labelled once, at its outer edge. All panels have the
//! same size.

use super::font::Fonts;
use super::legend::legend;
use super::scene::{Anchor, Item, Point, Rect, Scene, Text, Turn, Weight};
use super::simplify::simplify;
use super::ticks::{Ticks, ticks};
use super::{Axis, Figure, Panel, Series, Shape};

const TEXT: [u8; 3] = [0x22, 0x22, 0x22];
const QUIET: [u8; 3] = [0x59, 0x59, 0x59];
const FRAME: [u8; 3] = [0x8C, 0x8C, 0x8C];
const GRID: [u8; 3] = [0xE9, 0xE9, 0xE9];

const MARGIN: f64 = 18.0;
const TITLE: f64 = 16.0;
const LABEL: f64 = 12.0;
const TICK: f64 = 10.5;
const CAPTION: f64 = 10.5;
const PANEL_TITLE: f64 = 12.0;

/// Lays a figure out.
pub(super) fn scene(figure: &Figure) -> Scene {
    let fonts = Fonts::new();
    let grid = Grid::new(figure, &fonts);
    let inner = grid.width - 2.0 * MARGIN;
    let mut items = Vec::new();
    let mut y = MARGIN;

    for line in fonts.wrap(Weight::SemiBold, TITLE, &figure.title, inner) {
        y += 20.0;
        items.push(text(&line, [MARGIN, y - 5.0], TITLE, Weight::SemiBold, Anchor::Start, TEXT));
    }
    y += 6.0;
    let (entries, height) = legend(figure, &fonts, [MARGIN, y], inner);
    items.extend(entries);
    y += height + 8.0;

    let top = y;
    for (index, panel) in figure.panels.iter().enumerate() {
        let frame = grid.frame(index, top);
        draw_panel(&mut items, figure, panel, &grid.edges(figure, index), frame, &fonts);
    }
    y = top + grid.height;
    draw_shared_labels(&mut items, figure, &grid, top);

    if grid.common_x {
        y += 20.0;
    }
    y += 10.0;
    for line in fonts.wrap(Weight::Regular, CAPTION, &figure.caption, inner) {
        y += 15.0;
        items.push(text(&line, [MARGIN, y - 3.0], CAPTION, Weight::Regular, Anchor::Start, QUIET));
    }
    Scene { width: grid.width.ceil(), height: (y + MARGIN - 4.0).ceil(), items }
}

/// Which labels a panel carries itself.
struct Edges {
    x_ticks: bool,
    y_ticks: bool,
    x_label: bool,
    y_label: bool,
}

/// Sizes and places of the panels.
struct Grid {
    columns: usize,
    panel: [f64; 2],
    /// Left edge of each column's panels.
    lefts: Vec<f64>,
    /// Top edge of each row's panels, from the top of the grid.
    tops: Vec<f64>,
    width: f64,
    height: f64,
    /// One label for the x axes of all panels.
    common_x: bool,
    common_y: bool,
    /// The x axes of a column, the y axes of a row, are the same.
    shared_x: bool,
    shared_y: bool,
}

impl Grid {
    fn new(figure: &Figure, fonts: &Fonts) -> Self {
        let count = figure.panels.len();
        let columns = figure.columns.clamp(1, count.max(1));
        let rows = count.div_ceil(columns);
        let panel = match columns {
            1 => [640.0, 360.0],
            2 => [400.0, 280.0],
            3 => [300.0, 220.0],
            4 => [232.0, 160.0],
            _ => [186.0, 124.0],
        };
        let many = count > 1;
        let all_same = |axis: fn(&Panel) -> &Axis| {
            figure.panels.windows(2).all(|pair| axis(&pair[0]).text() == axis(&pair[1]).text())
        };
        let same_along = |axis: fn(&Panel) -> &Axis, same_line: &dyn Fn(usize, usize) -> bool| {
            (0..count).all(|i| {
                (0..i).filter(|&j| same_line(i, j)).all(|j| axis(&figure.panels[i]) == axis(&figure.panels[j]))
            })
        };
        let common_x = many && all_same(|panel| &panel.x);
        let common_y = many && all_same(|panel| &panel.y);
        let shared_x = common_x && same_along(|panel| &panel.x, &|i, j| i % columns == j % columns);
        let shared_y = common_y && same_along(|panel| &panel.y, &|i, j| i / columns == j / columns);

        let mut grid = Self {
            columns,
            panel,
            lefts: Vec::new(),
            tops: Vec::new(),
            width: 0.0,
            height: 0.0,
            common_x,
            common_y,
            shared_x,
            shared_y,
        };
        let mut x = MARGIN + if common_y { 20.0 } else { 0.0 };
        for column in 0..columns {
            let gutter = (column..count)
                .step_by(columns)
                .map(|i| {
                    let edges = grid.edges(figure, i);
                    let labels = if edges.y_ticks { widest(figure, i, panel, fonts) + 9.0 } else { 0.0 };
                    labels + if edges.y_label { 20.0 } else { 0.0 }
                })
                .fold(0.0, f64::max);
            x += gutter + if column > 0 { 16.0 } else { 0.0 };
            grid.lefts.push(x);
            x += panel[0];
        }
        grid.width = x + MARGIN + 6.0;
        let title = if figure.panels.iter().any(|panel| !panel.title.is_empty()) { 21.0 } else { 6.0 };
        let mut y = 0.0;
        for row in 0..rows {
            y += title + if row > 0 { 8.0 } else { 0.0 };
            grid.tops.push(y);
            let below = (row * columns..((row + 1) * columns).min(count))
                .map(|i| {
                    let edges = grid.edges(figure, i);
                    // An incomplete last row hangs the labels of the columns it lacks into its own space.
                    let inside = row + 2 == rows && i + columns >= count && rows > 1;
                    let ticks = if edges.x_ticks && !inside { 18.0 } else { 0.0 };
                    ticks + if edges.x_label { 20.0 } else { 0.0 }
                })
                .fold(0.0, f64::max);
            y += panel[1] + below;
        }
        grid.height = y;
        grid
    }

    fn edges(&self, figure: &Figure, index: usize) -> Edges {
        let last_in_column = index + self.columns >= figure.panels.len();
        let first_in_row = index.is_multiple_of(self.columns);
        Edges {
            x_ticks: !self.shared_x || last_in_column,
            y_ticks: !self.shared_y || first_in_row,
            x_label: !self.common_x,
            y_label: !self.common_y,
        }
    }

    fn frame(&self, index: usize, top: f64) -> Rect {
        let (left, top) = (self.lefts[index % self.columns], top + self.tops[index / self.columns]);
        Rect { left, top, right: left + self.panel[0], bottom: top + self.panel[1] }
    }
}

fn x_ticks(panel: &Panel, size: [f64; 2]) -> Ticks {
    ticks(&panel.x, (size[0] / 62.0) as usize)
}

fn y_ticks(panel: &Panel, size: [f64; 2]) -> Ticks {
    ticks(&panel.y, (size[1] / 36.0) as usize)
}

/// Width of the widest label at the y axis.
fn widest(figure: &Figure, index: usize, size: [f64; 2], fonts: &Fonts) -> f64 {
    let ticks = y_ticks(&figure.panels[index], size);
    ticks.major.iter().map(|(_, label)| fonts.width(Weight::Regular, TICK, label)).fold(0.0, f64::max)
}

fn draw_panel(items: &mut Vec<Item>, figure: &Figure, panel: &Panel, edges: &Edges, frame: Rect, fonts: &Fonts) {
    let size = [frame.width(), frame.height()];
    let (xs, ys) = (x_ticks(panel, size), y_ticks(panel, size));
    let at_x = |value: f64| frame.left + panel.x.position(value) * frame.width();
    let at_y = |value: f64| frame.bottom - panel.y.position(value) * frame.height();

    for &(value, _) in &xs.major {
        items.push(rule([at_x(value), frame.top], [at_x(value), frame.bottom], GRID, 0.8));
    }
    for &(value, _) in &ys.major {
        items.push(rule([frame.left, at_y(value)], [frame.right, at_y(value)], GRID, 0.8));
    }
    let mut marks = Vec::new();
    for series in &panel.series {
        band(&mut marks, figure, series, &at_x, &at_y);
    }
    for series in &panel.series {
        shape(&mut marks, figure, series, &at_x, &at_y, size[0]);
    }
    // Lines along the border keep their full width.
    let clip =
        Rect { left: frame.left - 1.5, top: frame.top - 2.0, right: frame.right + 1.5, bottom: frame.bottom + 2.0 };
    items.push(Item::Clip(clip, marks));
    items.push(rule([frame.left, frame.top], [frame.left, frame.bottom], FRAME, 1.0));
    items.push(rule([frame.left, frame.bottom], [frame.right, frame.bottom], FRAME, 1.0));

    for &value in &xs.minor {
        items.push(rule([at_x(value), frame.bottom], [at_x(value), frame.bottom + 2.0], FRAME, 0.6));
    }
    for &value in &ys.minor {
        items.push(rule([frame.left - 2.0, at_y(value)], [frame.left, at_y(value)], FRAME, 0.6));
    }
    for (value, label) in &xs.major {
        let x = at_x(*value);
        items.push(rule([x, frame.bottom], [x, frame.bottom + 4.0], FRAME, 1.0));
        if edges.x_ticks {
            items.push(text(label, [x, frame.bottom + 16.0], TICK, Weight::Regular, Anchor::Middle, QUIET));
        }
    }
    for (value, label) in &ys.major {
        let y = at_y(*value);
        items.push(rule([frame.left - 4.0, y], [frame.left, y], FRAME, 1.0));
        if edges.y_ticks {
            items.push(text(label, [frame.left - 7.0, y + 3.8], TICK, Weight::Regular, Anchor::End, QUIET));
        }
    }
    if !panel.title.is_empty() {
        let title = fonts.fit(Weight::SemiBold, PANEL_TITLE, &panel.title, frame.width());
        items.push(text(&title, [frame.left, frame.top - 7.0], PANEL_TITLE, Weight::SemiBold, Anchor::Start, TEXT));
    }
    if !panel.note.is_empty() {
        for (line, note) in panel.note.lines().enumerate() {
            let note = fonts.fit(Weight::Regular, TICK, note, frame.width() - 10.0);
            let at = [frame.right - 4.0, frame.top + 12.0 + 13.0 * line as f64];
            items.push(text(&note, at, TICK, Weight::Regular, Anchor::End, QUIET));
        }
    }
    if edges.x_label {
        let at = [(frame.left + frame.right) / 2.0, frame.bottom + 35.0];
        items.push(text(&panel.x.text(), at, LABEL, Weight::Regular, Anchor::Middle, TEXT));
    }
    if edges.y_label {
        let widest = ys.major.iter().map(|(_, label)| fonts.width(Weight::Regular, TICK, label)).fold(0.0, f64::max);
        items.push(upwards(&panel.y.text(), [frame.left - widest - 15.0, (frame.top + frame.bottom) / 2.0]));
    }
}

/// Labels that stand once for the axes of all panels.
fn draw_shared_labels(items: &mut Vec<Item>, figure: &Figure, grid: &Grid, top: f64) {
    let Some(panel) = figure.panels.first() else { return };
    let last = figure.panels.len() - 1;
    let right = grid.lefts[grid.columns - 1] + grid.panel[0];
    if grid.common_x {
        let at = [(grid.lefts[0] + right) / 2.0, top + grid.height + 17.0];
        items.push(text(&panel.x.text(), at, LABEL, Weight::Regular, Anchor::Middle, TEXT));
    }
    if grid.common_y {
        let middle = (grid.frame(0, top).top + grid.frame(last, top).bottom) / 2.0;
        items.push(upwards(&panel.y.text(), [MARGIN + 9.0, middle]));
    }
}

type Place<'a> = &'a dyn Fn(f64) -> f64;

fn band(items: &mut Vec<Item>, figure: &Figure, series: &Series, at_x: Place, at_y: Place) {
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

fn shape(items: &mut Vec<Item>, figure: &Figure, series: &Series, at_x: Place, at_y: Place, width: f64) {
    let Some(key) = figure.legend.get(series.key) else { return };
    let ink = key.colour.light();
    match &series.shape {
        Shape::Line { x, y, cross, .. } => {
            let crowded = figure.legend.len() > 8;
            let width = if width < 250.0 || crowded { 1.4 } else { 1.8 };
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
            if let Some([x, y]) = cross {
                let points = vec![[at_x(*x), at_y(*y)]];
                items.push(Item::Dots { points, ink, radius: 4.0, opacity: 1.0, marker: super::Marker::Cross });
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
        Shape::Histogram { edges, heights } => {
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

fn rule(from: Point, to: Point, ink: [u8; 3], width: f64) -> Item {
    Item::Line { points: vec![from, to], ink, width, opacity: 1.0, dash: &[] }
}

fn text(text: &str, at: Point, size: f64, weight: Weight, anchor: Anchor, ink: [u8; 3]) -> Item {
    Item::Text(Text { at, text: text.to_owned(), size, weight, anchor, turn: Turn::None, ink })
}

fn upwards(text: &str, at: Point) -> Item {
    Item::Text(Text {
        at,
        text: text.to_owned(),
        size: LABEL,
        weight: Weight::Regular,
        anchor: Anchor::Middle,
        turn: Turn::Upwards,
        ink: TEXT,
    })
}
