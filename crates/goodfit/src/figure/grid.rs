//! Sizes and places of the panels of a figure, and which of them carry labels.

use super::font::Fonts;
use super::scene::{Rect, Weight};
use super::ticks::{Ticks, ticks};
use super::{Axis, Figure, Panel, Shape, strands};

/// Around the drawing.
pub(super) const MARGIN: f64 = 18.0;
/// Size of the numbers at an axis.
pub(super) const TICK: f64 = 10.5;

/// Which labels a panel carries itself.
pub(super) struct Edges {
    /// Numbers at the ticks of the x axis, of the y axis.
    pub(super) ticks: [bool; 2],
    /// The text beside the axis.
    pub(super) label: [bool; 2],
}

/// Sizes and places of the panels.
pub(super) struct Grid {
    pub(super) columns: usize,
    /// Width and height of each panel.
    pub(super) panel: [f64; 2],
    /// Left edge of each column's panels.
    pub(super) lefts: Vec<f64>,
    /// Top edge of each row's panels, from the top of the grid.
    tops: Vec<f64>,
    pub(super) width: f64,
    pub(super) height: f64,
    /// One label is enough for the x axes, the y axes, of all panels.
    pub(super) common: [bool; 2],
    /// The x axes of each column, the y axes of each row, are the same.
    shared: [bool; 2],
}

impl Grid {
    /// Sizes that leave room for the labels of this figure.
    pub(super) fn new(figure: &Figure, fonts: &Fonts) -> Self {
        let count = figure.panels.len();
        let columns = figure.columns.clamp(1, count.max(1));
        let rows = count.div_ceil(columns);
        let across = figure.panels.iter().flat_map(|panel| &panel.series).find_map(|series| match &series.shape {
            Shape::Strands(strands) => Some(strands.axes.len()),
            _ => None,
        });
        let panel = match columns {
            _ if across.is_some() => [strands::width(across.unwrap_or(0)), 360.0],
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
        let common = [many && all_same(|panel| &panel.x), many && all_same(|panel| &panel.y)];
        let shared = [
            common[0] && same_along(|panel| &panel.x, &|i, j| i % columns == j % columns),
            common[1] && same_along(|panel| &panel.y, &|i, j| i / columns == j / columns),
        ];

        let mut grid =
            Self { columns, panel, lefts: Vec::new(), tops: Vec::new(), width: 0.0, height: 0.0, common, shared };
        let gap = if columns < 4 { 30.0 } else { 20.0 };
        let mut x = MARGIN + if common[1] { 20.0 } else { 0.0 };
        for column in 0..columns {
            let gutter = (column..count)
                .step_by(columns)
                .map(|i| {
                    let edges = grid.edges(figure, i);
                    let labels =
                        if edges.ticks[1] { widest(&y_ticks(&figure.panels[i], panel), fonts) + 9.0 } else { 0.0 };
                    labels + if edges.label[1] { 20.0 } else { 0.0 }
                })
                .fold(0.0, f64::max);
            x += gutter + if column > 0 { gap } else { 0.0 };
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
                    let ticks = if edges.ticks[0] && !inside { 18.0 } else { 0.0 };
                    ticks + if edges.label[0] { 20.0 } else { 0.0 }
                })
                .fold(0.0, f64::max);
            y += panel[1] + below;
        }
        grid.height = y;
        grid
    }

    /// What the panel of this index labels itself.
    pub(super) fn edges(&self, figure: &Figure, index: usize) -> Edges {
        let last_in_column = index + self.columns >= figure.panels.len();
        let first_in_row = index.is_multiple_of(self.columns);
        let has_own_axes = |panel: &Panel| panel.series.iter().any(|series| matches!(series.shape, Shape::Strands(_)));
        if figure.panels.get(index).is_some_and(has_own_axes) {
            return Edges { ticks: [false; 2], label: [false; 2] };
        }
        Edges {
            ticks: [!self.shared[0] || last_in_column, !self.shared[1] || first_in_row],
            label: self.common.map(|common| !common),
        }
    }

    /// Where the axes of a panel lie when the grid starts at `top`.
    pub(super) fn frame(&self, index: usize, top: f64) -> Rect {
        let (left, top) = (self.lefts[index % self.columns], top + self.tops[index / self.columns]);
        Rect { left, top, right: left + self.panel[0], bottom: top + self.panel[1] }
    }
}

/// Ticks of the x axis of a panel of this size.
pub(super) fn x_ticks(panel: &Panel, size: [f64; 2]) -> Ticks {
    let room = if size[0] < 200.0 { 70.0 } else { 46.0 };
    ticks(&panel.x, (size[0] / room) as usize)
}

/// Ticks of the y axis of a panel of this size.
pub(super) fn y_ticks(panel: &Panel, size: [f64; 2]) -> Ticks {
    ticks(&panel.y, (size[1] / 46.0).max(3.0) as usize)
}

/// Width of the widest label at an axis.
pub(super) fn widest(ticks: &Ticks, fonts: &Fonts) -> f64 {
    ticks.major.iter().map(|(_, label)| fonts.width(Weight::Regular, TICK, label)).fold(0.0, f64::max)
}
