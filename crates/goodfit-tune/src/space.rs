//! What a search may vary.

use crate::{Distribution, SpaceError, Value};

/// What a search may vary: named distributions in a fixed order, checked when it is made.
#[derive(Clone, Debug, PartialEq)]
pub struct Space {
    parameters: Vec<(String, Distribution)>,
}

impl Space {
    /// A space of these parameters in this order. The order is part of what a sampler draws.
    ///
    /// # Errors
    /// When there is none, a name stands twice, or nothing could be drawn from a distribution.
    pub fn new<N: Into<String>>(parameters: impl IntoIterator<Item = (N, Distribution)>) -> Result<Self, SpaceError> {
        let mut checked: Vec<(String, Distribution)> = Vec::new();
        for (name, distribution) in parameters {
            let name = name.into();
            distribution.check(&name)?;
            if checked.iter().any(|(other, _)| *other == name) {
                return Err(SpaceError::Duplicate { name });
            }
            checked.push((name, distribution));
        }
        if checked.is_empty() { Err(SpaceError::Empty) } else { Ok(Self { parameters: checked }) }
    }

    /// Names and distributions, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, &Distribution)> {
        self.parameters.iter().map(|(name, distribution)| (name.as_str(), distribution))
    }

    /// The distribution of that name.
    pub fn get(&self, name: &str) -> Option<&Distribution> {
        self.iter().find_map(|(other, distribution)| (other == name).then_some(distribution))
    }

    /// Whether these are values of exactly these parameters, in order, each in its range.
    pub fn contains(&self, parameters: &Parameters) -> bool {
        self.parameters.len() == parameters.values.len()
            && self
                .iter()
                .zip(parameters.iter())
                .all(|((name, distribution), (other, value))| name == other && distribution.contains(value))
    }
}

/// One value for each parameter of a space, in its order.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameters {
    pub(crate) values: Vec<(String, Value)>,
}

impl Parameters {
    /// Names and values, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&str, Value)> {
        self.values.iter().map(|(name, value)| (name.as_str(), *value))
    }

    /// The value of that name.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.iter().find_map(|(other, value)| (other == name).then_some(value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth() -> Distribution {
        Distribution::Int { low: 1, high: 6, log: false, step: 1 }
    }

    #[test]
    fn names_in_order() {
        let space = Space::new([("b", depth()), ("a", depth())]).expect("a space");
        assert_eq!(space.iter().map(|(name, _)| name).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(space.get("a"), Some(&depth()));
        assert_eq!(space.get("c"), None);

        let parameters = |values: &[(&str, i64)]| Parameters {
            values: values.iter().map(|&(name, x)| (name.to_owned(), Value::Int(x))).collect(),
        };
        assert!(space.contains(&parameters(&[("b", 1), ("a", 6)])));
        assert_eq!(parameters(&[("b", 1)]).get("b"), Some(Value::Int(1)));
        for other in [&[("a", 1), ("b", 6)][..], &[("b", 1)], &[("b", 1), ("a", 7)]] {
            assert!(!space.contains(&parameters(other)), "{other:?}");
        }
    }

    #[test]
    fn errors() {
        let none: [(&str, Distribution); 0] = [];
        let nothing = Distribution::Categorical { choices: Vec::new() };
        for (space, message) in [
            (Space::new(none), "the space has no parameters"),
            (Space::new([("a", depth()), ("a", depth())]), "a: the space has it twice"),
            (Space::new([("a", depth()), ("b", nothing)]), "b: there is nothing to choose from"),
        ] {
            assert_eq!(space.expect_err(message).to_string(), message);
        }
        assert!(SpaceError::Empty.hint().is_some());
    }
}
