//! What a study is told when it is opened.

use std::time::Duration;

use serde_json::Value as Json;

use crate::Direction;

/// What a study is, besides its space, sampler and pruner.
#[derive(Clone, Debug)]
pub struct StudyOptions {
    /// Its name in the storage.
    pub name: String,
    /// Whether small or large values are good.
    pub direction: Direction,
    /// Seed of everything that is drawn.
    pub seed: u64,
    /// Trials that are drawn from the same knowledge; 1 is one after the other. It never depends on the
    /// number of jobs, so that the trials do not either.
    pub generation: u64,
    /// What trials may know of each other.
    pub order: Order,
    /// How long a worker may be silent before its trials are given to others.
    pub lease: Duration,
    /// What else the study stands for: one that was begun with other values cannot be gone on with.
    pub identity: Vec<(String, Json)>,
}

impl Default for StudyOptions {
    fn default() -> Self {
        Self {
            name: "study".to_owned(),
            direction: Direction::Minimize,
            seed: 0,
            generation: 8,
            order: Order::Generations,
            lease: Duration::from_mins(1),
            identity: Vec::new(),
        }
    }
}

/// What trials may know of each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Order {
    /// Whole generations before them: the same trials for any number of jobs.
    #[default]
    Generations,
    /// Whatever has finished: no job waits, and a second run gives other trials.
    Asynchronous,
}
