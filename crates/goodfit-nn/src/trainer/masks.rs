//! The draws of dropout in a training step.

use crate::layers::Dropout;
use crate::network::plan::Plan;
use crate::{Purpose, Stream};

/// The draws of dropout, of the input block or of one of the blocks; empty without dropout.
#[derive(Clone, Debug)]
pub(super) struct Draws {
    bytes_per_row: usize,
    bytes: Vec<u8>,
}

impl Draws {
    /// Those of the input block (first) and of each block, for up to so many rows.
    pub(super) fn of(plan: &Plan, rows: usize) -> Vec<Self> {
        let draws = |(dropout, units): (Option<Dropout>, usize)| {
            let bytes_per_row = if dropout.is_some() { units * Dropout::MASK_BYTES } else { 0 };
            Self { bytes_per_row, bytes: vec![0; rows * bytes_per_row] }
        };
        dropouts(plan).map(draws).collect()
    }

    /// Draws all of a step for `n` rows, each out of a stream of its own.
    pub(super) fn draw(all: &mut [Self], seed: u64, step: usize, n: usize) {
        for (b, draws) in all.iter_mut().enumerate() {
            if draws.bytes_per_row > 0 {
                let mut stream = Stream::new(seed, Purpose::Dropout, (step as u64) << 16 | b as u64);
                Dropout::draw_mask(&mut draws.bytes[..n * draws.bytes_per_row], &mut stream);
            }
        }
    }

    /// The draws of the first `n` rows.
    pub(super) fn rows(&self, n: usize) -> &[u8] {
        &self.bytes[..n * self.bytes_per_row]
    }
}

/// The dropout and the width of the input block (first) and of each block.
pub(super) fn dropouts(plan: &Plan) -> impl Iterator<Item = (Option<Dropout>, usize)> {
    let blocks = plan.blocks.iter().map(|block| (block.dropout, block.units));
    std::iter::once((plan.input_dropout, plan.inputs)).chain(blocks)
}
