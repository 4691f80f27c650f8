//! What becomes of the sums of a product before they are stored: while they are in a register it costs next to nothing.

use std::ops::Range;

use super::simd::Vector;
use super::vectorised;
use crate::{Float, MatMut};

/// `y = max(z + b, 0)`, or a part of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finish<'a, T> {
    /// Added to every row.
    pub(crate) bias: Option<&'a [T]>,
    /// Whether [`relu`] follows.
    pub(crate) relu: bool,
}

impl<T: Float> Finish<'_, T> {
    /// Sums stay as they are.
    pub(crate) const NONE: Self = Self { bias: None, relu: false };

    /// That of some columns.
    pub(super) fn of(self, column: usize, n: usize) -> Self {
        Self { bias: self.bias.map(|bias| &bias[column..column + n]), ..self }
    }

    /// Whether sums stay as they are.
    pub(super) fn is_none(self) -> bool {
        self.bias.is_none() && !self.relu
    }

    /// The same over values that have been stored.
    pub(super) fn apply(self, dst: &mut MatMut<'_, T>) {
        if self.is_none() {
            return;
        }
        vectorised(
            #[inline(always)]
            || {
                match self.bias {
                    None => {}
                    Some(&[bias]) => dst.data.iter_mut().for_each(|value| *value += bias),
                    Some(bias) => {
                        for row in dst.data.chunks_exact_mut(bias.len().max(1)) {
                            for (value, &bias) in row.iter_mut().zip(bias) {
                                *value += bias;
                            }
                        }
                    }
                }
                if self.relu {
                    for value in &mut *dst.data {
                        *value = relu(*value);
                    }
                }
            },
        );
    }
}

/// `max(z, 0)`. NaN stays NaN. Adding 0 makes 0 of -0, and keeps the compiler from storing under a mask where the loop
/// runs in place, which is several times slower.
#[inline(always)]
pub(crate) fn relu<T: Float>(z: T) -> T {
    let y = if z < T::ZERO { T::ZERO } else { z };
    y + T::ZERO
}

/// [`Finish`] of some columns.
#[derive(Clone, Copy)]
pub(super) struct FinishOf<T> {
    /// Null without a bias.
    bias: *const T,
    relu: bool,
}

impl<T: Float> FinishOf<T> {
    /// # Panics
    /// When the bias ends before these columns do.
    pub(super) fn new(finish: Finish<'_, T>, columns: Range<usize>) -> Self {
        Self { bias: finish.bias.map_or(std::ptr::null(), |bias| bias[columns].as_ptr()), relu: finish.relu }
    }

    /// Itself, unless sums stay as they are.
    pub(super) fn something(self) -> Option<Self> {
        (self.parts() != (false, false)).then_some(self)
    }

    /// Whether there is a bias, and whether [`relu`] follows.
    pub(super) fn parts(self) -> (bool, bool) {
        (!self.bias.is_null(), self.relu)
    }

    /// Sums, of which the first stands in this column, and of which `n` count.
    ///
    /// # Safety
    /// The processor has the features of `V`; with BIAS there is one, and the `n` columns are among those it is of.
    #[inline(always)]
    pub(super) unsafe fn of<V: Vector<Element = T>, const BIAS: bool, const RELU: bool>(
        self,
        mut sums: V,
        column: usize,
        n: usize,
    ) -> V {
        // SAFETY: the caller's contract.
        unsafe {
            if BIAS {
                let bias = self.bias.add(column);
                sums = sums.add(if n == V::LANES { V::load(bias) } else { V::load_first(bias, n) });
            }
            if RELU { sums.relu() } else { sums }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::blocking::matmul_scratch;
    use crate::kernels::matmul::{finished, tests::values};
    use crate::kernels::sparse_products::sparse_affine;
    use crate::kernels::{Accum, Csr, Isa};
    use crate::{MatRef, Matrix};

    /// Zeros of both signs, NaN and infinities among the rest.
    fn odd(n: usize, seed: u64) -> Vec<f32> {
        let mut odd = values::<f32>(n, seed);
        for (i, x) in [0.0, -0.0, f32::NAN, f32::INFINITY, f32::NEG_INFINITY].into_iter().enumerate() {
            odd.iter_mut().skip(i * 3 + seed as usize % 3).step_by(41).for_each(|value| *value = x);
        }
        odd
    }

    fn bits(values: &[f32]) -> Vec<u32> {
        values.iter().map(|x| if x.is_nan() { f32::NAN.to_bits() } else { x.to_bits() }).collect()
    }

    /// Each finish in the store against the same after it.
    fn check(what: &str, (m, n): (usize, usize), product: impl Fn(MatMut<'_, f32>, Finish<'_, f32>)) {
        let bias = odd(n, 4);
        for bias in [None, Some(&bias[..])] {
            for relu in [false, true] {
                let finish = Finish { bias, relu };
                let (mut at_once, mut after) = (Matrix::zeros(m, n), Matrix::zeros(m, n));
                product(at_once.view_mut(), finish);
                product(after.view_mut(), Finish::NONE);
                finish.apply(&mut after.view_mut());
                assert_eq!(bits(at_once.data()), bits(after.data()), "{what}, {m} x {n}, {finish:?}");
            }
        }
    }

    #[test]
    fn sums_are_finished_in_the_store_as_they_are_after_it() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            for (m, n, k) in [
                (1, 1, 1),
                (1, 1, 30),
                (1, 9, 5),
                (7, 1, 20),
                (5, 13, 1),
                (3, 4, 0),
                (9, 100, 300),
                (33, 40, 600),
                (6, 700, 8),
                (7, 16, 30),
                (8, 10, 256),
                (4, 7, 257),
            ] {
                let (x, w) = (odd(m * k, 1), odd(k * n, 2));
                let transposed = odd(n * k, 3);
                for w in [MatRef::new(&w, k, n), MatRef::new(&transposed, n, k).transposed()] {
                    check(&format!("{isa:?} over {k}"), (m, n), |dst, finish| {
                        let mut scratch = vec![0.0; matmul_scratch(m, n, k)];
                        finished(isa, dst, Accum::Replace, (MatRef::new(&x, m, k), w), finish, &mut scratch);
                    });
                }
            }
        }
    }

    #[test]
    fn sums_of_sparse_rows_too() {
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            for (m, n, k) in [(1, 9, 5), (20, 3, 40), (20, 107, 500), (300, 230, 90)] {
                let x: Vec<f32> = odd(m * k, 1).into_iter().enumerate().map(|(i, x)| x * (i % 3 / 2) as f32).collect();
                let (inputs, w) = (Csr::from_matrix(MatRef::new(&x, m, k)), odd(k * n, 2));
                let rows: Vec<u32> = (0..m as u32).collect();
                check(&format!("{isa:?}, sparse over {k}"), (m, n), |dst, finish| {
                    sparse_affine(isa, dst, &inputs, &rows, MatRef::new(&w, k, n), finish);
                });
            }
        }
    }
}
