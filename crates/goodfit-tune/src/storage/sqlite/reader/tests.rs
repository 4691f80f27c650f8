use std::os::unix::fs::{PermissionsExt, symlink};

use serde_json::json;

use super::super::tests::{Folder, filled, finish_some, new_study, said};
use super::super::{Durability, Sqlite};
use super::*;
use crate::storage::{Scope, Storage, StoredTrial, Target, Wanted, Worker};
use crate::{Direction, TrialState};

/// The names and bytes of all files in a folder.
fn files(folder: &Path) -> Vec<(OsString, Vec<u8>)> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry"));
    let mut files: Vec<_> = entries.map(|file| (file.file_name(), fs::read(file.path()).expect("bytes"))).collect();
    files.sort();
    files
}

fn trials(reader: &SqliteReader, study: i64) -> Vec<StoredTrial> {
    reader.changes_since(StudyId(study), &Cursor::default()).expect("trials").trials
}

fn refused(path: &Path) -> String {
    said(SqliteReader::open(path).expect_err("refused"))
}

/// A file as Optuna makes it: its tables, changed in place.
fn by_optuna(path: &Path, sql: &str) {
    let connection = Connection::open(path).expect("a database");
    connection.execute_batch(include_str!("../schema.sql")).expect("tables");
    connection
        .execute_batch(
            "INSERT INTO version_info VALUES (1, 12, '5.0.0'); INSERT INTO alembic_version VALUES ('v3.2.0.a')",
        )
        .expect("a version");
    connection.execute_batch(sql).expect("studies");
}

/// Whether permissions hold for this user; they do not for the owner of everything.
fn is_bound(folder: &Path) -> bool {
    fs::write(folder.join("probe"), "").map(|()| fs::remove_file(folder.join("probe"))).is_err()
}

/// A folder and its files that may only be read, until this is dropped.
struct Protected<'a>(&'a Path);

impl<'a> Protected<'a> {
    fn new(folder: &'a Path) -> Self {
        set(folder, 0o444, 0o555);
        Self(folder)
    }
}

impl Drop for Protected<'_> {
    fn drop(&mut self) {
        set(self.0, 0o644, 0o755);
    }
}

fn set(folder: &Path, of_files: u32, of_folder: u32) {
    for file in fs::read_dir(folder).expect("a folder") {
        let path = file.expect("an entry").path();
        fs::set_permissions(path, fs::Permissions::from_mode(of_files)).expect("set");
    }
    fs::set_permissions(folder, fs::Permissions::from_mode(of_folder)).expect("set");
}

#[test]
fn reads_what_the_storage_reads_and_leaves_no_trace() {
    let folder = Folder::new();
    // A name that an address has to escape.
    let path = folder.0.join("a b%20?c#d\u{fc}.db");
    filled(&path);
    let link = folder.0.join("link.db");
    symlink(&path, &link).expect("a link");
    let before = files(&folder.0);
    let read = |path: &Path| {
        let reader = SqliteReader::open(path).expect("a reader");
        let trials = trials(&reader, 1);
        let ids: Vec<TrialId> = trials.iter().map(|trial| trial.id).collect();
        (reader.studies().expect("studies"), reader.curves(&ids).expect("curves"), trials)
    };
    let whole = read(&path);
    assert_eq!(read(&link), whole);
    {
        let _protected = Protected::new(&folder.0);
        assert_eq!(read(&path), whole);
    }
    assert_eq!(files(&folder.0), before, "it was only read");
    let storage = Sqlite::open(&path, Durability::Normal).expect("a storage");
    assert_eq!(storage.studies().expect("studies"), whole.0);
    let ids: Vec<TrialId> = whole.2.iter().map(|trial| trial.id).collect();
    assert_eq!(storage.curves(&ids).expect("curves"), whole.1);
    assert_eq!(storage.changes_since(StudyId(1), &Cursor::default()).expect("trials").trials, whole.2);
    assert_eq!(whole.2.len(), 200);
}

#[test]
fn sees_what_others_write_meanwhile() {
    let folder = Folder::new();
    let path = folder.file();
    filled(&path);
    let reader = SqliteReader::open(&path).expect("a reader");
    assert_eq!(trials(&reader, 1).len(), 200);
    let storage = Sqlite::open(&path, Durability::Normal).expect("a storage");
    finish_some(&storage, StudyId(1), 200, 5).expect("kept");
    assert_eq!(trials(&reader, 1).len(), 205, "through the log");
    drop(storage);
    assert_eq!(trials(&reader, 1).len(), 205, "after the log");
}

#[test]
fn changes_that_still_lie_in_the_log() {
    let folder = Folder::new();
    let path = folder.file();
    filled(&path);
    let storage = Sqlite::open(&path, Durability::Normal).expect("a storage");
    finish_some(&storage, StudyId(1), 200, 5).expect("kept");
    // As a program leaves them that was killed; the index of the log is only there while it runs.
    let copy = Folder::new();
    for end in ["", "-wal"] {
        fs::copy(beside(&path, end), beside(&copy.file(), end)).expect("copied");
    }
    {
        let _protected = Protected::new(&copy.0);
        if is_bound(&copy.0) {
            assert_eq!(
                refused(&copy.file()),
                "its last changes lie in the log beside it, which cannot be read without writing to its folder / copy \
                 the file and its log (the name with -wal at the end) to another folder, and read the copy"
            );
        }
    }
    let before = fs::read(copy.file()).expect("bytes");
    assert_eq!(trials(&SqliteReader::open(copy.file()).expect("a reader"), 1).len(), 205);
    assert_eq!(fs::read(copy.file()).expect("bytes"), before);
    // With its index it can be read where nothing can be written.
    fs::copy(beside(&path, "-shm"), beside(&copy.file(), "-shm")).expect("copied");
    let _protected = Protected::new(&copy.0);
    assert_eq!(trials(&SqliteReader::open(copy.file()).expect("a reader"), 1).len(), 205);
}

#[test]
fn a_change_that_was_broken_off() {
    let folder = Folder::new();
    let path = folder.file();
    by_optuna(&path, "INSERT INTO studies (study_name) VALUES ('s')");
    let other = Connection::open(&path).expect("a database");
    other
        .execute_batch(
            "PRAGMA cache_size = 1; BEGIN; INSERT INTO trials (number, study_id, state) WITH RECURSIVE n(i) AS \
             (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 5000) SELECT i, 1, 'RUNNING' FROM n",
        )
        .expect("begun");
    let copy = Folder::new();
    for end in ["", "-journal"] {
        fs::copy(beside(&path, end), beside(&copy.file(), end)).expect("copied");
    }
    let before = files(&copy.0);
    assert_eq!(
        refused(&copy.file()),
        "a program was killed in the middle of changing it, and the change has to be taken back first / copy it and its \
         journal (the name with -journal at the end), and open the copy with a program that may write"
    );
    assert_eq!(files(&copy.0), before, "it was only read");
}

#[test]
fn files_that_optuna_made() {
    let folder = Folder::new();
    let path = folder.file();
    by_optuna(
        &path,
        "INSERT INTO studies (study_name) VALUES ('one'), ('two'); \
         INSERT INTO study_directions (direction, study_id, objective) VALUES \
         ('MAXIMIZE', 1, 0), ('MINIMIZE', 2, 0), ('MAXIMIZE', 2, 1); \
         INSERT INTO study_user_attributes (study_id, \"key\", value_json) VALUES (1, 'who', '\"me\"'); \
         INSERT INTO trials (number, study_id, state) VALUES (0, 1, 'FAIL'), (0, 2, 'COMPLETE'); \
         INSERT INTO trial_values (trial_id, objective, value, value_type) VALUES \
         (2, 0, 0.5, 'FINITE'), (2, 1, NULL, 'INF_POS');",
    );
    let before = files(&folder.0);
    {
        let _protected = Protected::new(&folder.0);
        let reader = SqliteReader::open(&path).expect("a reader");
        let studies = reader.studies().expect("studies");
        assert_eq!(studies[0].attributes.get(&(Scope::User, "who".to_owned())), Some(&json!("me")));
        assert_eq!(studies[1].directions, [Direction::Minimize, Direction::Maximize]);
        assert_eq!(trials(&reader, 1)[0].state, TrialState::Failed(String::new()));
        assert_eq!(trials(&reader, 2)[0].state, TrialState::Complete(vec![0.5, f64::INFINITY]));
        assert_eq!(reader.curves(&[TrialId(1), TrialId(2)]).expect("none"), [[], []]);
    }
    assert_eq!(files(&folder.0), before, "it was only read");
    // To write is another matter.
    let storage = Sqlite::open(&path, Durability::Normal).expect("a storage");
    let error = storage
        .claim(&Wanted { study: StudyId(2), worker: Worker::here(), lease: PATIENCE, end: u64::MAX, n: 1 })
        .expect_err("two objectives");
    assert_eq!(error.to_string(), "study \"two\" has 2 objectives: it can be read, but not written");
    storage.set_attributes(Target::Study(StudyId(1)), Scope::Private, &[("k".to_owned(), 1.into())]).expect("set");
    let studies = SqliteReader::open(&path).expect("a reader").studies().expect("studies");
    assert_eq!(studies[0].attributes.get(&(Scope::Private, "k".to_owned())), Some(&json!(1)));
}

#[test]
fn files_that_cannot_be_read() {
    let folder = Folder::new();
    let path = folder.file();
    let missing = "it cannot be opened / check that it is there and may be read";
    assert_eq!(refused(&path), missing);
    fs::write(&path, "").expect("written");
    assert_eq!(refused(&path), "there are no studies in it / name another file");
    fs::write(&path, "network = 3\n".repeat(1000)).expect("written");
    assert_eq!(refused(&path), "it is not an SQLite database / name another file, or move this one away");
    fs::remove_file(&path).expect("removed");
    let other = Connection::open(&path).expect("a database");
    other.execute_batch("CREATE TABLE songs (id INTEGER)").expect("a table");
    assert_eq!(refused(&path), "it is a database of something else: there are no studies in it / name another file");
    drop(other);
    fs::remove_file(&path).expect("removed");
    let storage = Sqlite::open(&path, Durability::Normal).expect("a storage");
    storage.create_study(&new_study("s")).expect("a study");
    let reader = SqliteReader::open(&path).expect("a reader");
    let none = reader.changes_since(StudyId(7), &Cursor::default()).expect_err("no such study");
    assert_eq!(none.to_string(), "there is no study 7");
    drop(storage);
    fs::remove_file(&path).expect("removed");
    assert_eq!(said(reader.studies().expect_err("it is gone")), missing);
}
