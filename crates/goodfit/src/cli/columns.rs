//! Columns of text for people.

use std::borrow::Cow;

use console::{Alignment, measure_text_width, pad_str};

use super::visible::visible;

/// On which side of its column a cell stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Rows as columns of the same width, cells made visible, without blanks at the ends of lines.
pub(super) fn aligned(rows: &[Vec<String>], sides: &[Side]) -> String {
    let rows: Vec<Vec<Cow<'_, str>>> = rows.iter().map(|row| row.iter().map(|cell| visible(cell)).collect()).collect();
    let width = |column: usize| rows.iter().map(|row| measure_text_width(&row[column])).max().unwrap_or(0);
    let widths: Vec<usize> = (0..sides.len()).map(width).collect();
    let mut out = String::new();
    for row in &rows {
        let mut line = String::new();
        for ((cell, side), &width) in row.iter().zip(sides).zip(&widths) {
            let alignment = match side {
                Side::Left => Alignment::Left,
                Side::Right => Alignment::Right,
            };
            line += &pad_str(cell, width, alignment, None);
            line += "  ";
        }
        out += line.trim_end();
        out.push('\n');
    }
    out
}
