//! Embeddings as operators. N rows, F numbers, K values that one is encoded by, S outputs of its linear map.

use std::f32::consts::TAU;

use goodfit_nn::layers::bin_of;
use goodfit_nn::{LevelColumn, NumericColumns, NumericEmbedding};

use super::graph::{Graph, int, ints};
use super::proto::DataType;

/// Some columns of a matrix.
pub(super) fn columns(graph: &mut Graph, name: &str, x: &str, columns: &[usize]) -> String {
    let places: Vec<i64> = columns.iter().map(|&column| column as i64).collect();
    let places = graph.constant(&format!("{name}.columns"), &[places.len()], &places);
    graph.add_with(name, "Gather", &[x, &places], vec![int("axis", 1)])
}

/// The embedding of a column of levels: a row of its weights, or zeros where the number is -1, which is the last one.
///
/// # Shapes
/// `x`: N x inputs. The result: N x size.
pub(super) fn levels(graph: &mut Graph, name: &str, x: &str, column: &LevelColumn, weights: &[f32]) -> String {
    let rows = [weights, &vec![0.0; column.size]].concat();
    let rows = graph.constant(&format!("{name}.weight"), &[column.levels + 1, column.size], &rows);
    let level = columns(graph, &format!("{name}.level"), x, &[column.input]);
    let level = graph.cast(&format!("{name}.place"), &level, DataType::Int64);
    let row = graph.add_with(&format!("{name}.row"), "Gather", &[&rows, &level], vec![int("axis", 0)]);
    reshape(graph, name, &row, column.size)
}

/// What numbers are embedded by.
pub(super) struct NumericValues<'a> {
    /// F x (B + 1)
    pub(super) edges: &'a [f32],
    /// F x C
    pub(super) frequencies: &'a [f32],
    /// F x C
    pub(super) phases: &'a [f32],
    /// Names of constants, F x K x S and F x S.
    pub(super) weight: String,
    pub(super) bias: String,
}

/// The embeddings of numbers.
///
/// # Shapes
/// `x`: N x inputs. The result: N x (F size).
pub(super) fn numbers(graph: &mut Graph, x: &str, numeric: &NumericColumns, values: &NumericValues<'_>) -> String {
    let name = "numeric_embedding";
    let (f, form) = (numeric.inputs.len(), numeric.form);
    let x = columns(graph, &format!("{name}.numbers"), x, &numeric.inputs);
    let last = graph.constant(&format!("{name}.last"), &[1], &[2_i64]);
    let x = graph.add(&format!("{name}.each"), "Unsqueeze", &[&x, &last]);
    let encoded = match form {
        NumericEmbedding::PiecewiseLinear { bins, .. } => encode_bins(graph, name, &x, values.edges, [f, bins]),
        NumericEmbedding::Periodic { frequencies, .. } => {
            let turn = part_of_turn(graph, name, &x, values, [f, frequencies]);
            let cosines = graph.add(&format!("{name}.cosines"), "Cos", &[&turn]);
            let sines = graph.add(&format!("{name}.sines"), "Sin", &[&turn]);
            graph.add_with(&format!("{name}.waves"), "Concat", &[&cosines, &sines], vec![int("axis", 2)])
        }
        NumericEmbedding::PeriodicWithPhases { frequencies, .. } => {
            let turn = part_of_turn(graph, name, &x, values, [f, frequencies]);
            graph.add(&format!("{name}.cosines"), "Cos", &[&turn])
        }
    };
    // N x F x K, of each column a product of its own.
    let turned = |graph: &mut Graph, part: &str, x: &str| {
        graph.add_with(&format!("{name}.{part}"), "Transpose", &[x], vec![ints("perm", vec![1, 0, 2])])
    };
    let by_column = turned(graph, "by_column", &encoded);
    let product = graph.add(&format!("{name}.product"), "MatMul", &[&by_column, &values.weight]);
    let by_row = turned(graph, "by_row", &product);
    let mut mapped = graph.add(&format!("{name}.mapped"), "Add", &[&by_row, &values.bias]);
    if form.is_rectified() {
        mapped = graph.add(&format!("{name}.relu"), "Relu", &[&mapped]);
    }
    if form.passed() > 0 {
        mapped = graph.add_with(&format!("{name}.beside"), "Concat", &[&x, &mapped], vec![int("axis", 2)]);
    }
    reshape(graph, name, &mapped, f * form.size())
}

/// N x .. as N x width.
fn reshape(graph: &mut Graph, name: &str, x: &str, width: usize) -> String {
    let shape = graph.constant(&format!("{name}.shape"), &[2], &[-1, width as i64]);
    graph.add(name, "Reshape", &[x, &shape])
}

/// `(x - e_b) / (e_{b+1} - e_b)` within the bounds of each bin, N x F x B.
fn encode_bins(graph: &mut Graph, name: &str, x: &str, edges: &[f32], [f, bins]: [usize; 2]) -> String {
    let (mut starts, mut widths, mut least, mut most) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for edges in edges.chunks_exact(bins + 1) {
        let last = bin_of(edges[bins], edges).0;
        let is_none = edges[0] >= edges[bins];
        for b in 0..bins {
            // A bin that is none begins where no number is, and so is 0.
            let is_there = b <= last && !is_none;
            starts.push(if is_there { edges[b] } else { f32::MAX });
            widths.push(if is_there { edges[b + 1] - edges[b] } else { 1.0 });
            least.push(if b == 0 && is_there { f32::NEG_INFINITY } else { 0.0 });
            most.push(if b == last { f32::INFINITY } else { 1.0 });
        }
    }
    let constants = [("starts", starts), ("widths", widths), ("least", least), ("most", most)];
    let [starts, widths, least, most] =
        constants.map(|(part, values)| graph.constant(&format!("{name}.{part}"), &[f, bins], &values));
    let beyond = graph.add(&format!("{name}.beyond"), "Sub", &[x, &starts]);
    let share = graph.add(&format!("{name}.share"), "Div", &[&beyond, &widths]);
    let share = graph.add(&format!("{name}.at_least"), "Max", &[&share, &least]);
    graph.add(&format!("{name}.bins"), "Min", &[&share, &most])
}

/// `2 pi (t - round(t))` with `t = c x + p / (2 pi)`, N x F x C: the nearest whole number of turns is left out before it
/// can take the place of digits, as in training.
fn part_of_turn(
    graph: &mut Graph,
    name: &str,
    x: &str,
    values: &NumericValues<'_>,
    [f, frequencies]: [usize; 2],
) -> String {
    let own = graph.constant(&format!("{name}.frequencies"), &[f, frequencies], values.frequencies);
    let mut turns = graph.add(&format!("{name}.turns"), "Mul", &[x, &own]);
    if !values.phases.is_empty() {
        let in_turns = (1.0 / std::f64::consts::TAU) as f32;
        let phases: Vec<f32> = values.phases.iter().map(|phase| in_turns * phase).collect();
        let phases = graph.constant(&format!("{name}.phases"), &[f, frequencies], &phases);
        turns = graph.add(&format!("{name}.shifted"), "Add", &[&turns, &phases]);
    }
    let whole = graph.add(&format!("{name}.whole"), "Round", &[&turns]);
    let part = graph.add(&format!("{name}.part"), "Sub", &[&turns, &whole]);
    let full = graph.scalar(TAU);
    graph.add(&format!("{name}.angle"), "Mul", &[&part, &full])
}
