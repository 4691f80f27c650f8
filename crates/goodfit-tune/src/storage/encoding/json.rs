//! JSON as Python writes it, where NaN and the infinities are words of their own.

use serde_json::Value as Json;

/// Stands before such a word when it has become a text. Unicode keeps this character for a program's own use.
const MARK: char = '\u{fdd0}';

const WORDS: [&str; 3] = ["NaN", "Infinity", "-Infinity"];

/// An attribute. The words become texts, and what is no JSON at all is taken as a text itself: an attribute of
/// another tool is no reason to refuse its study.
pub(in crate::storage) fn attribute(text: &str) -> Json {
    match parse(text) {
        Some(value) => without_marks(value),
        None => Json::String(text.to_owned()),
    }
}

/// JSON whose words are texts, for [`word`] to find; `None` when it is no JSON.
pub(super) fn parse(text: &str) -> Option<Json> {
    serde_json::from_str(text).or_else(|_| serde_json::from_str(&marked(text))).ok()
}

/// The number that a word stands for.
pub(super) fn word(text: &str) -> Option<f64> {
    text.strip_prefix(MARK)?.parse().ok()
}

fn marked(text: &str) -> String {
    let mut marked = String::with_capacity(text.len() + 16);
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match WORDS.iter().find(|word| rest.starts_with(**word)) {
            Some(word) => {
                marked.extend(['"', MARK]);
                marked.push_str(word);
                marked.push('"');
                word.len()
            }
            None if first == '"' => {
                let length = quoted(rest);
                marked.push_str(&rest[..length]);
                length
            }
            None => {
                marked.push(first);
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
    marked
}

/// The length of the text in quotes that this begins with.
fn quoted(text: &str) -> usize {
    let mut is_escaped = false;
    for (i, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return i + 1,
            _ => {}
        }
    }
    text.len()
}

fn without_marks(value: Json) -> Json {
    match value {
        Json::String(text) => Json::String(text.strip_prefix(MARK).map(str::to_owned).unwrap_or(text)),
        Json::Array(items) => items.into_iter().map(without_marks).collect(),
        Json::Object(items) => items.into_iter().map(|(key, value)| (key, without_marks(value))).collect(),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn words_of_python() {
        for (text, expected) in [
            (r#"{"a": [1, "NaN", "\"Infinity\\"]}"#, json!({"a": [1, "NaN", "\"Infinity\\"]})),
            ("NaN", json!("NaN")),
            (r#"[-Infinity, Infinity, "é\" NaN", NaN, 0.1]"#, json!(["-Infinity", "Infinity", "é\" NaN", "NaN", 0.1])),
            ("not JSON: NaN", json!("not JSON: NaN")),
            ("\"open", json!("\"open")),
            ("", json!("")),
        ] {
            assert_eq!(attribute(text), expected, "{text}");
        }
        let Some(Json::Array(items)) = parse("[NaN, -Infinity, \"NaN\"]") else { panic!("a list") };
        let words: Vec<Option<f64>> = items.iter().map(|item| item.as_str().and_then(word)).collect();
        assert!(words[0].is_some_and(f64::is_nan));
        assert_eq!(words[1..], [Some(f64::NEG_INFINITY), None]);
    }
}
