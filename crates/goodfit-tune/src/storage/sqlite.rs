//! Studies in an SQLite file that Optuna and its dashboard can open.

mod fault;
mod group;
mod read;
mod reader;
mod schema;
mod write;

use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};
use serde_json::Value as Json;

use self::fault::Fault;
use self::group::Group;
pub use self::reader::SqliteReader;
use self::write::Kinds;
use super::{
    Changes, Claim, Cursor, Finish, NewStudy, NewTrial, Record, Scope, Series, Storage, StorageError, StoredParameter,
    StoredStudy, StudyId, Target, Ticket, TrialId, Wanted, check,
};

/// How long a verb waits for another program to let go of the file.
const PATIENCE: Duration = Duration::from_secs(30);

/// Pages of 4 KiB in the log before they are moved into the file. Each move costs a wait for the disk.
const LOG_PAGES: i64 = 4000;

/// Statements kept prepared: more than there are.
const N_STATEMENTS: usize = 64;

/// What a trial that is kept survives.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Durability {
    /// That the process is killed at any moment. A power cut may cost the last seconds, and nothing before them.
    #[default]
    Normal,
    /// A power cut as well: studies, trials, ends and attributes are on the disk when their verb returns.
    /// Claims, leases and records are not waited for, since whoever had them is gone with the power.
    Full,
}

/// Studies in an SQLite file with the tables of Optuna 5 (schema 12, revision v3.2.0.a), so that Optuna and
/// its dashboard can open it while it is in use and after. What has no place there lies in tables of our own.
///
/// Several processes of one machine may share a file; a trial whose process is gone is given to the next that asks.
/// Trials that Optuna runs are its own and never taken over. Studies with several objectives can only be read.
/// Opening a file prepares it for writing; [`SqliteReader`] leaves it as it is.
/// Whole numbers among the parameters have to lie within 2^53 of 0, because Optuna keeps them as floats.
///
/// ```
/// use goodfit_tune::Direction;
/// use goodfit_tune::storage::{Durability, NewStudy, Sqlite, Storage};
/// # let folder = std::env::temp_dir().join(format!("goodfit-doc-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// let storage = Sqlite::open(folder.join("study.db"), Durability::Normal)?;
/// let study = NewStudy { name: "depth".to_owned(), directions: vec![Direction::Minimize], attributes: Vec::new() };
/// storage.create_study(&study)?;
/// assert_eq!(storage.studies()?[0].name, "depth");
/// # std::fs::remove_dir_all(folder)?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Sqlite {
    path: PathBuf,
    writer: Mutex<Writer>,
    /// Readers of a log see a state of the file while others write.
    reader: Mutex<Connection>,
    /// Ends, and what those who end trials take next.
    group: Group<Turnover, (Vec<bool>, Vec<Claim>)>,
}

/// Ends of trials, and who takes others then.
#[derive(Clone, Debug)]
struct Turnover {
    outcomes: Vec<Finish>,
    next: Option<Wanted>,
}

#[derive(Debug)]
struct Writer {
    connection: Connection,
    /// What was asked for, and what the connection does now.
    durability: Durability,
    current: Durability,
    kinds: Kinds,
}

impl Sqlite {
    /// Opens a file, which is made when there is none; `sqlite:///` before its name is left out.
    ///
    /// # Errors
    /// When it cannot be opened or written, or is not a file of studies that this program knows.
    pub fn open(path: impl AsRef<Path>, durability: Durability) -> Result<Self, StorageError> {
        Self::open_patiently(path.as_ref(), durability, PATIENCE)
    }

    fn open_patiently(path: &Path, durability: Durability, patience: Duration) -> Result<Self, StorageError> {
        let path = without_scheme(path);
        let open = || {
            let read_only = || Err(Fault::File("it cannot be written".to_owned(), fault::WRITABLE.to_owned()));
            // The owner of everything could write it all the same.
            if std::fs::metadata(path).is_ok_and(|file| file.permissions().readonly()) {
                return read_only();
            }
            let mut connection = connect(path, patience)?;
            // SQLite opens for reading what it cannot open for writing.
            if connection.is_readonly("main")? {
                return read_only();
            }
            schema::lacks(&connection, path)?;
            use_log(&connection, patience)?;
            schema::complete(&mut connection, path)?;
            Ok((connection, connect(path, patience)?))
        };
        let (connection, reader) = open().map_err(|fault: Fault| fault.of(path))?;
        let writer = Writer { connection, durability, current: Durability::Full, kinds: Kinds::default() };
        let (writer, reader) = (Mutex::new(writer), Mutex::new(reader));
        Ok(Self { path: path.to_owned(), writer, reader, group: Group::default() })
    }

    /// One transaction that waits for the disk at its end if that is asked for.
    fn write<T>(&self, body: impl FnOnce(&Transaction<'_>, &mut Kinds) -> Result<T, Fault>) -> Result<T, StorageError> {
        let mut writer = lock(&self.writer);
        let durability = writer.durability;
        writer.transact(durability, body).map_err(|fault| fault.of(&self.path))
    }

    /// One transaction that need not survive a power cut.
    fn write_lightly<T>(&self, body: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>) -> Result<T, StorageError> {
        let written = lock(&self.writer).transact(Durability::Normal, |transaction, _| body(transaction));
        written.map_err(|fault| fault.of(&self.path))
    }

    /// What comes in while something is being written waits for it, and then is written together: with many threads the
    /// wait for the disk is shared. Nobody waits for what has not come.
    fn turn_over(&self, outcomes: &[Finish], next: Option<Wanted>) -> Result<(Vec<bool>, Vec<Claim>), StorageError> {
        outcomes.iter().try_for_each(check::finish)?;
        self.group.write(&Turnover { outcomes: outcomes.to_vec(), next }, |all| {
            self.write(|transaction, _| {
                let one = |Turnover { outcomes, next }: &Turnover| {
                    let held = write::finish(transaction, outcomes)?;
                    let take = |wanted| write::claim(transaction, wanted);
                    Ok((held, next.as_ref().map(take).transpose()?.unwrap_or_default()))
                };
                all.iter().map(|turnover| one(turnover)).collect()
            })
        })
    }

    fn read<T>(&self, body: impl FnOnce(&Transaction<'_>) -> Result<T, Fault>) -> Result<T, StorageError> {
        let mut reader = lock(&self.reader);
        let read = reader.transaction().map_err(Fault::from).and_then(|transaction| body(&transaction));
        read.map_err(|fault| fault.of(&self.path))
    }
}

impl Writer {
    fn transact<T>(
        &mut self,
        durability: Durability,
        body: impl FnOnce(&Transaction<'_>, &mut Kinds) -> Result<T, Fault>,
    ) -> Result<T, Fault> {
        if durability != self.current {
            let synchronous = if durability == Durability::Full { "FULL" } else { "NORMAL" };
            self.connection.pragma_update(None, "synchronous", synchronous)?;
            self.current = durability;
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let done = body(&transaction, &mut self.kinds).and_then(|done| Ok(transaction.commit().map(|()| done)?));
        if done.is_err() {
            self.kinds.forget();
        }
        done
    }
}

/// A name without `sqlite:///` before it.
fn without_scheme(path: &Path) -> &Path {
    path.to_str().and_then(|path| path.strip_prefix("sqlite:///")).map_or(path, Path::new)
}

/// What a panic leaves behind is a transaction that was rolled back.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn connect(path: &Path, patience: Duration) -> Result<Connection, Fault> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(patience)?;
    connection.set_prepared_statement_cache_capacity(N_STATEMENTS);
    // Plans that do not look at bound values: else most statements are prepared anew each time they get other ones,
    // which takes longer than carrying them out.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_QPSG, true)?;
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    // As in Optuna, whose files may hold what the keys forbid.
    connection.pragma_update(None, "foreign_keys", false)?;
    Ok(connection)
}

/// Writes go to a log beside the file, so that readers and a writer do not wait for each other. While another
/// process changes the file to this mode, SQLite may say at once that it is locked.
fn use_log(connection: &Connection, patience: Duration) -> Result<(), Fault> {
    let began = Instant::now();
    loop {
        match connection.pragma_update(None, "journal_mode", "WAL") {
            Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy) && began.elapsed() < patience => {
                std::thread::sleep(Duration::from_millis(5));
            }
            other => return Ok(other?),
        }
    }
}

impl Storage for Sqlite {
    fn create_study(&self, study: &NewStudy) -> Result<StudyId, StorageError> {
        check::study(study)?;
        self.write(|transaction, _| write::create_study(transaction, study))
    }

    fn studies(&self) -> Result<Vec<StoredStudy>, StorageError> {
        self.read(read::studies)
    }

    fn delete_study(&self, study: StudyId) -> Result<(), StorageError> {
        self.write(|transaction, kinds| {
            kinds.forget();
            write::delete_study(transaction, study)
        })
    }

    fn create_trials(&self, study: StudyId, first: u64, trials: &[NewTrial]) -> Result<Vec<TrialId>, StorageError> {
        trials.iter().try_for_each(check::trial)?;
        self.write(|transaction, kinds| write::create_trials(transaction, kinds, study, first, trials))
    }

    fn claim(&self, wanted: &Wanted) -> Result<Vec<Claim>, StorageError> {
        self.write_lightly(|transaction| write::claim(transaction, wanted))
    }

    fn set_parameters(&self, ticket: Ticket, parameters: &[StoredParameter]) -> Result<bool, StorageError> {
        check::parameters(parameters)?;
        self.write(|transaction, kinds| write::set_parameters(transaction, kinds, ticket, parameters))
    }

    fn heartbeat(&self, tickets: &[Ticket], lease: Duration) -> Result<Vec<bool>, StorageError> {
        self.write_lightly(|transaction| write::heartbeat(transaction, tickets, lease))
    }

    fn record(&self, records: &[Record]) -> Result<(), StorageError> {
        records.iter().try_for_each(|record| check::intermediate(&record.intermediate))?;
        self.write_lightly(|transaction| write::record(transaction, records))
    }

    fn finish(&self, outcomes: &[Finish]) -> Result<Vec<bool>, StorageError> {
        Ok(self.turn_over(outcomes, None)?.0)
    }

    fn finish_and_claim(&self, outcomes: &[Finish], wanted: &Wanted) -> Result<(Vec<bool>, Vec<Claim>), StorageError> {
        self.turn_over(outcomes, Some(wanted.clone()))
    }

    fn set_attributes(&self, target: Target, scope: Scope, attributes: &[(String, Json)]) -> Result<(), StorageError> {
        self.write(|transaction, _| write::set_attributes(transaction, target, scope, attributes))
    }

    fn changes_since(&self, study: StudyId, cursor: &Cursor) -> Result<Changes, StorageError> {
        self.read(|transaction| read::changes_since(transaction, study, cursor))
    }

    fn curves(&self, trials: &[TrialId]) -> Result<Vec<Vec<Series>>, StorageError> {
        self.read(|transaction| read::curves(transaction, trials))
    }
}

#[cfg(test)]
mod tests;
