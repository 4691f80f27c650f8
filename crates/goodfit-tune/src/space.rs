//! What a search may vary.

use std::sync::Arc;

use crate::{Distribution, SpaceError, Value};

/// One parameter of a space.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name.
    pub name: String,
    /// Which values it takes.
    pub distribution: Distribution,
    /// When it exists; always when `None`.
    pub when: Option<Condition>,
}

/// A parameter exists only where another one takes one of some values.
#[derive(Clone, Debug, PartialEq)]
pub struct Condition {
    /// The other parameter. Where it does not exist itself, the condition does not hold.
    pub parameter: String,
    /// The values.
    pub values: Vec<Value>,
}

impl<N: Into<String>> From<(N, Distribution)> for Parameter {
    fn from((name, distribution): (N, Distribution)) -> Self {
        Self { name: name.into(), distribution, when: None }
    }
}

impl Parameter {
    /// The same parameter, there only when another one takes one of these values.
    pub fn when(mut self, parameter: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        self.when = Some(Condition { parameter: parameter.into(), values: values.into_iter().collect() });
        self
    }
}

/// What a search may vary: named distributions in a fixed order, checked when it is made. A clone shares
/// what it holds.
///
/// ```
/// use goodfit_tune::{Distribution, Parameter, Space, Value};
/// let space = Space::new([
///     Parameter::from(("optimizer", Distribution::categorical(["sgd", "momentum"]))),
///     Parameter::from(("momentum", Distribution::Float { low: 0.5, high: 0.99, log: false, step: None }))
///         .when("optimizer", [Value::Choice(1)]),
/// ])?;
/// let sgd = space.parameters([("optimizer", Value::Choice(0))]).expect("complete without a momentum");
/// assert_eq!(sgd.get("momentum"), None);
/// # Ok::<(), goodfit_tune::SpaceError>(())
/// ```
#[derive(Clone, Debug)]
pub struct Space(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    parameters: Vec<Parameter>,
    /// By parameter, the place of the one its condition looks at.
    parents: Vec<Option<usize>>,
    /// Places, each parent before its children, otherwise in the order of the space.
    order: Vec<usize>,
}

impl PartialEq for Space {
    fn eq(&self, other: &Self) -> bool {
        self.0.parameters == other.0.parameters
    }
}

impl Space {
    /// A space of these parameters in this order. The order is part of what a sampler draws.
    ///
    /// # Errors
    /// When there is none, a name stands twice, nothing could be drawn from a distribution, or a
    /// condition can never hold.
    pub fn new<P: Into<Parameter>>(parameters: impl IntoIterator<Item = P>) -> Result<Self, SpaceError> {
        let mut checked: Vec<Parameter> = Vec::new();
        for parameter in parameters {
            let parameter = parameter.into();
            parameter.distribution.check(&parameter.name)?;
            if checked.iter().any(|other| other.name == parameter.name) {
                return Err(SpaceError::Duplicate { name: parameter.name });
            }
            checked.push(parameter);
        }
        if checked.is_empty() {
            return Err(SpaceError::Empty);
        }
        let parents = checked.iter().map(|parameter| parent(&checked, parameter)).collect::<Result<Vec<_>, _>>()?;
        let order = order(&checked, &parents)?;
        Ok(Self(Arc::new(Inner { parameters: checked, parents, order })))
    }

    /// The number of parameters, those that exist only sometimes included.
    #[allow(clippy::len_without_is_empty, reason = "a space is never empty")]
    pub fn len(&self) -> usize {
        self.0.parameters.len()
    }

    /// Whether a parameter exists only sometimes.
    pub fn is_conditional(&self) -> bool {
        self.0.parents.iter().any(Option::is_some)
    }

    /// The parameters, in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Parameter> {
        self.0.parameters.iter()
    }

    /// The parameter at a place.
    ///
    /// # Panics
    /// When there is none.
    pub fn at(&self, place: usize) -> &Parameter {
        &self.0.parameters[place]
    }

    /// The place of a name.
    pub fn place(&self, name: &str) -> Option<usize> {
        self.iter().position(|parameter| parameter.name == name)
    }

    /// The distribution of that name.
    pub fn get(&self, name: &str) -> Option<&Distribution> {
        self.place(name).map(|place| &self.0.parameters[place].distribution)
    }

    /// The parameters of a value for each place: each place is asked in an order in which what its
    /// condition looks at is already known, and only where the condition holds.
    ///
    /// # Panics
    /// When a value is not one of its distribution's.
    pub fn assemble(&self, mut value: impl FnMut(usize, &Distribution) -> Value) -> Parameters {
        let mut values: Box<[Option<Value>]> = vec![None; self.len()].into();
        for &place in &self.0.order {
            if self.holds(place, &values) {
                let distribution = &self.0.parameters[place].distribution;
                let value = value(place, distribution);
                assert!(distribution.contains(value), "{value:?} is no value of {:?}", self.0.parameters[place]);
                values[place] = Some(value);
            }
        }
        Parameters { space: self.clone(), values }
    }

    /// Parameters by name, or `None` where one is missing, has no place here or lies outside its range.
    pub fn parameters<'a>(&self, values: impl IntoIterator<Item = (&'a str, Value)>) -> Option<Parameters> {
        let mut by_place: Box<[Option<Value>]> = vec![None; self.len()].into();
        for (name, value) in values {
            let place = self.place(name)?;
            if by_place[place].replace(value).is_some() || !self.0.parameters[place].distribution.contains(value) {
                return None;
            }
        }
        let complete = (0..self.len()).all(|place| by_place[place].is_some() == self.holds(place, &by_place));
        complete.then(|| Parameters { space: self.clone(), values: by_place })
    }

    /// Whether these are values of exactly these parameters, each in its range and there when it has to be.
    pub fn contains(&self, parameters: &Parameters) -> bool {
        self.parameters(parameters.iter()).is_some()
    }

    /// Whether the parameter at a place exists beside these values.
    fn holds(&self, place: usize, values: &[Option<Value>]) -> bool {
        match (&self.0.parameters[place].when, self.0.parents[place]) {
            (Some(condition), Some(parent)) => values[parent].is_some_and(|value| condition.values.contains(&value)),
            _ => true,
        }
    }
}

/// The place of what a parameter's condition looks at.
fn parent(parameters: &[Parameter], parameter: &Parameter) -> Result<Option<usize>, SpaceError> {
    let Some(Condition { parameter: other, values }) = &parameter.when else { return Ok(None) };
    let (name, other) = (parameter.name.clone(), other.clone());
    let Some(place) = parameters.iter().position(|parameter| parameter.name == other) else {
        return Err(SpaceError::UnknownCondition { name, other });
    };
    let distribution = &parameters[place].distribution;
    if values.is_empty() || !values.iter().all(|value| distribution.contains(*value)) {
        return Err(SpaceError::ImpossibleCondition { name, other });
    }
    Ok(Some(place))
}

/// Each parent before its children, otherwise as they stand.
fn order(parameters: &[Parameter], parents: &[Option<usize>]) -> Result<Vec<usize>, SpaceError> {
    let mut order: Vec<usize> = Vec::with_capacity(parents.len());
    while order.len() < parents.len() {
        let next = (0..parents.len())
            .find(|place| !order.contains(place) && parents[*place].is_none_or(|parent| order.contains(&parent)));
        let Some(next) = next else {
            let stuck = (0..parents.len()).find(|place| !order.contains(place)).unwrap_or_default();
            return Err(SpaceError::CircularCondition { name: parameters[stuck].name.clone() });
        };
        order.push(next);
    }
    Ok(order)
}

/// A value for each parameter of a space that exists, in its order. A clone shares the space.
#[derive(Clone, Debug)]
pub struct Parameters {
    space: Space,
    values: Box<[Option<Value>]>,
}

/// By names and values.
impl PartialEq for Parameters {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other.iter())
    }
}

impl Parameters {
    /// Names and values of the parameters that exist, in order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, Value)> {
        let named = self.space.iter().map(|parameter| parameter.name.as_str()).zip(&self.values);
        named.filter_map(|(name, value)| Some((name, (*value)?)))
    }

    /// The value of that name; `None` where there is none.
    pub fn get(&self, name: &str) -> Option<Value> {
        self.values[self.space.place(name)?]
    }

    /// The values by their place in the space; `None` where a parameter does not exist.
    pub fn values(&self) -> &[Option<Value>] {
        &self.values
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn depth() -> Distribution {
        Distribution::Int { low: 1, high: 6, log: false, step: 1 }
    }

    fn parameter(name: &str) -> Parameter {
        Parameter::from((name, depth()))
    }

    #[test]
    fn names_in_order() {
        let space = Space::new([("b", depth()), ("a", depth())]).expect("a space");
        assert_eq!(space.iter().map(|parameter| parameter.name.as_str()).collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(space.get("a"), Some(&depth()));
        assert_eq!(space.get("c"), None);

        let complete = space.parameters([("a", Value::Int(6)), ("b", Value::Int(1))]).expect("complete");
        assert_eq!(complete.iter().collect::<Vec<_>>(), [("b", Value::Int(1)), ("a", Value::Int(6))]);
        assert!(space.contains(&complete));
        for other in [&[("b", 1)][..], &[("b", 1), ("a", 7)], &[("b", 1), ("a", 1), ("c", 1)], &[("b", 1), ("b", 1)]] {
            assert_eq!(space.parameters(other.iter().map(|&(name, x)| (name, Value::Int(x)))), None, "{other:?}");
        }
    }

    #[test]
    fn conditions_are_followed_through() {
        // Children stand before their parents, and a grandchild needs both conditions.
        let space = Space::new([
            parameter("grandchild").when("child", [Value::Int(3)]),
            parameter("child").when("parent", [Value::Int(1), Value::Int(2)]),
            parameter("parent"),
        ])
        .expect("a space");
        let names = |values: [i64; 3]| {
            let drawn = space.assemble(|place, _| Value::Int(values[place]));
            assert!(space.contains(&drawn));
            drawn.iter().map(|(name, _)| name.to_owned()).collect::<Vec<_>>()
        };
        assert_eq!(names([6, 3, 1]), ["grandchild", "child", "parent"]);
        assert_eq!(names([6, 4, 2]), ["child", "parent"]);
        assert_eq!(names([6, 3, 5]), ["parent"]);
        // Where it does not exist it may not be given, and where it does it has to be.
        let given = |names: &[&str], parent| {
            let value = |name: &&str| if *name == "parent" { parent } else { 4 };
            let named: Vec<(&str, Value)> = names.iter().map(|name| (*name, Value::Int(value(name)))).collect();
            space.parameters(named).is_some()
        };
        assert!(given(&["child", "parent"], 1) && given(&["parent"], 5));
        assert!(!given(&["parent"], 1) && !given(&["child", "parent"], 5));
    }

    #[test]
    fn errors() {
        let none: [(&str, Distribution); 0] = [];
        let nothing = Distribution::Categorical { choices: Vec::new() };
        let one = [Value::Int(1)];
        for (space, message) in [
            (Space::new(none), "the space has no parameters"),
            (Space::new([("a", depth()), ("a", depth())]), "a: the space has it twice"),
            (Space::new([("a", depth()), ("b", nothing)]), "b: there is nothing to choose from"),
            (Space::new([parameter("a").when("b", one)]), "a: its condition looks at b, which the space does not have"),
            (
                Space::new([parameter("a"), parameter("b").when("a", [Value::Int(7)])]),
                "b: its condition is on values that a never takes",
            ),
            (
                Space::new([parameter("a"), parameter("b").when("a", [])]),
                "b: its condition is on values that a never takes",
            ),
            (
                Space::new([parameter("a").when("b", one), parameter("b").when("a", one)]),
                "a: its condition leads back to itself",
            ),
        ] {
            assert_eq!(space.expect_err(message).to_string(), message);
        }
        assert!(SpaceError::Empty.hint().is_some());
    }
}
