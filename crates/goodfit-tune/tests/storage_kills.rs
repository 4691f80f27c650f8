//! Processes that are killed at any moment while they write to one file: nothing that was acknowledged is lost,
//! no number is given twice, and what they held goes on. `GOODFIT_FULL=1` kills 200 of them.

use std::collections::HashSet;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use goodfit_tune::storage::{
    Cursor, Durability, Finish, NewStudy, NewTrial, Record, Series, Sqlite, Storage, StorageError, StoredParameter,
    Wanted, Worker,
};
use goodfit_tune::{Direction, Distribution, Intermediate, TrialState, Value};

/// Names the file to a process that is to write.
const FILE: &str = "GOODFIT_KILLED_FILE";
/// So long that only the end of a process gives its trials free.
const LEASE: Duration = Duration::from_hours(1);

/// What a process writes until it is killed. As a test of its own it does nothing.
#[test]
fn writer() {
    let Ok(path) = std::env::var(FILE) else { return };
    let storage = Sqlite::open(path, Durability::Normal).expect("a storage");
    let new = NewStudy { name: "killed".to_owned(), directions: vec![Direction::Minimize], attributes: Vec::new() };
    match storage.create_study(&new) {
        Ok(_) | Err(StorageError::StudyExists { .. }) => {}
        Err(error) => panic!("{error}"),
    }
    let study = storage.studies().expect("one")[0].clone();
    let (worker, mut next) = (Worker::here(), study.n_trials);
    loop {
        match storage.create_trials(study.id, next, &[trial(next), trial(next + 1)]) {
            Ok(_) => next += 2,
            Err(StorageError::Conflict { next: there, .. }) => next = there,
            Err(error) => panic!("{error}"),
        }
        for claim in storage
            .claim(&Wanted { study: study.id, worker: worker.clone(), lease: LEASE, end: u64::MAX, n: 2 })
            .expect("claims")
        {
            assert_eq!(claim.parameters, trial(claim.number).parameters);
            let intermediate = Intermediate { step: 1, value: claim.number as f64 };
            storage.record(&[Record { ticket: claim.ticket, intermediate }]).expect("recorded");
            let end = Finish {
                intermediate: vec![Intermediate { step: 2, value: 0.0 }],
                curves: vec![curve(claim.number)],
                ..Finish::new(claim.ticket, TrialState::Complete(vec![value(claim.number)]))
            };
            if storage.finish(&[end]).expect("an end")[0] {
                let mut out = std::io::stdout().lock();
                writeln!(out, "kept {} .", claim.number).and_then(|()| out.flush()).expect("heard");
            }
        }
    }
}

fn value(number: u64) -> f64 {
    1.0 / (number + 1) as f64
}

fn curve(number: u64) -> Series {
    let values = (0..50).map(|i| value(number) * f64::from(i)).collect();
    Series { name: "loss".to_owned(), steps: (0..50).collect(), values }
}

fn trial(number: u64) -> NewTrial {
    let parameter = |i| StoredParameter {
        name: format!("x{i}"),
        value: Value::Float(value(number)),
        distribution: Distribution::Float { low: 0.0, high: 1.0, log: false, step: None },
    };
    NewTrial { parameters: (0..4).map(parameter).collect(), attributes: Vec::new() }
}

/// A process that writes, and the numbers that it has said to be kept.
struct Writer {
    process: Child,
    reader: JoinHandle<()>,
    kept: Arc<Mutex<Vec<u64>>>,
}

impl Writer {
    fn new(path: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this test"))
            .args(["writer", "--exact", "--nocapture", "--test-threads=1"])
            .env(FILE, path)
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let out = BufReader::new(process.stdout.take().expect("its words"));
        let kept = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&kept);
        let reader = std::thread::spawn(move || {
            for line in out.lines().map_while(Result::ok) {
                // The last line may be cut off.
                let number = line.strip_prefix("kept ").and_then(|rest| rest.strip_suffix(" ."));
                heard.lock().expect("no panic").extend(number.and_then(|number| number.parse::<u64>().ok()));
            }
        });
        Self { process, reader, kept }
    }

    fn n_kept(&self) -> usize {
        self.kept.lock().expect("no panic").len()
    }

    /// What it had said.
    fn kill(mut self) -> Vec<u64> {
        assert!(self.process.try_wait().expect("a state").is_none(), "it ended by itself");
        self.process.kill().expect("killed");
        self.process.wait().expect("ended");
        self.reader.join().expect("no panic");
        Arc::into_inner(self.kept).expect("one owner").into_inner().expect("no panic")
    }
}

#[test]
#[cfg(target_os = "linux")]
fn nothing_is_lost() {
    let n_kills = if std::env::var_os("GOODFIT_FULL").is_some() { 200 } else { 10 };
    let folder = std::env::temp_dir().join(format!("goodfit-kills-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let path = folder.join("study.db");
    let mut kept = HashSet::new();
    let mut take = |numbers: Vec<u64>| {
        for number in numbers {
            assert!(kept.insert(number), "trial {number} was ended twice");
        }
    };
    let mut writers = [Writer::new(&path), Writer::new(&path)];
    let mut random = 1_u64;
    for i in 0..n_kills {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        // Some while they open the file, most while they write.
        if i % 4 != 3 {
            while writers[i % 2].n_kept() == 0 {
                std::thread::sleep(Duration::from_millis(1));
            }
        }
        std::thread::sleep(Duration::from_micros((random >> 33) % 30_000));
        let old = std::mem::replace(&mut writers[i % 2], Writer::new(&path));
        take(old.kill());
    }
    for writer in writers {
        take(writer.kill());
    }

    let storage = Sqlite::open(&path, Durability::Normal).expect("a storage");
    let study = storage.studies().expect("one")[0].id;
    let trials = || storage.changes_since(study, &Cursor::default()).expect("trials").trials;
    let before = trials();
    assert!(kept.len() >= n_kills / 2, "only {} trials in {n_kills} lives", kept.len());
    for (number, there) in (0..).zip(&before) {
        assert_eq!(there.number, number, "every number once");
        assert_eq!(there.parameters, trial(number).parameters);
        if let TrialState::Complete(values) = &there.state {
            assert_eq!(*values, [value(number)]);
            assert_eq!(storage.curves(&[there.id]).expect("curves"), [[curve(number)]]);
            assert_eq!(there.intermediate.len(), 2);
        } else {
            assert!(!kept.contains(&number), "trial {number} was said to be kept");
        }
    }
    assert!(kept.iter().all(|number| *number < before.len() as u64));

    // What the last ones held, and nothing else, is given to the next at once.
    let open = before.iter().filter(|trial| !trial.state.is_finished()).map(|trial| trial.number);
    let claims = storage
        .claim(&Wanted { study, worker: Worker::here(), lease: LEASE, end: u64::MAX, n: usize::MAX })
        .expect("claims");
    assert_eq!(claims.iter().map(|claim| claim.number).collect::<Vec<_>>(), open.collect::<Vec<_>>());
    assert!(trials().iter().all(|trial| trial.state.is_finished() || trial.intermediate.is_empty()));

    drop(storage);
    let file = rusqlite::Connection::open(&path).expect("a database");
    let verdict: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a verdict");
    assert_eq!(verdict, "ok");
    drop(file);
    std::fs::remove_dir_all(folder).expect("removed");
}
