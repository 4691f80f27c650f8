//! Curves of several seeds as one: the mean with a band.

use std::collections::BTreeMap;

use crate::figure::{Band, smooth};
use crate::results::{Curve, Run};
use crate::statistics::quantile_975;

/// A metric over the runs of an arm.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Spread {
    pub(super) step: Vec<f64>,
    /// Mean over the runs that stay finite.
    pub(super) mean: Vec<f64>,
    /// Present from two such runs on.
    pub(super) band: Option<Band>,
    /// Number of runs that stay finite.
    pub(super) n: usize,
    /// The runs that do not, each up to where it was finite: one of them would be all there is of a mean.
    pub(super) broken: Vec<Broken>,
}

/// A run whose curve does not stay finite.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Broken {
    pub(super) step: Vec<f64>,
    pub(super) value: Vec<f64>,
    /// The first step without a finite value.
    pub(super) at: usize,
}

/// The curve called `metric`, each run smoothed by a window of the given length, then averaged over the runs.
///
/// The band is the 95 % interval of the mean, mean +- t(n-1) sd / sqrt(n) with Student's t, from three runs on,
/// and the range from the least to the greatest for two.
pub(super) fn spread(runs: &[Run], metric: &str, window: usize) -> Spread {
    let curves = runs.iter().filter_map(|run| run.curves.get(metric)).filter(|curve| !curve.step.is_empty());
    let mut by_step: BTreeMap<usize, Vec<f64>> = BTreeMap::new();
    let mut out = Spread::default();
    for curve in curves {
        if let Some(end) = curve.value.iter().position(|x| !x.is_finite()) {
            out.broken.push(broken(curve, end, window));
            continue;
        }
        out.n += 1;
        for (&step, value) in curve.step.iter().zip(smooth(&curve.value, window)) {
            by_step.entry(step).or_default().push(value);
        }
    }
    let quantiles: Vec<f64> = (0..=out.n).map(t_quantile).collect();
    let mut band = Band { low: Vec::new(), high: Vec::new() };
    for (step, values) in by_step {
        let (mean, [low, high]) = with_quantile(&values, quantiles.get(values.len()).copied().unwrap_or(f64::NAN));
        out.step.push(step as f64);
        out.mean.push(mean);
        band.low.push(low);
        band.high.push(high);
    }
    out.band = (out.n > 1).then_some(band);
    out
}

fn broken(curve: &Curve, end: usize, window: usize) -> Broken {
    let step = curve.step[..end.min(curve.step.len())].iter().map(|&step| step as f64).collect();
    Broken { step, value: smooth(&curve.value[..end], window), at: curve.step.get(end).copied().unwrap_or(0) }
}

/// The mean of some values with the band that [`spread`] describes.
pub(super) fn interval(values: &[f64]) -> (f64, [f64; 2]) {
    with_quantile(values, t_quantile(values.len()))
}

fn with_quantile(values: &[f64], quantile: f64) -> (f64, [f64; 2]) {
    let n = values.len();
    let mean = values.iter().sum::<f64>() / n as f64;
    match n {
        0 => (f64::NAN, [f64::NAN; 2]),
        1 => (mean, [mean; 2]),
        2 => (mean, [values[0].min(values[1]), values[0].max(values[1])]),
        _ => {
            let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
            let half = quantile * (variance / n as f64).sqrt();
            (mean, [mean - half, mean + half])
        }
    }
}

/// The 97.5 % quantile of Student's t for the mean of n values.
fn t_quantile(n: usize) -> f64 {
    match n {
        0..3 => f64::NAN,
        _ => quantile_975(n - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_run_that_ended_early_leaves_the_rest() {
        let out = spread(&runs(&[&[1.0, 2.0, 5.0], &[3.0, 4.0]]), "loss", 0);
        assert_eq!(out.mean, [2.0, 3.0, 5.0]);
    }

    #[test]
    fn a_run_that_overflows_is_no_part_of_the_mean() {
        let out = spread(&runs(&[&[1.0, 2.0, 5.0], &[3.0, 1e30, f64::NAN]]), "loss", 0);
        assert_eq!((out.mean, out.n), (vec![1.0, 2.0, 5.0], 1));
        assert_eq!(out.broken, [Broken { step: vec![0.0, 1.0], value: vec![3.0, 1e30], at: 2 }]);
    }
}
