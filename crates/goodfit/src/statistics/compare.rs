//! Comparisons of arms, corrected together.

use std::collections::BTreeMap;

use super::{Direction, PairedTest, Pairs, holm, paired_t, resolution};
use crate::results::{Arm, Comparison, Verdict};

/// The corrected p value below which a verdict is given.
pub const SIGNIFICANCE: f64 = 0.05;

/// The number of pairs below which no verdict is given, whatever the p value.
pub const MIN_SEEDS: usize = 3;

/// One comparison to make.
#[derive(Clone, Copy, Debug)]
pub struct Case<'a> {
    /// The arm.
    pub arm: &'a Arm,
    /// What it is held against.
    pub baseline: &'a Arm,
    /// On which metric: a name in `final`.
    pub metric: &'a str,
}

/// Compares arms on one metric; see [`compare`]. `baseline` is a position in `arms`.
///
/// # Panics
/// When there are arms and `baseline` is not the position of one.
pub fn compare_arms(arms: &[Arm], metric: &str, pairs: Pairs, baseline: usize) -> Vec<Comparison> {
    let pairs = pairs.of(arms, baseline).into_iter();
    let cases: Vec<_> = pairs.map(|(i, j)| Case { arm: &arms[i], baseline: &arms[j], metric }).collect();
    compare(&cases)
}

/// Makes comparisons and corrects them together, so pass all those of a report at once.
///
/// Each is a [`paired_t`] test of the final values, paired by seed (a seed that only one of the two
/// has is left out); the p values of all are corrected by [`holm`]. The verdict is better or worse
/// when the corrected p value is below [`SIGNIFICANCE`], by the metric's [`Direction`]. It is
/// "cannot tell" otherwise, and always
/// - with fewer than [`MIN_SEEDS`] pairs;
/// - when the two are measured on different rows, because their data differ: then there is no pair;
/// - when all differences are 0;
/// - when a final value is not finite: a loss that overflowed has no distance from one that did
///   not. That runs diverged is counted by [`divergences`](super::divergences), not averaged; their
///   accuracy is still a number and is compared as such;
/// - when the name of the metric does not say which way is the good one.
///
/// The interval is that of the one comparison, not corrected: with many comparisons it may leave
/// out 0 where the verdict is "cannot tell".
pub fn compare(cases: &[Case]) -> Vec<Comparison> {
    let mut steps: BTreeMap<&str, f64> = BTreeMap::new();
    for case in cases {
        steps.entry(case.metric).or_insert_with(|| {
            let same = cases.iter().filter(|other| other.metric == case.metric);
            resolution(same.flat_map(|other| [other.arm, other.baseline]), case.metric)
        });
    }
    let tests: Vec<PairedTest> = cases.iter().map(|case| paired_t(&differences(case), steps[case.metric])).collect();
    let corrected = holm(&tests.iter().map(|test| test.p).collect::<Vec<_>>());

    let comparison = |((case, test), p_holm): ((&Case, &PairedTest), f64)| Comparison {
        metric: case.metric.to_owned(),
        arm: case.arm.name.clone(),
        baseline: case.baseline.name.clone(),
        difference: test.difference,
        ci95: test.ci95,
        p_holm,
        n: test.n,
        verdict: verdict(test, p_holm, Direction::of(case.metric)),
    };
    cases.iter().zip(&tests).zip(corrected).map(comparison).collect()
}

/// Whether both arms are measured on the same rows. Arms may differ in their data; then only the
/// same test rows make them comparable.
fn on_same_rows(case: &Case) -> bool {
    let test_rows = |arm: &Arm| arm.data.as_ref().and_then(|data| data.test_fingerprint.clone());
    let (arm, baseline) = (test_rows(case.arm), test_rows(case.baseline));
    case.arm.data == case.baseline.data || case.metric.starts_with("test_") && arm.is_some() && arm == baseline
}

/// Final values of the arm less those of the baseline, by seed, in the order of the arm's runs; none
/// when the two are measured on different rows.
fn differences(case: &Case) -> Vec<f64> {
    if !on_same_rows(case) {
        return Vec::new();
    }
    let finals = |arm: &Arm| -> BTreeMap<u64, f64> {
        arm.runs.iter().filter_map(|run| Some((run.seed, *run.final_.get(case.metric)?))).collect()
    };
    let baseline = finals(case.baseline);
    finals(case.arm).into_iter().filter_map(|(seed, value)| Some(value - baseline.get(&seed)?)).collect()
}

fn verdict(test: &PairedTest, p_holm: f64, direction: Option<Direction>) -> Verdict {
    // A NaN is not below anything.
    let told = test.n >= MIN_SEEDS && p_holm < SIGNIFICANCE;
    match direction {
        Some(direction) if told => {
            if (test.difference > 0.0) == (direction == Direction::Higher) {
                Verdict::Better
            } else {
                Verdict::Worse
            }
        }
        _ => Verdict::CannotTell,
    }
}

#[cfg(test)]
mod tests {
    use goodfit_nn::{Purpose, Stream};

    use super::*;
    use crate::results::Run;

    fn arm(name: &str, metric: &str, values: &[f64]) -> Arm {
        let run = |(seed, &value): (usize, &f64)| Run {
            seed: seed as u64,
            final_: [(metric.to_owned(), value)].into(),
            ..Run::default()
        };
        Arm { name: name.to_owned(), runs: values.iter().enumerate().map(run).collect(), ..Arm::default() }
    }

    /// Compares two arms with these final values.
    fn one(metric: &str, values: &[f64], baseline: &[f64]) -> Comparison {
        let arms = [arm("baseline", metric, baseline), arm("arm", metric, values)];
        compare_arms(&arms, metric, Pairs::Baseline, 0).remove(0)
    }

    #[test]
    fn verdict_follows_the_direction_of_the_metric() {
        let (high, low) = ([0.9, 0.91, 0.92, 0.9], [0.5, 0.52, 0.51, 0.505]);
        for (metric, values, baseline, verdict) in [
            ("test_accuracy", high, low, Verdict::Better),
            ("test_accuracy", low, high, Verdict::Worse),
            ("train_loss", high, low, Verdict::Worse),
            ("train_loss", low, high, Verdict::Better),
            ("something", low, high, Verdict::CannotTell),
        ] {
            assert_eq!(one(metric, &values, &baseline).verdict, verdict, "{metric}");
        }
    }

    #[test]
    fn cannot_tell() {
        let (high, low) = ([0.9, 0.91, 0.92, 0.9], [0.5, 0.52, 0.51, 0.505]);
        for (values, baseline) in [
            (&high[..2], &low[..2]),                                    // too few seeds
            (&high[..], &high[..]),                                     // no difference
            (&[f64::NAN; 4], &low[..]),                                 // diverged in every seed
            (&[f64::NAN, 0.9, 0.9, 0.9], &low[..]),                     // diverged in one
            (&[f64::NAN; 4], &[f64::NAN; 4]),                           // both diverged
            (&[f64::INFINITY, 0.9, 0.9, 0.9], &low[..]),                // infinite
            (&[0.50, 0.53, 0.51, 0.50], &[0.5, 0.52, 0.51, 0.505][..]), // within the noise
            (&[], &[]),
        ] {
            assert_eq!(one("test_accuracy", values, baseline).verdict, Verdict::CannotTell, "{values:?}");
        }
    }

    #[test]
    fn seeds_are_paired_by_number() {
        let baseline = arm("baseline", "test_accuracy", &[0.1, 0.2, 0.3, 0.4]);
        let mut other = arm("arm", "test_accuracy", &[0.2, 0.3, 0.4, 0.5]);
        other.runs.reverse();
        other.runs[0].seed = 17;
        let got = compare_arms(&[baseline, other], "test_accuracy", Pairs::Baseline, 0).remove(0);
        assert_eq!(got.n, 3);
        assert!((got.difference - 0.1).abs() < 1e-15);
    }

    #[test]
    fn all_comparisons_are_corrected_together() {
        let baseline = arm("a", "m_loss", &[1.0, 2.0, 3.0]);
        let others = [arm("b", "m_loss", &[1.3, 2.1, 3.2]), arm("c", "m_loss", &[1.2, 2.25, 3.22])];
        let alone: Vec<f64> = others
            .iter()
            .map(|other| compare(&[Case { arm: other, baseline: &baseline, metric: "m_loss" }])[0].p_holm)
            .collect();
        let [b, c] = others;
        let together = compare_arms(&[baseline, b, c], "m_loss", Pairs::Baseline, 0);
        assert!(alone[1] < alone[0]);
        assert!((together[1].p_holm - 2.0 * alone[1]).abs() < 1e-15);
        assert!((together[0].p_holm - alone[0].max(2.0 * alone[1])).abs() < 1e-15);
    }

    /// n draws with that mean and sd 1.
    fn draws(seed: u64, index: u64, n: usize, mean: f64) -> Vec<f64> {
        let mut stream = Stream::new(seed, Purpose::Data, index);
        (0..n).map(|_| mean + stream.normal()).collect()
    }

    /// Of 400 comparisons of arms that differ by `difference` standard deviations, with unpaired
    /// seeds, how many are told apart.
    fn told(n: usize, difference: f64, verdict: impl Fn(&[f64], &[f64]) -> bool) -> usize {
        (0..400).filter(|&i| verdict(&draws(11, i, n, difference), &draws(12, i, n, 0.0))).count()
    }

    #[test]
    fn equal_arms_rarely_get_a_verdict() {
        let ours = |a: &[f64], b: &[f64]| one("m_loss", a, b).verdict != Verdict::CannotTell;
        for n in [3, 5, 10] {
            let wrong = told(n, 0.0, ours);
            assert!(wrong <= 28, "{wrong} of 400 with {n} seeds, 7 % are 28");
        }
        // The same with the normal distribution's 1.96 for Student's 4.30 is far above the limit.
        let normal = |a: &[f64], b: &[f64]| {
            let d: Vec<f64> = a.iter().zip(b).map(|(a, b)| a - b).collect();
            let s = super::super::summary(&d);
            (s.mean * (s.n as f64).sqrt() / s.sd).abs() > 1.96
        };
        assert!(told(3, 0.0, normal) > 56, "{} of 400", told(3, 0.0, normal));
    }

    #[test]
    fn a_large_difference_is_found() {
        let better = |a: &[f64], b: &[f64]| one("m_accuracy", a, b).verdict == Verdict::Better;
        let found = told(5, 3.0, better);
        assert!(found >= 340, "{found} of 400");
        let worse = |a: &[f64], b: &[f64]| one("m_accuracy", a, b).verdict == Verdict::Worse;
        assert_eq!(told(5, 3.0, worse), 0);
    }
}
