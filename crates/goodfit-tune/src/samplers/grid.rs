//! All combinations.

mod shuffle;

use shuffle::Shuffle;

use crate::{Distribution, Parameters, Request, Sampler, SamplerError, Space, Tag, Value};

/// Every combination of values once, in an order shuffled by the study's stream 0: a study with fewer trials than there
/// are combinations has a random part of them, from everywhere in the space.
///
/// | distribution | values |
/// |---|---|
/// | categorical | all |
/// | int, float with steps | all |
/// | float | `points`, evenly spaced on its own scale, both bounds included |
/// | int, log | the same, rounded and each once; all without a number of points |
///
/// A parameter with a condition adds combinations only where it exists.
///
/// ```
/// use goodfit_tune::samplers::Grid;
/// use goodfit_tune::{Distribution, History, Parameter, Request, Sampler, Space, Streams, Value};
/// let space = Space::new([
///     Parameter::from(("optimizer", Distribution::categorical(["sgd", "momentum"]))),
///     Parameter::from(("rate", Distribution::Float { low: 1e-4, high: 1.0, log: true, step: None })),
///     Parameter::from(("momentum", Distribution::Float { low: 0.8, high: 0.9, log: false, step: Some(0.1) }))
///         .when("optimizer", [Value::Choice(1)]),
/// ])?;
/// let mut grid = Grid { points: Some(5) };
/// // sgd, and momentum with 0.8 and with 0.9; each with 5 rates.
/// assert_eq!(grid.n_trials(&space), Some(15));
/// let request = Request { space: &space, history: &History::new(), numbers: 0..15, streams: Streams::new(0) };
/// let drawn = grid.sample(&request)?;
/// assert_eq!(drawn.iter().filter(|trial| trial.get("rate") == Some(Value::Float(1e-4))).count(), 3);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grid {
    /// How many values a range without steps is given; with `None`, a float without steps is an error.
    pub points: Option<u32>,
}

impl Default for Grid {
    fn default() -> Self {
        Self { points: Some(10) }
    }
}

impl Sampler for Grid {
    fn sample(&mut self, request: &Request<'_>) -> Result<Vec<Parameters>, SamplerError> {
        let space = request.space;
        let forest = self.forest(space)?;
        let order = Shuffle::new(forest.len, &mut request.streams.stream(Tag::Study, 0));
        let draw = |number: u64| {
            let place = u128::from(number);
            if place >= forest.len {
                let what = format!("there are {} combinations, got trial {number}", forest.len);
                return Err(SamplerError::Setting { sampler: "grid", what });
            }
            let mut values = vec![None; space.len()];
            forest.fill(order.at(place), &mut values);
            Ok(space.assemble(|place, _| values[place].expect("where the condition holds, the forest has a value")))
        };
        request.numbers.clone().map(draw).collect()
    }

    fn horizon(&self, _number: u64, _generation: u64) -> u64 {
        0
    }

    fn n_trials(&self, space: &Space) -> Option<u64> {
        self.forest(space).ok().and_then(|forest| u64::try_from(forest.len).ok())
    }
}

/// Parameters that exist side by side: every combination of what they and those below them can be.
#[derive(Debug, Default)]
struct Forest {
    trees: Vec<Tree>,
    /// The number of combinations.
    len: u128,
}

/// A parameter and those whose conditions look at it.
#[derive(Debug)]
struct Tree {
    place: usize,
    values: Values,
    /// For each value what exists beside it; empty where nothing ever does.
    below: Vec<Forest>,
    len: u128,
}

impl Grid {
    fn forest(self, space: &Space) -> Result<Forest, SamplerError> {
        self.beside(space, &|place| space.at(place).when.is_none())
    }

    fn beside(self, space: &Space, exists: &dyn Fn(usize) -> bool) -> Result<Forest, SamplerError> {
        let places = (0..space.len()).filter(|&place| exists(place));
        let trees = places.map(|place| self.tree(space, place)).collect::<Result<Vec<_>, _>>()?;
        let len = trees.iter().fold(1_u128, |product, tree| product.saturating_mul(tree.len));
        Ok(Forest { trees, len })
    }

    fn tree(self, space: &Space, place: usize) -> Result<Tree, SamplerError> {
        // So many values of a parameter that others depend on are listed one by one.
        const MOST: u128 = 1 << 20;
        let parameter = space.at(place);
        let values = self.values(&parameter.name, &parameter.distribution)?;
        let condition = |child: usize| space.at(child).when.as_ref().filter(|when| when.parameter == parameter.name);
        if (0..space.len()).all(|child| condition(child).is_none()) {
            return Ok(Tree { place, len: values.len(), values, below: Vec::new() });
        }
        if values.len() > MOST {
            let what = format!("{} has {} values, too many for conditions to look at", parameter.name, values.len());
            return Err(SamplerError::Setting { sampler: "grid", what });
        }
        let forest = |i: u128| {
            let value = values.at(i);
            self.beside(space, &|child| condition(child).is_some_and(|when| when.values.contains(&value)))
        };
        let below = (0..values.len()).map(forest).collect::<Result<Vec<_>, _>>()?;
        let len = below.iter().fold(0_u128, |sum, forest| sum.saturating_add(forest.len));
        Ok(Tree { place, values, below, len })
    }

    fn values(self, name: &str, distribution: &Distribution) -> Result<Values, SamplerError> {
        let endless = || SamplerError::Endless { sampler: "grid", name: name.to_owned() };
        if self.points == Some(0) {
            let what = "points has to be at least 1, got 0".to_owned();
            return Err(SamplerError::Setting { sampler: "grid", what });
        }
        // Both bounds, or the middle when it is the only one.
        let units = |n: u32| (0..n).map(move |i| if n == 1 { 0.5 } else { f64::from(i) / f64::from(n - 1) });
        Ok(match distribution {
            &Distribution::Float { low, high, step: None, .. } if low >= high => Values::List(vec![Value::Float(low)]),
            &Distribution::Float { low, high, step: None, .. } => {
                // The bounds as they are, not through exponential and logarithm.
                let value = |u| match u {
                    0.0 => Value::Float(low),
                    1.0 => Value::Float(high),
                    _ => distribution.from_unit(u),
                };
                Values::List(units(self.points.ok_or_else(endless)?).map(value).collect())
            }
            &Distribution::Float { step: Some(_), .. } => {
                let n = distribution.n_values().ok_or_else(endless)?;
                Values::Steps { distribution: distribution.clone(), n }
            }
            &Distribution::Int { low, high, log: true, .. } if self.points.is_some() => {
                let scale = Distribution::Float { low: low as f64, high: high as f64, log: true, step: None };
                let whole = |u| match scale.from_unit(u) {
                    Value::Float(x) => Value::Int((x.round() as i64).clamp(low, high)),
                    other => other,
                };
                let mut values: Vec<Value> = units(self.points.unwrap_or(1)).map(whole).collect();
                values.dedup();
                Values::List(values)
            }
            &Distribution::Int { low, high, step, .. } => {
                let n = ((i128::from(high) - i128::from(low)) / i128::from(step)) as u128 + 1;
                Values::Whole { low, step, n }
            }
            Distribution::Categorical { choices } => Values::List((0..choices.len()).map(Value::Choice).collect()),
        })
    }
}

/// The values of one parameter, in order; not listed where there may be very many.
#[derive(Debug)]
enum Values {
    List(Vec<Value>),
    Steps { distribution: Distribution, n: u128 },
    Whole { low: i64, step: i64, n: u128 },
}

impl Values {
    fn len(&self) -> u128 {
        match self {
            Self::List(values) => values.len() as u128,
            Self::Steps { n, .. } | Self::Whole { n, .. } => *n,
        }
    }

    fn at(&self, i: u128) -> Value {
        match self {
            Self::List(values) => values[i as usize],
            Self::Steps { distribution, n } => distribution.from_unit((i as f64 + 0.5) / *n as f64),
            Self::Whole { low, step, .. } => Value::Int((i128::from(*low) + i as i128 * i128::from(*step)) as i64),
        }
    }
}

impl Forest {
    /// Writes combination i.
    fn fill(&self, i: u128, values: &mut [Option<Value>]) {
        let mut rest = i;
        for tree in self.trees.iter().rev() {
            tree.fill(rest % tree.len, values);
            rest /= tree.len;
        }
    }
}

impl Tree {
    fn fill(&self, i: u128, values: &mut [Option<Value>]) {
        if self.below.is_empty() {
            values[self.place] = Some(self.values.at(i));
            return;
        }
        let mut rest = i;
        for (forest, place) in self.below.iter().zip(0..) {
            if rest < forest.len {
                values[self.place] = Some(self.values.at(place));
                return forest.fill(rest, values);
            }
            rest -= forest.len;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{History, Parameter, Streams, contract};

    fn float(low: f64, high: f64, log: bool, step: Option<f64>) -> Distribution {
        Distribution::Float { low, high, log, step }
    }

    fn int(low: i64, high: i64, log: bool) -> Distribution {
        Distribution::Int { low, high, log, step: 1 }
    }

    fn all(grid: Grid, space: &Space) -> Result<Vec<Parameters>, SamplerError> {
        let n = grid.n_trials(space).unwrap_or(1);
        let request = Request { space, history: &History::new(), numbers: 0..n, streams: Streams::new(0) };
        { grid }.sample(&request)
    }

    /// The values of a space with one parameter, in their order.
    fn values(points: u32, distribution: Distribution) -> Vec<Value> {
        let space = Space::new([("x", distribution.clone())]).expect("a space");
        let drawn = all(Grid { points: Some(points) }, &space).expect("draws");
        let mut values: Vec<Value> = drawn.iter().map(|trial| trial.values()[0].expect("it always exists")).collect();
        values.sort_by(|a, b| distribution.to_unit(*a).total_cmp(&distribution.to_unit(*b)));
        values
    }

    #[test]
    fn keeps_the_contract() {
        for (name, space) in contract::spaces() {
            eprintln!("{name}");
            contract::sampler(&|| Box::new(Grid::default()), &space);
        }
    }

    #[test]
    fn values_of_each_kind() {
        assert_eq!(values(3, float(-1.0, 1.0, false, None)), [-1.0, 0.0, 1.0].map(Value::Float));
        assert_eq!(values(1, float(-1.0, 1.0, false, None)), [Value::Float(0.0)]);
        assert_eq!(values(9, float(2.0, 2.0, true, None)), [Value::Float(2.0)]);
        assert_eq!(values(2, float(0.0, 1.0, false, Some(0.5))), [0.0, 0.5, 1.0].map(Value::Float));
        assert_eq!(values(2, int(-1, 2, false)), [-1, 0, 1, 2].map(Value::Int));
        assert_eq!(values(6, int(1, 32, true)), [1, 2, 4, 8, 16, 32].map(Value::Int));
        assert_eq!(values(10, int(1, 3, true)), [1, 2, 3].map(Value::Int));
        assert_eq!(values(1, Distribution::categorical([true, false])), [0, 1].map(Value::Choice));
        let rates = values(3, float(1e-4, 1.0, true, None));
        assert!(matches!(rates[1], Value::Float(x) if (x - 1e-2).abs() < 1e-15), "{rates:?}");
    }

    #[test]
    fn a_part_of_a_grid_is_from_all_over_it() {
        let space = Space::new([("a", int(0, 9, false)), ("b", int(0, 9, false))]).expect("a space");
        let mut firsts = Vec::new();
        for seed in 0..20 {
            let request =
                Request { space: &space, history: &History::new(), numbers: 0..20, streams: Streams::new(seed) };
            let drawn = Grid::default().sample(&request).expect("draws");
            for place in 0..2 {
                let mut values: Vec<String> =
                    drawn.iter().map(|trial| format!("{:?}", trial.values()[place])).collect();
                values.sort_unstable();
                values.dedup();
                // 20 of 100 have 8.9 of the 10 values in the mean; in order they would have 2 of the first.
                assert!(values.len() >= 6, "seed {seed}, parameter {place}: {values:?}");
            }
            firsts.push(format!("{:?}", drawn[0]));
        }
        firsts.dedup();
        assert!(firsts.len() > 15, "the order depends on the seed");
    }

    #[test]
    fn conditions_repeat_no_combination() {
        // A child before its parent, and a grandchild.
        let space = Space::new([
            Parameter::from(("child", int(0, 1, false))).when("parent", [Value::Int(1), Value::Int(2)]),
            Parameter::from(("parent", int(0, 2, false))),
            Parameter::from(("other", int(5, 6, false))),
            Parameter::from(("grandchild", int(0, 2, false))).when("child", [Value::Int(1)]),
        ])
        .expect("a space");
        let drawn = all(Grid::default(), &space).expect("draws");
        // Parent 0: 1 way; 1 and 2: child 0, or child 1 with 3 grandchildren. Each with 2 of the other.
        assert_eq!(drawn.len(), (1 + 2 * (1 + 3)) * 2);
        for (i, trial) in drawn.iter().enumerate() {
            assert!(space.contains(trial));
            assert!(!drawn[..i].contains(trial), "{trial:?} twice");
        }
    }

    #[test]
    fn what_has_no_grid() {
        let space = |distribution| Space::new([("x", distribution)]).expect("a space");
        for (points, distribution, message) in [
            (None, float(0.0, 1.0, false, None), "grid: x has no single values to go through"),
            (Some(0), int(0, 1, false), "grid: points has to be at least 1, got 0"),
        ] {
            let (grid, space) = (Grid { points }, space(distribution));
            assert_eq!(grid.n_trials(&space), None);
            assert_eq!(all(grid, &space).expect_err(message).to_string(), message);
        }
        let full = Distribution::Int { low: i64::MIN, high: i64::MAX, log: false, step: 1 };
        assert_eq!(Grid::default().n_trials(&space(full.clone())), None, "more than can be counted");
        let huge = Space::new((0..5).map(|i| (i.to_string(), full.clone()))).expect("a space");
        assert_eq!(all(Grid::default(), &huge).expect("its first").len(), 1);

        let space = space(int(0, 3, false));
        let request = Request { space: &space, history: &History::new(), numbers: 3..5, streams: Streams::new(0) };
        let error = Grid::default().sample(&request).expect_err("there is no fifth");
        assert_eq!(error.to_string(), "grid: there are 4 combinations, got trial 4");
    }
}
