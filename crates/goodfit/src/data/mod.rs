//! Data: where rows come from and which rows an experiment sees.

mod doubts;
pub mod idx;
mod marks;
mod order;
mod overlap;
mod prepared;
mod rows;
mod sealed;
mod source;
mod split;
pub mod table;
mod weights;

pub use overlap::{Overlap, Twins};
pub use prepared::{Labelled, Numbers, Prepared};
pub use rows::{Rows, Units, zeros_kept};
pub use sealed::{Opening, Sealed, fingerprint};
pub use source::{DataError, Dataset, Survey, load, survey};
pub use split::TrainingRows;
pub(crate) use weights::row_weights;
