//! All fields at once: a line for each trial across parallel axes.

use super::course::{Course, is_finished, jitter, series};
use super::fields::{Field, labels};
use crate::figure::{Axis, Colour, ColourScale, Dash, Figure, Key, Marker, Panel, Shape, Strands};
use crate::report::label;
use crate::results::Trial;

/// The best trials are all drawn ..
const BEST: usize = 60;
/// .. and of the others so many that the lines can still be told apart.
const MOST: usize = 300;

pub(super) fn parallel(course: &Course<'_>) -> Option<Figure> {
    let finished: Vec<&Trial> = course.results.trials.iter().filter(|trial| is_finished(trial)).collect();
    if finished.len() < 2 || course.fields.len() < 2 {
        return None;
    }
    let (best, others) = finished.split_at(finished.len().min(BEST));
    let every = others.len().div_ceil(MOST - BEST).max(1);
    let mut drawn: Vec<&Trial> = best.iter().chain(others.iter().step_by(every)).copied().collect();
    // The best last, over the others.
    drawn.reverse();
    let columns = 1..=course.value_column();
    let lines: Vec<Vec<f64>> =
        drawn.iter().map(|trial| columns.clone().map(|column| place(course, column, trial)).collect()).collect();
    let mut axes: Vec<Axis> = columns.map(|column| course.axis(column)).collect();
    for (axis, label) in axes.iter_mut().zip(labels(&course.fields)) {
        axis.label = label;
    }
    if let Some(value) = axes.last_mut() {
        value.unit.clear();
    }
    // A few bad trials would leave one colour to all others.
    let worst = finished[(finished.len() - 1) * 9 / 10].value;
    let lacks = lines.iter().flatten().any(|place| place.is_nan());
    let metric = label::metric(&course.results.primary_metric);
    let scale = ColourScale::new(&metric, course.value.scale, [worst, finished[0].value]);
    let shown = if drawn.len() < finished.len() {
        format!("in the still picture the best {BEST} and one in {every} of the others")
    } else {
        "all complete trials".to_owned()
    };
    Some(Figure {
        name: "parallel".to_owned(),
        title: "All fields at once".to_owned(),
        caption: format!(
            "{} A line for each trial, coloured by its {metric} (the worst tenth shares the darkest colour): {shown}.{}",
            course.caption(),
            if lacks { " A line that ends below an axis is of a trial that has no such field." } else { "" }
        ),
        columns: 1,
        legend: vec![Key { label: String::new(), colour: Colour::Slot(0), dash: Dash::Solid, marker: Marker::Circle }],
        panels: vec![Panel {
            title: String::new(),
            note: String::new(),
            x: Axis::linear("", "", [0.0, 0.0]),
            y: Axis::linear("", "", [0.0, 0.0]),
            series: vec![series(0, Shape::Strands(Strands { axes, lines, scale }))],
        }],
    })
}

/// Choices a little apart, so that the colours of many lines through one place can be seen.
fn place(course: &Course<'_>, column: usize, trial: &Trial) -> f64 {
    let at = course.at(column, trial);
    let has_choices = course.fields.get(column - 1).is_some_and(Field::has_choices);
    if has_choices { at + 0.5 * jitter(trial.trial, column) } else { at }
}
