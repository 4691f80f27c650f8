//! From a figure to a drawing: where panels, axes, labels, legend and caption lie.
//!
//! Axes that a whole row or column of panels shares are labelled once, at its outer edge. All panels have the
//! same size.

use super::font::Fonts;
use super::grid::{Edges, Grid, MARGIN, TICK, widest, x_ticks, y_ticks};
use super::legend::legend;
use super::marks::{band, cross, shape};
use super::scene::{Anchor, Item, Point, Rect, Scene, Text, Turn, Weight};
use super::{Figure, Panel, Shape, strands};

const TEXT: [u8; 3] = [0x22, 0x22, 0x22];
const QUIET: [u8; 3] = [0x59, 0x59, 0x59];
const FRAME: [u8; 3] = [0x8C, 0x8C, 0x8C];
const GRID: [u8; 3] = [0xE9, 0xE9, 0xE9];

const TITLE: f64 = 16.0;
const LABEL: f64 = 12.0;
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

    if grid.common[0] {
        y += 20.0;
    }
    y += 10.0;
    for line in fonts.wrap(Weight::Regular, CAPTION, &figure.caption, inner) {
        y += 15.0;
        items.push(text(&line, [MARGIN, y - 3.0], CAPTION, Weight::Regular, Anchor::Start, QUIET));
    }
    Scene { width: grid.width.ceil(), height: (y + MARGIN - 4.0).ceil(), items }
}

fn draw_panel(items: &mut Vec<Item>, figure: &Figure, panel: &Panel, edges: &Edges, frame: Rect, fonts: &Fonts) {
    let size = [frame.width(), frame.height()];
    let alone = panel.series.iter().find_map(|series| match &series.shape {
        Shape::Strands(strands) => Some(strands),
        _ => None,
    });
    if let Some(lines) = alone {
        strands::strands(items, lines, frame, fonts);
        return;
    }
    let (xs, ys) = (x_ticks(panel, size), y_ticks(panel, size));
    // Far outside is far enough; huge coordinates overflow in renderers.
    let at_x = |value: f64| frame.left + panel.x.position(value).clamp(-9.0, 10.0) * frame.width();
    let at_y = |value: f64| frame.bottom - panel.y.position(value).clamp(-9.0, 10.0) * frame.height();

    let upright = |&(value, _): &(f64, String)| [[at_x(value), frame.top], [at_x(value), frame.bottom]];
    let level = |&(value, _): &(f64, String)| [[frame.left, at_y(value)], [frame.right, at_y(value)]];
    let grid = xs.major.iter().map(upright).chain(ys.major.iter().map(level)).collect();
    items.push(Item::Rules { lines: grid, ink: GRID, width: 0.8 });
    let mut marks = Vec::new();
    for series in &panel.series {
        band(&mut marks, figure, series, &at_x, &at_y);
    }
    for series in &panel.series {
        shape(&mut marks, figure, series, &at_x, &at_y, frame);
    }
    // Lines along the border keep their full width; bars end there.
    let bars = panel.series.iter().any(|series| matches!(series.shape, Shape::Histogram { .. }));
    let over = if bars { 0.0 } else { 2.0 };
    let clip =
        Rect { left: frame.left - over, top: frame.top - over, right: frame.right + over, bottom: frame.bottom + over };
    items.push(Item::Clip(clip, marks));
    for series in &panel.series {
        cross(items, figure, series, &at_x, &at_y, frame);
    }
    let below = |value: f64, length: f64| [[at_x(value), frame.bottom], [at_x(value), frame.bottom + length]];
    let beside = |value: f64, length: f64| [[frame.left - length, at_y(value)], [frame.left, at_y(value)]];
    let minor = xs.minor.iter().map(|&x| below(x, 2.0)).chain(ys.minor.iter().map(|&y| beside(y, 2.0))).collect();
    items.push(Item::Rules { lines: minor, ink: FRAME, width: 0.6 });
    let mut lines = vec![
        [[frame.left, frame.top], [frame.left, frame.bottom]],
        [[frame.left, frame.bottom], [frame.right, frame.bottom]],
    ];
    lines.extend(xs.major.iter().map(|&(x, _)| below(x, 4.0)));
    lines.extend(ys.major.iter().map(|&(y, _)| beside(y, 4.0)));
    items.push(Item::Rules { lines, ink: FRAME, width: 1.0 });
    if edges.ticks[0] {
        for (value, label) in &xs.major {
            let slot =
                if panel.x.names.is_empty() { f64::INFINITY } else { size[0] / panel.x.names.len() as f64 - 4.0 };
            let label = &fonts.fit(Weight::Regular, TICK, label, slot);
            items.push(text(label, [at_x(*value), frame.bottom + 16.0], TICK, Weight::Regular, Anchor::Middle, QUIET));
        }
    }
    if edges.ticks[1] {
        for (value, label) in &ys.major {
            let at = [frame.left - 7.0, at_y(*value) + 3.8];
            items.push(text(label, at, TICK, Weight::Regular, Anchor::End, QUIET));
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
    if edges.label[0] {
        let at = [f64::midpoint(frame.left, frame.right), frame.bottom + 35.0];
        items.push(text(&panel.x.text(), at, LABEL, Weight::Regular, Anchor::Middle, TEXT));
    }
    if edges.label[1] {
        items.push(upwards(
            &panel.y.text(),
            [frame.left - widest(&ys, fonts) - 15.0, f64::midpoint(frame.top, frame.bottom)],
        ));
    }
}

/// Labels that stand once for the axes of all panels.
fn draw_shared_labels(items: &mut Vec<Item>, figure: &Figure, grid: &Grid, top: f64) {
    let Some(panel) = figure.panels.first() else { return };
    let last = figure.panels.len() - 1;
    let right = grid.lefts[grid.columns - 1] + grid.panel[0];
    if grid.common[0] {
        let at = [f64::midpoint(grid.lefts[0], right), top + grid.height + 17.0];
        items.push(text(&panel.x.text(), at, LABEL, Weight::Regular, Anchor::Middle, TEXT));
    }
    if grid.common[1] {
        let middle = f64::midpoint(grid.frame(0, top).top, grid.frame(last, top).bottom);
        items.push(upwards(&panel.y.text(), [MARGIN + 9.0, middle]));
    }
}

fn text(text: &str, at: Point, size: f64, weight: Weight, anchor: Anchor, ink: [u8; 3]) -> Item {
    Item::Text(Text { at, line: text.to_owned(), size, weight, anchor, turn: Turn::None, ink })
}

fn upwards(text: &str, at: Point) -> Item {
    Item::Text(Text {
        at,
        line: text.to_owned(),
        size: LABEL,
        weight: Weight::Regular,
        anchor: Anchor::Middle,
        turn: Turn::Upwards,
        ink: TEXT,
    })
}
