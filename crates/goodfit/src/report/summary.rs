//! The sentences at the head of a report.

use std::fmt::Write as _;

use super::label;
use super::tables::{Stance, stance};
use crate::baseline::verdict;
use crate::figure::short_number;
use crate::results::{Arm, Comparison, FigureKind, Results, Summary, Verdict};
use crate::statistics::{MIN_SEEDS, written};

/// What was compared on what data with how many seeds, and what came out, in two or three sentences.
///
/// Every number names its data, seeds and count.
pub fn summary(results: &Results) -> Vec<String> {
    let mut out = vec![subject(results)];
    if results.search.is_some() {
        out.extend(super::search::sentences(results));
    } else if !results.trials.is_empty() {
        out.extend(best_trial(results));
    } else if results.report.figure == FigureKind::Histograms {
        out.extend(activations(results));
    } else if results.report.figure != FigureKind::Claims && results.data.folds.is_none() {
        out.extend(outcome(results));
    }
    out.extend(verdicts(results));
    out.extend(verdict(results));
    out.extend(results.of_refit());
    if !results.claims.is_empty() {
        out.push(claims(results));
    }
    out
}

/// The data as a noun phrase: `mnist: 1,000 training rows, 784 columns, 10 classes`.
pub(super) fn data(results: &Results) -> String {
    let data = &results.data;
    let mut parts = Vec::new();
    if data.train_rows > 0 {
        parts.push(label::count(data.train_rows, "training row", "training rows"));
    }
    if data.validation_rows > 0 {
        parts.push(label::count(data.validation_rows, "validation row", "validation rows"));
    }
    if data.test_rows > 0 {
        parts.push(label::count(data.test_rows, "opened test row", "opened test rows"));
    }
    parts.extend(data.split.clone());
    if data.columns > 0 {
        parts.push(label::count(data.columns, "column", "columns"));
    }
    if data.classes > 0 {
        parts.push(label::count(data.classes, "class", "classes"));
    }
    if parts.is_empty() { data.source.clone() } else { format!("{} ({})", data.source, parts.join(", ")) }
}

fn subject(results: &Results) -> String {
    let data = data(results);
    if !results.trials.is_empty() {
        let n = label::count(results.trials.len(), "trial", "trials");
        return format!("A search of {n} on {data}, ranked by {}.", label::metric(&results.primary_metric));
    }
    if results.report.figure == FigureKind::Claims {
        let claims = label::count(results.claims.len(), "claim", "claims");
        let parts = label::count(results.parts.len(), "experiment", "experiments");
        return format!("{claims} put to the test by {parts} on {data}{}.", with_seeds(results));
    }
    if let Some(folds) = results.data.folds {
        return format!("One recipe over {folds} folds of {data}{}.", with_seeds(results));
    }
    match &results.arms[..] {
        [] => format!("No arm was run on {data}."),
        [arm] => format!("{} on {data}{}.", label::capitalised(&arm.name), with_seeds(results)),
        arms => {
            let n = label::count(arms.len(), "arm", "arms");
            let fields = fields(arms);
            let by = if fields.is_empty() { String::new() } else { format!(" that differ in {fields}") };
            format!("{n}{by}, compared on {data}{}.", with_seeds(results))
        }
    }
}

fn with_seeds(results: &Results) -> String {
    let each = if results.data.folds.is_some() { "a fold" } else { "an arm" };
    match results.seeds.len() {
        0 => String::new(),
        1 => format!(" with {} (one run {each})", label::seeds(&results.seeds)),
        n => format!(" with {n} seeds {each} ({})", label::seeds(&results.seeds)),
    }
}

/// The fields whose values differ between arms.
fn fields(arms: &[Arm]) -> String {
    let mut names: Vec<String> = Vec::new();
    for path in arms.iter().flat_map(|arm| arm.settings.keys()) {
        let name = label::field(path);
        if !names.contains(&name) && arms.iter().any(|arm| arm.settings.get(path) != arms[0].settings.get(path)) {
            names.push(name);
        }
    }
    match &names[..] {
        [rest @ .., last] if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.join(""),
    }
}

/// Where the values of an arm stand: rows that choose the epoch are there where one is chosen.
fn when(results: &Results) -> &'static str {
    if results.data.stopping_rows > 0 { "At the epoch that is kept" } else { "At the last recorded step" }
}

/// The best and the worst arm by the primary metric, as they ended.
fn outcome(results: &Results) -> Option<String> {
    let metric = results.primary_metric.as_str();
    if results.arms.is_empty() || metric.is_empty() {
        return None;
    }
    let mut ranked: Vec<(&Arm, &Summary)> =
        results.arms.iter().filter_map(|arm| Some((arm, arm.summary.get(metric)?))).collect();
    let not_finite = ranked.iter().filter(|(_, summary)| !summary.mean.is_finite()).count();
    ranked.retain(|(_, summary)| summary.mean.is_finite() && summary.n > 0);
    // The best first; of arms that are the same, the first one.
    let sign = if label::lower_is_better(metric) { 1.0 } else { -1.0 };
    ranked.sort_by(|a, b| (sign * a.1.mean).total_cmp(&(sign * b.1.mean)));
    let n_as_good = ranked.iter().take_while(|(_, summary)| summary.mean.total_cmp(&ranked[0].1.mean).is_eq()).count();
    let name = label::metric(metric);
    let value = |summary: &Summary| format!("{} (n = {})", label::mean_sd(summary.mean, summary.sd), summary.n);
    let mut out = match &ranked[..] {
        [] => return Some(format!("No run finished with a finite {name}.")),
        [(_, summary)] => format!("{} ended at {}", label::capitalised(&name), value(summary)),
        [(_, summary), ..] if n_as_good == ranked.len() => {
            format!("{} {name} is the same for all arms, {}", when(results), value(summary))
        }
        [(best, summary), .., (worst, other)] => {
            let (most, least) =
                if label::lower_is_better(metric) { ("lowest", "highest") } else { ("highest", "lowest") };
            let as_good = match n_as_good {
                1 => String::new(),
                n => format!(" and {}", label::count(n - 1, "other arm", "other arms")),
            };
            format!(
                "{} {name} is {most} for {}{as_good}, {}, and {least} for {}, {}",
                when(results),
                quoted(&best.name),
                value(summary),
                quoted(&worst.name),
                value(other)
            )
        }
    };
    if ranked.iter().any(|(_, summary)| summary.sd.is_finite()) {
        out += ": mean ± standard deviation over seeds";
    }
    out.push('.');
    if not_finite > 0 {
        let _ = write!(out, " In {} it is not finite at the end.", label::count(not_finite, "arm", "arms"));
    }
    Some(out)
}

fn best_trial(results: &Results) -> Option<String> {
    let best = results.trials.iter().find(|trial| trial.state == "complete" && trial.value.is_finite())?;
    let settings: Vec<String> = best.settings.iter().map(|(path, value)| label::setting(path, Some(value))).collect();
    let failed = results.trials.iter().filter(|trial| trial.state == "failed").count();
    let mut out = format!(
        "The best is trial {} with {}, {} {} in the search (one seed)",
        best.trial,
        settings.join(", "),
        label::metric(&results.primary_metric),
        short_number(best.value)
    );
    if let Some(again) = &best.rescored {
        let _ = write!(out, ", {} when trained again on {} fresh seeds", label::mean_sd(again.mean, again.sd), again.n);
    }
    out.push('.');
    if failed > 0 {
        let _ = write!(
            out,
            " {} of {} failed.",
            label::whole(failed),
            label::count(results.trials.len(), "trial", "trials")
        );
    }
    Some(out)
}

fn verdicts(results: &Results) -> Option<String> {
    let all = &results.comparisons;
    let first = all.first()?;
    let one_metric = all.iter().all(|comparison| comparison.metric == first.metric);
    let one_baseline = all.iter().all(|comparison| comparison.baseline == first.baseline);
    let count = |verdict| all.iter().filter(|comparison| comparison.verdict == verdict).count();
    let on = if one_metric { format!(" on {}", label::metric(&first.metric)) } else { String::new() };
    let against = if one_baseline { format!(" against {}", quoted(&first.baseline)) } else { String::new() };
    if let Some(most) = all.iter().map(|comparison| comparison.n).max().filter(|most| (1..MIN_SEEDS).contains(most)) {
        let seeds = label::count(most, "seed", "seeds");
        return Some(format!("With {seeds} there are no verdicts; they take {MIN_SEEDS}."));
    }
    if let [only] = &all[..] {
        return Some(single_verdict(only));
    }
    Some(format!(
        "Of {}{on}{against}, {} came out better, {} worse, and {} cannot be told apart (paired t tests at 5 %, corrected \
         together after Holm).",
        label::count(all.len(), "comparison", "comparisons"),
        count(Verdict::Better),
        count(Verdict::Worse),
        count(Verdict::CannotTell)
    ))
}

fn single_verdict(comparison: &Comparison) -> String {
    let (arm, baseline) = (quoted(&comparison.arm), quoted(&comparison.baseline));
    let metric = label::metric(&comparison.metric);
    let pairs = label::count(comparison.n, "pair of runs", "pairs of runs");
    match comparison.verdict {
        Verdict::CannotTell => format!("On {metric}, {pairs} cannot tell {arm} from {baseline}."),
        verdict => {
            // What is better or worse is so by an amount, whose interval runs upwards.
            let (difference, interval) = written(comparison);
            let amount = |text: &str| text.trim_start_matches(['+', '-']).to_owned();
            let mut ends = interval.unwrap_or_default();
            if comparison.difference < 0.0 {
                ends.reverse();
            }
            format!(
                "On {metric}, {arm} is {} than {baseline} by {} (95 % interval {} to {}, {pairs}).",
                if verdict == Verdict::Better { "better" } else { "worse" },
                amount(&difference),
                amount(&ends[0]),
                amount(&ends[1]),
            )
        }
    }
}

/// How the spread of the activations changes from the first layer to the last.
fn activations(results: &Results) -> Option<String> {
    let of = |arm: &Arm, last: bool| {
        let layers = &arm.runs.first()?.layers;
        Some(if last { layers.last()? } else { layers.first()? }.sd).filter(|sd| sd.is_finite())
    };
    let mut last: Vec<(&Arm, f64)> = results.arms.iter().filter_map(|arm| Some((arm, of(arm, true)?))).collect();
    last.sort_by(|a, b| a.1.total_cmp(&b.1));
    let ((least, low), (most, high)) = (last.first()?, last.last()?);
    let number = results.arms.iter().filter_map(|arm| Some(arm.runs.first()?.layers.len())).max()?;
    let seed = results.seeds.first().map_or_else(String::new, |seed| format!(" (seed {seed})"));
    let from = |arm: &Arm| of(arm, false).map_or_else(String::new, |sd| format!(" (layer 1: {})", label::number(sd)));
    Some(format!(
        "In layer {number} the standard deviation of the activations runs from {}{} for {} to {}{} for {}{seed}.",
        label::number(*low),
        from(least),
        quoted(&least.name),
        label::number(*high),
        from(most),
        quoted(&most.name)
    ))
}

fn claims(results: &Results) -> String {
    let count = |wanted| results.claims.iter().filter(|claim| stance(claim) == wanted).count();
    let (hold, fail) = (count(Stance::Holds), count(Stance::Fails));
    let rest = results.claims.len() - hold - fail;
    format!(
        "Of {}, {} as stated, {}, and {rest} in part or undecided.",
        label::count(results.claims.len(), "claim", "claims"),
        label::count(hold, "holds", "hold"),
        label::count(fail, "does not", "do not"),
    )
}

fn quoted(name: &str) -> String {
    format!("“{name}”")
}
