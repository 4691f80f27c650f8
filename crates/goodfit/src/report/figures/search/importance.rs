//! How much of the difference between trials each field explains.

use super::course::{Course, series};
use crate::figure::{Axis, Boxes, Colour, Dash, Figure, Key, Marker, Panel, Shape};
use crate::report::label;

/// Bars that can be read.
const MOST: usize = 24;

pub(super) fn importance(course: &Course<'_>) -> Option<Figure> {
    let search = course.results.search.as_ref()?;
    let name = |path: &str| {
        let field = course.fields.iter().find(|field| field.path == path);
        field.map_or_else(|| label::field(path), |field| field.label.clone())
    };
    let mut shares: Vec<(String, f64)> = search
        .importance
        .iter()
        .filter(|entry| entry.share.is_finite())
        .map(|entry| (name(&entry.path), entry.share))
        .collect();
    shares.sort_by(|a, b| b.1.total_cmp(&a.1));
    let left_out = shares.len().saturating_sub(MOST);
    shares.truncate(MOST);
    let most = shares.first()?.1;
    let n = shares.len();
    let mut boxes = Boxes { opacity: 1.0, ..Boxes::default() };
    // The first at the top.
    for (rank, (name, share)) in shares.iter().enumerate() {
        let middle = (n - 1 - rank) as f64;
        boxes.x.push([0.0, *share]);
        boxes.y.push([middle - 0.34, middle + 0.34]);
        boxes.labels.push(format!("{name}: {}", label::number(*share)));
    }
    let names = shares.iter().rev().map(|(name, _)| name.clone()).collect();
    let more = if left_out > 0 { format!(" {left_out} further fields have smaller shares.") } else { String::new() };
    Some(Figure {
        name: "importance".to_owned(),
        title: format!("What explains the differences in {}", label::metric(&course.results.primary_metric)),
        caption: format!(
            "{} Share of what the fields explain of the differences between complete trials, over the ranges that were \
             searched; the shares of all fields add up to 1.{more}",
            course.caption()
        ),
        columns: 1,
        legend: vec![Key { label: String::new(), colour: Colour::Slot(0), dash: Dash::Solid, marker: Marker::Circle }],
        panels: vec![Panel {
            title: String::new(),
            note: String::new(),
            x: Axis::linear("importance", "share of the explained variance", [0.0, (1.05 * most).clamp(0.05, 1.0)]),
            y: Axis::named("", names),
            series: vec![series(0, Shape::Boxes(boxes))],
        }],
    })
}
