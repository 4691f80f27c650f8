//! Data: where rows come from and which rows an experiment sees.

pub mod idx;
mod prepared;
mod sealed;
mod source;
pub mod table;

pub use prepared::{Labelled, Prepared};
pub use sealed::{Opening, Sealed, fingerprint};
pub use source::{DataError, Dataset, Rows, load};
