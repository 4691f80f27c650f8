//! The inner loops: matrix products, elementary functions, reductions, and a way to compile
//! elementwise loops for the instructions the processor has.
//!
//! Kernels allocate nothing, remember nothing but which instructions there are, and use no threads but those of a
//! [`Team`] they are handed. The unsafe code of this crate lies in this folder; so the memory of a training (`buffer`),
//! which is allocated once, does, too.
#![allow(unsafe_code)]
// Intrinsics and loops must end up inside the function that has the target features.
#![allow(clippy::inline_always)]
#![cfg_attr(test, allow(clippy::float_cmp))]

mod blocking;
mod buffer;
mod dots;
mod finish;
mod isa;
mod listed_sums;
pub mod math;
mod matmul;
mod outer;
mod packing;
mod peak;
mod reduce;
mod row;
mod shared;
pub(crate) mod simd;
mod sparse;
mod sparse_products;
mod team;
mod tile;
mod transpose;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use blocking::matmul_scratch;
pub(crate) use buffer::{Buffer, LINE};
pub(crate) use finish::{Finish, relu};
pub use isa::{Isa, vectorised, vectorised_with};
pub use matmul::{matmul, matmul_with};
pub use peak::calibration_loop;
pub use reduce::{column_sums, dot, sum, sum_squares};

pub(crate) use shared::{affine_shared, matmul_shared, sparse_affine_shared, sparse_weight_gradient_shared};
pub use sparse::Csr;
pub use sparse_products::{
    SparseScratch, sparse_forward, sparse_forward_with, sparse_weight_gradient, sparse_weight_gradient_with,
};
pub use team::{MAX_THREADS, Member, Team};
pub(crate) use team::{n_parts, share, share_vectorised};

/// What happens to the values that stand in a destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Accum {
    /// They are replaced.
    Replace,
    /// The result is added to them.
    Add,
}
