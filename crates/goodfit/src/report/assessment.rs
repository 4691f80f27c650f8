//! The table of a network beside simple models.

use std::fmt::Write as _;

use super::label;
use crate::figure::{escape, short_number};
use crate::model::{Metric, SCORES};
use crate::results::{FoldFits, LinearFit, Results};

/// Models by scores.
pub(super) fn table(results: &Results) -> String {
    let Some(assessed) = &results.assessment else { return String::new() };
    let is_there = |score: &&str| assessed.models.iter().any(|model| model.scores.contains_key(*score));
    let mut scores: Vec<&str> = SCORES.into_iter().filter(is_there).collect();
    // The one that decides stands first.
    let decides = Metric::of_curve(&results.primary_metric).map(Metric::name);
    scores.sort_by_key(|score| Some(*score) != decides);
    let mut out = String::from("<div class=\"table\"><table><thead><tr><th scope=\"col\">model</th>");
    for score in &scores {
        let _ = write!(out, "<th scope=\"col\" class=\"n\">{score}</th>");
    }
    out += "</tr></thead><tbody>\n";
    for model in &assessed.models {
        let _ = write!(out, "<tr><th scope=\"row\">{}</th>", escape(&model.name));
        for score in &scores {
            let mut text = model.scores.get(*score).map_or_else(|| "—".to_owned(), |value| label::number(*value));
            if let Some([low, high]) = model.ci95.get(*score) {
                let _ = write!(text, " ({} to {})", label::number(*low), label::number(*high));
            }
            let _ = write!(out, "<td class=\"n\">{text}</td>");
        }
        out += "</tr>\n";
    }
    out += "</tbody></table></div>\n";
    let linear = assessed.linear.map_or_else(String::new, |linear| {
        let what = if assessed.classes.is_empty() { "ridge regression" } else { "logistic regression" };
        let chosen = match results.data.stopping_rows {
            0 => "one over their number",
            _ => "chosen by the rows that choose the epoch",
        };
        let end = if linear.converged { "" } else { ", stopped before its solver had got to the end" };
        format!(" linear: {what} on the inputs of the network, {}, {chosen}{end}.", fitted(&linear))
    });
    let over = assessed.folds.map_or_else(String::new, |folds| {
        format!(
            " Each validates once; scores are means over {folds} folds, with 95 % intervals that allow for the rows that folds \
             share (Nadeau, Bengio, 2003)."
        )
    });
    let networks = assessed.of_networks().map_or_else(String::new, |sentence| format!(" {sentence}"));
    let constant =
        if assessed.classes.is_empty() { "mean: that of" } else { "majority: the shares of the classes among" };
    let _ = writeln!(
        out,
        "<p class=\"note\">On {} of {}.{over}{networks}{linear} {constant} the training rows, for every row.</p>",
        label::count(assessed.rows, "validation row", "validation rows"),
        escape(&results.data.source)
    );
    out
}

/// On how many rows a linear model was fitted, with what penalty; of folds their range.
fn fitted(linear: &LinearFit) -> String {
    let rows = |n: usize| label::count(n, "training row", "training rows");
    let Some(FoldFits { rows: [fewest, most], penalty: [weakest, strongest] }) = linear.over_folds else {
        return format!("fitted on {} with the penalty {}", rows(linear.rows), short_number(linear.penalty));
    };
    let on = if fewest == most { rows(most) } else { format!("{} to {}", label::whole(fewest), rows(most)) };
    if weakest.total_cmp(&strongest).is_eq() {
        return format!("fitted in each fold on {on} with the penalty {}", short_number(weakest));
    }
    let [weakest, strongest] = [weakest, strongest].map(short_number);
    format!("fitted in each fold on {on} with a penalty of its own, {weakest} to {strongest}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_folds_differ_in_is_said() {
        let one = LinearFit { rows: 1200, penalty: 0.01, converged: true, over_folds: None };
        assert_eq!(fitted(&one), "fitted on 1,200 training rows with the penalty 0.01");
        let folds = |rows, penalty| fitted(&LinearFit { over_folds: Some(FoldFits { rows, penalty }), ..one });
        assert_eq!(
            folds([1200, 1201], [0.001, 0.1]),
            "fitted in each fold on 1,200 to 1,201 training rows with a penalty of its own, 0.001 to 0.1"
        );
        assert_eq!(folds([7, 7], [0.1; 2]), "fitted in each fold on 7 training rows with the penalty 0.1");
    }
}
