//! What there is to do next in a study: take a trial that waits, draw new ones, wait, or end.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

use super::crew::Crew;
use super::known::{Known, Open};
use super::{Asked, Limits, Order, Stopped, Study, StudyError};
use crate::storage::Claim;

/// Trials that are drawn at once, at most, by a sampler without a memory.
const MOST_AT_ONCE: usize = 256;

/// What there is to do.
pub(super) enum Next {
    Run(Box<Asked>),
    Wait,
    Nothing(Stopped),
}

impl Study {
    /// What there is to do next.
    pub(super) fn next(&self, known: &mut Known, limits: &Limits<'_>, crew: &Crew<'_>) -> Result<Next, StudyError> {
        let target = known.sampler.n_trials(&self.space).map_or(limits.trials, |n| n.min(limits.trials));
        loop {
            if limits.stop.load(Ordering::Relaxed) {
                return Ok(Next::Nothing(Stopped::Interrupted));
            }
            let late = limits.deadline.is_some_and(|deadline| Instant::now() >= deadline());
            // Trials held in step know each other from the start: a generation that has only some of its trials (those
            // enqueued, those of a run that asked for fewer) gets the rest before one of them begins.
            let first = known.n_trials;
            let end = self.generation_end(first).min(target);
            let horizon = self.horizon(known, first, limits, crew);
            let is_part = crew.gate.is_some()
                && (self.generation_of(first) < first && first < end)
                && known.open_below(horizon).is_empty();
            // Far from the start, a horizon of 0 is that of a sampler without a memory, and nothing has to be hidden.
            let seen = (self.options.order == Order::Generations && (horizon > 0 || first < self.options.generation))
                .then_some(horizon);
            if is_part && !late {
                self.create(known, end, seen)?;
                continue;
            }
            let mut open = known.open.range(..target).filter(|(_, open)| **open != Open::Mine);
            if let Some(&number) = open.next().map(|(number, _)| number) {
                if late {
                    return Ok(Next::Nothing(Stopped::Deadline));
                }
                if !crew.may_begin(self, known, number)? {
                    return Ok(Next::Wait);
                }
                // The lowest that waits may be another by now, but none that is not asked for, or not due in step.
                let due = if crew.gate.is_some() { self.generation_end(number).min(target) } else { target };
                return match self.claim(known, due)? {
                    Some(claim) => Ok(Next::Run(Box::new(self.begin(known, claim, crew)?))),
                    None => Ok(Next::Wait),
                };
            }
            if known.n_trials >= target {
                return Ok(if known.open_below(target).is_empty() {
                    Next::Nothing(Stopped::Finished)
                } else {
                    Next::Wait
                });
            }
            if late {
                return Ok(Next::Nothing(Stopped::Deadline));
            }
            if !known.open_below(horizon).is_empty() {
                return Ok(Next::Wait);
            }
            if let Some(reason) = limits.rule.and_then(|rule| rule(&known.history.seen_at(horizon))) {
                return Ok(Next::Nothing(Stopped::Rule(reason)));
            }
            let end = match self.options.order {
                Order::Asynchronous => first + 1,
                Order::Generations => (first + 1..target)
                    .take(MOST_AT_ONCE)
                    .find(|&number| self.horizon(known, number, limits, crew) != horizon)
                    .unwrap_or(target.min(first + MOST_AT_ONCE as u64)),
            };
            self.create(known, end, seen)?;
        }
    }

    /// Below which number a trial that waits may be taken in advance, where nothing else is to be decided; what it says has
    /// to be passed to [`Study::finish`].
    pub(super) fn due(&self, limits: &Limits<'_>, crew: &Crew<'_>) -> Option<u64> {
        if crew.is_over() {
            return None;
        }
        let mut known = self.known();
        let target = known.sampler.n_trials(&self.space).map_or(limits.trials, |n| n.min(limits.trials));
        let waits = known.open.range(..target).any(|(_, open)| *open == Open::Waiting);
        known.n_taking += usize::from(waits);
        waits.then_some(target)
    }

    /// Below which number all trials have to be finished before this one is drawn.
    pub(super) fn horizon(&self, known: &Known, number: u64, limits: &Limits<'_>, crew: &Crew<'_>) -> u64 {
        if self.options.order == Order::Asynchronous {
            return 0;
        }
        let horizon = known.sampler.horizon(number, self.options.generation);
        if limits.rule.is_some() || crew.gate.is_some() { horizon.max(self.generation_of(number)) } else { horizon }
    }

    /// The first number of a trial's generation.
    pub(super) fn generation_of(&self, number: u64) -> u64 {
        number - number % self.options.generation.max(1)
    }

    /// The first number of the next generation.
    pub(super) fn generation_end(&self, number: u64) -> u64 {
        self.generation_of(number) + self.options.generation.max(1)
    }

    /// A claimed trial is this worker's now.
    pub(super) fn begin(&self, known: &mut Known, claim: Claim, crew: &Crew<'_>) -> Result<Asked, StudyError> {
        let asked = self.asked(known, claim)?;
        crew.shared().tickets.insert(asked.number, (asked.ticket, Arc::default()));
        Ok(asked)
    }
}
