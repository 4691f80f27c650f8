//! Embeddings as their formulas have them: every number encoded by itself, every linear map a plain product.

use goodfit_nn::layers::{
    affine_backward, affine_forward, encode_periodic, encode_periodic_backward, encode_piecewise_linear,
};
use goodfit_nn::{Embedding, Float, LevelColumn, MatMut, MatRef, Matrix, NumericColumns, NumericEmbedding};

use super::Named;

/// The embedding of the F columns of numbers, one of them at a time.
struct Column<'a, T> {
    form: NumericEmbedding,
    parameters: &'a Named<T>,
    f: usize,
    n_columns: usize,
}

impl<T: Float> Column<'_, T> {
    fn of(&self, part: &str) -> &[T] {
        let all = &self.parameters[&format!("numeric_embedding.{part}")];
        let own = all.len() / self.n_columns;
        &all[self.f * own..(self.f + 1) * own]
    }

    fn phases(&self) -> Option<&[T]> {
        matches!(self.form, NumericEmbedding::PeriodicWithPhases { .. }).then(|| self.of("phases"))
    }

    /// N x K
    fn encoded(&self, x: &[T]) -> Matrix<T> {
        let mut encoded = Matrix::zeros(x.len(), self.form.encoded());
        for (row, &x) in encoded.data_mut().chunks_mut(self.form.encoded()).zip(x) {
            match self.form {
                NumericEmbedding::PiecewiseLinear { .. } => encode_piecewise_linear(row, x, self.of("edges")),
                _ => encode_periodic(row, x, self.of("frequencies"), self.phases()),
            }
        }
        encoded
    }

    fn weight(&self) -> MatRef<'_, T> {
        MatRef::new(self.of("weight"), self.form.encoded(), self.form.mapped())
    }

    /// N x S, before it is rectified.
    fn mapped(&self, encoded: &Matrix<T>) -> Matrix<T> {
        let mut y = Matrix::zeros(encoded.n_rows(), self.form.mapped());
        affine_forward(&mut y.view_mut(), encoded.view(), self.weight(), Some(self.of("bias")));
        y
    }
}

fn columns<'a, T>(
    numeric: &'a NumericColumns,
    parameters: &'a Named<T>,
) -> impl Iterator<Item = (usize, Column<'a, T>)> {
    let n_columns = numeric.inputs.len();
    let column = move |(f, &input)| (input, Column { form: numeric.form, parameters, f, n_columns });
    numeric.inputs.iter().enumerate().map(column)
}

fn level<T: Float>(column: &LevelColumn, x: T) -> Option<usize> {
    (0..column.levels).find(|&level| (level as f64..(level + 1) as f64).contains(&x.to_f64()))
}

pub(crate) fn forward<T: Float>(spec: &Embedding, parameters: &Named<T>, x: &Matrix<T>) -> Matrix<T> {
    let mut rows: Vec<Vec<T>> =
        x.rows().map(|row| spec.passed(x.n_columns()).map(|input| row[input]).collect()).collect();
    for (input, column) in spec.numeric.iter().flat_map(|numeric| columns(numeric, parameters)) {
        let numbers: Vec<T> = x.rows().map(|row| row[input]).collect();
        let mapped = column.mapped(&column.encoded(&numbers));
        for ((row, &x), mapped) in rows.iter_mut().zip(&numbers).zip(mapped.rows()) {
            match column.form {
                NumericEmbedding::PeriodicWithPhases { .. } => {
                    row.push(x);
                    row.extend(mapped);
                }
                _ => row.extend(mapped.iter().map(|&y| if y > T::ZERO { y } else { T::ZERO })),
            }
        }
    }
    for (i, column) in spec.levels.iter().enumerate() {
        let weights = &parameters[&format!("level_embedding{}.weight", i + 1)];
        for (row, x) in rows.iter_mut().zip(x.rows()) {
            match level(column, x[column.input]) {
                Some(level) => row.extend(&weights[level * column.size..(level + 1) * column.size]),
                None => row.extend(vec![T::ZERO; column.size]),
            }
        }
    }
    Matrix::from_rows(x.n_rows(), spec.outputs(x.n_columns()), rows.concat())
}

/// The gradients by the parameters, from that by the outputs.
pub(crate) fn backward<T: Float>(spec: &Embedding, parameters: &Named<T>, x: &Matrix<T>, d: &Matrix<T>) -> Named<T> {
    let mut gradients = Named::new();
    let mut first = spec.passed(x.n_columns()).count();
    for (input, column) in spec.numeric.iter().flat_map(|numeric| columns(numeric, parameters)) {
        let (form, n) = (column.form, x.n_rows());
        let (k, s) = (form.encoded(), form.mapped());
        let numbers: Vec<T> = x.rows().map(|row| row[input]).collect();
        let encoded = column.encoded(&numbers);
        let mapped = column.mapped(&encoded);
        first += form.passed();
        let own = d.rows().flat_map(|row| row[first..first + s].to_vec());
        let is_on = |y: &T| !form.is_rectified() || *y > T::ZERO;
        let own = own.zip(mapped.data()).map(|(d, y)| if is_on(y) { d } else { T::ZERO });
        let own = Matrix::from_rows(n, s, own.collect());
        first += s;
        let (mut dx, mut dw, mut db) = (Matrix::zeros(n, k), vec![T::ZERO; k * s], vec![T::ZERO; s]);
        let mut dw_view = MatMut::new(&mut dw, k, s);
        let views = (own.view(), encoded.view(), column.weight());
        affine_backward(&mut dx.view_mut(), &mut dw_view, Some(&mut db), views.0, views.1, views.2);
        let mut add = |part: &str, values: Vec<T>| {
            gradients.entry(format!("numeric_embedding.{part}")).or_insert_with(Vec::new).extend(values);
        };
        add("weight", dw);
        add("bias", db);
        if !matches!(form, NumericEmbedding::PiecewiseLinear { .. }) {
            let waves = (column.of("frequencies"), column.phases());
            let mut dfrequencies = vec![T::ZERO; waves.0.len()];
            let mut dphases = vec![T::ZERO; waves.1.map_or(0, <[T]>::len)];
            for ((&x, encoded), dx) in numbers.iter().zip(encoded.rows()).zip(dx.rows()) {
                encode_periodic_backward(&mut dfrequencies, &mut dphases, dx, x, encoded, waves);
            }
            add("frequencies", dfrequencies);
            if waves.1.is_some() {
                add("phases", dphases);
            }
        }
    }
    for (i, column) in spec.levels.iter().enumerate() {
        let mut dw = vec![T::ZERO; column.levels * column.size];
        for (x, d) in x.rows().zip(d.rows()) {
            if let Some(level) = level(column, x[column.input]) {
                for j in 0..column.size {
                    dw[level * column.size + j] += d[first + j];
                }
            }
        }
        first += column.size;
        gradients.insert(format!("level_embedding{}.weight", i + 1), dw);
    }
    gradients
}
