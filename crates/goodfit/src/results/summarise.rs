//! From curves to final values, and from runs to their summary.

use std::collections::BTreeSet;

use super::{Arm, Run};
use crate::statistics::summary;

impl Run {
    /// Makes the final values: the last recorded point of each curve that has one.
    pub fn take_final_values(&mut self) {
        let last = |(name, curve): (&String, &super::Curve)| Some((name.clone(), *curve.value.last()?));
        self.final_ = self.curves.iter().filter_map(last).collect();
    }
}

impl Arm {
    /// Makes the [`summary`] of each final value over the runs. A run that lacks a metric (it was
    /// stopped before the first point) does not count for it.
    pub fn summarise(&mut self) {
        let metrics: BTreeSet<&String> = self.runs.iter().flat_map(|run| run.final_.keys()).collect();
        let over_runs = |metric: &String| {
            let values: Vec<f64> = self.runs.iter().filter_map(|run| run.final_.get(metric)).copied().collect();
            (metric.clone(), summary(&values))
        };
        self.summary = metrics.into_iter().map(over_runs).collect();
    }
}

#[cfg(test)]
mod tests {
    use super::super::Curve;
    use super::*;

    fn run(seed: u64, curves: &[(&str, &[f64])]) -> Run {
        let curve = |value: &[f64]| Curve { step: (0..value.len()).collect(), value: value.to_vec() };
        let curves = curves.iter().map(|&(name, value)| (name.to_owned(), curve(value))).collect();
        let mut run = Run { seed, curves, ..Run::default() };
        run.take_final_values();
        run
    }

    #[test]
    fn final_values_and_their_summary() {
        let runs = vec![
            run(0, &[("loss", &[3.0, f64::NAN]), ("accuracy", &[0.1, 0.25])]),
            run(1, &[("loss", &[3.0, 2.0]), ("accuracy", &[0.1, 0.75])]),
            run(2, &[("loss", &[]), ("accuracy", &[])]),
        ];
        assert_eq!(runs[1].final_, [("accuracy".into(), 0.75), ("loss".into(), 2.0)].into());
        let mut arm = Arm { name: "a".into(), runs, ..Arm::default() };
        arm.summarise();
        let accuracy = arm.summary["accuracy"];
        assert_eq!((accuracy.mean, accuracy.sd, accuracy.n), (0.5, 0.125_f64.sqrt(), 2));
        assert!(arm.summary["loss"].mean.is_nan());
        assert_eq!(arm.summary["loss"].n, 2);
    }
}
