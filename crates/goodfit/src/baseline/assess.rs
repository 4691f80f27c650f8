//! Scores of a network, a linear model and a constant on validation rows.

use std::collections::BTreeMap;

use goodfit_nn::Network;

use super::Baselines;
use super::importance::importance;
use super::sample::sample;
use crate::data::table::{Goal, Predicts};
use crate::data::{Labelled, Prepared};
use crate::model::{Metric, Prediction, Scored, predict, scores};
use crate::results::{AgainstLinear, Assessed, Assessment, CalibrationBin, ColumnImportance, LinearFit};
use crate::statistics::paired_t;

/// Rows whose prediction is kept for a figure.
const MOST_POINTS: usize = 2000;
/// Bins of equal width between 0 and 1.
const BINS: usize = 10;

/// Scores what was fitted on the training rows of a table, and the mean prediction of networks where there are some, on the
/// validation rows; `None` where there are none of these. The networks are held against the linear model, and columns are told
/// to be worth something, by the metric that decides; without one by the accuracy or the RMSE, and the log loss or the RMSE.
/// What takes long is shared among `n_jobs` threads.
pub fn assess(
    data: &Prepared,
    baselines: &Baselines,
    networks: &[Network<f32>],
    metric: Option<Metric>,
    n_jobs: usize,
) -> Option<Assessment> {
    Some(Judged::new(data, baselines, networks, metric, n_jobs)?.assessment())
}

/// The name of the mean score that each of several networks has alone.
pub(super) const SINGLE: &str = "single";

/// What models of a table predict on its validation rows.
#[derive(Clone, Debug)]
pub(crate) struct Judged {
    pub(super) target: String,
    /// The metric that decides, where one was chosen.
    pub(super) metric: Option<Metric>,
    pub(super) predicts: Predicts,
    pub(super) goal: Goal,
    /// By name, first `network`, or `ensemble` of several, where there is any.
    pub(super) models: Vec<(&'static str, Vec<Prediction>)>,
    /// What each of several networks predicts alone.
    pub(super) alone: Vec<Vec<Prediction>>,
    pub(super) linear: Option<LinearFit>,
    pub(super) importance: Vec<ColumnImportance>,
    /// Validation rows by those that are used to train.
    pub(super) ratio: f64,
}

impl Judged {
    /// Has all of them predict; `None` where the data are no table, or have no validation rows.
    pub(crate) fn new(
        data: &Prepared,
        baselines: &Baselines,
        networks: &[Network<f32>],
        metric: Option<Metric>,
        n_jobs: usize,
    ) -> Option<Self> {
        let (schema, rows) = (data.schema.as_ref()?, data.validation.as_ref()?);
        let predicts = &schema.predicts;
        let own = (!networks.is_empty()).then(|| predict(networks, &rows.inputs, predicts));
        // A network that overflowed predicts nothing.
        let own = own.filter(|own| own.iter().all(Prediction::is_finite));
        let networks = if own.is_some() { networks } else { &[] };
        let of_several = if networks.len() > 1 { networks } else { &[] };
        let alone = |network| predict(std::slice::from_ref(network), &rows.inputs, predicts);
        let linear = baselines.linear.as_ref().map(|linear| LinearFit {
            rows: linear.rows,
            penalty: linear.penalty,
            converged: linear.converged,
            over_folds: None,
        });
        let subject = if networks.len() > 1 { "ensemble" } else { "network" };
        Some(Self {
            target: schema.target.clone(),
            metric,
            predicts: predicts.clone(),
            goal: goal(rows, predicts),
            models: own.map(|own| (subject, own)).into_iter().chain(baselines.predict(&rows.inputs, schema)).collect(),
            alone: of_several.iter().map(alone).collect(),
            linear,
            importance: if networks.is_empty() { Vec::new() } else { importance(data, networks, metric, n_jobs) },
            ratio: rows.n_rows() as f64 / (data.summary.train_rows + data.summary.stopping_rows) as f64,
        })
    }

    pub(super) fn n_rows(&self) -> usize {
        match &self.goal {
            Goal::Classes { classes, .. } => classes.len(),
            Goal::Numbers(numbers) => numbers.len(),
        }
    }

    /// The predictions of a model.
    pub(super) fn of(&self, name: &str) -> Option<&[Prediction]> {
        self.models.iter().find(|model| model.0 == name).map(|model| model.1.as_slice())
    }

    /// What its models call that which was trained.
    pub(super) fn subject(&self) -> &'static str {
        if self.alone.is_empty() { "network" } else { "ensemble" }
    }

    /// What is scored, in the order of the table of results.
    pub(super) fn names(&self) -> Vec<&'static str> {
        let mut names: Vec<&str> = self.models.iter().map(|model| model.0).collect();
        if !self.alone.is_empty() {
            names.insert(1, SINGLE);
        }
        names
    }

    /// The scores of what has this name.
    pub(super) fn scores(&self, name: &str) -> BTreeMap<String, f64> {
        let of = |own: &[Prediction]| scores(own, &self.goal, &self.predicts);
        if name == SINGLE {
            mean(self.alone.iter().map(|own| of(own)))
        } else {
            self.of(name).map(of).unwrap_or_default()
        }
    }

    /// How good they are.
    pub(super) fn assessment(self) -> Assessment {
        let Self { goal, predicts, .. } = &self;
        let assessed =
            |name: &str| Assessed { name: name.to_owned(), scores: self.scores(name), ..Assessed::default() };
        let mut found = Assessment {
            target: self.target.clone(),
            rows: self.n_rows(),
            shared: true,
            models: self.names().into_iter().map(assessed).collect(),
            networks: (!self.alone.is_empty()).then_some(self.alone.len()),
            linear: self.linear,
            ..Assessment::default()
        };
        if let Predicts::Classes(names) = predicts {
            found.classes.clone_from(names);
        }
        if let Some(own) = self.of(self.subject()) {
            match goal {
                Goal::Classes { names, classes } => {
                    found.confusion = confusion(own, classes, names.len());
                    if names.len() == 2 {
                        found.calibration = calibration(own, classes);
                    }
                }
                Goal::Numbers(numbers) => {
                    let pair = |row: u32| match &own[row as usize] {
                        Prediction::Number(f) => Some([*f, f64::from(numbers[row as usize])]),
                        Prediction::Classes(_) => None,
                    };
                    found.predicted = sample(numbers.len(), MOST_POINTS).into_iter().filter_map(pair).collect();
                }
            }
            if let Some(linear) = self.of("linear") {
                found.against_linear = Some(against(own, linear, goal, predicts, self.decides()));
            }
        }
        let chosen = self.metric.filter(|_| !self.importance.is_empty());
        let importance_score = chosen.map(|metric| metric.name().to_owned());
        Assessment { importance: self.importance, importance_score, ..found }
    }

    /// The metric by which a network is held against a linear model.
    pub(super) fn decides(&self) -> Metric {
        let usual = if matches!(self.predicts, Predicts::Classes(_)) { Metric::Accuracy } else { Metric::Rmse };
        self.metric.unwrap_or(usual)
    }
}

/// What rows are, in the form in which predictions are held against them.
pub(crate) fn goal(rows: &Labelled, predicts: &Predicts) -> Goal {
    match predicts {
        Predicts::Numbers(_) => Goal::Numbers(rows.own_numbers().to_vec()),
        Predicts::Classes(names) => Goal::Classes { names: names.clone(), classes: rows.classes.clone() },
    }
}

/// The mean of each score, over the networks that have it.
fn mean(all: impl Iterator<Item = BTreeMap<String, f64>>) -> BTreeMap<String, f64> {
    let mut sums: BTreeMap<String, (f64, usize)> = BTreeMap::new();
    for (name, score) in all.flatten() {
        let (sum, n) = sums.entry(name).or_default();
        (*sum, *n) = (*sum + score, *n + 1);
    }
    sums.into_iter().map(|(name, (sum, n))| (name, sum / n as f64)).collect()
}

/// Rows by class, then by predicted class.
fn confusion(predictions: &[Prediction], classes: &[u32], n_classes: usize) -> Vec<Vec<u64>> {
    let mut counts = vec![vec![0; n_classes]; n_classes];
    for (prediction, &class) in predictions.iter().zip(classes) {
        if let Some(found) = prediction.class() {
            counts[class as usize][found] += 1;
        }
    }
    counts
}

/// Rows by tenths of the probability of the second class; tenths without rows are left out.
fn calibration(predictions: &[Prediction], classes: &[u32]) -> Vec<CalibrationBin> {
    let mut bins = [(0.0, 0_usize, 0_usize); BINS];
    for (prediction, &class) in predictions.iter().zip(classes) {
        let Prediction::Classes(shares) = prediction else { continue };
        let share = f64::from(shares[1]);
        let bin = &mut bins[((share * BINS as f64) as usize).min(BINS - 1)];
        *bin = (bin.0 + share, bin.1 + class as usize, bin.2 + 1);
    }
    let bin = |&(sum, seconds, rows): &(f64, usize, usize)| CalibrationBin {
        predicted: sum / rows as f64,
        share: seconds as f64 / rows as f64,
        rows,
    };
    bins.iter().filter(|bin| bin.2 > 0).map(bin).collect()
}

/// Two models on the same rows, by a score.
fn against(
    network: &[Prediction],
    linear: &[Prediction],
    goal: &Goal,
    predicts: &Predicts,
    metric: Metric,
) -> AgainstLinear {
    let [own, other] = [network, linear].map(|of| Scored::new(of, goal, predicts));
    let [by_own, by_other] = [&own, &other].map(|of| of.by_row(metric));
    let differences: Vec<f64> = by_own.iter().zip(&by_other).map(|(a, b)| a - b).collect();
    let test = paired_t(&differences, 0.0);
    let [network, linear] = [own, other].map(|of| of.score(metric));
    let (difference, half) = (network - linear, 0.5 * (test.ci95[1] - test.ci95[0]));
    // Two scores differ by no more than they range over.
    let [least, most] = metric.range();
    AgainstLinear {
        score: metric.name().to_owned(),
        network,
        linear,
        difference,
        ci95: [difference - half, difference + half].map(|end| end.clamp(least - most, most - least)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::golden::{floats, golden};
    use crate::data::Units;

    fn two(shares: &[f32]) -> Vec<Prediction> {
        shares.iter().map(|&p| Prediction::Classes(vec![1.0 - p, p])).collect()
    }

    #[test]
    fn confusion_as_in_scikit_learn() {
        let golden = golden();
        let case = &golden["scores"]["many"];
        let row = |p: &serde_json::Value| Prediction::Classes(floats(p).iter().map(|&p| p as f32).collect());
        let predictions: Vec<Prediction> = case["p"].as_array().expect("rows").iter().map(row).collect();
        let classes: Vec<u32> = floats(&case["y"]).iter().map(|&y| y as u32).collect();
        assert_eq!(serde_json::json!(confusion(&predictions, &classes, 3)), case["confusion"]);
    }

    #[test]
    fn calibration_by_hand() {
        let bins = calibration(&two(&[0.0, 0.05, 0.75, 0.72, 1.0]), &[0, 1, 1, 0, 1]);
        let found: Vec<(usize, f64)> = bins.iter().map(|bin| (bin.rows, bin.share)).collect();
        assert_eq!(found, [(2, 0.5), (2, 0.5), (1, 1.0)]);
        assert!((bins[1].predicted - 0.735).abs() < 1e-6);
    }

    #[test]
    fn a_network_is_told_what_a_linear_model_does_as_well() {
        let names = vec!["a".to_owned(), "b".to_owned()];
        let classes: Vec<u32> = (0..40).map(|i| i % 2).collect();
        let right: Vec<f32> = classes.iter().map(|&class| 0.1 + 0.8 * class as f32).collect();
        let wrong_in = |n: usize| {
            two(&right.iter().enumerate().map(|(i, &p)| if i < n { 1.0 - p } else { p }).collect::<Vec<_>>())
        };
        let goal = Goal::Classes { names: names.clone(), classes: classes.clone() };
        let predicts = Predicts::Classes(names);
        let held = |network, linear, metric| against(&wrong_in(network), &wrong_in(linear), &goal, &predicts, metric);
        let tells = |network, linear| held(network, linear, Metric::Accuracy).tells();
        assert_eq!([tells(0, 12), tells(12, 0), tells(3, 3), tells(0, 1)], [1, -1, 0, 0]);
        for metric in [Metric::LogLoss, Metric::Brier, Metric::F1, Metric::Auc, Metric::BalancedAccuracy] {
            let tells = |network, linear| held(network, linear, metric).tells();
            assert_eq!([tells(0, 16), tells(16, 0), tells(3, 3)], [1, -1, 0], "{metric:?}");
        }
        let found = held(4, 8, Metric::Accuracy);
        // Four differences of 1 among 40: sd = sqrt(40/39 (0.1 - 0.01)), t(39) = 2.022691.
        let half = 2.022_691 * (40.0 / 39.0 * 0.09_f64 / 40.0).sqrt();
        assert!((found.difference - 0.1).abs() < 1e-12 && (found.ci95[1] - 0.1 - half).abs() < 1e-6, "{found:?}");
    }

    /// The interval of the difference of two RMSEs against the spread of that difference over draws.
    #[test]
    fn an_rmse_moves_as_far_as_its_interval_says() {
        let mut state = 1_u64;
        let mut normal = || {
            (0..12)
                .map(|_| {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    (state >> 40) as f64 / f64::from(1 << 24)
                })
                .sum::<f64>()
                - 6.0
        };
        let mut draw = || {
            let y: Vec<f32> = (0..200).map(|_| normal() as f32).collect();
            let numbers = |sd: f64, normal: &mut dyn FnMut() -> f64| -> Vec<Prediction> {
                y.iter().map(|&y| Prediction::Number(f64::from(y) + sd * normal())).collect()
            };
            let (a, b) = (numbers(1.0, &mut normal), numbers(1.5, &mut normal));
            let predicts = Predicts::Numbers(Units { mean: 0.0, sd: 1.0 });
            against(&a, &b, &Goal::Numbers(y), &predicts, Metric::Rmse)
        };
        let draws: Vec<AgainstLinear> = (0..400).map(|_| draw()).collect();
        let inside = draws.iter().filter(|found| found.ci95[0] <= -0.5 && found.ci95[1] >= -0.5).count();
        assert!((370..=390).contains(&inside), "{inside} of 400, expected 380");
        assert!(draws.iter().all(|found| found.tells() >= 0));
    }
}
