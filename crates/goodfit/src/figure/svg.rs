//! A drawing as an SVG document, text as outlines.
//!
//! The outlines of a glyph stand once in the file and are used by reference. A text with a character that the
//! font lacks stays text, for the reader's fonts.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use ttf_parser::OutlineBuilder;

use super::Figure;
use super::font::Fonts;
use super::palette::{Marker, hex};
use super::scene::{Anchor, Item, Point, Scene, Text, Turn, Weight};

/// Writes the document.
pub(super) fn render(scene: &Scene, figure: &Figure) -> String {
    let mut writer = Writer {
        prefix: slug(&figure.name),
        fonts: Fonts::new(),
        glyphs: BTreeSet::new(),
        body: String::new(),
        clips: 0,
    };
    writer.items(&scene.items);
    let (width, height) = (number(scene.width), number(scene.height));
    let mut out = String::new();
    let _ = writeln!(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" \
         viewBox=\"0 0 {width} {height}\" role=\"img\">\n<title>{}</title>\n<desc>{}</desc>",
        escape(&figure.title),
        escape(&figure.caption)
    );
    out.push_str(&writer.definitions());
    let _ = writeln!(out, "<rect width=\"{width}\" height=\"{height}\" fill=\"#ffffff\"/>");
    out.push_str(&writer.body);
    out.push_str("</svg>\n");
    out
}

struct Writer {
    /// Of every id, so that several figures can stand in one HTML page.
    prefix: String,
    fonts: Fonts,
    glyphs: BTreeSet<(Weight, u16)>,
    body: String,
    clips: usize,
}

impl Writer {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Line { points, ink, width, opacity, dash } => {
                let _ = write!(
                    self.body,
                    "<path d=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"",
                    path(points),
                    hex(*ink),
                    number(*width)
                );
                if !dash.is_empty() {
                    let lengths: Vec<String> = dash.iter().map(|&x| number(f64::from(x))).collect();
                    let _ = write!(self.body, " stroke-dasharray=\"{}\"", lengths.join(" "));
                }
                self.opacity("stroke-opacity", *opacity);
                self.body.push_str("/>\n");
            }
            Item::Rules { lines, ink, width } => {
                let d: String = lines.iter().map(|line| path(line)).collect();
                let (ink, width) = (hex(*ink), number(*width));
                let _ = writeln!(self.body, "<path d=\"{d}\" stroke=\"{ink}\" stroke-width=\"{width}\"/>");
            }
            Item::Area { points, ink, opacity } => {
                let _ = write!(self.body, "<path d=\"{}Z\" fill=\"{}\"", path(points), hex(*ink));
                self.opacity("fill-opacity", *opacity);
                self.body.push_str("/>\n");
            }
            Item::Bars { bars, ink } => {
                let mut d = String::new();
                for bar in bars {
                    let (x, y) = (number(bar.left), number(bar.top));
                    let (w, h) = (number(bar.width()), number(bar.height()));
                    let _ = write!(d, "M{x} {y}h{w}v{h}h-{w}Z");
                }
                let _ = writeln!(self.body, "<path d=\"{d}\" fill=\"{}\"/>", hex(*ink));
            }
            Item::Dots { points, ink, radius, opacity, marker } => {
                self.dots(points, &hex(*ink), *radius, *opacity, *marker);
            }
            Item::Text(text) => self.text(text),
            Item::Clip(rect, items) => {
                self.clips += 1;
                let id = format!("{}-clip{}", self.prefix, self.clips);
                let _ = writeln!(
                    self.body,
                    "<clipPath id=\"{id}\"><rect x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"/></clipPath>\n\
                     <g clip-path=\"url(#{id})\">",
                    number(rect.left),
                    number(rect.top),
                    number(rect.width()),
                    number(rect.height())
                );
                self.items(items);
                self.body.push_str("</g>\n");
            }
        }
    }

    fn opacity(&mut self, name: &str, opacity: f64) {
        if opacity < 1.0 {
            let _ = write!(self.body, " {name}=\"{}\"", number(opacity));
        }
    }

    fn dots(&mut self, points: &[Point], ink: &str, radius: f64, opacity: f64, marker: Marker) {
        let r = number(radius);
        let d2 = number(2.0 * radius);
        let mut d = String::new();
        for &[x, y] in points {
            let _ = match marker {
                Marker::Circle => write!(d, "M{} {}h.01", number(x), number(y)),
                Marker::Diamond => write!(d, "M{} {}l{r} {r}l-{r} {r}l-{r} -{r}Z", number(x), number(y - radius)),
                Marker::Triangle => {
                    write!(d, "M{} {}l{r} {d2}h-{d2}Z", number(x), number(y - 1.2 * radius))
                }
                Marker::Cross => {
                    write!(d, "M{} {}l{d2} {d2}m0 -{d2}l-{d2} {d2}", number(x - radius), number(y - radius))
                }
            };
        }
        let _ = match marker {
            Marker::Circle => write!(
                self.body,
                "<path d=\"{d}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"{d2}\" stroke-linecap=\"round\""
            ),
            Marker::Cross => {
                write!(self.body, "<path d=\"{d}\" fill=\"none\" stroke=\"{ink}\" stroke-width=\"1.6\"")
            }
            Marker::Diamond | Marker::Triangle => write!(self.body, "<path d=\"{d}\" fill=\"{ink}\""),
        };
        self.opacity("opacity", opacity);
        self.body.push_str("/>\n");
    }

    fn text(&mut self, text: &Text) {
        let ink = hex(text.ink);
        let [x, y] = text.at;
        let turn = match text.turn {
            Turn::None => "",
            Turn::Upwards => "rotate(-90)",
        };
        if !self.fonts.covers(text.weight, &text.line) {
            let anchor = match text.anchor {
                Anchor::Start => "start",
                Anchor::Middle => "middle",
                Anchor::End => "end",
            };
            let weight = if text.weight == Weight::SemiBold { "600" } else { "400" };
            let _ = writeln!(
                self.body,
                "<text transform=\"translate({} {}){turn}\" font-family=\"Inter, sans-serif\" font-size=\"{}\" \
                 font-weight=\"{weight}\" text-anchor=\"{anchor}\" fill=\"{ink}\">{}</text>",
                number(x),
                number(y),
                number(text.size),
                escape(&text.line)
            );
            return;
        }
        let scale = self.fonts.scale(text.weight, text.size);
        let (glyphs, width) = self.fonts.layout(text.weight, &text.line);
        let shift = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        };
        let _ = write!(
            self.body,
            "<g transform=\"translate({} {}){turn}scale({:.5})\" fill=\"{ink}\" aria-label=\"{}\">",
            number(x),
            number(y),
            scale,
            escape(&text.line)
        );
        let mut blank = Blank(true);
        for glyph in glyphs {
            blank.0 = true;
            self.fonts.outline(text.weight, glyph.id, &mut blank);
            if blank.0 {
                continue;
            }
            self.glyphs.insert((text.weight, glyph.id.0));
            let _ = write!(
                self.body,
                "<use href=\"#{}\" x=\"{}\"/>",
                glyph_id(&self.prefix, text.weight, glyph.id.0),
                number((glyph.x + shift).round())
            );
        }
        self.body.push_str("</g>\n");
    }

    fn definitions(&self) -> String {
        let mut out = String::from("<defs>\n");
        for &(weight, id) in &self.glyphs {
            let mut outline = Outline(String::new());
            self.fonts.outline(weight, ttf_parser::GlyphId(id), &mut outline);
            let _ = writeln!(out, "<path id=\"{}\" d=\"{}\"/>", glyph_id(&self.prefix, weight, id), outline.0);
        }
        out.push_str("</defs>\n");
        out
    }
}

fn glyph_id(prefix: &str, weight: Weight, id: u16) -> String {
    let letter = if weight == Weight::SemiBold { 'b' } else { 'r' };
    format!("{prefix}-{letter}{id}")
}

fn path(points: &[Point]) -> String {
    let mut d = String::new();
    for (i, &[x, y]) in points.iter().enumerate() {
        let _ = write!(d, "{}{} {}", if i == 0 { "M" } else { "L" }, number(x), number(y));
    }
    d
}

/// Two decimals, without zeros at the end.
fn number(x: f64) -> String {
    let text = format!("{x:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

/// Text as content or attribute of XML or HTML.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\t' | '\n' => out.push(c),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

/// A name as it may stand in an id or a file name.
pub(crate) fn slug(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        match c {
            c if c.is_ascii_alphanumeric() => out.push(c.to_ascii_lowercase()),
            _ if !out.is_empty() && !out.ends_with('-') => out.push('-'),
            _ => {}
        }
    }
    let out = out.trim_end_matches('-');
    if out.is_empty() { "figure".to_owned() } else { out.to_owned() }
}

/// Finds out whether a glyph has an outline.
struct Blank(bool);

impl OutlineBuilder for Blank {
    fn move_to(&mut self, _: f32, _: f32) {
        self.0 = false;
    }
    fn line_to(&mut self, _: f32, _: f32) {}
    fn quad_to(&mut self, _: f32, _: f32, _: f32, _: f32) {}
    fn curve_to(&mut self, _: f32, _: f32, _: f32, _: f32, _: f32, _: f32) {}
    fn close(&mut self) {}
}

/// Path data with y downwards.
struct Outline(String);

impl Outline {
    fn command(&mut self, letter: char, coordinates: &[f32]) {
        self.0.push(letter);
        for (i, &c) in coordinates.iter().enumerate() {
            let value = f64::from(if i % 2 == 1 { -c } else { c });
            let text = number(value.round());
            if i > 0 && !text.starts_with('-') {
                self.0.push(' ');
            }
            self.0.push_str(&text);
        }
    }
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.command('M', &[x, y]);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.command('L', &[x, y]);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.command('Q', &[x1, y1, x, y]);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.command('C', &[x1, y1, x2, y2, x, y]);
    }
    fn close(&mut self) {
        self.0.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_what_xml_reserves_and_forbids() {
        assert_eq!(
            escape("<a href=\"x\">'&'\u{0}</a>"),
            "&lt;a href=&quot;x&quot;&gt;&#39;&amp;&#39;\u{fffd}&lt;/a&gt;"
        );
    }

    #[test]
    fn slugs_are_safe_names() {
        assert_eq!(slug("../Träin loss (λ)"), "tr-in-loss");
        assert_eq!(slug("日本"), "figure");
    }
}
