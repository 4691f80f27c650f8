//! A drawing before it is a file: a flat list of lines, areas, dots and texts in picture units.

use super::palette::{Marker, Rgb};

/// A point in picture units, y downwards.
pub(super) type Point = [f64; 2];

/// A drawing of a given size.
#[derive(Clone, Debug, Default)]
pub(super) struct Scene {
    pub(super) width: f64,
    pub(super) height: f64,
    pub(super) items: Vec<Item>,
}

/// A rectangle by two corners.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rect {
    pub(super) left: f64,
    pub(super) top: f64,
    pub(super) right: f64,
    pub(super) bottom: f64,
}

/// Something drawn.
#[derive(Clone, Debug)]
pub(super) enum Item {
    /// A stroked line.
    Line { points: Vec<Point>, ink: Rgb, width: f64, opacity: f64, dash: &'static [f32] },
    /// Straight lines of one kind: grids, axes and their ticks.
    Rules { lines: Vec<[Point; 2]>, ink: Rgb, width: f64 },
    /// A filled polygon.
    Area { points: Vec<Point>, ink: Rgb, opacity: f64 },
    /// Rectangles of one colour.
    Bars { bars: Vec<Rect>, ink: Rgb },
    /// Markers of one kind and colour.
    Dots { points: Vec<Point>, ink: Rgb, radius: f64, opacity: f64, marker: Marker },
    /// One line of text.
    Text(Text),
    /// Items of which only what lies inside the rectangle shows.
    Clip(Rect, Vec<Item>),
}

/// One line of text; `at` is on its baseline.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) at: Point,
    pub(super) line: String,
    pub(super) size: f64,
    pub(super) weight: Weight,
    pub(super) anchor: Anchor,
    pub(super) turn: Turn,
    pub(super) ink: Rgb,
}

/// Weight of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Weight {
    Regular,
    SemiBold,
}

/// Which part of a text lies at its point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Anchor {
    Start,
    Middle,
    End,
}

/// Direction of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// From left to right.
    None,
    /// From bottom to top.
    Upwards,
}

impl Rect {
    pub(super) fn width(self) -> f64 {
        self.right - self.left
    }

    pub(super) fn height(self) -> f64 {
        self.bottom - self.top
    }
}
