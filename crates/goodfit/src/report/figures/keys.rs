//! Which colour and dash pattern stands for what.

use crate::figure::{Colour, Dash, Key, Marker};

/// Keys for a list of labels: colours with dash patterns while they last, then a ramp in the given order.
pub(super) fn keys(labels: &[String]) -> Vec<Key> {
    let n = labels.len();
    let key = |(i, label): (usize, &String)| {
        if n <= Colour::SLOTS {
            Key::nth(i, label)
        } else {
            let colour = Colour::Ramp(i as f64 / (n - 1) as f64);
            Key { label: label.clone(), colour, dash: Dash::Solid, marker: Marker::nth(i) }
        }
    };
    labels.iter().enumerate().map(key).collect()
}

/// Keys for pairs: the colour says the first, the dash pattern the second. The second varies fastest.
pub(super) fn pairs(firsts: &[String], seconds: &[String]) -> Vec<Key> {
    let colours = keys(firsts);
    let mut out = Vec::new();
    for colour in &colours {
        for (j, second) in seconds.iter().enumerate() {
            let label = format!("{}, {second}", colour.label);
            out.push(Key { label, colour: colour.colour, dash: Dash::nth(j), marker: Marker::nth(j) });
        }
    }
    out
}

/// The distinct texts of a list in the order of their first appearance.
pub(super) fn distinct(texts: impl IntoIterator<Item = String>) -> Vec<String> {
    let mut out: Vec<String> = Vec::new();
    let mut seen = std::collections::HashSet::new();
    for text in texts {
        if seen.insert(text.clone()) {
            out.push(text);
        }
    }
    out
}
