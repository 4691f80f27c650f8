//! From a history to the distribution of its next trials.

use rand_chacha::ChaCha8Rng;
use rand_core::Rng;

use super::evolution::{Evolution, Member, Settings, default_lambda};
use crate::samplers::random::draw;
use crate::streams::uniform;
use crate::{Distribution, History, Observed, Parameters, Seen, Space, Streams, Tag, Value};

/// The parameters that the strategy moves: numbers that always exist and have more than one value.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axes {
    places: Vec<usize>,
    /// The number of values of each; `None` for real numbers.
    n_values: Vec<Option<u128>>,
}

impl Axes {
    pub(super) fn new(space: &Space) -> Self {
        let moved = |parameter: &crate::Parameter| {
            let several = match &parameter.distribution {
                Distribution::Categorical { .. } => false,
                Distribution::Float { low, high, .. } => low < high,
                Distribution::Int { low, high, .. } => low < high,
            };
            several && parameter.when.is_none()
        };
        let places: Vec<usize> =
            space.iter().enumerate().filter(|(_, parameter)| moved(parameter)).map(|(place, _)| place).collect();
        let n_values = places.iter().map(|&place| space.at(place).distribution.n_values()).collect();
        Self { places, n_values }
    }

    pub(super) fn n(&self) -> usize {
        self.places.len()
    }

    /// The smallest standard deviations with which a value is left with a probability of 1 / (lambda n): half of
    /// the value's share of the axis is the normal distribution's quantile of 1 - that / 2.
    fn floors(&self, lambda: usize) -> Vec<f64> {
        let quantile = upper_quantile(0.5 / (lambda * self.n()) as f64);
        self.n_values.iter().map(|n| n.map_or(0.0, |n| 0.5 / n as f64 / quantile)).collect()
    }
}

/// The z that a normal number exceeds with probability p.
fn upper_quantile(p: f64) -> f64 {
    let (mut low, mut high) = (0.0, 40.0);
    for _ in 0..60 {
        let middle = 0.5 * (low + high);
        if 0.5 * libm::erfc(middle * std::f64::consts::FRAC_1_SQRT_2) > p {
            low = middle;
        } else {
            high = middle;
        }
    }
    low
}

/// A population as it was taken in, to see whether the history still has it: number, values and loss, best first.
type Taken = Vec<(u64, Box<[Option<Value>]>, Seen)>;

/// How far the populations of a history have been gone through.
#[derive(Clone, Debug)]
pub(super) struct Replay {
    space: Space,
    streams: Streams,
    population: Option<u64>,
    axes: Axes,
    evolution: Evolution,
    n_restarts: u64,
    /// The first trial of the next population.
    next: u64,
    /// The best losses of the populations of this run.
    best: Vec<f64>,
    taken: Vec<Taken>,
}

impl Replay {
    pub(super) fn new(space: &Space, streams: Streams, population: Option<u64>) -> Self {
        let axes = Axes::new(space);
        let lambda = population.map_or_else(|| default_lambda(axes.n()), |population| population as usize);
        let evolution = Evolution::new(Settings::new(axes.n(), lambda), vec![0.5; axes.n()], axes.floors(lambda));
        let (space, best, taken) = (space.clone(), Vec::new(), Vec::new());
        Self { space, streams, population, axes, evolution, n_restarts: 0, next: 0, best, taken }
    }

    pub(super) fn is_of(&self, space: &Space, streams: Streams, population: Option<u64>) -> bool {
        self.space == *space && self.streams == streams && self.population == population
    }

    /// Takes in every finished population that it has not taken in yet.
    pub(super) fn go_through(&mut self, history: &History) {
        let last = history.iter().next_back().map_or(0, |trial| trial.number);
        let mut places = vec![usize::MAX; last as usize + 1];
        for (place, trial) in history.ranked().enumerate() {
            places[trial.number as usize] = place;
        }
        let known = std::mem::take(&mut self.taken);
        if known.iter().all(|taken| is_there(taken, history)) {
            self.taken = known;
        } else {
            *self = Self::new(&self.space, self.streams, self.population);
        }
        while let Some(trials) = population(history, self.next, self.evolution.settings.lambda, &places) {
            self.take(&trials);
        }
    }

    fn take(&mut self, trials: &[&Observed]) {
        let members: Vec<Member> = trials.iter().map(|trial| self.member(trial)).collect();
        self.evolution.update(&members);
        self.next += trials.len() as u64;
        self.best.push(trials[0].loss().unwrap_or(f64::INFINITY));
        let taken = |trial: &&Observed| (trial.number, trial.parameters.values().into(), trial.seen.clone());
        self.taken.push(trials.iter().map(taken).collect());
        let losses: Vec<f64> = trials.iter().map(|trial| trial.loss().unwrap_or(f64::INFINITY)).collect();
        if self.evolution.has_collapsed() || self.is_flat(&losses) {
            self.restart();
        }
    }

    /// Whether this population and the best of many before it have as good as one loss.
    fn is_flat(&self, losses: &[f64]) -> bool {
        let n_populations = 10 + 30 * self.axes.n() / losses.len();
        let Some(first) = self.best.len().checked_sub(n_populations) else { return false };
        let recent = self.best[first..].iter().chain(losses).copied();
        let (low, high) = recent.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        // Equal infinite losses are flat too; their difference is no number.
        low >= high || high - low <= 1e-12
    }

    fn restart(&mut self) {
        self.n_restarts += 1;
        let lambda = 2 * self.evolution.settings.lambda;
        let mut stream = self.streams.stream(Tag::Study, self.n_restarts);
        let mean = (0..self.axes.n()).map(|_| uniform(stream.next_u64())).collect();
        self.evolution = Evolution::new(Settings::new(self.axes.n(), lambda), mean, self.axes.floors(lambda));
        self.best.clear();
    }

    /// Where a trial lay: for a whole number the point before it was rounded, if it was drawn from here.
    fn member(&self, trial: &Observed) -> Member {
        let (point, parameters) = self.draw(trial.number);
        if parameters.values() == trial.parameters.values() {
            return Member { point, is_own: true };
        }
        let values = trial.parameters.values();
        let share = |&place: &usize| {
            let value = values.get(place).copied().flatten();
            let distribution = &self.space.at(place).distribution;
            value.filter(|value| distribution.contains(*value)).map_or(0.5, |value| distribution.to_unit(value))
        };
        Member { point: self.axes.places.iter().map(share).collect(), is_own: false }
    }

    /// The point and the parameters of a trial.
    pub(super) fn draw(&self, number: u64) -> (Vec<f64>, Parameters) {
        let mut stream: ChaCha8Rng = self.streams.trial(number);
        let independent = draw(&self.space, &mut stream.clone());
        // Its words are used up whether they are needed or not.
        for _ in 0..self.space.len() {
            stream.next_u64();
        }
        let point = self.evolution.draw(&mut stream);
        let parameters = self.space.assemble(|place, distribution| {
            match self.axes.places.iter().position(|other| *other == place) {
                Some(axis) => distribution.from_unit(point[axis]),
                // The independent draw lacks what its own choices excluded; the conditions are on those same choices
                // or on moved numbers, and then the middle has to do.
                None => independent.values()[place].unwrap_or_else(|| distribution.from_unit(0.5)),
            }
        });
        (point, parameters)
    }
}

/// The trials from a number on, best first, when as many as wanted have finished.
fn population<'a>(history: &'a History, first: u64, lambda: usize, places: &[usize]) -> Option<Vec<&'a Observed>> {
    let finished = |number: u64| history.get(number).filter(|trial| trial.seen != Seen::Running);
    let mut trials = (first..first + lambda as u64).map(finished).collect::<Option<Vec<&Observed>>>()?;
    trials.sort_by_key(|trial| places[trial.number as usize]);
    Some(trials)
}

fn is_there(taken: &Taken, history: &History) -> bool {
    taken.iter().all(|(number, values, seen)| {
        history.get(*number).is_some_and(|trial| trial.parameters.values() == &**values && trial.seen == *seen)
    })
}
