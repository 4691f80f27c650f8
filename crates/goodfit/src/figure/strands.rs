//! Lines across parallel axes.

use super::font::Fonts;
use super::palette::Colour;
use super::scene::{Anchor, Item, Point, Rect, Text, Turn, Weight};
use super::shapes::Strands;
use super::ticks::ticks;

const TITLE: f64 = 11.0;
const TICK: f64 = 9.5;
const INK: [u8; 3] = [0x22, 0x22, 0x22];
const RULE: [u8; 3] = [0x59, 0x59, 0x59];
/// Above the axes: two lines of their titles.
const HEAD: f64 = 34.0;
/// Below the axes: what has no value on one of them.
const FOOT: f64 = 20.0;
/// Colours of the lines.
const LEVELS: usize = 16;

/// Width of the panel that so many axes need.
pub(super) fn width(axes: usize) -> f64 {
    (86.0 * axes as f64).clamp(640.0, 1180.0)
}

/// Draws axes and lines into a panel.
pub(super) fn strands(items: &mut Vec<Item>, strands: &Strands, frame: Rect, fonts: &Fonts) {
    let n = strands.axes.len();
    let Some(last) = n.checked_sub(1) else { return };
    let (top, bottom) = (frame.top + HEAD, frame.bottom - FOOT);
    let step = (frame.width() - 96.0) / last.max(1) as f64;
    let at_x = |axis: usize| frame.left + 36.0 + step * axis as f64;
    let mut absent = vec![false; n];
    for line in &strands.lines {
        let Some(&value) = line.get(last) else { continue };
        let mut points: Vec<Point> = Vec::with_capacity(n);
        for (axis, &value) in line.iter().enumerate().take(n) {
            let place = strands.axes[axis].position(value);
            absent[axis] |= !place.is_finite();
            let y =
                if place.is_finite() { bottom - place.clamp(0.0, 1.0) * (bottom - top) } else { frame.bottom - 5.0 };
            points.push([at_x(axis), y]);
        }
        let level = (strands.scale.place(value) * (LEVELS - 1) as f64).round() / (LEVELS - 1) as f64;
        let ink = Colour::Ramp(level).light();
        let (width, opacity) = if strands.lines.len() > 150 { (0.9, 0.55) } else { (1.2, 0.7) };
        items.push(Item::Line { points, ink, width, opacity, dash: &[] });
    }
    let rules = (0..n).map(|axis| [[at_x(axis), top], [at_x(axis), bottom]]).collect();
    items.push(Item::Rules { lines: rules, ink: RULE, width: 1.0 });
    for (index, axis) in strands.axes.iter().enumerate() {
        let x = at_x(index);
        let lines = fonts.wrap(Weight::SemiBold, TITLE, &axis.text(), step.min(140.0) - 8.0);
        let skip = lines.len().saturating_sub(2);
        for (i, line) in lines.iter().take(2).enumerate() {
            let y = top - 10.0 - 13.0 * (lines.len() - skip - 1 - i) as f64;
            let cut = if i == 1 && skip > 0 { format!("{line} …") } else { line.clone() };
            items.push(words(&cut, [x, y], TITLE, Weight::SemiBold, Anchor::Middle));
        }
        let mut marks: Vec<(f64, String)> = ticks(axis, 5)
            .major
            .iter()
            .map(|(value, text)| (bottom - axis.position(*value) * (bottom - top), text.clone()))
            .collect();
        if absent[index] {
            marks.push((frame.bottom - 5.0, "none".to_owned()));
        }
        for (y, text) in marks {
            let text = fonts.fit(Weight::Regular, TICK, &text, step - 12.0);
            let width = fonts.width(Weight::Regular, TICK, &text);
            let (left, right) = (x + 4.0, x + 8.0 + width);
            // Numbers stay readable over the lines.
            let points = vec![[left, y - 6.0], [right, y - 6.0], [right, y + 6.0], [left, y + 6.0]];
            items.push(Item::Area { points, ink: [0xFF; 3], opacity: 0.78 });
            items.push(Item::Rules { lines: vec![[[x - 3.0, y], [x + 3.0, y]]], ink: RULE, width: 1.0 });
            items.push(words(&text, [x + 6.0, y + 3.4], TICK, Weight::Regular, Anchor::Start));
        }
    }
}

fn words(line: &str, at: Point, size: f64, weight: Weight, anchor: Anchor) -> Item {
    Item::Text(Text { at, line: line.to_owned(), size, weight, anchor, turn: Turn::None, ink: INK })
}
