//! From the comparisons to the table of claims. Whatever comes out is said as it is.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Value as Json, json};

use crate::results::{Arm, Claim, Comparison, Finding, Results, Run, Verdict};
use crate::statistics::{Case, MIN_SEEDS, SIGNIFICANCE, compare, paired_t, sentence, summary};

/// Training accuracy from which a training counts as having worked.
const WORKS: f64 = 0.5;

/// Fills in the comparisons of the parts and the table of claims.
pub(super) fn judge(results: &mut Results) {
    let claims = [scale(results), tuned(results), initial_values(results), rates(results)];
    // A claim without a number behind it (a changed recipe measures something else) says nothing.
    results.claims.extend(claims.into_iter().flatten().filter(|claim| !claim.verdict.is_empty()));
    let overfitting = overfitting(results);
    results.claims.extend(overfitting);
    if let Some(fixed) = part(results, "a-fixed") {
        let loss = by_init(fixed, "late_train_loss");
        let evidence = format!("training loss, mean over the last steps (100 at most): {loss}. {}", rows(fixed));
        results.findings.push(Finding {
            statement: "For reference, the same networks at the fixed learning rate 0.01, which mixes the initial \
                        scale with the effective rate"
                .to_owned(),
            evidence,
            next: String::new(),
        });
    }
}

fn part<'a>(results: &'a Results, name: &str) -> Option<&'a Results> {
    results.parts.iter().find(|part| part.experiment == name)
}

/// The arm whose settings hold these values.
fn arm<'a>(part: &'a Results, values: &[(&str, Json)]) -> Option<&'a Arm> {
    part.arms.iter().find(|arm| values.iter().all(|(path, value)| arm.settings.get(*path) == Some(value)))
}

fn inits() -> [Json; 3] {
    [json!({ "std": 0.01 }), json!("xavier"), json!("he")]
}

/// The initial values that the chapter recommends for each activation.
const RECOMMENDED: [(&str, &str); 3] = [("sigmoid", "xavier"), ("tanh", "xavier"), ("relu", "he")];

/// The recommended initial values against each of the others, activation by activation, corrected
/// together.
fn recommended_against_others(part: &mut Results, metric: &str) {
    let mut cases = Vec::new();
    for (activation, init) in RECOMMENDED {
        let of = |init: &Json| arm(part, &[("network.activation", json!(activation)), ("network.init", init.clone())]);
        let Some(arm) = of(&json!(init)) else { continue };
        for other in inits().iter().filter(|other| **other != json!(init)) {
            cases.extend(of(other).map(|baseline| Case { arm, baseline, metric }));
        }
    }
    let comparisons = compare(&cases);
    metric.clone_into(&mut part.primary_metric);
    part.comparisons = comparisons;
}

/// The verdict, activation by activation: `holds for relu; cannot tell for tanh`; and behind it
/// `relu: he is better than std 0.01, better than xavier; ..`.
fn by_activation(part: &Results) -> (String, String) {
    let mut words = Vec::new();
    let mut verdicts: [(&str, Vec<&str>); 3] =
        [("holds for", vec![]), ("does not hold for", vec![]), ("cannot tell for", vec![])];
    for (activation, init) in RECOMMENDED {
        let recommended = arm(part, &[("network.activation", json!(activation)), ("network.init", json!(init))]);
        let of_it = |c: &&Comparison| recommended.is_some_and(|arm| arm.name == c.arm);
        let pair: Vec<&Comparison> = part.comparisons.iter().filter(of_it).collect();
        if pair.is_empty() {
            continue;
        }
        let against = |c: &&Comparison| format!("{} {}", word(c.verdict), short(&c.baseline));
        words.push(format!("{activation}: {init} is {}", pair.iter().map(against).collect::<Vec<_>>().join(", ")));
        let place = match () {
            () if pair.iter().all(|c| c.verdict == Verdict::Better) => 0,
            () if pair.iter().any(|c| c.verdict == Verdict::Worse) => 1,
            () => 2,
        };
        verdicts[place].1.push(activation);
    }
    let said = verdicts.iter().filter(|(_, activations)| !activations.is_empty());
    let verdict: Vec<String> =
        said.map(|(what, activations)| format!("{what} {}", activations.join(" and "))).collect();
    (verdict.join("; "), words.join("; "))
}

fn word(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Better => "better than",
        Verdict::Worse => "worse than",
        Verdict::CannotTell => "not told apart from",
    }
}

/// The initial values in an arm's name: `he` of `activation relu, init he`.
fn short(name: &str) -> &str {
    name.split(", ").find_map(|part| part.strip_prefix("init ")).unwrap_or(name)
}

/// A metric by activation and initial values: `relu: std 0.01 2.286 ± 0.001, xavier 0.016 ± 0.002, ..; ..`.
fn by_init(part: &Results, metric: &str) -> String {
    let of = |activation: &str| {
        let cell = |init: &Json| {
            let arm = arm(part, &[("network.activation", json!(activation)), ("network.init", init.clone())])?;
            Some(format!("{} {}", short(&arm.name), cell(arm, metric)?))
        };
        format!("{activation}: {}", inits().iter().filter_map(cell).collect::<Vec<_>>().join(", "))
    };
    RECOMMENDED.map(|(activation, _)| of(activation)).join("; ")
}

/// `0.016 ± 0.002`, with as many decimal places, three at least, as show two digits of the mean and one of the sd.
fn cell(arm: &Arm, metric: &str) -> Option<String> {
    let values = arm.summary.get(metric)?;
    let places = |x: f64, digits: i32| if x == 0.0 { 3 } else { digits - 1 - x.abs().log10().floor() as i32 };
    let sd = if values.n > 1 { places(values.sd, 1) } else { 3 };
    let places = places(values.mean, 2).max(sd).clamp(3, 7) as usize;
    Some(match (values.mean.is_finite(), values.n) {
        (false, _) => "not finite".to_owned(),
        (true, 1) => format!("{:.places$}", values.mean),
        (true, _) => format!("{:.places$} ± {:.places$}", values.mean, values.sd),
    })
}

/// (a), first measure: the scale of the activations.
fn scale(results: &mut Results) -> Option<Claim> {
    let part = results.parts.iter_mut().find(|part| part.experiment == "a-scale")?;
    for run in part.arms.iter_mut().flat_map(|arm| &mut arm.runs) {
        if let [first, .., last] = run.layers.as_slice() {
            let ratio = last.sd / first.sd;
            run.final_.insert("activation_sd_ratio".to_owned(), ratio);
            run.final_.insert("activation_scale_gap".to_owned(), ratio.ln().abs());
        }
    }
    part.arms.iter_mut().for_each(Arm::summarise);
    recommended_against_others(part, "activation_scale_gap");
    let (verdict, words) = by_activation(part);
    Some(Claim {
        claim: "He's initial values suit ReLU, Xavier's suit sigmoid and tanh: they keep the scale of the activations"
            .to_owned(),
        evidence: format!(
            "ratio of the activations' sd, last hidden layer to first, before training (1 keeps the scale): {}. \
             By the distance of its logarithm from 0, {words}. {}",
            by_init(part, "activation_sd_ratio"),
            rows(part)
        ),
        verdict,
    })
}

/// (a), second measure: the loss at each arm's own learning rate.
fn tuned(results: &mut Results) -> Option<Claim> {
    let part = results.parts.iter_mut().find(|part| part.experiment == "a-tuned")?;
    recommended_against_others(part, "late_train_loss");
    let (verdict, words) = by_activation(part);
    let rates: Vec<String> = part
        .arms
        .iter()
        .filter_map(|arm| {
            let chosen = arm.tuning.as_ref()?.scores.get(arm.tuning.as_ref()?.best?)?;
            let activation = arm.settings.get("network.activation")?.as_str()?;
            Some(format!("{activation} {} {}", short(&arm.name), chosen.settings.get("training.learning_rate")?))
        })
        .collect();
    Some(Claim {
        claim: "He's initial values suit ReLU, Xavier's suit sigmoid and tanh: networks learn faster from them"
            .to_owned(),
        evidence: format!(
            "training loss, mean over the last steps (100 at most), each arm at its own best learning rate: {}. {words}. \
             Rates, chosen on {} other seeds: {}. {}",
            by_init(part, "late_train_loss"),
            part.arms.iter().find_map(|arm| arm.tuning.as_ref()).map_or(0, |tuning| tuning.seeds.len()),
            rates.join(", "),
            rows(part)
        ),
        verdict,
    })
}

/// How many of the arms with (`on`) or without batch norm work, by seed.
fn working(part: &Results, on: bool, score: impl Fn(&Arm, &Run) -> f64, join: fn(f64, f64) -> f64) -> Vec<f64> {
    let mut by_seed: BTreeMap<u64, f64> = BTreeMap::new();
    for arm in part.arms.iter().filter(|arm| arm.settings.get("network.batch_norm") == Some(&Json::Bool(on))) {
        for run in &arm.runs {
            let score = score(arm, run);
            by_seed.entry(run.seed).and_modify(|all| *all = join(*all, score)).or_insert(score);
        }
    }
    by_seed.into_values().collect()
}

fn works(run: &Run) -> bool {
    run.final_.get("train_accuracy").is_some_and(|&accuracy| accuracy >= WORKS)
}

/// With against without batch norm on a number per seed that moves in steps of `step`, whose mean is `shown`:
/// evidence and verdict. Each claim is one comparison and is not corrected for the others.
fn with_against_without(
    with: &[f64],
    without: &[f64],
    step: f64,
    (what, unit, shown): (&str, &str, impl Fn(f64) -> String),
) -> (String, String) {
    let differences: Vec<f64> = with.iter().zip(without).map(|(a, b)| a - b).collect();
    let test = paired_t(&differences, step);
    let (a, b) = (summary(with), summary(without));
    let interval = if test.n < 2 {
        "no interval from 1 seed".to_owned()
    } else {
        format!("difference {:+.1}{unit}, 95 % interval {:.1} to {:.1}", test.difference, test.ci95[0], test.ci95[1])
    };
    let significant = test.n >= MIN_SEEDS && test.p < SIGNIFICANCE;
    let verdict = match significant {
        true if test.difference > 0.0 => "holds",
        true => "does not hold: the opposite",
        false => "cannot tell",
    };
    let evidence = format!("{what}: {} with, {} without batch norm; {interval}", shown(a.mean), shown(b.mean));
    (evidence, verdict.to_owned())
}

/// (b): the range of initial values that work.
fn initial_values(results: &mut Results) -> Option<Claim> {
    let part = part(results, "b")?;
    let count = |on| working(part, on, |_, run| f64::from(u8::from(works(run))), |a, b| a + b);
    let n_scales = part.arms.iter().filter(|arm| arm.settings.get("network.batch_norm") == Some(&json!(true))).count();
    let what =
        format!("of {n_scales} scales of the initial weights, those that reach training accuracy {WORKS} in the end");
    let shown = |mean: f64| format!("{mean:.1}");
    let (evidence, verdict) = with_against_without(&count(true), &count(false), 1.0, (&what, "", shown));
    Some(Claim {
        claim: "With batch normalisation training depends less on the initial values".to_owned(),
        evidence: format!("{evidence}. {}", rows(part)),
        verdict,
    })
}

/// (c): the range of learning rates that work.
#[allow(clippy::float_cmp, reason = "`f64::MIN` is a mark, not a result")]
fn rates(results: &mut Results) -> Option<Claim> {
    let part = part(results, "c")?;
    let rate = |arm: &Arm| arm.settings.get("training.learning_rate").and_then(Json::as_f64).unwrap_or(f64::NAN);
    let largest = |on| working(part, on, |arm, run| if works(run) { rate(arm).log10() } else { f64::MIN }, f64::max);
    let smallest = part.arms.iter().map(rate).fold(f64::INFINITY, f64::min);
    let tried = part.arms.iter().map(rate).fold(0.0, f64::max);
    let (with, without) = (largest(true), largest(false));
    // No rate works: half a decade below the smallest that was tried.
    let decades = |found: &[f64]| {
        found.iter().map(|&r| if r == f64::MIN { smallest.log10() - 0.5 } else { r }).collect::<Vec<_>>()
    };
    let what = format!(
        "largest learning rate, of {smallest} to {tried}, that reaches training accuracy {WORKS} in the end, \
         geometric mean over the seeds"
    );
    let shown = |mean: f64| format!("{:.2}", 10f64.powf(mean));
    let (mut evidence, verdict) =
        with_against_without(&decades(&with), &decades(&without), 0.5, (&what, " decades", shown));
    for (found, which) in [(&with, "with"), (&without, "without")] {
        let n_none = found.iter().filter(|&&r| r == f64::MIN).count();
        let n_all = found.iter().filter(|&&r| r == tried.log10()).count();
        let n = found.len();
        if n_none > 0 {
            let _ = write!(
                evidence,
                "; {which} it none works in {n_none} of {n} seeds, taken for half a decade less than the smallest"
            );
        }
        if n_all > 0 {
            let _ = write!(evidence, "; {which} it the largest works in {n_all} of {n} seeds, so larger ones may");
        }
    }
    Some(Claim {
        claim: "Batch normalisation lets the learning rate be larger".to_owned(),
        evidence: format!(
            "{evidence}. Final training accuracy by rate, without batch norm {}; with it {}. {}",
            by_rate(part, false),
            by_rate(part, true),
            rows(part)
        ),
        verdict,
    })
}

/// (d): each way of holding back overfitting, by the gap and by test accuracy.
fn overfitting(results: &mut Results) -> Vec<Claim> {
    let Some(part) = results.parts.iter_mut().find(|part| part.experiment == "d") else { return Vec::new() };
    let Some((none, others)) = part.arms.split_first() else { return Vec::new() };
    let case = |metric| move |arm| Case { arm, baseline: none, metric };
    let cases: Vec<Case> =
        others.iter().map(case("accuracy_gap")).chain(others.iter().map(case("test_accuracy"))).collect();
    let comparisons = compare(&cases);
    let n = others.len();
    let claims = (0..n)
        .map(|i| {
            let (gap, test) = (&comparisons[i], &comparisons[n + i]);
            Claim {
                claim: format!("{} holds back overfitting", capital(&gap.arm)),
                evidence: format!("{}; {}", sentence(gap, &part.data), sentence(test, &part.data)),
                verdict: format!("{}; {}", gap_words(gap), test_words(test)),
            }
        })
        .collect();
    part.comparisons = comparisons;
    claims
}

fn gap_words(gap: &Comparison) -> &'static str {
    match gap.verdict {
        Verdict::Better => "holds for the gap between training and test accuracy, which shrinks",
        Verdict::Worse => "does not hold for the gap between training and test accuracy, which grows",
        Verdict::CannotTell => "cannot tell for the gap between training and test accuracy",
    }
}

fn test_words(test: &Comparison) -> &'static str {
    match test.verdict {
        Verdict::Better => "holds for test accuracy, which rises",
        Verdict::Worse => "does not hold for test accuracy, which falls",
        Verdict::CannotTell => "cannot tell for test accuracy",
    }
}

fn capital(text: &str) -> String {
    let mut chars = text.chars();
    chars.next().map_or_else(String::new, |first| first.to_uppercase().chain(chars).collect())
}

/// Final training accuracy with or without batch norm, by learning rate: `0.01: 0.829 ± 0.039, ..`.
fn by_rate(part: &Results, on: bool) -> String {
    let arms = part.arms.iter().filter(|arm| arm.settings.get("network.batch_norm") == Some(&Json::Bool(on)));
    let of =
        |arm: &Arm| Some(format!("{}: {}", arm.settings.get("training.learning_rate")?, cell(arm, "train_accuracy")?));
    arms.filter_map(of).collect::<Vec<_>>().join(", ")
}

/// The data and seeds of a part.
fn rows(part: &Results) -> String {
    let test = if part.data.test_rows > 0 { format!(", {} test rows", part.data.test_rows) } else { String::new() };
    format!("Data: {}, {} training rows{test}, {} seeds", part.data.source, part.data.train_rows, part.seeds.len())
}

#[cfg(test)]
mod tests;
