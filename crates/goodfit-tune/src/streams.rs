//! Random numbers as an argument.

use rand_chacha::ChaCha8Rng;
use rand_core::SeedableRng;

/// The random numbers of a study: for each trial a stream of its own, so that what is drawn for it does not
/// depend on what was drawn for another, in which order or on how many threads.
///
/// The contract: a stream is `ChaCha8` with the key (32 bytes) seed, 7, tag, 0, each as 8 little-endian bytes,
/// and the index as its stream number. Draws of a trial's parameters have the tag 0.
///
/// ```
/// use goodfit_tune::Streams;
/// use rand_core::Rng;
/// let streams = Streams::new(3);
/// assert_eq!(streams.trial(5).next_u64(), Streams::new(3).trial(5).next_u64());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Streams {
    seed: u64,
}

/// What a stream is for besides a trial's parameters. The code is part of the contract: never reuse or change one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Tag {
    /// A trial's parameters; index = its number.
    Trial = 0,
    /// What a sampler draws once for the whole study, such as a scrambling; index = which.
    Study = 1,
    /// What a sampler draws for a state it is in, such as starting points of a fit; index = trials finished.
    Fit = 2,
    /// Which pruned trials are trained to the end; index 0.
    Audit = 3,
    /// Resampling of finished trials; index = which quantity.
    Bootstrap = 4,
    /// Trees of an importance; index = the tree.
    Importance = 5,
}

/// The purpose's code of a search's sampler in the key of a stream.
const PURPOSE: u64 = 7;

impl Streams {
    /// The streams of a seed.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// What a trial's parameters are drawn from.
    pub fn trial(&self, number: u64) -> ChaCha8Rng {
        self.stream(Tag::Trial, number)
    }

    /// Any stream.
    pub fn stream(&self, tag: Tag, index: u64) -> ChaCha8Rng {
        let mut key = [0; 32];
        for (place, word) in key.chunks_exact_mut(8).zip([self.seed, PURPOSE, tag as u64, 0]) {
            place.copy_from_slice(&word.to_le_bytes());
        }
        let mut stream = ChaCha8Rng::from_seed(key);
        stream.set_stream(index);
        stream
    }
}

/// Uniform on [0, 1): the top 53 of 64 bits, divided by 2^53.
pub(crate) fn uniform(bits: u64) -> f64 {
    (bits >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
}

/// Uniform on 0..n, for n up to 2^64: the upper half of the 128-bit product. Its bias is below n / 2^64.
pub(crate) fn below(n: u128, bits: u64) -> u64 {
    ((u128::from(bits) * n.min(1 << 64)) >> 64) as u64
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::*;

    #[test]
    fn streams_differ() {
        let streams = Streams::new(1);
        let mut first: Vec<u64> = (0..4).map(|n| streams.trial(n).next_u64()).collect();
        first.push(streams.stream(Tag::Study, 0).next_u64());
        first.push(Streams::new(2).trial(0).next_u64());
        let n = first.len();
        first.sort_unstable();
        first.dedup();
        assert_eq!(first.len(), n);
    }
}
