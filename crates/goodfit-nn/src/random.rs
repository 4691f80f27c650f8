//! Random numbers as an argument: which stream a draw comes from is part of every result.
//!
//! # The contract
//! A stream is `ChaCha8` with
//! - key (32 bytes): the seed as 8 little-endian bytes, the purpose's code as 8 little-endian
//!   bytes, then 16 zero bytes;
//! - stream number (64 bits): the index.
//!
//! So a draw depends on (seed, purpose, index, position) alone: never on a thread, on another
//! stream or on the order in which streams are made. The contract is pinned by known-answer tests;
//! changing it changes every recorded result.

use std::convert::Infallible;

use rand_chacha::ChaCha8Rng;
use rand_core::{Rng, SeedableRng, TryRng};

/// What a stream is drawn for. The code is part of the contract: never reuse or change one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u64)]
pub enum Purpose {
    /// Initial values of parameters; index = number of the affine layer, from 0.
    Init = 1,
    /// Rows of mini-batches; index = step (replacement) or epoch (shuffle).
    Batches = 2,
    /// Dropout masks; index = step * 65,536 + block.
    Dropout = 3,
    /// Which rows become validation, stopping or test rows; index = the split's number.
    Split = 4,
    /// Data that is drawn rather than read; index = 0 for inputs.
    Data = 5,
    /// Seeds of a search's trials; index = the trial's number.
    Trial = 6,
    /// Draws of a search's sampler; index = the trial's number.
    Sampler = 7,
    /// Seeds of runs that are made again to check a winner; index = the run's number.
    Rescore = 8,
}

/// A stream of random numbers.
///
/// ```
/// use goodfit_nn::{Purpose, Stream};
/// let mut a = Stream::new(7, Purpose::Init, 0);
/// let mut b = Stream::new(7, Purpose::Init, 0);
/// assert_eq!(a.normal(), b.normal());
/// ```
#[derive(Clone, Debug)]
pub struct Stream {
    generator: ChaCha8Rng,
    spare_normal: Option<f64>,
}

impl Stream {
    /// The stream of a seed, a purpose and an index.
    pub fn new(seed: u64, purpose: Purpose, index: u64) -> Self {
        let mut key = [0; 32];
        key[..8].copy_from_slice(&seed.to_le_bytes());
        key[8..16].copy_from_slice(&(purpose as u64).to_le_bytes());
        let mut generator = ChaCha8Rng::from_seed(key);
        generator.set_stream(index);
        Self { generator, spare_normal: None }
    }

    /// The next 64 bits.
    #[inline]
    pub fn bits(&mut self) -> u64 {
        self.generator.next_u64()
    }

    /// Uniform on [0, 1): the top 53 of 64 bits, divided by 2^53.
    #[inline]
    pub fn uniform(&mut self) -> f64 {
        (self.bits() >> 11) as f64 * (1.0 / (1_u64 << 53) as f64)
    }

    /// Uniform on 0..n: the upper half of the 128-bit product of 64 bits with n. Its bias is below
    /// n / 2^64.
    ///
    /// # Panics
    /// When n is 0.
    #[inline]
    pub fn below(&mut self, n: usize) -> usize {
        assert!(n > 0, "a draw below 0");
        ((u128::from(self.bits()) * n as u128) >> 64) as usize
    }

    /// Standard normal, by Box and Muller's transform: with u1 = (53 bits + 1) / 2^53 in (0, 1] and
    /// u2 in [0, 1), `sqrt(-2 ln u1) cos(2 pi u2)`, and at the next call the same with sin.
    /// Logarithm, sine and cosine are those of the `libm` crate in double precision.
    ///
    /// Source: G. E. P. Box, M. E. Muller: A Note on the Generation of Random Normal Deviates,
    /// Annals of Mathematical Statistics 29 (1958).
    pub fn normal(&mut self) -> f64 {
        if let Some(z) = self.spare_normal.take() {
            return z;
        }
        let u1 = ((self.bits() >> 11) + 1) as f64 * (1.0 / (1_u64 << 53) as f64);
        let u2 = self.uniform();
        let radius = (-2.0 * libm::log(u1)).sqrt();
        let angle = 2.0 * std::f64::consts::PI * u2;
        self.spare_normal = Some(radius * libm::sin(angle));
        radius * libm::cos(angle)
    }

    /// Fills `order` with a uniformly drawn permutation of `0..order.len()`, by Fisher and Yates's
    /// method from the last place down.
    pub fn permutation(&mut self, order: &mut [u32]) {
        for (i, place) in order.iter_mut().enumerate() {
            *place = i as u32;
        }
        for i in (1..order.len()).rev() {
            order.swap(i, self.below(i + 1));
        }
    }

    /// Goes to where so many bytes of the stream, a multiple of 4, have been drawn.
    pub(crate) fn skip(&mut self, n_bytes: u64) {
        self.generator.set_word_pos(u128::from(n_bytes / 4));
    }

    /// Fills `bytes` with random bytes.
    #[inline]
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.generator.fill_bytes(bytes);
    }
}

/// A seed that depends on (seed, purpose, index) alone: the first 64 bits of that stream.
///
/// ```
/// use goodfit_nn::{derive_seed, Purpose};
/// assert_ne!(derive_seed(1, Purpose::Trial, 0), derive_seed(1, Purpose::Trial, 1));
/// ```
pub fn derive_seed(seed: u64, purpose: Purpose, index: u64) -> u64 {
    Stream::new(seed, purpose, index).bits()
}

impl TryRng for Stream {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(self.generator.next_u32())
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(self.bits())
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.fill(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_of_the_normal_draws() {
        let n = 200_000;
        let mut stream = Stream::new(1, Purpose::Init, 0);
        let draws: Vec<f64> = (0..n).map(|_| stream.normal()).collect();
        let moment = |k: i32| draws.iter().map(|z| z.powi(k)).sum::<f64>() / f64::from(n);
        // The sampling error of the k-th moment is sqrt(var(z^k) / n), with variances 1, 2, 15, 96.
        for (k, expected, variance) in [(1, 0.0, 1.0), (2, 1.0, 2.0), (3, 0.0, 15.0), (4, 3.0, 96.0)] {
            let tolerance = 4.0 * (variance / f64::from(n)).sqrt();
            assert!((moment(k) - expected).abs() < tolerance, "moment {k}: {}", moment(k));
        }
    }

    #[test]
    fn a_stream_can_be_taken_up_anywhere() {
        let stream = || Stream::new(5, Purpose::Dropout, 1 << 16);
        let mut whole = [0; 1000];
        stream().fill(&mut whole);
        for start in [0, 4, 256, 512, 900] {
            let mut later = stream();
            later.skip(start as u64);
            let mut rest = vec![0; 1000 - start];
            later.fill(&mut rest);
            assert!(rest == whole[start..], "from {start}");
        }
    }

    #[test]
    fn below_is_uniform() {
        let (n, bins) = (120_000, 6);
        let mut counts = vec![0_u32; bins];
        let mut stream = Stream::new(2, Purpose::Batches, 3);
        for _ in 0..n {
            counts[stream.below(bins)] += 1;
        }
        let expected = f64::from(n) / bins as f64;
        let chi2: f64 = counts.iter().map(|&c| (f64::from(c) - expected).powi(2) / expected).sum();
        // 99.99 % quantile of chi-square with 5 degrees of freedom.
        assert!(chi2 < 25.7, "chi-square {chi2}");
    }

    #[test]
    fn a_permutation_holds_every_index_once() {
        let mut order = [0; 100];
        Stream::new(3, Purpose::Batches, 0).permutation(&mut order);
        let mut sorted = order;
        sorted.sort_unstable();
        assert!(sorted.iter().enumerate().all(|(i, &v)| i as u32 == v));
        assert_ne!(order[..10], sorted[..10]);
    }
}
