#![doc = include_str!("../README.md")]
#![cfg_attr(test, allow(clippy::float_cmp, clippy::unreadable_literal))]

mod audit;
mod bootstrap;
pub mod contract;
mod distribution;
mod error;
pub mod findings;
mod history;
mod importance;
mod pruner;
pub mod pruners;
mod sampler;
pub mod samplers;
mod space;
mod stats;
pub mod storage;
mod streams;
mod study;
mod trial;

pub use audit::{Audit, Audited, clopper_pearson};
pub use bootstrap::{BestOf, Gain, best_of, expected_gain, no_expected_gain};
pub use distribution::{Choice, Distribution, Value};
pub use error::SpaceError;
pub use history::{History, Observed, Seen, ranked};
pub use importance::{Importance, importance};
pub use pruner::{NoPruner, Pruner};
pub use sampler::{Request, Sampler, SamplerError};
pub use space::{Condition, Parameter, Parameters, Space};
pub use streams::{Streams, Tag};
pub use study::{
    Asked, Deadline, Decision, Limits, Order, Outcome, Progress, RunningTrial, StopRule, Stopped, Study, StudyError,
    StudyOptions,
};
pub use trial::{Direction, Intermediate, TrialState};
