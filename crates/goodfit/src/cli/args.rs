//! The command line as it is typed.

mod model;

use std::path::PathBuf;
use std::str::FromStr;

use clap::builder::PossibleValuesParser;
use clap::{Args, Parser, Subcommand, ValueEnum, ValueHint};

use crate::data::table::{ColumnKind, TableOptions, TextEncoding, delimiter_named};
use crate::recipe::PRESETS;
pub(super) use model::{Evaluate, Export, Predict};

/// Finds out by experiment what makes a feed-forward network train well, and trains it.
#[derive(Debug, Parser)]
#[command(name = "goodfit", version, max_term_width = 100, propagate_version = true)]
#[command(after_help = "Start with `goodfit reproduce weight-init`, then open goodfit-out/weight-init/report.html.")]
pub(super) struct Cli {
    #[command(subcommand)]
    pub(super) command: Command,
}

#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Run the experiments of chapter 6 of "Deep Learning from Scratch" on the real MNIST
    Reproduce(Reproduce),
    /// Train one network by a recipe and save it
    Train(Train),
    /// Score a model on the test rows that were sealed when it was trained, on the record
    Evaluate(Evaluate),
    /// Predict rows of a table with a model that `train` or `search` left, a line of CSV each
    Predict(Predict),
    /// Write a model with its preprocessing as ONNX, for other programs
    Export(Export),
    /// Train variants of a recipe over several seeds, and say which is better
    Compare(Compare),
    /// Look for good hyperparameters in the recipe's [search.space]
    Search(Search),
    /// Look into the studies that searches keep
    #[command(subcommand)]
    Study(Study),
    /// Write the report of a finished experiment again
    Report(Report),
    /// Show what data there are
    #[command(subcommand)]
    Data(Data),
    /// Describe every field of a recipe file
    Fields,
    /// Print the completion script of a shell
    Completions {
        /// The shell
        shell: clap_complete::Shell,
    },
    /// Write the manual pages into a folder
    Man {
        /// The folder
        #[arg(value_hint = ValueHint::DirPath)]
        dir: PathBuf,
    },
}

#[derive(Debug, Args)]
pub(super) struct Reproduce {
    /// activations, weight-init, batch-norm, weight-decay, dropout, search or claims; all when absent
    pub(super) name: Option<String>,
    /// Print the experiment's recipe file instead of running it
    #[arg(long)]
    pub(super) print_recipe: bool,
    #[command(flatten)]
    pub(super) changes: Changes,
    #[command(flatten)]
    pub(super) common: Common,
}

#[derive(Debug, Args)]
pub(super) struct Train {
    /// Change a field of the recipe, for instance network.init=xavier
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(super) set: Vec<String>,
    #[command(flatten)]
    pub(super) of: OfRecipe,
}

#[derive(Debug, Args)]
pub(super) struct Compare {
    #[command(flatten)]
    pub(super) changes: Changes,
    #[command(flatten)]
    pub(super) of: OfRecipe,
}

#[derive(Debug, Args)]
pub(super) struct Search {
    /// Number of trials, those of earlier runs included
    #[arg(long, value_name = "N", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) trials: Option<usize>,
    /// How trials are chosen: random, sobol, grid, narrow, tpe, gp, cma-es or auto
    #[arg(long, value_name = "NAME")]
    pub(super) sampler: Option<String>,
    /// Which trials are given up early: none, median, percentile, successive-halving, hyperband or patience
    #[arg(long, value_name = "NAME")]
    pub(super) pruner: Option<String>,
    /// Try this point first, too, for instance training.momentum=0.9; what it leaves out is as the recipe says
    #[arg(long, value_name = "FIELD=VALUE,..")]
    pub(super) enqueue: Vec<String>,
    /// Make so many studies, with the seeds that follow each other
    #[arg(long, value_name = "K", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) seeds: Option<usize>,
    #[command(flatten)]
    pub(super) keep: Keep,
    /// Change a field of the recipe, for instance network.init=xavier
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(super) set: Vec<String>,
    #[command(flatten)]
    pub(super) of: OfRecipe,
}

/// Where and how a study is kept and carried out.
#[derive(Clone, Debug, Default, Args)]
#[allow(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct Keep {
    /// Where trials are kept: a file, its `sqlite:///` address, or memory; study.db in the output folder when absent
    #[arg(long, value_name = "URL", value_hint = ValueHint::FilePath)]
    pub(super) storage: Option<String>,
    /// Name of the study there; that of the recipe when absent
    #[arg(long, value_name = "NAME")]
    pub(super) study: Option<String>,
    /// End after so many seconds, the trainings behind the trials among them (then a second run may give other trials)
    #[arg(long, value_name = "S", value_parser = seconds, allow_negative_numbers = true)]
    pub(super) seconds: Option<f64>,
    /// Let no job wait for another (then a second run gives other trials)
    #[arg(long)]
    pub(super) asynchronous: bool,
    /// Make each trial outlast a power cut, not only a killed process
    #[arg(long)]
    pub(super) durable: bool,
    /// Begin a study of that name anew
    #[arg(long)]
    pub(super) force: bool,
    /// Split off other validation rows for each seed with which the best trials are trained again
    #[arg(long)]
    pub(super) resplit: bool,
}

#[derive(Debug, Subcommand)]
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "there is nothing to read without study files"))]
pub(super) enum Study {
    /// List the studies of a file: names, trials, best values
    List {
        /// The file of the studies, or its `sqlite:///` address
        #[arg(value_hint = ValueHint::FilePath)]
        url: String,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Show the trials of a study, best first
    Show {
        #[command(flatten)]
        of: OfStudy,
        /// Print them as JSON
        #[arg(long)]
        json: bool,
    },
    /// Print the trials of a study for other programs
    Export {
        #[command(flatten)]
        of: OfStudy,
        /// csv: a line a trial; json: a list of trials; journal: a log that Optuna's journal storage reads
        #[arg(long, value_name = "FORMAT", default_value = "csv", hide_possible_values = true)]
        format: Format,
    },
    /// Print the best trial of a study
    Best {
        #[command(flatten)]
        of: OfStudy,
        /// Print a recipe file with its values instead, which `goodfit train` runs
        #[arg(long)]
        print_recipe: bool,
        /// Print it as JSON
        #[arg(long, conflicts_with = "print_recipe")]
        json: bool,
    },
}

/// A study in its file.
#[derive(Debug, Args)]
#[cfg_attr(not(feature = "sqlite"), allow(dead_code, reason = "there is nothing to read without study files"))]
pub(super) struct OfStudy {
    /// The file of the study, or its `sqlite:///` address
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) url: String,
    /// Name of the study; it may be left out where there is only one
    pub(super) study: Option<String>,
}

/// The form of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Csv,
    Json,
    #[value(alias = "optuna")]
    Journal,
}

/// A time that is not negative.
fn seconds(text: &str) -> Result<f64, &'static str> {
    text.parse().ok().filter(|s: &f64| s.is_finite() && (0.0..1e9).contains(s)).ok_or("expected a number of seconds")
}

/// What every command that runs a recipe file takes.
#[derive(Debug, Args)]
pub(super) struct OfRecipe {
    /// The recipe file, whose name ends in .toml; or a table, of which --target names the column to predict
    #[arg(value_name = "RECIPE|TABLE", value_hint = ValueHint::FilePath)]
    pub(super) recipe: PathBuf,
    /// The column of a table that is predicted
    #[arg(long, value_name = "COLUMN")]
    pub(super) target: Option<String>,
    /// By what recipe a table is trained: realmlp, tabm, or plain
    #[arg(long, value_name = "NAME", value_parser = PossibleValuesParser::new(PRESETS.iter().map(|preset| preset.name)), hide_possible_values = true)]
    pub(super) preset: Option<String>,
    #[command(flatten)]
    pub(super) reading: Reading,
    #[command(flatten)]
    pub(super) kinds: Kinds,
    /// Print every setting and where it comes from instead of running it
    #[arg(long)]
    pub(super) print_recipe: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

/// A number that counts or names something; its range is checked where its meaning is known.
fn whole<T: FromStr>(text: &str) -> Result<T, &'static str> {
    let is_whole = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let expected =
        if is_whole { "expected at most 18446744073709551615" } else { "expected a whole number of at least 0" };
    text.parse().map_err(|_| expected)
}

/// Changes of a comparison.
#[derive(Debug, Default, Args)]
pub(super) struct Changes {
    /// Vary a field, for instance network.init=xavier,he; several make a grid
    #[arg(long, value_name = "FIELD=V1,V2,..")]
    pub(super) vary: Vec<String>,
    /// Change a field of the recipe, for instance training.steps=500
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(super) set: Vec<String>,
    /// Train each arm with this many seeds
    #[arg(long, value_name = "K", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) seeds: Option<usize>,
    /// Name of the arm that the others are held against; the first when absent
    #[arg(long, value_name = "ARM")]
    pub(super) baseline: Option<String>,
    /// Hold every arm against every other
    #[arg(long)]
    pub(super) all_pairs: bool,
    /// Split off the validation rows anew for each seed
    #[arg(long)]
    pub(super) resplit: bool,
}

#[derive(Clone, Debug, Default, Args)]
pub(super) struct Common {
    /// The first seed
    #[arg(long, value_name = "N", default_value_t = 0, value_parser = whole::<u64>, allow_negative_numbers = true)]
    pub(super) seed: u64,
    /// Runs that train at the same time, or threads of one run where there are fewer; all cores when absent
    #[arg(long, value_name = "N", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) jobs: Option<usize>,
    /// Folder for results and report; goodfit-out/NAME when absent, DIR/NAME for all experiments
    #[arg(long, value_name = "DIR", value_hint = ValueHint::DirPath)]
    pub(super) out: Option<PathBuf>,
    #[command(flatten)]
    pub(super) output: Output,
}

#[derive(Clone, Copy, Debug, Default, Args)]
pub(super) struct Output {
    /// Print a machine-readable summary on stdout, and nothing else there
    #[arg(long)]
    pub(super) json: bool,
    /// Show no progress
    #[arg(short, long)]
    pub(super) quiet: bool,
}

#[derive(Debug, Args)]
pub(super) struct Report {
    /// The folder that holds results.json
    #[arg(value_hint = ValueHint::DirPath)]
    pub(super) dir: PathBuf,
    #[command(flatten)]
    pub(super) output: Output,
}

/// How a table is read, where that is not to be guessed.
#[derive(Debug, Args)]
pub(super) struct Reading {
    /// What stands between the cells of a line: one character, or tab
    #[arg(long, value_name = "CHAR", value_parser = delimiter)]
    pub(super) delimiter: Option<u8>,
    /// How the text is encoded, for instance sjis; told by the text when absent
    #[arg(long, value_name = "NAME", value_parser = encoding)]
    pub(super) encoding: Option<TextEncoding>,
    /// The first line is a row, too; --no-header=false says that it names the columns
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) no_header: Option<bool>,
    /// Numbers are written with a decimal comma
    #[arg(long, value_name = "BOOL", num_args = 0..=1, require_equals = true, default_missing_value = "true")]
    pub(super) decimal_comma: Option<bool>,
    /// A word that stands for a missing value, besides NA, NaN, null, None, ? and nothing
    #[arg(long, value_name = "WORD")]
    pub(super) missing: Vec<String>,
}

impl Reading {
    pub(super) fn options(&self) -> TableOptions {
        TableOptions {
            delimiter: self.delimiter,
            encoding: self.encoding,
            has_header: self.no_header.map(|is_row| !is_row),
            decimal_comma: self.decimal_comma,
            missing: self.missing.clone(),
            ..TableOptions::default()
        }
    }
}

/// What columns are, where that is not to be inferred.
#[derive(Debug, Default, Args)]
pub(super) struct Kinds {
    /// What a column is: numeric, categorical, date or unused
    #[arg(long = "kind", value_name = "COLUMN=KIND", value_parser = column_kind)]
    pub(super) kinds: Vec<(String, ColumnKind)>,
}

impl Kinds {
    pub(super) fn of(&self, options: TableOptions) -> TableOptions {
        TableOptions { kinds: self.kinds.iter().cloned().collect(), ..options }
    }
}

/// A column and its kind.
fn column_kind(text: &str) -> Result<(String, ColumnKind), &'static str> {
    let expected = "expected a column, =, and numeric, categorical, date or unused";
    let (column, kind) = text.rsplit_once('=').ok_or(expected)?;
    Ok((column.to_owned(), ColumnKind::named(kind).ok_or(expected)?))
}

fn delimiter(text: &str) -> Result<u8, &'static str> {
    delimiter_named(text).ok_or("expected one character such as ; or the word tab")
}

fn encoding(text: &str) -> Result<TextEncoding, String> {
    TextEncoding::named(text).ok_or_else(|| format!("expected {}", TextEncoding::EXPECTED))
}

#[derive(Debug, Subcommand)]
pub(super) enum Data {
    /// List the sources a recipe can name
    List,
    /// Describe a source: rows, columns and what they hold, classes, licence
    Info {
        /// A table: CSV, plain or packed by gzip or zstd, Parquet, NPY or NPZ; - is the standard input; mnist; or a folder of IDX files
        #[arg(value_hint = ValueHint::AnyPath)]
        source: String,
        #[command(flatten)]
        reading: Reading,
        #[command(flatten)]
        kinds: Kinds,
        #[command(flatten)]
        output: Output,
    },
}
