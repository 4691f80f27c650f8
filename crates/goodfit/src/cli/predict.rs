//! `goodfit predict`: what a model says of new rows.

use std::io::{self, BufWriter, Write as _};

use super::args::Predict;
use super::{Failure, Outcome, message};
use crate::data::table::{Predicts, StrangeCells, Table, TableError, TableOptions, read_chunks};
use crate::files::FileError;
use crate::model::{Model, ModelError, Prediction};

/// Why nothing can be predicted.
enum Fault {
    Table(TableError),
    Output(io::Error),
}

impl From<TableError> for Fault {
    fn from(error: TableError) -> Self {
        Self::Table(error)
    }
}

/// Prints a line a row: the prediction, and the probability of each class.
pub(super) fn predict(args: &Predict) -> Outcome {
    let model = Model::load(&args.model).map_err(model_failure)?;
    let options: TableOptions = args.reading.options();
    let mut out = csv::Writer::from_writer(BufWriter::new(io::stdout().lock()));
    let mut is_first = true;
    let mut begin = |out: &mut csv::Writer<_>| {
        if std::mem::take(&mut is_first) { out.write_record(head(&model)).map_err(output) } else { Ok(()) }
    };
    let read = read_chunks(&args.table, &options, &model.schema, |rows: &Table| {
        begin(&mut out)?;
        for prediction in model.predict(rows) {
            out.write_record(cells(&model, &prediction)).map_err(output)?;
        }
        Ok(())
    });
    // A file without rows has predictions without rows.
    let read = read.and_then(|strange| begin(&mut out).map(|()| strange));
    let strange = read.map_err(|fault| match fault {
        Fault::Table(error) => Failure::table(error),
        Fault::Output(source) => Failure::new(
            FileError { action: "write to", path: "the standard output".into(), source },
            Some("is there room, and is somebody still reading?"),
        ),
    })?;
    let flushed = out.into_inner().map_err(csv::IntoInnerError::into_error).and_then(|mut out| out.flush());
    match flushed {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            return Err(Failure::new(error, Some("is there room where the output goes?")));
        }
        _ => {}
    }
    if let Some(encoding) = strange.detected {
        message::detected(&args.table.display().to_string(), encoding);
    }
    for StrangeCells { column, n, first, line } in &strange.cells {
        let cells = if *n == 1 { "1 cell is" } else { &format!("{n} cells are") };
        message::note(format!(
            "column {column}: {cells} not as the model knows it and taken as missing, first {first:?} in line {line}"
        ));
    }
    for StrangeCells { column, n, first, line } in &strange.levels {
        let cells = if *n == 1 { "1 cell has" } else { &format!("{n} cells have") };
        message::note(format!(
            "column {column}: {cells} a level that the model does not know, first {first:?} in line {line}"
        ));
    }
    for StrangeCells { column, n, first, line } in &strange.infinite {
        let cells = if *n == 1 { "1 cell is" } else { &format!("{n} cells are") };
        message::note(format!("column {column}: {cells} infinite or beyond 32 bits, first {first:?} in line {line}"));
    }
    Ok(0)
}

fn output(error: csv::Error) -> Fault {
    Fault::Output(match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    })
}

fn head(model: &Model) -> Vec<String> {
    let target = model.schema.target.clone();
    match &model.schema.predicts {
        Predicts::Numbers(_) => vec![target],
        Predicts::Classes(names) => {
            std::iter::once(target).chain(names.iter().map(|name| format!("probability of {name}"))).collect()
        }
    }
}

fn cells(model: &Model, prediction: &Prediction) -> Vec<String> {
    match (prediction, &model.schema.predicts) {
        (Prediction::Classes(shares), Predicts::Classes(names)) => {
            let name = prediction.class().map(|class| names[class].clone()).unwrap_or_default();
            std::iter::once(name).chain(shares.iter().map(|share| shown(*share))).collect()
        }
        (Prediction::Classes(shares), Predicts::Numbers(_)) => shares.iter().map(|share| shown(*share)).collect(),
        (Prediction::Number(x), _) => vec![shown(*x as f32)],
    }
}

/// The shortest text that is read as the same number.
fn shown(x: f32) -> String {
    format!("{x:?}")
}

pub(super) fn model_failure(error: ModelError) -> Failure {
    let hint = error.hint();
    Failure::new(error, hint)
}
