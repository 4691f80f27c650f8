//! The tree-structured Parzen estimator.

mod group;
mod normal;
mod parzen;

use group::{Group, value};
use rand_core::Rng;

use crate::samplers::Sobol;
use crate::streams::uniform;
use crate::{History, Observed, Parameters, Request, Sampler, SamplerError, Seen, Space, Value};

/// The tree-structured Parzen estimator: draws where good trials are dense and bad ones are not.
///
/// The finished trials are split into the good ones, the best `min(ceil(n / 10), 25)` of n, and the bad ones. Each set
/// has a density: l(x) and g(x). From l come `n_candidates` points; the one with the largest `l(x) / g(x)` is
/// tried next, which is where the expected improvement over the split is largest. Of these points 30 % keep each
/// coordinate of the best trial with probability 1/2, which lets it search along a few parameters at a time; and a
/// point that was tried already comes after all others.
///
/// Both densities are mixtures with a kernel for each trial and a broad one, the prior, for all of the space:
///
/// | | |
/// |---|---|
/// | kernel | product over the parameters, so that what goes together stays together |
/// | number | normal on the parameter's own scale (linear or log), mapped to [0, 1] and truncated to it; for up to 64 values with gaps, normalised over these |
/// | its width | the wider of the gaps to the neighbours in its set, at least `1 / min(n + 2, 100)` of the range for the n trials of the set |
/// | choice | the trial's own one, smoothed by `1 / (n + 1)` |
/// | weights | 1; of more than 25 trials the older ones less, linearly down to `1 / n` for the first |
///
/// - **Conditions**: parameters that exist under the same condition form a group. A group has its own l and g from
///   the trials that have it, split by their own order: a branch that is seldom chosen is learnt all the same.
/// - **Running** trials count as bad: trials drawn together keep apart.
/// - **Pruned** trials come after all complete ones, those that came farthest first.
/// - **Failed** trials, diverged ones among them, count as worse than all others and never as good: it draws away
///   from where they are, even when nothing else is known yet.
/// - The first `n_startup` trials come from [`Sobol`].
///
/// A draw costs a time proportional to candidates, trials and parameters; everything else is kept from the draw
/// before, and is the same to the bit when it has to be made anew.
///
/// Sources: J. Bergstra, R. Bardenet, Y. Bengio, B. Kégl: Algorithms for Hyper-Parameter Optimization, NIPS 2011;
/// several parameters at once: S. Falkner, A. Klein, F. Hutter: BOHB, ICML 2018; widths, weights and their defaults:
/// S. Watanabe: Tree-Structured Parzen Estimator: Understanding Its Algorithm Components and Their Roles for Better
/// Empirical Performance, arXiv:2304.11127 (2023).
///
/// ```
/// use goodfit_tune::samplers::Tpe;
/// use goodfit_tune::{Distribution, History, Observed, Request, Sampler, Seen, Space, Streams, Value};
/// let space = Space::new([("x", Distribution::Float { low: -5.0, high: 5.0, log: false, step: None })])?;
/// let (mut tpe, mut history, streams) = (Tpe::default(), History::new(), Streams::new(1));
/// for number in 0..60 {
///     let request = Request { space: &space, history: &history, numbers: number..number + 1, streams };
///     let parameters = tpe.sample(&request)?.remove(0);
///     let Some(Value::Float(x)) = parameters.get("x") else { unreachable!() };
///     let seen = Seen::Complete(vec![(x - 2.0).powi(2)]);
///     history.insert(Observed { number, parameters, seen, intermediate: Vec::new() });
/// }
/// assert!(history.best().and_then(Observed::loss) < Some(0.01));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Tpe {
    /// So many trials have to be finished before anything is made of them; until then trials come from [`Sobol`].
    pub n_startup: usize,
    /// How many points are drawn from the good trials' density, of which the best one is taken.
    pub n_candidates: usize,
    state: Option<State>,
    sobol: Sobol,
}

impl Default for Tpe {
    fn default() -> Self {
        Self { n_startup: 10, n_candidates: 24, state: None, sobol: Sobol::default() }
    }
}

/// What was made of the trials so far.
#[derive(Clone, Debug)]
struct State {
    space: Space,
    groups: Vec<Group>,
    /// By group, how many trials that have it are finished.
    n_finished: Vec<usize>,
    /// By parameter.
    group_of: Vec<Option<usize>>,
    /// Numbers and values of the trials that the groups have taken in.
    known: Vec<Known>,
}

/// A trial's number and values.
type Known = (u64, Box<[Option<Value>]>);

impl Sampler for Tpe {
    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError> {
        if request.history.n_finished() < self.n_startup {
            return self.sobol.sample(request);
        }
        let mut state = match self.state.take() {
            Some(state) if state.space == *request.space => state,
            _ => State::new(request.space),
        };
        state.read(request.history);
        let draw = |number| {
            let drawn = state.draw(request.history, self.n_candidates.max(1), &mut request.streams.trial(number));
            state.push(number, &drawn);
            drawn
        };
        let drawn = request.numbers.clone().map(draw).collect();
        self.state = Some(state);
        Ok(drawn)
    }
}

impl State {
    fn new(space: &Space) -> Self {
        let (groups, group_of) = Group::all(space);
        Self { space: space.clone(), n_finished: vec![0; groups.len()], groups, group_of, known: Vec::new() }
    }

    /// Takes in what is new in a history; all of it where it differs from what is known.
    fn read(&mut self, history: &History) {
        let same = |((number, values), trial): (&Known, &Observed)| {
            *number == trial.number && **values == *trial.parameters.values()
        };
        let n_same = self.known.iter().zip(history.iter()).take_while(|&pair| same(pair)).count();
        if n_same < self.known.len() {
            *self = Self::new(&self.space);
        }
        for trial in history.iter().skip(self.known.len()) {
            self.push(trial.number, &trial.parameters);
        }
        self.n_finished.fill(0);
        for trial in history.iter().filter(|trial| trial.seen != Seen::Running) {
            for (group, n_finished) in self.groups.iter().zip(&mut self.n_finished) {
                *n_finished += usize::from(group.has(trial.parameters.values()));
            }
        }
    }

    fn push(&mut self, number: u64, parameters: &Parameters) {
        if self.known.last().is_some_and(|(last, _)| *last >= number) {
            // Its slot is between others: they all move.
            let mut known = std::mem::take(&mut self.known);
            let place = known.partition_point(|(other, _)| *other < number);
            known.insert(place, (number, parameters.values().into()));
            *self = Self { n_finished: std::mem::take(&mut self.n_finished), ..Self::new(&self.space) };
            for (number, values) in known {
                self.take_in(number, values);
            }
            return;
        }
        self.take_in(number, parameters.values().into());
    }

    fn take_in(&mut self, number: u64, values: Box<[Option<Value>]>) {
        for group in &mut self.groups {
            group.push(number, &self.space, &values);
        }
        self.known.push((number, values));
    }

    fn draw(&mut self, history: &History, n_candidates: usize, stream: &mut impl Rng) -> Parameters {
        let space = self.space.clone();
        let mut drawn: Vec<Option<Value>> = vec![None; space.len()];
        space.assemble(|place, distribution| {
            let Some(group) = self.group_of[place] else { return distribution.from_unit(0.5) };
            if drawn[place].is_none() {
                let n_good = n_good(self.n_finished[group]);
                let group = &mut self.groups[group];
                let point = choose(group, history, n_good, n_candidates, stream);
                for (&place, &x) in group.places().iter().zip(&point) {
                    drawn[place] = Some(value(&space.at(place).distribution, x));
                }
            }
            drawn[place].expect("its group is drawn")
        })
    }
}

/// The best of some points drawn from the good trials' density.
fn choose(group: &mut Group, history: &History, n_good: usize, n_candidates: usize, stream: &mut impl Rng) -> Vec<f64> {
    let usable = history.ranked().filter(|trial| trial.seen != Seen::Failed);
    let good: Vec<u64> =
        usable.filter(|trial| group.has(trial.parameters.values())).take(n_good).map(|trial| trial.number).collect();
    group.split(good.into_iter());
    let incumbent = group.best();
    let mut scratch = Vec::new();
    let mut best: Option<(bool, f64, Vec<f64>)> = None;
    for _ in 0..n_candidates {
        let mut x = group.good().draw(stream);
        if let Some(incumbent) = incumbent.as_ref().filter(|_| uniform(stream.next_u64()) < NEAR_BEST) {
            for (x, kept) in x.iter_mut().zip(incumbent) {
                if stream.next_u64() >> 63 == 0 {
                    *x = *kept;
                }
            }
        }
        let score = group.good().ln_density(&x, &mut scratch) - group.bad().ln_density(&x, &mut scratch);
        let is_better = |is_new: bool| best.as_ref().is_none_or(|(new, most, _)| (is_new, score) > (*new, *most));
        if is_better(true) {
            let is_new = !group.was_tried(&x);
            if is_better(is_new) {
                best = Some((is_new, score, x));
            }
        }
    }
    best.map(|(_, _, x)| x).unwrap_or_default()
}

/// The share of candidates that keep each coordinate of the best trial with probability 1/2.
const NEAR_BEST: f64 = 0.3;

/// The number of good ones: the best tenth, up to 25.
fn n_good(n_finished: usize) -> usize {
    n_finished.div_ceil(10).min(25)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::samplers::Random;
    use crate::{Distribution, Parameter, Streams, contract};

    fn float() -> Distribution {
        Distribution::Float { low: 0.0, high: 1.0, log: false, step: None }
    }

    fn square() -> Space {
        Space::new([("x", float()), ("y", float())]).expect("a space")
    }

    fn x(parameters: &Parameters, name: &str) -> Option<f64> {
        parameters.get(name).map(|value| match value {
            Value::Float(x) => x,
            other => panic!("{name} is {other:?}"),
        })
    }

    fn draw(sampler: &mut dyn Sampler, space: &Space, history: &History, n: u64, seed: u64) -> Vec<Parameters> {
        let first = history.iter().next_back().map_or(0, |trial| trial.number + 1);
        let request = Request { space, history, numbers: first..first + n, streams: Streams::new(seed) };
        sampler.sample(&request).expect("draws")
    }

    /// A history of n trials, each told right away.
    fn study(
        sampler: &mut dyn Sampler,
        space: &Space,
        n: u64,
        seed: u64,
        seen: &dyn Fn(&Parameters) -> Seen,
    ) -> History {
        let mut history = History::new();
        for number in 0..n {
            let parameters = draw(sampler, space, &history, 1, seed).remove(0);
            let seen = seen(&parameters);
            history.insert(Observed { number, parameters, seen, intermediate: Vec::new() });
        }
        history
    }

    fn bowl(parameters: &Parameters) -> Seen {
        let off = |name: &str| x(parameters, name).map_or(0.0, |x| (x - 0.3).powi(2));
        Seen::Complete(vec![off("x") + off("y")])
    }

    #[test]
    fn keeps_the_contract() {
        for (name, space) in contract::spaces() {
            eprintln!("{name}");
            contract::sampler(&|| Box::new(Tpe::default()), &space);
        }
    }

    #[test]
    fn better_than_random() {
        let best = |sampler: &mut dyn Sampler, seed| {
            study(sampler, &square(), 60, seed, &bowl).best().and_then(Observed::loss).expect("complete")
        };
        let wins = (0..20).filter(|&seed| best(&mut Tpe::default(), seed) < best(&mut Random, seed)).count();
        // By chance at least 16 of 20 in one case of 170.
        assert!(wins >= 16, "{wins} of 20");
    }

    #[test]
    fn tries_nothing_twice_while_there_is_something_new() {
        let space = Space::new([
            ("n", Distribution::Int { low: 0, high: 4, log: false, step: 1 }),
            ("a", Distribution::categorical(["a", "b", "c"])),
        ])
        .expect("a space");
        let loss = |p: &Parameters| match p.get("n") {
            Some(Value::Int(n)) => Seen::Complete(vec![n as f64]),
            _ => Seen::Failed,
        };
        let history = study(&mut Tpe { n_candidates: 200, ..Tpe::default() }, &space, 15, 1, &loss);
        let repeated = history
            .iter()
            .enumerate()
            .filter(|(i, trial)| history.iter().take(*i).any(|other| other.parameters == trial.parameters));
        // The first ten are drawn without looking; after them only what is new.
        assert!(repeated.filter(|(i, _)| *i >= 10).count() == 0);
    }

    #[test]
    fn known_answer() {
        let history = study(&mut Tpe::default(), &square(), 40, 6, &bowl);
        let last = history.get(39).map(|trial| (x(&trial.parameters, "x"), x(&trial.parameters, "y")));
        assert_eq!(last, Some((Some(0.29295117393841424), Some(0.09228747421651246))));
    }

    #[test]
    fn keeps_away_from_failures() {
        let mut tpe = Tpe::default();
        for (case, seen) in [
            // One half fails, the other has one loss.
            (
                "half",
                &(|p: &Parameters| if x(p, "x") < Some(0.5) { Seen::Failed } else { Seen::Complete(vec![1.0]) })
                    as &dyn Fn(&Parameters) -> Seen,
            ),
            // The same where nothing else is known: the failures are all on one side.
            ("nothing but failures", &|_: &Parameters| Seen::Failed),
        ] {
            let mut history = study(&mut Random, &square(), 40, 1, seen);
            if case != "half" {
                let left: Vec<Observed> =
                    history.iter().filter(|trial| x(&trial.parameters, "x") < Some(0.5)).cloned().collect();
                history = History::new();
                for trial in left {
                    history.insert(trial);
                }
            }
            let drawn = (0..30).flat_map(|seed| draw(&mut tpe, &square(), &history, 1, seed));
            let away = drawn.filter(|p| x(p, "x") >= Some(0.5)).count();
            assert!(away >= 22, "{case}: {away} of 30");
        }
    }

    #[test]
    fn trials_drawn_together_keep_apart() {
        let history = study(&mut Tpe::default(), &square(), 40, 3, &bowl);
        let spread = |drawn: &[Parameters]| {
            let mean = drawn.iter().filter_map(|p| x(p, "x")).sum::<f64>() / drawn.len() as f64;
            drawn.iter().filter_map(|p| x(p, "x")).map(|x| (x - mean).powi(2)).sum::<f64>()
        };
        let mut together = 0.0;
        let mut alone = 0.0;
        for seed in 0..10 {
            let streams = Streams::new(seed);
            together += spread(&draw(&mut Tpe::default(), &square(), &history, 8, seed));
            let one = |number: u64| {
                let space = square();
                let request = Request { space: &space, history: &history, numbers: number..number + 1, streams };
                Tpe::default().sample(&request).expect("draws").remove(0)
            };
            alone += spread(&(40..48).map(one).collect::<Vec<_>>());
        }
        assert!(together > alone, "{together} against {alone}");
    }

    #[test]
    fn learns_within_a_rare_branch() {
        // Branch b is worse throughout, and its own parameter is still learnt from the trials that have it.
        let space = Space::new([
            Parameter::from(("branch", Distribution::categorical(["a", "b"]))),
            Parameter::from(("x", float())).when("branch", [Value::Choice(1)]),
        ])
        .expect("a space");
        let loss = |p: &Parameters| match x(p, "x") {
            Some(x) => Seen::Complete(vec![1.0 + (x - 0.8).abs()]),
            None => Seen::Complete(vec![0.0]),
        };
        let history = study(&mut Random, &space, 100, 4, &loss);
        let mut state = State::new(&space);
        state.read(&history);
        let (group, n_good) = (&mut state.groups[1], n_good(state.n_finished[1]));
        let drawn = (0..50).map(|seed| choose(group, &history, n_good, 24, &mut Streams::new(seed).trial(100))[0]);
        let near = drawn.filter(|x| (x - 0.8).abs() < 0.15).count();
        // By chance 15.
        assert!(near > 35, "{near} of 50");
    }

    #[test]
    fn a_number_between_others() {
        let mut history = study(&mut Tpe::default(), &square(), 30, 5, &bowl);
        let late = draw(&mut Tpe::default(), &square(), &history, 60, 5).remove(50);
        history.insert(Observed { number: 80, parameters: late, seen: Seen::Running, intermediate: Vec::new() });
        let ask = |sampler: &mut Tpe, history: &History, numbers| {
            sampler.sample(&Request { space: &square(), history, numbers, streams: Streams::new(5) }).expect("draws")
        };
        let together = ask(&mut Tpe::default(), &history, 30..34);
        let mut used = Tpe::default();
        for (number, expected) in (30..).zip(together) {
            let parameters = ask(&mut used, &history, number..number + 1).remove(0);
            assert_eq!(parameters, expected);
            history.insert(Observed { number, parameters, seen: Seen::Running, intermediate: Vec::new() });
        }
    }
}
