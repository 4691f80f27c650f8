//! Where studies are kept.
//!
//! A new storage implements [`Storage`] and passes [`crate::contract::storage`]. What it refuses, how it names a
//! worker and how it writes distributions, numbers, curves and times is shared: see `check`, `worker`, `encoding`
//! and `time`.

mod check;
#[cfg(feature = "sqlite")]
mod encoding;
#[cfg(feature = "sqlite")]
mod journal;
mod memory;
#[cfg(feature = "sqlite")]
mod sqlite;
pub(crate) mod time;
mod types;
mod worker;

use std::time::Duration;

use serde_json::Value as Json;

#[cfg(feature = "sqlite")]
pub use journal::journal;
pub use memory::Memory;
#[cfg(feature = "sqlite")]
pub use sqlite::{Durability, Sqlite, SqliteReader};
#[cfg(feature = "sqlite")]
pub use time::to_text as time_text;
pub use types::{
    Changes, Claim, Cursor, Finish, NewStudy, NewTrial, Record, Scope, Series, StorageError, StoredParameter,
    StoredStudy, StoredTrial, StudyId, Target, Ticket, TrialId, Wanted, Worker,
};

/// Keeps studies and their trials, for one process or for many on many machines.
///
/// Every verb is one transaction: when it returns, what it says is kept; when it fails, nothing of it is.
/// Finished trials never change.
pub trait Storage: Send + Sync {
    /// Makes a study.
    ///
    /// # Errors
    /// [`StorageError::StudyExists`] when there is one of that name.
    fn create_study(&self, study: &NewStudy) -> Result<StudyId, StorageError>;

    /// All studies, by rising id.
    ///
    /// # Errors
    /// When the storage cannot be read.
    fn studies(&self) -> Result<Vec<StoredStudy>, StorageError>;

    /// Removes a study and all its trials.
    ///
    /// # Errors
    /// [`StorageError::NoStudy`] when there is none.
    fn delete_study(&self, study: StudyId) -> Result<(), StorageError>;

    /// Adds trials that wait for somebody to take them; they get the numbers from `first` on. Samplers draw
    /// trials for a number, so `first` has to be the next one.
    ///
    /// # Errors
    /// [`StorageError::Conflict`] when it is not, since another worker was faster: nothing is added.
    fn create_trials(&self, study: StudyId, first: u64, trials: &[NewTrial]) -> Result<Vec<TrialId>, StorageError>;

    /// Takes trials for a worker, for as long as its lease lasts.
    /// First, trials whose lease has run out, or whose worker is known to be gone, wait again. What those
    /// had reported is forgotten.
    ///
    /// # Errors
    /// When there is no such study.
    fn claim(&self, wanted: &Wanted) -> Result<Vec<Claim>, StorageError>;

    /// Gives a claimed trial that has no parameters the ones it is tried with, and says whether the ticket held:
    /// for those that another tool has enqueued with `fixed_params` alone. They stay when the trial waits again.
    ///
    /// # Errors
    /// When the trial has parameters, or one has another kind than in an earlier trial.
    fn set_parameters(&self, ticket: Ticket, parameters: &[StoredParameter]) -> Result<bool, StorageError>;

    /// Renews leases, and says of each ticket whether it still holds.
    ///
    /// # Errors
    /// When the storage cannot be written.
    fn heartbeat(&self, tickets: &[Ticket], lease: Duration) -> Result<Vec<bool>, StorageError>;

    /// Keeps what running trials reported on their way. Records under a ticket that no longer holds are dropped;
    /// a step that is already there keeps its first value.
    ///
    /// # Errors
    /// When the storage cannot be written.
    fn record(&self, records: &[Record]) -> Result<(), StorageError>;

    /// Ends trials, and says of each whether its ticket held: if not, somebody else has taken or ended the
    /// trial, and nothing was changed.
    ///
    /// # Errors
    /// When the storage cannot be written, or a state is not one of an end.
    fn finish(&self, outcomes: &[Finish]) -> Result<Vec<bool>, StorageError>;

    /// [Ends](Self::finish) trials and [takes](Self::claim) others, for a worker that goes on at once: in one transaction
    /// where the storage has such, and one after the other where not.
    ///
    /// # Errors
    /// As both of them.
    fn finish_and_claim(&self, outcomes: &[Finish], wanted: &Wanted) -> Result<(Vec<bool>, Vec<Claim>), StorageError> {
        Ok((self.finish(outcomes)?, self.claim(wanted)?))
    }

    /// Sets attributes of a study or a trial, replacing those of the same key. Attributes of a finished trial
    /// can only be [`Scope::Private`].
    ///
    /// # Errors
    /// When the target is missing, or finished.
    fn set_attributes(&self, target: Target, scope: Scope, attributes: &[(String, Json)]) -> Result<(), StorageError>;

    /// The trials of a study that were made or changed since a cursor, by number, as they are now, and the
    /// cursor for the next call. The default cursor gives all trials.
    ///
    /// # Errors
    /// When there is no such study.
    fn changes_since(&self, study: StudyId, cursor: &Cursor) -> Result<Changes, StorageError>;

    /// The curves of some trials, in the order asked for.
    ///
    /// # Errors
    /// When a trial is missing.
    fn curves(&self, trials: &[TrialId]) -> Result<Vec<Vec<Series>>, StorageError>;
}
