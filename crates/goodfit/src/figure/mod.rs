//! Figures as values: panels in a grid, axes, series, bands, a legend.
//!
//! A [`Figure`] is what a report draws twice: [`Figure::svg`] and [`Figure::png`] for the files, and the
//! same value as data for the interactive charts of `report.html`. It knows nothing about experiments;
//! [`crate::report`] makes figures out of results.
//!
//! Why the drawing is our own: on the 4 x 4 grid of experiment 3, kuva 0.6 (23 packages) makes the first
//! column of panels narrower than the others, has no axis label for a whole figure, and needs 3 MB of
//! embedded font to keep an SVG independent of the fonts of the machine; plotters 0.3 (25 packages) leaves
//! shared axes and a shared legend to its caller. Laying out panels takes some hundred lines here; what is
//! hard stays with libraries: `ttf-parser` reads the font, `tiny-skia` fills the paths (11 packages more than
//! the crate has without them).

mod areas;
mod draw;
mod encode;
mod font;
mod grid;
mod legend;
mod marks;
mod palette;
mod png;
mod scene;
mod shapes;
mod simplify;
mod smooth;
mod strands;
mod svg;
mod ticks;

use serde::{Serialize, Serializer};

pub use palette::{Colour, Dash, Marker};
pub use shapes::{Boxes, Cloud, ColourScale, Strands, Surface};
pub use smooth::smooth;
pub(crate) use svg::{escape, slug};
pub use ticks::short_number;

/// One figure: panels in a grid under a common legend.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Figure {
    /// Name of its files, without the ending: letters, digits and hyphens.
    pub name: String,
    /// What it shows, one line.
    pub title: String,
    /// Data, seeds and count, and what bands mean.
    pub caption: String,
    /// Panels in a row.
    pub columns: usize,
    /// What a colour and a dash pattern stand for, over all panels.
    pub legend: Vec<Key>,
    /// Row by row.
    pub panels: Vec<Panel>,
}

/// One entry of a legend.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Key {
    /// What it stands for.
    pub label: String,
    /// Its colour.
    pub colour: Colour,
    /// Its dash pattern, which tells it apart in print.
    pub dash: Dash,
    /// The marker of its points.
    pub marker: Marker,
}

/// One pair of axes with what is drawn between them.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Panel {
    /// May be empty.
    pub title: String,
    /// A remark inside the panel, for instance a standard deviation; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// Horizontal axis.
    pub x: Axis,
    /// Vertical axis.
    pub y: Axis,
    /// Drawn in this order, bands first.
    pub series: Vec<Series>,
}

/// An axis.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Axis {
    /// What is measured.
    pub label: String,
    /// In which unit; may be empty.
    pub unit: String,
    /// How values are laid out.
    pub scale: Scale,
    /// From, to; both positive on a logarithmic axis.
    pub range: [f64; 2],
    /// What stands at 0, 1, 2, .. where the values are no numbers; empty = they are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub names: Vec<String>,
}

/// How an axis lays out its values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scale {
    /// Equal distances are equal differences.
    Linear,
    /// Equal distances are equal ratios.
    Log,
}

/// Something drawn in a panel.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Series {
    /// Index into [`Figure::legend`].
    pub key: usize,
    /// What is to be said about it beside its values, for instance where it overflowed; may be empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub note: String,
    /// What is drawn.
    pub shape: Shape,
}

/// What a series looks like.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Shape {
    /// A line through points; NaN breaks it.
    Line {
        /// Horizontal positions.
        #[serde(serialize_with = "rounded")]
        x: Vec<f64>,
        /// Values.
        #[serde(serialize_with = "rounded")]
        y: Vec<f64>,
        /// A band around the line.
        #[serde(skip_serializing_if = "Option::is_none")]
        band: Option<Band>,
        /// A point to be marked by a cross, where a run overflowed; one beyond the range lies at its edge.
        #[serde(skip_serializing_if = "Option::is_none")]
        cross: Option<[f64; 2]>,
        /// Drawn thin: a single run beside a mean.
        thin: bool,
    },
    /// Separate points.
    Points {
        /// Horizontal positions.
        #[serde(serialize_with = "rounded")]
        x: Vec<f64>,
        /// Values.
        #[serde(serialize_with = "rounded")]
        y: Vec<f64>,
        /// What each point is.
        labels: Vec<String>,
    },
    /// Bars over intervals.
    Histogram {
        /// Borders, one more than there are heights.
        #[serde(serialize_with = "rounded")]
        edges: Vec<f64>,
        /// One a bar.
        #[serde(serialize_with = "rounded")]
        heights: Vec<f64>,
        /// The same bars at other times, which a page steps through; a still picture leaves them out.
        #[serde(skip_serializing_if = "Vec::is_empty")]
        moments: Vec<Moment>,
    },
    /// Rectangles.
    Boxes(Boxes),
    /// Points that are rows of a table.
    Cloud(Cloud),
    /// A grid of coloured cells.
    Surface(Surface),
    /// Lines across parallel axes of their own; alone in its panel.
    Strands(Strands),
}

/// A histogram at one time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Moment {
    /// When, for instance `epoch 3, step 119`.
    pub name: String,
    /// What stands in the panel instead of its note.
    pub note: String,
    /// One a bar.
    #[serde(serialize_with = "rounded")]
    pub heights: Vec<f64>,
}

/// A band around a line.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Band {
    /// Lower border.
    #[serde(serialize_with = "rounded")]
    pub low: Vec<f64>,
    /// Upper border.
    #[serde(serialize_with = "rounded")]
    pub high: Vec<f64>,
}

impl Figure {
    /// The figure as an SVG document. Text is drawn as outlines, so it looks the same on every machine.
    pub fn svg(&self) -> String {
        svg::render(&draw::scene(self), self)
    }

    /// The figure as a PNG file, two pixels a unit of the SVG.
    ///
    /// # Panics
    /// Never for a figure whose drawing has a size, which every figure has.
    pub fn png(&self) -> Vec<u8> {
        png::render(&draw::scene(self), 2.0)
    }
}

impl Axis {
    /// A linear axis over the given range.
    pub fn linear(label: &str, unit: &str, range: [f64; 2]) -> Self {
        Self { label: label.to_owned(), unit: unit.to_owned(), scale: Scale::Linear, range, names: Vec::new() }
    }

    /// An axis of names, the first of them at its start.
    pub fn named(label: &str, names: Vec<String>) -> Self {
        let range = [-0.5, names.len().max(1) as f64 - 0.5];
        Self { names, ..Self::linear(label, "", range) }
    }

    /// Label and unit as they are written beside the axis.
    pub fn text(&self) -> String {
        if self.unit.is_empty() { self.label.clone() } else { format!("{} ({})", self.label, self.unit) }
    }

    /// Where a value lies on the axis: 0 at its start, 1 at its end.
    pub fn position(&self, value: f64) -> f64 {
        let [low, high] = self.range;
        match self.scale {
            Scale::Linear => (value - low) / (high - low),
            Scale::Log => (value / low).ln() / (high / low).ln(),
        }
    }

    /// The value at a place, 0 at the start of the axis, 1 at its end.
    pub fn value(&self, position: f64) -> f64 {
        let [low, high] = self.range;
        match self.scale {
            Scale::Linear => low + position * (high - low),
            Scale::Log => low * (high / low).powf(position),
        }
    }
}

impl Key {
    /// The n-th of a list of keys: colours first, then dash patterns.
    pub fn nth(n: usize, label: impl Into<String>) -> Self {
        Self { label: label.into(), colour: Colour::Slot(n), dash: Dash::nth(n), marker: Marker::nth(n) }
    }
}

/// Five significant digits are more than a chart shows, and keep `report.html` small.
fn rounded<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(values.iter().map(|&x| {
        if !x.is_finite() {
            return None;
        }
        let short: f64 = format!("{x:.4e}").parse().unwrap_or(x);
        Some(if x.fract() == 0.0 && x.abs() < 1e15 { Number::Whole(x as i64) } else { Number::Real(short) })
    }))
}

/// Written without a fraction where there is none.
#[derive(Serialize)]
#[serde(untagged)]
enum Number {
    Whole(i64),
    Real(f64),
}
