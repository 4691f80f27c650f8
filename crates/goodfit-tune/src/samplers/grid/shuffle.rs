//! The numbers below n in a random order, without a list of them.

use rand_core::Rng;

/// A random order of the numbers 0..n, for any n: a Feistel network over the smallest even number of bits that holds
/// them, walked on until it comes to one of them.
///
/// Sources: M. Luby, C. Rackoff: How to construct pseudorandom permutations from pseudorandom functions, SIAM Journal on
/// Computing 17 (1988); J. Black, P. Rogaway: Ciphers with Arbitrary Finite Domains, CT-RSA (2002), for the walk.
#[derive(Clone, Copy, Debug)]
pub(super) struct Shuffle {
    n: u128,
    /// Bits of each half.
    half: u32,
    keys: [u64; N_ROUNDS],
}

const N_ROUNDS: usize = 8;

impl Shuffle {
    /// An order of the numbers below n, which is at least 1.
    pub(super) fn new(n: u128, stream: &mut impl Rng) -> Self {
        let bits = u128::BITS - (n - 1).leading_zeros();
        Self { n, half: bits.div_ceil(2), keys: std::array::from_fn(|_| stream.next_u64()) }
    }

    /// The number at a place below n.
    pub(super) fn at(&self, place: u128) -> u128 {
        let mut x = place;
        // The network is one to one on a range of at most 4 n: it comes back into 0..n, where it began.
        loop {
            x = self.network(x);
            if x < self.n {
                return x;
            }
        }
    }

    fn network(&self, x: u128) -> u128 {
        let mask = ((1_u128 << self.half) - 1) as u64;
        let (mut left, mut right) = ((x >> self.half) as u64 & mask, x as u64 & mask);
        for key in self.keys {
            (left, right) = (right, left ^ (mixed(right ^ key) & mask));
        }
        u128::from(left) << self.half | u128::from(right)
    }
}

/// All bits of x in all bits of the result: the end of Vigna's `splitmix64`.
fn mixed(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Streams, Tag};

    fn shuffle(n: u128, seed: u64) -> Shuffle {
        Shuffle::new(n, &mut Streams::new(seed).stream(Tag::Study, 0))
    }

    #[test]
    fn each_number_once() {
        for n in [1, 2, 3, 4, 5, 16, 17, 100, 1_000] {
            let mut all: Vec<u128> = (0..n).map(|place| shuffle(n, 5).at(place)).collect();
            all.sort_unstable();
            assert_eq!(all, (0..n).collect::<Vec<_>>());
        }
        for n in [u128::from(u64::MAX) + 1, u128::MAX] {
            let all: Vec<u128> = (0..100).map(|place| shuffle(n, 5).at(place)).collect();
            assert!(all.iter().all(|x| *x < n) && all.iter().any(|x| *x > n / 2));
        }
    }

    #[test]
    fn each_number_anywhere() {
        // Where 0 and n - 1 come to lie over many seeds: chi-square with n - 1 degrees of freedom.
        let n_seeds = 7_000;
        for n in [2, 7, 10] {
            for place in [0, n - 1] {
                let mut counts = vec![0; n as usize];
                (0..n_seeds).for_each(|seed| counts[shuffle(n, seed).at(place) as usize] += 1);
                let expected = n_seeds as f64 / n as f64;
                let chi: f64 = counts.iter().map(|&count| (f64::from(count) - expected).powi(2) / expected).sum();
                let freedom = (n - 1) as f64;
                assert!(chi < freedom + 4.0 * (2.0 * freedom).sqrt() + 4.0, "{n} {place}: {chi} {counts:?}");
            }
        }
    }
}
