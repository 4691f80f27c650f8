//! A space as a box of numbers.

use super::kernel::Metric;
use crate::{Distribution, Parameters, Space, Value};

/// One dimension of the box, inside the unit interval.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Axis {
    pub(super) metric: Metric,
    /// The points that have a value of their own, rising; `None` where all have.
    pub(super) grid: Option<Vec<f64>>,
}

/// Up to so many values, a parameter is moved from value to value; beyond, it is a real one.
const MOST_ON_GRID: u128 = 4096;

/// Up to so many values, they are all tried instead of following a gradient.
const FEW: usize = 12;

impl Axis {
    /// The nearest point with a value of its own.
    pub(super) fn snap(&self, x: f64) -> f64 {
        let Some(grid) = &self.grid else { return x.clamp(0.0, 1.0) };
        let above = grid.partition_point(|g| *g < x).min(grid.len() - 1);
        let below = above.saturating_sub(1);
        if x - grid[below] <= grid[above] - x { grid[below] } else { grid[above] }
    }

    /// The point at a share of the axis.
    pub(super) fn at(&self, u: f64) -> f64 {
        match &self.grid {
            None => u,
            Some(grid) => grid[((u * grid.len() as f64) as usize).min(grid.len() - 1)],
        }
    }

    /// Whether it is moved by gradients.
    pub(super) fn is_smooth(&self) -> bool {
        self.metric == Metric::Difference && self.grid.as_ref().is_none_or(|grid| grid.len() > FEW)
    }
}

/// The parameters of a space that have more than one value, as axes.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Domain {
    /// The place of each axis in the space.
    places: Vec<usize>,
    pub(super) axes: Vec<Axis>,
}

impl Domain {
    pub(super) fn new(space: &Space) -> Self {
        let axes = space.iter().map(|parameter| axis(&parameter.distribution)).enumerate();
        let (places, axes) = axes.filter_map(|(place, axis)| Some((place, axis?))).unzip();
        Self { places, axes }
    }

    /// Where parameters lie; `None` where they are not of this space.
    pub(super) fn point(&self, space: &Space, parameters: &Parameters) -> Option<Vec<f64>> {
        if !space.contains(parameters) {
            return None;
        }
        let x = |&place: &usize| Some(space.at(place).distribution.to_unit(parameters.values()[place]?));
        self.places.iter().map(x).collect()
    }

    /// The parameters at a point.
    pub(super) fn parameters(&self, space: &Space, point: &[f64]) -> Parameters {
        space.assemble(|place, distribution| {
            let dim = self.places.iter().position(|other| *other == place);
            distribution.from_unit(dim.map_or(0.5, |dim| point[dim]))
        })
    }
}

fn axis(distribution: &Distribution) -> Option<Axis> {
    let metric = match distribution {
        Distribution::Categorical { .. } => Metric::Equality,
        _ => Metric::Difference,
    };
    let grid = match distribution.n_values() {
        Some(1) => return None,
        // Every choice is a point of its own, however many there are.
        Some(n) if n <= MOST_ON_GRID || metric == Metric::Equality => Some(grid(distribution, n as usize)),
        _ => None,
    };
    let empty = matches!(distribution, Distribution::Float { low, high, .. } if low >= high);
    (!empty).then_some(Axis { metric, grid })
}

fn grid(distribution: &Distribution, n: usize) -> Vec<f64> {
    match distribution {
        &Distribution::Int { low, log: true, .. } => {
            (0..n).map(|k| distribution.to_unit(Value::Int(low + k as i64))).collect()
        }
        // As `to_unit` computes them.
        _ => (0..n).map(|k| (k as f64 + 0.5) / n as f64).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_on_its_grid() {
        for (name, space) in crate::contract::spaces() {
            let domain = Domain::new(&space);
            for (axis, place) in domain.axes.iter().zip(&domain.places) {
                let distribution = &space.at(*place).distribution;
                let Some(grid) = &axis.grid else { continue };
                for &x in grid {
                    assert_eq!(distribution.to_unit(distribution.from_unit(x)), x, "{name}");
                    assert_eq!(axis.snap(x + 1e-9), x);
                }
            }
        }
    }

    #[test]
    fn what_has_one_value_is_no_axis() {
        let spaces = crate::contract::spaces();
        let n_axes: Vec<usize> = spaces.iter().map(|(_, space)| Domain::new(space).axes.len()).collect();
        assert_eq!(n_axes, [1, 0, 6, 5]);
    }

    #[test]
    fn there_and_back() {
        let (_, space) = &crate::contract::spaces()[2];
        let domain = Domain::new(space);
        let parameters = domain.parameters(space, &[0.25, 0.1, 0.9, 0.5, 0.3, 0.8]);
        let point = domain.point(space, &parameters).expect("of this space");
        assert_eq!(domain.parameters(space, &point), parameters);
    }
}
