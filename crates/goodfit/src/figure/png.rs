//! A drawing as a PNG file.

use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Mask, Paint, PathBuilder, Pixmap, Shader, Stroke, StrokeDash, Transform,
};
use ttf_parser::OutlineBuilder;

use super::encode::encode;
use super::font::Fonts;
use super::palette::{Marker, Rgb};
use super::scene::{Anchor, Item, Point, Scene, Text, Turn};

/// Fills pixels and encodes them.
pub(super) fn render(scene: &Scene, scale: f32) -> Vec<u8> {
    let pixels = |length: f64| ((length * f64::from(scale)).ceil() as u32).max(1);
    let mut pixmap = Pixmap::new(pixels(scene.width), pixels(scene.height)).expect("a drawing has a size");
    pixmap.fill(Color::WHITE);
    let mut canvas = Canvas { pixmap, fonts: Fonts::new(), base: Transform::from_scale(scale, scale), mask: None };
    canvas.items(&scene.items);
    encode(&canvas.pixmap)
}

struct Canvas {
    pixmap: Pixmap,
    fonts: Fonts,
    base: Transform,
    mask: Option<Mask>,
}

impl Canvas {
    fn items(&mut self, items: &[Item]) {
        for item in items {
            self.item(item);
        }
    }

    fn item(&mut self, item: &Item) {
        match item {
            Item::Line { points, ink, width, opacity, dash } => {
                let mut builder = PathBuilder::new();
                polyline(&mut builder, points);
                let stroke = Stroke {
                    width: *width as f32,
                    line_join: LineJoin::Round,
                    dash: StrokeDash::new(dash.to_vec(), 0.0),
                    ..Stroke::default()
                };
                self.stroke(builder, *ink, *opacity, &stroke);
            }
            Item::Rules { lines, ink, width } => {
                let mut builder = PathBuilder::new();
                for line in lines {
                    polyline(&mut builder, line);
                }
                self.stroke(builder, *ink, 1.0, &Stroke { width: *width as f32, ..Stroke::default() });
            }
            Item::Area { points, ink, opacity } => {
                let mut builder = PathBuilder::new();
                polyline(&mut builder, points);
                builder.close();
                self.fill(builder, *ink, *opacity, self.base);
            }
            Item::Bars { bars, ink } => {
                let mut builder = PathBuilder::new();
                for bar in bars {
                    polyline(
                        &mut builder,
                        &[[bar.left, bar.top], [bar.right, bar.top], [bar.right, bar.bottom], [bar.left, bar.bottom]],
                    );
                    builder.close();
                }
                self.fill(builder, *ink, 1.0, self.base);
            }
            Item::Dots { points, ink, radius, opacity, marker } => self.dots(points, *ink, *radius, *opacity, *marker),
            Item::Text(text) => self.text(text),
            Item::Clip(rect, items) => {
                let mut builder = PathBuilder::new();
                polyline(
                    &mut builder,
                    &[
                        [rect.left, rect.top],
                        [rect.right, rect.top],
                        [rect.right, rect.bottom],
                        [rect.left, rect.bottom],
                    ],
                );
                builder.close();
                let mut mask = Mask::new(self.pixmap.width(), self.pixmap.height());
                if let (Some(mask), Some(path)) = (&mut mask, builder.finish()) {
                    mask.fill_path(&path, FillRule::Winding, true, self.base);
                }
                self.mask = mask;
                self.items(items);
                self.mask = None;
            }
        }
    }

    fn dots(&mut self, points: &[Point], ink: Rgb, radius: f64, opacity: f64, marker: Marker) {
        let r = radius;
        let mut builder = PathBuilder::new();
        for &[x, y] in points {
            match marker {
                Marker::Circle => builder.push_circle(x as f32, y as f32, r as f32),
                Marker::Diamond => polyline(&mut builder, &[[x, y - r], [x + r, y], [x, y + r], [x - r, y]]),
                Marker::Triangle => {
                    polyline(&mut builder, &[[x, y - 1.2 * r], [x + r, y + 0.8 * r], [x - r, y + 0.8 * r]]);
                }
                Marker::Cross => {
                    polyline(&mut builder, &[[x - r, y - r], [x + r, y + r]]);
                    polyline(&mut builder, &[[x + r, y - r], [x - r, y + r]]);
                }
            }
            if matches!(marker, Marker::Diamond | Marker::Triangle) {
                builder.close();
            }
        }
        if marker == Marker::Cross {
            self.stroke(builder, ink, opacity, &Stroke { width: 1.6, line_cap: LineCap::Butt, ..Stroke::default() });
        } else {
            self.fill(builder, ink, opacity, self.base);
        }
    }

    fn text(&mut self, text: &Text) {
        let scale = self.fonts.scale(text.weight, text.size) as f32;
        let (glyphs, width) = self.fonts.layout(text.weight, &text.line);
        let shift = match text.anchor {
            Anchor::Start => 0.0,
            Anchor::Middle => -width / 2.0,
            Anchor::End => -width,
        };
        let mut outline = Outline { builder: PathBuilder::new(), x: 0.0 };
        for glyph in glyphs {
            outline.x = (glyph.x + shift) as f32;
            self.fonts.outline(text.weight, glyph.id, &mut outline);
        }
        let turned = match text.turn {
            Turn::None => Transform::identity(),
            Turn::Upwards => Transform::from_rotate(-90.0),
        };
        let place = Transform::from_scale(scale, -scale)
            .post_concat(turned)
            .post_translate(text.at[0] as f32, text.at[1] as f32)
            .post_concat(self.base);
        self.fill(outline.builder, text.ink, 1.0, place);
    }

    fn fill(&mut self, builder: PathBuilder, ink: Rgb, opacity: f64, transform: Transform) {
        if let Some(path) = builder.finish() {
            self.pixmap.fill_path(&path, &paint(ink, opacity), FillRule::Winding, transform, self.mask.as_ref());
        }
    }

    fn stroke(&mut self, builder: PathBuilder, ink: Rgb, opacity: f64, stroke: &Stroke) {
        if let Some(path) = builder.finish() {
            self.pixmap.stroke_path(&path, &paint(ink, opacity), stroke, self.base, self.mask.as_ref());
        }
    }
}

fn paint([r, g, b]: Rgb, opacity: f64) -> Paint<'static> {
    let alpha = (opacity.clamp(0.0, 1.0) * 255.0).round() as u8;
    Paint { shader: Shader::SolidColor(Color::from_rgba8(r, g, b, alpha)), anti_alias: true, ..Paint::default() }
}

fn polyline(builder: &mut PathBuilder, points: &[Point]) {
    for (i, &[x, y]) in points.iter().enumerate() {
        if i == 0 {
            builder.move_to(x as f32, y as f32);
        } else {
            builder.line_to(x as f32, y as f32);
        }
    }
}

/// A glyph moved to its place in the line.
struct Outline {
    builder: PathBuilder,
    x: f32,
}

impl OutlineBuilder for Outline {
    fn move_to(&mut self, x: f32, y: f32) {
        self.builder.move_to(x + self.x, y);
    }
    fn line_to(&mut self, x: f32, y: f32) {
        self.builder.line_to(x + self.x, y);
    }
    fn quad_to(&mut self, x1: f32, y1: f32, x: f32, y: f32) {
        self.builder.quad_to(x1 + self.x, y1, x + self.x, y);
    }
    fn curve_to(&mut self, x1: f32, y1: f32, x2: f32, y2: f32, x: f32, y: f32) {
        self.builder.cubic_to(x1 + self.x, y1, x2 + self.x, y2, x + self.x, y);
    }
    fn close(&mut self) {
        self.builder.close();
    }
}
