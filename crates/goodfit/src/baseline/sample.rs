//! Some rows of many.

use goodfit_nn::{Purpose, Stream};

/// So many of n rows, in their order: all of them where there are no more, else a sample without replacement, by the stream
/// (0, `Purpose::Split`, 7). The first ones would not do: rows that `data.split_column` gives a side keep the order of the file,
/// which may be that of the target, and those of `data.time` run back from the latest.
pub(super) fn sample(n: usize, most: usize) -> Vec<u32> {
    if n <= most {
        return all(n);
    }
    let mut rows = vec![0; n];
    Stream::new(0, Purpose::Split, 7).permutation(&mut rows);
    rows.truncate(most);
    rows.sort_unstable();
    rows
}

/// All of n rows.
pub(super) fn all(n: usize) -> Vec<u32> {
    (0..n as u32).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_of_few_rows_and_some_of_each_part_of_many() {
        assert_eq!(sample(4, 4), [0, 1, 2, 3]);
        let some = sample(10_000, 1000);
        assert!(some.len() == 1000 && some.is_sorted_by(|a, b| a < b), "each once, in order");
        for tenth in 0..10 {
            let n = some.iter().filter(|&&row| row / 1000 == tenth).count();
            // 100 of 1000 without replacement: sd = sqrt(1000 * 0.1 * 0.9 * 0.9).
            assert!((n as f64 - 100.0).abs() < 4.0 * 9.0, "{n} of the tenth {tenth}");
        }
        assert_eq!(sample(10_000, 1000), some);
    }
}
