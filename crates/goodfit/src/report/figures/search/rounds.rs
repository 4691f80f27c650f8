//! The ranges that the rounds of the sampler `narrow` drew from.

use super::course::{Course, series};
use super::fields::labels;
use super::history::line;
use crate::figure::{Axis, Boxes, Colour, Dash, Figure, Key, Marker, Panel, Shape};
use crate::report::figures::curves::columns;

pub(super) fn rounds(course: &Course<'_>) -> Option<Figure> {
    let rounds = &course.results.search.as_ref()?.rounds;
    if rounds.is_empty() || course.fields.is_empty() {
        return None;
    }
    let n = rounds.len();
    let names: Vec<String> = (1..=n).rev().map(|number| format!("round {number}")).collect();
    let y = Axis::named("", names);
    let panels: Vec<Panel> = course
        .fields
        .iter()
        .zip(labels(&course.fields))
        .map(|(field, label)| {
            let mut boxes = Boxes { opacity: 0.85, ..Boxes::default() };
            for (number, round) in rounds.iter().enumerate() {
                let Some(range) = round.ranges.get(field.index) else { continue };
                for stretch in field.left(range) {
                    let middle = (n - 1 - number) as f64;
                    let [low, high] = stretch;
                    // Neighbouring choices stay two boxes.
                    boxes.x.push(if field.has_choices() { [low + 0.08, high - 0.08] } else { stretch });
                    boxes.y.push([middle - 0.3, middle + 0.3]);
                    boxes.labels.push(format!("round {}, from trial {}: {}", number + 1, round.first, range.reason));
                }
            }
            let mut all = vec![series(0, Shape::Boxes(boxes))];
            for at in field.range.into_iter().flatten() {
                all.push(line(1, [at, y.range[0]], [at, y.range[1]]));
            }
            let mut x = field.axis.clone();
            // Rounds may widen beyond the range of the recipe.
            let kept =
                rounds.iter().filter_map(|round| round.ranges.get(field.index)).flat_map(|range| field.left(range));
            for place in kept.flatten().filter(|place| place.is_finite() && !field.has_choices()) {
                x.range = [x.range[0].min(place), x.range[1].max(place)];
            }
            x.label = label;
            Panel { title: String::new(), note: String::new(), x, y: y.clone(), series: all }
        })
        .collect();
    let key = |label: &str, colour, dash| Key {
        label: label.to_owned(),
        colour: Colour::Slot(colour),
        dash,
        marker: Marker::Circle,
    };
    Some(Figure {
        name: "rounds".to_owned(),
        title: "Ranges of the rounds".to_owned(),
        caption: format!(
            "{} Each round of the sampler narrow draws from what the trials before it left; the table of rounds says why.",
            course.caption()
        ),
        columns: columns(panels.len()).min(4),
        legend: vec![key("range of the round", 0, Dash::Solid), key("edge of the recipe’s range", 6, Dash::Dashed)],
        panels,
    })
}
