//! Scores of a network, a linear model and a constant on validation rows.

use std::collections::BTreeMap;

use goodfit_nn::Network;

use super::Baselines;
use super::importance::importance;
use crate::data::table::{Goal, Predicts};
use crate::data::{Labelled, Prepared, Units};
use crate::model::{Prediction, predict, scores};
use crate::results::{AgainstLinear, Assessed, Assessment, CalibrationBin, LinearFit};
use crate::statistics::paired_t;

/// Rows whose prediction is kept for a figure.
const MOST_POINTS: usize = 2000;
/// Bins of equal width between 0 and 1.
const BINS: usize = 10;

/// Scores what was fitted on the training rows of a table, and the mean prediction of networks where there are some, on the
/// validation rows; `None` where there are none of these.
pub fn assess(data: &Prepared, baselines: &Baselines, networks: &[Network<f32>]) -> Option<Assessment> {
    let (schema, rows) = (data.schema.as_ref()?, data.validation.as_ref()?);
    let predicts = &schema.predicts;
    let goal = goal(rows, predicts);
    let mut models = Vec::new();
    let several = networks.len() > 1;
    let own = (!networks.is_empty()).then(|| predict(networks, &rows.inputs, predicts));
    // A network that overflowed predicts nothing.
    let own = own.filter(|own| own.iter().all(Prediction::is_finite));
    let has_network = own.is_some();
    models.extend(own.map(|own| (if several { "ensemble" } else { "network" }, own)));
    models.extend(baselines.predict(&rows.inputs));
    let mut found =
        Assessment { target: schema.target.clone(), rows: rows.n_rows(), shared: true, ..Assessment::default() };
    found.models = models
        .iter()
        .map(|(name, own)| Assessed { name: (*name).to_owned(), scores: scores(own, &goal, predicts) })
        .collect();
    if several && has_network {
        found.networks = Some(networks.len());
        let alone = |network| scores(&predict(std::slice::from_ref(network), &rows.inputs, predicts), &goal, predicts);
        found.models.insert(1, Assessed { name: "single".to_owned(), scores: mean(networks.iter().map(alone)) });
    }
    found.linear = baselines.linear.as_ref().map(|linear| LinearFit {
        rows: linear.rows,
        penalty: linear.penalty,
        converged: linear.converged,
    });
    if let Predicts::Classes(names) = predicts {
        found.classes.clone_from(names);
    }
    if has_network {
        found.importance = importance(data, networks);
        let own = &models[0].1;
        match &goal {
            Goal::Classes { names, classes } => {
                found.confusion = confusion(own, classes, names.len());
                if names.len() == 2 {
                    found.calibration = calibration(own, classes);
                }
            }
            Goal::Numbers(numbers) => {
                let pairs = own.iter().zip(numbers).filter_map(|(prediction, &y)| match prediction {
                    Prediction::Number(f) => Some([*f, f64::from(y)]),
                    Prediction::Classes(_) => None,
                });
                // Validation rows lie in random order.
                found.predicted = pairs.take(MOST_POINTS).collect();
            }
        }
        if let Some((_, linear)) = models.iter().find(|(name, _)| *name == "linear") {
            found.against_linear = Some(against(own, linear, &goal));
        }
    }
    Some(found)
}

pub(super) fn goal(rows: &Labelled, predicts: &Predicts) -> Goal {
    match (predicts, &rows.numbers) {
        (Predicts::Numbers(units), Some(numbers)) => {
            let Units { mean, sd } = units;
            Goal::Numbers(numbers.data().iter().map(|&y| (f64::from(y) * sd + mean) as f32).collect())
        }
        (Predicts::Numbers(_), None) => Goal::Numbers(Vec::new()),
        (Predicts::Classes(names), _) => Goal::Classes { names: names.clone(), classes: rows.classes.clone() },
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

/// Two models on the same rows, by accuracy or RMSE.
fn against(network: &[Prediction], linear: &[Prediction], goal: &Goal) -> AgainstLinear {
    let (score, [own, other]) = match goal {
        Goal::Classes { classes, .. } => ("accuracy", [network, linear].map(|of| hits(of, classes))),
        Goal::Numbers(numbers) => ("RMSE", [network, linear].map(|of| errors(of, numbers))),
    };
    let differences: Vec<f64> = own.1.iter().zip(&other.1).map(|(a, b)| a - b).collect();
    let test = paired_t(&differences, 0.0);
    let (difference, half) = (own.0 - other.0, 0.5 * (test.ci95[1] - test.ci95[0]));
    // Two accuracies differ by at most 1.
    let most = if score == "accuracy" { 1.0 } else { f64::INFINITY };
    AgainstLinear {
        score: score.to_owned(),
        network: own.0,
        linear: other.0,
        difference,
        ci95: [difference - half, difference + half].map(|end| end.clamp(-most, most)),
    }
}

/// The accuracy, and what each row adds to it.
fn hits(predictions: &[Prediction], classes: &[u32]) -> (f64, Vec<f64>) {
    let hit =
        |(prediction, &class): (&Prediction, &u32)| f64::from(u8::from(prediction.class() == Some(class as usize)));
    let hits: Vec<f64> = predictions.iter().zip(classes).map(hit).collect();
    (hits.iter().sum::<f64>() / hits.len() as f64, hits)
}

/// The RMSE, and what each row adds to it: `(y - f)^2 / (2 RMSE)`.
fn errors(predictions: &[Prediction], numbers: &[f32]) -> (f64, Vec<f64>) {
    let square = |(prediction, &y): (&Prediction, &f32)| match prediction {
        Prediction::Number(f) => (f64::from(y) - f).powi(2),
        Prediction::Classes(_) => f64::NAN,
    };
    let squares: Vec<f64> = predictions.iter().zip(numbers).map(square).collect();
    let rmse = (squares.iter().sum::<f64>() / squares.len() as f64).sqrt();
    let slopes = squares.iter().map(|square| if rmse > 0.0 { square / (2.0 * rmse) } else { 0.0 }).collect();
    (rmse, slopes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::golden::{floats, golden};

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
        let goal = Goal::Classes { names, classes: classes.clone() };
        let tells = |network, linear| against(&wrong_in(network), &wrong_in(linear), &goal).tells();
        assert_eq!([tells(0, 12), tells(12, 0), tells(3, 3), tells(0, 1)], [1, -1, 0, 0]);
        let found = against(&wrong_in(4), &wrong_in(8), &goal);
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
            against(&a, &b, &Goal::Numbers(y))
        };
        let draws: Vec<AgainstLinear> = (0..400).map(|_| draw()).collect();
        let inside = draws.iter().filter(|found| found.ci95[0] <= -0.5 && found.ci95[1] >= -0.5).count();
        assert!((370..=390).contains(&inside), "{inside} of 400, expected 380");
        assert!(draws.iter().all(|found| found.tells() >= 0));
    }
}
