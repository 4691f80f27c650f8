//! A distribution as an interval: what samplers that think in a unit cube see of a parameter.

use super::{Distribution, Value};

impl Distribution {
    /// The value at a point of the unit interval, on the distribution's own scale.
    ///
    /// | distribution | value |
    /// |---|---|
    /// | float | `low + (high - low) u` |
    /// | float, log | `exp(ln low + (ln high - ln low) u)` |
    /// | float or int with steps | step number `floor(u n)` of the n values |
    /// | int, log | the float form from `low - 1/2` to `high + 1/2`, rounded |
    /// | categorical | choice number `floor(u n)` |
    ///
    /// With u uniform, the value has this distribution. What lies outside [0, 1] counts as its nearer end.
    /// Exponential and logarithm are those of the `libm` crate, so the bits do not depend on the machine.
    ///
    /// ```
    /// use goodfit_tune::{Distribution, Value};
    /// let rate = Distribution::Float { low: 1e-4, high: 1.0, log: true, step: None };
    /// let Value::Float(middle) = rate.from_unit(0.5) else { unreachable!() };
    /// assert!((middle - 1e-2).abs() < 1e-12);
    /// ```
    pub fn from_unit(&self, u: f64) -> Value {
        let u = if u.is_nan() { 0.5 } else { u.clamp(0.0, 1.0) };
        match self {
            &Self::Float { low, high, log, step } => {
                let x = match step {
                    Some(step) => low + place(u, Self::n_float_steps(low, high, step) + 1.0) * step,
                    None if log => libm::exp(libm::log(low) + (libm::log(high) - libm::log(low)) * u),
                    None => low + (high - low) * u,
                };
                Value::Float(x.clamp(low, high))
            }
            &Self::Int { low, high, log: false, step } => {
                let n = ((i128::from(high) - i128::from(low)) / i128::from(step) + 1) as f64;
                let x = i128::from(low) + place(u, n) as i128 * i128::from(step);
                Value::Int(x.clamp(i128::from(low), i128::from(high)) as i64)
            }
            &Self::Int { low, high, log: true, .. } => {
                let (ln_low, ln_high) = ln_bounds(low, high);
                Value::Int((libm::exp(ln_low + (ln_high - ln_low) * u).round() as i64).clamp(low, high))
            }
            Self::Categorical { choices } => Value::Choice(place(u, choices.len() as f64) as usize),
        }
    }

    /// Where a value lies in the unit interval, the inverse of [`Self::from_unit`]: for a parameter
    /// with single values the middle of the value's share, and 1/2 where there is but one value.
    /// A value outside the range lies at its nearer end.
    ///
    /// # Panics
    /// When the value is of another kind than the distribution.
    pub fn to_unit(&self, value: Value) -> f64 {
        let u = match (self, value) {
            (&Self::Float { low, high, step: Some(step), .. }, Value::Float(x)) => {
                (((x - low) / step).round() + 0.5) / (Self::n_float_steps(low, high, step) + 1.0)
            }
            (&Self::Float { low, high, .. }, Value::Float(_)) if low >= high => 0.5,
            (&Self::Float { low, high, log: true, .. }, Value::Float(x)) => {
                (libm::log(x) - libm::log(low)) / (libm::log(high) - libm::log(low))
            }
            (&Self::Float { low, high, .. }, Value::Float(x)) => (x - low) / (high - low),
            (&Self::Int { low, high, log: true, .. }, Value::Int(x)) => {
                let (ln_low, ln_high) = ln_bounds(low, high);
                (libm::log(x as f64) - ln_low) / (ln_high - ln_low)
            }
            (&Self::Int { low, high, step, .. }, Value::Int(x)) => {
                let n = (i128::from(high) - i128::from(low)) / i128::from(step) + 1;
                (((i128::from(x) - i128::from(low)) / i128::from(step)) as f64 + 0.5) / n as f64
            }
            (Self::Categorical { choices }, Value::Choice(i)) => (i as f64 + 0.5) / choices.len() as f64,
            _ => panic!("{value:?} is no value of {self:?}"),
        };
        u.clamp(0.0, 1.0)
    }
}

/// Bounds of the rounding intervals of whole numbers, as logarithms.
fn ln_bounds(low: i64, high: i64) -> (f64, f64) {
    (libm::log(low as f64 - 0.5), libm::log(high as f64 + 0.5))
}

/// Which of n equal parts of the unit interval u lies in.
fn place(u: f64, n: f64) -> f64 {
    (u * n).floor().min(n - 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back() {
        for distribution in [
            Distribution::Float { low: -2.0, high: 3.0, log: false, step: None },
            Distribution::Float { low: 1e-6, high: 1e2, log: true, step: None },
            Distribution::Float { low: 0.1, high: 0.9, log: false, step: Some(0.2) },
            Distribution::Float { low: 4.0, high: 4.0, log: true, step: None },
            Distribution::Int { low: -3, high: 5, log: false, step: 2 },
            Distribution::Int { low: 1, high: 1024, log: true, step: 1 },
            Distribution::Int { low: i64::MIN, high: i64::MAX, log: false, step: 1 },
            Distribution::categorical(["a", "b", "c"]),
        ] {
            for u in [0.0, 1e-9, 0.3, 0.5, 0.999_999, 1.0] {
                let value = distribution.from_unit(u);
                assert!(distribution.contains(value), "{distribution:?} at {u}: {value:?}");
                let again = distribution.from_unit(distribution.to_unit(value));
                match (value, again) {
                    (Value::Float(x), Value::Float(y)) => assert!((x - y).abs() <= 1e-12 * x.abs(), "{x} {y}"),
                    (Value::Int(x), Value::Int(y)) if x.unsigned_abs() > 1 << 50 => assert!(x.abs_diff(y) < 1 << 12),
                    _ => assert_eq!(value, again, "{distribution:?} at {u}"),
                }
            }
        }
    }

    #[test]
    fn equal_shares() {
        let depth = Distribution::Int { low: 1, high: 4, log: false, step: 1 };
        let values: Vec<Value> = (0..8).map(|i| depth.from_unit((i as f64 + 0.5) / 8.0)).collect();
        assert_eq!(values, [1, 1, 2, 2, 3, 3, 4, 4].map(Value::Int));
        assert_eq!(depth.to_unit(Value::Int(2)), 0.375);
        assert_eq!(depth.from_unit(f64::NAN), Value::Int(3));
        assert_eq!(depth.from_unit(-1.0), Value::Int(1));
    }
}
