//! Optimisers: how parameters move, given their gradient.
//!
//! Shape letter: P, the parameters of one update (a weight matrix, a bias vector, or any part of
//! them: every parameter moves by itself).

#![allow(clippy::inline_always, reason = "the loops are compiled into the kernels' dispatch by instruction set")]

mod adagrad;
mod adam;
mod decay;
mod momentum;
mod nesterov;
mod rmsprop;
mod sgd;

pub use decay::WeightDecay;

use crate::error::require;
use crate::{Convention, Error, Float};

/// How a parameter w moves, given its gradient g; lr is the learning rate, t the step from 1.
///
/// | optimiser | state from 0 | update |
/// |---|---|---|
/// | sgd | | w -= lr g |
/// | momentum | v = mu v + g | w -= lr v |
/// | nesterov | v = mu v + g | w -= lr (g + mu v) |
/// | adagrad | h += g^2 | w -= lr g / (sqrt(h) + eps) |
/// | rmsprop | h = rho h + (1 - rho) g^2 | w -= lr g / (sqrt(h) + eps) |
/// | adam | m = b1 m + (1 - b1) g, v = b2 v + (1 - b2) g^2 | w -= lr m^ / (sqrt(v^) + eps), m^ = m / (1 - b1^t), v^ = v / (1 - b2^t) |
///
/// [`NesterovForm`] and [`AdamForm`] tell in what the textbook differs. Each file of this folder
/// gives the source of its formula.
///
/// In single precision v and m are 0 where they would be smaller than 2^-100, squares of gradients below 2^-50 count as 0,
/// and averages of squares (h, and v of adam) are at least 2^-110: numbers that are no longer normal cost some processors
/// dozens of times as much. With a usual epsilon no weight can tell.
///
/// ```
/// use goodfit_nn::{Optimizer, UpdateStep, WeightDecay};
/// let step = UpdateStep { learning_rate: 0.1, decay: WeightDecay::None, gradient_scale: 1.0, step: 1 };
/// let (mut w, gradient) = ([1.0], [2.0]);
/// Optimizer::Sgd.update(&mut w, &mut [], &gradient, &step);
/// assert_eq!(w, [0.8]);
///
/// // Adam's first step has the length lr, whatever the gradient.
/// let adam = Optimizer::adam(goodfit_nn::Convention::Field);
/// let (mut w, mut state) = ([1.0], [0.0; 2]);
/// adam.update(&mut w, &mut state, &gradient, &step);
/// assert!((w[0] - 0.9_f64).abs() < 1e-8);
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Optimizer {
    /// `w -= lr * g`
    Sgd,
    /// Momentum.
    Momentum {
        /// Share of the velocity that is kept; 0.9 is usual.
        momentum: f64,
    },
    /// Nesterov's accelerated gradient.
    Nesterov {
        /// Share of the velocity that is kept; 0.9 is usual.
        momentum: f64,
        /// Which form of the update.
        form: NesterovForm,
    },
    /// `AdaGrad`.
    Adagrad {
        /// Added to the root of the accumulated squares.
        epsilon: f64,
    },
    /// `RMSprop`.
    Rmsprop {
        /// Share of the accumulated squares that is kept.
        decay: f64,
        /// Added to the root of the accumulated squares.
        epsilon: f64,
    },
    /// Adam; with decoupled weight decay it is `AdamW`.
    Adam {
        /// Share of the first moment that is kept.
        beta1: f64,
        /// Share of the second moment that is kept.
        beta2: f64,
        /// Added to the root of the second moment.
        epsilon: f64,
        /// Where epsilon is added.
        form: AdamForm,
    },
}

/// Where Adam adds its epsilon.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AdamForm {
    /// Before the correction of the bias (textbook, and the end of section 2 of the paper):
    /// `lr sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)`.
    BeforeCorrection,
    /// After it (`PyTorch`, and algorithm 1 of the paper): `lr * m^ / (sqrt(v^) + eps)`.
    #[default]
    AfterCorrection,
}

/// Which form of Nesterov's update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NesterovForm {
    /// As the textbook's program has it: `w -= lr ((1 + mu) g + mu^2 v)` with the velocity after its
    /// update, where the paper has the one before it.
    Textbook,
    /// The paper's, which is `PyTorch`'s: `w -= lr (g + mu v)` with the velocity after its update.
    #[default]
    Field,
}

/// What an update needs to know besides the gradient.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct UpdateStep {
    /// Learning rate of this step, schedule included.
    pub learning_rate: f64,
    /// Weight decay of these parameters.
    pub decay: WeightDecay,
    /// What the gradient is multiplied by before anything else (from clipping); 1 = nothing.
    pub gradient_scale: f64,
    /// Number of this step, from 1.
    pub step: u64,
}

impl Optimizer {
    /// Momentum with the usual constant 0.9, the textbook's too.
    pub const MOMENTUM: Self = Self::Momentum { momentum: 0.9 };

    /// Nesterov's gradient with momentum 0.9, in the form of a convention.
    pub fn nesterov(convention: Convention) -> Self {
        let form = match convention {
            Convention::Textbook => NesterovForm::Textbook,
            Convention::Field => NesterovForm::Field,
        };
        Self::Nesterov { momentum: 0.9, form }
    }

    /// `AdaGrad` with epsilon 1e-7 (textbook) or 1e-10 (field).
    pub fn adagrad(convention: Convention) -> Self {
        let epsilon = match convention {
            Convention::Textbook => 1e-7,
            Convention::Field => 1e-10,
        };
        Self::Adagrad { epsilon }
    }

    /// `RMSprop` with decay 0.99 and epsilon 1e-7 (textbook) or 1e-8 (field).
    pub fn rmsprop(convention: Convention) -> Self {
        let epsilon = match convention {
            Convention::Textbook => 1e-7,
            Convention::Field => 1e-8,
        };
        Self::Rmsprop { decay: 0.99, epsilon }
    }

    /// Adam with betas 0.9 and 0.999, and epsilon 1e-7 before the correction (textbook) or 1e-8 after
    /// it (field).
    pub fn adam(convention: Convention) -> Self {
        let (epsilon, form) = match convention {
            Convention::Textbook => (1e-7, AdamForm::BeforeCorrection),
            Convention::Field => (1e-8, AdamForm::AfterCorrection),
        };
        Self::Adam { beta1: 0.9, beta2: 0.999, epsilon, form }
    }

    /// Values of state per parameter; all start at 0.
    pub fn n_state(self) -> usize {
        match self {
            Self::Sgd => 0,
            Self::Momentum { .. } | Self::Nesterov { .. } | Self::Adagrad { .. } | Self::Rmsprop { .. } => 1,
            Self::Adam { .. } => 2,
        }
    }

    /// Moves parameters by one step.
    ///
    /// The gradient is first multiplied by the step's `gradient_scale`, then weight decay is added
    /// to it (see [`WeightDecay`]), then the optimiser sees it.
    ///
    /// # Shapes
    /// `values`, `gradient`: P. `state`: [`Optimizer::n_state`] x P, one buffer after the other.
    ///
    /// # Panics
    /// When the lengths do not fit.
    #[inline(always)]
    pub fn update<T: Float>(self, values: &mut [T], state: &mut [T], gradient: &[T], step: &UpdateStep) {
        assert_eq!(values.len(), gradient.len(), "gradient of an update");
        assert_eq!(state.len(), self.n_state() * values.len(), "state of an update");
        match self {
            Self::Sgd => sgd::update(values, gradient, step),
            Self::Momentum { momentum } => momentum::update(values, state, gradient, step, momentum),
            Self::Nesterov { momentum, form } => nesterov::update(values, state, gradient, step, momentum, form),
            Self::Adagrad { epsilon } => adagrad::update(values, state, gradient, step, epsilon),
            Self::Rmsprop { decay, epsilon } => rmsprop::update(values, state, gradient, step, decay, epsilon),
            Self::Adam { beta1, beta2, epsilon, form } => {
                let constants = adam::Constants::new(step, beta1, beta2, epsilon, form);
                adam::update(values, state, gradient, step, &constants);
            }
        }
    }

    /// Whether the constants can be used.
    ///
    /// # Errors
    /// When a share is not in [0, 1) or an epsilon is negative or not finite.
    pub fn check(self) -> Result<(), Error> {
        let share = |operation, x: f64| require((0.0..1.0).contains(&x), operation, x, "a number >= 0 and < 1");
        let epsilon = |operation, x: f64| require(x.is_finite() && x >= 0.0, operation, x, "a finite number >= 0");
        match self {
            Self::Sgd => Ok(()),
            Self::Momentum { momentum } | Self::Nesterov { momentum, .. } => share("momentum", momentum),
            Self::Adagrad { epsilon: e } => epsilon("epsilon of adagrad", e),
            Self::Rmsprop { decay, epsilon: e } => {
                share("decay of rmsprop", decay)?;
                epsilon("epsilon of rmsprop", e)
            }
            Self::Adam { beta1, beta2, epsilon: e, .. } => {
                share("beta1 of adam", beta1)?;
                share("beta2 of adam", beta2)?;
                epsilon("epsilon of adam", e)
            }
        }
    }
}
