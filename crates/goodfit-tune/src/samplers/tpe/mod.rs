//! The tree-structured Parzen estimator.

mod group;
mod normal;
mod parzen;

use group::{Group, value};
use rand_core::Rng;

use crate::samplers::Sobol;
use crate::{History, Observed, Parameters, Request, Sampler, SamplerError, Seen, Space, Value};

/// Draws where good trials are dense and bad ones are not.
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
    /// By parameter.
    group_of: Vec<Option<usize>>,
    /// Numbers and values of the trials that the groups have taken in.
    known: Vec<(u64, Box<[Option<Value>]>)>,
}

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
        Self { space: space.clone(), groups, group_of, known: Vec::new() }
    }

    /// Takes in what is new in a history; all of it where it differs from what is known.
    fn read(&mut self, history: &History) {
        let same = |((number, values), trial): (&(u64, Box<[Option<Value>]>), &Observed)| {
            *number == trial.number && **values == *trial.parameters.values()
        };
        let n_same = self.known.iter().zip(history.iter()).take_while(|&pair| same(pair)).count();
        if n_same < self.known.len() {
            *self = Self::new(&self.space);
        }
        for trial in history.iter().skip(self.known.len()) {
            self.push(trial.number, &trial.parameters);
        }
        for group in &mut self.groups {
            group.n_finished = 0;
        }
        for trial in history.iter().filter(|trial| trial.seen != Seen::Running) {
            for group in self.groups.iter_mut().filter(|group| group.has(trial.parameters.values())) {
                group.n_finished += 1;
            }
        }
    }

    fn push(&mut self, number: u64, parameters: &Parameters) {
        if self.known.last().is_some_and(|(last, _)| *last >= number) {
            // Its slot is between others: they all move.
            let mut known = std::mem::take(&mut self.known);
            let place = known.partition_point(|(other, _)| *other < number);
            known.insert(place, (number, parameters.values().into()));
            *self = Self::new(&self.space);
            known.into_iter().for_each(|(number, values)| self.take_in(number, values));
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
                let group = &mut self.groups[group];
                let point = choose(group, history, n_candidates, stream);
                for (&place, &x) in group.places().iter().zip(&point) {
                    drawn[place] = Some(value(&space.at(place).distribution, x));
                }
            }
            drawn[place].expect("its group is drawn")
        })
    }
}

/// The best of some points drawn from the good trials' density.
fn choose(group: &mut Group, history: &History, n_candidates: usize, stream: &mut impl Rng) -> Vec<f64> {
    let n_good = n_good(group.n_finished);
    let usable = history.ranked().filter(|trial| trial.seen != Seen::Failed);
    let good: Vec<u64> =
        usable.filter(|trial| group.has(trial.parameters.values())).take(n_good).map(|trial| trial.number).collect();
    group.split(good.into_iter());
    let mut scratch = Vec::new();
    let mut best = (f64::NEG_INFINITY, Vec::new());
    for _ in 0..n_candidates {
        let x = group.good().draw(stream);
        let score = group.good().ln_density(&x, &mut scratch) - group.bad().ln_density(&x, &mut scratch);
        if score > best.0 || best.1.is_empty() {
            best = (score, x);
        }
    }
    best.1
}

/// The number of good ones: the best tenth, up to 25.
fn n_good(n_finished: usize) -> usize {
    n_finished.div_ceil(10).min(25)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contract;

    #[test]
    fn keeps_the_contract() {
        for (name, space) in contract::spaces() {
            eprintln!("{name}");
            contract::sampler(&|| Box::new(Tpe::default()), &space);
        }
    }
}
