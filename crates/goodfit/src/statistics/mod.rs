//! What repeated runs can tell: means, paired comparisons, verdicts, sentences.
//!
//! Seeds are paired across arms, so a comparison looks at the differences (arm - baseline) seed by
//! seed and asks by Student's t whether their mean is 0. All comparisons of a report are corrected
//! together after Holm, and a verdict is given only below 0.05.

mod compare;
mod direction;
mod folds;
mod holm;
mod paired;
mod pairs;
mod sentence;
mod student;
mod summary;

pub use compare::{Case, MIN_SEEDS, SIGNIFICANCE, compare, compare_arms};
pub use direction::Direction;
pub use folds::over_folds;
pub use holm::holm;
pub use paired::{PairedTest, paired_t, resolution};
pub use pairs::Pairs;
#[cfg(feature = "report")]
pub(crate) use sentence::written;
pub use sentence::{comparisons_made, divergences, sentence};
pub use student::{quantile_975, two_sided_p};
pub use summary::summary;
