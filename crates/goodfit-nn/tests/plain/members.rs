//! What the members of an ensemble do to a chain: rows one member behind the other, weights that are shared or their own.

use goodfit_nn::layers::{SharedAffine, SharedAffineGradient, affine_backward, affine_forward};
use goodfit_nn::{Average, Ensemble, Float, LayerSpec, Matrix};

use super::{Chain, Named};

impl<T: Float> Chain<T> {
    pub(super) fn ensemble(&self) -> Option<Ensemble> {
        self.spec.layers.iter().find_map(|layer| match layer {
            LayerSpec::Ensemble(ensemble) => Some(*ensemble),
            _ => None,
        })
    }

    /// The rows as each member sees them, one member behind the other.
    pub(super) fn for_members(&self, x: &Matrix<T>) -> Matrix<T> {
        let members = self.ensemble().map_or(1, |ensemble| ensemble.members);
        Matrix::from_rows(members * x.n_rows(), x.n_columns(), x.data().repeat(members))
    }

    /// Whether the members of an ensemble share the weights of an affine layer: of all but the last.
    pub(super) fn shares(&self, number: usize) -> bool {
        let n_affine = self.spec.layers.iter().filter(|layer| matches!(layer, LayerSpec::Affine(_))).count();
        self.ensemble().is_some() && number < n_affine
    }

    /// An affine layer whose weights are shared.
    pub(super) fn shared<'a>(&'a self, number: usize, weights: &'a Matrix<T>) -> SharedAffine<'a, T> {
        let of = |part: &str| self.parameters.get(&format!("affine{number}.{part}")).map(Vec::as_slice);
        let (scale_in, scale_out) = (of("scale_in").unwrap(), of("scale_out").unwrap());
        SharedAffine { scale_in, weights: weights.view(), scale_out, bias: of("bias") }
    }

    /// The forward pass of an affine layer, whatever the members have of it.
    pub(super) fn affine(&self, number: usize, x: &Matrix<T>, units: usize) -> Matrix<T> {
        let mut y = Matrix::zeros(x.n_rows(), units);
        let inputs = x.n_columns();
        if self.shares(number) {
            let weights = self.weights(number, inputs, units);
            self.shared(number, &weights).forward(&mut y.view_mut(), x.view());
            return y;
        }
        let members = self.ensemble().map_or(1, |ensemble| ensemble.members);
        let (rows, x) = (x.n_rows() / members, self.scaled(number, x));
        let bias = self.parameters.get(&format!("affine{number}.bias"));
        for m in 0..members {
            let own = Matrix::from_rows(rows, inputs, x.data()[m * rows * inputs..][..rows * inputs].to_vec());
            let mut out = Matrix::zeros(rows, units);
            let bias = bias.map(|bias| &bias[m * units..][..units]);
            affine_forward(&mut out.view_mut(), own.view(), self.own_weights(number, m, inputs, units).view(), bias);
            y.data_mut()[m * rows * units..][..rows * units].copy_from_slice(out.data());
        }
        y
    }

    pub(super) fn own_weights(&self, number: usize, m: usize, inputs: usize, units: usize) -> Matrix<T> {
        let all = &self.parameters[&format!("affine{number}.weight")];
        Matrix::from_rows(inputs, units, all[m * inputs * units..][..inputs * units].to_vec())
    }

    /// The gradient by the inputs of an affine layer of an ensemble; those by its parameters go to `gradients`.
    pub(super) fn member_backward(
        &self,
        number: usize,
        d: &Matrix<T>,
        x: &Matrix<T>,
        gradients: &mut Named<T>,
    ) -> Matrix<T> {
        let (inputs, units) = (x.n_columns(), d.n_columns());
        let zeros = |part: &str| self.parameters.get(&format!("affine{number}.{part}")).map(|v| vec![T::ZERO; v.len()]);
        let mut dx = Matrix::zeros(x.n_rows(), inputs);
        let mut db = zeros("bias");
        let mut dw = zeros("weight").unwrap();
        if self.shares(number) {
            let (mut dr, mut ds) = (zeros("scale_in").unwrap(), zeros("scale_out").unwrap());
            let weights = self.weights(number, inputs, units);
            let mut dw_matrix = Matrix::zeros(inputs, units);
            let mut own = SharedAffineGradient {
                scale_in: &mut dr,
                weights: dw_matrix.view_mut(),
                scale_out: &mut ds,
                bias: db.as_deref_mut(),
            };
            self.shared(number, &weights).backward(&mut dx.view_mut(), &mut own, d.view(), x.view());
            dw.copy_from_slice(dw_matrix.data());
            gradients.insert(format!("affine{number}.scale_in"), dr);
            gradients.insert(format!("affine{number}.scale_out"), ds);
        } else {
            let members = self.ensemble().unwrap().members;
            let rows = x.n_rows() / members;
            let part = |all: &Matrix<T>, m: usize, width: usize| {
                Matrix::from_rows(rows, width, all.data()[m * rows * width..][..rows * width].to_vec())
            };
            for m in 0..members {
                let (mut own_dx, mut own_dw) = (Matrix::zeros(rows, inputs), Matrix::zeros(inputs, units));
                let own_db = db.as_mut().map(|db| &mut db[m * units..][..units]);
                let (x, d, w) = (part(x, m, inputs), part(d, m, units), self.own_weights(number, m, inputs, units));
                let (mut dx_view, mut dw_view) = (own_dx.view_mut(), own_dw.view_mut());
                affine_backward(&mut dx_view, &mut dw_view, own_db, d.view(), x.view(), w.view());
                dx.data_mut()[m * rows * inputs..][..rows * inputs].copy_from_slice(own_dx.data());
                dw[m * inputs * units..][..inputs * units].copy_from_slice(own_dw.data());
            }
        }
        gradients.insert(format!("affine{number}.weight"), dw);
        gradients.extend(db.map(|db| (format!("affine{number}.bias"), db)));
        dx
    }
}

/// What an ensemble puts out: the mean of values, or the logarithm of the mean of probabilities, added up two by two as
/// `ln(e^a + e^b) = max(a, b) + ln(1 + e^-|a - b|)`, since probabilities may be too small for a number.
pub(super) fn averaged<T: Float>(ensemble: Ensemble, outputs: &Matrix<T>, n: usize) -> Matrix<T> {
    let log_add =
        |a: T, b: T| if a > b { a + (T::ONE + (b - a).exp()).ln() } else { b + (T::ONE + (a - b).exp()).ln() };
    let members = T::from_f64(ensemble.members as f64);
    let mut own = outputs.clone();
    if ensemble.average == Average::Probabilities {
        for row in own.data_mut().chunks_mut(outputs.n_columns()) {
            let sum = row.iter().copied().reduce(log_add).expect("outputs");
            for z in row {
                *z -= sum;
            }
        }
    }
    let length = n * outputs.n_columns();
    let combined = (0..length).map(|i| {
        let mut all = own.data()[i..].iter().step_by(length).copied();
        match ensemble.average {
            Average::Values => all.sum::<T>() / members,
            Average::Probabilities => all.by_ref().reduce(log_add).expect("members") - members.ln(),
        }
    });
    Matrix::from_rows(n, outputs.n_columns(), combined.collect())
}
