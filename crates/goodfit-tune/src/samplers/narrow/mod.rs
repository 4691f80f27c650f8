//! Draw, keep the best, narrow the ranges, draw again.

mod limits;
mod range;
mod rounds;

pub use limits::wider;
pub use range::Range;
pub use rounds::{Evidence, Reason, Round, Step};

use rand_core::Rng;

use crate::streams::{below, uniform};
use crate::{Distribution, History, Parameters, Request, Sampler, SamplerError, Space, Streams, Tag};

/// The textbook's way to search: say ranges, draw from them at random, score, keep the best, narrow the ranges to where
/// these lie, and draw again.
///
/// Trials come in rounds of [`Options::round`]. The first draws from [`Options::start`], each later one from ranges
/// that all trials before it led to:
///
/// 1. Compared are the finished trials of all rounds that lie in the ranges of the round before. Kept is the best
///    [`Options::keep`] of them (at least [`Options::least`], and equal losses together); pruned and failed trials are
///    compared, and never kept.
/// 2. On each parameter's own scale (the value, or its logarithm), for a < b the `quantile` and 1 - `quantile` of the
///    kept, the next range is [a - m (b - a), b + m (b - a)] with m the `margin`, inside the last range, not below
///    `shrink` times its width, nor below `min_width` times the first range's.
/// 3. This is done only where the kept differ from the rest by more than chance: Lepage's statistic of the kept among
///    the compared (the square of the sum of their ranks, from the middle rank, over its variance, plus the same for
///    the distances from the middle) is held against 499 random choices of as many (fewer, and at least 99, where more
///    than 100 are kept). The share of these that is as large, p, has to be at most `level`; otherwise the range is kept.
/// 4. An edge moves out by `widen` widths, but not out of the space, where the outer `edge` of the range holds more of
///    the kept than chance puts there: the hypergeometric tail is at most `level`. The other edge may come nearer at
///    once, so that the range wanders.
/// 5. Of the choices of a categorical parameter those are left out of which fewer are kept than chance would keep, by
///    the same tail; they do not come back.
///
/// So the space of the study is the limit of every range, and the first ranges lie within it: [`wider`] makes such a
/// space from the ranges that somebody named.
///
/// In a round, the points are a Latin hypercube: for each parameter the range is cut into as many parts of equal
/// share as the round has trials, in an order of the stream ([`Tag::Study`], round * parameters + place), and a trial
/// draws its point in its part from its own stream, 64 bits a parameter.
///
/// A draw looks at finished trials below its round alone. [`Self::rounds`] tells what was drawn from, and why.
///
/// Source: Saito Koki: Deep Learning from Scratch (2016), section 6.5.2, which gives the steps and leaves the rule
/// open. M. D. `McKay`, R. J. Beckman, W. J. Conover: A Comparison of Three Methods for Selecting Values of Input
/// Variables, Technometrics 21 (1979). Y. Lepage: A Combination of Wilcoxon's and Ansari-Bradley's Statistics,
/// Biometrika 58 (1971).
///
/// ```
/// use goodfit_tune::samplers::Narrow;
/// use goodfit_tune::samplers::narrow::{Options, wider};
/// use goodfit_tune::{Distribution, History, Request, Sampler, Space, Streams, Value};
///
/// let rate = Distribution::Float { low: 1e-6, high: 1e-2, log: true, step: None };
/// // The range as somebody named it, and up to half of its width more at either end.
/// let space = Space::new([("rate", wider(&rate, 0.5, (0.0, f64::INFINITY)))])?;
/// let mut narrow = Narrow::new(Options { start: vec![("rate".to_owned(), rate)], ..Options::default() });
/// let request = Request { space: &space, history: &History::new(), numbers: 0..16, streams: Streams::new(1) };
/// for parameters in narrow.sample(&request)? {
///     let Some(Value::Float(rate)) = parameters.get("rate") else { unreachable!() };
///     assert!((1e-6..=1e-2).contains(&rate));
/// }
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct Narrow {
    options: Options,
    memo: Option<Memo>,
}

/// How [`Narrow`] goes about it.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// The ranges of the first round by name, for parameters that do not start with all that the space has.
    pub start: Vec<(String, Distribution)>,
    /// Trials of a round, at least 1.
    pub round: u64,
    /// The share of the compared trials that is kept, above 0 and at most 1/2.
    pub keep: f64,
    /// The fewest kept trials that a range is derived from, at least 2.
    pub least: usize,
    /// The share of the kept trials that is left out at either end, from 0 to below 1/2.
    pub quantile: f64,
    /// What is added at either end, in widths between the quantiles; not below 0.
    pub margin: f64,
    /// How far a range may shrink in a round, in its widths, above 0 and at most 1.
    pub shrink: f64,
    /// The narrowest range, in widths of the first, from 0 to 1.
    pub min_width: f64,
    /// The outer part of a range that counts as its edge, in its widths, above 0 and below 1/2.
    pub edge: f64,
    /// How far an edge moves out in a round, in widths of the range; 0 never widens.
    pub widen: f64,
    /// What chance does with at most this probability counts as evidence, from 0 to 1.
    pub level: f64,
}

impl Default for Options {
    /// Rounds of 16, a quarter kept. A `level` of 0.2 finds good values sooner and calls more chance evidence, one of
    /// 0.05 does the opposite.
    fn default() -> Self {
        Self {
            start: Vec::new(),
            round: 16,
            keep: 0.25,
            least: 4,
            quantile: 0.1,
            margin: 0.25,
            shrink: 0.5,
            min_width: 0.02,
            edge: 0.125,
            widen: 0.25,
            level: 0.1,
        }
    }
}

/// The rounds of the last request, and what they came from.
#[derive(Clone, Debug)]
struct Memo {
    space: Space,
    streams: Streams,
    /// By number.
    entries: Vec<rounds::Entry>,
    rounds: Vec<Round>,
}

impl Narrow {
    /// With these options.
    pub fn new(options: Options) -> Self {
        Self { options, memo: None }
    }

    /// Every round that the trials of a history have begun, and the one that would come next as things stand.
    ///
    /// They are what was drawn from when each round waited for those before it, as [`Sampler::horizon`] asks. Where
    /// it did not, trials that finished late count here, and did not when the round was drawn.
    ///
    /// # Errors
    /// When an option is not what it has to be.
    pub fn rounds(&self, space: &Space, history: &History, streams: Streams) -> Result<Vec<Round>, SamplerError> {
        self.options.check(space)?;
        let last = history.iter().next_back().map_or(0, |trial| (trial.number + 1).div_ceil(self.options.round));
        let entries = rounds::entries(history, last * self.options.round);
        let mut rounds = vec![rounds::first(&self.options, space)];
        self.extend(&mut rounds, space, &entries, streams, last);
        Ok(rounds)
    }

    fn extend(&self, rounds: &mut Vec<Round>, space: &Space, entries: &[rounds::Entry], streams: Streams, last: u64) {
        for n in rounds.len()..=last as usize {
            rounds.push(rounds::next(&self.options, space, entries, (&rounds[0], &rounds[n - 1]), streams));
        }
    }

    /// The rounds up to one: those of the last request where they are still the same.
    fn recall(&mut self, request: &Request<'_>, last: u64) -> Memo {
        let (&Request { space, history, streams, .. }, size) = (request, self.options.round);
        let known = self.memo.take().filter(|memo| {
            let below = (memo.rounds.len() as u64 - 1) * size;
            memo.streams == streams && memo.space == *space && rounds::same(&memo.entries, history, below)
        });
        match known {
            Some(memo) if memo.rounds.len() as u64 > last => memo,
            known => {
                let mut rounds = known.map_or_else(|| vec![rounds::first(&self.options, space)], |memo| memo.rounds);
                let mut entries = rounds::entries(history, last * size);
                self.extend(&mut rounds, space, &entries, streams, last);
                entries.sort_by_key(|entry| entry.number);
                Memo { space: space.clone(), streams, entries, rounds }
            }
        }
    }

    fn draw(&self, space: &Space, round: &Round, number: u64, streams: Streams) -> Parameters {
        let size = self.options.round;
        let mut stream = streams.trial(number);
        let mut point = |place: usize| {
            let index = number / size * space.len() as u64 + place as u64;
            let mut orders = streams.stream(Tag::Study, index);
            let part = shuffled(size, &mut orders)[(number % size) as usize];
            (part as f64 + uniform(stream.next_u64())) / size as f64
        };
        let points: Vec<f64> = (0..space.len()).map(&mut point).collect();
        space.assemble(|place, distribution| round.steps[place].range.at(distribution, points[place]))
    }
}

/// The numbers below n in a random order.
fn shuffled(n: u64, stream: &mut impl Rng) -> Vec<u64> {
    let mut order: Vec<u64> = (0..n).collect();
    for i in (1..order.len()).rev() {
        order.swap(i, below(i as u128 + 1, stream.next_u64()) as usize);
    }
    order
}

impl Sampler for Narrow {
    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError> {
        let &Request { space, streams, .. } = request;
        self.options.check(space)?;
        let size = self.options.round;
        let memo = self.recall(request, request.numbers.end.saturating_sub(1) / size);
        let draw = |number| self.draw(space, &memo.rounds[(number / size) as usize], number, streams);
        let drawn = request.numbers.clone().map(draw).collect();
        self.memo = Some(memo);
        Ok(drawn)
    }

    /// The trials of the rounds before its own.
    fn horizon(&self, number: u64, _generation: u64) -> u64 {
        number - number % self.options.round.max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_contract() {
        for (_, space) in crate::contract::spaces() {
            for round in [1, 8, 16] {
                let make = || Box::new(Narrow::new(Options { round, ..Options::default() })) as Box<dyn Sampler>;
                crate::contract::sampler(&make, &space);
            }
        }
    }
}
