//! `goodfit evaluate`: what a model says of itself, and its sealed test rows, opened on the record.

use std::fmt::Write as _;
use std::path::Path;

use serde_json::json;

use super::args::Evaluate;
use super::predict::model_failure;
use super::table::scores;
use super::visible::visible;
use super::{Failure, Outcome, message, print};
use crate::data::DataError;
use crate::data::table::{DataFile, date_text};
use crate::model::{Metric, Model, ModelError, Opened, RECIPE};
use crate::recipe::Experiment;
use crate::results::Assessed;

pub(super) fn evaluate(args: &Evaluate) -> Outcome {
    let model = Model::load(&args.model).map_err(model_failure)?;
    if !args.open_test {
        return record(&model, args);
    }
    let openings = model.open_test(&args.model, args.table.as_deref()).map_err(|error| match error {
        ModelError::Data(DataError::Table(error)) if args.table.is_none() && !Path::new(&error.file).exists() => {
            let hint = format!("evaluate {} TABLE says where the table is now", args.model.display());
            Failure::new(error, Some(hint))
        }
        error => model_failure(error),
    })?;
    if args.json {
        let openings = serde_json::to_value(&openings).unwrap_or_default();
        print(&format!("{openings:#}\n"))?;
        return Ok(0);
    }
    let Some((last, earlier)) = openings.split_last() else { return Ok(1) };
    print(&opened(&model, last, ""))?;
    if let [first, ..] = earlier {
        if first.scores != last.scores {
            print(&format!("\n{}", opened(&model, first, &when(&model, first))))?;
        }
        message::note(format!(
            "these rows were opened {} before, first on {} by {}",
            times(earlier.len()),
            day(first),
            first.by.name()
        ));
    }
    if let Some(n) = last.twins {
        let are = if n == 1 { "is" } else { "are" };
        message::note(format!("{n} of these rows {are} also among the rows that were not sealed"));
    }
    if last.other_data {
        message::note(
            "trained on other data: the test rows are the same, but other values of the table are not, or stand in another order",
        );
    }
    Ok(0)
}

/// What the model says of itself; of a table that is named, whether it was trained on it.
fn record(model: &Model, args: &Evaluate) -> Outcome {
    let openings = model.openings(&args.model).map_err(model_failure)?;
    let compared = args.table.as_ref().map(|table| model.compare_data(table)).transpose().map_err(model_failure)?;
    if args.json {
        let is_of = compared.as_ref().and_then(|(_, is_of)| *is_of);
        let files = compared.map(|(files, _)| files);
        let (training, sealed) = (&model.training, &model.schema.sealed);
        let known = json!({
            "training": training, "sealed": sealed, "openings": openings, "table": files, "trained_on_table": is_of
        });
        print(&format!("{known:#}\n"))?;
        return Ok(0);
    }
    print(&shown(model))?;
    // The first says most: whoever opens rows again may have chosen by them.
    if let [first, others @ ..] = &openings[..] {
        let last = others.last().filter(|last| last.scores != first.scores);
        for one in std::iter::once(first).chain(last) {
            print(&format!("\n{}", opened(model, one, &when(model, one))))?;
        }
    }
    if let Some((files, is_of)) = compared {
        for file in files {
            print(&format!(
                "\n{}\n{}\n",
                described(&file),
                match is_of {
                    Some(true) => "the model was trained on it",
                    Some(false) => "trained on other data: its names or values are others, or stand in another order",
                    None => "the model does not say whether it was trained on it",
                }
            ))?;
        }
    }
    message::note(match (&model.schema.sealed, &openings[..]) {
        (None, _) => "no test rows were sealed when the model was trained".to_owned(),
        (Some(sealed), []) => {
            format!("{} test rows are sealed; --open-test opens them, once everything is chosen", sealed.rows)
        }
        (Some(sealed), [first, ..]) => {
            let n = times(openings.len());
            let (first, by) = (day(first), first.by.name());
            format!("{} test rows were opened {n}, first on {first} by {by}; --open-test opens them again", sealed.rows)
        }
    });
    Ok(0)
}

/// Version, data, rows and scores.
fn shown(model: &Model) -> String {
    let target = visible(&model.schema.target);
    let Some(training) = &model.training else {
        return format!("a model of {target}, which does not say how it was trained\n");
    };
    let data = &training.data;
    let trial = training.trial.map_or_else(String::new, |trial| format!(", trial {trial} of a search"));
    let mut out =
        format!("a model of {target} by goodfit {}, seed {}{trial}\n", visible(&training.goodfit), training.seed);
    for file in &data.files {
        let _ = writeln!(out, "{}", described(file));
    }
    let sealed = model.schema.sealed.as_ref().map_or(0, |sealed| sealed.rows);
    let sides = [
        (data.train_rows, "training"),
        (data.validation_rows, "validation"),
        (data.stopping_rows, "stopping"),
        (sealed, "test"),
    ];
    let sides: Vec<String> = sides.iter().filter(|(n, _)| *n > 0).map(|(n, side)| format!("{n} {side}")).collect();
    let first = if data.folds.is_some() { " (training and stopping rows of the first fold)" } else { "" };
    let _ = writeln!(out, "rows: {}{first}", sides.join(", "));
    if let Some(refit) = training.refit {
        let _ = writeln!(out, "{}", refit.sentence(data));
    }
    let Some(validation) = &training.validation else { return out };
    let over = validation.folds.map_or_else(String::new, |folds| format!(", mean of {folds} folds"));
    let chosen = if training.trial.is_some() { ", which have chosen it" } else { "" };
    let head = format!("{target} on {} validation rows{over}{chosen}", validation.rows);
    let _ = write!(out, "\n{}", scores(&head, &validation.models, decides(model)));
    out
}

fn described(file: &DataFile) -> String {
    let DataFile { file, rows, columns, fingerprint } = file;
    format!("{}: {rows} rows, {columns} columns, fingerprint {}", visible(file), visible(fingerprint))
}

/// The score that decides.
fn decides(model: &Model) -> Option<Metric> {
    Experiment::from_toml(RECIPE, &model.recipe).ok().and_then(|kept| kept.recipe.training.metric)
}

/// The scores of an opening.
fn opened(model: &Model, opened: &Opened, when: &str) -> String {
    let name = if model.n_networks() > 1 { "ensemble" } else { "network" };
    let own = Assessed { name: name.to_owned(), scores: opened.scores.clone(), ..Assessed::default() };
    let models: Vec<Assessed> = std::iter::once(own).chain(opened.baselines.iter().cloned()).collect();
    let head = format!("{} on {} test rows{when}", visible(&model.schema.target), opened.rows);
    scores(&head, &models, decides(model))
}

/// When it was and by what, and whether it was another model that stood in the folder then.
fn when(model: &Model, opened: &Opened) -> String {
    let is_other = opened.model.as_ref().is_some_and(|of| *of != model.fingerprint());
    let of = if is_other { " for an earlier model in this folder" } else { "" };
    format!(", opened on {} by {}{of}", day(opened), opened.by.name())
}

fn times(n: usize) -> String {
    if n == 1 { "once".to_owned() } else { format!("{n} times") }
}

fn day(opened: &Opened) -> String {
    date_text((opened.time / 86_400) as f64)
}
