//! From the trials of the rounds so far to the ranges of the next.

use std::ops::Range as Numbers;

use rand_core::Rng;

use super::Options;
use super::range::{Range, Scale};
use crate::stats::{hypergeometric_at_least, hypergeometric_at_most, quantile, ranks};
use crate::streams::below;
use crate::{Distribution, History, Observed, Seen, Space, Streams, Tag, Value};

/// One round: what it drew from, and why.
#[derive(Clone, Debug, PartialEq)]
pub struct Round {
    /// The numbers of its trials.
    pub numbers: Numbers<u64>,
    /// How many trials were compared to find its ranges: those of all rounds before, in the ranges of the last. None in
    /// the first round.
    pub n_compared: usize,
    /// The best of these, best first.
    pub kept: Vec<u64>,
    /// What it draws from, in the order of the space.
    pub steps: Vec<Step>,
}

/// What a round does with one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Step {
    /// What it draws from.
    pub range: Range,
    /// Why.
    pub reason: Reason,
    /// The quantiles of the kept trials between which a range was laid, and the probability that trials
    /// kept by chance differ as much from the rest; for a widened range, that as many lie against its edge.
    pub evidence: Option<Evidence>,
}

/// How the kept trials lie in the range of the round before.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Evidence {
    /// Lower and upper quantile; `None` for choices.
    pub quantiles: Option<(Value, Value)>,
    /// The probability of as much by chance.
    pub p: f64,
}

/// Why a range is what it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// The first range.
    Start,
    /// The best trials lie closer together than chance would have them.
    Narrowed,
    /// The best trials crowd an edge; the other side may have come nearer at once.
    Widened,
    /// It is that of the round before.
    Kept,
}

/// A trial as rounds see it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    pub(super) number: u64,
    /// `None` for one that ended without a value.
    loss: Option<f64>,
    values: Box<[Option<Value>]>,
}

/// The finished trials below a number, best first.
pub(super) fn entries(history: &History, below: u64) -> Vec<Entry> {
    let finished = history.ranked().filter(|trial| trial.number < below);
    finished
        .map(|trial| Entry { number: trial.number, loss: trial.loss(), values: trial.parameters.values().into() })
        .collect()
}

/// Whether these, by number, are the finished trials of a history below a number.
pub(super) fn same(entries: &[Entry], history: &History, below: u64) -> bool {
    let mut known = entries.iter().take_while(|entry| entry.number < below);
    let same = |entry: &Entry, trial: &Observed| {
        entry.number == trial.number
            && entry.loss.map(f64::to_bits) == trial.loss().map(f64::to_bits)
            && *entry.values == *trial.parameters.values()
    };
    let below = history.iter().take_while(|trial| trial.number < below);
    let mut finished = below.filter(|trial| trial.seen != Seen::Running);
    finished.all(|trial| known.next().is_some_and(|entry| same(entry, trial))) && known.next().is_none()
}

/// The first round.
pub(super) fn first(options: &Options, space: &Space) -> Round {
    let steps = space.iter().map(|parameter| {
        let started = options.start.iter().find(|(name, _)| *name == parameter.name);
        let range = started.map_or_else(|| Range::whole(&parameter.distribution), |(_, start)| Range::whole(start));
        Step { range, reason: Reason::Start, evidence: None }
    });
    Round { numbers: 0..options.round, n_compared: 0, kept: Vec::new(), steps: steps.collect() }
}

/// The round after one, from the trials before it.
pub(super) fn next(
    options: &Options,
    space: &Space,
    entries: &[Entry],
    (first, last): (&Round, &Round),
    streams: Streams,
) -> Round {
    let numbers = last.numbers.end..last.numbers.end + options.round;
    let inside = |entry: &&Entry| {
        let mut values = entry.values.iter().zip(&last.steps);
        entry.number < numbers.start && values.all(|(value, step)| value.is_none_or(|value| step.range.contains(value)))
    };
    let compared: Vec<&Entry> = entries.iter().filter(inside).collect();
    let n_kept = n_kept(options, &compared);
    let mut chance = Chance::new(compared.len(), n_kept, streams, last.numbers.end);
    let step = |place: usize| {
        let there: Vec<(usize, Value)> =
            compared.iter().enumerate().filter_map(|(i, entry)| Some((i, entry.values[place]?))).collect();
        let (old, start) = (&last.steps[place].range, &first.steps[place].range);
        let distribution = &space.at(place).distribution;
        match (old, Scale::new(distribution)) {
            (Range::Choices(choices), _) => choose(options, choices, &there, n_kept),
            (_, Some(scale)) => move_range(options, scale, distribution, (old, start), &there, n_kept, &mut chance),
            _ => kept(old, None),
        }
    };
    let steps = (0..space.len()).map(step).collect();
    let kept = compared[..n_kept].iter().map(|entry| entry.number).collect();
    Round { numbers, n_compared: compared.len(), kept, steps }
}

fn kept(range: &Range, evidence: Option<Evidence>) -> Step {
    Step { range: range.clone(), reason: Reason::Kept, evidence }
}

/// How many of the trials, best first, are kept; 0 when they tell nothing.
fn n_kept(options: &Options, compared: &[&Entry]) -> usize {
    let n = ((options.keep * compared.len() as f64).ceil() as usize).max(options.least);
    let Some(worst) = n.checked_sub(1).and_then(|i| compared.get(i)).and_then(|entry| entry.loss) else { return 0 };
    // Equal losses stay together.
    let n = compared.iter().take_while(|entry| entry.loss.is_some_and(|loss| loss <= worst)).count();
    if 2 * n > compared.len() { 0 } else { n }
}

/// The next choices: without those of which fewer are kept than chance would keep.
fn choose(options: &Options, choices: &[usize], there: &[(usize, Value)], n_kept: usize) -> Step {
    let old = Range::Choices(choices.to_vec());
    let all_kept = there.iter().filter(|(i, _)| *i < n_kept).count() as u64;
    if all_kept == 0 || choices.len() < 2 {
        return kept(&old, None);
    }
    let tail = |choice: usize| {
        let of = there.iter().filter(|(_, value)| *value == Value::Choice(choice));
        let (n, n_kept) = of.fold((0, 0), |(n, k), (i, _)| (n + 1, k + u64::from(*i < n_kept)));
        hypergeometric_at_most(n_kept, there.len() as u64, all_kept, n)
    };
    let tails: Vec<f64> = choices.iter().map(|&choice| tail(choice)).collect();
    let p = tails.iter().copied().fold(1.0, f64::min);
    let left = choices.iter().zip(&tails).filter(|&(_, &p)| p > options.level).map(|(&choice, _)| choice);
    let left: Vec<usize> = left.collect();
    let evidence = Some(Evidence { quantiles: None, p });
    if left.is_empty() || left.len() == choices.len() {
        return kept(&old, evidence);
    }
    Step { range: Range::Choices(left), reason: Reason::Narrowed, evidence }
}

/// The next range of a parameter with an order.
fn move_range(
    options: &Options,
    scale: Scale,
    distribution: &Distribution,
    (old, start): (&Range, &Range),
    there: &[(usize, Value)],
    n_kept: usize,
    chance: &mut Chance,
) -> Step {
    let points: Vec<f64> = there.iter().map(|(_, value)| scale.of(*value)).collect();
    // By rank, so the kept are the first of them.
    let k = there.partition_point(|(i, _)| *i < n_kept);
    let (low, high) = scale.ends(old);
    let width = high - low;
    if k < options.least || width <= 0.0 {
        return kept(old, None);
    }
    let mut best = points[..k].to_vec();
    best.sort_by(f64::total_cmp);
    let (from, to) = (quantile(&best, options.quantile), quantile(&best, 1.0 - options.quantile));
    let quantiles = Some((scale.value(from), scale.value(to)));

    // Against an edge: more of the kept in the outer part than chance would put there.
    let (first, last) = scale.ends(&Range::whole(distribution));
    let crowd = |inside: &dyn Fn(f64) -> bool| {
        let count = |points: &[f64]| points.iter().filter(|&&point| inside(point)).count() as u64;
        hypergeometric_at_least(count(&points[..k]), points.len() as u64, count(&points), k as u64)
    };
    let p_low = crowd(&|point| point < low + options.edge * width);
    let p_high = crowd(&|point| point > high - options.edge * width);
    let widens_low = p_low <= options.level && low > first;
    let widens_high = p_high <= options.level && high < last;

    let p = chance.p(&points, there, k);
    let margin = options.margin * (to - from);
    let (mut new_low, mut new_high) = (low, high);
    if p <= options.level {
        (new_low, new_high) = ((from - margin).max(low), (to + margin).min(high));
        let (start_low, start_high) = scale.ends(start);
        let least = (options.min_width * (start_high - start_low)).max(options.shrink * width).min(width);
        if new_high - new_low < least {
            let half = 0.5 * least;
            let middle = (0.5 * (new_low + new_high)).max(low + half).min(high - half);
            (new_low, new_high) = ((middle - half).max(low), (middle + half).min(high));
        }
    }
    if widens_low {
        new_low = (low - options.widen * width).max(first);
    }
    if widens_high {
        new_high = (high + options.widen * width).min(last);
    }
    let range = scale.range(new_low, new_high);
    let (reason, p) = match (widens_low, widens_high) {
        _ if range == *old => (Reason::Kept, p),
        (false, false) => (Reason::Narrowed, p),
        (true, false) => (Reason::Widened, p_low),
        (false, true) => (Reason::Widened, p_high),
        (true, true) => (Reason::Widened, p_low.max(p_high)),
    };
    Step { range, reason, evidence: Some(Evidence { quantiles, p }) }
}

/// Random choices of as many trials as were kept, the same for each parameter.
struct Chance {
    subsets: Vec<Vec<u32>>,
}

/// How many times chance is asked: 499, so that the smallest p is 1/500; 99 at least, when so many trials are kept
/// that it would take long.
fn n_subsets(n_kept: usize) -> usize {
    50_000_usize.checked_div(n_kept).map_or(0, |n| n.clamp(99, 499))
}

impl Chance {
    fn new(n: usize, n_kept: usize, streams: Streams, n_trials: u64) -> Self {
        let mut stream = streams.stream(Tag::Fit, n_trials);
        let mut places: Vec<u32> = (0..n as u32).collect();
        let mut draw = || {
            for i in 0..n_kept {
                let other = i + below((n - i) as u128, stream.next_u64()) as usize;
                places.swap(i, other);
            }
            places[..n_kept].to_vec()
        };
        Self { subsets: (0..n_subsets(n_kept)).map(|_| draw()).collect() }
    }

    /// The probability that as many trials kept by chance differ as much from the rest as the first k: Lepage's
    /// statistic, the squared sums of ranks from the middle and of their distances from it, each over its variance.
    fn p(&mut self, points: &[f64], there: &[(usize, Value)], k: usize) -> f64 {
        let n = points.len() as f64;
        let middle = f64::midpoint(n, 1.0);
        let place: Vec<f64> = ranks(points).iter().map(|rank| rank - middle).collect();
        let mean = place.iter().map(|x| x.abs()).sum::<f64>() / n;
        let spread: Vec<f64> = place.iter().map(|x| x.abs() - mean).collect();
        let squares = |scores: &[f64]| scores.iter().map(|x| x * x).sum::<f64>() / n;
        let (place_variance, spread_variance) = (squares(&place), squares(&spread));
        let statistic = |sums: (f64, f64), k: f64| {
            let share = |sum: f64, variance: f64| if variance > 0.0 { sum * sum / variance } else { 0.0 };
            // Both variances of a sum have the factor k (n - k) / (n - 1).
            let factor = k * (n - k);
            if factor > 0.0 { (share(sums.0, place_variance) + share(sums.1, spread_variance)) / factor } else { 0.0 }
        };
        let mut score = vec![None; there.last().map_or(0, |(i, _)| i + 1)];
        for (j, (i, _)) in there.iter().enumerate() {
            score[*i] = Some((place[j], spread[j]));
        }
        let add = |(a, b): (f64, f64), (c, d): (f64, f64)| (a + c, b + d);
        let got = statistic((0..k).map(|j| (place[j], spread[j])).fold((0.0, 0.0), add), k as f64);
        if got <= 0.0 {
            return 1.0;
        }
        let as_much = self.subsets.iter().filter(|subset| {
            let scores = subset.iter().filter_map(|&i| score.get(i as usize).copied().flatten());
            let (sums, k) = scores.fold(((0.0, 0.0), 0.0), |(sums, k), score| (add(sums, score), k + 1.0));
            statistic(sums, k) >= got * (1.0 - 1e-12)
        });
        (as_much.count() + 1) as f64 / (self.subsets.len() + 1) as f64
    }
}
