//! What a finished search says about itself: each check with its numbers and what to type next, only when it applies.

use goodfit_tune::findings::{Edge, Effect, Side, edges, effects, lead, splits};
use goodfit_tune::{Seen, Space, Study, Value};

use super::space::range;
use super::words::{label, number};
use crate::recipe::SearchRecipe;
use crate::results::{Arm, Curve, Finding, Results};
use crate::statistics::Direction;

/// What chance does with at most this probability, over all looks together, counts as found.
const LEVEL: f64 = 0.05;

/// The share of the trials that counts as the best.
const BEST: f64 = 0.1;

/// Fewest trials from which a parameter is said to explain little.
const FEWEST_FOR_EFFECT: usize = 30;
/// A field that explains at most this share of the differences between trials has no effect to speak of.
const NO_EFFECT: f64 = 0.02;

/// Trials whose curves are looked at.
const N_CURVES: usize = 5;

/// All checks that apply.
pub(super) fn checks(results: &Results, search: &SearchRecipe, study: &Study) -> Vec<Finding> {
    let mut findings = Vec::new();
    let history = study.history();
    // The ranges as the recipe says, also where the sampler may go beyond them.
    let Ok(named) = Space::new(search.space.iter().map(|dimension| (dimension.path.clone(), range(dimension)))) else {
        return findings;
    };
    let space = if search.sampler == "narrow" { &named } else { study.space() };
    let n_looks = 2.0 * search.space.len() as f64;
    let found = edges(space, &history, BEST);
    findings.extend(found.iter().filter(|edge| edge.p * n_looks <= LEVEL).map(|edge| crowded(edge, results)));
    let failed = |trial: &goodfit_tune::Observed| trial.seen == Seen::Failed;
    for split in splits(study.space(), &history, failed).iter().filter(|split| split.p <= LEVEL) {
        let side = if split.side == Side::High { "from" } else { "up to" };
        findings.push(Finding {
            statement: format!("trials fail with a {} {side} {}", label(&split.parameter), shown(split.from)),
            evidence: format!(
                "{} of {} trials there failed, {} of the {} others; p = {:.1e} over all cuts looked at",
                split.beyond.0, split.beyond.1, split.within.0, split.within.1, split.p
            ),
            next: format!("end the range of {} before {} in [search.space]", split.parameter, shown(split.from)),
        });
    }
    // A bound of nothing at all is one that the trials happened to fall below, and with few of them it is rough.
    let is_bounded = |effect: &Effect| effect.n >= FEWEST_FOR_EFFECT && effect.at_most > 0.0;
    let unused =
        |effect: &&Effect| effect.is_unconnected() || (is_bounded(effect) && effect.is_without_effect(NO_EFFECT));
    for effect in effects(study.space(), &history, 1.0 - LEVEL).iter().filter(unused) {
        let evidence = if effect.is_unconnected() {
            format!("{} sets of trials that differ in it alone ended with the same value to the bit", effect.n_same)
        } else {
            format!(
                "it explains at most {:.1} % of the differences between {} trials (95 % bound, in ranks)",
                100.0 * effect.at_most,
                effect.n
            )
        };
        findings.push(Finding {
            statement: format!("the {} changes nothing that this search could see", label(&effect.parameter)),
            evidence,
            next: format!("leave {} out of [search.space]", effect.parameter),
        });
    }
    findings.extend(noise(results, search.repeats, &history));
    findings.extend(curves(results, search));
    findings
}

/// The best trials crowd an end of a range.
fn crowded(edge: &Edge, results: &Results) -> Finding {
    let (end, bound) = (if edge.side == Side::High { "upper" } else { "lower" }, shown(edge.bound));
    Finding {
        statement: format!("the best trials crowd the {end} end of the {}, {bound}", label(&edge.parameter)),
        evidence: format!(
            "{} of the best {} of {} trials lie in the outer {:.0} % of its range; chance puts as many there with p = {:.1e}",
            edge.n_at_edge,
            edge.n_best,
            results.trials.len(),
            100.0 * edge.share,
            edge.p
        ),
        next: format!("widen the range of {} beyond {bound} in [search.space], or --sampler narrow", edge.parameter),
    }
}

/// The lead of the best trial is one that equal settings would show.
fn noise(results: &Results, repeats: usize, history: &goodfit_tune::History) -> Option<Finding> {
    let winner = results.search.as_ref()?.winner.as_ref()?;
    let score = winner.score.filter(|score| score.n > 1)?;
    // A trial is the mean of its repeats, the score is of single trainings.
    let sd = score.sd / (repeats as f64).sqrt();
    let lead = lead(history, sd).filter(goodfit_tune::findings::Lead::is_within_noise)?;
    Some(Finding {
        statement: "the lead of the best trial over the second is within noise".to_owned(),
        evidence: format!(
            "{} between trials {} and {}; two trials of one setting differ by up to {} in 95 of 100 cases (sd {} over {} seeds{})",
            number(lead.difference),
            lead.trials.0,
            lead.trials.1,
            number(lead.noise),
            number(score.sd),
            score.n,
            if repeats > 1 { format!(", by the root of {repeats} repeats") } else { String::new() }
        ),
        next: format!("--set search.repeats={0} ranks each trial by the mean of {0} trainings", 3 * repeats),
    })
}

/// What the curves of the best trials say about the length of training.
fn curves(results: &Results, search: &SearchRecipe) -> Vec<Finding> {
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
    if in_first_half == best.len() {
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

fn shown(value: Value) -> String {
    match value {
        Value::Float(x) => number(x),
        Value::Int(n) => n.to_string(),
        Value::Choice(i) => format!("choice {i}"),
    }
}
