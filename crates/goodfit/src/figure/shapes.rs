//! Shapes of many parts: boxes, points of a table, surfaces, and lines across parallel axes.
//!
//! What a reader can choose anew, or what there are thousands of, is left out of the data of `report.html`: its script
//! takes it from the table that stands there once.

use serde::ser::{Serialize, SerializeMap, Serializer};

use super::{Axis, Colour, Scale};

/// Rectangles.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Boxes {
    /// Left and right.
    pub x: Vec<[f64; 2]>,
    /// Bottom and top.
    pub y: Vec<[f64; 2]>,
    /// What each of them is.
    pub labels: Vec<String>,
    /// What is written into each of them; empty = nothing.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub texts: Vec<String>,
    /// 0 to 1; where boxes lie over each other they add up.
    pub opacity: f64,
}

/// Points that are rows of a table.
#[derive(Clone, Debug, Default, PartialEq, serde::Serialize)]
pub struct Cloud {
    /// Horizontal positions.
    #[serde(skip)]
    pub x: Vec<f64>,
    /// Vertical positions.
    #[serde(skip)]
    pub y: Vec<f64>,
    /// The columns of the table that they come from, horizontal and vertical.
    pub columns: [usize; 2],
    /// The rows of the table that it is made of, by the letter of their group.
    pub group: char,
    /// Of so many rows one is drawn; 0 and 1 = all.
    pub every: usize,
    /// Where rows without a value lie.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub foot: Option<f64>,
}

/// A grid of coloured cells.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Surface {
    /// Borders of the columns, one more than there are.
    #[serde(skip)]
    pub x: Vec<f64>,
    /// Borders of the rows, one more than there are.
    #[serde(skip)]
    pub y: Vec<f64>,
    /// Row by row from the first border on; NaN stays blank.
    #[serde(skip)]
    pub values: Vec<f64>,
    /// What a colour means.
    pub scale: ColourScale,
}

/// Lines across parallel axes, coloured by their place on the last one.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Strands {
    /// From left to right.
    pub axes: Vec<Axis>,
    /// A value for each axis, in the order in which they are drawn; NaN = none, which lies below the axis.
    #[serde(skip)]
    pub lines: Vec<Vec<f64>>,
    /// What a colour means.
    pub scale: ColourScale,
}

/// Colours for a range of values.
#[derive(Clone, Debug, PartialEq)]
pub struct ColourScale {
    /// What is measured.
    pub label: String,
    /// The values at the dark and at the bright end; the first may be the greater one.
    pub ends: [f64; 2],
    /// Whether equal distances of colour are equal differences or equal ratios.
    pub scale: Scale,
}

impl ColourScale {
    /// From the value at the dark end to that at the bright one, laid out as on an axis.
    pub fn new(label: &str, scale: Scale, [dark, bright]: [f64; 2]) -> Self {
        Self { label: label.to_owned(), ends: [dark, bright], scale }
    }

    /// 0 at the dark end, 1 at the bright one.
    pub fn place(&self, value: f64) -> f64 {
        let axis = Axis { scale: self.scale, ..Axis::linear("", "", self.ends) };
        let place = axis.position(value);
        // One value alone is the best there is.
        if place.is_nan() { 1.0 } else { place.clamp(0.0, 1.0) }
    }
}

/// With the colours themselves, evenly spaced, so that the script draws the same.
impl Serialize for ColourScale {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        const STEPS: usize = 9;
        let colours: Vec<Colour> = (0..STEPS).map(|i| Colour::Ramp(i as f64 / (STEPS - 1) as f64)).collect();
        let mut map = serializer.serialize_map(Some(4))?;
        map.serialize_entry("label", &self.label)?;
        map.serialize_entry("ends", &self.ends)?;
        map.serialize_entry("scale", &self.scale)?;
        map.serialize_entry("colours", &colours)?;
        map.end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn less_may_be_brighter() {
        let scale = ColourScale::new("loss", Scale::Linear, [2.0, 1.0]);
        assert_eq!([3.0, 2.0, 1.5, 0.0].map(|x| scale.place(x)), [0.0, 0.0, 0.5, 1.0]);
        assert_eq!(ColourScale::new("loss", Scale::Linear, [1.0, 1.0]).place(1.0), 1.0);
        let places = [100.0, 1.0, 0.01].map(|x| ColourScale::new("loss", Scale::Log, [100.0, 0.01]).place(x));
        assert!(places.iter().zip([0.0, 0.5, 1.0]).all(|(a, b)| (a - b).abs() < 1e-12), "{places:?}");
    }
}
