//! Optimisers.

/// How a parameter moves, given its gradient.
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
    /// Before the correction of the bias: `lr sqrt(1 - b2^t) / (1 - b1^t) * m / (sqrt(v) + eps)`.
    BeforeCorrection,
    /// After it (`PyTorch`): `lr * m^ / (sqrt(v^) + eps)`.
    #[default]
    AfterCorrection,
}

/// Which form of Nesterov's update.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum NesterovForm {
    /// The textbook's.
    Textbook,
    /// `PyTorch`'s.
    #[default]
    Field,
}

/// Weight decay, of weights only: biases, scales and shifts do not decay.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum WeightDecay {
    /// None.
    #[default]
    None,
    /// Adds `lambda / 2 * sum w^2` to the objective: `lambda * w` to the gradient.
    L2(f64),
    /// Adds `lambda * sum |w|` to the objective: `lambda * sign(w)` to the gradient, sign(0) = 0.
    L1(f64),
    /// `w -= lr * lambda * w` beside the update, which the optimiser does not see.
    Decoupled(f64),
}
