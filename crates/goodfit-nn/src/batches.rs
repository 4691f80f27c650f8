//! Which rows each step takes.

use crate::{Purpose, Stream};

/// How rows get into mini-batches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BatchOrder {
    /// A new permutation of all rows in every epoch, cut into batches. A last batch of a single row
    /// joins the batch before it.
    #[default]
    Shuffle,
    /// Every row drawn independently, with replacement (textbook).
    Replacement,
}

/// The rows of one batch after the other, drawn from (seed, [`Purpose::Batches`], epoch or step).
///
/// ```
/// use goodfit_nn::{BatchOrder, Batches};
/// let mut batches = Batches::new(7, 3, BatchOrder::Shuffle, 0);
/// assert_eq!(batches.steps_per_epoch(), 2);
/// assert_eq!(batches.next_rows().len(), 3);
/// assert_eq!(batches.next_rows().len(), 4);
/// ```
#[derive(Clone, Debug)]
pub struct Batches {
    order: BatchOrder,
    seed: u64,
    n_rows: usize,
    batch_size: usize,
    step: usize,
    /// The epoch's permutation (shuffle) or the batch (replacement).
    rows: Vec<u32>,
}

impl Batches {
    /// Batches of `batch_size` out of `n_rows` rows.
    ///
    /// # Panics
    /// When either is 0.
    pub fn new(n_rows: usize, batch_size: usize, order: BatchOrder, seed: u64) -> Self {
        assert!(n_rows > 0 && batch_size > 0, "{n_rows} rows in batches of {batch_size}");
        let rows = match order {
            BatchOrder::Shuffle => vec![0; n_rows],
            BatchOrder::Replacement => vec![0; batch_size],
        };
        Self { order, seed, n_rows, batch_size, step: 0, rows }
    }

    /// Steps of one pass over the rows. With replacement, as in the textbook, the whole number of
    /// batches that the rows would fill, at least 1.
    pub fn steps_per_epoch(&self) -> usize {
        match self.order {
            BatchOrder::Replacement => (self.n_rows / self.batch_size).max(1),
            BatchOrder::Shuffle => self.n_rows.div_ceil(self.batch_size) - usize::from(self.joins_last()),
        }
    }

    /// Rows of the largest batch.
    pub fn max_batch(&self) -> usize {
        match self.order {
            BatchOrder::Replacement => self.batch_size,
            BatchOrder::Shuffle => self.n_rows.min(self.batch_size + usize::from(self.joins_last())),
        }
    }

    /// Whether a single row is left over and joins the batch before.
    fn joins_last(&self) -> bool {
        self.n_rows > self.batch_size && self.n_rows % self.batch_size == 1 && self.batch_size > 1
    }

    /// The rows of the next step.
    pub fn next_rows(&mut self) -> &[u32] {
        let step = self.step;
        self.step += 1;
        match self.order {
            BatchOrder::Replacement => {
                let mut stream = Stream::new(self.seed, Purpose::Batches, step as u64);
                self.rows.fill_with(|| stream.below(self.n_rows) as u32);
                &self.rows
            }
            BatchOrder::Shuffle => {
                let per_epoch = self.steps_per_epoch();
                let (epoch, place) = (step / per_epoch, step % per_epoch);
                if place == 0 {
                    Stream::new(self.seed, Purpose::Batches, epoch as u64).permutation(&mut self.rows);
                }
                let start = place * self.batch_size;
                let end = if place + 1 == per_epoch { self.n_rows } else { start + self.batch_size };
                &self.rows[start..end]
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_epoch_of_shuffled_batches_holds_every_row_once() {
        for (n_rows, batch_size, sizes) in
            [(10, 4, vec![4, 4, 2]), (9, 4, vec![4, 5]), (3, 4, vec![3]), (1, 4, vec![1]), (4, 1, vec![1; 4])]
        {
            let mut batches = Batches::new(n_rows, batch_size, BatchOrder::Shuffle, 5);
            let mut epochs = Vec::new();
            for _ in 0..3 {
                let mut epoch = Vec::new();
                for &size in &sizes {
                    let rows = batches.next_rows();
                    assert_eq!(rows.len(), size);
                    epoch.extend_from_slice(rows);
                }
                let mut sorted = epoch.clone();
                sorted.sort_unstable();
                assert!(sorted.iter().enumerate().all(|(i, &row)| row as usize == i));
                epochs.push(epoch);
            }
            assert_eq!(batches.max_batch(), sizes.iter().copied().max().unwrap());
            assert!(n_rows < 4 || epochs[0] != epochs[1]);
        }
    }

    #[test]
    fn replacement_draws_with_replacement() {
        let mut batches = Batches::new(50, 40, BatchOrder::Replacement, 5);
        let mut rows = batches.next_rows().to_vec();
        assert_eq!(batches.steps_per_epoch(), 1);
        rows.sort_unstable();
        rows.dedup();
        assert!(rows.len() < 40, "40 draws of 50 rows without a repeat");
    }
}
