//! Tables and verdicts on stdout.

use std::fmt::Write as _;

use super::visible::visible;
use crate::baseline::verdict;
use crate::model::{Metric, SCORES};
use crate::results::{Arm, Assessed, Comparison, FoldFits, Results, Summary, Verdict};
use crate::search::{self, ranking};
use crate::statistics::{MIN_SEEDS, comparisons_made, sentence};

/// Above so many comparisons only those with a verdict are printed.
const N_LISTED: usize = 20;

/// What an experiment found, as text: a table of arms, the verdicts, the claims.
pub(super) fn text(results: &Results) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{} ({})", visible(&results.report.title), visible(&rows(results)));
    for part in &results.parts {
        let _ = write!(out, "\n{}", text(part));
    }
    if results.trials.is_empty() {
        if !results.arms.is_empty() {
            out.push_str(&arms(results));
        }
        out.push_str(&unfinished_tuning(results));
    } else {
        out.push_str(&ranking(results));
    }
    out.push_str(&comparisons(results));
    out.push_str(&assessment(results));
    if let Some(sentence) = results.of_refit() {
        let _ = writeln!(out, "{sentence}");
    }
    for claim in &results.claims {
        let _ = writeln!(out, "\nclaim: {}\n  {}\n  verdict: {}", claim.claim, claim.evidence, claim.verdict);
    }
    for finding in &results.findings {
        let _ = writeln!(out, "\n{}: {}", visible(&finding.statement), visible(&finding.evidence));
        if !finding.next.is_empty() {
            let _ = writeln!(out, "  next: {}", visible(&finding.next));
        }
    }
    out
}

/// The data and the seeds, in words.
fn rows(results: &Results) -> String {
    let data = &results.data;
    let varies = results.arms.iter().any(|arm| arm.settings.keys().any(|path| path.starts_with("data.")));
    let of = if varies { "in the first arm " } else { "" };
    let mut parts = vec![format!("{}: {of}{} training rows", data.source, data.train_rows)];
    if let Some(folds) = data.folds {
        parts[0] += " in the first fold";
        parts.push(format!("{} validation rows in {folds} folds", data.validation_rows));
    } else if data.validation_rows > 0 {
        parts.push(format!("{} validation rows", data.validation_rows));
    }
    if data.test_rows > 0 {
        parts.push(format!("{} test rows, opened", data.test_rows));
    }
    parts.extend(data.split.clone());
    parts.push(format!("{} seed{}", results.seeds.len(), if results.seeds.len() == 1 { "" } else { "s" }));
    if !results.complete {
        parts.push("stopped before all was done".to_owned());
    }
    parts.join(", ")
}

/// What the comparisons say, one a line; one line in all where there are too few seeds for verdicts.
fn comparisons(results: &Results) -> String {
    let all = &results.comparisons;
    let Some(n_pairs) = all.iter().map(|comparison| comparison.n).max() else { return String::new() };
    // Without a pair, in none of them, each says why there is none.
    if (1..MIN_SEEDS).contains(&n_pairs) {
        let pairs = if n_pairs == 1 { "1 seed".to_owned() } else { format!("{n_pairs} seeds") };
        return format!("\n{pairs}: no verdicts, they take {MIN_SEEDS} seeds (--seeds 5)\n");
    }
    let mut metrics: Vec<&str> = all.iter().map(|comparison| comparison.metric.as_str()).collect();
    metrics.dedup();
    let few = all.len() <= N_LISTED;
    let listed: Vec<&Comparison> =
        all.iter().filter(|comparison| few || comparison.verdict != Verdict::CannotTell).collect();
    let end = if few || listed.is_empty() { "" } else { "; those that tell:" };
    let mut out = format!("\n{}: {}{end}\n", metrics.join(", "), comparisons_made(all));
    for comparison in listed {
        let _ = writeln!(out, "  {}", visible(&sentence(comparison, &results.data)));
    }
    out
}

/// The scores of a network beside those of simple models, and what they say of it.
fn assessment(results: &Results) -> String {
    let Some(assessed) = &results.assessment else { return String::new() };
    let over = assessed.folds.map_or_else(String::new, |folds| format!(", mean of {folds} folds"));
    let head = format!("{} on {} validation rows{over}", visible(&assessed.target), assessed.rows);
    let mut out = format!("\n{}", scores(&head, &assessed.models, Metric::of_curve(&results.primary_metric)));
    if let Some(sentence) = assessed.of_networks() {
        let _ = writeln!(out, "{sentence}");
    }
    if let Some(verdict) = verdict(results) {
        let _ = writeln!(out, "{verdict}");
    }
    for linear in assessed.linear.iter().filter(|linear| !linear.converged || linear.rows < results.data.train_rows) {
        let (rows, each) = match linear.over_folds {
            Some(FoldFits { rows: [fewest, most], .. }) if fewest < most => {
                (format!("{fewest} to {most}"), " in each fold")
            }
            Some(_) => (linear.rows.to_string(), " in each fold"),
            None => (linear.rows.to_string(), ""),
        };
        let end = if linear.converged { "" } else { ", and stopped before its solver had got to the end" };
        let _ = writeln!(out, "The linear model was fitted on {rows} training rows{each}{end}.");
    }
    out
}

/// Scores by name, the one that decides first, a column a model.
pub(super) fn scores(head: &str, models: &[Assessed], first: Option<Metric>) -> String {
    const COLUMN: usize = 10;
    const INTERVAL: usize = 18;
    let has_interval = |model: &Assessed| matches!(&*model.name, "network" | "ensemble") && !model.ci95.is_empty();
    let interval = |low: f64, high: f64| format!("{} to {}", number(low), number(high));
    let mut names: Vec<&str> = models.iter().flat_map(|model| model.scores.keys()).map(String::as_str).collect();
    let decides = |name: &str| first.is_some_and(|first| first.name() == name);
    names.sort_by_key(|name| (!decides(name), SCORES.iter().position(|known| known == name), *name));
    names.dedup();
    let width = names.iter().map(|name| visible(name).chars().count()).max().unwrap_or(0).max(head.chars().count());
    let mut out = format!("{head:width$}");
    for model in models {
        let _ = write!(out, "  {:>COLUMN$}", visible(&model.name));
        if has_interval(model) {
            let _ = write!(out, "  {:>INTERVAL$}", "95 % interval");
        }
    }
    out.push('\n');
    for name in names {
        let _ = write!(out, "{:width$}", visible(name));
        for model in models {
            let _ = write!(out, "  {:>COLUMN$}", model.scores.get(name).map_or_else(|| "-".to_owned(), |x| number(*x)));
            if has_interval(model) {
                let text = model.ci95.get(name).map_or_else(String::new, |[low, high]| interval(*low, *high));
                let _ = write!(out, "  {text:>INTERVAL$}");
            }
        }
        out.push('\n');
    }
    out
}

/// The metrics worth a column: those the report plots, then those that are compared. A report that
/// plots everything has the compared ones first, then the other losses and accuracies.
fn columns(results: &Results) -> Vec<&str> {
    let plotted = results.report.metrics.iter().map(String::as_str);
    let compared = results.comparisons.iter().map(|comparison| comparison.metric.as_str());
    let others = results.arms.iter().flat_map(|arm| arm.summary.keys()).map(String::as_str);
    let others = others.filter(|metric| {
        let of_rows = ["train", "validation", "test"].iter().any(|rows| metric.starts_with(rows));
        results.report.metrics.is_empty() && of_rows
    });
    let mut columns = Vec::new();
    for metric in plotted.chain([results.primary_metric.as_str()]).chain(compared).chain(others) {
        let is_there = results.arms.iter().any(|arm| arm.summary.contains_key(metric));
        if is_there && !columns.contains(&metric) {
            columns.push(metric);
        }
    }
    columns
}

fn arms(results: &Results) -> String {
    let columns = columns(results);
    let width = results.arms.iter().map(|arm| visible(&arm.name).chars().count()).max().unwrap_or(0).max(3);
    let column_width = |metric: &str| metric.chars().count().max(17);
    let word = results.arm_word();
    let mut out = format!("{word:width$}");
    for metric in &columns {
        let _ = write!(out, "  {metric:>0$}", column_width(metric));
    }
    if columns.is_empty() {
        let nothing_ran = results.arms.iter().all(|arm| arm.runs.is_empty());
        return if nothing_ran { String::new() } else { layers(results) };
    }
    out.push('\n');
    for arm in &results.arms {
        let _ = write!(out, "{:width$}", visible(&arm.name));
        for metric in &columns {
            let cell = arm.summary.get(*metric).map_or_else(String::new, cell);
            let _ = write!(out, "  {cell:>0$}", column_width(metric));
        }
        let _ = writeln!(out, "{}", diverged(arm));
    }
    out
}

/// What was tried before tuning was stopped, one candidate a line.
fn unfinished_tuning(results: &Results) -> String {
    let mut out = String::new();
    for arm in &results.arms {
        let Some(tuning) = arm.tuning.as_ref().filter(|tuning| tuning.best.is_none()) else { continue };
        for tried in &tuning.scores {
            let settings: Vec<String> =
                tried.settings.iter().map(|(path, value)| format!("{path} = {value}")).collect();
            let seeds = if tried.score.n == 1 { "1 seed".to_owned() } else { format!("{} seeds", tried.score.n) };
            let _ = writeln!(
                out,
                "tuning {}: {} gives {} {} ({seeds})",
                visible(&arm.name),
                visible(&settings.join(", ")),
                tuning.metric,
                cell(&tried.score)
            );
        }
    }
    out
}

/// `0.9876 sd 0.0012`, or the bare value of a single run.
fn cell(summary: &Summary) -> String {
    match (summary.mean.is_finite(), summary.n) {
        (false, _) => "not finite".to_owned(),
        (true, 1) => number(summary.mean),
        (true, _) => format!("{} sd {}", number(summary.mean), number(summary.sd)),
    }
}

/// Four decimals where that says something (as in the report), four digits of what is larger, such as prices; otherwise three
/// significant digits.
fn number(x: f64) -> String {
    match x.abs() {
        0.0001..1000.0 | 0.0 => format!("{x:.4}"),
        1000.0..1e9 => search::number(format!("{x:.3e}").parse().unwrap_or(x)),
        _ => format!("{x:.2e}"),
    }
}

fn diverged(arm: &Arm) -> String {
    let steps: Vec<usize> = arm.runs.iter().filter_map(|run| run.diverged_at).collect();
    match (steps.iter().min(), arm.runs.len()) {
        (None, _) => String::new(),
        (Some(first), 1) => format!("  overflowed at step {first}"),
        (Some(first), n) => format!("  {} of {n} runs overflowed, the first at step {first}", steps.len()),
    }
}

/// Where nothing was trained: what the activations of each layer look like in the first run.
fn layers(results: &Results) -> String {
    let width = results.arms.iter().map(|arm| visible(&arm.name).chars().count()).max().unwrap_or(0).max(3);
    let word = results.arm_word();
    let mut out = format!("{word:width$}  layer      mean        sd   zeros  saturated  outside\n");
    for arm in &results.arms {
        for (place, layer) in (1..).zip(arm.runs.first().map(|run| run.layers.as_slice()).unwrap_or_default()) {
            let name = if place == 1 { visible(&arm.name) } else { "".into() };
            let _ = writeln!(
                out,
                "{name:width$}  {place:>5}  {:>8}  {:>8}  {:>5.1}%  {:>8.1}%  {:>6.1}%",
                number(layer.mean),
                number(layer.sd),
                100.0 * layer.zeros,
                100.0 * layer.saturated,
                100.0 * layer.outside
            );
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::number;

    #[test]
    fn numbers_as_people_write_them() {
        let written = [0.0, 0.51234, -999.0, 1234.56, -17_049.6, 123_456.7, 1e9, 3e-5].map(number);
        assert_eq!(written, ["0.0000", "0.5123", "-999.0000", "1235", "-17050", "123500", "1.00e9", "3.00e-5"]);
    }
}
