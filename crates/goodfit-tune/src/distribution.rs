//! How one parameter may vary.

mod choice;
mod unit;

pub use choice::Choice;

use crate::SpaceError;

/// How one parameter may vary. Both bounds belong to the range.
#[derive(Clone, Debug, PartialEq)]
pub enum Distribution {
    /// A real number.
    Float {
        /// Lower bound.
        low: f64,
        /// Upper bound.
        high: f64,
        /// Whether ratios count rather than differences. Needs `low > 0` and no step.
        log: bool,
        /// Only low, low + step, .., high.
        step: Option<f64>,
    },
    /// A whole number.
    Int {
        /// Lower bound.
        low: i64,
        /// Upper bound.
        high: i64,
        /// Whether ratios count rather than differences. Needs `low > 0` and a step of 1.
        log: bool,
        /// Only low, low + step, .., high.
        step: i64,
    },
    /// One of several choices without an order.
    Categorical {
        /// The choices, no two the same.
        choices: Vec<Choice>,
    },
}

/// What one parameter is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value {
    /// Of a [`Distribution::Float`].
    Float(f64),
    /// Of a [`Distribution::Int`].
    Int(i64),
    /// Of a [`Distribution::Categorical`]: the position among its choices.
    Choice(usize),
}

/// How far the number of steps in a float range may be from a whole one, in steps and relative to
/// their number: bounds and steps are decimal fractions, which floats only come near.
const STEP_TOLERANCE: f64 = 1e-9;

impl Distribution {
    /// One of these, without an order.
    pub fn categorical<C: Into<Choice>>(choices: impl IntoIterator<Item = C>) -> Self {
        Self::Categorical { choices: choices.into_iter().map(Into::into).collect() }
    }

    /// The number of values it has; `None` for a float without a step.
    pub fn n_values(&self) -> Option<u128> {
        match self {
            Self::Float { step: None, .. } => None,
            &Self::Float { low, high, step: Some(step), .. } => Some(Self::n_float_steps(low, high, step) as u128 + 1),
            &Self::Int { low, high, step, .. } => {
                Some(((i128::from(high) - i128::from(low)) / i128::from(step)) as u128 + 1)
            }
            Self::Categorical { choices } => Some(choices.len() as u128),
        }
    }

    /// Whether a value is one of those that this distribution has. A float range with a step also
    /// takes values within rounding of a step.
    pub fn contains(&self, value: Value) -> bool {
        match (self, value) {
            (Self::Float { low, high, step, .. }, Value::Float(x)) => {
                (*low..=*high).contains(&x) && step.is_none_or(|step| is_whole((x - low) / step))
            }
            (Self::Int { low, high, step, .. }, Value::Int(x)) => {
                (*low..=*high).contains(&x) && (i128::from(x) - i128::from(*low)) % i128::from(*step) == 0
            }
            (Self::Categorical { choices }, Value::Choice(i)) => i < choices.len(),
            _ => false,
        }
    }

    /// The number of steps between the bounds of a float range, whose step divides it.
    pub(crate) fn n_float_steps(low: f64, high: f64, step: f64) -> f64 {
        ((high - low) / step).round()
    }

    /// Whether something can be drawn from it.
    pub(crate) fn check(&self, name: &str) -> Result<(), SpaceError> {
        match self {
            &Self::Float { low, high, log, step } => check_float(name, low, high, log, step),
            &Self::Int { low, high, log, step } => check_int(name, low, high, log, step),
            Self::Categorical { choices } => check_choices(name, choices),
        }
    }
}

fn is_whole(n_steps: f64) -> bool {
    (n_steps - n_steps.round()).abs() <= STEP_TOLERANCE * n_steps.abs().max(1.0)
}

fn check_float(name: &str, low: f64, high: f64, log: bool, step: Option<f64>) -> Result<(), SpaceError> {
    let name = name.to_owned();
    if !(high - low).is_finite() {
        return Err(SpaceError::NotFinite { name, low, high });
    }
    if low > high {
        return Err(SpaceError::Order { name, low: low.to_string(), high: high.to_string() });
    }
    if log && low <= 0.0 {
        return Err(SpaceError::LogOfNonPositive { name, low: low.to_string() });
    }
    match step {
        Some(step) if log => Err(SpaceError::LogWithStep { name, step: step.to_string() }),
        Some(step) if !(step > 0.0 && step.is_finite()) => Err(SpaceError::Step { name, step: step.to_string() }),
        Some(step) if !is_whole((high - low) / step) => Err(SpaceError::StepDoesNotDivide {
            name,
            low: low.to_string(),
            high: high.to_string(),
            step: step.to_string(),
        }),
        _ => Ok(()),
    }
}

fn check_int(name: &str, low: i64, high: i64, log: bool, step: i64) -> Result<(), SpaceError> {
    let name = name.to_owned();
    if low > high {
        return Err(SpaceError::Order { name, low: low.to_string(), high: high.to_string() });
    }
    if log && low <= 0 {
        return Err(SpaceError::LogOfNonPositive { name, low: low.to_string() });
    }
    if step <= 0 {
        return Err(SpaceError::Step { name, step: step.to_string() });
    }
    if log && step != 1 {
        return Err(SpaceError::LogWithStep { name, step: step.to_string() });
    }
    if (i128::from(high) - i128::from(low)) % i128::from(step) != 0 {
        return Err(SpaceError::StepDoesNotDivide {
            name,
            low: low.to_string(),
            high: high.to_string(),
            step: step.to_string(),
        });
    }
    Ok(())
}

fn check_choices(name: &str, choices: &[Choice]) -> Result<(), SpaceError> {
    if choices.is_empty() {
        return Err(SpaceError::NoChoices { name: name.to_owned() });
    }
    for (i, choice) in choices.iter().enumerate() {
        if choices[..i].contains(choice) {
            return Err(SpaceError::DuplicateChoice { name: name.to_owned(), choice: choice.to_string() });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn float(low: f64, high: f64, log: bool, step: Option<f64>) -> Distribution {
        Distribution::Float { low, high, log, step }
    }

    fn int(low: i64, high: i64, log: bool, step: i64) -> Distribution {
        Distribution::Int { low, high, log, step }
    }

    fn choices(choices: &[&str]) -> Distribution {
        Distribution::categorical(choices.iter().copied())
    }

    #[test]
    fn what_can_be_drawn_from() {
        for good in [
            float(0.0, 0.0, false, None),
            float(-1.0, 1.0, false, Some(0.1)),
            float(0.1, 0.7, false, Some(0.2)),
            float(1e-300, 1e300, true, None),
            int(3, 3, false, 2),
            int(i64::MIN, i64::MAX, false, 1),
            int(1, i64::MAX, true, 1),
            choices(&["relu", "tanh"]),
        ] {
            assert_eq!(good.check("x"), Ok(()), "{good:?}");
        }
    }

    #[test]
    fn what_cannot() {
        for (bad, message) in [
            (float(2.0, 1.0, false, None), "x: low 2 is above high 1"),
            (float(0.0, f64::NAN, false, None), "x: its range from 0 to NaN is not finite"),
            (float(f64::NEG_INFINITY, 0.0, false, None), "x: its range from -inf to 0 is not finite"),
            (float(0.0, 1.0, true, None), "x: a logarithmic scale needs low > 0, got 0"),
            (float(1.0, 2.0, true, Some(0.5)), "x: a logarithmic scale has no step, got 0.5"),
            (float(1.0, 2.0, false, Some(0.0)), "x: the step has to be positive, got 0"),
            (float(1.0, 2.0, false, Some(f64::NAN)), "x: the step has to be positive, got NaN"),
            (float(0.0, 1.0, false, Some(0.3)), "x: steps of 0.3 from 0 do not meet 1"),
            (int(2, 1, false, 1), "x: low 2 is above high 1"),
            (int(0, 1, true, 1), "x: a logarithmic scale needs low > 0, got 0"),
            (int(1, 5, true, 2), "x: a logarithmic scale has no step, got 2"),
            (int(1, 5, false, 0), "x: the step has to be positive, got 0"),
            (int(1, 5, false, 3), "x: steps of 3 from 1 do not meet 5"),
            (choices(&[]), "x: there is nothing to choose from"),
            (choices(&["a", "b", "a"]), "x: the choice a stands there twice"),
        ] {
            assert_eq!(bad.check("x").expect_err(message).to_string(), message);
        }
        // Too wide for a float: the difference overflows.
        assert!(float(-f64::MAX, f64::MAX, false, None).check("x").is_err());
    }

    #[test]
    fn what_it_contains() {
        let steps = float(0.1, 0.7, false, Some(0.2));
        assert!(steps.contains(Value::Float(0.1 + 0.2 + 0.2)));
        assert!(!steps.contains(Value::Float(0.4)));
        assert!(!steps.contains(Value::Float(0.9)));
        assert!(!steps.contains(Value::Int(0)));
        assert!(int(i64::MIN, i64::MAX, false, 1).contains(Value::Int(i64::MAX)));
        assert!(!int(0, 10, false, 5).contains(Value::Int(7)));
        assert!(choices(&["a", "b"]).contains(Value::Choice(1)));
        assert!(!choices(&["a", "b"]).contains(Value::Choice(2)));
    }
}
