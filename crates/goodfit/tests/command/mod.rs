//! The program, run in a folder of its own.
#![allow(dead_code, reason = "each test program uses its part")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value as Json;
use tempfile::TempDir;

/// A recipe that trains in milliseconds.
pub(crate) const SMALL: &str = r#"[data]
source = "mnist"
train_rows = 100
validation = 0.2

[network]
hidden = [8, 8]

[training]
steps = 8
batch_size = 16
batches = "shuffle"
evaluate_every = 4

[compare]
seeds = 3
"#;

/// The program.
pub(crate) const GOODFIT: &str = env!("CARGO_BIN_EXE_goodfit");

/// A folder that the program runs in and that is removed afterwards.
pub(crate) struct Place {
    folder: TempDir,
}

/// What a run of the program left.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Place {
    /// A folder with the small recipe as `my.toml`.
    pub(crate) fn new() -> Self {
        let place = Self { folder: tempfile::tempdir().unwrap() };
        place.write("my.toml", SMALL);
        place
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, content).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn json(&self, name: &str) -> Json {
        serde_json::from_slice(&self.read(name)).unwrap()
    }

    /// The names of all files below a folder, sorted; none where there is no such folder.
    pub(crate) fn files(&self, name: &str) -> Vec<String> {
        let mut files = Vec::new();
        walk(&self.path(name), &self.path(name), &mut files);
        files.sort();
        files
    }

    /// A command that starts in this folder.
    pub(crate) fn command(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command.env_remove("RUST_BACKTRACE");
        command
    }

    /// Runs the program with these words.
    pub(crate) fn run(&self, words: &[&str]) -> Ran {
        self.ran(self.command(GOODFIT).args(words))
    }

    /// Runs a line of a shell in which `$G` is the program.
    pub(crate) fn shell(&self, line: &str) -> Ran {
        self.ran(self.command("sh").args(["-c", line]).env("G", GOODFIT))
    }

    pub(crate) fn ran(&self, command: &mut Command) -> Ran {
        let output = command.output().unwrap();
        let text = |bytes: Vec<u8>| {
            // The folder has another name each time.
            String::from_utf8(bytes).unwrap().replace(&self.folder.path().display().to_string(), "FOLDER")
        };
        Ran { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }

    /// Runs the program, which has to succeed.
    #[track_caller]
    pub(crate) fn succeed(&self, words: &[&str]) -> Ran {
        let ran = self.run(words);
        assert_eq!(ran.status, Some(0), "{words:?}: {}", ran.stderr);
        ran
    }
}

fn walk(root: &Path, folder: &Path, files: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            walk(root, &path, files);
        } else {
            files.push(path.strip_prefix(root).unwrap().display().to_string());
        }
    }
}

/// A number, what the row is for, and what is to be learned, of each row. Each fifth is a test row.
pub(crate) fn sided_rows(n: usize, is_high: impl Fn(usize) -> bool) -> Vec<[String; 3]> {
    let row = |i: usize| {
        let side = ["train", "train", "test", "validation", "stopping"][i % 5];
        [format!("{}.25", i * 37 % 101), side.to_owned(), if is_high(i) { "high" } else { "low" }.to_owned()]
    };
    (0..n).map(row).collect()
}

/// These rows as a table.
pub(crate) fn sided_csv(rows: &[[String; 3]]) -> String {
    rows.iter().fold("x,side,kind\n".to_owned(), |text, row| text + &row.join(",") + "\n")
}
