//! Schedules: the factor that a training multiplies its learning rate by, step by step.
//!
//! s = step from 0, S = number of steps, t = s / S.

use std::f64::consts::PI;

use crate::Error;
use crate::error::require;

/// How the learning rate changes over a training: a factor for every step.
///
/// | schedule | factor at step s of S, t = s / S |
/// |---|---|
/// | constant | 1 |
/// | step | factor ^ floor(s / every) |
/// | cosine | floor + (1 - floor) (1 + cos(pi t)) / 2 |
/// | one-cycle | along half cosines from 1 / a up to 1 at step rise S - 1, then down to 1 / (a b) at step S - 1 |
/// | cos-log-4 | (1 - cos(2 pi log2(1 + 15 t))) / 2 |
///
/// a = `start_divisor`, b = `end_divisor`.
///
/// Sources: cosine: I. Loshchilov, F. Hutter: SGDR, ICLR 2017; one-cycle: L. N. Smith, N. Topin:
/// Super-Convergence, 2018, in the form of `PyTorch`'s `OneCycleLR` with cosines (without its cycle
/// of the momentum); cos-log-4: D. Holzmüller, L. Grinsztajn, I. Steinwart: Better by Default,
/// `NeurIPS` 2024: four cycles, each twice as long as the one before it.
///
/// ```
/// use goodfit_nn::Schedule;
/// assert_eq!(Schedule::Step { every: 10, factor: 0.5 }.factor(25, 100), 0.25);
/// assert_eq!(Schedule::Cosine { floor: 0.0 }.factor(0, 100), 1.0);
/// assert!((Schedule::Cosine { floor: 0.0 }.factor(50, 100) - 0.5).abs() < 1e-15);
/// assert_eq!(Schedule::ONE_CYCLE.factor(0, 100), 1.0 / 25.0);
/// assert_eq!(Schedule::ONE_CYCLE.factor(29, 100), 1.0);
/// assert_eq!(Schedule::CosLog4.factor(0, 100), 0.0);
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Schedule {
    /// Stays as it is.
    #[default]
    Constant,
    /// Multiplied by `factor` after every `every` steps.
    Step {
        /// Length of a stage in steps.
        every: usize,
        /// Factor between stages.
        factor: f64,
    },
    /// Falls from 1 to `floor` along half a cosine.
    Cosine {
        /// Share of the learning rate that is left at the end.
        floor: f64,
    },
    /// Rises to the learning rate along a cosine and falls again (Smith's one-cycle policy).
    OneCycle {
        /// Share of the steps in which it rises.
        rise: f64,
        /// The learning rate divided by this is where it starts.
        start_divisor: f64,
        /// The start divided by this is where it ends.
        end_divisor: f64,
    },
    /// Four cycles from 0 to the learning rate and back, each twice as long as the one before it.
    CosLog4,
}

impl Schedule {
    /// One-cycle with `PyTorch`'s constants: rises in 30 % of the steps from 1/25, ends at 1/250,000.
    pub const ONE_CYCLE: Self = Self::OneCycle { rise: 0.3, start_divisor: 25.0, end_divisor: 1e4 };

    /// The factor at a step (from 0) of a training of `n_steps`; see the table of [`Schedule`].
    ///
    /// Steps after the last keep the last factor of one-cycle, and t stays 1 for the others.
    pub fn factor(self, step: usize, n_steps: usize) -> f64 {
        let t = (step as f64 / n_steps.max(1) as f64).min(1.0);
        match self {
            Self::Constant => 1.0,
            Self::Step { every, factor } => libm::pow(factor, (step / every) as f64),
            Self::Cosine { floor } => between(1.0, floor, t),
            Self::OneCycle { rise, start_divisor, end_divisor } => {
                let start = 1.0 / start_divisor;
                let (s, peak, last) = (step as f64, rise * n_steps as f64 - 1.0, n_steps as f64 - 1.0);
                if s < peak {
                    between(start, 1.0, s / peak)
                } else if s >= last {
                    start / end_divisor
                } else {
                    between(1.0, start / end_divisor, (s - peak) / (last - peak))
                }
            }
            Self::CosLog4 => (1.0 - libm::cos(2.0 * PI * libm::log2(1.0 + 15.0 * t))) / 2.0,
        }
    }

    /// Whether the constants can be used.
    ///
    /// # Errors
    /// When a stage has no step, a factor or floor is negative, `rise` is not in [0, 1] or a divisor
    /// is not above 0.
    pub fn check(self) -> Result<(), Error> {
        let divisor = |operation, x: f64| require(x.is_finite() && x > 0.0, operation, x, "a finite number > 0");
        let factor = |operation, x: f64| require(x.is_finite() && x >= 0.0, operation, x, "a finite number >= 0");
        match self {
            Self::Constant | Self::CosLog4 => Ok(()),
            Self::Step { every, factor: f } => {
                require(every > 0, "steps between changes of the learning rate", every as f64, "at least 1")?;
                factor("factor of the step schedule", f)
            }
            Self::Cosine { floor } => factor("floor of the cosine schedule", floor),
            Self::OneCycle { rise, start_divisor, end_divisor } => {
                require((0.0..=1.0).contains(&rise), "rise of the one-cycle schedule", rise, "a number from 0 to 1")?;
                divisor("start divisor of the one-cycle schedule", start_divisor)?;
                divisor("end divisor of the one-cycle schedule", end_divisor)
            }
        }
    }
}

/// The factor of a linear warm-up, `min(1, (s + 1) / warmup_steps)`: the first step has
/// 1 / `warmup_steps` of the learning rate, the last of them all of it.
///
/// ```
/// use goodfit_nn::warmup_factor;
/// assert_eq!([0, 1, 2, 3, 4].map(|step| warmup_factor(step, 4)), [0.25, 0.5, 0.75, 1.0, 1.0]);
/// assert_eq!(warmup_factor(0, 0), 1.0);
/// ```
pub fn warmup_factor(step: usize, warmup_steps: usize) -> f64 {
    if step < warmup_steps { (step + 1) as f64 / warmup_steps as f64 } else { 1.0 }
}

/// From `start` at t = 0 to `end` at t = 1 along half a cosine.
fn between(start: f64, end: f64, t: f64) -> f64 {
    let share = 0.5 * (1.0 + libm::cos(PI * t));
    share * start + (1.0 - share) * end
}
