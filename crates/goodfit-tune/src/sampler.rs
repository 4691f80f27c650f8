//! From a space and the trials so far to the next trials.

use std::ops::Range;

use crate::{History, Parameters, Space, Streams};

/// Which trials are to be drawn, and from what.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// What may vary.
    pub space: &'a Space,
    /// The trials so far.
    pub history: &'a History,
    /// The numbers of the trials to draw.
    pub numbers: Range<u64>,
    /// Random numbers.
    pub streams: Streams,
}

/// Chooses what to try next.
///
/// What it returns is a function of the request alone. It may keep what it computed, but a sampler that
/// was used before and a fresh one agree to the bit. Trials drawn together are the same as when drawn one
/// after the other with those before them running: `sample(8..16)` is `sample(8..12)` and then, with these four
/// in the history as running, `sample(12..16)`. [`crate::contract::sampler`] checks all of this.
pub trait Sampler: Send {
    /// Parameters for each of the numbers, in their order. A request for no trial asks whether it can draw from the
    /// space at all.
    ///
    /// # Errors
    /// When the space is not one it can draw from.
    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError>;

    /// How many trials have to be finished before it can draw this one: all below this number. A sampler without
    /// a memory needs none.
    fn horizon(&self, number: u64, generation: u64) -> u64 {
        number - number % generation.max(1)
    }

    /// The number of trials after which it has nothing new to say (a grid); `None` when it never ends.
    fn n_trials(&self, space: &Space) -> Option<u64> {
        let _ = space;
        None
    }
}

/// Why a sampler cannot draw from a space.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum SamplerError {
    /// The sampler has no way to handle conditions.
    #[error("{sampler}: it cannot draw from a space with conditions, and {name} exists only sometimes")]
    Conditional {
        /// The sampler.
        sampler: &'static str,
        /// The parameter.
        name: String,
    },
    /// A grid needs single values.
    #[error("{sampler}: {name} has no single values to go through")]
    Endless {
        /// The sampler.
        sampler: &'static str,
        /// The parameter.
        name: String,
    },
    /// More parameters than it can handle.
    #[error("{sampler}: it takes up to {most} parameters, got {got}")]
    Dimensions {
        /// The sampler.
        sampler: &'static str,
        /// How many it takes.
        most: usize,
        /// How many there are.
        got: usize,
    },
    /// A setting of the sampler.
    #[error("{sampler}: {what}")]
    Setting {
        /// The sampler.
        sampler: &'static str,
        /// What is wrong, got and expected.
        what: String,
    },
}
