//! The command line: arguments to library calls, results to stdout, the rest to stderr.
//!
//! Exit status: 0 done; 1 ran, but without a usable result; 2 usage, input or IO error; 130 stopped
//! by Ctrl-C with what was finished kept.

mod args;
mod data;
mod experiment;
mod message;
mod progress;
mod reproduce;
mod stop;
mod table;
mod train;

use std::fmt::Display;
use std::io;
use std::process::ExitCode;

use clap::{CommandFactory, Parser};

use args::{Cli, Command};

/// Why a command ended without what it was asked for.
#[derive(Debug)]
struct Failure {
    error: anyhow::Error,
    hint: Option<String>,
    status: u8,
}

impl Failure {
    fn new(error: impl Into<anyhow::Error>, hint: Option<String>) -> Self {
        Self { error: error.into(), hint, status: 2 }
    }

    fn message(message: impl Display, hint: impl Into<String>) -> Self {
        Self::new(anyhow::anyhow!("{message}"), Some(hint.into()))
    }
}

/// What a command does: `Ok` with its exit status.
type Outcome = Result<u8, Failure>;

/// Runs the program.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    match run(cli.command) {
        Ok(status) => ExitCode::from(status),
        Err(failure) => {
            message::error(&failure);
            ExitCode::from(failure.status)
        }
    }
}

fn run(command: Command) -> Outcome {
    match command {
        Command::Reproduce(args) => reproduce::reproduce(&args),
        Command::Train(args) => train::train(&args),
        Command::Compare(args) => experiment::compare(&args),
        Command::Search(args) => experiment::search(&args),
        Command::Report(args) => experiment::report(&args),
        Command::Data(args) => data::data(&args),
        Command::Fields => {
            print(&crate::recipe::reference());
            Ok(0)
        }
        Command::Completions { shell } => {
            clap_complete::generate(shell, &mut Cli::command(), "goodfit", &mut io::stdout());
            Ok(0)
        }
        Command::Man { dir } => {
            let written = std::fs::create_dir_all(&dir).and_then(|()| clap_mangen::generate_to(Cli::command(), &dir));
            written.map_err(|error| {
                let message = format!("{}: cannot be written: {}", dir.display(), reason(&error));
                Failure::message(message, "name a folder that you may write to")
            })?;
            Ok(0)
        }
    }
}

/// Prints to stdout; a reader that went away is no error.
fn print(text: &str) {
    use io::Write as _;
    let _ = io::stdout().lock().write_all(text.as_bytes());
}

/// An IO error as a clause: without the number of the operating system.
fn reason(error: &io::Error) -> String {
    let text = error.to_string().to_lowercase();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
