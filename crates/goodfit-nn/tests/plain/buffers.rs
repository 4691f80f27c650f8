//! Buffers to compute with, and how far two sets of them are apart.

use goodfit_nn::{Float, Inputs, Kind, Matrix, Network, NetworkSpec, Purpose, Stream, Trainer};

use super::Named;

/// Normal draws.
pub(crate) fn draw<T: Float>(n: usize, seed: u64) -> Vec<T> {
    let mut stream = Stream::new(seed, Purpose::Data, 0);
    (0..n).map(|_| T::from_f64(stream.normal())).collect()
}

/// Class indices below `n_classes`.
pub(crate) fn draw_classes(n: usize, n_classes: usize, seed: u64) -> Vec<u32> {
    let mut stream = Stream::new(seed, Purpose::Data, 1);
    (0..n).map(|_| stream.below(n_classes) as u32).collect()
}

/// Rows of which a share is zero.
pub(crate) fn draw_sparse<T: Float>(n: usize, columns: usize, zeros: f64, seed: u64) -> Matrix<T> {
    let mut stream = Stream::new(seed, Purpose::Data, 2);
    let data = (0..n * columns).map(|_| {
        let value = stream.normal();
        if stream.uniform() < zeros { T::ZERO } else { T::from_f64(value) }
    });
    Matrix::from_rows(n, columns, data.collect())
}

/// The same rows without their zeros, whatever their share.
pub(crate) fn sparse<T: Float>(matrix: &Matrix<T>) -> Inputs<T> {
    Inputs::Sparse(goodfit_nn::kernels::Csr::from_matrix(matrix.view()))
}

/// A network none of whose parameters has a value of its own: also biases, shifts and running means
/// differ from 0, scales and running variances from 1.
pub(crate) fn shaken<T: Float>(spec: &NetworkSpec, seed: u64) -> Network<T> {
    let mut network = Network::<T>::new(spec, seed).expect("a network");
    let mut stream = Stream::new(seed, Purpose::Data, 3);
    for parameter in network.parameters().to_vec() {
        let is_positive = parameter.kind == Kind::Scale || parameter.name.ends_with("variance");
        let mut values = network.values(&parameter).to_vec();
        for value in &mut values {
            let z = 0.3 * stream.normal();
            *value += T::from_f64(if is_positive { z.abs() } else { z });
        }
        if let (Kind::Fixed, [_, n_edges]) = (parameter.kind, parameter.shape.as_slice()) {
            // Edges ascend; the last ones of some columns are equal.
            for (i, edges) in values.chunks_mut(*n_edges).enumerate() {
                edges.sort_by(|a, b| a.partial_cmp(b).expect("numbers"));
                let last = edges[n_edges - 1];
                edges[n_edges - 1 - i % n_edges..].fill(last);
            }
        }
        network.set(&parameter.name, &values).expect("values of the same size");
    }
    network
}

/// The same numbers in double precision.
pub(crate) fn exact<T: Float>(named: &Named<T>) -> Named<f64> {
    named.iter().map(|(name, values)| (name.clone(), values.iter().map(|value| value.to_f64()).collect())).collect()
}

/// Copies of rows.
pub(crate) fn rows_of<T: Float>(matrix: &Matrix<T>, rows: &[u32]) -> Matrix<T> {
    let data = rows.iter().flat_map(|&row| matrix.row(row as usize)).copied().collect();
    Matrix::from_rows(rows.len(), matrix.n_columns(), data)
}

/// The items that belong to rows.
pub(crate) fn items_of<I: Copy>(items: &[I], rows: &[u32]) -> Vec<I> {
    rows.iter().map(|&row| items[row as usize]).collect()
}

/// The trained parameters' gradients in a trainer.
pub(crate) fn gradients<T: Float>(trainer: &Trainer<T>) -> Named<T> {
    let trained = trainer.parameters().iter().filter(|parameter| parameter.kind.is_trained());
    trained.map(|parameter| (parameter.name.clone(), trainer.gradient(parameter).to_vec())).collect()
}

/// All parameters of a trainer.
pub(crate) fn parameters<T: Float>(trainer: &Trainer<T>) -> Named<T> {
    trainer.parameters().iter().map(|p| (p.name.clone(), trainer.values(p).to_vec())).collect()
}

/// The largest difference over all buffers, relative to the largest value (and at least to 1e-3); an
/// error when names or lengths differ.
pub(crate) fn distance<T: Float>(got: &Named<T>, expected: &Named<T>) -> Result<f64, String> {
    let names = |named: &Named<T>| named.iter().map(|(name, v)| (name.clone(), v.len())).collect::<Vec<_>>();
    if names(got) != names(expected) {
        return Err(format!("{:?} instead of {:?}", names(got), names(expected)));
    }
    let largest = expected.values().flatten().fold(1e-3, |m: f64, x| m.max(x.to_f64().abs()));
    let mut worst = 0.0_f64;
    for (got, expected) in got.values().flatten().zip(expected.values().flatten()) {
        let (got, expected) = (got.to_f64(), expected.to_f64());
        let error = (got - expected).abs() / largest;
        if error.is_nan() && !(got.is_nan() && expected.is_nan()) && got.to_bits() != expected.to_bits() {
            return Err(format!("{got} instead of {expected}"));
        }
        worst = worst.max(error);
    }
    Ok(worst)
}
