//! Two processes on one study, killed at any moment, again and again: it ends as one that nobody disturbed.
//! `GOODFIT_FULL=1` kills 201 processes.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use goodfit_tune::samplers::{Narrow, Random, Sobol, narrow};
use goodfit_tune::storage::{Cursor, Durability, Memory, Sqlite, Storage, StoredTrial};
use goodfit_tune::{
    Distribution, Limits, NoPruner, Outcome, RunningTrial, Sampler, Space, Stopped, Study, StudyOptions, TrialState,
    Value,
};

/// Names the file, the sampler and the number of trials to a process that is to work on them.
const WORK: [&str; 3] = ["GOODFIT_KILLED_STUDY", "GOODFIT_KILLED_SAMPLER", "GOODFIT_KILLED_TRIALS"];

/// What a process works on until it is killed. As a test of its own it does nothing.
#[test]
fn worker() {
    let [Ok(path), Ok(sampler), Ok(n)] = WORK.map(std::env::var) else { return };
    let storage = Arc::new(Sqlite::open(path, Durability::Normal).expect("a storage"));
    work(storage, &sampler, n.parse().expect("a number"), Duration::from_millis(2));
}

/// Carries out a study to its end; each trial takes a while.
fn work(storage: Arc<dyn Storage>, sampler: &str, trials: u64, each: Duration) {
    let sampler: Box<dyn Sampler> = match sampler {
        "sobol" => Box::<Sobol>::default(),
        "narrow" => Box::new(Narrow::new(narrow::Options::default())),
        _ => Box::new(Random),
    };
    let space = Space::new([
        ("rate", Distribution::Float { low: 1e-4, high: 1.0, log: true, step: None }),
        ("depth", Distribution::Int { low: 1, high: 9, log: false, step: 1 }),
        ("kind", Distribution::categorical(["a", "b", "c"])),
    ])
    .expect("a space");
    let study = Study::open(storage, space, sampler, Box::new(NoPruner), StudyOptions::default()).expect("a study");
    let objective = |trial: &mut RunningTrial<'_>| {
        std::thread::sleep(each);
        let values = ["rate", "depth", "kind"].map(|name| trial.parameters().get(name));
        let [Some(Value::Float(rate)), Some(Value::Int(depth)), Some(Value::Choice(kind))] = values else {
            return Outcome::Failed("no such parameters".to_owned());
        };
        if kind == 2 && depth == 9 {
            return Outcome::Failed("too deep".to_owned());
        }
        Outcome::Complete((rate.log10() + 2.0).powi(2) + 0.1 * depth as f64 + kind as f64)
    };
    let stop = AtomicBool::new(false);
    let limits = Limits { trials, deadline: None, rule: None, stop: &stop, jobs: 2 };
    let stopped = study.optimise(objective, &limits, &mut |_: u64, _: &TrialState| {}).expect("a storage that works");
    assert_eq!(stopped, Stopped::Finished);
}

/// All trials, without the times.
fn trials(storage: &dyn Storage) -> Vec<StoredTrial> {
    let study = storage.studies().expect("studies")[0].id;
    let mut trials = storage.changes_since(study, &Cursor::default()).expect("trials").trials;
    for trial in &mut trials {
        (trial.began, trial.ended) = (None, None);
    }
    trials
}

fn start(path: &Path, sampler: &str, n: u64) -> Child {
    let values = [path.as_os_str().to_owned(), sampler.into(), n.to_string().into()];
    Command::new(std::env::current_exe().expect("this test"))
        .args(["worker", "--exact", "--test-threads=1"])
        .envs(WORK.into_iter().zip(values))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("a process")
}

#[test]
#[cfg(target_os = "linux")]
fn it_ends_as_one_that_nobody_disturbed() {
    let (n_kills, n_trials) = if std::env::var_os("GOODFIT_FULL").is_some() { (67, 4_000) } else { (10, 600) };
    let folder = std::env::temp_dir().join(format!("goodfit-study-kills-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let mut random = 1_u64;
    for sampler in ["random", "sobol", "narrow"] {
        let undisturbed = Arc::new(Memory::new());
        work(undisturbed.clone(), sampler, n_trials, Duration::ZERO);

        let path = folder.join(format!("{sampler}.db"));
        let mut workers = [(); 2].map(|()| start(&path, sampler, n_trials));
        let mut n_working = 0;
        for i in 0..n_kills {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            std::thread::sleep(Duration::from_micros(5_000 + (random >> 33) % 35_000));
            let worker = &mut workers[i % 2];
            n_working += usize::from(worker.try_wait().expect("a state").is_none());
            worker.kill().expect("killed");
            worker.wait().expect("ended");
            *worker = start(&path, sampler, n_trials);
        }
        for mut worker in workers {
            assert!(worker.wait().expect("an end").success(), "{sampler}: the last two end by themselves");
        }
        assert!(n_working * 10 >= n_kills * 9, "{sampler}: only {n_working} of {n_kills} were at work when killed");

        let storage = Sqlite::open(&path, Durability::Normal).expect("a storage");
        let (found, expected) = (trials(&storage), trials(&*undisturbed));
        assert_eq!(found.len() as u64, n_trials);
        for (found, expected) in found.iter().zip(&expected) {
            let of = |trial: &StoredTrial| (trial.number, trial.parameters.clone(), trial.state.clone());
            assert_eq!(of(found), of(expected), "{sampler}");
        }
        drop(storage);
        let file = rusqlite::Connection::open(&path).expect("a database");
        let verdict: String = file.query_row("PRAGMA integrity_check", [], |row| row.get(0)).expect("a verdict");
        assert_eq!(verdict, "ok", "{sampler}");
    }
    std::fs::remove_dir_all(folder).expect("removed");
}
