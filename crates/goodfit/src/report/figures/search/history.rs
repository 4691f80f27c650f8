//! The course of a search: the value of each trial, the best so far, and the winner trained again.

use std::fmt::Write as _;

use super::course::{Course, is_finished, series};
use crate::figure::{Colour, Dash, Figure, Key, Marker, Series, Shape};
use crate::report::label;
use crate::results::Trial;

pub(super) fn history(course: &Course<'_>) -> Figure {
    let results = course.results;
    let column = course.value_column();
    let mut legend = course.legend();
    let mut panel = crate::figure::Panel {
        title: String::new(),
        note: String::new(),
        x: course.axis(0),
        y: course.value.clone(),
        series: course.clouds([0, column], usize::MAX),
    };
    let mut add = |label: String, colour, marker, shapes: Vec<Shape>| {
        let key = legend.len();
        legend.push(Key { label, colour: Colour::Slot(colour), dash: Dash::Solid, marker });
        panel.series.extend(shapes.into_iter().map(|shape| series(key, shape)));
    };
    if let Some(steps) = best_so_far(course) {
        add("best so far".to_owned(), 6, Marker::Circle, vec![steps]);
    }
    let mut caption = course.caption();
    if let Some((shapes, words)) = retrained(course) {
        add(words, 2, Marker::Triangle, shapes);
        let seeds = &results.search.as_ref().and_then(|search| search.winner.as_ref()).map(|winner| &winner.seeds[..]);
        let _ = write!(
            caption,
            " Triangle: the mean of the winner trained again on {}, with its 95 % interval over seeds, \
             beside its value in the search.",
            label::count(seeds.unwrap_or_default().len(), "further seed", "further seeds")
        );
    }
    Figure {
        name: "history".to_owned(),
        title: label::capitalised(&format!("{} of each trial", label::metric(&results.primary_metric))),
        caption,
        columns: 1,
        legend,
        panels: vec![panel],
    }
}

/// Right, then up: the best so far, between the trials that improved on it.
fn best_so_far(course: &Course<'_>) -> Option<Shape> {
    let mut in_turn: Vec<&Trial> = course.results.trials.iter().collect();
    in_turn.sort_by_key(|trial| trial.trial);
    let (mut x, mut y): (Vec<f64>, Vec<f64>) = (Vec::new(), Vec::new());
    for trial in in_turn.iter().filter(|trial| is_finished(trial)) {
        let best = y.last().copied();
        if best.is_some_and(|best| !label::better(&course.results.primary_metric, trial.value, best)) {
            continue;
        }
        if let Some(best) = best {
            x.push(trial.trial as f64);
            y.push(best);
        }
        x.push(trial.trial as f64);
        y.push(trial.value);
    }
    x.push(in_turn.last()?.trial as f64);
    y.push(*y.last()?);
    Some(Shape::Line { x, y, band: None, cross: None, thin: false })
}

/// The winner's mean over further seeds with its interval, a little beside the trial, and what a legend calls it.
fn retrained(course: &Course<'_>) -> Option<(Vec<Shape>, String)> {
    let winner = course.results.search.as_ref()?.winner.as_ref()?;
    let score = winner.score.filter(|score| score.mean.is_finite())?;
    let [start, end] = course.axis(0).range;
    let beside = winner.trial as f64 + 0.012 * (end - start);
    let mut shapes = Vec::new();
    if winner.ci95.iter().all(|x| x.is_finite()) {
        let (x, y) = (vec![beside; 2], winner.ci95.to_vec());
        shapes.push(Shape::Line { x, y, band: None, cross: None, thin: false });
    }
    let words = format!("trial {} trained again, {}", winner.trial, label::count(score.n, "seed", "seeds"));
    let text = format!(
        "trial {} trained again: {} ({}), {} in the search",
        winner.trial,
        label::mean_sd(score.mean, score.sd),
        label::count(score.n, "seed", "seeds"),
        label::number(winner.searched)
    );
    // First, so that the legend shows its marker.
    shapes.insert(0, Shape::Points { x: vec![beside], y: vec![score.mean], labels: vec![text] });
    Some((shapes, words))
}

/// A straight line over a panel, from one point to another.
pub(super) fn line(key: usize, from: [f64; 2], to: [f64; 2]) -> Series {
    let (x, y) = (vec![from[0], to[0]], vec![from[1], to[1]]);
    series(key, Shape::Line { x, y, band: None, cross: None, thin: true })
}
