//! Curves of several seeds as one: the mean with a band.

use std::collections::BTreeMap;

use statrs::distribution::{ContinuousCDF, StudentsT};

use crate::figure::{Band, smooth};
use crate::results::Run;

/// A curve over the runs of an arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spread {
    pub(super) step: Vec<f64>,
    /// Mean over the runs that are finite there; NaN where none is.
    pub(super) mean: Vec<f64>,
    /// Present from two runs on.
    pub(super) band: Option<Band>,
    /// Number of runs with the curve.
    pub(super) n: usize,
}

/// The curve called `metric`, each run smoothed by a window of the given length, then averaged over the runs.
///
/// The band is the 95 % interval of the mean, mean +- t(n-1) sd / sqrt(n) with Student's t, from three runs on,
/// and the range from the least to the greatest for two.
pub(super) fn spread(runs: &[Run], metric: &str, window: usize) -> Spread {
    let mut by_step: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut n = 0;
    for curve in runs.iter().filter_map(|run| run.curves.get(metric)) {
        n += 1;
        for (&step, value) in curve.step.iter().zip(smooth(&curve.value, window)) {
            let values = by_step.entry(step).or_default();
            if value.is_finite() {
                values.push(value);
            }
        }
    }
    let quantiles: Vec<f64> = (0..=n).map(t_quantile).collect();
    let mut out = Spread { n, ..Spread::default() };
    let mut band = Band { low: Vec::new(), high: Vec::new() };
    for (step, values) in by_step {
        let (mean, [low, high]) = interval(&values, &quantiles);
        out.step.push(step as f64);
        out.mean.push(mean);
        band.low.push(low);
        band.high.push(high);
    }
    out.band = (n > 1).then_some(band);
    out
}

fn interval(values: &[f64], quantiles: &[f64]) -> (f64, [f64; 2]) {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    match n {
        0 => (f64::NAN, [f64::NAN; 2]),
        1 => (mean, [mean; 2]),
        2 => (mean, [values[0].min(values[1]), values[0].max(values[1])]),
        _ => {
            let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
            let half = quantiles.get(n).copied().unwrap_or(1.96) * (variance / n as f64).sqrt();
            (mean, [mean - half, mean + half])
        }
    }
}

/// The 97.5 % quantile of Student's t for the mean of n values.
fn t_quantile(n: usize) -> f64 {
    match n {
        0..3 => f64::NAN,
        _ => StudentsT::new(0.0, 1.0, (n - 1) as f64).map_or(f64::NAN, |t| t.inverse_cdf(0.975)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::Curve;

    fn runs(curves: &[&[f64]]) -> Vec<Run> {
        let run = |values: &&[f64]| Run {
            curves: BTreeMap::from([(
                "loss".to_owned(),
                Curve { step: (0..values.len()).collect(), value: values.to_vec() },
            )]),
            ..Run::default()
        };
        curves.iter().map(run).collect()
    }

    #[test]
    fn three_runs_have_a_t_interval() {
        let out = spread(&runs(&[&[1.0], &[2.0], &[3.0]]), "loss", 0);
        let band = out.band.unwrap();
        assert_eq!(out.mean, [2.0]);
        // t(2) at 97.5 % is 4.302653; sd = 1.
        assert!((band.high[0] - 2.0 - 4.302_652_7 / 3f64.sqrt()).abs() < 1e-6);
        assert!((band.high[0] + band.low[0] - 4.0).abs() < 1e-12);
    }

    #[test]
    fn two_runs_have_a_range_and_one_has_nothing() {
        assert_eq!(spread(&runs(&[&[1.0], &[3.0]]), "loss", 0).band.unwrap().low, [1.0]);
        assert_eq!(spread(&runs(&[&[1.0]]), "loss", 0).band, None);
        assert_eq!(spread(&runs(&[&[1.0]]), "no such metric", 0), Spread::default());
    }

    #[test]
    fn runs_that_overflowed_or_ended_early_leave_the_rest() {
        let out = spread(&runs(&[&[1.0, 2.0, 5.0], &[3.0, f64::NAN]]), "loss", 0);
        assert_eq!(out.mean, [2.0, 2.0, 5.0]);
    }
}
