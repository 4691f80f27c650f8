//! The affine map. N rows (samples), I inputs, O outputs.

use crate::error::require;
use crate::{Error, Float, Init, MatMut, MatRef};

/// An affine layer `y = x W + b`, or `y = (x s) W + b` with a learned scale s for each input.
///
/// The scale is that in front of the networks of Holzmueller et al., "Better by default" (2024).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Affine {
    /// Number of units.
    pub outputs: usize,
    /// How the weights are drawn.
    pub init: Init,
    /// Whether there is a bias.
    pub bias: bool,
    /// Standard deviation of the initial biases, which are drawn from a normal distribution; 0 is 0 for all.
    pub bias_std: f64,
    /// Whether each input is multiplied by a learned scale, which starts at 1.
    pub input_scale: bool,
    /// Upper bound of the norm of each unit's incoming weights, kept after every update.
    pub max_norm: Option<f64>,
    /// What multiplies learning rate and decay of the parameters.
    pub group: Group,
}

impl Affine {
    /// An affine layer with a bias from 0, without scales and a bound on its norm, in the default group.
    pub fn new(outputs: usize, init: Init) -> Self {
        Self { outputs, init, bias: true, bias_std: 0.0, input_scale: false, max_norm: None, group: Group::default() }
    }

    pub(crate) fn check(&self) -> Result<(), Error> {
        require(self.outputs > 0, "units of an affine layer", 0.0, "at least 1")?;
        if let Some(bound) = self.max_norm {
            require(bound > 0.0, "max norm of an affine layer", bound, "a number > 0")?;
        }
        let std = self.bias_std;
        let fits = std.is_finite() && std >= 0.0;
        require(fits, "standard deviation of the initial biases", std, "a finite number >= 0")?;
        self.init.check()?;
        self.group.check()
    }
}

/// What multiplies the learning rate and the decay of a layer's parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group {
    /// Multiplies the learning rate of weights.
    pub learning_rate: f64,
    /// Multiplies the learning rate of biases.
    pub bias_learning_rate: f64,
    /// Multiplies the learning rate of the scales of inputs.
    pub scale_learning_rate: f64,
    /// Multiplies the decay of weights.
    pub decay: f64,
}

impl Default for Group {
    fn default() -> Self {
        Self { learning_rate: 1.0, bias_learning_rate: 1.0, scale_learning_rate: 1.0, decay: 1.0 }
    }
}

impl Group {
    pub(crate) fn check(&self) -> Result<(), Error> {
        let factor = |operation, x: f64| require(x.is_finite() && x >= 0.0, operation, x, "a finite number >= 0");
        factor("factor of the learning rate of weights", self.learning_rate)?;
        factor("factor of the learning rate of biases", self.bias_learning_rate)?;
        factor("factor of the learning rate of the scales of inputs", self.scale_learning_rate)?;
        factor("factor of the weight decay", self.decay)
    }
}

/// `y = x w + b`: the plain loops, which the matrix products of a network are tested against.
///
/// # Shapes
/// `y`: N x O. `x`: N x I. `w`: I x O. `b`: O.
///
/// # Panics
/// When the shapes do not fit.
///
/// ```
/// use goodfit_nn::Matrix;
/// use goodfit_nn::layers::affine_forward;
/// let x = Matrix::from_rows(1, 2, vec![1.0, 2.0]);
/// let w = Matrix::from_rows(2, 3, vec![1.0, 0.0, -1.0, 0.0, 1.0, 1.0]);
/// let mut y = Matrix::zeros(1, 3);
/// affine_forward(&mut y.view_mut(), x.view(), w.view(), Some(&[0.5, 0.5, 0.5]));
/// assert_eq!(y.data(), [1.5, 2.5, 1.5]);
/// ```
pub fn affine_forward<T: Float>(y: &mut MatMut<'_, T>, x: MatRef<'_, T>, w: MatRef<'_, T>, b: Option<&[T]>) {
    check_shapes(y.n_rows(), y.n_columns(), x, w);
    for n in 0..x.n_rows() {
        let y = y.row_mut(n);
        match b {
            Some(b) => y.copy_from_slice(b),
            None => y.fill(T::ZERO),
        }
        for (i, &x) in x.row(n).iter().enumerate() {
            add_scaled(y, x, w.row(i));
        }
    }
}

/// From the gradient by y, those by x, w and b: `dx = dy w'`, `dw = x' dy`, `db` = the sum of dy's
/// rows (w' and x' transposed).
///
/// # Shapes
/// `dx`: N x I. `dw`: I x O. `db`: O. `dy`: N x O. `x`: N x I. `w`: I x O.
///
/// # Panics
/// When the shapes do not fit.
pub fn affine_backward<T: Float>(
    dx: &mut MatMut<'_, T>,
    dw: &mut MatMut<'_, T>,
    db: Option<&mut [T]>,
    dy: MatRef<'_, T>,
    x: MatRef<'_, T>,
    w: MatRef<'_, T>,
) {
    check_shapes(dy.n_rows(), dy.n_columns(), x, w);
    for i in 0..x.n_columns() {
        dw.row_mut(i).fill(T::ZERO);
        for n in 0..x.n_rows() {
            add_scaled(dw.row_mut(i), x.at(n, i), dy.row(n));
            dx.row_mut(n)[i] = w.row(i).iter().zip(dy.row(n)).map(|(&w, &dy)| w * dy).sum();
        }
    }
    if let Some(db) = db {
        db.fill(T::ZERO);
        for n in 0..dy.n_rows() {
            add_scaled(db, T::ONE, dy.row(n));
        }
    }
}

fn check_shapes<T: Float>(n_rows: usize, n_outputs: usize, x: MatRef<'_, T>, w: MatRef<'_, T>) {
    assert_eq!(x.n_rows(), n_rows, "rows of an affine map");
    assert_eq!(x.n_columns(), w.n_rows(), "inputs of an affine map");
    assert_eq!(w.n_columns(), n_outputs, "outputs of an affine map");
}

fn add_scaled<T: Float>(sum: &mut [T], factor: T, terms: &[T]) {
    for (sum, &term) in sum.iter_mut().zip(terms) {
        *sum += factor * term;
    }
}
