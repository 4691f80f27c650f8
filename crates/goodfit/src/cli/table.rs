//! Tables and verdicts on stdout.

use std::fmt::Write as _;

use crate::results::{Arm, Results, Summary};
use crate::search::ranking;
use crate::statistics::sentence;

/// What an experiment found, as text: a table of arms, the verdicts, the claims.
pub(super) fn text(results: &Results) -> String {
    let mut out = String::new();
    let _ = writeln!(out, "{} ({})", results.report.title, rows(results));
    for part in &results.parts {
        let _ = write!(out, "\n{}", text(part));
    }
    if results.trials.is_empty() {
        out.push_str(&arms(results));
    } else {
        out.push_str(&ranking(results));
    }
    if !results.comparisons.is_empty() {
        let n = results.comparisons.len();
        let _ = writeln!(out, "\n{n} comparison{} on {}:", if n == 1 { "" } else { "s" }, results.primary_metric);
        for comparison in &results.comparisons {
            let _ = writeln!(out, "  {}", sentence(comparison, &results.data));
        }
    }
    for claim in &results.claims {
        let _ = writeln!(out, "\nclaim: {}\n  {}\n  verdict: {}", claim.claim, claim.evidence, claim.verdict);
    }
    for finding in &results.findings {
        let _ = writeln!(out, "\n{}: {}", finding.statement, finding.evidence);
    }
    out
}

/// The data and the seeds, in words.
fn rows(results: &Results) -> String {
    let data = &results.data;
    let mut parts = vec![format!("{}: {} training rows", data.source, data.train_rows)];
    if data.validation_rows > 0 {
        parts.push(format!("{} validation rows", data.validation_rows));
    }
    if data.test_rows > 0 {
        parts.push(format!("{} test rows, opened", data.test_rows));
    }
    parts.push(format!("{} seed{}", results.seeds.len(), if results.seeds.len() == 1 { "" } else { "s" }));
    parts.join(", ")
}

/// The metrics worth a column: losses and accuracies, and what the report plots.
fn columns(results: &Results) -> Vec<String> {
    let mut columns: Vec<String> = results.report.metrics.clone();
    let metrics = results.arms.iter().flat_map(|arm| arm.summary.keys());
    for metric in metrics.filter(|metric| metric.ends_with("_accuracy") || metric.ends_with("_loss")) {
        if !columns.contains(metric) {
            columns.push(metric.clone());
        }
    }
    columns.retain(|metric| results.arms.iter().any(|arm| arm.summary.contains_key(metric)));
    columns
}

fn arms(results: &Results) -> String {
    let columns = columns(results);
    let width = results.arms.iter().map(|arm| arm.name.chars().count()).max().unwrap_or(0).max(3);
    let column_width = |metric: &str| metric.chars().count().max(17);
    let mut out = format!("{:width$}", "arm");
    for metric in &columns {
        let _ = write!(out, "  {metric:>0$}", column_width(metric));
    }
    if columns.is_empty() {
        return layers(results);
    }
    out.push('\n');
    for arm in &results.arms {
        let _ = write!(out, "{:width$}", arm.name);
        for metric in &columns {
            let cell = arm.summary.get(metric).map_or_else(String::new, cell);
            let _ = write!(out, "  {cell:>0$}", column_width(metric));
        }
        let _ = writeln!(out, "{}", diverged(arm));
    }
    out
}

/// `0.9876 sd 0.0012`, or the bare value of a single run.
fn cell(summary: &Summary) -> String {
    match (summary.mean.is_finite(), summary.n) {
        (false, _) => "not finite".to_owned(),
        (true, 1) => format!("{:.4}", summary.mean),
        (true, _) => format!("{:.4} sd {:.4}", summary.mean, summary.sd),
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
    let width = results.arms.iter().map(|arm| arm.name.chars().count()).max().unwrap_or(0).max(3);
    let mut out = format!("{:width$}  layer      mean        sd   zeros  saturated  outside\n", "arm");
    for arm in &results.arms {
        for (number, layer) in (1..).zip(arm.runs.first().map(|run| run.layers.as_slice()).unwrap_or_default()) {
            let name = if number == 1 { arm.name.as_str() } else { "" };
            let _ = writeln!(
                out,
                "{name:width$}  {number:>5}  {:>8.4}  {:>8.4}  {:>5.1}%  {:>8.1}%  {:>6.1}%",
                layer.mean,
                layer.sd,
                100.0 * layer.zeros,
                100.0 * layer.saturated,
                100.0 * layer.outside
            );
        }
    }
    out
}
