//! Mean and standard deviation of a few values.

use crate::results::Summary;

/// Mean, standard deviation and number of the values.
///
/// `mean = sum x / n`, `sd = sqrt(sum (x - mean)^2 / (n - 1))`; summed in the order given, relative
/// to the first value, so that equal values have exactly that mean and an sd of exactly 0.
///
/// One value that is not finite makes the mean and the sd NaN (`null` in a file): the mean of the
/// others would be that of a selection. No values have the mean NaN, and fewer than two the sd NaN.
///
/// ```
/// let s = goodfit::statistics::summary(&[1.0, 2.0, 6.0]);
/// assert_eq!((s.mean, s.sd, s.n), (3.0, 7.0_f64.sqrt(), 3));
/// ```
pub fn summary(values: &[f64]) -> Summary {
    let n = values.len();
    if n == 0 || values.iter().any(|x| !x.is_finite()) {
        return Summary { mean: f64::NAN, sd: f64::NAN, n };
    }
    let mean = values[0] + values.iter().map(|x| x - values[0]).sum::<f64>() / n as f64;
    let sd = if n < 2 {
        f64::NAN
    } else {
        (values.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1) as f64).sqrt()
    };
    Summary { mean, sd, n }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // numpy 2: numpy.mean(x), numpy.std(x, ddof=1)
        let s = summary(&[0.1, 0.4, 0.35, 0.8]);
        assert!((s.mean - 0.4125).abs() < 1e-15);
        assert!((s.sd - 0.28975564417856187).abs() < 1e-15, "{}", s.sd);
    }

    #[test]
    fn equal_values_have_no_spread() {
        let s = summary(&[0.1; 3]);
        assert_eq!((s.mean, s.sd), (0.1, 0.0));
    }

    #[test]
    fn a_value_that_is_not_finite_makes_the_mean_unknown() {
        for bad in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
            let s = summary(&[1.0, bad, 2.0]);
            assert!(s.mean.is_nan() && s.sd.is_nan());
            assert_eq!(s.n, 3);
        }
    }

    #[test]
    fn too_few_values() {
        assert!(summary(&[]).mean.is_nan());
        let one = summary(&[4.0]);
        assert_eq!(one.mean, 4.0);
        assert!(one.sd.is_nan());
    }
}
