//! `timing.json`: how long it took, and on what. The only file with facts of the wall clock.

use std::env::consts::{ARCH, OS};
use std::fs;

use goodfit_nn::kernels::Isa;
use serde::{Deserialize, Serialize};

use crate::data::zeros_kept;
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
    /// Model of the processor, with its family and number where there are such; empty where the system does not tell.
    pub cpu: String,
    /// Those that the kernels used: `avx512`, `avx2` or `portable`; the last digits of results depend on them.
    #[serde(default)]
    pub instructions: String,
    /// Whether products multiplied the zeros of the inputs, too: `GOODFIT_INPUTS=dense`.
    #[serde(default)]
    pub dense_inputs: bool,
    /// Threads that it runs at the same time.
    pub threads: usize,
}

impl Machine {
    /// The machine of this process.
    pub fn current() -> Self {
        let facts = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        Self {
            os: OS.to_owned(),
            arch: ARCH.to_owned(),
            cpu: processor(&facts),
            instructions: Isa::detect().name().to_owned(),
            dense_inputs: zeros_kept().unwrap_or(false),
            threads: default_jobs(),
        }
    }
}

/// The first processor of `/proc/cpuinfo`. Several bear one name, so its family and model are added where they are told.
fn processor(facts: &str) -> String {
    let fact = |name: &str| {
        facts
            .lines()
            .filter_map(|line| line.split_once(':'))
            .find(|(key, _)| key.trim() == name)
            .map(|(_, value)| value.trim())
    };
    match (fact("model name"), fact("cpu family"), fact("model")) {
        (Some(name), Some(family), Some(model)) => format!("{name} (family {family} model {model})"),
        (name, ..) => name.unwrap_or_default().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_is_told_from_others_of_its_name() {
        let facts =
            "processor\t: 0\ncpu family\t: 26\nmodel\t\t: 2\nmodel name\t: AMD EPYC\n\nprocessor\t: 1\nmodel\t\t: 3\n";
        assert_eq!(processor(facts), "AMD EPYC (family 26 model 2)");
        assert_eq!(processor("model name\t: A CPU: of a kind\n"), "A CPU: of a kind");
        assert_eq!(processor("processor\t: 0\n"), "");
    }

    #[test]
    fn files_of_earlier_programs_are_read() {
        let machine: Machine =
            serde_json::from_str(r#"{"os": "linux", "arch": "x86_64", "cpu": "", "threads": 2}"#).unwrap();
        assert_eq!((machine.instructions.as_str(), machine.dense_inputs), ("", false));
    }
}
