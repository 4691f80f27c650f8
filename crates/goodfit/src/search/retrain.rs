//! Which finalists are trained again with which seeds, while the time allows.

use super::budget::{Budget, Plan};

/// Something that trains finalists again, or a clock that says how long that would take.
pub(super) trait Retrain {
    /// What stops it.
    type Error;
    /// Seconds since the search began.
    fn now(&self) -> f64;
    /// Seconds of a training of each finalist, best first.
    fn costs(&self) -> &[f64];
    /// How many of the first fresh seeds each has.
    fn done(&self) -> &[usize];
    /// Trains finalists with the seeds of these places, in this order, as long as they may begin. False when it was stopped
    /// from outside.
    fn train(
        &mut self,
        tasks: &[(usize, usize)],
        may_begin: &(dyn Fn(f64) -> bool + Sync),
    ) -> Result<bool, Self::Error>;
}

/// Trains finalists again, seed by seed, so that what there is no time for is missing in all of them alike: as much of what was
/// asked for as the time allows, which is looked at again as soon as what was thought to fit is done. `None` when it was stopped.
pub(super) fn retrain<R: Retrain>(on: &mut R, asked: Plan, budget: Option<&Budget>) -> Result<Option<Plan>, R::Error> {
    let mut reached = Plan::default();
    loop {
        let next = match budget {
            None => asked,
            Some(budget) => budget.next(on.now(), on.costs(), on.done(), reached),
        };
        let done = on.done();
        let lacks = |seed: usize| {
            (0..next.finalists).filter(move |&finalist| done[finalist] <= seed).map(move |finalist| (finalist, seed))
        };
        let tasks: Vec<(usize, usize)> = (0..next.seeds).flat_map(lacks).collect();
        if !tasks.is_empty() {
            let costs = on.costs()[..next.finalists].to_vec();
            let may_begin = |now: f64| budget.is_none_or(|budget| budget.lets_finalist_begin(now, &costs));
            if !on.train(&tasks, &may_begin)? {
                return Ok(None);
            }
        }
        let before = reached;
        reached = asked.reached(on.done());
        // What was planned is done, or was cut, or nothing more fits.
        if reached != next || next == before || next == asked {
            return Ok(Some(reached));
        }
    }
}
