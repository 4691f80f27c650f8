//! The tables of a report, as HTML.

use std::fmt::Write as _;

use super::figures::overflow_note;
use super::label;
use crate::figure::{escape, short_number};
use crate::results::{Arm, Claim, Comparison, LayerActivations, Results, Trial, Verdict};
use crate::statistics::{MIN_SEEDS, written};

/// Trials of the ranking that are listed; the figures show all.
const MOST_TRIALS: usize = 20;

/// Arms by metrics: mean and standard deviation over the runs.
pub(super) fn arms(results: &Results) -> String {
    let mut metrics: Vec<&String> = Vec::new();
    // Those of single layers would be most of the table; they have figures of their own.
    for metric in results.arms.iter().flat_map(|arm| arm.summary.keys()).filter(|metric| !label::is_of_layer(metric)) {
        if !metrics.contains(&metric) {
            metrics.push(metric);
        }
    }
    metrics.sort_by_key(|metric| (**metric != results.primary_metric, label::quantity(metric).to_owned()));
    if results.arms.is_empty() || metrics.is_empty() {
        return String::new();
    }
    let mut out = format!(
        "<div class=\"table\"><table class=\"sortable\"><thead><tr><th scope=\"col\">{}</th>",
        results.arm_word()
    );
    for metric in &metrics {
        let _ = write!(out, "<th scope=\"col\" class=\"n\">{}</th>", escape(&label::metric(metric)));
    }
    out += "<th scope=\"col\" class=\"n\">runs</th></tr></thead><tbody>\n";
    let best = best_arm(results);
    for (index, arm) in results.arms.iter().enumerate() {
        let _ = write!(out, "<tr><th scope=\"row\">{}", escape(&arm.name));
        if let Some(note) = overflow_note(&arm.runs) {
            let _ = write!(out, " <span class=\"flag\">{}</span>", escape(&note));
        }
        out += "</th>";
        for metric in &metrics {
            let Some(summary) = arm.summary.get(*metric) else {
                out += "<td class=\"n\">—</td>";
                continue;
            };
            let mark = if **metric == results.primary_metric && best == Some(index) { " best" } else { "" };
            let key = if summary.mean.is_finite() { summary.mean.to_string() } else { String::new() };
            let _ = write!(out, "<td class=\"n{mark}\" data-key=\"{key}\">{}", escape(&label::number(summary.mean)));
            if summary.sd.is_finite() {
                let _ = write!(out, " <small>± {}</small>", escape(&label::number(summary.sd)));
            }
            out += "</td>";
        }
        let _ = writeln!(out, "<td class=\"n\">{}</td></tr>", arm.runs.len());
    }
    out += "</tbody></table></div>\n";
    let _ = writeln!(
        out,
        "<p class=\"note\">Values at {}: mean ± standard deviation over runs (with n − 1). Data: {}.{}</p>",
        if results.data.stopping_rows > 0 {
            "the epoch that is kept, the training loss at the last recorded step"
        } else {
            "the last recorded step"
        },
        escape(&super::summary::data(results)),
        if best.is_some() { " Bold: the best mean, which alone is no verdict." } else { "" }
    );
    out
}

/// The arm with the best mean of the primary metric, when there are several; of folds none is better than another.
fn best_arm(results: &Results) -> Option<usize> {
    let value = |arm: &Arm| arm.summary.get(&results.primary_metric).map(|s| s.mean).filter(|mean| mean.is_finite());
    let ranked = results.arms.iter().enumerate().filter_map(|(i, arm)| Some((i, value(arm)?)));
    let (best, _) = ranked.reduce(|a, b| if label::better(&results.primary_metric, b.1, a.1) { b } else { a })?;
    (results.arms.len() > 1 && results.data.folds.is_none()).then_some(best)
}

/// Comparisons with intervals, drawn to one scale a metric.
pub(super) fn comparisons(results: &Results) -> String {
    if results.comparisons.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<div class=\"table\"><table class=\"sortable\"><thead><tr><th scope=\"col\">arm</th><th scope=\"col\">against</th>\
         <th scope=\"col\">metric</th><th scope=\"col\" class=\"n\">difference</th><th scope=\"col\" class=\"n\">95 % \
         interval</th><th aria-hidden=\"true\"></th><th scope=\"col\" class=\"n\">p (Holm)</th><th scope=\"col\" \
         class=\"n\">pairs</th><th scope=\"col\">verdict</th></tr></thead><tbody>\n",
    );
    for comparison in &results.comparisons {
        let (class, verdict) = match comparison.verdict {
            _ if comparison.n < MIN_SEEDS => ("open", "none"),
            Verdict::Better => ("better", "▲ better"),
            Verdict::Worse => ("worse", "▼ worse"),
            Verdict::CannotTell => ("open", "cannot tell"),
        };
        let (difference, interval) = numbers(comparison);
        let widest = widest(&results.comparisons, &comparison.metric);
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td>{}</td><td class=\"n\" data-key=\"{}\">{}</td><td \
             class=\"n\">{}</td><td>{}</td><td class=\"n\">{}</td><td class=\"n\">{}</td><td><span class=\"verdict \
             {class}\">{verdict}</span></td></tr>",
            escape(&comparison.arm),
            escape(&comparison.baseline),
            escape(&label::metric(&comparison.metric)),
            if comparison.difference.is_finite() { comparison.difference.to_string() } else { String::new() },
            difference,
            interval,
            bar(comparison, widest),
            p_value(comparison.p_holm),
            comparison.n,
        );
    }
    out += "</tbody></table></div>\n";
    let _ = writeln!(
        out,
        "<p class=\"note\">Mean over seeds of (arm − baseline), paired by seed; 95 % interval after Student’s t; p of the \
         paired t test, corrected after Holm over all {} of this table. A verdict needs p below 0.05 and at least three \
         pairs.</p>",
        label::count(results.comparisons.len(), "comparison", "comparisons")
    );
    out
}

/// Difference and interval with the digits that the sentences give them.
fn numbers(comparison: &Comparison) -> (String, String) {
    if !comparison.difference.is_finite() {
        return ("not finite".to_owned(), "—".to_owned());
    }
    let (difference, interval) = written(comparison);
    let interval = interval.map_or_else(|| "—".to_owned(), |[low, high]| format!("{low} to {high}"));
    (difference.replace('-', "−"), interval.replace('-', "−"))
}

fn p_value(p: f64) -> String {
    match p {
        p if !p.is_finite() => "—".to_owned(),
        p if p < 0.001 => "&lt; 0.001".to_owned(),
        p => format!("{p:.3}"),
    }
}

fn widest(comparisons: &[Comparison], metric: &str) -> f64 {
    let same = comparisons.iter().filter(|comparison| comparison.metric == metric);
    same.flat_map(|c| [c.difference, c.ci95[0], c.ci95[1]]).filter(|x| x.is_finite()).fold(0.0, |a, x| a.max(x.abs()))
}

/// An interval as a small picture, 0 in the middle.
fn bar(comparison: &Comparison, widest: f64) -> String {
    let [low, high] = comparison.ci95;
    if !(low.is_finite() && high.is_finite() && widest > 0.0) {
        return String::new();
    }
    let x = |value: f64| 60.0 + 56.0 * value / widest;
    format!(
        "<svg class=\"ci\" width=\"120\" height=\"14\" viewBox=\"0 0 120 14\" aria-hidden=\"true\"><path class=\"zero\" \
         d=\"M60 0v14\"/><path d=\"M{:.1} 7H{:.1}\"/><circle cx=\"{:.1}\" cy=\"7\" r=\"3\"/></svg>",
        x(low),
        x(high),
        x(comparison.difference)
    )
}

/// The ranking of a search.
pub(super) fn trials(results: &Results) -> String {
    if results.trials.is_empty() {
        return String::new();
    }
    let mut paths: Vec<&String> = Vec::new();
    for path in results.trials.iter().flat_map(|trial| trial.settings.keys()) {
        if !paths.contains(&path) {
            paths.push(path);
        }
    }
    if let Some(search) = &results.search {
        let place = |path: &str| search.space.iter().position(|field| field.path == path).unwrap_or(usize::MAX);
        paths.sort_by_key(|path| place(path));
    }
    let rescored = results.trials.iter().any(|trial| trial.rescored.is_some());
    let mut out = String::from(
        "<div class=\"table ranking\"><table class=\"sortable\"><thead><tr><th scope=\"col\" class=\"n\">rank</th><th scope=\"col\" \
         class=\"n\">trial</th>",
    );
    let _ = write!(out, "<th scope=\"col\" class=\"n\">{}</th>", escape(&label::metric(&results.primary_metric)));
    if rescored {
        out += "<th scope=\"col\" class=\"n\">trained again</th>";
    }
    for path in &paths {
        let field = results.search.iter().flat_map(|search| &search.space).find(|field| field.path == **path);
        let name = field.map_or_else(|| label::field(path), |field| field.label.clone());
        let _ = write!(out, "<th scope=\"col\" class=\"n\">{}</th>", escape(&name));
    }
    out += "<th scope=\"col\">state</th></tr></thead><tbody>\n";
    for (rank, trial) in results.trials.iter().take(MOST_TRIALS).enumerate() {
        out += &trial_row(rank, trial, &paths, rescored);
    }
    out += "</tbody></table></div>\n";
    if results.trials.len() > MOST_TRIALS {
        let _ = writeln!(
            out,
            "<p class=\"note\">The best {MOST_TRIALS} of {} trials; the other {} are in the figures and in results.json.</p>",
            label::whole(results.trials.len()),
            label::whole(results.trials.len() - MOST_TRIALS)
        );
    }
    out
}

fn trial_row(rank: usize, trial: &Trial, paths: &[&String], rescored: bool) -> String {
    let mut out = format!("<tr><td class=\"n\">{}</td><td class=\"n\">{}</td>", rank + 1, trial.trial);
    let (key, value) = if trial.value.is_finite() {
        (trial.value.to_string(), short_number(trial.value))
    } else {
        (String::new(), "—".to_owned())
    };
    let _ = write!(out, "<td class=\"n\" data-key=\"{key}\">{value}</td>");
    if rescored {
        let text = trial.rescored.as_ref().map_or_else(
            || "—".to_owned(),
            |again| format!("{} (n = {})", label::mean_sd(again.mean, again.sd), again.n),
        );
        let _ = write!(out, "<td class=\"n\">{text}</td>");
    }
    for path in paths {
        let value = trial.settings.get(*path);
        let key = value.and_then(serde_json::Value::as_f64).map_or_else(String::new, |x| x.to_string());
        let text = value.map_or_else(|| "—".to_owned(), label::value);
        let _ = write!(out, "<td class=\"n\" data-key=\"{key}\">{}</td>", escape(&text));
    }
    let reason = trial.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    let _ = writeln!(out, "<td>{}{}</td></tr>", escape(&trial.state), escape(&reason));
    out
}

/// The numbers of every layer's activations, averaged over the runs of each arm.
pub(super) fn layers(results: &Results) -> String {
    let mut rows = String::new();
    for arm in &results.arms {
        let layers = arm.runs.iter().map(|run| run.layers.len()).max().unwrap_or(0);
        for index in 0..layers {
            let all: Vec<&LayerActivations> = arm.runs.iter().filter_map(|run| run.layers.get(index)).collect();
            let mean = |of: fn(&LayerActivations) -> f64| all.iter().map(|l| of(l)).sum::<f64>() / all.len() as f64;
            let _ = write!(rows, "<tr><th scope=\"row\">{}</th><td class=\"n\">{}</td>", escape(&arm.name), index + 1);
            for value in [mean(|l| l.mean), mean(|l| l.sd)] {
                let key = if value.is_finite() { value.to_string() } else { String::new() };
                let _ = write!(rows, "<td class=\"n\" data-key=\"{key}\">{}</td>", label::number(value));
            }
            for share in [mean(|l| l.zeros), mean(|l| l.saturated), mean(|l| l.outside)] {
                let _ = write!(rows, "<td class=\"n\" data-key=\"{share}\">{:.1} %</td>", 100.0 * share);
            }
            let _ = writeln!(rows, "<td class=\"n\">{}</td></tr>", all.len());
        }
    }
    if rows.is_empty() {
        return rows;
    }
    format!(
        "<div class=\"table\"><table class=\"sortable\"><thead><tr><th scope=\"col\">{}</th><th scope=\"col\" \
         class=\"n\">layer</th><th scope=\"col\" class=\"n\">mean</th><th scope=\"col\" class=\"n\">sd</th><th \
         scope=\"col\" class=\"n\">zeros</th><th scope=\"col\" class=\"n\">saturated</th><th scope=\"col\" \
         class=\"n\">beyond</th><th scope=\"col\" class=\"n\">runs</th></tr></thead><tbody>\n{rows}</tbody></table></div>\n\
         <p class=\"note\">Mean and standard deviation over rows and units; share that is exactly 0, share at the flat \
         ends of the activation, share beyond the range of the histograms. Data: {}.</p>\n",
        results.arm_word(),
        escape(&super::summary::data(results))
    )
}

/// How a claim fared as a whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stance {
    /// Every clause of its verdict says that it holds.
    Holds,
    /// Every clause says that it does not.
    Fails,
    /// Some do and some do not, or the runs do not tell.
    Open,
}

/// How a claim fared, by the clauses of its verdict.
pub(super) fn stance(claim: &Claim) -> Stance {
    let all = |what: &str| claim.verdict.split("; ").all(|clause| clause.starts_with(what));
    match () {
        () if all("holds") => Stance::Holds,
        () if all("does not hold") => Stance::Fails,
        () => Stance::Open,
    }
}

/// Claim, evidence, verdict.
pub(super) fn claims(results: &Results) -> String {
    if results.claims.is_empty() {
        return String::new();
    }
    let mut out = String::from(
        "<div class=\"table\"><table class=\"claims\"><thead><tr><th scope=\"col\">claim</th><th \
         scope=\"col\">evidence</th><th scope=\"col\">verdict</th></tr></thead><tbody>\n",
    );
    for claim in &results.claims {
        let class = match stance(claim) {
            Stance::Holds => "better",
            Stance::Fails => "worse",
            Stance::Open => "open",
        };
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">{}</th><td>{}</td><td><span class=\"verdict {class}\">{}</span></td></tr>",
            escape(&claim.claim),
            escape(&claim.evidence).replace(". ", ".<br>"),
            escape(&claim.verdict)
        );
    }
    out + "</tbody></table></div>\n"
}
