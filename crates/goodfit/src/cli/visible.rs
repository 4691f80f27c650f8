//! Names and texts of somebody else's on a terminal.

use std::borrow::Cow;
use std::fmt::Write as _;

/// A text on one line, in which what a terminal would act on is written as JSON writes it: control characters, with which
/// sequences begin that colour, move and ask, and those that turn the direction of letters. All others stay as they are.
///
/// What is printed passes through it: a line of a message as a whole, and of what goes to stdout each line; a name goes
/// through it where it enters a text of several lines, too, since there it may hold the end of one.
pub(super) fn visible(text: &str) -> Cow<'_, str> {
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut out = String::new();
    for c in text.chars() {
        match c {
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if acts(c) => {
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    Cow::Owned(out)
}

/// The same of a text of several lines, which may be indented by tabs.
pub(super) fn visible_lines(text: &str) -> Cow<'_, str> {
    let is_layout = |c: char| matches!(c, '\n' | '\t');
    if !text.contains(|c: char| acts(c) && !is_layout(c)) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.split_inclusive(is_layout).fold(String::new(), |mut out, part| {
        let end = part.chars().next_back().filter(|c| is_layout(*c));
        out += &visible(end.map_or(part, |end| &part[..part.len() - end.len_utf8()]));
        out.extend(end);
        out
    }))
}

/// Whether a terminal does something else with a character than to show it.
fn acts(c: char) -> bool {
    let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    c.is_control() || turns || matches!(c, '\u{2028}' | '\u{2029}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_acts_is_written_out() {
        assert_eq!(
            visible("\u{1b}[31mred\n\u{9b}0m\r\t\u{202e}\u{7f}"),
            "\\u001b[31mred\\n\\u009b0m\\r\\t\\u202e\\u007f"
        );
        for plain in ["", "a b", "体重 (kg)", "é", "\\n"] {
            assert!(matches!(visible(plain), Cow::Borrowed(same) if same == plain), "{plain}");
        }
    }

    #[test]
    fn lines_and_tabs_stay() {
        assert_eq!(visible_lines("a\u{7}\n\tb\u{1b}c\n\n"), "a\\u0007\n\tb\\u001bc\n\n");
        assert!(matches!(visible_lines("a\n\tb\n"), Cow::Borrowed(_)));
        // JSON says the same with it.
        let json = serde_json::to_string("\u{9b}\u{1b}\n").expect("JSON");
        assert_eq!(serde_json::from_str::<String>(&visible_lines(&json)).expect("JSON"), "\u{9b}\u{1b}\n");
    }
}
