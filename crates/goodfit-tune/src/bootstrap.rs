//! What a study's own trials say about shorter and longer ones.

use rand_core::Rng;

use crate::stats::quantile;
use crate::streams::below;
use crate::{History, Seen, Streams, Tag};

/// The expected best of n trials, with a band.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BestOf {
    /// How many trials.
    pub n: usize,
    /// The expected smallest loss among n of the study's trials.
    pub expected: f64,
    /// Its bootstrap interval.
    pub band: (f64, f64),
}

/// What n more trials are worth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Gain {
    /// How many trials more.
    pub n: usize,
    /// The probability that one of them is better than the best so far: n / (N + n).
    pub p_better: f64,
    /// An upper bound of the expected fall of the smallest loss, estimated without bias; 0 or more.
    pub at_most: f64,
    /// Its bootstrap interval.
    pub band: (f64, f64),
}

/// How many times the trials are drawn again for a band.
const N_RESAMPLES: usize = 400;

/// The curve of the best of n trials, for each of these numbers from 1 to that of the trials.
///
/// With the N losses sorted, `x_1 <= .. <= x_N`, the mean over all choices of n of them is exactly
///
/// ```text
/// E(n) = sum over i of x_i C(N - i, n - 1) / C(N, n)
/// ```
///
/// which estimates without bias the expected best of n independent trials. The band holds `confidence` of its values for
/// 400 samples of N trials drawn with replacement ([`Tag::Bootstrap`], 0). It is narrow and too optimistic where n
/// comes near N, as no sample holds a loss below the smallest one seen.
///
/// Trials that were pruned, failed or ended infinite count, as trials that gained nothing, with the largest finite loss.
/// Where a sampler learns, its trials are not independent: the curve then tells what these trials give in a random
/// order, and lies above what the sampler itself would reach in n.
///
/// Numbers that are 0 or above N are left out; without a finite loss, all are.
///
/// Source: R. Tang et al.: Showing Your Work Doesn't Always Work, ACL (2020), for the form without replacement; J.
/// Dodge et al.: Show Your Work, EMNLP (2019), for the curve.
///
/// ```
/// use goodfit_tune::samplers::Random;
/// use goodfit_tune::{Distribution, History, Observed, Request, Sampler, Seen, Space, Streams, best_of};
/// let space = Space::new([("x", Distribution::Float { low: 0.0, high: 1.0, log: false, step: None })])?;
/// let (mut history, streams) = (History::new(), Streams::new(1));
/// let drawn = Random.sample(&Request { space: &space, history: &history, numbers: 0..3, streams })?;
/// for (number, parameters) in (0..).zip(drawn) {
///     let seen = Seen::Complete(vec![[3.0, 1.0, 2.0][number as usize]]);
///     history.insert(Observed { number, parameters, seen, intermediate: Vec::new() });
/// }
/// let curve = best_of(&history, &[1, 2, 3], 0.95, streams);
/// // The pairs of 1, 2, 3 have the best 1, 1 and 2.
/// assert!((curve[1].expected - 4.0 / 3.0).abs() < 1e-12 && curve[2].expected == 1.0);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn best_of(history: &History, numbers: &[usize], confidence: f64, streams: Streams) -> Vec<BestOf> {
    let losses = losses(history);
    let numbers: Vec<usize> = numbers.iter().copied().filter(|n| (1..=losses.len()).contains(n)).collect();
    let expected = |losses: &[f64]| numbers.iter().map(|&n| expected_best(losses, n)).collect();
    let bands = bands(&losses, expected, confidence, streams, 0);
    let curve = numbers.iter().zip(bands);
    curve.map(|(&n, band)| BestOf { n, expected: expected_best(&losses, n), band }).collect()
}

/// What n more trials like those so far are worth.
///
/// For N independent trials without ties, the best of N + n is among the last n with probability n / (N + n). What
/// they gain, E(N) - E(N + n) with E the expected best, cannot be estimated without a model of losses that were never
/// seen; but E is convex (its differences alternate in sign, being the moments of 1 - F), so it is at most the gain of
/// the last n,
///
/// ```text
/// E(N - n) - E(N)
/// ```
///
/// which [`best_of`]'s formula estimates without bias from the trials at hand. The band is a bootstrap one, as there
/// ([`Tag::Bootstrap`], 1).
///
/// Where a sampler learns, later trials are better than earlier ones: then this is no forecast, and more may be
/// gained than it says.
///
/// `None` when n is 0 or not below N, or no loss is finite.
///
/// ```
/// use goodfit_tune::{History, Streams, expected_gain};
/// assert_eq!(expected_gain(&History::new(), 10, 0.95, Streams::new(1)), None);
/// ```
pub fn expected_gain(history: &History, n: usize, confidence: f64, streams: Streams) -> Option<Gain> {
    let losses = losses(history);
    if n == 0 || n >= losses.len() {
        return None;
    }
    let gain = |losses: &[f64]| expected_best(losses, losses.len() - n) - losses[0];
    let band = bands(&losses, |losses| vec![gain(losses)], confidence, streams, 1)[0];
    let p_better = n as f64 / (losses.len() + n) as f64;
    Some(Gain { n, p_better, at_most: gain(&losses), band })
}

/// A [`StopRule`](crate::StopRule): enough, when half as many trials again would bring the smallest loss down by at most
/// `tolerance`, by the upper end of [`expected_gain`]'s 95 % interval. It never stops before 20 trials have ended.
///
/// ```
/// use std::sync::{Arc, atomic::AtomicBool};
/// use goodfit_tune::storage::Memory;
/// use goodfit_tune::{
///     Distribution, Limits, NoPruner, Outcome, Space, Stopped, Study, StudyOptions, TrialState, Value,
///     no_expected_gain, samplers::Random,
/// };
/// let space = Space::new([("x", Distribution::Float { low: -1.0, high: 1.0, log: false, step: None })])?;
/// let (storage, pruner) = (Arc::new(Memory::new()), Box::new(NoPruner));
/// let study = Study::open(storage, space, Box::new(Random), pruner, StudyOptions::default())?;
/// let (enough, stop) = (no_expected_gain(0.01), AtomicBool::new(false));
/// let limits = Limits { trials: 1_000, deadline: None, rule: Some(&enough), stop: &stop, jobs: 1 };
/// let square = |trial: &mut goodfit_tune::RunningTrial<'_>| match trial.parameters().get("x") {
///     Some(Value::Float(x)) => Outcome::Complete(x * x),
///     _ => Outcome::Failed("no x".to_owned()),
/// };
/// let stopped = study.optimise(square, &limits, &mut |_: u64, _: &TrialState| {})?;
/// assert!(matches!(stopped, Stopped::Rule(_)) && study.history().n_finished() < 100);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn no_expected_gain(tolerance: f64) -> impl Fn(&History) -> Option<String> + Sync {
    const FEWEST: usize = 20;
    move |history| {
        let n = history.n_finished();
        let gain = expected_gain(history, n / 2, 0.95, Streams::new(0)).filter(|_| n >= FEWEST)?;
        (gain.band.1 <= tolerance).then(|| {
            format!("{} trials more would gain at most {:.3e}, {tolerance:.3e} is enough", gain.n, gain.band.1)
        })
    }
}

/// The losses of all finished trials, sorted; none when no loss is finite.
fn losses(history: &History) -> Vec<f64> {
    let finite = |loss: Option<f64>| loss.filter(|loss| loss.is_finite());
    let worst = history.complete().filter_map(|trial| finite(trial.loss())).reduce(f64::max);
    let Some(worst) = worst else { return Vec::new() };
    let finished = history.iter().filter(|trial| trial.seen != Seen::Running);
    let mut losses: Vec<f64> = finished.map(|trial| finite(trial.loss()).unwrap_or(worst)).collect();
    losses.sort_by(f64::total_cmp);
    losses
}

/// The mean of the smallest of n out of sorted losses, over all choices.
fn expected_best(sorted: &[f64], n: usize) -> f64 {
    let total = sorted.len();
    // C(N - i, n - 1) / C(N, n): n / N at first, then each from the one before.
    let mut weight = n as f64 / total as f64;
    let mut sum = 0.0;
    for (i, loss) in (1..=total - n + 1).zip(sorted) {
        sum += weight * loss;
        weight *= (total - i + 1 - n) as f64 / (total - i).max(1) as f64;
    }
    sum
}

/// The intervals of some functions of the sorted losses, by drawing as many with replacement.
fn bands(
    losses: &[f64],
    of: impl Fn(&[f64]) -> Vec<f64>,
    confidence: f64,
    streams: Streams,
    index: u64,
) -> Vec<(f64, f64)> {
    if losses.is_empty() {
        return Vec::new();
    }
    let mut stream = streams.stream(Tag::Bootstrap, index);
    let mut values: Vec<Vec<f64>> = Vec::new();
    let mut places = vec![0; losses.len()];
    for _ in 0..N_RESAMPLES {
        places.fill_with(|| below(losses.len() as u128, stream.next_u64()) as usize);
        places.sort_unstable();
        let sample: Vec<f64> = places.iter().map(|&place| losses[place]).collect();
        let of_sample = of(&sample);
        values.resize(of_sample.len(), Vec::new());
        for (values, value) in values.iter_mut().zip(of_sample) {
            values.push(value);
        }
    }
    let tail = 0.5 * (1.0 - confidence.clamp(0.0, 1.0));
    let band = |mut values: Vec<f64>| {
        values.sort_by(f64::total_cmp);
        (quantile(&values, tail), quantile(&values, 1.0 - tail))
    };
    values.into_iter().map(band).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::streams::uniform;
    use crate::{Distribution, Observed, Space, Value};

    fn history(seen: impl IntoIterator<Item = Seen>) -> History {
        let x = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
        let parameters = Space::new([("x", x)]).expect("a space").assemble(|_, _| Value::Float(0.5));
        let mut history = History::new();
        for (number, seen) in (0..).zip(seen) {
            history.insert(Observed { number, parameters: parameters.clone(), seen, intermediate: Vec::new() });
        }
        history
    }

    /// A study of n losses, the squares of uniform numbers: E(k) is 2 / ((k + 1) (k + 2)).
    fn squares(n: usize, seed: u64) -> History {
        let mut stream = Streams::new(seed).stream(Tag::Study, 1);
        history((0..n).map(|_| Seen::Complete(vec![uniform(stream.next_u64()).powi(2)])))
    }

    fn truth(n: usize) -> f64 {
        2.0 / ((n + 1) * (n + 2)) as f64
    }

    #[test]
    fn exact_for_every_choice() {
        let losses = [1.0, 2.0, 4.0, 8.0, 16.0];
        for n in 1..=5 {
            let (mut sum, mut count) = (0.0, 0.0);
            for set in 0_u32..32 {
                if set.count_ones() as usize == n {
                    sum += losses[set.trailing_zeros() as usize];
                    count += 1.0;
                }
            }
            assert!((expected_best(&losses, n) - sum / count).abs() < 1e-12, "{n}");
        }
    }

    #[test]
    fn as_simulated() {
        // The mean over many studies is the truth: no bias.
        let (n_studies, n_trials) = (2000, 40);
        for n in [1, 5, 20, 39] {
            let estimates: Vec<f64> =
                (0..n_studies).map(|seed| expected_best(&losses(&squares(n_trials, seed)), n)).collect();
            let mean = estimates.iter().sum::<f64>() / n_studies as f64;
            let sd = (estimates.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / n_studies as f64).sqrt();
            assert!((mean - truth(n)).abs() < 4.0 * sd / (n_studies as f64).sqrt(), "{n}: {mean} {}", truth(n));
        }
    }

    #[test]
    fn the_band_holds_the_truth() {
        let n_studies = 200;
        let mut held = [0; 2];
        for seed in 0..n_studies {
            let curve = best_of(&squares(60, seed), &[3, 10], 0.95, Streams::new(seed));
            for (held, point) in held.iter_mut().zip(curve) {
                assert!(point.band.0 <= point.expected && point.expected <= point.band.1);
                *held += usize::from((point.band.0..=point.band.1).contains(&truth(point.n)));
            }
        }
        // 95 % of 200 with a standard deviation of 3.1; the bootstrap falls a little short.
        assert!(held.iter().all(|held| (170..=200).contains(held)), "{held:?}");
    }

    #[test]
    fn the_gain_bounds_what_more_trials_gain() {
        let n_studies = 2000;
        let (mut better, mut gained, mut bound) = (0.0, 0.0, 0.0);
        for seed in 0..n_studies {
            let both = squares(60, seed);
            let before = both.seen_at(40);
            let gain = expected_gain(&before, 20, 0.9, Streams::new(1)).expect("a gain");
            assert!(gain.at_most >= 0.0 && gain.band.0 <= gain.band.1);
            let best = |history: &History| history.best().and_then(Observed::loss).expect("a loss");
            better += f64::from(u8::from(best(&both) < best(&before)));
            gained += best(&before) - best(&both);
            bound += gain.at_most;
        }
        let n = n_studies as f64;
        // 20 of 60, with a standard deviation of 0.011.
        assert!((better / n - 1.0 / 3.0).abs() < 0.044, "{better}");
        assert!(gained < bound && (bound / n - (truth(20) - truth(40))).abs() < 0.1 * truth(20), "{gained} {bound}");
    }

    #[test]
    fn trials_without_a_loss_gain_nothing() {
        let seen =
            [Seen::Complete(vec![1.0]), Seen::Failed, Seen::Pruned, Seen::Complete(vec![f64::INFINITY]), Seen::Running];
        let history = history([Seen::Complete(vec![2.0])].into_iter().chain(seen));
        assert_eq!(losses(&history), [1.0, 2.0, 2.0, 2.0, 2.0]);
        assert_eq!(best_of(&history, &[0, 5, 6], 0.95, Streams::new(1)).len(), 1);
        let nothing = self::history([Seen::Failed, Seen::Complete(vec![f64::INFINITY])]);
        assert!(best_of(&nothing, &[1], 0.95, Streams::new(1)).is_empty());
        assert_eq!(expected_gain(&nothing, 1, 0.95, Streams::new(1)), None);
    }

    #[test]
    fn stops_where_nothing_more_is_to_be_gained() {
        let falling = |n: u64| history((0..n).map(|number| Seen::Complete(vec![1.0 / (number + 1) as f64])));
        let enough = no_expected_gain(0.005);
        let first = (1..200).find(|&n| enough(&falling(n)).is_some()).expect("it ends");
        let bound = |n: u64| expected_gain(&falling(n), n as usize / 2, 0.95, Streams::new(0)).expect("a gain").band.1;
        assert!(first > 20 && bound(first) <= 0.005 && bound(first - 1) > 0.005, "{first}");
        let reason = enough(&falling(first)).expect("a reason");
        assert!(reason.ends_with("5.000e-3 is enough"), "{reason}");
        // However little is to be gained, a few trials do not show it.
        assert!(no_expected_gain(1.0)(&falling(19)).is_none() && no_expected_gain(1.0)(&falling(20)).is_some());
    }
}
