//! Ensembles that share weights. N rows (samples), M members, I inputs, O outputs of a layer, K outputs of the network.
//! Rows stand member by member: row `m N + n` is row n as member m sees it.

use crate::error::require;
use crate::{Error, Float, MatMut, MatRef};

/// An ensemble of networks that share weights, trained together on the same batches: it stands in front of the layers that all
/// of them have.
///
/// Behind it, member m has, in each affine layer but the last, scales and biases of its own around the shared weights,
///
/// `y = ((x r_m) W) s_m + b_m`,
///
/// products by r and s taken unit by unit, and in the last one weights of its own, `y = x W_m + b_m`. The loss of training is the
/// mean of the members' losses; in evaluation the ensemble puts out what [`Average`] makes of their outputs.
///
/// In the first layer r is drawn as +1 or -1, so that members start apart; all other scales start at 1, and the members' biases
/// are equal at the start. Scales do not decay. Embeddings in front of it are those of all members, and r of the first layer is
/// then drawn from N(0, 1), once for all values that an input is embedded by.
///
/// Sources: Y. Wen, D. Tran, J. Ba: `BatchEnsemble`, ICLR 2020; Y. Gorishniy, A. Kotelnikov, A. Babenko: `TabM`, ICLR 2025.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ensemble {
    /// Number of members M.
    pub members: usize,
    /// What is averaged in evaluation.
    pub average: Average,
}

/// What an ensemble puts out in evaluation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Average {
    /// The logarithm of the mean of the members' probabilities, so that softmax and cross-entropy of it are those of that mean.
    Probabilities,
    /// The mean of the members' outputs.
    Values,
}

impl Ensemble {
    pub(crate) fn check(self) -> Result<(), Error> {
        require(self.members > 0, "members of an ensemble", 0.0, "at least 1")
    }
}

impl Average {
    /// Combines the members' outputs z into those of the ensemble:
    ///
    /// - values: `dst_k = 1/M sum_m z_mk`
    /// - probabilities: `dst_k = ln(1/M sum_m softmax(z_m)_k)`, as `max_m t_mk + ln sum_m exp(t_mk - max) - ln M` with
    ///   `t_mk = z_mk - ln sum_j exp(z_mj)`, so that no small probability becomes 0.
    ///
    /// # Shapes
    /// `dst`: N x K with K = `n_outputs`. `outputs`: M N x K, member by member; overwritten.
    ///
    /// # Panics
    /// When the lengths do not fit.
    ///
    /// ```
    /// use goodfit_nn::layers::Average;
    /// // One row of two members, sure of different classes, with probabilities 0.75 and 0.25.
    /// let (sure, unsure) = (f64::ln(0.75), f64::ln(0.25));
    /// let mut mean = [0.0; 2];
    /// Average::Probabilities.combine(&mut mean, &mut [sure, unsure, unsure, sure], 2);
    /// assert!(mean.iter().all(|y: &f64| (y - f64::ln(0.5)).abs() < 1e-15));
    /// Average::Values.combine(&mut mean, &mut [1.0, 2.0, 3.0, 6.0], 2);
    /// assert_eq!(mean, [2.0, 4.0]);
    /// ```
    #[inline(always)]
    pub fn combine<T: Float>(self, dst: &mut [T], outputs: &mut [T], n_outputs: usize) {
        assert!(!dst.is_empty() && outputs.len().is_multiple_of(dst.len()), "outputs of an ensemble");
        let members = T::from_f64((outputs.len() / dst.len()) as f64);
        match self {
            Self::Values => {
                dst.fill(T::ZERO);
                for own in outputs.chunks_exact(dst.len()) {
                    dst.iter_mut().zip(own).for_each(|(dst, &y)| *dst += y);
                }
                for dst in dst {
                    *dst = *dst / members;
                }
            }
            Self::Probabilities => {
                for row in outputs.chunks_exact_mut(n_outputs) {
                    let most = row.iter().copied().fold(row[0], larger);
                    let sum: T = row.iter().map(|&z| (z - most).exp()).sum();
                    let shift = most + sum.ln();
                    for z in row {
                        *z -= shift;
                    }
                }
                let n = dst.len();
                for (i, dst) in dst.iter_mut().enumerate() {
                    let own = || outputs[i..].iter().step_by(n).copied();
                    let most = own().fold(outputs[i], larger);
                    let sum: T = own().map(|t| (t - most).exp()).sum();
                    *dst = most + (sum / members).ln();
                }
            }
        }
    }
}

/// The larger one; what is no number stays, since everything it meets becomes none either.
#[inline(always)]
fn larger<T: Float>(a: T, b: T) -> T {
    if b > a { b } else { a }
}

/// What the affine layers of members have in common and what each has of its own.
///
/// # Shapes
/// `scale_in`: M x I. `weights`: I x O. `scale_out`, `bias`: M x O.
#[derive(Clone, Copy, Debug)]
pub struct SharedAffine<'a, T> {
    /// r, which multiplies the inputs.
    pub scale_in: &'a [T],
    /// W
    pub weights: MatRef<'a, T>,
    /// s, which multiplies the outputs.
    pub scale_out: &'a [T],
    /// b
    pub bias: Option<&'a [T]>,
}

/// The gradients of a [`SharedAffine`], of the same shapes.
#[derive(Debug)]
pub struct SharedAffineGradient<'a, T> {
    /// By r.
    pub scale_in: &'a mut [T],
    /// By W.
    pub weights: MatMut<'a, T>,
    /// By s.
    pub scale_out: &'a mut [T],
    /// By b.
    pub bias: Option<&'a mut [T]>,
}

impl<T: Float> SharedAffine<'_, T> {
    fn members(&self) -> usize {
        self.scale_in.len() / self.weights.n_rows()
    }

    fn product(&self, x: &[T], m: usize, o: usize) -> T {
        let scales = &self.scale_in[m * x.len()..];
        x.iter().zip(scales).enumerate().map(|(i, (&x, &r))| x * r * self.weights.at(i, o)).sum()
    }

    /// `y = ((x r_m) W) s_m + b_m`: the plain loops, which the products of a network are tested against.
    ///
    /// # Shapes
    /// `y`: M N x O. `x`: M N x I.
    ///
    /// # Panics
    /// When the shapes do not fit.
    ///
    /// ```
    /// use goodfit_nn::Matrix;
    /// use goodfit_nn::layers::SharedAffine;
    /// let w = Matrix::from_rows(2, 1, vec![1.0, 10.0]);
    /// let layer = SharedAffine {
    ///     scale_in: &[1.0, 1.0, -1.0, 1.0],
    ///     weights: w.view(),
    ///     scale_out: &[1.0, 2.0],
    ///     bias: Some(&[0.0, 0.5]),
    /// };
    /// // The same row for both members.
    /// let x = Matrix::from_rows(2, 2, vec![3.0, 4.0, 3.0, 4.0]);
    /// let mut y = Matrix::zeros(2, 1);
    /// layer.forward(&mut y.view_mut(), x.view());
    /// assert_eq!(y.data(), [43.0, 74.5]);
    /// ```
    pub fn forward(&self, y: &mut MatMut<'_, T>, x: MatRef<'_, T>) {
        let (n, units) = (x.n_rows() / self.members(), self.weights.n_columns());
        assert_eq!((y.n_rows(), y.n_columns()), (n * self.members(), units), "outputs of a shared affine map");
        for row in 0..x.n_rows() {
            let m = row / n;
            for o in 0..units {
                let bias = self.bias.map_or(T::ZERO, |bias| bias[m * units + o]);
                y.row_mut(row)[o] = self.product(x.row(row), m, o) * self.scale_out[m * units + o] + bias;
            }
        }
    }

    /// From the gradient by y, with `z = dy s`: `ds = sum dy (x r) W` and `db = sum dy` over a member's rows, `dw = (x r)' z`
    /// over all rows, `dr = sum x (z W')` over a member's rows, `dx = (z W') r`.
    ///
    /// # Shapes
    /// `dx`, `x`: M N x I. `dy`: M N x O.
    ///
    /// # Panics
    /// When the shapes do not fit.
    pub fn backward(
        &self,
        dx: &mut MatMut<'_, T>,
        d: &mut SharedAffineGradient<'_, T>,
        dy: MatRef<'_, T>,
        x: MatRef<'_, T>,
    ) {
        let (inputs, units) = (self.weights.n_rows(), self.weights.n_columns());
        let n = x.n_rows() / self.members();
        d.scale_in.fill(T::ZERO);
        d.scale_out.fill(T::ZERO);
        (0..inputs).for_each(|i| d.weights.row_mut(i).fill(T::ZERO));
        if let Some(bias) = &mut d.bias {
            bias.fill(T::ZERO);
        }
        for row in 0..x.n_rows() {
            let m = row / n;
            dx.row_mut(row).fill(T::ZERO);
            for (o, &dy) in dy.row(row).iter().enumerate() {
                d.scale_out[m * units + o] += dy * self.product(x.row(row), m, o);
                if let Some(bias) = &mut d.bias {
                    bias[m * units + o] += dy;
                }
                let z = dy * self.scale_out[m * units + o];
                for (i, &x) in x.row(row).iter().enumerate() {
                    let (r, w) = (self.scale_in[m * inputs + i], self.weights.at(i, o));
                    d.weights.row_mut(i)[o] += x * r * z;
                    d.scale_in[m * inputs + i] += x * z * w;
                    dx.row_mut(row)[i] += z * w * r;
                }
            }
        }
    }
}
