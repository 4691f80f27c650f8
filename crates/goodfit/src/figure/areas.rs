//! Boxes and surfaces between the axes of a panel.

use super::palette::Colour;
use super::scene::{Anchor, Item, Point, Rect, Text, Turn, Weight};
use super::shapes::{Boxes, Surface};

/// From a value to a place in the picture.
type Place<'a> = &'a dyn Fn(f64) -> f64;

/// Colours of a surface: as many as an eye tells apart, and neighbours of one colour become one rectangle.
const LEVELS: usize = 14;

/// Filled rectangles.
pub(super) fn boxes(items: &mut Vec<Item>, boxes: &Boxes, ink: [u8; 3], at_x: Place, at_y: Place) {
    for (place, ([left, right], [bottom, top])) in boxes.x.iter().zip(&boxes.y).enumerate() {
        let (left, right, bottom, top) = (at_x(*left), at_x(*right), at_y(*bottom), at_y(*top));
        if [left, right, bottom, top].iter().all(|place| place.is_finite()) {
            // A range of one value is still to be seen.
            let (left, right) = if (right - left).abs() < 1.5 { (left - 0.75, right + 0.75) } else { (left, right) };
            let points = vec![[left, bottom], [right, bottom], [right, top], [left, top]];
            if !boxes.texts.is_empty() {
                // No line of the grid runs through a text.
                items.push(Item::Area { points: points.clone(), ink: [0xFF; 3], opacity: 1.0 });
            }
            items.push(Item::Area { points, ink, opacity: boxes.opacity });
            if let Some(text) = boxes.texts.get(place) {
                items.push(written(text, [f64::midpoint(left, right), f64::midpoint(top, bottom)], boxes.opacity));
            }
        }
    }
}

/// A text in the middle of a box, white on a strong colour.
fn written(text: &str, middle: Point, opacity: f64) -> Item {
    Item::Text(Text {
        at: [middle[0], middle[1] + 4.0],
        line: text.to_owned(),
        size: 12.0,
        weight: Weight::Regular,
        anchor: Anchor::Middle,
        turn: Turn::None,
        ink: if opacity > 0.5 { [0xFF; 3] } else { [0x22; 3] },
    })
}

/// Cells of one colour in a row as one rectangle, a little larger than they are so that no seam shows.
pub(super) fn surface(items: &mut Vec<Item>, surface: &Surface, at_x: Place, at_y: Place) {
    const OVERLAP: f64 = 0.35;
    let columns = surface.x.len().saturating_sub(1);
    let mut bars: Vec<Vec<Rect>> = vec![Vec::new(); LEVELS];
    let level =
        |value: f64| value.is_finite().then(|| ((surface.scale.place(value) * LEVELS as f64) as usize).min(LEVELS - 1));
    for (row, values) in surface.values.chunks(columns.max(1)).enumerate() {
        let Some([low, high]) = surface.y.get(row..row + 2).and_then(|y| <[f64; 2]>::try_from(y).ok()) else { return };
        let mut start = 0;
        while start < values.len() {
            let first = level(values[start]);
            let length = values[start..].iter().take_while(|&&value| level(value) == first).count();
            if let Some(first) = first {
                bars[first].push(Rect {
                    left: at_x(surface.x[start]),
                    right: at_x(surface.x[start + length]) + OVERLAP,
                    top: at_y(high),
                    bottom: at_y(low) + OVERLAP,
                });
            }
            start += length;
        }
    }
    for (level, bars) in bars.into_iter().enumerate().filter(|(_, bars)| !bars.is_empty()) {
        let ink = Colour::Ramp(level as f64 / (LEVELS - 1) as f64).light();
        items.push(Item::Bars { bars, ink });
    }
}
