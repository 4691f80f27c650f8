//! Points that fill the space evenly.

mod directions;

use directions::{Directions, N_DIMENSIONS, coordinate, directions};
use rand_core::Rng;

use crate::{Parameters, Request, Sampler, SamplerError, Space, Streams, Tag};

/// A scrambled Sobol sequence: trial n is point n, spread over the parameters' own scales.
///
/// Coordinate k of point n is `u = (scramble(x) + 1/2) / 2^32`, where x is the exclusive or of the direction
/// numbers `v_kj` over the bits j that are set in the Gray code `n ^ (n >> 1)`; the parameter k of the space is
/// [`from_unit`](crate::Distribution::from_unit) of u, whole numbers and choices too. The first 2^m points have
/// exactly one u in each of the 2^m equal parts of [0, 1), in every coordinate; so integrals over them, and the
/// gaps between them, are smaller than with independent draws.
///
/// The scrambling is Owen's: at every binary digit of x, whether it is turned over is a random function of the
/// digits before it. So each u is uniform on (0, 1), the sequence differs by the study's seed, and it keeps its
/// evenness. The function is a hash of the digits in reverse order, with one key a coordinate from the
/// study's stream 0.
///
/// A coordinate belongs to its parameter whether that exists or not: where a condition does not hold, it stays
/// unused. It takes up to 128 parameters, and after 2^32 trials it begins again.
///
/// Sources: I. M. Sobol: On the distribution of points in a cube and the approximate evaluation of integrals,
/// USSR Computational Mathematics and Mathematical Physics 7 (1967); S. Joe, F. Y. Kuo: Constructing Sobol
/// sequences with better two-dimensional projections, SIAM Journal on Scientific Computing 30 (2008); A. B. Owen:
/// Randomly permuted (t,m,s)-nets and (t,s)-sequences (1995); B. Burley: Practical Hash-based Owen Scrambling,
/// Journal of Computer Graphics Techniques 9 (2020), with N. Vegdahl's constants.
///
/// ```
/// use goodfit_tune::samplers::Sobol;
/// use goodfit_tune::{Distribution, History, Request, Sampler, Space, Streams, Value};
/// let depth = Distribution::Int { low: 0, high: 7, log: false, step: 1 };
/// let space = Space::new([("depth", depth)])?;
/// let request = Request { space: &space, history: &History::new(), numbers: 0..8, streams: Streams::new(1) };
/// let mut depths: Vec<_> = Sobol::default().sample(&request)?.iter().map(|trial| trial.get("depth")).collect();
/// depths.sort_by_key(|depth| match depth { Some(Value::Int(n)) => *n, _ => -1 });
/// assert_eq!(depths, (0..8).map(|n| Some(Value::Int(n))).collect::<Vec<_>>());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Sobol {
    sequence: Option<Sequence>,
}

/// What does not change within a study.
#[derive(Clone, Debug)]
struct Sequence {
    streams: Streams,
    /// A key and the direction numbers for each dimension.
    dimensions: Vec<(u32, Directions)>,
}

impl Sampler for Sobol {
    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError> {
        let (streams, n_dimensions) = (request.streams, request.space.len());
        if n_dimensions > N_DIMENSIONS {
            return Err(SamplerError::Dimensions { sampler: "sobol", most: N_DIMENSIONS, got: n_dimensions });
        }
        let known = |kept: &Sequence| kept.streams == streams && kept.dimensions.len() == n_dimensions;
        let sequence = match self.sequence.take().filter(known) {
            Some(sequence) => self.sequence.insert(sequence),
            None => self.sequence.insert(Sequence::new(n_dimensions, streams)),
        };
        Ok(request.numbers.clone().map(|number| sequence.draw(request.space, number)).collect())
    }

    fn horizon(&self, _number: u64, _generation: u64) -> u64 {
        0
    }
}

impl Sequence {
    fn new(n_dimensions: usize, streams: Streams) -> Self {
        let mut stream = streams.stream(Tag::Study, 0);
        let dimensions = directions(n_dimensions).into_iter().map(|v| (stream.next_u32(), v)).collect();
        Self { streams, dimensions }
    }

    fn draw(&self, space: &Space, number: u64) -> Parameters {
        space.assemble(|place, distribution| distribution.from_unit(self.unit(place, number)))
    }

    /// Strictly between 0 and 1.
    fn unit(&self, place: usize, number: u64) -> f64 {
        let (key, directions) = &self.dimensions[place];
        (f64::from(scramble(coordinate(directions, number as u32), *key)) + 0.5) / 2_f64.powi(32)
    }
}

/// Owen's scrambling of 32 binary digits after the point: digit by digit a permutation that depends on the
/// digits before it only. From the last digit to the first, that is what products with odd numbers and sums do;
/// a product with an even number is one of those when it is taken in with an exclusive or.
fn scramble(x: u32, key: u32) -> u32 {
    let mut x = x.reverse_bits();
    x ^= x.wrapping_mul(0x3d20_adea);
    x = x.wrapping_add(key);
    x = x.wrapping_mul((key >> 16) | 1);
    x ^= x.wrapping_mul(0x0552_6c56);
    x ^= x.wrapping_mul(0x53a2_2864);
    x.reverse_bits()
}

#[cfg(test)]
mod tests {
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    use super::*;
    use crate::streams::uniform;
    use crate::{Distribution, History, Value, contract};

    #[test]
    fn keeps_the_contract() {
        for (name, space) in contract::spaces() {
            eprintln!("{name}");
            contract::sampler(&|| Box::new(Sobol::default()), &space);
        }
    }

    /// The first n points, by coordinate.
    fn points(n: u64, n_dimensions: usize, seed: u64) -> Vec<Vec<f64>> {
        let sequence = Sequence::new(n_dimensions, Streams::new(seed));
        (0..n).map(|number| (0..n_dimensions).map(|place| sequence.unit(place, number)).collect()).collect()
    }

    #[test]
    fn each_part_of_every_coordinate_once() {
        for x in points(256, N_DIMENSIONS, 3).chunks(64).enumerate().flat_map(|(block, chunk)| {
            // Aligned blocks of 2^m points are nets too.
            (0..N_DIMENSIONS).map(move |k| (block, k, chunk.iter().map(|x| x[k]).collect::<Vec<_>>()))
        }) {
            let (block, k, values) = x;
            let mut parts: Vec<u32> = values.iter().map(|u| (u * 64.0) as u32).collect();
            parts.sort_unstable();
            assert!(parts.iter().copied().eq(0..64), "block {block}, coordinate {k}: {parts:?}");
        }
    }

    #[test]
    fn each_box_of_the_first_two_coordinates_once() {
        // They form a (0, 6, 2)-net: one point in each box of 2^a times 2^(6-a).
        for a in 0..=6_u32 {
            let (n, m) = (1_u32 << a, 1_u32 << (6 - a));
            let place = |x: &Vec<f64>| (x[0] * f64::from(n)) as u32 * m + (x[1] * f64::from(m)) as u32;
            let mut boxes: Vec<u32> = points(64, 2, 8).iter().map(place).collect();
            boxes.sort_unstable();
            assert!(boxes.iter().copied().eq(0..64), "{n} x {m}");
        }
    }

    /// The centred L2 discrepancy, squared (F. J. Hickernell: A generalized discrepancy and quadrature error
    /// bound, Mathematics of Computation 67, 1998).
    fn discrepancy(points: &[Vec<f64>]) -> f64 {
        let (n, d) = (points.len() as f64, points[0].len() as i32);
        let near = |x: f64| (x - 0.5).abs();
        let single = |x: &f64| 1.0 + 0.5 * near(*x) - 0.5 * near(*x).powi(2);
        let double = |(x, y): (&f64, &f64)| 1.0 + 0.5 * near(*x) + 0.5 * near(*y) - 0.5 * (x - y).abs();
        let singles: f64 = points.iter().map(|x| x.iter().map(single).product::<f64>()).sum();
        let pairs =
            points.iter().flat_map(|x| points.iter().map(move |y| x.iter().zip(y).map(double).product::<f64>()));
        (13.0_f64 / 12.0).powi(d) - 2.0 / n * singles + pairs.sum::<f64>() / n.powi(2)
    }

    #[test]
    fn more_even_than_independent_draws() {
        let (n, d) = (256, 8);
        let mut stream = ChaCha8Rng::seed_from_u64(1);
        let independent: Vec<Vec<f64>> = (0..n).map(|_| (0..d).map(|_| uniform(stream.next_u64())).collect()).collect();
        // Its expectation over independent draws is ((5/4)^d - (13/12)^d) / n.
        let expected = (1.25_f64.powi(d) - (13.0_f64 / 12.0).powi(d)) / n as f64;
        assert!((discrepancy(&independent) / expected - 1.0).abs() < 0.3, "{}", discrepancy(&independent) / expected);
        for seed in 0..5 {
            let mut even = points(n, d as usize, seed);
            assert!(discrepancy(&even) < 0.15 * expected, "seed {seed}: {}", discrepancy(&even) / expected);
            // The same direction numbers for all coordinates, scrambled by their own keys, would be noticed.
            let wrong = Sequence {
                dimensions: (0..8).map(|key| (key * 77_777 + seed as u32, directions(1)[0])).collect(),
                streams: Streams::new(seed),
            };
            for (number, x) in even.iter_mut().enumerate() {
                *x = (0..8).map(|place| wrong.unit(place, number as u64)).collect();
            }
            assert!(discrepancy(&even) > 0.3 * expected, "seed {seed}: {}", discrepancy(&even) / expected);
        }
    }

    #[test]
    fn scrambled_points_are_uniform_over_seeds() {
        // Mean and variance of point 5, coordinate 2, over seeds: 1/2 and 1/12, up to 4 standard errors.
        let n = 4000;
        let values: Vec<f64> = (0..n).map(|seed| points(6, 3, seed)[5][2]).collect();
        let mean = values.iter().sum::<f64>() / n as f64;
        let variance = values.iter().map(|x| (x - 0.5).powi(2)).sum::<f64>() / n as f64;
        assert!((mean - 0.5).abs() < 4.0 * (1.0 / 12.0 / n as f64).sqrt(), "{mean}");
        assert!((variance - 1.0 / 12.0).abs() < 4.0 * (1.0 / 180.0 / n as f64).sqrt(), "{variance}");
    }

    #[test]
    fn a_digit_depends_on_those_before_it_only() {
        for key in [0, 1, 0x89ab_cdef, u32::MAX] {
            for (x, digit) in (0..32).map(|digit| (0x1234_5678_u32.rotate_left(digit), digit)) {
                let other = x ^ (u32::MAX >> digit);
                let same = (scramble(x, key) ^ scramble(other, key)).leading_zeros();
                assert_eq!(same, digit, "key {key}");
            }
        }
    }

    #[test]
    fn known_answers() {
        let space = Space::new([
            ("x", Distribution::Float { low: 0.0, high: 1.0, log: false, step: None }),
            ("n", Distribution::Int { low: 1, high: 100, log: false, step: 1 }),
        ])
        .expect("a space");
        let request = Request { space: &space, history: &History::new(), numbers: 0..3, streams: Streams::new(1) };
        let drawn = Sobol::default().sample(&request).expect("draws");
        let values: Vec<_> = drawn.iter().map(|trial| (trial.get("x"), trial.get("n"))).collect();
        let expected = [(0.44044790731277317, 61), (0.6869674959452823, 46), (0.7676929285516962, 95)];
        assert_eq!(values, expected.map(|(x, n)| (Some(Value::Float(x)), Some(Value::Int(n)))));
    }

    #[test]
    fn too_many_parameters() {
        let n = Distribution::Int { low: 1, high: 2, log: false, step: 1 };
        let space = Space::new((0..129).map(|i| (i.to_string(), n.clone()))).expect("a space");
        let request = Request { space: &space, history: &History::new(), numbers: 0..1, streams: Streams::new(1) };
        let error = Sobol::default().sample(&request).expect_err("too many");
        assert_eq!(error.to_string(), "sobol: it takes up to 128 parameters, got 129");
    }
}
