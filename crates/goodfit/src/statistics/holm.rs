//! Holm's correction for many comparisons.

/// p values corrected by Holm's step-down method: a correction under 0.05 keeps the chance of even
/// one wrong verdict among all of them below 5 %, whatever they depend on.
///
/// With the m values in rising order, `p'_(i) = max over j <= i of min(1, (m - j + 1) p_(j))`, j
/// counted from 1; given back in the order of `p`. A NaN (a comparison that could not be computed)
/// stays NaN and counts as 1 for the others: it was made, so it is one of the m.
///
/// Source: S. Holm: A Simple Sequentially Rejective Multiple Test Procedure, Scandinavian Journal
/// of Statistics 6 (1979).
///
/// ```
/// let corrected = goodfit::statistics::holm(&[0.01, 0.04, 0.03]);
/// assert_eq!(corrected, [0.03, 0.06, 0.06]);
/// ```
pub fn holm(p: &[f64]) -> Vec<f64> {
    let m = p.len();
    let or_one = |i: usize| if p[i].is_nan() { 1.0 } else { p[i] };
    let mut order: Vec<usize> = (0..m).collect();
    order.sort_by(|&a, &b| or_one(a).total_cmp(&or_one(b)));

    let mut corrected = vec![f64::NAN; m];
    let mut largest = 0.0_f64;
    for (rank, &i) in order.iter().enumerate() {
        largest = largest.max((m - rank) as f64 * or_one(i)).min(1.0);
        if !p[i].is_nan() {
            corrected[i] = largest;
        }
    }
    corrected
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(p: &[f64], expected: &[f64]) {
        let got = holm(p);
        assert_eq!(got.len(), expected.len());
        for (g, e) in got.iter().zip(expected) {
            assert!((g - e).abs() < 1e-12 || g.is_nan() && e.is_nan(), "{got:?}");
        }
    }

    #[test]
    fn by_hand() {
        // Rising: 0.005 x 4 = 0.02; 0.01 x 3 = 0.03; 0.03 x 2 = 0.06; 0.04 x 1 = 0.04, but not
        // below the one before: 0.06.
        check(&[0.01, 0.04, 0.03, 0.005], &[0.03, 0.06, 0.06, 0.02]);
        check(&[], &[]);
        check(&[0.2], &[0.2]);
        check(&[0.6, 0.7], &[1.0, 1.0]);
    }

    #[test]
    fn agrees_with_statsmodels() {
        // statsmodels 0.15: multipletests(p, method="holm")[1]
        check(
            &[0.0004, 0.9, 0.012, 0.0031, 0.04, 0.04, 0.2, 0.00071],
            &[0.0032, 0.9, 0.06, 0.0186, 0.16, 0.16, 0.4, 0.00497],
        );
    }

    #[test]
    fn one_that_could_not_be_computed_was_still_made() {
        check(&[0.01, f64::NAN, 0.04], &[0.03, f64::NAN, 0.08]);
    }
}
