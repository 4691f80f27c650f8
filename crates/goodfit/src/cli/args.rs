//! The command line as it is typed.

use std::path::PathBuf;
use std::str::FromStr;

use clap::{Args, Parser, Subcommand, ValueHint};

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
    /// Train variants of a recipe over several seeds, and say which is better
    Compare(Compare),
    /// Look for good hyperparameters in the recipe's [search.space]
    Search(Search),
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
    /// Number of trials
    #[arg(long, value_name = "N", value_parser = whole::<usize>, allow_negative_numbers = true)]
    pub(super) trials: Option<usize>,
    /// Change a field of the recipe, for instance network.init=xavier
    #[arg(long = "set", value_name = "FIELD=VALUE")]
    pub(super) set: Vec<String>,
    #[command(flatten)]
    pub(super) of: OfRecipe,
}

/// What every command that runs a recipe file takes.
#[derive(Debug, Args)]
pub(super) struct OfRecipe {
    /// The recipe file
    #[arg(value_hint = ValueHint::FilePath)]
    pub(super) recipe: PathBuf,
    /// Print every setting and where it comes from instead of running it
    #[arg(long)]
    pub(super) print_recipe: bool,
    #[command(flatten)]
    pub(super) common: Common,
}

/// A number that counts or names something; its range is checked where its meaning is known.
fn whole<T: FromStr>(text: &str) -> Result<T, &'static str> {
    text.parse().map_err(|_| "expected a whole number of at least 0")
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
    /// Runs that train at the same time; all cores when absent
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
    #[arg(long)]
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

#[derive(Debug, Subcommand)]
pub(super) enum Data {
    /// List the sources a recipe can name
    List,
    /// Describe a source: rows, columns, classes, licence
    Info {
        /// mnist, or a folder of IDX files
        source: String,
        #[command(flatten)]
        output: Output,
    },
}
