//! What the kernels are measured against.

use std::hint::black_box;

use super::Isa;
use super::simd::{Dispatch, Operation, Vector};

/// Does nothing but multiply and add in registers, as fast as one core can, and returns how many
/// single-precision multiply-adds it did: `rounds` steps of independent chains.
///
/// Timed beside a kernel, it says which share of the machine's peak the kernel reaches.
///
/// # Panics
/// When the processor lacks `isa`.
pub fn calibration_loop(isa: Isa, rounds: usize) -> usize {
    // SAFETY: a number of rounds asks for nothing.
    unsafe { f32::dispatch(isa, Chains { rounds }) }
}

struct Chains {
    rounds: usize,
}

impl Operation<f32> for Chains {
    type Output = usize;

    unsafe fn run<V: Vector<Element = f32>>(self) -> usize {
        // SAFETY: the caller vouches for the features.
        unsafe {
            match V::TILE_VECTORS {
                4 => chains::<V, 24>(self.rounds),
                2 => chains::<V, 12>(self.rounds),
                _ => chains::<V, 6>(self.rounds),
            }
        }
    }
}

/// # Safety
/// The processor has the features of `V`.
unsafe fn chains<V: Vector<Element = f32>, const N: usize>(rounds: usize) -> usize {
    let (factor, addend) = black_box((0.999, 0.001));
    // SAFETY: the caller's contract; the sums are stored to arrays of as many lanes.
    unsafe {
        V::call(
            #[inline(always)]
            || {
                let (factor, addend) = (V::splat(factor), V::splat(addend));
                let mut sums = [V::zero(); N];
                for _ in 0..rounds {
                    for sum in &mut sums {
                        *sum = sum.mul_add(factor, addend);
                    }
                }
                let mut total = V::zero();
                for sum in sums {
                    total = total.add(sum);
                }
                let mut lanes = [0.0; 64];
                assert!(V::LANES <= lanes.len());
                total.store(lanes.as_mut_ptr());
                black_box(lanes);
            },
        );
    }
    rounds * N * V::LANES
}
