//! Parameters whose change changes nothing.

use std::collections::BTreeMap;

use crate::stats::{gamma_below, ranks};
use crate::{Distribution, History, Space, Value};

/// What a change of one parameter does.
#[derive(Clone, Debug, PartialEq)]
pub struct Effect {
    /// The parameter's name.
    pub parameter: String,
    /// Sets of trials that differ in this parameter alone, with equal losses to the bit.
    pub n_same: usize,
    /// Such sets with different losses.
    pub n_different: usize,
    /// How likely the losses of all these sets are equal by chance: the share of equal losses among pairs of trials that differ
    /// in something else, to the power of the trials beside the first of each set. A loss that has few values, such as an
    /// accuracy on few rows, is often equal.
    pub by_chance: f64,
    /// How many trials have it.
    pub n: usize,
    /// The share of the losses' variance, in ranks, that lies between groups of its values.
    pub explained: f64,
    /// The share that it could explain at most, at the given confidence.
    pub at_most: f64,
}

impl Effect {
    /// Direct evidence that nothing reads the parameter: trials that differ in it alone ended with the same loss, which
    /// chance does in one of a hundred cases at most, and no such trials with different ones. It needs an objective that
    /// gives the same loss for the same setting.
    pub fn is_unconnected(&self) -> bool {
        self.n_same > 0 && self.n_different == 0 && self.by_chance <= 0.01
    }

    /// Indirect evidence: on average over the others, it explains at most this share of the variance. It may still
    /// matter in one part of the space and be made up for in another.
    pub fn is_without_effect(&self, share: f64) -> bool {
        self.at_most <= share
    }
}

/// What each parameter's change does to the loss, in the order of the space, from the complete trials with a finite
/// loss; none when all losses are equal, since then nothing tells anything.
///
/// Two kinds of evidence are counted. First, sets of at least two trials with the same values of all other
/// parameters and different ones of this: rare unless a grid, choices or steps make them. Second, the trials in groups
/// by the parameter (its choices, or four groups of equal size by its rank), with Kruskal and Wallis's H of the losses:
///
/// ```text
/// explained = H / (n - 1)
/// ```
///
/// `at_most` is the w for which
///
/// ```text
/// P(H' <= H; w) / P(H' <= H; 0) = 1 - confidence
/// ```
///
/// H' being noncentral chi-square with (groups - 1) degrees of freedom and noncentrality n w / (1 - w). Without the
/// denominator an H that is small by luck would bound the effect by nothing at all; with it the interval holds the truth
/// somewhat more often than `confidence` says. That holds nearly for n of 30 and more; with fewer than 10 trials or a
/// single group it is 1.
///
/// Sources: W. H. Kruskal, W. A. Wallis: Use of Ranks in One-Criterion Variance Analysis, Journal of the American
/// Statistical Association 47 (1952); A. L. Read: Presentation of search results: the CLs technique, Journal of Physics
/// G 28 (2002), for the ratio.
///
/// ```
/// use goodfit_tune::{Distribution, History, Space};
/// let space = Space::new([("x", Distribution::Float { low: 0.0, high: 1.0, log: false, step: None })])?;
/// assert!(goodfit_tune::findings::effects(&space, &History::new(), 0.95).is_empty());
/// # Ok::<(), goodfit_tune::SpaceError>(())
/// ```
pub fn effects(space: &Space, history: &History, confidence: f64) -> Vec<Effect> {
    let trials: Vec<(f64, &[Option<Value>])> = history
        .complete()
        .filter_map(|trial| Some((trial.loss().filter(|loss| loss.is_finite())? + 0.0, trial.parameters.values())))
        .collect();
    // They are sorted by loss.
    if trials.first().map(|trial| trial.0.to_bits()) == trials.last().map(|trial| trial.0.to_bits()) {
        return Vec::new();
    }
    let effect = |place: usize| {
        let parameter = space.at(place);
        let Sets { n_same, n_different, by_chance } = sets(&trials, place);
        let there: Vec<(f64, Value)> = trials.iter().filter_map(|trial| Some((trial.0, trial.1[place]?))).collect();
        let (explained, at_most) = explained(&parameter.distribution, &there, confidence);
        Effect { parameter: parameter.name.clone(), n_same, n_different, by_chance, n: there.len(), explained, at_most }
    };
    (0..space.len()).map(effect).collect()
}

/// Kind and bits of a value.
type Bits = (u8, u64);

/// Sets of trials that differ at one place alone.
struct Sets {
    n_same: usize,
    n_different: usize,
    by_chance: f64,
}

/// How many sets of trials that differ at this place alone have one loss, and how many more.
fn sets(trials: &[(f64, &[Option<Value>])], place: usize) -> Sets {
    let bits = |value: &Option<Value>| -> Bits {
        match *value {
            None => (0, 0),
            Some(Value::Float(x)) => (1, (x + 0.0).to_bits()),
            Some(Value::Int(x)) => (2, x as u64),
            Some(Value::Choice(i)) => (3, i as u64),
        }
    };
    let mut sets: BTreeMap<Vec<Bits>, Vec<(Bits, u64)>> = BTreeMap::new();
    let mut all = Vec::new();
    for (loss, values) in trials.iter().filter(|(_, values)| values[place].is_some()) {
        let others = values.iter().enumerate().filter(|(i, _)| *i != place).map(|(_, value)| bits(value)).collect();
        sets.entry(others).or_default().push((bits(&values[place]), loss.to_bits()));
        all.push(loss.to_bits());
    }
    // Pairs of trials of different sets, and those of them whose losses are equal.
    let losses = |set: &Vec<(Bits, u64)>| set.iter().map(|(_, loss)| *loss).collect::<Vec<u64>>();
    let within = |count: &dyn Fn(Vec<u64>) -> f64| sets.values().map(|set| count(losses(set))).sum::<f64>();
    let between = pairs(all.len()) - within(&|losses| pairs(losses.len()));
    let equal = equal_pairs(all) - within(&equal_pairs);
    let (mut n_same, mut n_different, mut n_others) = (0, 0, 0);
    for set in sets.values().filter(|set| set.iter().any(|(value, _)| *value != set[0].0)) {
        if set.iter().all(|(_, loss)| *loss == set[0].1) {
            n_same += 1;
            n_others += set.len() - 1;
        } else {
            n_different += 1;
        }
    }
    let share = if between > 0.0 { equal / between } else { 1.0 };
    Sets { n_same, n_different, by_chance: libm::pow(share, n_others as f64) }
}

fn pairs(n: usize) -> f64 {
    n as f64 * (n as f64 - 1.0) / 2.0
}

/// Pairs of equal losses.
fn equal_pairs(mut losses: Vec<u64>) -> f64 {
    losses.sort_unstable();
    losses.chunk_by(|a, b| a == b).map(|equal| pairs(equal.len())).sum()
}

/// The share that the groups explain, and its upper bound.
fn explained(distribution: &Distribution, trials: &[(f64, Value)], confidence: f64) -> (f64, f64) {
    const N_GROUPS: f64 = 4.0;
    let n = trials.len() as f64;
    let units: Vec<f64> = trials.iter().map(|(_, value)| distribution.to_unit(*value)).collect();
    let group: Vec<usize> = match distribution {
        Distribution::Categorical { choices } => units.iter().map(|u| (u * choices.len() as f64) as usize).collect(),
        _ => ranks(&units).iter().map(|rank| ((rank - 0.5) / n * N_GROUPS) as usize).collect(),
    };
    let loss_ranks = ranks(&trials.iter().map(|trial| trial.0).collect::<Vec<f64>>());
    let mean = f64::midpoint(n, 1.0);
    let mut sums: BTreeMap<usize, (f64, f64)> = BTreeMap::new();
    for (&group, rank) in group.iter().zip(&loss_ranks) {
        let sum = sums.entry(group).or_default();
        *sum = (sum.0 + 1.0, sum.1 + rank - mean);
    }
    let total: f64 = loss_ranks.iter().map(|rank| (rank - mean) * (rank - mean)).sum();
    if trials.len() < 10 || sums.len() < 2 || total <= 0.0 {
        return (0.0, 1.0);
    }
    // H with its correction for ties is (n - 1) times this share.
    let share = sums.values().map(|(count, sum)| sum * sum / count).sum::<f64>() / total;
    let (h, freedom) = ((n - 1.0) * share, (sums.len() - 1) as f64);
    let (mut low, mut high) = (0.0, 1.0);
    let level = (1.0 - confidence) * noncentral_below(h, freedom, 0.0);
    for _ in 0..50 {
        let middle = f64::midpoint(low, high);
        let likely = noncentral_below(h, freedom, n * middle / (1.0 - middle)) > level;
        if likely { low = middle } else { high = middle }
    }
    (share, high)
}

/// P(X <= x) for noncentral chi-square: a sum over Poisson's weights of central ones.
fn noncentral_below(x: f64, freedom: f64, noncentrality: f64) -> f64 {
    let half = 0.5 * noncentrality;
    let mut sum = 0.0;
    // Twelve standard deviations around the mean hold all that counts.
    let reach = 12.0 * (half + 1.0).sqrt();
    let (first, last) = ((half - reach).max(0.0).floor(), (half + reach).ceil());
    let mut j = first;
    while j <= last {
        let ln_weight = j * libm::log(half.max(1e-300)) - half - libm::lgamma(j + 1.0);
        let below = gamma_below(0.5 * freedom + j, 0.5 * x);
        sum += libm::exp(ln_weight) * below;
        // The central ones fall with j.
        if below < 1e-18 {
            break;
        }
        j += 1.0;
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use rand_core::Rng;

    use super::super::tests::{number, study};
    use super::*;
    use crate::{Observed, Seen, Streams, Tag};

    fn float() -> Distribution {
        Distribution::Float { low: 0.0, high: 1.0, log: false, step: None }
    }

    fn noise(seed: u64, i: u64) -> f64 {
        Streams::new(seed).stream(Tag::Study, i).next_u64() as f64 / u64::MAX as f64
    }

    #[test]
    fn as_scipy() {
        // scipy 1.17: ncx2(df, nc).cdf(x).
        for (x, freedom, noncentrality, expected) in [
            (1.0, 3.0, 2.5, 0.07156012026076101),
            (0.1, 1.0, 8.0, 0.0051676500810090955),
            (30.0, 3.0, 12.0, 0.9627684366279229),
            (200.0, 3.0, 150.0, 0.9655212637857306),
            (5.0, 2.0, 400.0, 2.226188175103213e-71),
            (3.0, 3.0, 0.0, 0.6083748237289109),
        ] {
            let got = noncentral_below(x, freedom, noncentrality);
            assert!((got - expected).abs() < 1e-10, "{x} {freedom} {noncentrality}: {got}, expected {expected}");
        }
    }

    #[test]
    fn trials_that_differ_in_one_alone() {
        let space = Space::new([
            ("read", Distribution::Int { low: 0, high: 3, log: false, step: 1 }),
            ("idle", Distribution::categorical(["a", "b", "c"])),
        ])
        .expect("a space");
        let history = study(&space, 60, 1, |_, x| Seen::Complete(vec![number(x[0]).sqrt()]));
        let found = effects(&space, &history, 0.95);
        assert!(found[1].is_unconnected() && found[1].n_same == 4, "{found:?}");
        assert!(!found[0].is_unconnected() && found[0].n_different == 3, "{found:?}");
        assert!(effects(&space, &study(&space, 60, 1, |_, _| Seen::Complete(vec![1.0])), 0.95).is_empty());
    }

    #[test]
    fn losses_of_few_values_are_equal_by_chance() {
        let space = Space::new([("x", float()), ("kind", Distribution::categorical(["a", "b"]))]).expect("a space");
        // Two trials that differ in the kind alone, and eighteen others; nine of ten have the same loss.
        let trial = |i: usize| {
            let x = if i < 2 { 0.5 } else { i as f64 / 40.0 };
            let parameters = space.parameters([("x", Value::Float(x)), ("kind", Value::Choice(i % 2))]);
            Observed {
                number: i as u64,
                parameters: parameters.expect("values of the space"),
                seen: Seen::Complete(vec![if i % 10 == 9 { 1.0 } else { 0.5 }]),
                intermediate: Vec::new(),
            }
        };
        let mut history = History::new();
        (0..20).map(trial).for_each(|trial| history.insert(trial));
        let found = &effects(&space, &history, 0.95)[1];
        assert_eq!((found.n_same, found.n_different), (1, 0));
        // 18 of 20: 153 and 1 equal pairs of 190, without that of the set.
        assert!((found.by_chance - 153.0 / 189.0).abs() < 1e-12 && !found.is_unconnected(), "{found:?}");
    }

    #[test]
    fn what_has_an_effect_and_what_has_none() {
        let space = Space::new([("x", float()), ("idle", float()), ("kind", Distribution::categorical(["a", "b"]))])
            .expect("a space");
        let loss = |i, x: &[Option<Value>]| (number(x[0]) - 0.5).powi(2) + 0.05 * number(x[2]) + 0.1 * noise(4, i);
        let history = study(&space, 400, 4, |i, x| Seen::Complete(vec![loss(i, x)]));
        let found = effects(&space, &history, 0.95);
        // A bowl has no slope, and is seen all the same.
        assert!(found[0].explained > 0.2 && found[2].explained > 0.05, "{found:#?}");
        let without: Vec<bool> = found.iter().map(|effect| effect.is_without_effect(0.05)).collect();
        assert_eq!(without, [false, true, false], "{found:#?}");
        // Few trials show no effect, and do not show that there is none.
        let few = study(&space, 20, 4, |i, _| Seen::Complete(vec![noise(5, i)]));
        assert!(!effects(&space, &few, 0.95)[1].is_without_effect(0.05));
    }

    #[test]
    fn the_bound_holds_the_truth() {
        // The group means of a uniform x explain w of the ranks of x + noise; found from a large study.
        let space = Space::new([("x", float())]).expect("a space");
        let seen = |seed| move |i, x: &[Option<Value>]| Seen::Complete(vec![0.35 * number(x[0]) + noise(seed, i)]);
        let truth = effects(&space, &study(&space, 50_000, 9, seen(9)), 0.95)[0].explained;
        let n = 400;
        let bounds: Vec<f64> =
            (0..n).map(|seed| effects(&space, &study(&space, 80, seed, seen(seed + n)), 0.95)[0].at_most).collect();
        let held = bounds.iter().filter(|bound| **bound >= truth).count();
        // 95 % of 400 with a standard deviation of 4.4, and a little more for the ratio; a bound of 1 would hold all.
        assert!((366..=399).contains(&held), "{held} at {truth}");
    }

    #[test]
    fn what_has_no_effect_is_not_bounded_by_nothing() {
        let space = Space::new([("x", float())]).expect("a space");
        let n = 400;
        let bounds: Vec<f64> = (0..n)
            .map(|seed| {
                effects(&space, &study(&space, 200, seed, |i, _| Seen::Complete(vec![noise(seed + n, i)])), 0.95)[0]
                    .at_most
            })
            .collect();
        // The least that 200 trials can say: with H = 0 the ratio is exp(-n w / 2) for w small.
        let least = 2.0 * -libm::log(0.05) / 200.0;
        assert!(bounds.iter().all(|bound| *bound > 0.9 * least), "{bounds:?}");
        let mean = bounds.iter().sum::<f64>() / n as f64;
        assert!((0.03..0.08).contains(&mean), "{mean}");
    }
}
