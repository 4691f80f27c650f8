//! What the curves of the best trials say about the length of training.

use crate::recipe::SearchRecipe;
use crate::results::{Arm, Curve, Finding, Results};
use crate::statistics::Direction;

/// Trials whose curves are looked at.
const N_CURVES: usize = 5;

/// All that applies.
pub(super) fn curves(results: &Results, search: &SearchRecipe, takes_best: bool) -> Vec<Finding> {
    let lower = Direction::of(&search.metric) == Some(Direction::Lower);
    let best: Vec<&Curve> = curves_of(results, &search.metric).filter(|curve| curve.value.len() >= 10).collect();
    if best.len() < N_CURVES {
        return Vec::new();
    }
    let places: Vec<(usize, usize)> = best.iter().map(|curve| (best_place(curve, lower), curve.value.len())).collect();
    let in_last_tenth = places.iter().filter(|(place, n)| place * 10 >= n * 9).count();
    let in_first_half = places.iter().filter(|(place, n)| place * 2 < *n).count();
    let mut findings = Vec::new();
    let evidence = |n: usize, what: &str| {
        format!(
            "{n} of the best {} trials have their best {} in the {what} of their evaluations",
            best.len(),
            search.metric
        )
    };
    if in_last_tenth == best.len() {
        findings.push(Finding {
            statement: "the best trials still improve at the end of their training".to_owned(),
            evidence: evidence(in_last_tenth, "last tenth"),
            next: "--set training.epochs=N with more epochs".to_owned(),
        });
    }
    if in_first_half == best.len() && !takes_best {
        findings.push(Finding {
            statement: "the best trials are best early in their training".to_owned(),
            evidence: evidence(in_first_half, "first half"),
            next: "--set training.early_stopping=5 takes the best epoch by rows of its own".to_owned(),
        });
    }
    let rises = |curve: &Curve| {
        let lowest = curve.value.iter().copied().fold(f64::INFINITY, f64::min);
        curve.value.last().is_some_and(|last| *last > 1.1 * lowest)
    };
    let falls = |curve: &Curve| curve.value.len() > 1 && curve.value.last() < curve.value.get(curve.value.len() / 2);
    let pairs = curves_of(results, "validation_loss").zip(curves_of(results, "train_loss"));
    let overfit = pairs.filter(|(validation, train)| rises(validation) && falls(train)).count();
    if overfit * 2 > best.len() {
        findings.push(Finding {
            statement: "the validation loss rises while the training loss falls".to_owned(),
            evidence: format!(
                "in {overfit} of the best {} trials it ends more than a tenth above its lowest point on {} rows",
                best.len(),
                results.data.validation_rows
            ),
            next: "vary network.dropout or training.weight_decay in [search.space]".to_owned(),
        });
    }
    findings
}

fn curves_of<'a>(results: &'a Results, name: &'a str) -> impl Iterator<Item = &'a Curve> {
    let curve = move |arm: &'a Arm| arm.runs.first()?.curves.get(name);
    results.arms.iter().take(N_CURVES).filter_map(curve)
}

/// Where a curve is best first.
fn best_place(curve: &Curve, lower: bool) -> usize {
    let loss = |value: f64| {
        if value.is_nan() {
            f64::INFINITY
        } else if lower {
            value
        } else {
            -value
        }
    };
    let mut best = 0;
    for (i, &value) in curve.value.iter().enumerate() {
        if loss(value) < loss(curve.value[best]) {
            best = i;
        }
    }
    best
}
