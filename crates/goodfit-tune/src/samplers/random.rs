//! Independent draws.

use rand_core::Rng;

use crate::streams::{below, uniform};
use crate::{Distribution, Parameters, Request, Sampler, SamplerError, Space, Value};

/// Draws every parameter independently from its distribution.
///
/// With u uniform on [0, 1), the top 53 of 64 bits divided by 2^53:
///
/// | distribution | value |
/// |---|---|
/// | float | `low + (high - low) u` |
/// | float, log | `exp(ln low + (ln high - ln low) u)`: log-uniform, the same distribution as `10^U` with U uniform on [log10 low, log10 high) |
/// | float, step | `low + k step`, k uniform on 0..=(high - low)/step |
/// | int | `low + k step`, k uniform on 0..=(high - low)/step |
/// | int, log | the float form from `low - 1/2` to `high + 1/2`, rounded |
/// | categorical | position uniform on 0..n |
///
/// k out of n is the upper half of the 128-bit product of 64 bits with n; its bias is below
/// n / 2^64. What rounding puts outside a range is put on its bound. Exponential and logarithm are
/// those of the `libm` crate, so the bits do not depend on the machine.
///
/// Each parameter takes exactly 64 bits of the trial's stream, in the order of the space and whether it exists
/// or not: a change of one range or condition leaves the draws of the others as they are.
///
/// Source: J. Bergstra, Y. Bengio: Random Search for Hyper-Parameter Optimization, Journal of
/// Machine Learning Research 13 (2012).
#[derive(Clone, Copy, Debug, Default)]
pub struct Random;

impl Sampler for Random {
    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError> {
        Ok(request.numbers.clone().map(|number| draw(request.space, &mut request.streams.trial(number))).collect())
    }

    fn horizon(&self, _number: u64, _generation: u64) -> u64 {
        0
    }
}

/// One independent draw, for every sampler that has nothing better to say.
pub(crate) fn draw(space: &Space, stream: &mut impl Rng) -> Parameters {
    let bits: Vec<u64> = (0..space.len()).map(|_| stream.next_u64()).collect();
    space.assemble(|place, distribution| value(distribution, bits[place]))
}

fn value(distribution: &Distribution, bits: u64) -> Value {
    match distribution {
        &Distribution::Float { low, high, log, step } => Value::Float(float(low, high, log, step, bits)),
        &Distribution::Int { low, high, log: false, step } => {
            let n = (i128::from(high) - i128::from(low)) / i128::from(step) + 1;
            let k = i128::from(below(n as u128, bits));
            Value::Int((i128::from(low) + k * i128::from(step)) as i64)
        }
        &Distribution::Int { low, high, log: true, .. } => {
            let x = float(low as f64 - 0.5, high as f64 + 0.5, true, None, bits);
            Value::Int((x.round() as i64).clamp(low, high))
        }
        Distribution::Categorical { choices } => Value::Choice(below(choices.len() as u128, bits) as usize),
    }
}

fn float(low: f64, high: f64, log: bool, step: Option<f64>, bits: u64) -> f64 {
    let u = uniform(bits);
    let x = match step {
        Some(step) => {
            let n = Distribution::n_float_steps(low, high, step) + 1.0;
            low + below(n as u128, bits) as f64 * step
        }
        None if log => {
            let (ln_low, ln_high) = (libm::log(low), libm::log(high));
            libm::exp(ln_low + (ln_high - ln_low) * u)
        }
        None => low + (high - low) * u,
    };
    x.clamp(low, high)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use rand_chacha::ChaCha8Rng;
    use rand_core::SeedableRng;

    use super::*;

    fn one(distribution: Distribution) -> Space {
        Space::new([("x", distribution)]).expect("a space")
    }

    /// n draws of the only parameter.
    fn draws(distribution: Distribution, n: usize) -> Vec<Value> {
        let space = one(distribution);
        let mut stream = ChaCha8Rng::seed_from_u64(7);
        (0..n).map(|_| draw(&space, &mut stream).values()[0].expect("it always exists")).collect()
    }

    fn floats(distribution: Distribution, n: usize) -> Vec<f64> {
        let x = |value| if let Value::Float(x) = value { x } else { panic!("not a float") };
        draws(distribution, n).into_iter().map(x).collect()
    }

    /// Kolmogorov and Smirnov's distance of values from a distribution function, times sqrt(n).
    fn distance(mut values: Vec<f64>, cdf: impl Fn(f64) -> f64) -> f64 {
        values.sort_by(f64::total_cmp);
        let n = values.len() as f64;
        let gap = |(i, &x): (usize, &f64)| (cdf(x) - i as f64 / n).max((i + 1) as f64 / n - cdf(x));
        values.iter().enumerate().map(gap).fold(0.0, f64::max) * n.sqrt()
    }

    // P(distance > 1.95) = 2 exp(-2 * 1.95^2) = 0.1 %.
    const LARGE: f64 = 1.95;

    #[test]
    fn keeps_the_contract() {
        for (_, space) in crate::contract::spaces() {
            crate::contract::sampler(&|| Box::new(Random), &space);
        }
    }

    #[test]
    fn floats_are_uniform() {
        let cdf = |x| (x + 2.0) / 5.0;
        let x = floats(Distribution::Float { low: -2.0, high: 3.0, log: false, step: None }, 4000);
        assert!(distance(x, cdf) < LARGE);
    }

    #[test]
    fn log_floats_are_uniform_in_their_logarithm() {
        let (low, high) = (1e-6, 1e-2);
        let log_uniform = |x: f64| (x / low).ln() / (high / low).ln();
        let x = |log| floats(Distribution::Float { low, high, log, step: None }, 4000);
        assert!(distance(x(true), log_uniform) < LARGE);
        assert!(distance(x(false), log_uniform) > 10.0 * LARGE, "the wrong scale would be noticed");
        // 10^U(-6, -2) has the same distribution function.
        let ten_to_the = |x: f64| (x.log10() + 6.0) / 4.0;
        assert!(distance(x(true), ten_to_the) < LARGE);
    }

    /// Chi-square over the degrees of freedom of counts that should be alike.
    fn unevenness(values: &[usize], n_bins: usize) -> f64 {
        let mut counts = vec![0.0; n_bins];
        for &i in values {
            counts[i] += 1.0;
        }
        let expected = values.len() as f64 / n_bins as f64;
        counts.iter().map(|c: &f64| (c - expected).powi(2) / expected).sum::<f64>() / (n_bins - 1) as f64
    }

    #[test]
    fn ints_steps_and_choices_are_uniform() {
        const LOW: i64 = -3;
        let position = |value| match value {
            Value::Int(x) => (x - LOW) as usize / 2,
            Value::Float(x) => ((x - 0.1) / 0.2).round() as usize,
            Value::Choice(i) => i,
        };
        for distribution in [
            Distribution::Int { low: LOW, high: 5, log: false, step: 2 },
            Distribution::Float { low: 0.1, high: 0.9, log: false, step: Some(0.2) },
            Distribution::categorical(["a", "b", "c", "d", "e"]),
        ] {
            let values: Vec<usize> = draws(distribution, 5000).into_iter().map(position).collect();
            // 99.9 % quantile of chi-square with 4 degrees of freedom: 18.47.
            assert!(unevenness(&values, 5) < 18.47 / 4.0);
        }
    }

    #[test]
    fn log_ints_have_the_share_of_their_rounding_interval() {
        let n = 20_000;
        let values = draws(Distribution::Int { low: 1, high: 8, log: true, step: 1 }, n);
        for k in 1..=8_i64 {
            let x = k as f64;
            let share = ((x + 0.5) / (x - 0.5)).ln() / (8.5_f64 / 0.5).ln();
            let got = values.iter().filter(|&&value| value == Value::Int(k)).count() as f64 / n as f64;
            let tolerance = 4.0 * (share * (1.0 - share) / n as f64).sqrt();
            assert!((got - share).abs() < tolerance, "{k}: {got}, expected {share}");
        }
    }

    #[test]
    fn known_answers() {
        // Python: u = (bits >> 11) / 2**53; k = (bits * n) >> 64; and the formulas of the table.
        let float = |low, high, log, step| Distribution::Float { low, high, log, step };
        let int = |high, log| Distribution::Int { low: 1, high, log, step: 1 };
        for (distribution, bits, expected) in [
            (float(0.0, 1.0, false, None), 0x6708_f4a1_3bd2_c07e, Value::Float(0.40248040138596775)),
            (float(1e-6, 1e-2, true, None), 0x14d7_0c3f_9a5b_e261, Value::Float(2.1165351183680685e-06)),
            (float(0.0, 1.0, false, Some(0.25)), 0x8000_0000_0000_0000, Value::Float(0.5)),
            (int(100, false), 0x3720_11ac_55d4_9e0b, Value::Int(22)),
            (int(1024, true), 0x4be1_7f02_6d38_a9c4, Value::Int(5)),
            (Distribution::categorical(["a", "b", "c"]), 0xfedc_ba98_7654_3210, Value::Choice(2)),
        ] {
            assert_eq!(value(&distribution, bits), expected, "{distribution:?}");
        }
        // The words of the stream in the order of the space.
        let space = Space::new([("a", int(100, false)), ("b", int(1024, true))]).expect("a space");
        let mut stream = ChaCha8Rng::seed_from_u64(1);
        let drawn = draw(&space, &mut stream.clone());
        for parameter in space.iter() {
            assert_eq!(drawn.get(&parameter.name), Some(value(&parameter.distribution, stream.next_u64())));
        }
    }

    #[test]
    fn the_ends_of_the_bits_are_the_ends_of_the_range() {
        let full = Distribution::Int { low: i64::MIN, high: i64::MAX, log: false, step: 1 };
        assert_eq!(value(&full, 0), Value::Int(i64::MIN));
        assert_eq!(value(&full, u64::MAX), Value::Int(i64::MAX));
        let steps = Distribution::Float { low: 0.1, high: 0.7, log: false, step: Some(0.2) };
        assert_eq!(value(&steps, 0), Value::Float(0.1));
        assert_eq!(value(&steps, u64::MAX), Value::Float(0.7));
    }

    #[test]
    fn a_range_changes_no_other_draw() {
        let space = |high| {
            let first = Distribution::Int { low: 0, high, log: false, step: 1 };
            Space::new([("a", first), ("b", Distribution::Float { low: 0.0, high: 1.0, log: false, step: None })])
                .expect("a space")
        };
        let b = |high| draw(&space(high), &mut ChaCha8Rng::seed_from_u64(2)).get("b");
        assert_eq!(b(0), b(1000));
    }

    fn any_distribution() -> impl Strategy<Value = Distribution> {
        let positive = prop_oneof![1e-300..1e300_f64, 1e-6..1e3_f64];
        prop_oneof![
            (-1e300..1e300_f64, -1e300..1e300_f64).prop_map(|(a, b)| Distribution::Float {
                low: a.min(b),
                high: a.max(b),
                log: false,
                step: None
            }),
            (positive.clone(), positive).prop_map(|(a, b)| Distribution::Float {
                low: a.min(b),
                high: a.max(b),
                log: true,
                step: None
            }),
            (-1e3..1e3_f64, 1e-3..1e3_f64, 0..1000_u32).prop_map(|(low, step, n)| Distribution::Float {
                low,
                high: low + f64::from(n) * step,
                log: false,
                step: Some(step)
            }),
            (any::<i64>(), any::<i64>()).prop_map(|(a, b)| Distribution::Int {
                low: a.min(b),
                high: a.max(b),
                log: false,
                step: 1
            }),
            (-1000..1000_i64, 1..50_i64, 0..1000_i64).prop_map(|(low, step, n)| Distribution::Int {
                low,
                high: low + n * step,
                log: false,
                step
            }),
            (1..=i64::MAX, 1..=i64::MAX).prop_map(|(a, b)| Distribution::Int {
                low: a.min(b),
                high: a.max(b),
                log: true,
                step: 1
            }),
            (1..20_usize).prop_map(|n| Distribution::categorical((0..n).map(|i| i.to_string()))),
        ]
    }

    proptest! {
        #[test]
        fn stays_inside_the_space(
            distributions in prop::collection::vec(any_distribution(), 1..6),
            seed in any::<u64>(),
        ) {
            let named = distributions.into_iter().enumerate().map(|(i, d)| (i.to_string(), d));
            let space = Space::new(named).expect("a space");
            let mut stream = ChaCha8Rng::seed_from_u64(seed);
            for _ in 0..20 {
                let parameters = draw(&space, &mut stream);
                prop_assert!(space.contains(&parameters), "{:?}", parameters);
            }
        }

        #[test]
        fn any_bits_stay_inside(distribution in any_distribution(), bits in prop_oneof![Just(0), Just(u64::MAX), any::<u64>()]) {
            prop_assert!(distribution.contains(value(&distribution, bits)));
        }
    }
}
