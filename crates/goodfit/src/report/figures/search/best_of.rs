//! The expected best of n trials.

use super::course::{Course, series};
use crate::figure::{Band, Colour, Dash, Figure, Key, Marker, Panel, Shape};
use crate::report::figures::axes;
use crate::report::label;

pub(super) fn best_of(course: &Course<'_>) -> Option<Figure> {
    let search = course.results.search.as_ref()?;
    let points: Vec<_> = search.best_of.iter().filter(|point| point.mean.is_finite()).collect();
    if points.len() < 2 {
        return None;
    }
    let x: Vec<f64> = points.iter().map(|point| point.n as f64).collect();
    let band = Band {
        low: points.iter().map(|point| point.band[0]).collect(),
        high: points.iter().map(|point| point.band[1]).collect(),
    };
    let metric = label::metric(&course.results.primary_metric);
    let mut values = points.iter().map(|point| point.mean).collect::<Vec<_>>();
    values.extend(band.low.iter().chain(&band.high).copied().filter(|x| x.is_finite()));
    let span = series(0, Shape::Line { x: vec![0.0; values.len()], y: values, band: None, cross: None, thin: false });
    let text = format!("best {metric} of n trials");
    let y = axes::metric(&course.results.primary_metric, &text, [span].iter());
    let mut caption =
        format!("{} Line: the expected best of n of these trials; band: 95 % of draws of n trials.", course.caption());
    if let Some(sentence) = super::gain(course.results) {
        caption = format!("{caption} {sentence}");
    }
    let axis = axes::parameter("trials n", &x);
    let shape = Shape::Line {
        x,
        y: points.iter().map(|point| point.mean).collect(),
        band: Some(band),
        cross: None,
        thin: false,
    };
    Some(Figure {
        name: "best-of".to_owned(),
        title: "What more trials bring".to_owned(),
        caption,
        columns: 1,
        legend: vec![Key {
            label: "expected best, with the range of 95 % of draws".to_owned(),
            colour: Colour::Slot(0),
            dash: Dash::Solid,
            marker: Marker::Circle,
        }],
        panels: vec![Panel { title: String::new(), note: String::new(), x: axis, y, series: vec![series(0, shape)] }],
    })
}
