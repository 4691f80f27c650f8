//! Student's t distribution, from the `statrs` crate.
//!
//! Without its default features that crate takes its functions from `libm`, so the numbers do not
//! depend on the C library of the machine.

use statrs::distribution::{ContinuousCDF, StudentsT};

fn distribution(degrees: usize) -> StudentsT {
    StudentsT::new(0.0, 1.0, degrees as f64).expect("a positive number of degrees of freedom")
}

/// The probability that |T| exceeds |t| when T has Student's distribution: `2 P(T > |t|)`.
///
/// # Panics
/// When `degrees` is 0.
///
/// ```
/// // One degree of freedom is Cauchy's distribution: 1 - 2/pi arctan t.
/// assert!((goodfit::statistics::two_sided_p(1.0, 1) - 0.5).abs() < 1e-14);
/// ```
pub fn two_sided_p(t: f64, degrees: usize) -> f64 {
    2.0 * distribution(degrees).sf(t.abs())
}

/// The value that T exceeds with probability 2.5 %: half the width of a 95 % interval in standard
/// errors.
///
/// # Panics
/// When `degrees` is 0.
///
/// ```
/// assert!((goodfit::statistics::quantile_975(4) - 2.776).abs() < 1e-3);
/// ```
pub fn quantile_975(degrees: usize) -> f64 {
    distribution(degrees).inverse_cdf(0.975)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() <= 1e-12 * b.abs()
    }

    #[test]
    fn p_values_agree_with_scipy() {
        // scipy 1.17: [2 * scipy.stats.t.sf(t, n) for t, n in ...]
        for (t, degrees, p) in [
            (0.5, 1, 0.7048327646991335),
            (12.0, 1, 0.052929352119179755),
            (1.96, 2, 0.18905730960173228),
            (4.3, 2, 0.05005715411709159),
            (30.0, 2, 0.001109262681959659),
            (0.01, 4, 0.9925001562458985),
            (2.776, 4, 0.05002277831997642),
            (8.0, 4, 0.0013238969092171672),
            (10000.0, 4, 5.999999600000023e-16),
            (3.0, 9, 0.014956363910414222),
            (2.0, 31, 0.05432721536717571),
            (5.5, 199, 1.1578364604138632e-07),
        ] {
            assert!(close(two_sided_p(t, degrees), p), "t {t}, {degrees}: {:e}", two_sided_p(t, degrees));
            assert!(close(two_sided_p(-t, degrees), p));
        }
    }

    #[test]
    fn quantiles_agree_with_scipy() {
        // scipy 1.17: [scipy.stats.t.ppf(0.975, n) for n in ...]
        for (degrees, q) in [
            (1, 12.706204736174694),
            (2, 4.302652729749462),
            (3, 3.1824463052837078),
            (4, 2.7764451051977934),
            (5, 2.5705818356363146),
            (7, 2.364624251592784),
            (9, 2.262157162798205),
            (19, 2.0930240544083087),
            (99, 1.9842169515864174),
            (999, 1.9623414611334493),
        ] {
            assert!(close(quantile_975(degrees), q), "{degrees}: {}", quantile_975(degrees));
        }
    }

    #[test]
    fn extremes() {
        assert_eq!(two_sided_p(0.0, 4), 1.0);
        assert_eq!(two_sided_p(f64::INFINITY, 4), 0.0);
    }
}
