//! Scaled inputs: what the scalings of a table do, rounded after each operation as there. N rows, D inputs.

use super::graph::{Element, Graph};
use super::proto::DataType;
use crate::data::table::{MinMax, Quantiles, Robust, Scales, Standard};

/// Scales the inputs.
///
/// # Shapes
/// `raw`, and what it returns: N x D.
pub(super) fn add(graph: &mut Graph, raw: &str, scales: &Scales) -> String {
    match scales {
        Scales::Robust(all) => robust(graph, raw, all),
        Scales::Standard(all) => standard(graph, raw, &Linear::all(all, Linear::standard)),
        Scales::MinMax(all) => min_max(graph, raw, &Linear::all(all, Linear::min_max)),
        Scales::Quantile(all) => quantile(graph, raw, all),
    }
}

fn robust(graph: &mut Graph, raw: &str, scales: &[Robust]) -> String {
    let medians = row(graph, "medians", scales, |scale| scale.median);
    let factors = row(graph, "factors", scales, |scale| scale.factor);
    let centred = graph.add("inputs.centred", "Sub", &[raw, &medians]);
    let scaled = graph.add("inputs.scaled", "Mul", &[&centred, &factors]);

    let [zero, one, bound, huge] = [0.0, 1.0, 3.0, Robust::HUGE].map(|x: f32| graph.scalar(x));
    let third = graph.add("inputs.third", "Div", &[&scaled, &bound]);
    let square = graph.add("inputs.square", "Mul", &[&third, &third]);
    let square = graph.add("inputs.square_and_one", "Add", &[&one, &square]);
    let root = graph.add("inputs.root", "Sqrt", &[&square]);
    let clipped = graph.add("inputs.divided", "Div", &[&scaled, &root]);
    // What is too large for its square.
    let size = graph.add("inputs.size", "Abs", &[&scaled]);
    let is_huge = graph.add("inputs.is_huge", "Greater", &[&size, &huge]);
    let sign = graph.add("inputs.sign", "Sign", &[&scaled]);
    let end = graph.add("inputs.end", "Mul", &[&sign, &bound]);
    let clipped = graph.add("inputs.clipped", "Where", &[&is_huge, &end, &clipped]);
    // An infinite value times 0 is none.
    let is_constant = graph.add("inputs.is_constant", "Equal", &[&factors, &zero]);
    graph.add("inputs", "Where", &[&is_constant, &zero, &clipped])
}

/// `(x - shift) / divisor`, with x between `low` and `high`; 0 where the divisor is.
struct Linear {
    low: f32,
    high: f32,
    shift: f64,
    divisor: f64,
}

impl Linear {
    /// Leaves what is -1, 0 or 1 as it is.
    const SAME: Self = Self { low: -1.0, high: 1.0, shift: 0.0, divisor: 1.0 };

    fn standard(Standard { mean, sd, low, high }: Standard) -> Self {
        Self { low, high, shift: mean, divisor: sd }
    }

    fn min_max(MinMax { low, high }: MinMax) -> Self {
        Self { low, high, shift: low.into(), divisor: f64::from(high) - f64::from(low) }
    }

    fn all<S: Copy>(scales: &[Option<S>], of: fn(S) -> Self) -> Vec<Self> {
        scales.iter().map(|scale| scale.map_or(Self::SAME, of)).collect()
    }
}

fn standard(graph: &mut Graph, raw: &str, scales: &[Linear]) -> String {
    let bounded = bounded(graph, raw, scales, |scale| [scale.low, scale.high]);
    let is_infinite = graph.add("inputs.is_infinite", "IsInf", &[raw]);
    let finite = graph.add("inputs.finite", "Where", &[&is_infinite, &bounded, raw]);
    linear(graph, &finite, scales)
}

fn min_max(graph: &mut Graph, raw: &str, scales: &[Linear]) -> String {
    let bounded = bounded(graph, raw, scales, |scale| [scale.low, scale.high]);
    linear(graph, &bounded, scales)
}

fn linear(graph: &mut Graph, x: &str, scales: &[Linear]) -> String {
    let shifts = row(graph, "shifts", scales, |scale| scale.shift);
    let divisors = row(graph, "divisors", scales, |scale| scale.divisor);
    let x = graph.cast("inputs.exact", x, DataType::Double);
    let shifted = graph.add("inputs.shifted", "Sub", &[&x, &shifts]);
    let divided = graph.add("inputs.divided", "Div", &[&shifted, &divisors]);
    let zero = graph.scalar(0.0);
    let is_constant = graph.add("inputs.is_constant", "Equal", &[&divisors, &zero]);
    let scaled = graph.add("inputs.scaled", "Where", &[&is_constant, &zero, &divided]);
    graph.cast("inputs", &scaled, DataType::Float)
}

/// Looks the knots up in tables of P places an input, P a power of 2: the last one that is not above x is found by halving,
/// for all rows and inputs at once.
fn quantile(graph: &mut Graph, raw: &str, scales: &[Option<Quantiles>]) -> String {
    // Leaves what is -1, 0 or 1 as it is.
    let same = Quantiles { values: vec![-1.0, 1.0], scores: vec![-1.0, 1.0] };
    let scales: Vec<&Quantiles> = scales.iter().map(|scale| scale.as_ref().unwrap_or(&same)).collect();
    let n_places = scales.iter().map(|scale| scale.values.len()).max().unwrap_or(1).next_power_of_two();
    let values = table(graph, "values", &scales, n_places, f32::INFINITY, |scale, i| scale.values[i]);
    let scores = table(graph, "scores", &scales, n_places, 0.0, |scale, i| f64::from(scale.scores[i]));
    let slopes = table(graph, "slopes", &scales, n_places, 0.0, Quantiles::slope);

    let x = bounded(graph, raw, &scales, |scale| [scale.values[0], scale.values[scale.values.len() - 1]]);
    let firsts: Vec<i64> = (0..scales.len()).map(|input| (input * n_places) as i64).collect();
    let mut place = graph.constant("inputs.firsts", &[1, firsts.len()], &firsts);
    let mut step = n_places / 2;
    while step > 0 {
        let step_there = graph.scalar(step as i64);
        let further = graph.add("inputs.further", "Add", &[&place, &step_there]);
        let value = graph.add("inputs.further_value", "Gather", &[&values, &further]);
        let is_there = graph.add("inputs.is_further", "GreaterOrEqual", &[&x, &value]);
        place = graph.add("inputs.place", "Where", &[&is_there, &further, &place]);
        step /= 2;
    }
    let [value, score, slope] = [("value", values), ("score", scores), ("slope", slopes)]
        .map(|(name, table)| graph.add(&format!("inputs.{name}"), "Gather", &[&table, &place]));
    let [x, value] = [("x", x), ("knot", value)]
        .map(|(name, number)| graph.cast(&format!("inputs.exact_{name}"), &number, DataType::Double));
    let beyond = graph.add("inputs.beyond", "Sub", &[&x, &value]);
    let rise = graph.add("inputs.rise", "Mul", &[&beyond, &slope]);
    let scaled = graph.add("inputs.scaled", "Add", &[&score, &rise]);
    graph.cast("inputs", &scaled, DataType::Float)
}

/// Inputs between two bounds each.
fn bounded<S>(graph: &mut Graph, raw: &str, scales: &[S], ends: impl Fn(&S) -> [f32; 2]) -> String {
    let lows = row(graph, "lows", scales, |scale| ends(scale)[0]);
    let highs = row(graph, "highs", scales, |scale| ends(scale)[1]);
    let bounded = graph.add("inputs.at_least", "Max", &[raw, &lows]);
    graph.add("inputs.bounded", "Min", &[&bounded, &highs])
}

/// A constant of each input, 1 x D.
fn row<S, T: Element>(graph: &mut Graph, name: &str, scales: &[S], of: impl Fn(&S) -> T) -> String {
    let values: Vec<T> = scales.iter().map(of).collect();
    graph.constant(&format!("inputs.{name}"), &[1, values.len()], &values)
}

/// A constant of each knot of each input in D x P places one after the other, behind the knots of an input `rest`.
fn table<T: Element>(
    graph: &mut Graph,
    name: &str,
    scales: &[&Quantiles],
    n_places: usize,
    rest: T,
    of: impl Fn(&Quantiles, usize) -> T,
) -> String {
    let mut values = Vec::with_capacity(scales.len() * n_places);
    for scale in scales {
        values.extend((0..scale.values.len()).map(|i| of(scale, i)));
        values.resize(values.len().next_multiple_of(n_places), rest);
    }
    graph.constant(&format!("inputs.all_{name}"), &[values.len()], &values)
}
