//! The legend above the panels, so that it never covers data.

use super::font::Fonts;
use super::scene::{Anchor, Item, Point, Rect, Text, Turn, Weight};
use super::{Colour, ColourScale, Figure, Key, Series, Shape, short_number};

/// With more entries than this a legend names the first and the last, and draws the colours between them.
pub(super) const MOST_ENTRIES: usize = 24;

const SIZE: f64 = 11.5;
const ROW: f64 = 18.0;
const SAMPLE: f64 = 24.0;
const INK: [u8; 3] = [0x33, 0x33, 0x33];

/// Draws the legend into a strip of the given width; returns its items and its height.
pub(super) fn legend(figure: &Figure, fonts: &Fonts, [left, top]: Point, width: f64) -> (Vec<Item>, f64) {
    let keys: Vec<(usize, &Key)> = figure.legend.iter().enumerate().filter(|(_, key)| !key.label.is_empty()).collect();
    let scale = figure.panels.iter().flat_map(|panel| &panel.series).find_map(|series| match &series.shape {
        Shape::Surface(surface) => Some(&surface.scale),
        Shape::Strands(strands) => Some(&strands.scale),
        _ => None,
    });
    if let Some(scale) = scale {
        let (mut items, height) = entries(figure, &keys, fonts, [left, top], width);
        let (strip, below) = colours(scale, fonts, [left, top + height]);
        items.extend(strip);
        return (items, height + below);
    }
    entries(figure, &keys, fonts, [left, top], width)
}

/// The entries by name.
fn entries(figure: &Figure, keys: &[(usize, &Key)], fonts: &Fonts, [left, top]: Point, width: f64) -> (Vec<Item>, f64) {
    if keys.is_empty() {
        return (Vec::new(), 0.0);
    }
    if keys.len() > MOST_ENTRIES {
        return summary(keys, fonts, [left, top], width);
    }
    let mut items = Vec::new();
    let (mut x, mut y) = (left, top);
    for &(index, key) in keys {
        let label = fonts.fit(Weight::Regular, SIZE, &key.label, width - SAMPLE - 8.0);
        let entry = SAMPLE + 7.0 + fonts.width(Weight::Regular, SIZE, &label);
        if x > left && x + entry > left + width {
            x = left;
            y += ROW;
        }
        items.extend(sample(figure, index, key, [x, y + ROW / 2.0]));
        items.push(label_at(&label, [x + SAMPLE + 7.0, y + ROW / 2.0 + 4.0]));
        x += entry + 22.0;
    }
    (items, y + ROW - top)
}

/// A strip of the colours of a scale between the values at its ends.
fn colours(scale: &ColourScale, fonts: &Fonts, [left, top]: Point) -> (Vec<Item>, f64) {
    const STRIP: f64 = 160.0;
    const STEPS: usize = 32;
    let (middle, base) = (top + ROW / 2.0, top + ROW / 2.0 + 4.0);
    let [dark, bright] = scale.ends.map(short_number);
    let head = format!("{}  {dark}", scale.label);
    let start = left + fonts.width(Weight::Regular, SIZE, &head) + 8.0;
    let mut items = vec![label_at(&head, [left, base])];
    for i in 0..STEPS {
        let x = start + STRIP * i as f64 / STEPS as f64;
        let bar = Rect { left: x, top: middle - 5.0, right: x + STRIP / STEPS as f64 + 0.3, bottom: middle + 5.0 };
        items.push(Item::Bars { bars: vec![bar], ink: Colour::Ramp(i as f64 / (STEPS - 1) as f64).light() });
    }
    items.push(label_at(&bright, [start + STRIP + 8.0, base]));
    (items, ROW)
}

/// The first and the last entry with all colours between them.
fn summary(keys: &[(usize, &Key)], fonts: &Fonts, [left, top]: Point, width: f64) -> (Vec<Item>, f64) {
    let strip = 160.0;
    let share = (width - strip - 90.0) / 2.0;
    let middle = top + ROW / 2.0;
    let first = fonts.fit(Weight::Regular, SIZE, &keys[0].1.label, share);
    let last = fonts.fit(Weight::Regular, SIZE, &keys[keys.len() - 1].1.label, share);
    let mut items = vec![label_at(&first, [left, middle + 4.0])];
    let start = left + fonts.width(Weight::Regular, SIZE, &first) + 8.0;
    let step = strip / keys.len() as f64;
    for (i, (_, key)) in keys.iter().enumerate() {
        let x = start + i as f64 * step;
        let bar = Rect { left: x, top: middle - 5.0, right: x + step + 0.5, bottom: middle + 5.0 };
        items.push(Item::Bars { bars: vec![bar], ink: key.colour.light() });
    }
    items.push(label_at(&format!("{last} ({} in all)", keys.len()), [start + strip + 8.0, middle + 4.0]));
    (items, ROW)
}

/// What an entry looks like in the panels, in small.
fn sample(figure: &Figure, index: usize, key: &Key, [x, y]: Point) -> Vec<Item> {
    let mut series = figure.panels.iter().flat_map(|panel| &panel.series).filter(|series| series.key == index);
    let banded = |series: &&Series| matches!(series.shape, Shape::Line { band: Some(_), .. });
    let series = series.clone().find(banded).or_else(|| series.next());
    let ink = key.colour.light();
    match series.map(|series| &series.shape) {
        Some(Shape::Histogram { .. }) => {
            let bar = Rect { left: x + 6.0, top: y - 5.5, right: x + 17.0, bottom: y + 5.5 };
            vec![Item::Bars { bars: vec![bar], ink }]
        }
        Some(Shape::Boxes(boxes)) => {
            let points = vec![[x + 2.0, y - 5.5], [x + 22.0, y - 5.5], [x + 22.0, y + 5.5], [x + 2.0, y + 5.5]];
            vec![Item::Area { points, ink, opacity: boxes.opacity.max(0.25) }]
        }
        Some(Shape::Points { .. } | Shape::Cloud(_)) => {
            let points = vec![[x + SAMPLE / 2.0, y]];
            vec![Item::Dots { points, ink, radius: 4.0, opacity: 1.0, marker: key.marker }]
        }
        Some(Shape::Line { band, .. }) => {
            let mut items = Vec::new();
            if band.is_some() {
                let points = vec![[x, y - 5.0], [x + SAMPLE, y - 5.0], [x + SAMPLE, y + 5.0], [x, y + 5.0]];
                items.push(Item::Area { points, ink, opacity: 0.18 });
            }
            let points = vec![[x, y], [x + SAMPLE, y]];
            items.push(Item::Line { points, ink, width: 2.0, opacity: 1.0, dash: key.dash.pattern() });
            items
        }
        Some(Shape::Surface(_) | Shape::Strands(_)) | None => Vec::new(),
    }
}

fn label_at(text: &str, at: Point) -> Item {
    Item::Text(Text {
        at,
        line: text.to_owned(),
        size: SIZE,
        weight: Weight::Regular,
        anchor: Anchor::Start,
        turn: Turn::None,
        ink: INK,
    })
}
