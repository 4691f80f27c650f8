//! How fast the storages are, and how much memory a trial takes.
//!
//!     cargo run --release -p goodfit-tune --features sqlite --example storage_speed [FOLDER]
//!
//! A trial has 8 parameters (6 floats, a whole number, a choice) and, where it says so, a curve of 50 points. Each
//! trial is created, claimed and finished. Files are made in FOLDER (default: the folder for temporary files). Beside the rate
//! stands the processor's time a trial, which other programs on the machine change little.

use std::error::Error;
use std::path::Path;
use std::time::{Duration, Instant};

use goodfit_tune::storage::{
    Changes, Cursor, Durability, Finish, Memory, NewStudy, NewTrial, Series, Sqlite, Storage, StorageError,
    StoredParameter, StudyId, Ticket, TrialId, Wanted, Worker,
};
use goodfit_tune::{Direction, Distribution, TrialState, Value};

type Result<T> = std::result::Result<T, Box<dyn Error>>;

const LEASE: Duration = Duration::from_mins(1);
/// Trials in the file that is opened again.
const N_LARGE: u64 = 100_000;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        // Memory is measured in processes of its own, where nothing was freed before.
        ["resident", kind, path] => resident(kind, Path::new(path)),
        [] => all(&std::env::temp_dir()),
        [folder] => all(Path::new(folder)),
        _ => Err("one argument: a folder".into()),
    }
}

fn all(folder: &Path) -> Result<()> {
    let folder = folder.join(format!("goodfit-storage-speed-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let measured = measure(&folder);
    std::fs::remove_dir_all(folder)?;
    measured
}

fn measure(folder: &Path) -> Result<()> {
    println!("storage, threads, trials a call, curve: trials a second, microseconds of processor time a trial");
    for (batch, curve) in [(1, false), (8, false), (8, true)] {
        let n = 200_000;
        println!("memory, 1, {batch}, {}", rate(&Memory::new(), n, 1, batch, curve)?);
    }
    let mut n_files = 0;
    let mut file = || {
        n_files += 1;
        folder.join(format!("{n_files}.db"))
    };
    for (durability, n) in [(Durability::Normal, 16_000), (Durability::Full, 4_000)] {
        for (threads, batch, curve) in [(1, 1, false), (1, 1, true), (1, 8, false), (1, 8, true), (8, 1, true)] {
            let storage = Sqlite::open(file(), durability)?;
            println!("sqlite {durability:?}, {threads}, {batch}, {}", rate(&storage, n, threads, batch, curve)?);
        }
    }
    let path = file();
    fill(&Sqlite::open(&path, Durability::Normal)?, N_LARGE, true)?;
    println!("a file of {N_LARGE} trials with curves: {} bytes", std::fs::metadata(&path)?.len());
    for _ in 0..3 {
        let (began, busy) = (Instant::now(), busy()?);
        let storage = Sqlite::open(&path, Durability::Normal)?;
        let study = storage.studies()?[0].id;
        let changes = storage.changes_since(study, &Cursor::default())?;
        let n = changes.trials.len();
        let (seconds, busy) = (began.elapsed().as_secs_f64(), self::busy()? - busy);
        println!("opened, studies and {n} trials read: {seconds:.3} s, {busy:.2} s of processor time");
        let began = Instant::now();
        let n = storage.changes_since(study, &changes.cursor)?.trials.len();
        println!("read again, {n} changed: {:.1} us", began.elapsed().as_secs_f64() * 1e6);
    }
    for kind in ["sqlite", "memory"] {
        let status =
            std::process::Command::new(std::env::current_exe()?).args(["resident", kind]).arg(&path).status()?;
        if !status.success() {
            return Err("the measurement of memory failed".into());
        }
    }
    Ok(())
}

/// The curve, trials a second, and the processor's time a trial.
fn rate(storage: &dyn Storage, n: u64, threads: u64, batch: usize, curve: bool) -> Result<String> {
    let study = study(storage)?;
    let (began, busy) = (Instant::now(), busy()?);
    std::thread::scope(|scope| {
        let work = || -> std::result::Result<(), String> {
            let (worker, mut next, mut n_finished) = (Worker::here(), 0, 0);
            while n_finished < n / threads {
                let trials: Vec<NewTrial> = (0..batch).map(|i| trial(next + i as u64)).collect();
                match storage.create_trials(study, next, &trials) {
                    Ok(ids) => next += ids.len() as u64,
                    Err(StorageError::Conflict { next: there, .. }) => {
                        next = there;
                        continue;
                    }
                    Err(error) => return Err(error.to_string()),
                }
                let claims = storage
                    .claim(&Wanted { study, worker: worker.clone(), lease: LEASE, end: u64::MAX, n: batch })
                    .map_err(|error| error.to_string())?;
                let ends: Vec<Finish> = claims.iter().map(|claim| end(claim.ticket, claim.number, curve)).collect();
                n_finished += storage.finish(&ends).map_err(|error| error.to_string())?.len() as u64;
            }
            Ok(())
        };
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        threads.into_iter().try_for_each(|thread| thread.join().map_err(|_| "a thread panicked".to_owned())?)
    })?;
    let rate = n as f64 / began.elapsed().as_secs_f64();
    let micros = (self::busy()? - busy) * 1e6 / n as f64;
    Ok(format!("{}: {rate:.0}, {micros:.2}", if curve { "50 points" } else { "none" }))
}

/// Seconds that this process has kept a processor busy, to 10 ms.
fn busy() -> Result<f64> {
    let stat = std::fs::read_to_string("/proc/self/stat")?;
    let fields: Vec<&str> = stat[stat.rfind(')').ok_or("no name")?..].split_ascii_whitespace().collect();
    Ok((fields[12].parse::<f64>()? + fields[13].parse::<f64>()?) / 100.0)
}

fn fill(storage: &dyn Storage, n: u64, curve: bool) -> Result<()> {
    let study = study(storage)?;
    for first in (0..n).step_by(1000) {
        let trials: Vec<NewTrial> = (first..first + 1000).map(trial).collect();
        storage.create_trials(study, first, &trials)?;
        let claims = storage.claim(&Wanted { study, worker: Worker::here(), lease: LEASE, end: u64::MAX, n: 1000 })?;
        let ends: Vec<Finish> = claims.iter().map(|claim| end(claim.ticket, claim.number, curve)).collect();
        storage.finish(&ends)?;
    }
    Ok(())
}

fn study(storage: &dyn Storage) -> Result<StudyId> {
    let study = NewStudy { name: "speed".to_owned(), directions: vec![Direction::Maximize], attributes: Vec::new() };
    Ok(storage.create_study(&study)?)
}

fn trial(number: u64) -> NewTrial {
    let u = (number as f64 * 0.618_033_988_749_894_9).fract();
    let mut parameters: Vec<StoredParameter> = (0..6)
        .map(|i| StoredParameter {
            name: format!("training.rate_{i}"),
            value: Value::Float(1e-6 * 1e4_f64.powf(u)),
            distribution: Distribution::Float { low: 1e-6, high: 1e-2, log: true, step: None },
        })
        .collect();
    parameters.push(StoredParameter {
        name: "network.depth".to_owned(),
        value: Value::Int(1 + (u * 8.0) as i64),
        distribution: Distribution::Int { low: 1, high: 8, log: false, step: 1 },
    });
    parameters.push(StoredParameter {
        name: "network.activation".to_owned(),
        value: Value::Choice((u * 3.0) as usize),
        distribution: Distribution::categorical(["relu", "sigmoid", "tanh"]),
    });
    NewTrial { parameters, attributes: Vec::new() }
}

fn end(ticket: Ticket, number: u64, curve: bool) -> Finish {
    let value = 1.0 / (number + 1) as f64;
    let series = || Series {
        name: "validation_accuracy".to_owned(),
        steps: (0..50).map(|i| i * 10 + 9).collect(),
        values: (0..50).map(|i| value * f64::from(i)).collect(),
    };
    let curves = if curve { vec![series()] } else { Vec::new() };
    Finish { curves, ..Finish::new(ticket, TrialState::Complete(vec![value])) }
}

/// Prints what a trial takes in memory beyond its parameters (and curve, in `memory`).
fn resident(kind: &str, path: &Path) -> Result<()> {
    let storage = Sqlite::open(path, Durability::Normal)?;
    let study = storage.studies()?[0].id;
    // What SQLite itself keeps is there after a first, small read.
    storage.curves(&(1..1000).map(TrialId).collect::<Vec<_>>())?;
    let begin = now()?;
    let whole: Box<dyn std::any::Any> = if kind == "sqlite" {
        Box::new(storage.changes_since(study, &Cursor::default())?)
    } else {
        let memory = Memory::new();
        fill(&memory, N_LARGE, true)?;
        Box::new(memory)
    };
    let all = now()?.saturating_sub(begin);
    let begin = now()?;
    let bare: Vec<(Vec<StoredParameter>, Vec<Series>)> = match whole.downcast_ref::<Changes>() {
        Some(changes) => changes.trials.iter().map(|trial| (trial.parameters.clone(), Vec::new())).collect(),
        None => (0..N_LARGE).map(|i| (trial(i).parameters.clone(), end(TICKET, i, true).curves.clone())).collect(),
    };
    let bare_bytes = now()?.saturating_sub(begin);
    println!(
        "{kind}: {} bytes a trial resident, {} of them beyond its parameters{}",
        all / bare.len(),
        all.saturating_sub(bare_bytes) / bare.len(),
        if kind == "memory" { " and curve" } else { "" }
    );
    Ok(())
}

const TICKET: Ticket = Ticket { trial: TrialId(0), fence: 0 };

/// Bytes of this process in memory.
fn now() -> Result<usize> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).ok_or("no VmRSS")?;
    Ok(line.trim().trim_end_matches("kB").trim().parse::<usize>()? * 1024)
}
