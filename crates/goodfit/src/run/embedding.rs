//! Embeddings of a recipe: which inputs they embed, and the bins of numbers, fitted on training rows.

use goodfit_nn::{Embedding, Inputs, LayerSpec, LevelColumn, Network, NetworkSpec, NumericColumns, NumericEmbedding};

use crate::data::table::{InputColumns, quantile, sort};
use crate::recipe::Recipe;

/// What embeds inputs in front of the network; `None` where all of them pass.
pub(super) fn embedding(recipe: &Recipe, inputs: &InputColumns) -> Option<LayerSpec> {
    let numbers = &inputs.numbers;
    let numeric = recipe.network.numeric_embedding.filter(|_| !numbers.is_empty());
    let learning_rate = recipe.training.embedding_rate;
    let numeric = numeric.map(|form| NumericColumns { inputs: numbers.clone(), form, learning_rate });
    let size = recipe.network.embedding_size;
    let levels: Vec<LevelColumn> = inputs.levels().map(|(input, levels)| LevelColumn { input, levels, size }).collect();
    let embeds = numeric.is_some() || !levels.is_empty();
    embeds.then_some(LayerSpec::Embedding(Embedding { numeric, levels }))
}

/// Sets the edges of the bins of a network, where it has any, to quantiles of the training rows: of B bins those at the
/// shares 0, 1/B, .., 1, between two numbers on the straight line. Equal ones count once; the last one stands for those that
/// are missing then, so that a number has fewer bins.
///
/// Source: Gorishniy et al., "On embeddings for numerical features in tabular deep learning" (2022), section 3.2.1.
///
/// # Errors
/// When the network is not of this specification.
pub(super) fn set_bins(
    network: &mut Network<f32>,
    spec: &NetworkSpec,
    train: &Inputs<f32>,
) -> Result<(), goodfit_nn::Error> {
    let Some(NumericColumns { inputs, form: NumericEmbedding::PiecewiseLinear { bins, .. }, .. }) =
        spec.embedding().and_then(|embedding| embedding.numeric.as_ref())
    else {
        return Ok(());
    };
    let edges: Vec<f32> =
        columns(train, inputs).into_iter().flat_map(|mut numbers| edges(sort(&mut numbers), *bins)).collect();
    network.set("numeric_embedding.edges", &edges)
}

/// B + 1 edges of sorted numbers.
fn edges(sorted: &[f32], bins: usize) -> Vec<f32> {
    let mut edges: Vec<f32> = (0..=bins).map(|i| quantile(sorted, i as f64 / bins as f64)).collect();
    edges.dedup();
    edges.resize(bins + 1, edges[edges.len() - 1]);
    edges
}

/// The finite numbers of some inputs.
fn columns(train: &Inputs<f32>, inputs: &[usize]) -> Vec<Vec<f32>> {
    let mut columns = vec![Vec::with_capacity(train.n_rows()); inputs.len()];
    let mut add = |row: &[f32]| {
        for (column, &input) in columns.iter_mut().zip(inputs) {
            column.extend(Some(row[input]).filter(|x| x.is_finite()));
        }
    };
    match train {
        Inputs::Dense(rows) => rows.rows().for_each(add),
        Inputs::Sparse(rows) => {
            let mut dense = vec![0.0; rows.n_columns()];
            for row in 0..rows.n_rows() {
                dense.fill(0.0);
                for (input, x) in rows.row(row) {
                    dense[input] = x;
                }
                add(&dense);
            }
        }
    }
    columns
}

#[cfg(test)]
mod tests {
    use goodfit_nn::Matrix;
    use goodfit_nn::kernels::Csr;

    use super::*;

    #[test]
    fn edges_are_quantiles_that_differ() {
        // numpy.quantile(x, [0, 0.25, 0.5, 0.75, 1]) of the same numbers.
        assert_eq!(edges(&[1.0, 2.0, 4.0, 8.0], 4), [1.0, 1.75, 3.0, 5.0, 8.0]);
        assert_eq!(edges(&[0.0, 0.0, 0.0, 0.0, 1.0], 4), [0.0, 1.0, 1.0, 1.0, 1.0]);
        assert_eq!(edges(&[7.0, 7.0], 3), [7.0; 4]);
        assert_eq!(edges(&[], 2), [0.0; 3]);
    }

    #[test]
    fn columns_of_dense_and_of_sparse_rows() {
        let matrix = Matrix::from_rows(3, 3, vec![0.0, 5.0, 1.0, 2.0, 0.0, f32::INFINITY, 0.0, 6.0, 3.0]);
        let sparse = Inputs::Sparse(Csr::from_matrix(matrix.view()));
        for train in [Inputs::Dense(matrix), sparse] {
            assert_eq!(columns(&train, &[0, 2]), [vec![0.0, 2.0, 0.0], vec![1.0, 3.0]]);
        }
    }
}
