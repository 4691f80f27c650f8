//! The area under the receiver operating characteristic.

/// The probability that of a row that is of the class and one that is not, both drawn at random, the first has the higher
/// score, ties counted half: `(sum of the ranks of the first kind - a (a + 1) / 2) / (a b)` for a rows of the first kind
/// and b of the other, rows of one score sharing the mean of their ranks (Hanley and `McNeil`, Radiology 143, 1982). `None`
/// without rows of both kinds.
pub(super) fn auc(mut rows: Vec<(f64, bool)>) -> Option<f64> {
    rows.sort_by(|a, b| a.0.total_cmp(&b.0));
    let a = rows.iter().filter(|row| row.1).count() as f64;
    let b = rows.len() as f64 - a;
    let mut sum = 0.0;
    let mut first = 0;
    for tied in rows.chunk_by(|x, y| x.0.total_cmp(&y.0).is_eq()) {
        let rank = first as f64 + f64::midpoint(1.0, tied.len() as f64);
        sum += rank * tied.iter().filter(|row| row.1).count() as f64;
        first += tied.len();
    }
    (a > 0.0 && b > 0.0).then(|| (sum - a * (a + 1.0) / 2.0) / (a * b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_by_hand() {
        assert_eq!(auc(vec![(0.1, false), (0.2, true), (0.3, true)]), Some(1.0));
        assert_eq!(auc(vec![(0.5, false), (0.5, true), (0.5, true)]), Some(0.5), "all tied");
        // Of six pairs four are in order and one is tied.
        let rows = vec![(0.2, true), (0.1, false), (0.4, true), (0.3, false), (0.4, false)];
        assert_eq!(auc(rows), Some(3.5 / 6.0));
        assert_eq!(auc(vec![(0.5, true)]), None);
    }
}
