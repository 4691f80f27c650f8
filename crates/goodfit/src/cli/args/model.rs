//! What the commands take that ask a model.

use std::path::PathBuf;

use clap::{Args, ValueHint};

use super::Reading;

#[derive(Debug, Args)]
pub(in crate::cli) struct Evaluate {
    /// The folder of the model
    #[arg(value_hint = ValueHint::DirPath)]
    pub(in crate::cli) model: PathBuf,
    /// Where the table is now on which it was trained; without --open-test, a table to be held against that one
    #[arg(value_hint = ValueHint::FilePath)]
    pub(in crate::cli) table: Option<PathBuf>,
    /// Open the test rows: whoever has seen them cannot choose by them any more
    #[arg(long)]
    pub(in crate::cli) open_test: bool,
    /// Print JSON: all openings, or without --open-test what the model says of itself
    #[arg(long)]
    pub(in crate::cli) json: bool,
}

#[derive(Debug, Args)]
pub(in crate::cli) struct Predict {
    /// The folder of the model
    #[arg(value_hint = ValueHint::DirPath)]
    pub(in crate::cli) model: PathBuf,
    /// A table with the columns that the model looks at, in any order; - is the standard input
    #[arg(value_hint = ValueHint::FilePath)]
    pub(in crate::cli) table: PathBuf,
    #[command(flatten)]
    pub(in crate::cli) reading: Reading,
}

#[derive(Debug, Args)]
#[cfg_attr(not(feature = "onnx"), allow(dead_code, reason = "there is nothing to write without the form"))]
#[command(
    after_help = "The file takes each column by its name, N x 1: numbers as float, NaN where one is missing; texts as \
                  string, empty where one is missing; dates as double, days since 1970-01-01 in UTC, NaN where one \
                  is missing. It gives label (N) and probabilities (N x classes), or value (N x 1)."
)]
pub(in crate::cli) struct Export {
    /// The folder of the model
    #[arg(value_hint = ValueHint::DirPath)]
    pub(in crate::cli) model: PathBuf,
    /// The ONNX file to write (opset 17, ai.onnx.ml 3); one of that name is replaced
    #[arg(long, value_name = "FILE", value_hint = ValueHint::FilePath)]
    pub(in crate::cli) onnx: PathBuf,
}
