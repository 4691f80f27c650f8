//! The value over the two most important fields.

use super::course::{Course, is_finished, series};
use super::fields::by_importance;
use super::surface::{bandwidth, surface};
use crate::figure::{Colour, Dash, Figure, Key, Marker, Panel, Scale, Shape};
use crate::report::label;

/// Points of a kind that leave the ground in sight.
const MOST_POINTS: usize = 300;

pub(super) fn contour(course: &Course<'_>) -> Option<Figure> {
    let [first, second] = by_importance(course.results, &course.fields).get(..2)?.try_into().ok()?;
    let columns = [first + 1, second + 1];
    let (surface, n) = surface(course, columns);
    if n < 3 || surface.values.iter().all(|value| value.is_nan()) {
        return None;
    }
    let mut legend = course.legend();
    for key in &mut legend {
        // On a coloured ground all points are dark; their form says what they are.
        key.colour = if key.marker == Marker::Diamond { Colour::Slot(1) } else { Colour::Slot(6) };
        key.label = key.label.replace(" (at the foot)", "");
    }
    let ground = legend.len();
    legend.push(Key { label: String::new(), colour: Colour::Slot(6), dash: Dash::Solid, marker: Marker::Circle });
    let mut all = vec![series(ground, Shape::Surface(surface))];
    all.extend(course.clouds(columns, MOST_POINTS));
    let known = course.results.search.as_ref().is_some_and(|search| !search.importance.is_empty());
    let which = if known { "the two most important fields" } else { "the first two fields" };
    let complete = course.results.trials.iter().filter(|trial| is_finished(trial)).count();
    let metric = label::metric(&course.results.primary_metric);
    Some(Figure {
        name: "contour".to_owned(),
        title: label::capitalised(&format!("{metric} over two fields")),
        caption: format!(
            "{} Shown: {which}. The ground is an interpolation, no measurement: at each place the {} of the complete \
             trials around it, weighted by a Gaussian of their distance (bandwidth {:.2} of an axis, {}{}), over whatever \
             the other fields were; blank where no trial is near.{}",
            course.caption(),
            if course.value.scale == Scale::Log { "mean (of logarithms)" } else { "mean value" },
            bandwidth(n),
            label::count(n, "trial", "trials"),
            if n < complete { " evenly taken by number" } else { "" },
            if complete > MOST_POINTS { " Points: all of the best, some of the others." } else { "" }
        ),
        columns: 1,
        legend,
        panels: vec![Panel {
            title: String::new(),
            note: String::new(),
            x: course.axis(columns[0]),
            y: course.axis(columns[1]),
            series: all,
        }],
    })
}
