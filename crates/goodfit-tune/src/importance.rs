//! Which parameters the best trials owe their rank to.

use rand_core::Rng;

use crate::stats::quantile;
use crate::streams::below;
use crate::{Distribution, History, Space, Streams, Tag, Value};

/// How much one parameter matters.
#[derive(Clone, Debug, PartialEq)]
pub struct Importance {
    /// The parameter's name.
    pub name: String,
    /// How far its distribution among the best trials is from that among all; 0 when they are the same.
    pub value: f64,
    /// The value over the sum of all parameters' values; equal shares where all are 0.
    pub share: f64,
    /// The value that a parameter without any effect stays below in 95 of 100 studies like this one.
    pub chance: f64,
}

/// How often chance is asked.
const N_CHANCE: u64 = 99;

/// The importance of each parameter for being among the best share (`best`, usually 0.1) of the complete trials with a
/// finite loss, in the order of the space.
///
/// `PED-ANOVA`: with p the density of a parameter among all trials and q that among the best, each a Parzen estimate
/// on a grid, alpha and beta the shares of the best and of all trials in which the parameter exists, and g the share
/// of the best among all:
///
/// ```text
/// value = g^2 alpha^2 / beta * sum over the grid of p (q / p - 1)^2
/// ```
///
/// The grid has at most 50 points between the bounds, evenly on the parameter's scale; where there are fewer values,
/// these; for a logarithmic whole number 1 + ceil(log2(number of values)); for choices each. Each distinct point among
/// n trials carries a normal kernel of width 1.059 min(iqr / 1.34, sd) n^(-1/5) grid points (Scott's rule, at least
/// 0.5 / 1.64), cut off at the bounds and weighted by its trials, besides one trial's weight for a kernel as wide as
/// the range. Choices: a count, smoothed by one trial's weight.
///
/// It tells what led to good trials where the sampler looked, and not how much of the variance a parameter explains.
/// Even a parameter without effect has a value above 0: `chance` is the 95 % quantile of 99 values from as many
/// trials chosen at random ([`Tag::Importance`]) instead of the best ones.
///
/// Source: S. Watanabe, A. Bansal, F. Hutter: PED-ANOVA: Efficiently Quantifying Hyperparameter Importance in Arbitrary
/// Subspaces, IJCAI (2023), with the extension to conditional parameters, as in Optuna 5's
/// `PedAnovaImportanceEvaluator`, with which `value` agrees.
///
/// ```
/// use goodfit_tune::samplers::Random;
/// use goodfit_tune::{Distribution, History, Observed, Request, Sampler, Seen, Space, Streams, Value, importance};
/// let unit = Distribution::Float { low: 0.0, high: 1.0, log: false, step: None };
/// let space = Space::new([("matters", unit.clone()), ("idle", unit)])?;
/// let (mut history, streams) = (History::new(), Streams::new(1));
/// let drawn = Random.sample(&Request { space: &space, history: &history, numbers: 0..200, streams })?;
/// for (number, parameters) in (0..).zip(drawn) {
///     let Some(Value::Float(x)) = parameters.get("matters") else { unreachable!() };
///     history.insert(Observed { number, parameters, seen: Seen::Complete(vec![x]), intermediate: Vec::new() });
/// }
/// let found = importance(&space, &history, 0.1, streams);
/// assert!(found[0].share > 0.9 && found[0].value > found[0].chance);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn importance(space: &Space, history: &History, best: f64, streams: Streams) -> Vec<Importance> {
    // Best first, so the best share is the first of them.
    let trials: Vec<(f64, &[Option<Value>])> = history
        .complete()
        .filter_map(|trial| Some((trial.loss().filter(|loss| loss.is_finite())?, trial.parameters.values())))
        .collect();
    let n = trials.len();
    let wanted = ((best.clamp(0.0, 1.0) * n as f64).ceil() as usize).clamp(1, n.max(1));
    // Equal losses stay together.
    let n_best = trials.get(wanted - 1).map_or(0, |worst| trials.partition_point(|trial| trial.0 <= worst.0));

    let columns: Vec<Column> = space
        .iter()
        .enumerate()
        .map(|(place, parameter)| {
            Column::new(&parameter.distribution, trials.iter().map(|(_, values)| values[place]).collect())
        })
        .collect();
    let values: Vec<f64> = columns.iter().map(|column| column.value((0..n_best).collect())).collect();
    let mut by_chance = vec![Vec::new(); columns.len()];
    for round in 0..N_CHANCE {
        let chosen = choose(n, n_best, &mut streams.stream(Tag::Importance, round));
        for (column, values) in columns.iter().zip(&mut by_chance) {
            values.push(column.value(chosen.clone()));
        }
    }
    let total: f64 = values.iter().sum();
    let named = space.iter().zip(values).zip(by_chance);
    let importance = named.map(|((parameter, value), mut by_chance)| {
        by_chance.sort_by(f64::total_cmp);
        Importance {
            name: parameter.name.clone(),
            value,
            share: if total > 0.0 { value / total } else { 1.0 / space.len() as f64 },
            chance: quantile(&by_chance, 0.95),
        }
    });
    importance.collect()
}

/// k of the numbers below n.
fn choose(n: usize, k: usize, stream: &mut impl Rng) -> Vec<usize> {
    let mut places: Vec<usize> = (0..n).collect();
    for i in 0..k {
        let other = i + below((n - i) as u128, stream.next_u64()) as usize;
        places.swap(i, other);
    }
    places.truncate(k);
    places
}

/// One parameter of all trials on its grid.
struct Column {
    /// By trial; `None` where it does not exist.
    points: Vec<Option<u32>>,
    n_points: usize,
    ordered: bool,
    /// p; empty when it tells nothing.
    all: Vec<f64>,
    n_there: usize,
}

impl Column {
    fn new(distribution: &Distribution, values: Vec<Option<Value>>) -> Self {
        let grid = Grid::new(distribution);
        let points: Vec<Option<u32>> = values.into_iter().map(|value| value.map(|value| grid.point(value))).collect();
        let n_there = points.iter().flatten().count();
        let ordered = !matches!(distribution, Distribution::Categorical { .. });
        let mut column = Self { points, n_points: grid.n, ordered, all: Vec::new(), n_there };
        if n_there >= 2 && distribution.n_values() != Some(1) && grid.n > 1 && !grid.is_point() {
            column.all = column.density(0..column.points.len());
        }
        column
    }

    /// Its importance when these trials count as the best.
    fn value(&self, best: Vec<usize>) -> f64 {
        let n_best_there = best.iter().filter(|&&i| self.points[i].is_some()).count();
        if self.all.is_empty() || n_best_there == 0 {
            return 0.0;
        }
        let (n, n_best) = (self.points.len() as f64, best.len() as f64);
        let (among_best, among_all) = (n_best_there as f64 / n_best, self.n_there as f64 / n);
        let density = self.density(best.into_iter());
        let terms = density.iter().zip(&self.all).map(|(q, p)| p * (q / p - 1.0) * (q / p - 1.0));
        (n_best / n) * (n_best / n) * among_best * among_best / among_all * terms.sum::<f64>()
    }

    /// The Parzen estimate on the grid from some of the trials.
    fn density(&self, trials: impl Iterator<Item = usize>) -> Vec<f64> {
        let mut counts = vec![0_u64; self.n_points];
        for point in trials.filter_map(|i| self.points[i]) {
            counts[point as usize] += 1;
        }
        let density = if self.ordered { ordered(&counts) } else { choices(&counts) };
        density.into_iter().map(|p| p + 1e-12).collect()
    }
}

/// Where values lie on the grid.
struct Grid {
    n: usize,
    low: f64,
    high: f64,
    log: bool,
}

impl Grid {
    const MOST: usize = 50;

    fn new(distribution: &Distribution) -> Self {
        let n_values = distribution.n_values().map_or(Self::MOST, |n| n.min(Self::MOST as u128) as usize);
        match *distribution {
            Distribution::Float { low, high, log, .. } => Self { n: n_values, low, high, log }.on_scale(),
            Distribution::Int { low, high, log: true, .. } => {
                let doublings = (libm::log((high - low) as f64 + 1.0) / libm::log(2.0)).ceil() as usize;
                let n = (doublings + 1).min(Self::MOST);
                Self { n, low: low as f64, high: high as f64, log: true }.on_scale()
            }
            Distribution::Int { low, high, .. } => Self { n: n_values, low: low as f64, high: high as f64, log: false },
            Distribution::Categorical { ref choices } => {
                Self { n: choices.len(), low: 0.0, high: (choices.len() - 1) as f64, log: false }
            }
        }
    }

    fn on_scale(self) -> Self {
        if self.log { Self { low: libm::log(self.low), high: libm::log(self.high), ..self } } else { self }
    }

    fn is_point(&self) -> bool {
        self.low >= self.high
    }

    fn point(&self, value: Value) -> u32 {
        let x = match value {
            Value::Float(x) => x,
            Value::Int(x) => x as f64,
            Value::Choice(i) => return i as u32,
        };
        let x = if self.log { libm::log(x) } else { x };
        let step = (self.high - self.low) / (self.n as f64 - 1.0);
        // In the middle between two, the lower one.
        ((x - self.low) / step - 0.5).ceil().clamp(0.0, self.n as f64 - 1.0) as u32
    }
}

/// The density on the points of a scale, from counts.
fn ordered(counts: &[u64]) -> Vec<f64> {
    let n = counts.len();
    let seen: Vec<(usize, u64)> = counts.iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
    let total: u64 = counts.iter().sum();
    let weight = total as f64;
    let mean = seen.iter().map(|&(at, count)| at as f64 * count as f64).sum::<f64>() / weight;
    let square = |&(at, count): &(usize, u64)| (at as f64 - mean) * (at as f64 - mean) * count as f64;
    let sd = (seen.iter().map(square).sum::<f64>() / (weight - 1.0).max(1.0)).sqrt();
    // Quartiles by whole numbers of trials.
    let reached = |enough: &dyn Fn(u64) -> bool| {
        let mut sum = 0;
        let place = seen.iter().position(|&(_, count)| {
            sum += count;
            enough(sum)
        });
        seen[place.unwrap_or(seen.len() - 1)].0 as f64
    };
    let iqr = reached(&|sum| sum > total * 3 / 4) - reached(&|sum| sum >= total / 4);
    let width = (1.059 * (iqr / 1.34).min(sd) * libm::pow(weight, -0.2)).max(0.5 / 1.64);

    let mut density = vec![0.0; n];
    let masses =
        |width: f64| (0..n).map(|away| mass((away as f64 - 0.5) / width, (away as f64 + 0.5) / width)).collect();
    let narrow: Vec<f64> = masses(width);
    for &(at, count) in &seen {
        let total: f64 = (0..n).map(|x| narrow[x.abs_diff(at)]).sum();
        let share = count as f64 / (weight + 1.0) / total;
        for (x, density) in density.iter_mut().enumerate() {
            *density += share * narrow[x.abs_diff(at)];
        }
    }
    let (middle, wide) = ((n as f64 - 1.0) / 2.0, n as f64);
    let part = |x: usize| mass((x as f64 - 0.5 - middle) / wide, (x as f64 + 0.5 - middle) / wide);
    let total: f64 = (0..n).map(part).sum();
    for (x, density) in density.iter_mut().enumerate() {
        *density += part(x) / total / (weight + 1.0);
    }
    density
}

/// The density of choices, from counts.
fn choices(counts: &[u64]) -> Vec<f64> {
    let n = counts.len() as f64;
    let n_seen = counts.iter().filter(|count| **count > 0).count() as f64;
    let total: u64 = counts.iter().sum();
    // A kernel for each choice that occurs has 1 there and this everywhere.
    let floor = 1.0 / (n_seen + 1.0);
    let kernel = |here: bool| (floor + f64::from(u8::from(here))) / (1.0 + n * floor);
    let weight = total as f64 + 1.0;
    let density = counts.iter().map(|&count| {
        let others = (total - count) as f64;
        (count as f64 * kernel(true) + others * kernel(false) + 1.0 / n) / weight
    });
    density.collect()
}

/// The mass of the normal distribution from a to b, exact in its tails.
fn mass(a: f64, b: f64) -> f64 {
    let upper = |x: f64| 0.5 * libm::erfc(x * std::f64::consts::FRAC_1_SQRT_2);
    if a >= 0.0 {
        upper(a) - upper(b)
    } else if b <= 0.0 {
        upper(-b) - upper(-a)
    } else {
        1.0 - upper(-a) - upper(b)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samplers::Random;
    use crate::{Observed, Parameter, Request, Sampler, Seen};

    fn study(space: &Space, n: u64, loss: impl Fn(&[Option<Value>]) -> f64) -> History {
        let (mut history, streams) = (History::new(), Streams::new(8));
        let drawn = Random.sample(&Request { space, history: &history, numbers: 0..n, streams }).expect("draws");
        for (number, parameters) in (0..).zip(drawn) {
            let seen = Seen::Complete(vec![loss(parameters.values())]);
            history.insert(Observed { number, parameters, seen, intermediate: Vec::new() });
        }
        history
    }

    fn float(low: f64, high: f64, log: bool) -> Distribution {
        Distribution::Float { low, high, log, step: None }
    }

    fn number(value: Option<Value>) -> f64 {
        match value {
            Some(Value::Float(x)) => x,
            Some(Value::Int(x)) => x as f64,
            Some(Value::Choice(i)) => i as f64,
            None => 0.0,
        }
    }

    #[test]
    fn what_matters_stands_out() {
        let space = Space::new([
            ("rate", float(1e-6, 1.0, true)),
            ("idle", float(0.0, 1.0, false)),
            ("kind", Distribution::categorical(["a", "b", "c"])),
            ("idle kind", Distribution::categorical(["a", "b"])),
            ("depth", Distribution::Int { low: 1, high: 4, log: false, step: 1 }),
            ("fixed", float(2.0, 2.0, false)),
        ])
        .expect("a space");
        let history = study(&space, 500, |x| (number(x[0]).log10() + 3.0).powi(2) + 2.0 * number(x[2]) + number(x[4]));
        let found = importance(&space, &history, 0.1, Streams::new(1));
        let beats_chance: Vec<bool> = found.iter().map(|one| one.value > one.chance).collect();
        assert_eq!(beats_chance, [true, false, true, false, true, false], "{found:#?}");
        assert!(found[0].share > found[2].share.max(found[4].share));
        assert_eq!(found[5].value, 0.0);
        assert!((found.iter().map(|one| one.share).sum::<f64>() - 1.0).abs() < 1e-12);
        assert_eq!(found, importance(&space, &history, 0.1, Streams::new(1)));
    }

    #[test]
    fn a_conditional_parameter_counts_where_it_exists() {
        let space = Space::new([
            Parameter::from(("optimizer", Distribution::categorical(["sgd", "momentum"]))),
            Parameter::from(("momentum", float(0.0, 1.0, false))).when("optimizer", [Value::Choice(1)]),
            Parameter::from(("idle", float(0.0, 1.0, false))).when("optimizer", [Value::Choice(1)]),
        ])
        .expect("a space");
        let history = study(&space, 400, |x| if x[1].is_some() { 2.0 * number(x[1]) } else { 0.3 });
        let found = importance(&space, &history, 0.1, Streams::new(1));
        assert!(found[1].value > found[1].chance && found[1].value > 5.0 * found[2].value, "{found:#?}");
    }

    #[test]
    fn chance_is_passed_as_often_as_it_says() {
        let space = Space::new((0..10).map(|i| (i.to_string(), float(0.0, 1.0, false)))).expect("a space");
        let noise = |seed: u64| {
            let mut stream = Streams::new(seed).stream(Tag::Study, 3);
            let history = study(&space, 100, |_| 0.0);
            let mut noisy = History::new();
            for trial in history.iter() {
                let seen = Seen::Complete(vec![stream.next_u64() as f64]);
                noisy.insert(Observed { seen, ..trial.clone() });
            }
            noisy
        };
        let passed: usize = (0..20)
            .map(|seed| {
                let found = importance(&space, &noise(seed), 0.1, Streams::new(seed));
                found.iter().filter(|one| one.value > one.chance).count()
            })
            .sum();
        // 5 % of 200, with a standard deviation of 3.1 and somewhat more, as chance itself is an estimate.
        assert!((1..=24).contains(&passed), "{passed}");
    }

    #[test]
    fn little_to_go_by() {
        let space = Space::new([("x", float(0.0, 1.0, false))]).expect("a space");
        for n in [0, 1, 2] {
            let found = importance(&space, &study(&space, n, |_| 1.0), 0.1, Streams::new(1));
            assert!(found[0].value.abs() < 1e-12 && found[0].share.is_finite(), "{found:?}");
        }
        let infinite = study(&space, 20, |_| f64::INFINITY);
        assert_eq!(importance(&space, &infinite, 0.1, Streams::new(1))[0].value, 0.0);
    }
}
