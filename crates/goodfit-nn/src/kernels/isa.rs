//! Which instructions are used, and elementwise loops compiled for each of them.

use std::sync::LazyLock;

/// A set of instructions that kernels exist for, from the widest to the one every machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Isa {
    /// AVX-512 (F, VL, BW, DQ), AVX2 and FMA.
    Avx512,
    /// AVX2 and FMA.
    Avx2,
    /// What the compiler makes of plain loops for the baseline of the target.
    Portable,
}

impl Isa {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Portable];

    /// The widest that this processor has, or those that the environment variable `GOODFIT_ISA` forces: `avx512`,
    /// `avx2` or `portable`. Looked up once in a process.
    ///
    /// # Panics
    /// When the variable says what there is not; [`Isa::forced`] tells without a panic.
    #[inline]
    pub fn detect() -> Self {
        static USED: LazyLock<Isa> = LazyLock::new(|| match Isa::forced() {
            Ok(forced) => forced.unwrap_or_else(Isa::widest),
            Err(message) => panic!("{message}"),
        });
        *USED
    }

    /// What `GOODFIT_ISA` forces, or why it cannot.
    ///
    /// # Errors
    /// When it is none of the three names, or names instructions that this processor lacks.
    pub fn forced() -> Result<Option<Self>, String> {
        let named = std::env::var_os("GOODFIT_ISA").filter(|name| !name.is_empty());
        let Some(name) = named else { return Ok(None) };
        match Self::ALL.into_iter().find(|isa| name == isa.name()) {
            None => Err(format!("GOODFIT_ISA is {}, expected avx512, avx2 or portable", name.display())),
            Some(isa) if !isa.is_available() => {
                Err(format!("GOODFIT_ISA is {}, which this processor lacks", isa.name()))
            }
            Some(isa) => Ok(Some(isa)),
        }
    }

    /// As `GOODFIT_ISA` names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Avx512 => "avx512",
            Self::Avx2 => "avx2",
            Self::Portable => "portable",
        }
    }

    fn widest() -> Self {
        if Self::Avx512.is_available() {
            Self::Avx512
        } else if Self::Avx2.is_available() {
            Self::Avx2
        } else {
            Self::Portable
        }
    }

    /// Whether a vector of half the length may cost less than a whole one: on AMD's processors, of which Zen 4 runs 512
    /// bits in two halves. On Intel's it takes the place of a whole one, in one of their two units only.
    #[inline]
    #[cfg(target_arch = "x86_64")]
    pub(super) fn has_cheap_halves(self) -> bool {
        use std::arch::x86_64::__cpuid;
        static IS_AMD: LazyLock<bool> = LazyLock::new(|| {
            let vendor = __cpuid(0);
            [vendor.ebx, vendor.edx, vendor.ecx].map(u32::to_le_bytes).as_flattened() == b"AuthenticAMD"
        });
        self == Self::Avx512 && *IS_AMD
    }

    /// Whether a vector of half the length costs less than a whole one.
    #[inline]
    #[cfg(not(target_arch = "x86_64"))]
    pub(super) fn has_cheap_halves(self) -> bool {
        false
    }

    /// Whether this processor has it. Looked up once in a process: small products ask often.
    #[inline]
    pub fn is_available(self) -> bool {
        // `ALL` is in the order of the variants.
        static AVAILABLE: LazyLock<[bool; 3]> = LazyLock::new(|| Isa::ALL.map(Isa::is_there));
        AVAILABLE[self as usize]
    }

    #[cfg(target_arch = "x86_64")]
    fn is_there(self) -> bool {
        let avx2 = || {
            is_x86_feature_detected!("avx2")
                && is_x86_feature_detected!("fma")
                && is_x86_feature_detected!("bmi1")
                && is_x86_feature_detected!("bmi2")
                && is_x86_feature_detected!("lzcnt")
                && is_x86_feature_detected!("popcnt")
        };
        match self {
            Self::Avx512 => {
                avx2()
                    && is_x86_feature_detected!("avx512f")
                    && is_x86_feature_detected!("avx512vl")
                    && is_x86_feature_detected!("avx512bw")
                    && is_x86_feature_detected!("avx512dq")
            }
            Self::Avx2 => avx2(),
            Self::Portable => true,
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    fn is_there(self) -> bool {
        self == Self::Portable
    }
}

/// Runs `f` compiled for the widest instructions that the processor has.
///
/// For elementwise loops written once in safe Rust: the compiler vectorises the body three times,
/// for AVX-512, AVX2 and the baseline. The bits of the result are the same on all three, since Rust
/// never turns `a * b + c` into a fused operation nor reorders a sum.
///
/// Put `#[inline(always)]` on the closure, and call nothing in it that is not inlined, or the body
/// stays outside the function that has the features and is compiled for the baseline.
///
/// ```
/// use goodfit_nn::{kernels::vectorised, Float};
/// let mut x = [0.0_f32, 1.0, -2.0];
/// vectorised(#[inline(always)] || for x in &mut x { *x = x.tanh() });
/// assert_eq!(x[0], 0.0);
/// ```
#[inline]
pub fn vectorised<R>(f: impl FnOnce() -> R) -> R {
    vectorised_with(Isa::detect(), f)
}

/// [`vectorised`] for given instructions.
///
/// # Panics
/// When the processor lacks `isa`.
#[inline]
pub fn vectorised_with<R>(isa: Isa, f: impl FnOnce() -> R) -> R {
    assert!(isa.is_available(), "{isa:?} is not available on this processor");
    #[cfg(target_arch = "x86_64")]
    {
        use super::simd::Vector;
        use super::x86::{Avx2, Avx512};
        match isa {
            // SAFETY: availability was just checked.
            Isa::Avx512 => return unsafe { Avx512::call(f) },
            // SAFETY: availability was just checked.
            Isa::Avx2 => return unsafe { Avx2::call(f) },
            Isa::Portable => {}
        }
    }
    f()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::math::single;

    /// The same loop on every path; generic, so that the function is inlined into each.
    fn check(function: impl Fn(f32) -> f32 + Copy) {
        // Every 9973rd bit pattern: NaN, infinities and denormals included.
        let input: Vec<f32> = (0..=u32::MAX).step_by(9973).map(f32::from_bits).collect();
        let bits = |isa| {
            let mut x = input.clone();
            vectorised_with(
                isa,
                #[inline(always)]
                || x.iter_mut().for_each(|x| *x = function(*x)),
            );
            // Which NaN it is, is not part of the promise.
            x.into_iter().map(|x| if x.is_nan() { u32::MAX } else { x.to_bits() }).collect::<Vec<_>>()
        };
        let portable = bits(Isa::Portable);
        for isa in Isa::ALL.into_iter().filter(|isa| isa.is_available()) {
            assert!(bits(isa) == portable, "{isa:?}");
        }
    }

    #[test]
    fn elementwise_loops_give_the_same_bits_on_every_path() {
        check(single::exp);
        check(single::ln);
        check(single::tanh);
        check(single::erf);
        check(single::cos_turns);
        check(single::sin_turns);
        check(|x| x * 3.1 + 0.7);
        check(|x| (x * x + 1.0).sqrt() / (x - 0.3));
    }
}
