//! What dropout keeps in a step.
//!
//! Shapes: N rows of the batch, U units of a block.

use crate::kernels::{Member, n_parts, share};
use crate::layers::Dropout;
use crate::network::block::Mask;
use crate::network::plan::Plan;
use crate::{Purpose, Stream};

/// Bytes of draws that are worth another thread: some microseconds of them.
const SHARED_BYTES: usize = 1 << 15;

/// What the lengths of stretches are multiples of: whole blocks of the generator.
const STRETCH: usize = 1 << 12;

/// The draws of dropout.
#[derive(Clone, Debug)]
pub(super) struct Masks {
    /// Of the input block (first) and of each block; empty without dropout.
    draws: Vec<Draws>,
    /// What the dropout schedule multiplies ratios by at the present step.
    ratio_factor: f64,
}

#[derive(Clone, Debug)]
struct Draws {
    bytes_per_row: usize,
    bytes: Vec<u8>,
}

impl Masks {
    /// Room for batches of up to so many rows.
    pub(super) fn new(plan: &Plan, rows: usize) -> Self {
        let draws = places(plan).map(|(dropout, units)| {
            let bytes_per_row = if dropout.is_some() { units * Dropout::MASK_BYTES } else { 0 };
            Draws { bytes_per_row, bytes: vec![0; rows * bytes_per_row] }
        });
        Self { draws: draws.collect(), ratio_factor: 1.0 }
    }

    /// Draws for the N rows of a step, each block from its own stream, of which every thread takes a stretch.
    pub(super) fn draw(&mut self, seed: u64, step: usize, n: usize, ratio_factor: f64, member: Option<&Member>) {
        self.ratio_factor = ratio_factor;
        for (b, draws) in self.draws.iter_mut().enumerate().filter(|(_, draws)| draws.bytes_per_row > 0) {
            let bytes = &mut draws.bytes[..n * draws.bytes_per_row];
            let index = (step as u64) << 16 | b as u64;
            let length = bytes.len().div_ceil(n_parts(member, bytes.len(), SHARED_BYTES)).next_multiple_of(STRETCH);
            share(member, bytes.chunks_mut(length.max(STRETCH)).enumerate(), |(i, part)| {
                let mut stream = Stream::new(seed, Purpose::Dropout, index);
                stream.skip((i * length) as u64);
                Dropout::draw_mask(part, &mut stream);
            });
        }
    }

    /// The mask of the input block (0) or of a block (from 1 on), for N rows.
    pub(super) fn of(&self, b: usize, n: usize) -> Mask<'_> {
        let draws = &self.draws[b];
        Mask { draws: &draws.bytes[..n * draws.bytes_per_row], ratio_factor: self.ratio_factor }
    }
}

/// All dropout of a plan.
pub(super) fn dropouts(plan: &Plan) -> impl Iterator<Item = Dropout> {
    places(plan).filter_map(|(dropout, _)| dropout)
}

/// The dropout and the width of the input block (first) and of each block.
fn places(plan: &Plan) -> impl Iterator<Item = (Option<Dropout>, usize)> {
    let blocks = plan.blocks.iter().map(|block| (block.dropout, block.units));
    std::iter::once((plan.input_dropout, plan.width())).chain(blocks)
}
