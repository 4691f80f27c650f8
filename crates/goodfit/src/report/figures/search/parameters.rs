//! The value against each field that was varied.

use super::course::{Course, series};
use super::fields::{Field, labels};
use super::history::line;
use crate::figure::{Boxes, Colour, Dash, Figure, Key, Marker, Panel, Series, Shape, short_number};
use crate::report::figures::curves::columns;
use crate::report::label;

pub(super) fn parameters(course: &Course<'_>) -> Option<Figure> {
    let (results, value) = (course.results, course.value_column());
    let trials = course.legend();
    let rounds = results.search.as_ref().map(|search| &search.rounds[..]).unwrap_or_default();
    let has_edges = course.fields.iter().any(|field| field.range.is_some());
    let key = |label: &str, dash, marker| Key { label: label.to_owned(), colour: Colour::Slot(6), dash, marker };
    let mut legend = trials.clone();
    let edge = legend.len();
    legend.push(key(if has_edges { "edge of the range" } else { "" }, Dash::Dashed, Marker::Circle));
    let band = legend.len();
    legend.push(key(if rounds.len() > 1 { "ranges of later rounds" } else { "" }, Dash::Solid, Marker::Circle));
    let panels: Vec<Panel> = course
        .fields
        .iter()
        .zip(labels(&course.fields))
        .enumerate()
        .map(|(index, (field, label))| {
            let mut shapes: Vec<Series> = bands(course, field, band).into_iter().collect();
            let [bottom, top] = course.value.range;
            for at in field.range.into_iter().flatten() {
                shapes.push(line(edge, [at, bottom], [at, top]));
            }
            shapes.extend(course.clouds([index + 1, value], usize::MAX));
            let mut x = field.axis.clone();
            x.label = label;
            Panel { title: String::new(), note: String::new(), x, y: course.value.clone(), series: shapes }
        })
        .collect();
    if panels.is_empty() {
        return None;
    }
    let mut caption = course.caption();
    if course.fields.iter().any(Field::has_choices) {
        caption += " Trials of one choice are spread sideways.";
    }
    if rounds.len() > 1 {
        caption += " Grey: what later rounds of the sampler narrow drew from, darker where more rounds lie.";
    }
    Some(Figure {
        name: "parameters".to_owned(),
        title: label::capitalised(&format!("{} by sampled value", label::metric(&results.primary_metric))),
        caption,
        columns: columns(panels.len()).min(4),
        legend,
        panels,
    })
}

/// What the rounds after the first left of a field.
fn bands(course: &Course<'_>, field: &Field, key: usize) -> Option<Series> {
    let rounds = &course.results.search.as_ref()?.rounds;
    let mut out = Boxes { opacity: (0.5 / rounds.len() as f64).clamp(0.03, 0.16), ..Boxes::default() };
    for (number, round) in rounds.iter().enumerate().skip(1) {
        let Some(range) = round.ranges.get(field.index) else { continue };
        for [low, high] in field.left(range) {
            out.x.push([low, high]);
            out.y.push(course.value.range);
            let span = if field.has_choices() {
                range.choices.iter().map(label::value).collect::<Vec<_>>().join(", ")
            } else {
                format!("{} to {}", short_number(low), short_number(high))
            };
            out.labels.push(format!("round {}: {span}; {}", number + 1, range.reason));
        }
    }
    (!out.x.is_empty()).then(|| series(key, Shape::Boxes(out)))
}
