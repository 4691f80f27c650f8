//! The page: sections in their order, style, data and scripts in one file.

use std::fmt::Write as _;

use super::{all_figures, assessment, label, search, summary, tables, tuning};
use crate::figure::{Figure, escape, slug};
use crate::results::{FigureKind, Results};
use crate::statistics::MIN_SEEDS;

const STYLE: &str = include_str!("script/style.css");
const SCRIPT: &str = concat!(
    include_str!("script/base.js"),
    include_str!("script/chart.js"),
    include_str!("script/timeline.js"),
    include_str!("script/view.js"),
    include_str!("script/trials.js"),
    include_str!("script/surface.js"),
    include_str!("script/parallel.js"),
    include_str!("script/page.js"),
);
const ECHARTS: &str = include_str!("../../assets/echarts/echarts.min.js");

/// Nothing is loaded from anywhere, and a report may not even try.
const POLICY: &str = "default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data: blob:";

/// Writes the page.
pub(super) fn page(results: &Results) -> String {
    let figures = all_figures(results);
    let mut out = String::with_capacity(ECHARTS.len() + 200_000);
    let title = escape(&results.report.title);
    let _ = write!(
        out,
        "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<meta name=\"viewport\" \
         content=\"width=device-width, initial-scale=1\">\n<meta http-equiv=\"Content-Security-Policy\" \
         content=\"{POLICY}\">\n<meta name=\"color-scheme\" content=\"light dark\">\n<title>{title}</title>\n\
         <style>\n{STYLE}</style>\n<script>\n\
         document.documentElement.dataset.errors = \"0\";\n\
         addEventListener(\"error\", () => {{ document.documentElement.dataset.errors++; }});\n</script>\n</head>\n<body>\n"
    );
    let _ = write!(
        out,
        "<header class=\"bar\"><span><b>goodfit</b> {}</span><button id=\"theme\" type=\"button\" \
         hidden>dark</button></header>\n<main>\n",
        escape(&results.experiment)
    );
    let mut next = Next::default();
    section(&mut out, results, &figures, &mut next, 1);
    let _ = write!(
        out,
        "</main>\n<footer>Written by goodfit {} from results.json. Charts by Apache ECharts 6.1.0 (Apache License \
         2.0).</footer>\n<dialog id=\"large\"><form method=\"dialog\"><button>close</button></form><h2></h2><div \
         class=\"chart\"></div></dialog>\n",
        escape(&results.goodfit)
    );
    let _ = write!(
        out,
        "<script type=\"application/json\" id=\"figures\">{}</script>\n<script type=\"application/json\" \
         id=\"trials\">{}</script>\n<script>\n/*! Apache ECharts 6.1.0, Copyright \
         2017-2026 The Apache Software Foundation, Apache License 2.0 */\n{ECHARTS}\n</script>\n<script>\n(() => {{\n\"use strict\";\n{SCRIPT}}})();\n\
         </script>\n</body>\n</html>\n",
        json(&figures),
        json(&next.tables)
    );
    out
}

/// What the sections of a page number together.
#[derive(Default)]
struct Next {
    figure: usize,
    /// Trials that the script draws from.
    tables: Vec<search::Table>,
}

/// One experiment, and its parts below it.
fn section(out: &mut String, results: &Results, figures: &[Figure], next: &mut Next, level: usize) {
    let layout = &results.report;
    let id = if level == 1 { String::new() } else { format!(" id=\"{}\"", slug(&results.experiment)) };
    let _ = writeln!(out, "<section{id}>\n<h{level}>{}</h{level}>", escape(&layout.title));
    if !layout.question.is_empty() {
        let _ = writeln!(out, "<p class=\"question\">{}</p>", escape(&layout.question));
    }
    if !results.complete {
        let _ = writeln!(
            out,
            "<p class=\"notice\">The run was stopped before all of it was done. What follows is what had been finished; \
             counts of runs may differ between {}s.</p>",
            results.arm_word()
        );
    }
    lead(out, results);
    findings(out, results);
    if !results.claims.is_empty() {
        out.push_str(&tables::claims(results));
    }
    contents(out, results);
    block(out, level, "Ranking", &tables::trials(results));
    block(out, level, "Trained again", &search::winner(results));
    block(out, level, "Beside simple models", &assessment::table(results));
    let table = search::table(results).map(|table| {
        next.tables.push(table);
        next.tables.len() - 1
    });
    let own = super::figures(results).len();
    for (index, figure) in figures.iter().enumerate().skip(next.figure).take(own) {
        drawing(out, figure, index, table, level + 1);
    }
    next.figure += own;
    block(out, level, "What was searched", &search::space(results));
    block(out, level, "Rounds", &search::rounds(results));
    block(out, level, "Pruning", &search::audit(results));
    if results.report.figure != FigureKind::Trials {
        let title = format!("{}s", label::capitalised(results.arm_word()));
        block(out, level, &title, &tables::arms(results));
    }
    block(out, level, "Tuning", &tuning::table(results));
    block(out, level, "Layers", &tables::layers(results));
    let has_verdicts = results.comparisons.iter().any(|comparison| comparison.n >= MIN_SEEDS);
    block(out, level, if has_verdicts { "Verdicts" } else { "Differences" }, &tables::comparisons(results));
    for part in &results.parts {
        section(out, part, figures, next, level + 1);
    }
    again(out, results, level);
    out.push_str("</section>\n");
}

/// The sentences at the head; those of a search are many, so they stand in three paragraphs: what was done, what came out,
/// what else is to be known.
fn lead(out: &mut String, results: &Results) {
    let sentences = summary(results);
    let (done, rest) =
        sentences.split_at(if results.search.is_some() { 2.min(sentences.len()) } else { sentences.len() });
    let (found, rest) = rest.split_at(rest.len().min(1));
    for (class, part) in [("lead", done), ("lead", found), ("more", rest)] {
        if !part.is_empty() {
            let _ = writeln!(out, "<p class=\"{class}\">{}</p>", escape(&part.join(" ")));
        }
    }
}

fn block(out: &mut String, level: usize, title: &str, content: &str) {
    if !content.is_empty() {
        let _ = write!(out, "<h{0}>{title}</h{0}>\n{content}", level + 1);
    }
}

fn findings(out: &mut String, results: &Results) {
    if results.findings.is_empty() {
        return;
    }
    out.push_str("<ul class=\"findings\">\n");
    for finding in &results.findings {
        let _ = write!(out, "<li><b>{}</b> {}", escape(&finding.statement), escape(&finding.evidence));
        if !finding.next.is_empty() {
            let _ = write!(out, "<p class=\"note\">Next: {}</p>", escape(&finding.next));
        }
        out.push_str("</li>\n");
    }
    out.push_str("</ul>\n");
}

/// Links to the parts.
fn contents(out: &mut String, results: &Results) {
    if results.parts.is_empty() {
        return;
    }
    out.push_str("<nav aria-label=\"Parts\"><ul>\n");
    for part in &results.parts {
        let (id, title) = (slug(&part.experiment), escape(&part.report.title));
        let _ = writeln!(out, "<li><a href=\"#{id}\">{title}</a></li>");
    }
    out.push_str("</ul></nav>\n");
}

/// A figure: a place for the charts, the still picture for print and for readers without scripts, the caption.
fn drawing(out: &mut String, figure: &Figure, index: usize, table: Option<usize>, level: usize) {
    let table = table.map_or_else(String::new, |table| format!(" data-trials=\"{table}\""));
    let _ = write!(
        out,
        "<figure data-figure=\"{index}\"{table}>\n<h{level}>{}</h{level}>\n<div class=\"live\"></div>\n<div \
         class=\"still\">{}</div>\n<figcaption>{}</figcaption>\n</figure>\n",
        escape(&figure.title),
        figure.svg(),
        escape(&figure.caption)
    );
}

/// The command and the recipe.
fn again(out: &mut String, results: &Results, level: usize) {
    if !results.command.is_empty() {
        let _ = write!(out, "<h{0}>Run it again</h{0}>\n{1}\n", level + 1, code(&results.command));
    }
    for file in &results.data.files {
        let (rows, columns) = (label::count(file.rows, "row", "rows"), label::count(file.columns, "column", "columns"));
        let (name, print) = (escape(&file.file), escape(&file.fingerprint));
        let _ = writeln!(
            out,
            "<p class=\"note\">{name}: {rows}, {columns}, fingerprint of its contents <code>{print}</code>.</p>"
        );
    }
    if !results.recipe.is_empty() {
        let lines = results.recipe.lines().count();
        let _ = writeln!(
            out,
            "<details class=\"recipe\"><summary>Recipe ({})</summary>{}</details>",
            label::count(lines, "line", "lines"),
            code(&results.recipe)
        );
    }
}

/// Text to copy; the script adds the button.
fn code(text: &str) -> String {
    format!("<div class=\"code\"><pre><code>{}</code></pre></div>", escape(text))
}

/// Data for the script, unable to end the element it stands in.
fn json(values: &impl serde::Serialize) -> String {
    let text = serde_json::to_string(values).expect("figures and trials have string keys only");
    text.replace('<', "\\u003c").replace('\u{2028}', "\\u2028").replace('\u{2029}', "\\u2029")
}
