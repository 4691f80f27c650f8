//! From results to figures, one file a kind.

use std::fmt::Write as _;

mod assessment;
mod axes;
mod curves;
mod histograms;
mod keys;
mod layers;
mod lines;
mod search;
mod spread;
mod sweep;
mod timeline;
mod trials;

use super::label;
use crate::figure::Figure;
use crate::recipe::Settings;
use crate::results::{Arm, FigureKind, Results};

pub(super) use lines::overflow_note;
pub(super) use search::{Course, is_finished, labels};

/// All figures of an experiment, the main one first. Those of its parts are not among them.
pub fn figures(results: &Results) -> Vec<Figure> {
    let mut out = Vec::new();
    match results.report.figure {
        FigureKind::Trials => out.extend(trials::trials(results)),
        FigureKind::Histograms => out.extend(histograms::histograms(results)),
        FigureKind::Curves | FigureKind::Claims => {}
    }
    if results.report.figure != FigureKind::Trials {
        out.extend(curves::curves(results));
        out.extend(sweep::sweep(results));
        if !results.trials.is_empty() {
            out.extend(trials::trials(results));
        }
    }
    out.extend(assessment::assessment(results));
    out.extend(layers::layers(results));
    if results.report.figure != FigureKind::Histograms {
        out.extend(histograms::histograms(results));
    }
    if !in_nats(results) {
        let axes = out.iter_mut().flat_map(|figure| &mut figure.panels).map(|panel| &mut panel.y);
        axes.filter(|axis| axis.unit == "nats").for_each(|axis| axis.unit.clear());
    }
    out
}

/// Whether every arm trains on cross-entropy, whose unit is the nat.
fn in_nats(results: &Results) -> bool {
    let squared = |arm: &Arm| arm.settings.get("training.loss").is_some_and(|loss| loss == "mean-squared-error");
    let recipe = Settings::parse("recipe", &results.recipe);
    let loss = recipe.ok().and_then(|recipe| recipe.get("training.loss"));
    loss.is_none_or(|loss| loss.to_json() != "mean-squared-error") && !results.arms.iter().any(squared)
}

/// Data and seeds, as every caption begins.
fn origin(results: &Results) -> String {
    let data = &results.data;
    let mut out = data.source.clone();
    if data.train_rows > 0 {
        let _ = write!(out, ", {}", label::count(data.train_rows, "training row", "training rows"));
    }
    if data.validation_rows > 0 {
        let _ = write!(out, ", {}", label::count(data.validation_rows, "validation row", "validation rows"));
    }
    if data.test_rows > 0 {
        let _ = write!(out, ", {}", label::count(data.test_rows, "test row", "test rows"));
    }
    if !results.seeds.is_empty() {
        let _ = write!(out, "; {}", label::seeds(&results.seeds));
    }
    if !results.complete {
        out += "; incomplete: the run was stopped";
    }
    out
}

/// What the lines of a figure are, from the numbers of runs behind them.
fn means(results: &Results, runs: &[usize]) -> String {
    match (runs.iter().min(), runs.iter().max()) {
        (_, None) => ". No run stayed finite".to_owned(),
        (_, Some(1)) if results.data.folds.is_some() => ". One run a fold".to_owned(),
        (_, Some(1)) => ". One run an arm".to_owned(),
        (Some(least), Some(most)) if least < most => format!(". Lines: mean of {least} to {most} runs"),
        (_, Some(most)) => format!(". Lines: mean of {most} runs"),
    }
}

/// What their bands are.
fn bands(runs: &[usize]) -> &'static str {
    match (runs.iter().min(), runs.iter().max()) {
        (_, None | Some(1)) => "",
        (_, Some(2)) => "; bands: from the lower to the higher one",
        (Some(1 | 2), _) => "; bands: 95 % interval of the mean (Student’s t), for two runs their range",
        _ => "; bands: 95 % interval of the mean (Student’s t)",
    }
}
