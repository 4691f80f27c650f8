//! How a network is trained: the settings, and what they may be.

use crate::error::require;
use crate::layers::{Dropout, DropoutForm};
use crate::losses::Loss;
use crate::optimizers::{Optimizer, WeightDecay};
use crate::{Error, Schedule};

/// How a network is trained.
///
/// ```
/// use goodfit_nn::{Convention, Optimizer, Schedule, TrainingSpec, WeightDecay};
/// // AdamW with a warm-up over a tenth of its steps, then along a cosine down to 0.
/// let training = TrainingSpec {
///     optimizer: Optimizer::adam(Convention::Field),
///     learning_rate: 1e-3,
///     weight_decay: WeightDecay::Decoupled(0.01),
///     schedule: Schedule::Cosine { floor: 0.0 },
///     warmup_steps: 100,
///     n_steps: 1000,
///     ..Default::default()
/// };
/// assert!(training.check().is_ok());
/// assert!(TrainingSpec { learning_rate: -1.0, ..training }.check().is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TrainingSpec {
    /// What is minimised (with the penalty of the weight decay).
    pub loss: Loss,
    /// How parameters move.
    pub optimizer: Optimizer,
    /// The learning rate, before its schedule.
    pub learning_rate: f64,
    /// Drives the learning rate.
    pub schedule: Schedule,
    /// Steps over which the learning rate rises linearly at the start.
    pub warmup_steps: usize,
    /// Weight decay, before its schedule.
    pub weight_decay: WeightDecay,
    /// Drives the weight decay.
    pub decay_schedule: Schedule,
    /// Drives the dropout ratios of training; its factor may not exceed 1. Only for dropout in the
    /// inverted form: in the textbook's form evaluation would need to know the ratio of the weights'
    /// last step.
    pub dropout_schedule: Schedule,
    /// Upper bound of the Euclidean norm of the whole gradient, see [`clip_scale`](crate::clip_scale).
    pub clip_norm: Option<f64>,
    /// Number of steps the schedules are laid out for.
    pub n_steps: usize,
    /// Rows of the largest batch.
    pub max_batch: usize,
}

impl Default for TrainingSpec {
    /// Plain SGD at 0.01 on batches of up to 100 rows, softmax and cross-entropy.
    fn default() -> Self {
        Self {
            loss: Loss::CrossEntropy { label_smoothing: 0.0 },
            optimizer: Optimizer::Sgd,
            learning_rate: 0.01,
            schedule: Schedule::Constant,
            warmup_steps: 0,
            weight_decay: WeightDecay::None,
            decay_schedule: Schedule::Constant,
            dropout_schedule: Schedule::Constant,
            clip_norm: None,
            n_steps: 1,
            max_batch: 100,
        }
    }
}

impl TrainingSpec {
    /// Checks every setting.
    ///
    /// # Errors
    /// Names the setting that is out of range.
    pub fn check(&self) -> Result<(), Error> {
        let rate = self.learning_rate;
        require(rate > 0.0 && rate.is_finite(), "learning rate", rate, "a finite number > 0")?;
        require(self.max_batch > 0, "rows of the largest batch", 0.0, "at least 1")?;
        self.loss.check()?;
        self.optimizer.check()?;
        self.weight_decay.check()?;
        for schedule in [self.schedule, self.decay_schedule, self.dropout_schedule] {
            schedule.check()?;
        }
        let highest = highest_factor(self.dropout_schedule);
        require(highest <= 1.0, "highest factor of the dropout schedule", highest, "at most 1")?;
        match self.clip_norm {
            Some(bound) => require(bound > 0.0, "bound of the gradient's norm", bound, "a number > 0"),
            None => Ok(()),
        }
    }

    /// Checks the schedule against a dropout that it drives.
    pub(super) fn check_dropout(&self, dropout: Dropout) -> Result<(), Error> {
        require(
            self.dropout_schedule == Schedule::Constant || dropout.form == DropoutForm::Inverted,
            "textbook dropout under a schedule",
            dropout.ratio,
            "the inverted form, whose evaluation has no ratio",
        )
    }
}

/// An upper bound of a schedule's factor over all steps.
fn highest_factor(schedule: Schedule) -> f64 {
    match schedule {
        Schedule::Constant | Schedule::CosLog4 => 1.0,
        Schedule::Step { factor, .. } => factor.max(1.0),
        Schedule::Cosine { floor } => floor.max(1.0),
        Schedule::OneCycle { start_divisor, end_divisor, .. } => {
            let start = 1.0 / start_divisor;
            start.max(start / end_divisor).max(1.0)
        }
    }
}
