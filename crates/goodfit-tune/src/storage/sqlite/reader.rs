//! Reading a file of studies without changing it.
//!
//! A file is in one of three states, and each is read in its own way:
//!
//! | state | how |
//! |---|---|
//! | changed in place, as Optuna does by itself | with locks in the file, which leave no trace |
//! | with a log that holds changes: a program uses it, or was killed | through the log, beside which SQLite may put an index of it |
//! | made for a log, but no changes lie in one: nobody uses it | as a file that does not change, since SQLite would put a new log beside it; what changed after all is read again |

use std::ffi::OsString;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction};

use super::fault::Fault;
use super::schema::{self, Lacks};
use super::{PATIENCE, read};
use crate::storage::{Changes, Cursor, Series, StorageError, StoredStudy, StudyId, TrialId};

/// How often what changed while it was read is read anew.
const ATTEMPTS: usize = 5;

/// Studies in an SQLite file, to be read only: the file stays as it is to the byte, whoever made it, and neither it nor
/// its folder has to be writable. So studies with several objectives, which [`super::Sqlite`] cannot go on with, are
/// as good as others here.
///
/// Other programs may use the file at the same time. Each verb sees one state of it, the newest.
///
/// ```
/// use goodfit_tune::Direction;
/// use goodfit_tune::storage::{Durability, NewStudy, Sqlite, SqliteReader, Storage};
/// # let folder = std::env::temp_dir().join(format!("goodfit-doc-reader-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let file = folder.join("study.db");
/// let study = NewStudy { name: "depth".to_owned(), directions: vec![Direction::Minimize], attributes: Vec::new() };
/// Sqlite::open(&file, Durability::Normal)?.create_study(&study)?;
/// let before = std::fs::read(&file)?;
/// assert_eq!(SqliteReader::open(&file)?.studies()?[0].name, "depth");
/// assert_eq!(std::fs::read(&file)?, before);
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct SqliteReader {
    path: PathBuf,
}

impl SqliteReader {
    /// Looks into a file, which has to be there; `sqlite:///` before its name is left out.
    ///
    /// # Errors
    /// When it cannot be read, or is not a file of studies that this program knows.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, StorageError> {
        let reader = Self { path: super::without_scheme(path.as_ref()).to_owned() };
        reader.read(|_| Ok(()))?;
        Ok(reader)
    }

    /// All studies, by rising id.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn studies(&self) -> Result<Vec<StoredStudy>, StorageError> {
        self.read(read::studies)
    }

    /// The trials of a study that were made or changed since a cursor, as by [`crate::storage::Storage::changes_since`].
    ///
    /// # Errors
    /// When there is no such study.
    pub fn changes_since(&self, study: StudyId, cursor: &Cursor) -> Result<Changes, StorageError> {
        self.read(|transaction| read::changes_since(transaction, study, cursor))
    }

    /// The curves of some trials, in the order asked for.
    ///
    /// # Errors
    /// When a trial is missing.
    pub fn curves(&self, trials: &[TrialId]) -> Result<Vec<Vec<Series>>, StorageError> {
        self.read(|transaction| read::curves(transaction, trials))
    }

    /// Which state a file is in may be another at each verb, so that each opens it anew.
    fn read<T>(&self, body: impl Fn(&Transaction<'_>) -> Result<T, Fault>) -> Result<T, StorageError> {
        for _ in 0..ATTEMPTS {
            let stamp = Stamp::of(&self.path);
            let state = State::of(&self.path);
            let done = connect(&self.path, state).and_then(|mut connection| {
                let transaction = connection.transaction()?;
                match schema::lacks(&transaction, &self.path)? {
                    Lacks::Nothing => {}
                    Lacks::OwnTables => transaction.execute_batch(schema::EMPTY)?,
                    Lacks::Everything => {
                        let hint = "name another file".to_owned();
                        return Err(Fault::File("there are no studies in it".to_owned(), hint));
                    }
                }
                body(&transaction)
            });
            if state != State::Still || Stamp::of(&self.path) == stamp {
                return done.map_err(|fault| in_state(fault, state).of(&self.path));
            }
        }
        let what = "another program changes it all the time".to_owned();
        Err(Fault::File(what, "read it again".to_owned()).of(&self.path))
    }
}

/// What there is beside the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    InPlace,
    Log,
    Still,
}

impl State {
    /// What cannot be found out is left to SQLite.
    fn of(path: &Path) -> Self {
        // Bytes 18 and 19 are 2 in a file that is made for a log.
        let mut head = [0; 20];
        let made_for_log =
            File::open(path).and_then(|mut file| file.read_exact(&mut head)).is_ok() && head[18..] == [2, 2];
        if !made_for_log {
            return Self::InPlace;
        }
        let Ok(real) = fs::canonicalize(path) else { return Self::Log };
        match fs::metadata(beside(&real, "-wal")) {
            Ok(log) if log.len() > 0 => Self::Log,
            // The name of a file that does not change is an address, which only this system's names are made into.
            _ if cfg!(unix) => Self::Still,
            _ => Self::Log,
        }
    }
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    name.into()
}

/// Whether a file has changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stamp(Option<(u64, SystemTime)>);

impl Stamp {
    fn of(path: &Path) -> Self {
        let file = fs::metadata(path).ok();
        Self(file.and_then(|file| Some((file.len(), file.modified().ok()?))))
    }
}

fn connect(path: &Path, state: State) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = match state {
        State::Still => Connection::open_with_flags(unchanging(path), flags | OpenFlags::SQLITE_OPEN_URI)?,
        State::InPlace | State::Log => Connection::open_with_flags(path, flags)?,
    };
    connection.busy_timeout(PATIENCE)?;
    // What the file lacks is made in memory.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// The address of a file that SQLite takes for one that nobody changes.
fn unchanging(path: &Path) -> String {
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let mut address = "file:".to_owned();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'.' | b'-' | b'_' | b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' => address.push(char::from(byte)),
            other => {
                // Writing into a text does not fail.
                let _ = write!(address, "%{other:02X}");
            }
        }
    }
    address + "?immutable=1"
}

/// In other words than for a file that is to be written.
fn in_state(fault: Fault, state: State) -> Fault {
    let Fault::Sqlite(error) = &fault else { return fault };
    let file = |what: &str, hint: &str| Fault::File(what.to_owned(), hint.to_owned());
    match (error.sqlite_error_code(), state) {
        (Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly), State::Log) => file(
            "its last changes lie in the log beside it, which cannot be read without writing to its folder",
            "copy the file and its log (the name with -wal at the end) to another folder, and read the copy",
        ),
        // A journal lies beside it that SQLite would have to play back.
        (Some(ErrorCode::ReadOnly), _) => file(
            "a program was killed in the middle of changing it, and the change has to be taken back first",
            "copy it and its journal (the name with -journal at the end), and open the copy with a program that may write",
        ),
        (Some(ErrorCode::CannotOpen), _) => file("it cannot be opened", "check that it is there and may be read"),
        _ => fault,
    }
}

#[cfg(all(test, unix))]
mod tests;
