//! Pixels as a PNG file.

use std::collections::HashMap;
use std::io::Write;

use png::{BitDepth, ColorType, Encoder, Filter};
use tiny_skia::{Pixmap, PremultipliedColorU8};

/// Colours that a palette holds.
const MOST_COLOURS: usize = 256;

const IN_MEMORY: &str = "as many bytes as there are pixels are written to memory";

/// A drawing that covers its whole area, so that no pixel lets anything through.
///
/// It has few colours and many equal rows: a byte a pixel, with the difference from the row above, is compressed faster and to
/// less than four bytes a pixel with a filter chosen row by row. With more colours than a palette holds there are three bytes
/// a pixel.
pub(super) fn encode(pixmap: &Pixmap) -> Vec<u8> {
    let mut out = Vec::new();
    let mut encoder = Encoder::new(&mut out, pixmap.width(), pixmap.height());
    encoder.set_depth(BitDepth::Eight);
    encoder.set_filter(Filter::Up);
    let palette_and_places = indexed(pixmap.pixels());
    if let Some((palette, _)) = &palette_and_places {
        encoder.set_color(ColorType::Indexed);
        encoder.set_palette(palette);
    } else {
        encoder.set_color(ColorType::Rgb);
    }
    let mut writer = encoder.write_header().expect(IN_MEMORY);
    // Row by row: another copy of the picture would be the most memory that a search ever has.
    let mut stream = writer.stream_writer().expect(IN_MEMORY);
    if let Some((_, places)) = &palette_and_places {
        stream.write_all(places).expect(IN_MEMORY);
    } else {
        for row in pixmap.pixels().chunks(pixmap.width() as usize) {
            let row: Vec<u8> = row.iter().copied().flat_map(rgb).collect();
            stream.write_all(&row).expect(IN_MEMORY);
        }
    }
    stream.finish().expect(IN_MEMORY);
    drop(writer);
    out
}

/// The colours in the order of their first appearance, and the place of each pixel's among them; `None` where they are too
/// many.
fn indexed(pixels: &[PremultipliedColorU8]) -> Option<(Vec<u8>, Vec<u8>)> {
    let mut known: HashMap<[u8; 3], u8> = HashMap::new();
    let (mut palette, mut places) = (Vec::new(), Vec::with_capacity(pixels.len()));
    let mut last: Option<(PremultipliedColorU8, u8)> = None;
    for &pixel in pixels {
        let place = match last {
            Some((same, place)) if same == pixel => place,
            _ => {
                let n = known.len();
                let place = *known.entry(rgb(pixel)).or_insert(n as u8);
                if known.len() > n {
                    if n == MOST_COLOURS {
                        return None;
                    }
                    palette.extend(rgb(pixel));
                }
                last = Some((pixel, place));
                place
            }
        };
        places.push(place);
    }
    Some((palette, places))
}

fn rgb(pixel: PremultipliedColorU8) -> [u8; 3] {
    [pixel.red(), pixel.green(), pixel.blue()]
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use tiny_skia::{Color, FillRule, Paint, PathBuilder, Transform};

    use super::*;

    /// A white area with a circle, and so many colours.
    fn drawing(colours: u32) -> Pixmap {
        let mut pixmap = Pixmap::new(64, 48).expect("a size");
        pixmap.fill(Color::WHITE);
        let circle = PathBuilder::from_circle(20.0, 20.0, 15.0).expect("a circle");
        pixmap.fill_path(&circle, &Paint::default(), FillRule::Winding, Transform::identity(), None);
        for (i, pixel) in pixmap.pixels_mut().iter_mut().rev().enumerate().take(colours as usize) {
            *pixel = PremultipliedColorU8::from_rgba(i as u8, (i >> 8) as u8, 77, 255).expect("a colour");
        }
        pixmap
    }

    #[test]
    fn every_pixel_comes_back() {
        for (colours, kind) in [(0, ColorType::Indexed), (150, ColorType::Indexed), (600, ColorType::Rgb)] {
            let pixmap = drawing(colours);
            let bytes = encode(&pixmap);
            let mut decoder = png::Decoder::new(Cursor::new(&bytes));
            decoder.set_transformations(png::Transformations::EXPAND);
            let mut reader = decoder.read_info().expect("a header");
            assert_eq!(reader.info().color_type, kind);
            let mut found = vec![0; reader.output_buffer_size().expect("a size")];
            reader.next_frame(&mut found).expect("pixels");
            let expected: Vec<u8> = pixmap.pixels().iter().copied().flat_map(rgb).collect();
            assert!(found == expected, "{colours} colours");
            assert!(pixmap.pixels().iter().all(|pixel| pixel.alpha() == 255), "nothing shows through");
            assert!(bytes == encode(&pixmap), "the same bytes each time");
        }
    }

    #[test]
    fn a_palette_holds_as_many_colours_as_a_byte() {
        let pixels = |n: u32| -> Vec<PremultipliedColorU8> {
            let colour = |i| PremultipliedColorU8::from_rgba(i as u8, (i >> 8) as u8, 0, 255).expect("a colour");
            (0..n).chain(0..n).map(colour).collect()
        };
        let (palette, places) = indexed(&pixels(256)).expect("a palette");
        assert_eq!((palette.len(), places.len(), places[255], places[511]), (768, 512, 255, 255));
        assert!(indexed(&pixels(257)).is_none());
    }
}
