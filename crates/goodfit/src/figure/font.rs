//! The font of the figures, compiled in: widths and outlines of its glyphs.
//!
//! Kerning is left out; at the sizes of a figure Inter does without it.

use ttf_parser::{Face, GlyphId, OutlineBuilder};

use super::scene::Weight;

const REGULAR: &[u8] = include_bytes!("../../assets/fonts/Inter-Regular.subset.otf");
const SEMI_BOLD: &[u8] = include_bytes!("../../assets/fonts/Inter-SemiBold.subset.otf");

/// Both weights of the font.
pub(super) struct Fonts {
    regular: Face<'static>,
    semi_bold: Face<'static>,
}

/// A glyph of a line of text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Glyph {
    pub(super) id: GlyphId,
    /// Distance from the start of the line, in font units.
    pub(super) x: f64,
}

impl Fonts {
    /// Reads the fonts.
    pub(super) fn new() -> Self {
        let face = |bytes| Face::parse(bytes, 0).expect("the embedded fonts are valid");
        Self { regular: face(REGULAR), semi_bold: face(SEMI_BOLD) }
    }

    fn face(&self, weight: Weight) -> &Face<'static> {
        match weight {
            Weight::Regular => &self.regular,
            Weight::SemiBold => &self.semi_bold,
        }
    }

    /// Size of a font unit for text of the given size.
    pub(super) fn scale(&self, weight: Weight, size: f64) -> f64 {
        size / f64::from(self.face(weight).units_per_em())
    }

    /// True when the font has every character of the text.
    pub(super) fn covers(&self, weight: Weight, text: &str) -> bool {
        text.chars().all(|c| self.face(weight).glyph_index(c).is_some())
    }

    /// The glyphs of a line and its length in font units; an empty box for what the font lacks.
    pub(super) fn layout(&self, weight: Weight, text: &str) -> (Vec<Glyph>, f64) {
        let face = self.face(weight);
        let mut x = 0.0;
        let glyphs = text
            .chars()
            .map(|c| {
                let known = face.glyph_index(c);
                let id = known.or_else(|| face.glyph_index('□')).unwrap_or(GlyphId(0));
                let glyph = Glyph { id, x };
                let advance = f64::from(face.glyph_hor_advance(id).unwrap_or(0));
                x += if known.is_some() { advance } else { advance.max(f64::from(face.units_per_em())) };
                glyph
            })
            .collect();
        (glyphs, x)
    }

    /// Width of a line in picture units.
    pub(super) fn width(&self, weight: Weight, size: f64, text: &str) -> f64 {
        self.layout(weight, text).1 * self.scale(weight, size)
    }

    /// Hands the outline of a glyph to a builder, in font units, y upwards.
    pub(super) fn outline(&self, weight: Weight, id: GlyphId, builder: &mut dyn OutlineBuilder) {
        self.face(weight).outline_glyph(id, builder);
    }

    /// The text, cut with an ellipsis where it is wider than it may be.
    pub(super) fn fit(&self, weight: Weight, size: f64, text: &str, width: f64) -> String {
        if self.width(weight, size, text) <= width {
            return text.to_owned();
        }
        let mut chars: Vec<char> = text.chars().collect();
        while chars.pop().is_some() {
            let cut: String = chars.iter().collect::<String>().trim_end().to_owned() + "…";
            if self.width(weight, size, &cut) <= width {
                return cut;
            }
        }
        "…".to_owned()
    }

    /// The text in lines that are no wider than given, cut at spaces.
    pub(super) fn wrap(&self, weight: Weight, size: f64, text: &str, width: f64) -> Vec<String> {
        let mut lines: Vec<String> = Vec::new();
        for word in text.split_whitespace() {
            match lines.last_mut() {
                Some(line) if self.width(weight, size, &format!("{line} {word}")) <= width => {
                    line.push(' ');
                    line.push_str(word);
                }
                _ => lines.push(self.fit(weight, size, word, width)),
            }
        }
        lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn has_what_figures_write() {
        let fonts = Fonts::new();
        for weight in [Weight::Regular, Weight::SemiBold] {
            assert!(fonts.covers(weight, "λ = 0.1 ± 0.02, 1.5×10⁻⁶ “a” – b … → ≤ ≥ ≈ √ ∞ −1 µ σ é ü ł"));
            assert!(!fonts.covers(weight, "日本"));
        }
    }

    #[test]
    fn cuts_and_wraps_to_the_width() {
        let fonts = Fonts::new();
        let width = |text: &str| fonts.width(Weight::Regular, 12.0, text);
        let text = "a fairly long line that does not fit";
        assert!(width(&fonts.fit(Weight::Regular, 12.0, text, 80.0)) <= 80.0);
        assert_eq!(fonts.fit(Weight::Regular, 12.0, text, 800.0), text);
        let lines = fonts.wrap(Weight::Regular, 12.0, text, 80.0);
        assert!(lines.len() > 1 && lines.iter().all(|line| width(line) <= 80.0));
        assert_eq!(lines.join(" "), text);
    }
}
