//! A part of a distribution, and its scale.

use crate::{Distribution, Value};

/// The part of a parameter's distribution that a round draws from.
#[derive(Clone, Debug, PartialEq)]
pub enum Range {
    /// From one value to another, both included.
    Between {
        /// The lower end.
        low: Value,
        /// The upper end.
        high: Value,
    },
    /// Some of the choices, by rising position.
    Choices(Vec<usize>),
}

impl Range {
    /// All that a distribution has.
    pub fn whole(distribution: &Distribution) -> Self {
        match distribution {
            &Distribution::Float { low, high, .. } => {
                Self::Between { low: Value::Float(low), high: Value::Float(high) }
            }
            &Distribution::Int { low, high, .. } => Self::Between { low: Value::Int(low), high: Value::Int(high) },
            Distribution::Categorical { choices } => Self::Choices((0..choices.len()).collect()),
        }
    }

    /// Whether a value lies in it.
    pub fn contains(&self, value: Value) -> bool {
        match (self, value) {
            (Self::Between { low: Value::Float(low), high: Value::Float(high) }, Value::Float(x)) => {
                (*low..=*high).contains(&x)
            }
            (Self::Between { low: Value::Int(low), high: Value::Int(high) }, Value::Int(x)) => {
                (*low..=*high).contains(&x)
            }
            (Self::Choices(choices), Value::Choice(i)) => choices.contains(&i),
            _ => false,
        }
    }

    /// The value at a point of the unit interval, as in [`Distribution::from_unit`] for this part alone.
    pub(super) fn at(&self, distribution: &Distribution, u: f64) -> Value {
        let value = match (self, distribution) {
            (
                &Self::Between { low: Value::Float(low), high: Value::Float(high) },
                &Distribution::Float { log, step, .. },
            ) => Distribution::Float { low, high, log, step }.from_unit(u),
            (&Self::Between { low: Value::Int(low), high: Value::Int(high) }, &Distribution::Int { log, step, .. }) => {
                Distribution::Int { low, high, log, step }.from_unit(u)
            }
            (Self::Choices(choices), _) => {
                let place = (u * choices.len() as f64) as usize;
                Value::Choice(choices[place.min(choices.len() - 1)])
            }
            _ => distribution.from_unit(u),
        };
        if distribution.contains(value) { value } else { distribution.from_unit(distribution.to_unit(value)) }
    }
}

/// The scale of a distribution with an order: the value itself, or its logarithm.
///
/// A whole number or a step stands for the interval that rounds to it, half a step to either side.
#[derive(Clone, Copy, Debug)]
pub(super) enum Scale {
    Float { low: f64, high: f64, log: bool, step: Option<f64> },
    Int { low: i64, high: i64, log: bool, step: i64 },
}

impl Scale {
    /// `None` for one without an order.
    pub(super) fn new(distribution: &Distribution) -> Option<Self> {
        match *distribution {
            Distribution::Float { low, high, log, step } => Some(Self::Float { low, high, log, step }),
            Distribution::Int { low, high, log, step } => Some(Self::Int { low, high, log, step }),
            Distribution::Categorical { .. } => None,
        }
    }

    /// Where a value lies on it.
    pub(super) fn of(self, value: Value) -> f64 {
        match (self, value) {
            (Self::Float { log: true, .. }, Value::Float(x)) => libm::log(x),
            (Self::Int { log: true, .. }, Value::Int(x)) => libm::log(x as f64),
            (_, Value::Float(x)) => x,
            (_, Value::Int(x)) => x as f64,
            (_, Value::Choice(i)) => i as f64,
        }
    }

    /// The ends of a range on it, rounding intervals included.
    pub(super) fn ends(self, range: &Range) -> (f64, f64) {
        let &Range::Between { low, high } = range else { return (0.0, 0.0) };
        match (self, low, high) {
            (Self::Int { log: true, .. }, Value::Int(low), Value::Int(high)) => {
                (libm::log(low as f64 - 0.5), libm::log(high as f64 + 0.5))
            }
            (Self::Int { step, .. }, ..) => (self.of(low) - 0.5 * step as f64, self.of(high) + 0.5 * step as f64),
            (Self::Float { step: Some(step), .. }, ..) => (self.of(low) - 0.5 * step, self.of(high) + 0.5 * step),
            _ => (self.of(low), self.of(high)),
        }
    }

    /// The value nearest to a point.
    pub(super) fn value(self, at: f64) -> Value {
        self.values(at, at).0
    }

    /// The values whose points lie between two others, and at least one.
    pub(super) fn range(self, from: f64, to: f64) -> Range {
        let (mut low, mut high) = self.values(from, to);
        // An end of the whole range is met to the bit.
        let whole = match self {
            Self::Float { low, high, .. } => Range::Between { low: Value::Float(low), high: Value::Float(high) },
            Self::Int { low, high, .. } => Range::Between { low: Value::Int(low), high: Value::Int(high) },
        };
        let (first, last) = self.ends(&whole);
        if let Range::Between { low: least, high: most } = whole {
            low = if from <= first { least } else { low };
            high = if to >= last { most } else { high };
        }
        Range::Between { low, high }
    }

    fn values(self, from: f64, to: f64) -> (Value, Value) {
        match self {
            Self::Float { low, high, log: true, .. } => {
                let x = |at: f64| Value::Float(libm::exp(at).clamp(low, high));
                (x(from), x(to))
            }
            Self::Float { low, high, step: None, .. } => {
                (Value::Float(from.clamp(low, high)), Value::Float(to.clamp(low, high)))
            }
            Self::Float { low, high, step: Some(step), .. } => {
                let most = Distribution::n_float_steps(low, high, step);
                let (first, last) = whole((from - low) / step, (to - low) / step, most);
                (
                    Value::Float((low + first * step).clamp(low, high)),
                    Value::Float((low + last * step).clamp(low, high)),
                )
            }
            Self::Int { low, high, log: true, .. } => {
                let (first, last) =
                    whole(libm::exp(from) - low as f64, libm::exp(to) - low as f64, (high - low) as f64);
                (Value::Int(int(low, high, 1, first)), Value::Int(int(low, high, 1, last)))
            }
            Self::Int { low, high, step, .. } => {
                let width = step as f64;
                let most = ((i128::from(high) - i128::from(low)) / i128::from(step)) as f64;
                let (first, last) = whole((from - low as f64) / width, (to - low as f64) / width, most);
                (Value::Int(int(low, high, step, first)), Value::Int(int(low, high, step, last)))
            }
        }
    }
}

/// The first and last whole number between two others, or twice the one nearest to their middle, within 0..=most.
fn whole(from: f64, to: f64, most: f64) -> (f64, f64) {
    let (first, last) = ((from - 1e-9).ceil().clamp(0.0, most), (to + 1e-9).floor().clamp(0.0, most));
    if first <= last && from < to {
        return (first, last);
    }
    let middle = (0.5 * (from + to)).round().clamp(0.0, most);
    (middle, middle)
}

fn int(low: i64, high: i64, step: i64, n: f64) -> i64 {
    let x = i128::from(low) + n as i128 * i128::from(step);
    x.clamp(i128::from(low), i128::from(high)) as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_every_distribution() {
        let float = |low, high, log, step| Distribution::Float { low, high, log, step };
        let int = |low, high, log, step| Distribution::Int { low, high, log, step };
        for distribution in [
            float(-2.0, 3.0, false, None),
            float(1e-6, 1e2, true, None),
            float(0.1, 0.9, false, Some(0.2)),
            float(2.0, 2.0, true, None),
            int(-3, 5, false, 2),
            int(1, 1024, true, 1),
            int(i64::MIN, i64::MAX, false, 1),
            int(1, i64::MAX, true, 1),
        ] {
            let scale = Scale::new(&distribution).expect("an order");
            let whole = Range::whole(&distribution);
            let (low, high) = scale.ends(&whole);
            assert_eq!(scale.range(low, high), whole, "{distribution:?}");
            for (from, to) in [(0.2, 0.7), (0.5, 0.5), (0.0, 0.1), (0.9, 1.0), (-1.0, 2.0)] {
                let range = scale.range(low + from * (high - low), low + to * (high - low));
                for u in [0.0, 0.1, 0.5, 0.999, 1.0] {
                    let value = range.at(&distribution, u);
                    assert!(distribution.contains(value), "{value:?} of {distribution:?}");
                    assert!(range.contains(value), "{value:?} in {range:?} of {distribution:?}");
                }
            }
        }
    }

    #[test]
    fn on_its_own_scale() {
        let rate = Distribution::Float { low: 1e-6, high: 1e-2, log: true, step: None };
        let scale = Scale::new(&rate).expect("an order");
        let (low, high) = scale.ends(&Range::whole(&rate));
        let Value::Float(middle) = scale.value(0.5 * (low + high)) else { panic!("a float") };
        assert!((middle - 1e-4).abs() < 1e-16);
        let depth = Distribution::Int { low: 1, high: 6, log: false, step: 1 };
        let scale = Scale::new(&depth).expect("an order");
        assert_eq!(scale.ends(&Range::whole(&depth)), (0.5, 6.5));
        assert_eq!(scale.range(1.6, 4.4), Range::Between { low: Value::Int(2), high: Value::Int(4) });
        assert_eq!(scale.range(2.1, 2.9), Range::Between { low: Value::Int(3), high: Value::Int(3) });
    }
}
