//! The contract on files, and files that cannot be used.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;
use crate::storage::Worker;
use crate::{Direction, TrialState};

/// A folder that goes with the value.
pub(super) struct Folder(pub(super) PathBuf);

impl Folder {
    pub(super) fn new() -> Self {
        static N: AtomicU64 = AtomicU64::new(0);
        let name = format!("goodfit-sqlite-{}-{}", std::process::id(), N.fetch_add(1, Ordering::Relaxed));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }

    pub(super) fn file(&self) -> PathBuf {
        self.0.join("study.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

pub(super) fn new_study(name: &str) -> NewStudy {
    NewStudy { name: name.to_owned(), directions: vec![Direction::Minimize], attributes: Vec::new() }
}

/// A file with a study of some finished trials.
pub(super) fn filled(path: &Path) {
    let storage = Sqlite::open(path, Durability::Normal).expect("a storage");
    let study = storage.create_study(&new_study("s")).expect("a study");
    finish_some(&storage, study, 0, 200).expect("kept");
}

pub(super) fn finish_some(storage: &dyn Storage, study: StudyId, first: u64, n: usize) -> Result<(), StorageError> {
    storage.create_trials(study, first, &vec![NewTrial::default(); n])?;
    let claims = storage.claim(&Wanted { study, worker: Worker::here(), lease: PATIENCE, end: u64::MAX, n })?;
    let curve = Series { name: "loss".to_owned(), steps: (0..50).collect(), values: vec![0.1; 50] };
    let end = |claim: &Claim| Finish {
        curves: vec![curve.clone()],
        ..Finish::new(claim.ticket, TrialState::Complete(vec![1.0]))
    };
    storage.finish(&claims.iter().map(end).collect::<Vec<_>>()).map(|_| ())
}

pub(super) fn said(error: StorageError) -> String {
    let StorageError::File { what, hint, .. } = &error else { panic!("{error:?}") };
    assert!(error.to_string().ends_with(what), "{error}");
    format!("{what} / {}", hint.as_deref().unwrap_or("-"))
}

fn refused(path: &Path) -> String {
    said(Sqlite::open(path, Durability::Normal).expect_err("refused"))
}

#[test]
fn keeps_the_contract() {
    for durability in [Durability::Normal, Durability::Full] {
        let folder = Folder::new();
        let n = AtomicU64::new(0);
        crate::contract::storage(&|| {
            let path = folder.0.join(format!("{}.db", n.fetch_add(1, Ordering::Relaxed)));
            Box::new(Sqlite::open(path, durability).expect("a storage"))
        });
    }
}

#[test]
fn a_file_is_found_again_by_name_and_by_address() {
    let folder = Folder::new();
    filled(&folder.file());
    for path in [folder.file(), format!("sqlite:///{}", folder.file().display()).into()] {
        let storage = Sqlite::open(path, Durability::Full).expect("a storage");
        let studies = storage.studies().expect("one");
        assert_eq!((studies.len(), studies[0].n_trials), (1, 200));
        assert_eq!(storage.changes_since(studies[0].id, &Cursor::default()).expect("trials").trials.len(), 200);
    }
}

#[test]
fn whole_numbers_that_a_float_cannot_hold() {
    let folder = Folder::new();
    let storage = Sqlite::open(folder.file(), Durability::Normal).expect("a storage");
    let study = storage.create_study(&new_study("s")).expect("a study");
    let parameter = StoredParameter {
        name: "n".to_owned(),
        value: crate::Value::Int((1 << 53) + 1),
        distribution: crate::Distribution::Int { low: 0, high: i64::MAX, log: false, step: 1 },
    };
    let trial = NewTrial { parameters: vec![parameter], attributes: Vec::new() };
    let error = storage.create_trials(study, 0, &[trial]).expect_err("refused").to_string();
    assert_eq!(error, "parameter n: whole numbers are kept within 2^53 of 0, got Int(9007199254740993)");
}

#[test]
fn files_of_something_else() {
    let folder = Folder::new();
    let path = folder.file();
    fs::write(&path, "network = 3\n".repeat(1000)).expect("written");
    assert_eq!(refused(&path), "it is not an SQLite database / name another file, or move this one away");

    fs::remove_file(&path).expect("removed");
    let other = Connection::open(&path).expect("a database");
    other.execute_batch("CREATE TABLE songs (id INTEGER)").expect("a table");
    drop(other);
    let before = fs::read(&path).expect("bytes");
    assert_eq!(refused(&path), "it is a database of something else: there are no studies in it / name another file");
    assert_eq!(fs::read(&path).expect("bytes"), before, "it was not touched");

    assert!(refused(&folder.0).starts_with("it cannot be opened / check that its folder exists"));
    assert!(refused(&folder.0.join("missing/study.db")).starts_with("it cannot be opened / check that its folder"));
}

#[test]
fn a_truncated_file() {
    let folder = Folder::new();
    let path = folder.file();
    filled(&path);
    let bytes = fs::read(&path).expect("bytes");
    for length in [20, 100, 4000, 4096, bytes.len() / 2, bytes.len() - 4096] {
        fs::write(&path, &bytes[..length]).expect("written");
        let message = refused(&path);
        let known = message.starts_with("the database is damaged / save what can be read: sqlite3 ")
            || message.starts_with("it is not an SQLite database");
        assert!(known, "{length}: {message}");
    }
    // All pages but the first are others.
    let mut damaged = bytes.clone();
    damaged[4096..].fill(0x55);
    fs::write(&path, &damaged).expect("written");
    assert!(refused(&path).starts_with("the database is damaged"));
    // Of the half with the trials.
    let mut damaged = bytes.clone();
    damaged[bytes.len() / 2..].fill(0x55);
    fs::write(&path, &damaged).expect("written");
    let read = || {
        let storage = Sqlite::open(&path, Durability::Normal)?;
        let changes = storage.changes_since(StudyId(1), &Cursor::default())?;
        storage.curves(&changes.trials.iter().map(|trial| trial.id).collect::<Vec<_>>()).map(|_| ())
    };
    assert!(said(read().expect_err("damaged")).starts_with("the database is damaged"));
}

#[test]
fn files_of_other_versions() {
    let folder = Folder::new();
    let path = folder.file();
    filled(&path);
    let change = |sql: &str| Connection::open(&path).expect("a database").execute_batch(sql).expect("changed");
    let cases = [
        (
            "UPDATE goodfit_format SET format = 2",
            "it has the format 2 of goodfit's tables, and this program knows 1 / take a newer goodfit".to_owned(),
            "UPDATE goodfit_format SET format = 1",
        ),
        (
            "UPDATE alembic_version SET version_num = 'v3.0.0.d'",
            format!(
                "it has Optuna's schema 12 v3.0.0.d, and this program knows 12 v3.2.0.a / bring it up to date: \
                 optuna storage upgrade --storage sqlite:///{}",
                path.display()
            ),
            "UPDATE alembic_version SET version_num = 'v3.2.0.a'",
        ),
        (
            "UPDATE version_info SET schema_version = 13; UPDATE alembic_version SET version_num = 'v6.0.0.a'",
            "it has Optuna's schema 13 v6.0.0.a, and this program knows 12 v3.2.0.a / take a newer goodfit".to_owned(),
            "UPDATE version_info SET schema_version = 12; UPDATE alembic_version SET version_num = 'v3.2.0.a'",
        ),
    ];
    for (newer, message, back) in cases {
        change(newer);
        assert_eq!(refused(&path), message);
        change(back);
        Sqlite::open(&path, Durability::Normal).expect("as before");
    }
}

#[test]
fn a_file_that_is_marked_as_read_only() {
    let folder = Folder::new();
    let path = folder.file();
    filled(&path);
    let mut permissions = fs::metadata(&path).expect("a file").permissions();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).expect("marked");
    assert_eq!(refused(&path), "it cannot be written / allow writing to it and to its folder, or work on a copy");
}

#[test]
fn a_disk_that_is_full() {
    let folder = Folder::new();
    let path = folder.file();
    let storage = Sqlite::open(&path, Durability::Normal).expect("a storage");
    let study = storage.create_study(&new_study("s")).expect("a study");
    // SQLite answers the end of the room that it was given as it does the end of a disk.
    let pages = |n: i64| lock(&storage.writer).connection.pragma_update(None, "max_page_count", n).expect("set");
    pages(80);
    let mut n_kept = 0;
    let error = loop {
        match finish_some(&storage, study, n_kept, 10) {
            Ok(()) => n_kept += 10,
            Err(error) => break error,
        }
    };
    assert_eq!(said(error), "the disk is full / free some space and go on: what had been kept is still there");
    let kept = || storage.changes_since(study, &Cursor::default()).expect("trials").trials;
    let finished = kept().iter().filter(|trial| trial.state.is_finished()).count() as u64;
    assert!(finished == n_kept && n_kept > 0);
    pages(1 << 20);
    let next = kept().len() as u64;
    finish_some(&storage, study, next, 10).expect("there is room again");
}

#[test]
fn another_program_that_keeps_it_locked() {
    let folder = Folder::new();
    filled(&folder.file());
    let patience = Duration::from_millis(30);
    let storage = Sqlite::open_patiently(&folder.file(), Durability::Normal, patience).expect("a storage");
    let other = Connection::open(folder.file()).expect("a database");
    other.execute_batch("BEGIN IMMEDIATE").expect("locked");
    let message = said(storage.create_study(&new_study("t")).expect_err("locked"));
    assert_eq!(message, "another program keeps it locked / end the other program, or wait until it is done");
    assert_eq!(storage.studies().expect("readers do not wait").len(), 1);
    other.execute_batch("ROLLBACK").expect("free");
    storage.create_study(&new_study("t")).expect("a study");
}

#[test]
fn foreign_content() {
    let folder = Folder::new();
    let path = folder.file();
    filled(&path);
    let storage = Sqlite::open(&path, Durability::Normal).expect("a storage");
    let other = Connection::open(&path).expect("a database");
    let read = || storage.changes_since(StudyId(1), &Cursor::default());
    for (sql, message) in [
        ("UPDATE trials SET state = 'LOST' WHERE number = 3", "trial 3: it has the state LOST"),
        ("DELETE FROM trial_values WHERE trial_id = 5", "trial 4: it is complete, but lacks a value"),
        ("UPDATE trial_values SET value = NULL WHERE trial_id = 5", "trial 4: its value is none"),
        ("UPDATE trial_values SET value = 'much' WHERE trial_id = 5", "it holds what no tool should have written: "),
        (
            "INSERT INTO trial_params VALUES (1, 1, 'x', 0.5, '{\"name\": \"Beta\"}')",
            "trial 0: parameter x: {\"name\": \"Beta\"} is no distribution",
        ),
    ] {
        other.execute_batch(&format!("BEGIN; {sql}; COMMIT")).expect("changed");
        let message_now = said(read().expect_err(message));
        assert!(message_now.starts_with(message), "{message_now}");
        other.execute_batch("UPDATE trials SET state = 'COMPLETE'; DELETE FROM trial_params").expect("changed back");
        other
            .execute_batch(
                "DELETE FROM trial_values; INSERT INTO trial_values (trial_id, objective, value, value_type) \
                 SELECT trial_id, 0, 1.0, 'FINITE' FROM trials",
            )
            .expect("changed back");
        read().expect("as before");
    }
    other.execute_batch("UPDATE goodfit_ends SET curves = x'0102' WHERE trial_id = 2").expect("changed");
    assert_eq!(said(storage.curves(&[TrialId(2)]).expect_err("damaged")), "trial 1: its curves are damaged / -");
}

#[test]
fn trials_of_another_tool() {
    let folder = Folder::new();
    let path = folder.file();
    let storage = Sqlite::open(&path, Durability::Normal).expect("a storage");
    let study = storage.create_study(&new_study("s")).expect("a study");
    let other = Connection::open(&path).expect("a database");
    let sql = "INSERT INTO trials (number, study_id, state) VALUES (0, 1, 'RUNNING'), (1, 1, 'WAITING'); \
               INSERT INTO trial_system_attributes (trial_id, \"key\", value_json) VALUES (2, 'fixed_params', '{\"x\": NaN}');
               INSERT INTO studies (study_name) VALUES ('two'); \
               INSERT INTO study_directions (direction, study_id, objective) VALUES ('MINIMIZE', 2, 1), ('MAXIMIZE', 2, 0); \
               INSERT INTO trials (number, study_id, state) VALUES (0, 2, 'COMPLETE'), (1, 2, 'WAITING'); \
               INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES \
               (3, 1, NULL, 'INF_NEG'), (3, 0, 2.0, 'FINITE');";
    other.execute_batch(sql).expect("changed");
    let claims = storage
        .claim(&Wanted { study, worker: Worker::here(), lease: Duration::ZERO, end: u64::MAX, n: 9 })
        .expect("claims");
    assert_eq!(claims.len(), 1, "what runs without a lease is not ours");
    assert_eq!((claims[0].number, claims[0].parameters.len()), (1, 0));
    let fixed = claims[0].attributes.get(&(Scope::System, "fixed_params".to_owned()));
    assert_eq!(fixed, Some(&serde_json::json!({"x": "NaN"})));
    // While it waits again, the other tool takes it and ends it.
    assert!(
        storage
            .claim(&Wanted { study, worker: Worker::here(), lease: PATIENCE, end: u64::MAX, n: 0 })
            .expect("claims")
            .is_empty()
    );
    other.execute_batch("UPDATE trials SET state = 'RUNNING' WHERE trial_id = 2").expect("changed");
    assert!(
        storage
            .claim(&Wanted { study, worker: Worker::here(), lease: PATIENCE, end: u64::MAX, n: 9 })
            .expect("claims")
            .is_empty()
    );
    assert_eq!(storage.heartbeat(&[claims[0].ticket], PATIENCE).expect("an answer"), [false]);

    let two = storage.studies().expect("two")[1].clone();
    assert_eq!(two.directions, [Direction::Maximize, Direction::Minimize]);
    let trials = storage.changes_since(two.id, &Cursor::default()).expect("trials").trials;
    assert_eq!(trials[0].state, TrialState::Complete(vec![2.0, f64::NEG_INFINITY]));
    let ticket = Ticket { trial: trials[1].id, fence: 1 };
    let end = Finish::new(ticket, TrialState::Pruned(None));
    for error in [
        storage.create_trials(two.id, 2, &[]).map(|_| ()),
        storage
            .claim(&Wanted { study: two.id, worker: Worker::here(), lease: PATIENCE, end: u64::MAX, n: 1 })
            .map(|_| ()),
        storage.finish(&[end]).map(|_| ()),
        storage.set_attributes(Target::Trial(trials[1].id), Scope::User, &[]),
        storage.set_attributes(Target::Study(two.id), Scope::User, &[]),
    ] {
        let error = error.expect_err("it can only be read").to_string();
        assert_eq!(error, "study \"two\" has 2 objectives: it can be read, but not written");
    }

    // Another tool deletes a study; the next one of that id has nothing of it.
    storage.set_attributes(Target::Study(study), Scope::Private, &[("k".to_owned(), 1.into())]).expect("set");
    storage.set_attributes(Target::Trial(TrialId(2)), Scope::Private, &[("k".to_owned(), 1.into())]).expect("set");
    other
        .execute_batch("PRAGMA foreign_keys = OFF; DELETE FROM trial_values; DELETE FROM trials; DELETE FROM studies")
        .expect("deleted");
    for table in ["goodfit_claims", "goodfit_ends", "goodfit_study_attributes", "goodfit_trial_attributes"] {
        let n: i64 = other.query_row(&format!("SELECT COUNT(*) FROM {table}"), [], |row| row.get(0)).expect("a count");
        assert_eq!(n, 0, "{table}");
    }
}
