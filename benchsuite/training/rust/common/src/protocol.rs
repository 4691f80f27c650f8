//! "ready" once the data is there, a line to start, then the training and one line of JSON.

use crate::rows::Rows;
use crate::task::{Task, Training};
use crate::training::{Curves, Epochs, Peer, epochs, train};
use rand::SeedableRng;
use rand::rngs::SmallRng;
use serde_json::{Map, Value, json};
use std::time::Instant;

/// Runs the task in the first argument.
pub fn main<P: Peer>() {
    let task = std::env::args().nth(1).expect("a task; peer.py starts this program with one");
    let task: Task = serde_json::from_str(&task).expect("a task as peer.py writes it");
    let rng = |number: usize| SmallRng::seed_from_u64(task.seed + number as u64);
    let found = match &task.training {
        Training::Arms(experiment, numbers) => {
            let (rows, held_out) = Rows::of(experiment, &task.mnist, &mut rng(0));
            let (rows, held_out) = (P::load(&rows), held_out.as_ref().map(P::load));
            wait();
            let start = Instant::now();
            let arm = |&i: &usize| {
                let curves = train::<P>(experiment, i, &rows, held_out.as_ref(), rng(i));
                (i.to_string(), summary(&curves))
            };
            let arms: Map<String, Value> = numbers.iter().map(arm).collect();
            let seconds = start.elapsed().as_secs_f64();
            json!({"seconds": seconds, "seconds_again": seconds, "arms": arms})
        }
        Training::Network(network) => {
            let [rows, test] = ["train", "t10k"].map(|part| Rows::read(&task.mnist, part));
            let n_rows = rows.t.len();
            let (rows, test) = (P::load(&rows), P::load(&test));
            wait();
            let Epochs { seconds, losses, test: (loss, accuracy) } = epochs::<P>(network, (&rows, n_rows), &test, rng(0));
            json!({"epochs": seconds, "late_train_loss": late(&losses), "test_loss": loss, "test_accuracy": accuracy})
        }
    };
    println!("{found}");
}

/// Until all processes of a measurement are ready.
fn wait() {
    println!("ready");
    std::io::stdin().read_line(&mut String::new()).expect("standard input");
}

/// The last points, under the names of `experiments.py`.
fn summary(curves: &Curves) -> Value {
    let mut out = Map::new();
    out.insert("late_train_loss".into(), json!(late(&curves.losses)));
    for (name, curve) in [("train", &curves.train), ("held_out", &curves.held_out)] {
        if let Some((loss, accuracy)) = curve.last() {
            out.insert(format!("{name}_loss"), json!(loss));
            out.insert(format!("{name}_accuracy"), json!(accuracy));
        }
    }
    Value::Object(out)
}

/// Mean of the last hundred.
fn late(losses: &[f32]) -> f32 {
    let late = &losses[losses.len().saturating_sub(100)..];
    late.iter().sum::<f32>() / late.len() as f32
}
