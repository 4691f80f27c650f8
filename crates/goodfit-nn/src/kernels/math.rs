//! Elementary functions: our own for single precision, the `libm` crate's for double.
//!
//! The single-precision ones have no branch, no table and no call, so that a loop over them
//! vectorises (see [`vectorised`](super::vectorised)); and no fused operation, so that their bits
//! are the same on every path. Ranges are kept by comparisons that leave NaN as it is. The largest
//! errors were measured against `libm`'s double-precision functions over every 257th of all values
//! and are pinned by tests. Coefficients are least-maximum fits (Lawson's reweighted least squares).

/// Double precision: the functions of the `libm` crate.
pub mod double {
    /// `e^x`
    pub fn exp(x: f64) -> f64 {
        libm::exp(x)
    }
    /// The natural logarithm.
    pub fn ln(x: f64) -> f64 {
        libm::log(x)
    }
    /// The hyperbolic tangent.
    pub fn tanh(x: f64) -> f64 {
        libm::tanh(x)
    }
    /// The error function `2 / sqrt(pi) * integral from 0 to x of exp(-t^2)`.
    pub fn erf(x: f64) -> f64 {
        libm::erf(x)
    }
    /// `cos(2 pi x)`: x counts turns.
    pub fn cos_turns(x: f64) -> f64 {
        libm::cos(std::f64::consts::TAU * (x - libm::rint(x)))
    }
    /// `sin(2 pi x)`: x counts turns.
    pub fn sin_turns(x: f64) -> f64 {
        libm::sin(std::f64::consts::TAU * (x - libm::rint(x)))
    }
}

/// Single precision.
pub mod single {
    /// The values at `x` of the polynomial with these coefficients, the lowest power's first.
    #[inline(always)]
    fn polynomial<const N: usize>(x: f32, coefficients: [f32; N]) -> f32 {
        let mut sum = coefficients[N - 1];
        for i in (0..N - 1).rev() {
            sum = sum * x + coefficients[i];
        }
        sum
    }

    /// Clamps; NaN stays NaN. (`f32::clamp` and `f32::max` leave open which zero they return.)
    #[inline(always)]
    fn clamp(x: f32, low: f32, high: f32) -> f32 {
        let x = if x < low { low } else { x };
        if x > high { high } else { x }
    }

    // Adding 1.5 * 2^23 leaves the nearest integer in the lowest bits: baseline x86-64 has no
    // rounding instruction.
    const ROUND: f32 = 12_582_912.0;
    // ln 2 in two parts; the first has so few bits that its product with an exponent is exact.
    const LN_2_HIGH: f32 = 0.693_359_4;
    const LN_2_LOW: f32 = -2.121_944_4e-4;

    /// (n, y) with `e^x = 2^n (1 + y)`: `x = n ln 2 + r`, |r| <= ln 2 / 2, `y = r + r^2 p(r)`.
    #[inline(always)]
    fn reduced_exp(x: f32) -> (i32, f32) {
        let rounded = x * std::f32::consts::LOG2_E + ROUND;
        let n = rounded - ROUND;
        let r = (x - n * LN_2_HIGH) - n * LN_2_LOW;
        let p = polynomial(r, [0.499_999_94, 0.166_665_2, 0.041_668_393, 0.008_368_781, 0.001_381_446_6]);
        ((rounded.to_bits() as i32).wrapping_sub(ROUND.to_bits() as i32), r * r * p + r)
    }

    /// `2^n` for n from -126 to 127.
    #[inline(always)]
    fn power_of_2(n: i32) -> f32 {
        f32::from_bits((n.wrapping_add(127) << 23) as u32)
    }

    /// `e^x - 1` for x from -80 to 0.
    #[inline(always)]
    fn exp_minus_1(x: f32) -> f32 {
        let (n, y) = reduced_exp(x);
        let power = power_of_2(n);
        power * y + (power - 1.0)
    }

    /// `e^x`, within 1 unit in the last place, denormal results included.
    ///
    /// Infinite above 88.7229, 0 below -103.973.
    ///
    /// ```
    /// assert_eq!(goodfit_nn::kernels::math::single::exp(0.0), 1.0);
    /// ```
    #[inline(always)]
    pub fn exp(x: f32) -> f32 {
        let (n, y) = reduced_exp(clamp(x, -105.0, 89.0));
        // Two factors, so that neither leaves the range of normal numbers.
        let half = n >> 1;
        (y + 1.0) * power_of_2(half) * power_of_2(n.wrapping_sub(half))
    }

    /// The natural logarithm, within 0.9 units in the last place. `ln 0 = -inf`, NaN below.
    ///
    /// `x = 2^e (1 + z)` with 1 + z from sqrt(1/2) to sqrt(2), so
    /// `ln x = e ln 2 + z - z^2 / 2 + z^3 q(z)`.
    ///
    /// ```
    /// assert_eq!(goodfit_nn::kernels::math::single::ln(1.0), 0.0);
    /// ```
    #[inline(always)]
    pub fn ln(x: f32) -> f32 {
        const SQRT_HALF: i32 = 0x3f35_04f3;
        let is_denormal = x < f32::MIN_POSITIVE;
        let (scaled, exponent) = if is_denormal { (x * 8_388_608.0, -23.0) } else { (x, 0.0) };
        let bits = scaled.to_bits() as i32;
        let e = bits.wrapping_sub(SQRT_HALF) >> 23;
        let z = f32::from_bits(bits.wrapping_sub(e << 23) as u32) - 1.0;
        let e = e as f32 + exponent;
        let q = polynomial(
            z,
            [
                0.333_333_3,
                -0.250_008_2,
                0.200_012_27,
                -0.166_233_57,
                0.142_017_6,
                -0.131_601_9,
                0.127_615_63,
                -0.076_344_6,
            ],
        );
        let z2 = z * z;
        let y = ((z2 * z * q + e * LN_2_LOW) - 0.5 * z2) + z + e * LN_2_HIGH;
        let y = if x < f32::INFINITY { y } else { x };
        let y = if x == 0.0 { f32::NEG_INFINITY } else { y };
        if x < 0.0 { f32::NAN } else { y }
    }

    /// The hyperbolic tangent, within 2.6 units in the last place, never beyond ±1.
    ///
    /// `tanh |x| = -t / (t + 2)` with `t = e^(-2 |x|) - 1`.
    ///
    /// ```
    /// assert_eq!(goodfit_nn::kernels::math::single::tanh(20.0), 1.0);
    /// ```
    #[inline(always)]
    pub fn tanh(x: f32) -> f32 {
        let t = exp_minus_1(-2.0 * clamp(x.abs(), 0.0, 20.0));
        (-t / (t + 2.0)).copysign(x)
    }

    /// The error function, within 3.1 units in the last place and 1.3e-7, never beyond ±1.
    ///
    /// `erf |x| = 1 - e^(-|x| g(|x|))` with a polynomial g; 1 from |x| = 3.95 on, where that is the
    /// nearest value.
    ///
    /// ```
    /// assert_eq!(goodfit_nn::kernels::math::single::erf(-5.0), -1.0);
    /// ```
    #[inline(always)]
    pub fn erf(x: f32) -> f32 {
        let size = clamp(x.abs(), 0.0, 3.95);
        let g = polynomial(
            size,
            [
                std::f32::consts::FRAC_2_SQRT_PI,
                0.636_619_4,
                0.102_777_83,
                -0.019_153_066,
                -0.000_160_393_73,
                0.001_667_025_6,
                -0.000_632_836,
                0.000_117_641_09,
                -9.256_249_5e-6,
            ],
        );
        (-exp_minus_1(-size * g)).copysign(x)
    }

    /// `|x|` less the nearest whole number, exact: from -1/2 to 1/2; NaN of what is not finite.
    #[inline(always)]
    fn part_of_a_turn(x: f32) -> f32 {
        // Above it every number is whole; adding it to a smaller one leaves the nearest whole number in the lowest bits.
        const WHOLE: f32 = 8_388_608.0;
        let size = x.abs();
        let nearest = if size < WHOLE { (size + WHOLE) - WHOLE } else { size };
        size - nearest
    }

    /// `sin(2 pi q)` for q from -1/4 to 1/4.
    #[inline(always)]
    fn sin_of_quarter(q: f32) -> f32 {
        let p = polynomial(q * q, [6.283_185_5, -41.341_7, 81.605_22, -76.704_17, 42.007_797, -14.381_39]);
        clamp(q * p, -1.0, 1.0)
    }

    /// `cos(2 pi x)`, x in turns, within 2.2e-7, never beyond ±1; NaN of what is not finite.
    ///
    /// With r the part of a turn, `cos(2 pi r) = sin(2 pi (1/4 - |r|))`.
    ///
    /// ```
    /// use goodfit_nn::kernels::math::single::cos_turns;
    /// assert_eq!([0.0, 0.25, 0.5, -1.0].map(cos_turns), [1.0, 0.0, -1.0, 1.0]);
    /// ```
    #[inline(always)]
    pub fn cos_turns(x: f32) -> f32 {
        sin_of_quarter(0.25 - part_of_a_turn(x).abs())
    }

    /// `sin(2 pi x)`, x in turns, within 2.2e-7, never beyond ±1; NaN of what is not finite.
    ///
    /// With r the part of a turn, `sin(2 pi r) = sign(r) sin(2 pi min(|r|, 1/2 - |r|))`.
    ///
    /// ```
    /// use goodfit_nn::kernels::math::single::sin_turns;
    /// assert_eq!([0.0, 0.25, 0.5, -0.25].map(sin_turns), [0.0, 1.0, 0.0, -1.0]);
    /// ```
    #[inline(always)]
    pub fn sin_turns(x: f32) -> f32 {
        let r = part_of_a_turn(x);
        let size = r.abs();
        let half = 0.5 - size;
        let folded = if size < half { size } else { half };
        let sine = sin_of_quarter(folded);
        // x and the part of its size may both be negative.
        let sine = if r < 0.0 { -sine } else { sine };
        if x < 0.0 { -sine } else { sine }
    }
}

#[cfg(test)]
mod tests {
    use super::single;

    /// Every 257th bit pattern.
    fn sweep() -> impl Iterator<Item = f32> {
        (0..=u32::MAX).step_by(257).map(f32::from_bits)
    }

    /// The error in units of the last place of the true value; a unit is never less than the
    /// smallest denormal.
    fn ulps(got: f32, truth: f64) -> f64 {
        let nearest = truth as f32;
        if got == nearest || (got.is_nan() && truth.is_nan()) {
            return 0.0;
        }
        let magnitude = nearest.abs();
        let unit = if magnitude < f32::MIN_POSITIVE {
            f64::from(f32::from_bits(1))
        } else {
            f64::from(f32::from_bits((magnitude.to_bits() & 0x7f80_0000).max(0x0080_0000))) * f64::from(f32::EPSILON)
        };
        (f64::from(got) - truth).abs() / unit
    }

    fn check(function: fn(f32) -> f32, truth: fn(f64) -> f64, most: f64) {
        let (worst, at) = sweep()
            .map(|x| (ulps(function(x), truth(f64::from(x))), x))
            .fold((0.0, 0.0), |worst, one| if one.0.is_nan() || one.0 > worst.0 { one } else { worst });
        println!("{worst} at {at:e}");
        assert!(worst <= most, "{worst} units at {at:e}: {:e}", function(at));
    }

    #[test]
    fn exp_is_accurate() {
        check(single::exp, libm::exp, 1.0);
    }

    #[test]
    fn ln_is_accurate() {
        check(single::ln, libm::log, 0.9);
    }

    #[test]
    fn tanh_is_accurate() {
        check(single::tanh, libm::tanh, 2.6);
    }

    #[test]
    fn erf_is_accurate() {
        check(single::erf, libm::erf, 3.1);
        let error = |x: f32| (f64::from(single::erf(x)) - libm::erf(f64::from(x))).abs();
        let worst = sweep().filter(|x| !x.is_nan()).map(error).fold(0.0, f64::max);
        println!("absolute {worst}");
        assert!(worst < 1.3e-7, "{worst}");
    }

    fn check_turns(function: fn(f32) -> f32, truth: fn(f64) -> f64) {
        let mut worst = (0.0, 0.0);
        for x in sweep().filter(|x| x.is_finite()) {
            // The remainder of a number of single precision is exact in double precision.
            let exact = truth(std::f64::consts::TAU * (f64::from(x) % 1.0));
            let error = (f64::from(function(x)) - exact).abs();
            worst = if error > worst.0 { (error, f64::from(x)) } else { worst };
            assert!(function(x).abs() <= 1.0, "{x}");
        }
        println!("{worst:?}");
        assert!(worst.0 < 2.2e-7, "{worst:?}");
        assert!(function(f32::INFINITY).is_nan() && function(f32::NEG_INFINITY).is_nan());
    }

    #[test]
    fn turns_are_accurate() {
        check_turns(single::cos_turns, libm::cos);
        check_turns(single::sin_turns, libm::sin);
    }

    #[test]
    fn ends_of_the_ranges() {
        for function in [single::exp, single::ln, single::tanh, single::erf, single::cos_turns, single::sin_turns] {
            assert!(function(f32::NAN).is_nan());
        }
        assert_eq!(single::exp(f32::INFINITY), f32::INFINITY);
        assert_eq!(single::exp(f32::NEG_INFINITY).to_bits(), 0);
        assert_eq!(single::exp(1e30), f32::INFINITY);
        assert_eq!(single::exp(-1e30).to_bits(), 0);
        assert_eq!(single::ln(f32::INFINITY), f32::INFINITY);
        assert_eq!(single::ln(0.0), f32::NEG_INFINITY);
        assert_eq!(single::ln(-0.0), f32::NEG_INFINITY);
        assert!(single::ln(-1e-45).is_nan() && single::ln(f32::NEG_INFINITY).is_nan());
        for odd in [single::tanh, single::erf] {
            assert_eq!((odd(f32::INFINITY), odd(f32::NEG_INFINITY)), (1.0, -1.0));
            assert_eq!((odd(0.0).to_bits(), odd(-0.0).to_bits()), (0, 0x8000_0000));
        }
    }
}
