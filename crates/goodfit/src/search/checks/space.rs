//! Whether the space was the right one: its ends, its failures, what in it matters, and how much of it was seen.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use goodfit_tune::findings::{Edge, Effect, Side, Split, edges, effects, splits};
use goodfit_tune::{Seen, Space, Study, Value};

use super::LEVEL;
use crate::recipe::SearchRecipe;
use crate::results::{Finding, Results};
use crate::search::objective::DIVERGED;
use crate::search::space::range;
use crate::search::words::{label, number};

/// The share of the trials that counts as the best.
const BEST: f64 = 0.1;

/// Fewest trials from which a parameter is said to explain little.
const FEWEST_FOR_EFFECT: usize = 30;
/// A field that explains at most this share of the differences between trials matters little.
const LITTLE: f64 = 0.1;

/// All that applies.
pub(super) fn space(results: &Results, search: &SearchRecipe, study: &Study) -> Vec<Finding> {
    let mut findings = Vec::new();
    let history = study.history();
    findings.extend(nothing(results));
    findings.extend(more_than_asked(results, search));
    findings.extend(covered(results, search, study));
    // The ranges as the recipe says, also where the sampler may go beyond them.
    if let Ok(named) = Space::new(search.space.iter().map(|dimension| (dimension.path.clone(), range(dimension)))) {
        let space = if search.sampler == "narrow" { &named } else { study.space() };
        let level = LEVEL / (2 * search.space.len()) as f64;
        let found = edges(space, &history, BEST);
        findings.extend(found.iter().filter(|edge| edge.p <= level).map(|edge| crowded(edge, search, results)));
    }
    let failed = |trial: &goodfit_tune::Observed| trial.seen == Seen::Failed;
    findings.extend(splits(study.space(), &history, failed).iter().filter(|split| split.p <= LEVEL).map(fails));
    // Each field is a look, and each bound has to hold.
    let level = LEVEL / search.space.len() as f64;
    let effects = effects(study.space(), &history, 1.0 - level);
    findings.extend(effects.iter().filter_map(|effect| without_effect(effect, level)));
    findings
}

/// No trial has a score.
fn nothing(results: &Results) -> Option<Finding> {
    if results.trials.iter().any(|trial| trial.state == "complete") {
        return None;
    }
    let n = results.trials.len();
    if n == 0 {
        return Some(Finding {
            statement: "no trial was carried out".to_owned(),
            evidence: "the time was up before the first one began".to_owned(),
            next: "more --seconds".to_owned(),
        });
    }
    let mut reasons: BTreeMap<&str, usize> = BTreeMap::new();
    results
        .trials
        .iter()
        .filter_map(|trial| trial.reason.as_deref())
        .for_each(|reason| *reasons.entry(reason).or_default() += 1);
    let mut reasons: Vec<(&str, usize)> = reasons.into_iter().collect();
    reasons.sort_by_key(|(reason, n)| (Reverse(*n), *reason));
    let shown: Vec<String> = reasons.iter().take(3).map(|(reason, n)| format!("{n} times: {reason}")).collect();
    Some(Finding {
        statement: format!("none of {n} trials has a score"),
        evidence: shown.join("; "),
        next: if reasons[0].0 == DIVERGED {
            "lower the upper end of training.learning_rate in [search.space]".to_owned()
        } else {
            "goodfit train with the values of one trial says more, or another range in [search.space]".to_owned()
        },
    })
}

/// The study went further before than it was asked to now.
fn more_than_asked(results: &Results, search: &SearchRecipe) -> Option<Finding> {
    let (n, asked) = (results.trials.len(), search.trials);
    (n > asked).then(|| Finding {
        statement: format!("the study has {n} trials, more than the {asked} asked for"),
        evidence: "an earlier search carried them out, and all of them are ranked here".to_owned(),
        next: format!("--force begins the study anew, with {asked}"),
    })
}

/// How much of a grid was tried.
fn covered(results: &Results, search: &SearchRecipe, study: &Study) -> Option<Finding> {
    let n_points = study.n_drawable().filter(|_| search.sampler == "grid")?;
    let (n_tried, n_wanted) = (results.trials.len() as u64, search.trials as u64);
    let finding = |statement: String, evidence: String, next: String| Some(Finding { statement, evidence, next });
    if n_points < n_wanted && n_tried >= n_points {
        return finding(
            format!("the whole grid was tried: it has {n_points} points"),
            format!("{n_wanted} trials were asked for; a range without steps has 10 values in a grid"),
            "--sampler random, or a \"step\" in [search.space] for a finer grid".to_owned(),
        );
    }
    if n_tried >= n_points {
        return None;
    }
    finding(
        format!("{n_tried} of the {n_points} points of the grid were tried"),
        "they are a random part of it, from everywhere in the space".to_owned(),
        format!(
            "--trials {n_points} tries all of them; --sampler sobol covers a space evenly with any number of trials"
        ),
    )
}

/// The best trials crowd an end of a range.
fn crowded(edge: &Edge, search: &SearchRecipe, results: &Results) -> Finding {
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
        next: match search.sampler.as_str() {
            "narrow" => {
                format!("begin with a range of {} that reaches beyond {bound} in [search.space]", edge.parameter)
            }
            _ => format!("widen the range of {} beyond {bound} in [search.space], or --sampler narrow", edge.parameter),
        },
    }
}

/// A field whose change changes nothing, or little.
fn without_effect(effect: &Effect, level: f64) -> Option<Finding> {
    let (label, path) = (label(&effect.parameter), &effect.parameter);
    let (statement, evidence) = if effect.is_unconnected() {
        let evidence = match effect.n_same {
            1 => "trials that differ in it alone ended with the same value to the bit".to_owned(),
            n => format!("{n} sets of trials that differ in it alone ended with the same value to the bit"),
        };
        (format!("the {label} changes nothing: no part of the training reads it"), evidence)
    } else if effect.n >= FEWEST_FOR_EFFECT && effect.is_without_effect(LITTLE) {
        let evidence = format!(
            "by itself it explains at most {:.1} % of the differences between {} trials ({:.3} % bound, in ranks)",
            100.0 * effect.at_most,
            effect.n,
            100.0 * (1.0 - level)
        );
        (format!("the {label} matters little in the ranges that were searched"), evidence)
    } else {
        return None;
    };
    Some(Finding { statement, evidence, next: format!("leave {path} out of [search.space]") })
}

/// Trials beyond a value fail.
fn fails(split: &Split) -> Finding {
    let side = if split.side == Side::High { "from" } else { "up to" };
    let (end, which) = if split.side == Side::High { ("end", "before") } else { ("begin", "after") };
    let from = shown(split.from);
    Finding {
        statement: format!("trials fail with a {} {side} {from}", label(&split.parameter)),
        evidence: format!(
            "{} of {} trials there failed, {} of the {} others; p = {:.1e} over all cuts looked at",
            split.beyond.0, split.beyond.1, split.within.0, split.within.1, split.p
        ),
        next: format!("{end} the range of {} {which} {from} in [search.space]", split.parameter),
    }
}

fn shown(value: Value) -> String {
    match value {
        Value::Float(x) => number(x),
        Value::Int(n) => n.to_string(),
        Value::Choice(i) => format!("choice {i}"),
    }
}
