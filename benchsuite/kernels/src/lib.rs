//! The products of one affine layer, by goodfit and by the crate `gemm`.

use std::ops::{Deref, DerefMut};
use std::time::Instant;

use gemm::Parallelism;
use goodfit_nn::kernels::{Accum, Isa, calibration_loop, matmul, matmul_scratch};
use goodfit_nn::{MatMut, MatRef};

/// A product of a training step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// `Z = X W`
    Forward,
    /// `dX = dZ W'`
    Input,
    /// `dW = X' dZ`
    Weight,
}

impl Kind {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Forward, Self::Input, Self::Weight];

    /// A short name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Forward => "forward",
            Self::Input => "input",
            Self::Weight => "weight",
        }
    }
}

/// Values that begin with a line of the cache, as those of a training do.
struct Values {
    room: Vec<f32>,
    start: usize,
}

impl Values {
    fn new(n: usize, value: impl Fn(usize) -> f32) -> Self {
        let mut room = vec![0.0; n + 16];
        let start = room.as_ptr().align_offset(64);
        room[start..start + n].iter_mut().enumerate().for_each(|(i, place)| *place = value(i));
        room.truncate(start + n);
        Self { room, start }
    }
}

impl Deref for Values {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.room[self.start..]
    }
}

impl DerefMut for Values {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.room[self.start..]
    }
}

/// One product with its operands, row-major as they lie in a training.
pub struct Product {
    /// Rows and columns of the result, and what is summed over.
    pub m: usize,
    pub n: usize,
    pub k: usize,
    lhs: Values,
    rhs: Values,
    dst: Values,
    scratch: Vec<f32>,
    lhs_transposed: bool,
    rhs_transposed: bool,
}

impl Product {
    /// The product of a layer of `inputs` x `units` with a batch of `rows`.
    pub fn new(kind: Kind, rows: usize, inputs: usize, units: usize) -> Self {
        let (m, n, k) = match kind {
            Kind::Forward => (rows, units, inputs),
            Kind::Input => (rows, inputs, units),
            Kind::Weight => (inputs, units, rows),
        };
        let values = |n| Values::new(n, |i| ((i * 7919) % 1000) as f32 / 500.0 - 1.0);
        Self {
            m,
            n,
            k,
            lhs: values(m * k),
            rhs: values(k * n),
            dst: Values::new(m * n, |_| 0.0),
            scratch: vec![0.0; matmul_scratch(m, n, k)],
            lhs_transposed: kind == Kind::Weight,
            rhs_transposed: kind == Kind::Input,
        }
    }

    /// Multiply-adds.
    pub fn work(&self) -> f64 {
        self.m as f64 * self.n as f64 * self.k as f64
    }

    /// By goodfit.
    pub fn goodfit(&mut self) {
        let view = |values, (rows, columns): (usize, usize), transposed| {
            if transposed {
                MatRef::new(values, columns, rows).transposed()
            } else {
                MatRef::new(values, rows, columns)
            }
        };
        let lhs = view(&self.lhs, (self.m, self.k), self.lhs_transposed);
        let rhs = view(&self.rhs, (self.k, self.n), self.rhs_transposed);
        matmul(MatMut::new(&mut self.dst, self.m, self.n), Accum::Replace, lhs, rhs, &mut self.scratch);
    }

    /// By the crate `gemm`, on one thread.
    pub fn gemm(&mut self) {
        let Self { m, n, k, .. } = *self;
        // Strides of columns and of rows.
        let strides = |rows: usize, columns: usize, transposed: bool| {
            if transposed { (rows as isize, 1) } else { (1, columns as isize) }
        };
        let (lhs, rhs) = (strides(m, k, self.lhs_transposed), strides(k, n, self.rhs_transposed));
        let (dst, one) = (self.dst.as_mut_ptr(), 1.0_f32);
        // SAFETY: the vectors have m n, m k and k n values, and the strides stay within them.
        unsafe {
            gemm::gemm(
                m,
                n,
                k,
                dst,
                1,
                n as isize,
                false,
                self.lhs.as_ptr(),
                lhs.0,
                lhs.1,
                self.rhs.as_ptr(),
                rhs.0,
                rhs.1,
                0.0,
                one,
                false,
                false,
                false,
                Parallelism::None,
            );
        }
    }

    /// The result of the last product.
    pub fn result(&self) -> &[f32] {
        &self.dst
    }
}

/// Seconds of one multiply-add at the peak of one core.
pub fn peak() -> f64 {
    seconds(|| calibration_loop(Isa::detect(), 4000)) / calibration_loop(Isa::detect(), 4000) as f64
}

/// Seconds of one call.
pub fn seconds<R>(work: impl FnOnce() -> R) -> f64 {
    let start = Instant::now();
    std::hint::black_box(work());
    start.elapsed().as_secs_f64()
}
