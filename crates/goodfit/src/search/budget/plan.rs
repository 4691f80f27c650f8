//! How many finalists are trained again, and with how many fresh seeds.

use super::{Budget, dearest};

/// Fewer fresh seeds than this make no interval.
const LEAST_SEEDS: usize = 2;

/// Finalists, best first, each with the same first fresh seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::search) struct Plan {
    pub(in crate::search) finalists: usize,
    pub(in crate::search) seeds: usize,
}

impl Plan {
    /// The fewest seeds of it that are worth a comparison.
    pub(in crate::search) fn least(self) -> usize {
        LEAST_SEEDS.min(self.seeds)
    }

    /// What seeds that were done make of it: rather fewer seeds than fewer finalists, and none with fewer than the least.
    pub(in crate::search) fn reached(self, done: &[usize]) -> Self {
        let of = |finalists: usize| {
            let seeds = done[..finalists].iter().copied().min().unwrap_or(0).min(self.seeds);
            Self { finalists, seeds }
        };
        (1..=self.finalists.min(done.len())).rev().map(of).find(|plan| plan.seeds >= self.least()).unwrap_or_default()
    }
}

impl Budget {
    /// What may be trained next of all that was asked for, with the time that is left at `now`: at least `floor`, rather fewer
    /// seeds than fewer finalists, and always as many seeds of the winner beside it.
    ///
    /// `costs` and `done` are seconds of a training, and seeds that are done, of each finalist, best first.
    pub(in crate::search) fn next(&self, now: f64, costs: &[f64], done: &[usize], floor: Plan) -> Plan {
        let left = |plan: Plan| self.total - now - self.last(dearest(&costs[..plan.finalists]));
        let seeds = || (floor.seeds.max(self.asked.least())..=self.asked.seeds).rev();
        let finalists = (floor.finalists.max(1)..=costs.len().min(self.asked.finalists)).rev();
        let mut all = finalists.flat_map(|finalists| seeds().map(move |seeds| Plan { finalists, seeds }));
        all.find(|plan| self.again(costs, done, *plan) <= left(*plan)).unwrap_or(floor)
    }

    /// Whether a training of a finalist may still begin: the winner is to get its least seeds.
    pub(in crate::search) fn lets_finalist_begin(&self, now: f64, costs: &[f64]) -> bool {
        let cost = dearest(costs);
        now + self.rounds(self.asked.least() * self.folds) * cost + self.last(cost) <= self.total
    }

    /// Whether a training of the winner, with the seed of this place, may still begin.
    pub(in crate::search) fn lets_winner_begin(&self, now: f64, cost: f64, place: usize) -> bool {
        place < self.asked.least() || now + cost + self.last(cost) <= self.total
    }

    /// Finalists with the fresh seeds that they lack, then the winner with as many further ones.
    pub(super) fn again(&self, costs: &[f64], done: &[usize], plan: Plan) -> f64 {
        let lacks = |done: &usize| plan.seeds.saturating_sub(*done) * self.folds;
        let costs = &costs[..costs.len().min(plan.finalists).min(self.asked.finalists)];
        let of_plan = || costs.iter().zip(done);
        let n: usize = of_plan().map(|(_, done)| lacks(done)).sum();
        let seconds: f64 = of_plan().map(|(cost, done)| cost * lacks(done) as f64).sum();
        let finalists = if n == 0 { 0.0 } else { self.rounds(n) * seconds / n as f64 };
        finalists + self.rounds(plan.seeds * self.folds) * dearest(costs)
    }

    fn rounds(&self, trainings: usize) -> f64 {
        trainings.div_ceil(self.n_jobs) as f64
    }
}
