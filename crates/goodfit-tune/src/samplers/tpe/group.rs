//! Parameters that exist together, and the trials that have them.

use super::parzen::{Axis, Mixture};
use crate::{Distribution, Space, Value};

/// Parameters under the same condition: wherever one of them exists, all do. They are modelled together, from
/// the trials that have them.
#[derive(Clone, Debug)]
pub(super) struct Group {
    /// Numbers first, then choices; what has a single value is left out.
    places: Vec<usize>,
    /// The numbers of the trials, rising: trial `numbers[slot]` has this slot in the mixture of the bad ones.
    numbers: Vec<u64>,
    /// Slots of the good ones, rising, and of the best one.
    good_slots: Vec<usize>,
    best_slot: Option<usize>,
    good: Mixture,
    bad: Mixture,
}

impl Group {
    /// The groups of a space, and for each parameter its group; `None` where it has a single value.
    pub(super) fn all(space: &Space) -> (Vec<Group>, Vec<Option<usize>>) {
        let mut groups: Vec<Vec<usize>> = Vec::new();
        let mut of = vec![None; space.len()];
        let axes: Vec<Option<Axis>> = space.iter().map(|parameter| axis(&parameter.distribution)).collect();
        for place in 0..space.len() {
            if axes[place].is_some() {
                let together = |group: &Vec<usize>| space.at(group[0]).when == space.at(place).when;
                let group = groups.iter().position(together).unwrap_or(groups.len());
                if group == groups.len() {
                    groups.push(Vec::new());
                }
                groups[group].push(place);
                of[place] = Some(group);
            }
        }
        let group = |mut places: Vec<usize>| {
            places.sort_by_key(|&place| matches!(axes[place], Some(Axis::Choices(_))));
            let axes: Vec<Axis> = places.iter().filter_map(|&place| axes[place].clone()).collect();
            let mixture = Mixture::new(axes);
            let (good, bad) = (mixture.clone(), mixture);
            Group { places, numbers: Vec::new(), good_slots: Vec::new(), best_slot: None, good, bad }
        };
        (groups.into_iter().map(group).collect(), of)
    }

    pub(super) fn places(&self) -> &[usize] {
        &self.places
    }

    /// Takes a trial in, if it has these parameters. Trials come by rising number.
    pub(super) fn push(&mut self, number: u64, space: &Space, values: &[Option<Value>]) {
        let axes = self.bad.axes();
        let coordinate =
            |(&place, axis): (&usize, &Axis)| Some(coordinate(axis, &space.at(place).distribution, values[place]?));
        if let Some(point) = self.places.iter().zip(axes).map(coordinate).collect::<Option<Vec<f64>>>() {
            self.numbers.push(number);
            self.bad.push(&point);
        }
    }

    /// Whether a trial has these parameters.
    pub(super) fn has(&self, values: &[Option<Value>]) -> bool {
        values[self.places[0]].is_some()
    }

    /// Splits the trials: these are good, best first, all others bad.
    pub(super) fn split(&mut self, good: impl Iterator<Item = u64>) {
        let mut slots: Vec<usize> = good.filter_map(|number| self.numbers.binary_search(&number).ok()).collect();
        self.best_slot = slots.first().copied();
        slots.sort_unstable();
        if slots != self.good_slots {
            self.good = Mixture::new(self.bad.axes().to_vec());
            for &slot in &slots {
                self.good.push(&self.point(slot));
            }
            self.good.set_members(|_| true);
            self.good_slots = slots;
        }
        let slots = &self.good_slots;
        self.bad.set_members(|slot| slots.binary_search(&slot).is_err());
    }

    fn point(&self, slot: usize) -> Vec<f64> {
        (0..self.places.len()).map(|axis| self.bad.coordinate(slot, axis)).collect()
    }

    /// The best of the good ones.
    pub(super) fn best(&self) -> Option<Vec<f64>> {
        self.best_slot.map(|slot| self.point(slot))
    }

    /// Whether a trial was at that point.
    #[allow(clippy::float_cmp, reason = "coordinates are the same to the bit or not the same")]
    pub(super) fn was_tried(&self, point: &[f64]) -> bool {
        (0..self.numbers.len())
            .any(|slot| point.iter().enumerate().all(|(axis, x)| *x == self.bad.coordinate(slot, axis)))
    }

    pub(super) fn good(&self) -> &Mixture {
        &self.good
    }

    pub(super) fn bad(&self) -> &Mixture {
        &self.bad
    }
}

/// So many values of a number with gaps are told apart; more are as good as no gaps.
const MOST_GAPS: u128 = 64;

/// How a parameter is spread; `None` when it has a single value.
fn axis(distribution: &Distribution) -> Option<Axis> {
    match distribution {
        Distribution::Float { low, high, .. } if low >= high => None,
        Distribution::Categorical { choices } => (choices.len() > 1).then_some(Axis::Choices(choices.len())),
        Distribution::Int { .. } | Distribution::Float { .. } => match distribution.n_values() {
            Some(1) => None,
            Some(n) if n <= MOST_GAPS => Some(Axis::Gaps(gaps(distribution, n as usize))),
            _ => Some(Axis::Gapless),
        },
    }
}

/// Middle and width of the share of [0, 1] of each value of a number with gaps.
fn gaps(distribution: &Distribution, n: usize) -> Vec<(f64, f64)> {
    match *distribution {
        Distribution::Int { low, high, log: true, .. } => {
            // The scale of from_unit, which rounds: value x has the share from x - 1/2 to x + 1/2.
            let edge = |x: i64| libm::log(x as f64 - 0.5);
            let end = |x: i64| libm::log(x as f64 + 0.5);
            let all = end(high) - edge(low);
            let middle = |x: i64| 0.5 * (edge(x) + end(x)) - edge(low);
            (low..=high).map(|x| (middle(x) / all, (end(x) - edge(x)) / all)).collect()
        }
        _ => (0..n).map(|i| ((i as f64 + 0.5) / n as f64, 1.0 / n as f64)).collect(),
    }
}

/// The coordinate of a value.
fn coordinate(axis: &Axis, distribution: &Distribution, value: Value) -> f64 {
    match (axis, distribution, value) {
        (_, _, Value::Choice(position)) => position as f64,
        // Its logarithm is not in the middle of its share.
        (Axis::Gaps(values), &Distribution::Int { low, log: true, .. }, Value::Int(x)) => values[(x - low) as usize].0,
        _ => distribution.to_unit(value),
    }
}

/// The value at a coordinate.
pub(super) fn value(distribution: &Distribution, x: f64) -> Value {
    match distribution {
        Distribution::Categorical { .. } => Value::Choice(x as usize),
        _ => distribution.from_unit(x),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn from_values_to_coordinates_and_back() {
        for distribution in [
            Distribution::Int { low: 1, high: 40, log: true, step: 1 },
            Distribution::Int { low: -4, high: 4, log: false, step: 2 },
            Distribution::Float { low: 0.1, high: 0.9, log: false, step: Some(0.2) },
        ] {
            let Some(axis) = axis(&distribution) else { panic!("{distribution:?} has many values") };
            let Axis::Gaps(values) = &axis else { panic!("{distribution:?} has gaps") };
            let mut end = 0.0;
            for &(middle, width) in values {
                let value = value(&distribution, middle);
                assert_eq!(coordinate(&axis, &distribution, value), middle, "{value:?}");
                assert!((middle - 0.5 * width - end).abs() < 1e-12, "the shares follow each other");
                end = middle + 0.5 * width;
            }
            assert!((end - 1.0).abs() < 1e-12);
        }
        assert_eq!(axis(&Distribution::Int { low: 3, high: 3, log: false, step: 1 }), None);
        assert_eq!(axis(&Distribution::categorical(["a"])), None);
        assert_eq!(axis(&Distribution::Int { low: 1, high: 65, log: true, step: 1 }), Some(Axis::Gapless));
    }
}
