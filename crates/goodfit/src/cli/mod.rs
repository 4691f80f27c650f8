//! The command line: arguments to library calls, results to stdout, the rest to stderr.
//!
//! Exit status: 0 done; 1 ran, but without a usable result; 2 usage, input or IO error; 130 stopped
//! by Ctrl-C with what was finished kept.

mod args;
mod columns;
mod data;
mod evaluate;
mod experiment;
#[cfg(feature = "onnx")]
mod export;
mod frame;
mod keep;
mod message;
mod next;
mod predict;
mod progress;
mod reproduce;
mod search;
mod stop;
#[cfg(feature = "sqlite")]
mod study;
mod table;
mod train;
mod visible;

use std::io::{self, ErrorKind, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use crate::data::zeros_kept;
use crate::files::FileError;
use args::{Cli, Command};
use goodfit_nn::kernels::Isa;
use message::Failure;
use visible::visible_lines;

/// What a command does: `Ok` with its exit status.
type Outcome = Result<u8, Failure>;

/// Runs the program.
pub fn main() -> ExitCode {
    let outcome = match Cli::try_parse() {
        Ok(cli) => run(cli.command),
        // Help and version go to stdout, the help that stands in for a missing command to stderr.
        Err(error) if !error.to_string().starts_with("error: ") => {
            let printed = error.print().and_then(|()| io::stdout().flush());
            written(printed).map(|()| error.exit_code() as u8)
        }
        Err(error) => Err(Failure::usage(&error)),
    };
    ExitCode::from(outcome.unwrap_or_else(|failure| {
        failure.show();
        2
    }))
}

fn run(command: Command) -> Outcome {
    Isa::forced().map_err(|error| Failure::new(error, Some("unset it for the fastest instructions there are")))?;
    zeros_kept().map_err(|error| Failure::new(error, Some("unset it to skip zeros where there are many")))?;
    match command {
        Command::Reproduce(args) => reproduce::reproduce(&args),
        Command::Train(args) => train::train(&args),
        Command::Evaluate(args) => evaluate::evaluate(&args),
        Command::Predict(args) => predict::predict(&args),
        #[cfg(feature = "onnx")]
        Command::Export(args) => export::export(&args),
        #[cfg(not(feature = "onnx"))]
        Command::Export(_) => {
            Err(Failure::new("this program was built without ONNX", Some("build it with the feature onnx")))
        }
        Command::Compare(args) => experiment::compare(&args),
        Command::Search(args) => search::search(&args),
        #[cfg(feature = "sqlite")]
        Command::Study(command) => study::study(&command),
        #[cfg(not(feature = "sqlite"))]
        Command::Study(_) => {
            Err(Failure::new("this program was built without study files", Some("build it with the feature sqlite")))
        }
        Command::Report(args) => experiment::report(&args),
        Command::Data(args) => data::data(&args),
        Command::Fields => {
            print(&crate::recipe::reference())?;
            Ok(0)
        }
        Command::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Cli::command(), "goodfit", &mut script);
            print_as_is(&String::from_utf8_lossy(&script))?;
            Ok(0)
        }
        Command::Man { dir } => {
            man(&dir).map_err(|error| Failure::new(error, Some("name a folder that you may write to")))?;
            Ok(0)
        }
    }
}

/// Writes the manual pages.
fn man(dir: &Path) -> Result<(), FileError> {
    let failed = |action| move |source| FileError { action, path: dir.to_owned(), source };
    std::fs::create_dir_all(dir).map_err(failed("make the folder"))?;
    clap_mangen::generate_to(Cli::command(), dir).map_err(failed("write into the folder"))
}

/// Prints lines to stdout, names in them made visible; a reader that went away is no error.
fn print(text: &str) -> Result<(), Failure> {
    print_as_is(&visible_lines(text))
}

/// The same for what other programs read, to the byte.
fn print_as_is(text: &str) -> Result<(), Failure> {
    let mut stdout = io::stdout().lock();
    written(stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush()))
}

/// What became of writing to stdout.
fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != ErrorKind::BrokenPipe => {
            let error = FileError { action: "write", path: "to standard output".into(), source: error };
            Err(Failure::new(error, Some("lead it to where there is room, for instance with > FILE")))
        }
        _ => Ok(()),
    }
}
