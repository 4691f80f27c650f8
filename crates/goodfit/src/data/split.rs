//! Which rows go where.

use super::source::DataError;

/// Rows that a network trains on: what preprocessing is fitted on, and nothing else.
#[derive(Clone, Copy, Debug)]
pub struct TrainingRows<'a>(&'a [u32]);

impl<'a> TrainingRows<'a> {
    /// The numbers of the rows, once those that validate and test are split off.
    pub(super) fn of(rows: &'a [u32]) -> Self {
        Self(rows)
    }

    /// Their numbers.
    pub fn rows(&self) -> &'a [u32] {
        self.0
    }
}

/// The number of rows in a share of n that leaves some of `left`; 0 for a share of 0.
pub(super) fn share(field: &'static str, share: f64, n: usize, left: usize) -> Result<usize, DataError> {
    let rows = (share * n as f64).round() as usize;
    let splits = rows < left && (rows > 0 || share <= 0.0);
    if splits { Ok(rows) } else { Err(DataError::Split { field, share, n_rows: n }) }
}

/// Reorders rows so that each beginning of the order has of every class its share, as nearly as whole rows allow; rows of
/// one class keep their order. The i-th of the n rows of a class goes to `(i + 1/2) / n` of the way.
pub(super) fn stratified(order: &mut [u32], classes: &[u32], n_classes: usize) {
    let mut counts = vec![0_u32; n_classes];
    for &row in order.iter() {
        counts[classes[row as usize] as usize] += 1;
    }
    let mut seen = vec![0_u32; n_classes];
    let mut placed: Vec<(f64, u32)> = order
        .iter()
        .map(|&row| {
            let class = classes[row as usize] as usize;
            seen[class] += 1;
            ((f64::from(seen[class]) - 0.5) / f64::from(counts[class]), row)
        })
        .collect();
    placed.sort_by(|a, b| a.0.total_cmp(&b.0));
    for (place, (_, row)) in order.iter_mut().zip(placed) {
        *place = row;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_beginning_has_its_share_of_every_class() {
        let classes: Vec<u32> = (0..100).map(|i| u32::from(i % 10 == 0)).collect();
        let mut order: Vec<u32> = (0..100).rev().collect();
        stratified(&mut order, &classes, 2);
        for n in [10, 20, 50, 90] {
            let ones = order[..n].iter().filter(|&&row| classes[row as usize] == 1).count();
            assert!(ones.abs_diff(n / 10) <= 1, "{n}: {ones}");
        }
        let mut sorted = order.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, (0..100).collect::<Vec<u32>>());
        let ones: Vec<u32> = order.into_iter().filter(|row| row % 10 == 0).collect();
        assert_eq!(ones, [90, 80, 70, 60, 50, 40, 30, 20, 10, 0]);
    }
}
