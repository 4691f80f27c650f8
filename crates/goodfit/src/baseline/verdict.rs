//! What the scores of simple models say of networks, in a sentence.

use crate::results::{Assessed, Assessment, Results};
use crate::search;

/// Whether the networks of these results are better than a linear model, with the numbers; `None` where that was not
/// measured.
pub fn verdict(results: &Results) -> Option<String> {
    let assessed = results.assessment.as_ref()?;
    let rows =
        if assessed.rows == 1 { "1 validation row".to_owned() } else { format!("{} validation rows", assessed.rows) };
    if let Some(against) = &assessed.against_linear {
        let [low, high] = against.ci95;
        let (score, network, linear) = (&against.score, number(against.network), number(against.linear));
        let by = if low == 0.0 && high == 0.0 {
            "the same in every row".to_owned()
        } else if low.is_finite() {
            let numbers = [against.difference, low, high].map(number);
            format!("network less linear {}, 95 % interval over the rows {} to {}", numbers[0], numbers[1], numbers[2])
        } else {
            "too few rows for an interval".to_owned()
        };
        return Some(match against.tells() {
            1 => format!(
                "The network is better than the linear model: {score} {network} against {linear} on {rows} ({by})."
            ),
            -1 => format!(
                "The linear model is better than the network: {score} {linear} against {network} on {rows} ({by})."
            ),
            _ => format!(
                "The linear model is as good as the network, as far as {rows} can tell: {score} {linear} against \
                 {network} ({by})."
            ),
        });
    }
    if !assessed.shared {
        return None;
    }
    let (score, linear) = same_score(assessed, &results.primary_metric)?;
    let is_better = |value: f64| if score == "accuracy" { value > linear } else { value < linear };
    let values: Vec<f64> = if results.trials.is_empty() {
        let mean = |arm: &crate::results::Arm| Some(arm.summary.get(&results.primary_metric)?.mean);
        results.arms.iter().filter_map(mean).filter(|mean| mean.is_finite()).collect()
    } else {
        results.trials.iter().filter(|trial| trial.state == "complete").map(|trial| trial.value).collect()
    };
    let what = if results.trials.is_empty() { "arm" } else { "trial" };
    let n_better = values.iter().filter(|value| is_better(**value)).count();
    let linear = format!("{score} {} on {rows}", number(linear));
    Some(match n_better {
        0 => format!("No {what} is better than the linear model, which has {linear}."),
        n => format!("{n} of {} {what}s are better than the linear model, which has {linear}.", values.len()),
    })
}

/// Four digits: more than so many rows can tell.
fn number(x: f64) -> String {
    search::number(format!("{x:.3e}").parse().unwrap_or(x))
}

/// The score that a metric of networks is on validation rows, and its value for the linear model.
fn same_score(assessed: &Assessment, metric: &str) -> Option<(&'static str, f64)> {
    let score = match metric {
        "validation_accuracy" => "accuracy",
        "validation_rmse" => "RMSE",
        "validation_loss" if !assessed.classes.is_empty() => "log loss",
        _ => return None,
    };
    let linear: &Assessed = assessed.models.iter().find(|model| model.name == "linear")?;
    Some((score, *linear.scores.get(score)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{AgainstLinear, Arm, Layout, Summary};

    fn results(against_linear: Option<AgainstLinear>) -> Results {
        let models = vec![Assessed { name: "linear".to_owned(), scores: [("RMSE".to_owned(), 2.0)].into() }];
        let assessment = Assessment { rows: 96, shared: true, models, against_linear, ..Assessment::default() };
        let arm = |mean| Arm {
            summary: [("validation_rmse".to_owned(), Summary { mean, sd: 0.1, n: 3 })].into(),
            ..Arm::default()
        };
        Results {
            assessment: Some(assessment),
            primary_metric: "validation_rmse".to_owned(),
            arms: vec![arm(2.5), arm(2.25)],
            ..Results::new("a", "", Layout::default())
        }
    }

    #[test]
    fn sentences() {
        let says = |network: f64, half: f64| {
            let difference = network - 2.0;
            let ci95 = [difference - half, difference + half];
            verdict(&results(Some(AgainstLinear { score: "RMSE".to_owned(), network, linear: 2.0, difference, ci95 })))
        };
        assert_eq!(
            says(1.5, 0.25).as_deref(),
            Some(
                "The network is better than the linear model: RMSE 1.5 against 2 on 96 validation rows (network less \
                 linear -0.5, 95 % interval over the rows -0.75 to -0.25)."
            )
        );
        assert!(
            says(2.5, 0.25)
                .is_some_and(|text| text.starts_with("The linear model is better than the network: RMSE 2 "))
        );
        assert!(
            says(1.5, 0.75).is_some_and(|text| text.starts_with("The linear model is as good as the network, as far"))
        );
        let none = "No arm is better than the linear model, which has RMSE 2 on 96 validation rows.";
        assert_eq!(verdict(&results(None)).as_deref(), Some(none));
        let mut one = results(None);
        one.arms[0].summary.get_mut("validation_rmse").expect("a metric").mean = 1.0;
        assert!(verdict(&one).is_some_and(|text| text.starts_with("1 of 2 arms are better than")));
        one.assessment.as_mut().expect("one").shared = false;
        assert_eq!(verdict(&one), None);
    }
}
