//! Whether the accuracy that decides tells networks from a constant.

use crate::results::{Finding, Results, Run};

/// That no network is more accurate than taking every row for the most frequent class, so that accuracy, which decides, ranks
/// nothing. `None` where another score decides, a network or the linear model is more accurate, the share of that class is nearer
/// to an equal one of `1 / k` than to 1, it has all rows, or that was not measured.
pub(crate) fn like_the_majority(results: &Results) -> Option<Finding> {
    let assessed = results.assessment.as_ref().filter(|assessed| assessed.shared)?;
    if results.primary_metric != "validation_accuracy" {
        return None;
    }
    let accuracy =
        |name: &str| assessed.models.iter().find(|model| model.name == name)?.scores.get("accuracy").copied();
    let k = assessed.classes.len().max(1) as f64;
    let most = accuracy("majority").filter(|share| *share < 1.0 && 2.0 * share >= 1.0 + 1.0 / k)?;
    if accuracy("linear").is_some_and(|linear| linear > most) {
        return None;
    }
    let (what, scores): (&str, Vec<f64>) = match accuracy("ensemble").or_else(|| accuracy("network")) {
        Some(score) => ("network", vec![score]),
        None if results.trials.is_empty() => {
            let sound = results.arms.iter().filter(|arm| !arm.runs.iter().any(Run::ends_overflowed));
            let score = |run: &Run| run.final_.get(&results.primary_metric).copied();
            ("run", sound.flat_map(|arm| arm.runs.iter().filter_map(score)).collect())
        }
        None => {
            let complete = results.trials.iter().filter(|trial| trial.state == "complete");
            ("trial", complete.map(|trial| trial.value).collect())
        }
    };
    let best = scores.iter().copied().reduce(f64::max)?;
    // Means of the same number differ from it by rounding.
    (best <= most + 1e-9).then(|| Finding {
        statement: format!("accuracy tells nothing here: taking every row for the most frequent class has {most:.3}"),
        evidence: format!("the best {what} has {best:.3} on {} validation rows", assessed.rows),
        next: "--set training.metric=auc, by which rare classes count".to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::results::{Arm, Assessed, Assessment, Layout, Trial};

    fn model(name: &str, accuracy: f64) -> Assessed {
        Assessed { name: name.to_owned(), scores: [("accuracy".to_owned(), accuracy)].into(), ..Assessed::default() }
    }

    fn results(models: Vec<Assessed>) -> Results {
        Results {
            assessment: Some(Assessment {
                rows: 50,
                shared: true,
                classes: vec!["a".to_owned(), "b".to_owned()],
                models,
                ..Assessment::default()
            }),
            primary_metric: "validation_accuracy".to_owned(),
            ..Results::new("a", "", Layout::default())
        }
    }

    #[test]
    fn one_network() {
        let of = |network| like_the_majority(&results(vec![model("network", network), model("majority", 0.9)]));
        assert!(of(0.92).is_none());
        let found = of(0.9).expect("a finding");
        assert_eq!(
            found.statement,
            "accuracy tells nothing here: taking every row for the most frequent class has 0.900"
        );
        assert_eq!(found.evidence, "the best network has 0.900 on 50 validation rows");
        assert!(of(0.88).is_some_and(|found| found.evidence.contains("0.880")));
        let one_class = results(vec![model("network", 1.0), model("majority", 1.0)]);
        assert!(like_the_majority(&one_class).is_none(), "no score tells anything there");
        let linear = |accuracy| vec![model("network", 0.9), model("linear", accuracy), model("majority", 0.9)];
        assert!(like_the_majority(&results(linear(0.9))).is_some());
        assert!(like_the_majority(&results(linear(0.95))).is_none(), "accuracy tells something there");
        let even = results(vec![model("network", 0.5), model("majority", 0.6)]);
        assert!(like_the_majority(&even).is_none(), "a bad network on classes of similar size");
    }

    #[test]
    fn arms_and_trials() {
        let run = |score| Run { final_: [("validation_accuracy".to_owned(), score)].into(), ..Run::default() };
        let arm = |score| Arm { runs: vec![run(0.8), run(score)], ..Arm::default() };
        let mut of_arms = results(vec![model("majority", 0.9)]);
        of_arms.arms = vec![arm(0.85), arm(0.91)];
        assert!(like_the_majority(&of_arms).is_none());
        of_arms.arms = vec![arm(0.85), arm(0.9)];
        assert!(like_the_majority(&of_arms).is_some());
        of_arms.assessment.as_mut().expect("one").shared = false;
        assert!(like_the_majority(&of_arms).is_none(), "each seed has rows of its own");
        let trial = |value: f64, state: &str| Trial {
            trial: 0,
            state: state.to_owned(),
            reason: None,
            value,
            settings: BTreeMap::new(),
            rescored: None,
        };
        let mut of_trials = results(vec![model("majority", 0.9)]);
        of_trials.trials = vec![trial(0.9, "complete"), trial(0.99, "pruned"), trial(f64::NAN, "failed")];
        assert!(like_the_majority(&of_trials).is_some());
        of_trials.trials[0].value = (0.9 + 0.9 + 0.9) / 3.0;
        assert!(like_the_majority(&of_trials).is_some());
        of_trials.trials[0].value = 0.91;
        assert!(like_the_majority(&of_trials).is_none());
        of_trials.primary_metric = "validation_auc".to_owned();
        of_trials.trials[0].value = 0.5;
        assert!(like_the_majority(&of_trials).is_none());
    }
}
