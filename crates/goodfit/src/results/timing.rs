//! `timing.json`: how long it took, and on what. The only file with facts of the wall clock.

use std::env::consts::{ARCH, OS};
use std::fs;

use serde::{Deserialize, Serialize};

use crate::jobs::default_jobs;

/// How long an experiment took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Timing {
    /// Wall-clock seconds from start to end.
    pub seconds: f64,
    /// Runs that were trained at the same time.
    pub jobs: usize,
    /// What it ran on.
    pub machine: Machine,
    /// By arm, in the order of the results.
    pub arms: Vec<ArmTiming>,
}

/// How long the runs of an arm took.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ArmTiming {
    /// Name of the arm.
    pub arm: String,
    /// In the order of the seeds.
    pub runs: Vec<RunTiming>,
}

/// How long a run took.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunTiming {
    /// The seed.
    pub seed: u64,
    /// Wall-clock seconds, while other runs may have shared the machine.
    pub seconds: f64,
}

/// What a program runs on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// Operating system, for instance `linux`.
    pub os: String,
    /// Instruction set, for instance `x86_64`.
    pub arch: String,
    /// Model of the processor; empty where the system does not tell.
    pub cpu: String,
    /// Threads that it runs at the same time.
    pub threads: usize,
}

impl Machine {
    /// The machine of this process.
    pub fn current() -> Self {
        let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let model = facts.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
        Self {
            os: OS.to_owned(),
            arch: ARCH.to_owned(),
            cpu: model.map(|(_, name)| name.trim().to_owned()).unwrap_or_default(),
            threads: default_jobs(),
        }
    }
}
