//! Colours, dash patterns and markers that stay apart for colour-blind readers and in print.
//!
//! Slots follow Okabe and Ito (2008) without their yellow, which vanishes on white; the ramp runs through
//! anchors of viridis (Smith and van der Walt 2015), cut where it becomes too light for a line on white.

use serde::{Serialize, Serializer, ser::SerializeMap};

/// A colour by its meaning; what it looks like depends on the background.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Colour {
    /// The n-th of a set of unordered things; repeats after [`Colour::SLOTS`].
    Slot(usize),
    /// A place between 0 and 1 in an ordered set.
    Ramp(f64),
}

/// Red, green, blue.
pub(super) type Rgb = [u8; 3];

const LIGHT: [Rgb; Colour::SLOTS] = [
    [0x00, 0x72, 0xB2],
    [0xD5, 0x5E, 0x00],
    [0x00, 0x9E, 0x73],
    [0xCC, 0x79, 0xA7],
    [0xE6, 0x9F, 0x00],
    [0x56, 0xB4, 0xE9],
    [0x59, 0x59, 0x59],
];

/// The same hues, lighter where they would sink into a dark background.
const DARK: [Rgb; Colour::SLOTS] = [
    [0x4D, 0xA6, 0xE0],
    [0xF0, 0x7F, 0x2E],
    [0x2D, 0xBF, 0x95],
    [0xDD, 0x93, 0xBC],
    [0xF0, 0xB4, 0x2D],
    [0x8F, 0xD0, 0xF5],
    [0xB0, 0xB0, 0xB0],
];

const RAMP_LIGHT: [Rgb; 5] =
    [[0x44, 0x01, 0x54], [0x41, 0x44, 0x87], [0x2A, 0x78, 0x8E], [0x22, 0xA8, 0x84], [0x7A, 0xD1, 0x51]];
const RAMP_DARK: [Rgb; 5] =
    [[0x8A, 0x74, 0xDB], [0x5A, 0x8F, 0xD0], [0x35, 0xB0, 0xAB], [0x6C, 0xCD, 0x5A], [0xFD, 0xE7, 0x25]];

impl Colour {
    /// Number of colours before they repeat.
    pub const SLOTS: usize = 7;

    /// On white.
    pub(super) fn light(self) -> Rgb {
        self.pick(&LIGHT, &RAMP_LIGHT)
    }

    /// On a dark background.
    pub(super) fn dark(self) -> Rgb {
        self.pick(&DARK, &RAMP_DARK)
    }

    fn pick(self, slots: &[Rgb; Self::SLOTS], ramp: &[Rgb; 5]) -> Rgb {
        match self {
            Self::Slot(n) => slots[n % Self::SLOTS],
            Self::Ramp(t) => {
                let t = if t.is_nan() { 0.0 } else { t.clamp(0.0, 1.0) };
                let place = t * (ramp.len() - 1) as f64;
                let below = (place as usize).min(ramp.len() - 2);
                let share = place - below as f64;
                std::array::from_fn(|c| {
                    let (a, b) = (f64::from(ramp[below][c]), f64::from(ramp[below + 1][c]));
                    (a + share * (b - a)).round() as u8
                })
            }
        }
    }
}

/// `#rrggbb`.
pub(super) fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

impl Serialize for Colour {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("light", &hex(self.light()))?;
        map.serialize_entry("dark", &hex(self.dark()))?;
        map.end()
    }
}

/// A dash pattern.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dash {
    /// No gaps.
    Solid,
    /// Long strokes.
    Dashed,
    /// Dots.
    Dotted,
    /// Strokes and dots in turn.
    DashDot,
}

impl Dash {
    /// The n-th of a list; neighbours differ, so that neighbouring colours differ in print too.
    pub fn nth(n: usize) -> Self {
        [Self::Solid, Self::Dashed, Self::DashDot, Self::Dotted][n % 4]
    }

    /// Lengths of strokes and gaps in turn, in units of the picture; empty = no gaps.
    pub(super) fn pattern(self) -> &'static [f32] {
        match self {
            Self::Solid => &[],
            Self::Dashed => &[6.0, 2.5],
            Self::Dotted => &[1.6, 2.2],
            Self::DashDot => &[8.0, 2.2, 1.6, 2.2],
        }
    }
}

impl Serialize for Dash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.pattern().serialize(serializer)
    }
}

/// The shape of a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Marker {
    /// A disc.
    Circle,
    /// A diamond.
    Diamond,
    /// A triangle.
    Triangle,
    /// A diagonal cross, for what failed.
    Cross,
}

impl Marker {
    /// The n-th of a list; crosses are kept for failures.
    pub fn nth(n: usize) -> Self {
        [Self::Circle, Self::Diamond, Self::Triangle][n % 3]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_repeat_with_another_dash() {
        let seventh = Colour::Slot(Colour::SLOTS);
        assert_eq!(seventh.light(), Colour::Slot(0).light());
        assert_ne!(Dash::nth(Colour::SLOTS), Dash::nth(0));
    }

    #[test]
    fn the_ramp_reaches_its_ends_and_stays_inside() {
        assert_eq!(Colour::Ramp(0.0).light(), RAMP_LIGHT[0]);
        assert_eq!(Colour::Ramp(1.0).dark(), RAMP_DARK[4]);
        assert_eq!(Colour::Ramp(7.0).light(), RAMP_LIGHT[4]);
        assert_eq!(Colour::Ramp(f64::NAN).light(), RAMP_LIGHT[0]);
    }
}
