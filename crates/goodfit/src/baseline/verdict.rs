//! What the scores of simple models say of networks, in a sentence.

use crate::model::Metric;
use crate::results::{Assessed, Assessment, Results, Run};
use crate::search;
use crate::statistics::Direction;

/// Whether the networks of these results are better than a linear model, with the numbers; `None` where that was not
/// measured.
pub fn verdict(results: &Results) -> Option<String> {
    let assessed = results.assessment.as_ref()?;
    let rows =
        if assessed.rows == 1 { "1 validation row".to_owned() } else { format!("{} validation rows", assessed.rows) };
    if let Some(against) = &assessed.against_linear {
        let ([low, high], subject) = (against.ci95, assessed.subject());
        let over = if assessed.folds.is_some() { "folds" } else { "rows" };
        let (score, network, linear) = (&against.score, number(against.network), number(against.linear));
        let by = if low == 0.0 && high == 0.0 {
            if assessed.folds.is_some() { "the same in every fold" } else { "the same in every row" }.to_owned()
        } else if low.is_finite() {
            let numbers = [against.difference, low, high].map(number);
            format!(
                "{subject} less linear {}, 95 % interval over the {over} {} to {}",
                numbers[0], numbers[1], numbers[2]
            )
        } else {
            "too few rows for an interval".to_owned()
        };
        return Some(match against.tells() {
            1 => format!(
                "The {subject} is better than the linear model: {score} {network} against {linear} on {rows} ({by})."
            ),
            -1 => format!(
                "The linear model is better than the {subject}: {score} {linear} against {network} on {rows} ({by})."
            ),
            _ => format!(
                "The {subject} does not beat the linear model, as far as {rows} can tell: {score} {network} against \
                 {linear} ({by})."
            ),
        });
    }
    if !assessed.shared {
        return None;
    }
    let is_search = !results.trials.is_empty();
    let (metric, score, linear) = same_score(assessed, &results.primary_metric, is_search)?;
    let is_better = |value: f64| if score.direction() == Direction::Higher { value > linear } else { value < linear };
    let values: Vec<f64> = if is_search {
        results.trials.iter().filter(|trial| trial.state == "complete").map(|trial| trial.value).collect()
    } else {
        let sound = results.arms.iter().filter(|arm| !arm.runs.iter().any(Run::ends_overflowed));
        sound.filter_map(|arm| Some(arm.summary.get(metric)?.mean)).filter(|mean| mean.is_finite()).collect()
    };
    if values.is_empty() {
        return None;
    }
    let what = if is_search { "trial" } else { "arm" };
    let n_better = values.iter().filter(|value| is_better(**value)).count();
    let linear = format!("{} {} on {rows}", score.name(), number(linear));
    Some(match n_better {
        0 => format!("No {what} scores above the linear model, which has {linear}."),
        n => format!(
            "{n} of {} {what}s score above the linear model, which has {linear}; whether by more than chance is not tested.",
            values.len()
        ),
    })
}

/// Four digits: more than so many rows can tell.
fn number(x: f64) -> String {
    search::number(format!("{x:.3e}").parse().unwrap_or(x))
}

/// The metric of networks on validation rows that is a score of the linear model, too, with its value for that. A loss with
/// label smoothing is none, and of trials only their own metric is known.
fn same_score<'a>(assessed: &Assessment, metric: &'a str, is_search: bool) -> Option<(&'a str, Metric, f64)> {
    let (metric, score) = match Metric::of_curve(metric) {
        Some(score) if metric.starts_with("validation_") => (metric, score),
        None if metric == "validation_loss" && assessed.classes.is_empty() && !is_search => {
            ("validation_rmse", Metric::Rmse)
        }
        _ => return None,
    };
    let linear: &Assessed = assessed.models.iter().find(|model| model.name == "linear")?;
    Some((metric, score, *linear.scores.get(score.name())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::{AgainstLinear, Arm, Layout, Summary};

    fn results(against_linear: Option<AgainstLinear>) -> Results {
        let models = vec![Assessed {
            name: "linear".to_owned(),
            scores: [("RMSE".to_owned(), 2.0)].into(),
            ..Assessed::default()
        }];
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
            says(1.5, 0.75).is_some_and(|text| text.starts_with("The network does not beat the linear model, as far"))
        );
        let none = "No arm scores above the linear model, which has RMSE 2 on 96 validation rows.";
        assert_eq!(verdict(&results(None)).as_deref(), Some(none));
        let mut one = results(None);
        one.arms[0].summary.get_mut("validation_rmse").expect("a metric").mean = 1.0;
        assert!(verdict(&one).is_some_and(|text| text.starts_with("1 of 2 arms score above the")));
        one.primary_metric = "validation_loss".to_owned();
        assert!(verdict(&one).is_some_and(|text| text.starts_with("1 of 2 arms score above the")), "by their RMSE");
        one.arms[0].runs = vec![Run { final_: [("validation_loss".to_owned(), f64::NAN)].into(), ..Run::default() }];
        assert_eq!(verdict(&one).as_deref(), Some(none), "one that overflowed scores nothing");
        one.assessment.as_mut().expect("one").shared = false;
        assert_eq!(verdict(&one), None);
    }
}
