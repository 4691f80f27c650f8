//! Sorted numbers and their quantiles.

/// Sorts numbers in place, smallest first.
pub(crate) fn sort(values: &mut [f32]) -> &[f32] {
    values.sort_unstable_by(f32::total_cmp);
    values
}

/// A quantile of sorted values, between two neighbours on the straight line; 0 of none.
pub(crate) fn quantile(sorted: &[f32], share: f64) -> f32 {
    let Some(last) = sorted.len().checked_sub(1) else { return 0.0 };
    let at = share * last as f64;
    let (low, part) = (at.floor(), at.fract());
    let (a, b) = (f64::from(sorted[low as usize]), f64::from(sorted[(low as usize + 1).min(last)]));
    (a + part * (b - a)) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_as_numpy_has_them() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        assert_eq!([0.0, 0.25, 0.5, 1.0].map(|share| quantile(&sorted, share)), [1.0, 1.75, 3.0, 8.0]);
        assert_eq!(quantile(&[], 0.5), 0.0);
    }
}
