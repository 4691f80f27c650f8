//! The rows of a comparison: loaded and split once for all runs that see the same.

use std::sync::Arc;

use crate::data::{DataError, Prepared, load};
use crate::recipe::{DataRecipe, Source};

/// Prepared rows by data recipe and seed.
#[derive(Debug, Default)]
pub struct DataShelf {
    shelf: Vec<(DataRecipe, u64, Arc<Prepared>)>,
}

impl DataShelf {
    /// The rows that a run with `seed` sees. They depend on the seed only where they are drawn by it:
    /// for `normal` data, and with `resplit`; otherwise all seeds share the rows of `first_seed`.
    ///
    /// # Errors
    /// When the data cannot be loaded or split, or are to be split anew where chance splits nothing.
    pub fn get(
        &mut self,
        recipe: &DataRecipe,
        first_seed: u64,
        seed: u64,
        resplit: Resplit,
    ) -> Result<Arc<Prepared>, DataError> {
        let drawn = matches!(recipe.source, Source::Normal { .. });
        let resplit = resplit == Resplit::PerSeed && recipe.validation > 0.0;
        let data_seed = if drawn || resplit { seed } else { first_seed };
        let split_seed = if resplit { seed } else { recipe.split_seed.unwrap_or(first_seed) };
        let known = |(known, known_seed, _): &&(DataRecipe, u64, _)| known == recipe && *known_seed == data_seed;
        if let Some((_, _, rows)) = self.shelf.iter().find(known) {
            return Ok(Arc::clone(rows));
        }
        let rows = Arc::new(Prepared::new(load(recipe, data_seed)?, recipe, split_seed)?);
        if resplit && rows.summary.split_seed.is_none() {
            return Err(DataError::OneSplit { source_name: rows.summary.source.clone() });
        }
        self.shelf.push((recipe.clone(), data_seed, Arc::clone(&rows)));
        Ok(rows)
    }
}

/// Whether validation rows are the same for all seeds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Resplit {
    /// The same for all seeds.
    #[default]
    Never,
    /// Split off anew for each seed.
    PerSeed,
}
