//! The paired t test.

use super::student::{quantile_975, two_sided_p};
use super::summary;
use crate::model::Metric;
use crate::results::Arm;

/// What paired differences say.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PairedTest {
    /// Mean of the differences.
    pub difference: f64,
    /// 95 % interval of that mean.
    pub ci95: [f64; 2],
    /// The probability of a mean at least that far from 0 when there is no difference.
    pub p: f64,
    /// Number of pairs.
    pub n: usize,
}

/// Student's paired t test of "the mean of the differences is 0".
///
/// With mean d, standard deviation s (n - 1) and `s' = max(s, resolution / sqrt(6))`:
/// `t = d sqrt(n) / s'`, `p = 2 P(T > |t|)` and `ci95 = d +- t_0.975 s' / sqrt(n)`, with n - 1
/// degrees of freedom.
///
/// # The smallest standard deviation
/// An accuracy comes in steps of one row. Five differences of exactly one row each have s = 0, and
/// the bare formula would call that certain (p = 0) although the rounding alone hides a deviation:
/// a value rounded to steps of q has an error with variance q^2/12, a difference of two q^2/6. So s
/// is never taken to be smaller. One row in each of 3 seeds then proves nothing (p = 0.051), ten
/// rows do (p = 0.0006). A metric without steps has the resolution 0; equal differences of it, down
/// to the last bit, are the limit p = 0.
///
/// # Special cases
/// - a difference that is not finite: everything but n is NaN. A mean over the other seeds would
///   be that of a selection;
/// - fewer than two differences: interval and p are NaN;
/// - all differences 0: p = 1 and an interval without width.
///
/// Source: Student: The Probable Error of a Mean, Biometrika 6 (1908); the variance of a rounding
/// error after W. F. Sheppard, Proceedings of the London Mathematical Society 29 (1898).
///
/// ```
/// let test = goodfit::statistics::paired_t(&[0.11, 0.13, 0.10, 0.12, 0.10], 0.0);
/// assert!((test.difference - 0.112).abs() < 1e-15);
/// assert!(test.p < 1e-4 && test.ci95[0] > 0.09);
/// ```
pub fn paired_t(differences: &[f64], resolution: f64) -> PairedTest {
    let n = differences.len();
    let s = summary(differences);
    if !s.mean.is_finite() || n < 2 {
        return PairedTest { difference: s.mean, ci95: [f64::NAN; 2], p: f64::NAN, n };
    }
    if differences.iter().all(|&d| d == 0.0) {
        return PairedTest { difference: 0.0, ci95: [0.0; 2], p: 1.0, n };
    }
    let standard_error = s.sd.max(resolution / 6.0_f64.sqrt()) / (n as f64).sqrt();
    let half = quantile_975(n - 1) * standard_error;
    PairedTest {
        difference: s.mean,
        ci95: [s.mean - half, s.mean + half],
        p: two_sided_p(s.mean / standard_error, n - 1),
        n,
    }
}

/// The step in which a metric made of whole rows comes; 0 for any other.
///
/// An accuracy (a balanced one, an AUC, an F1 likewise) comes in steps of the smallest distance q between two different values of it that the arms
/// recorded, over curves and final values: one row, or a small multiple of it when little was recorded. A gap
/// between two accuracies comes in steps of both, whose rounding errors add up: sqrt(q1^2 + q2^2).
pub fn resolution<'a>(arms: impl IntoIterator<Item = &'a Arm>, metric: &str) -> f64 {
    let arms: Vec<&Arm> = arms.into_iter().collect();
    match metric {
        "accuracy_gap" => {
            let evaluated = step(&arms, "test_accuracy").max(step(&arms, "validation_accuracy"));
            step(&arms, "train_accuracy").hypot(evaluated)
        }
        "accuracy" => step(&arms, metric),
        _ if Metric::of_curve(metric).is_some_and(Metric::is_counted) => step(&arms, metric),
        _ => 0.0,
    }
}

/// Distances of shares below this are those of rounding: rows of classes of a hundred thousand move a mean by more.
const ROUNDING: f64 = 1e-12;

/// The smallest distance between two different values of an accuracy; 0 when there are no two.
fn step(arms: &[&Arm], accuracy: &str) -> f64 {
    let runs = arms.iter().flat_map(|arm| &arm.runs);
    let mut values: Vec<f64> = runs
        .flat_map(|run| {
            let curve = run.curves.get(accuracy).map(|curve| curve.value.as_slice()).unwrap_or_default();
            curve.iter().chain(run.final_.get(accuracy)).copied()
        })
        .filter(|x| x.is_finite())
        .collect();
    values.sort_by(f64::total_cmp);
    let gaps = values.windows(2).map(|pair| pair[1] - pair[0]);
    gaps.filter(|&gap| gap > ROUNDING).reduce(f64::min).unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use goodfit_nn::{Purpose, Stream};

    use super::*;
    use crate::results::{Curve, Run};

    #[test]
    fn agrees_with_scipy() {
        // scipy 1.17: r = scipy.stats.ttest_1samp(d, 0); r.pvalue; r.confidence_interval(0.95)
        for (d, p, low, high) in [
            (&[0.11, 0.13, 0.1, 0.12, 0.1][..], 4.3294217282126464e-05, 0.09581068215291295, 0.128189317847087),
            (&[1.0, -2.0, 0.5][..], 0.8740118423302576, -4.159359422388728, 3.8260260890553948),
            (&[-0.3, -0.25][..], 0.057715876752608926, -0.5926551184043674, 0.042655118404367254),
            (
                &[0.02, -0.01, 0.03, 0.0, 0.015, -0.02, 0.04][..],
                0.23899187156193435,
                -0.009340970246311994,
                0.030769541674883424,
            ),
        ] {
            let test = paired_t(d, 0.0);
            for (got, expected) in [(test.p, p), (test.ci95[0], low), (test.ci95[1], high)] {
                assert!((got - expected).abs() <= 1e-11 * expected.abs(), "{d:?}: {test:?}");
            }
            assert_eq!(test.n, d.len());
        }
    }

    #[test]
    fn special_cases() {
        let nan = paired_t(&[1.0, f64::NAN, 2.0], 0.0);
        assert!(nan.difference.is_nan() && nan.p.is_nan() && nan.ci95[0].is_nan());
        assert_eq!(nan.n, 3);
        let one = paired_t(&[0.5], 0.0);
        assert!(one.difference == 0.5 && one.p.is_nan() && one.ci95[1].is_nan());
        let zeros = paired_t(&[0.0; 4], 0.01);
        assert_eq!(zeros, PairedTest { difference: 0.0, ci95: [0.0; 2], p: 1.0, n: 4 });
        assert!(paired_t(&[], 0.0).difference.is_nan());
    }

    #[test]
    fn equal_differences_are_as_uncertain_as_their_rounding() {
        let row = 0.01;
        assert!((paired_t(&[row; 3], row).p - 0.0513).abs() < 1e-4);
        assert!((paired_t(&[10.0 * row; 3], row).p - 0.000_555).abs() < 1e-6);
        assert!(paired_t(&[row; 3], 0.0).p < 1e-15, "what the bare formula says");
        // Rows that differ more than rounding does are not touched.
        let d = [row, row, 2.0 * row];
        assert_eq!(paired_t(&d, row), paired_t(&d, 0.0));
    }

    /// The share of comparisons of equal arms with a p value below 0.05 / 16, as Holm asks of the
    /// first among 16: differences of a few rows, 3 seeds.
    fn share_of_wrong_verdicts(resolution: f64) -> f64 {
        let mut draws = Stream::new(1, Purpose::Data, 0);
        let n = 20_000;
        let wrong = (0..n).filter(|_| {
            let d: [f64; 3] = std::array::from_fn(|_| (0.8 * draws.normal()).round());
            paired_t(&d, resolution).p < 0.05 / 16.0
        });
        wrong.count() as f64 / f64::from(n)
    }

    #[test]
    fn whole_rows_do_not_make_wrong_verdicts_after_correction() {
        // 0.003125 and four sampling errors of sqrt(0.003125 / 20,000).
        let limit = 0.05 / 16.0 + 4.0 * (0.05 / 16.0 / 20_000.0_f64).sqrt();
        assert!(share_of_wrong_verdicts(1.0) <= limit, "{}", share_of_wrong_verdicts(1.0));
        assert!(share_of_wrong_verdicts(0.0) > 5.0 * limit, "{}", share_of_wrong_verdicts(0.0));
    }

    #[test]
    fn resolution_is_the_smallest_step() {
        let run = |value: &[f64], last: f64| Run {
            curves: [("accuracy".into(), Curve { step: (0..value.len()).collect(), value: value.to_vec() })].into(),
            final_: [("accuracy".into(), last), ("loss".into(), last)].into(),
            ..Run::default()
        };
        let arm = |runs| Arm { runs, ..Arm::default() };
        let arms = [arm(vec![run(&[0.5, f64::NAN], 0.5)]), arm(vec![run(&[0.75], f64::INFINITY), run(&[], 0.875)])];
        assert_eq!(resolution(&arms, "accuracy"), 0.125);
        assert_eq!(resolution(&arms[..1], "accuracy"), 0.0);
        assert_eq!(resolution(&arms, "loss"), 0.0);
    }

    #[test]
    fn equal_gaps_are_as_uncertain_as_both_their_accuracies() {
        // 40 training rows and 10 of validation; one training row more in each of three seeds.
        let run = |train: f64, validation: f64| Run {
            final_: [
                ("train_accuracy", train),
                ("validation_accuracy", validation),
                ("accuracy_gap", train - validation),
            ]
            .map(|(name, value)| (name.to_owned(), value))
            .into(),
            ..Run::default()
        };
        let arm = |more: f64| {
            let runs = [(0.5, 0.3), (0.525, 0.4), (0.6, 0.3)];
            Arm { runs: runs.map(|(train, validation)| run(train + more, validation)).to_vec(), ..Arm::default() }
        };
        let (arms, row) = ([arm(0.0), arm(0.025)], 1.0_f64 / 40.0);
        let step = resolution(&arms, "accuracy_gap");
        assert!((step - row.hypot(0.1)).abs() < 1e-12, "{step}");
        let gaps = |arm: &Arm| arm.runs.iter().map(|run| run.final_["accuracy_gap"]).collect::<Vec<_>>();
        let differences: Vec<f64> = gaps(&arms[1]).iter().zip(gaps(&arms[0])).map(|(a, b)| a - b).collect();
        assert!(paired_t(&differences, 0.0).p < 1e-9, "what the bare formula says");
        assert!(paired_t(&differences, step).p > 0.05);
    }
}
