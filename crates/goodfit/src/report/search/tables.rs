//! The tables of a search, as HTML.

use std::fmt::Write as _;

use crate::figure::{escape, short_number};
use crate::report::label;
use crate::results::{NarrowRange, Results, SearchedField, Trial};

/// What was varied, how much it mattered, and what the best trials took.
pub(in crate::report) fn space(results: &Results) -> String {
    let Some(search) = results.search.as_ref().filter(|search| !search.space.is_empty()) else { return String::new() };
    let best: Vec<&Trial> =
        results.trials.iter().filter(|trial| crate::report::figures::is_finished(trial)).take(5).collect();
    let mut out = String::from("<div class=\"table\"><table class=\"sortable\"><thead><tr>");
    for (name, class) in
        [("field", ""), ("from", "n"), ("to", "n"), ("scale", ""), ("exists with", ""), ("importance", "n")]
    {
        let _ = write!(out, "<th scope=\"col\" class=\"{class}\">{name}</th>");
    }
    let _ = writeln!(out, "<th scope=\"col\">best {}</th></tr></thead><tbody>", best.len());
    for field in &search.space {
        let number = |x: Option<f64>| x.map_or_else(|| "—".to_owned(), short_number);
        let _ = write!(
            out,
            "<tr><th scope=\"row\"><span title=\"{}\">{}</span></th>",
            escape(&field.path),
            escape(&field.label)
        );
        if field.choices.is_empty() {
            let key = |x: Option<f64>| x.map_or_else(String::new, |x| x.to_string());
            for end in [field.low, field.high] {
                let _ = write!(out, "<td class=\"n\" data-key=\"{}\">{}</td>", key(end), number(end));
            }
        } else {
            let choices: Vec<String> = field.choices.iter().map(label::value).collect();
            let _ = write!(out, "<td colspan=\"2\" class=\"choices\">{}</td>", escape(&choices.join(", ")));
        }
        let scale = match (field.choices.is_empty(), field.log) {
            (false, _) => "choices",
            (true, true) => "logarithmic",
            (true, false) => "linear",
        };
        let share = search.importance.iter().find(|share| share.path == field.path).map(|share| share.share);
        let share = share.filter(|share| share.is_finite());
        let _ = writeln!(
            out,
            "<td>{scale}</td><td>{}</td><td class=\"n\" data-key=\"{}\">{}</td><td>{}</td></tr>",
            escape(&exists_with(field)),
            share.map_or_else(String::new, |share| share.to_string()),
            share.map_or_else(|| "—".to_owned(), label::number),
            escape(&taken(field, &best))
        );
    }
    out += "</tbody></table></div>\n";
    let _ = writeln!(
        out,
        "<p class=\"note\">Study {}, sampler {}, pruner {}, seed {}, generation {}. Data: {}. Importance: share of what all \
         fields explain of the differences between complete trials. Last column: what the best {} took.</p>",
        escape(&search.study),
        escape(&search.sampler),
        escape(if search.pruner.is_empty() { "none" } else { &search.pruner }),
        search.seed,
        search.generation,
        escape(&crate::report::summary::data(results)),
        label::count(best.len(), "trial", "trials")
    );
    out
}

/// The values of another field with which this one exists.
fn exists_with(field: &SearchedField) -> String {
    let of = |(path, values): (&String, &Vec<serde_json::Value>)| {
        format!("{} {}", label::field(path), values.iter().map(label::value).collect::<Vec<_>>().join(", "))
    };
    field.when.iter().map(of).next().unwrap_or_else(|| "—".to_owned())
}

/// The values of some trials: from the least to the greatest, or each choice once.
fn taken(field: &SearchedField, trials: &[&Trial]) -> String {
    let values: Vec<&serde_json::Value> = trials.iter().filter_map(|trial| trial.settings.get(&field.path)).collect();
    if field.choices.is_empty() {
        let numbers = || values.iter().filter_map(|value| value.as_f64());
        let (low, high) = (numbers().fold(f64::INFINITY, f64::min), numbers().fold(f64::NEG_INFINITY, f64::max));
        return match () {
            () if low > high => "—".to_owned(),
            () if low >= high => short_number(low),
            () => format!("{} to {}", short_number(low), short_number(high)),
        };
    }
    let mut out: Vec<String> = Vec::new();
    for choice in &field.choices {
        let n = values.iter().filter(|value| **value == choice).count();
        if n > 0 {
            out.push(format!("{} ({n})", label::value(choice)));
        }
    }
    if out.is_empty() { "—".to_owned() } else { out.join(", ") }
}

/// The rounds of the sampler `narrow` with their reasons.
pub(in crate::report) fn rounds(results: &Results) -> String {
    let Some(search) = results.search.as_ref().filter(|search| !search.rounds.is_empty()) else { return String::new() };
    let mut out = String::from(
        "<div class=\"table\"><table><thead><tr><th scope=\"col\">round</th><th scope=\"col\" class=\"n\">from \
         trial</th><th scope=\"col\">derived from</th><th scope=\"col\">field</th><th scope=\"col\">range</th><th \
         scope=\"col\">why</th></tr></thead><tbody>\n",
    );
    for (number, round) in search.rounds.iter().enumerate() {
        let n = round.ranges.len().max(1);
        let kept = match &round.kept[..] {
            [] => "the recipe".to_owned(),
            trials if trials.len() <= 8 => {
                format!("trials {}", trials.iter().map(usize::to_string).collect::<Vec<_>>().join(", "))
            }
            trials => format!("{} trials, best {}", trials.len(), trials[0]),
        };
        for index in 0..n {
            out += "<tr>";
            if index == 0 {
                let _ = write!(
                    out,
                    "<th scope=\"row\" rowspan=\"{n}\">{}</th><td class=\"n\" rowspan=\"{n}\">{}</td><td \
                     rowspan=\"{n}\">{}</td>",
                    number + 1,
                    label::whole(round.first),
                    escape(&kept)
                );
            }
            let name = search.space.get(index).map_or("—", |field| field.label.as_str());
            let (span, reason) =
                round.ranges.get(index).map_or_else(Default::default, |range| (span(range), range.reason.clone()));
            let _ =
                writeln!(out, "<td>{}</td><td>{}</td><td>{}</td></tr>", escape(name), escape(&span), escape(&reason));
        }
    }
    out + "</tbody></table></div>\n"
}

fn span(range: &NarrowRange) -> String {
    match (range.low, range.high) {
        (Some(low), Some(high)) => format!("{} to {}", short_number(low), short_number(high)),
        _ => range.choices.iter().map(label::value).collect::<Vec<_>>().join(", "),
    }
}

/// The trials that were trained again, and the winner once more.
pub(in crate::report) fn winner(results: &Results) -> String {
    let again: Vec<&Trial> = results.trials.iter().filter(|trial| trial.rescored.is_some()).collect();
    let winner = results.search.as_ref().and_then(|search| search.winner.as_ref());
    if again.is_empty() && winner.is_none() {
        return String::new();
    }
    let mut out = String::from(
        "<div class=\"table\"><table><thead><tr><th scope=\"col\">trained again</th><th scope=\"col\" class=\"n\">in the \
         search</th><th scope=\"col\" class=\"n\">again, mean ± sd</th><th scope=\"col\" class=\"n\">95 % interval of the \
         mean</th><th scope=\"col\" class=\"n\">seeds</th></tr></thead><tbody>\n",
    );
    for trial in again {
        if let Some(score) = &trial.rescored {
            let set = if results.search.as_ref().is_some_and(|search| search.is_set(trial.trial)) {
                ", which the recipe sets"
            } else {
                ""
            };
            let _ = writeln!(
                out,
                "<tr><th scope=\"row\">trial {}{set}, to choose the winner</th><td class=\"n\">{}</td><td \
                 class=\"n\">{}</td><td class=\"n\">—</td><td class=\"n\">{}</td></tr>",
                trial.trial,
                label::number(trial.value),
                label::mean_sd(score.mean, score.sd),
                score.n
            );
        }
    }
    let Some(winner) = winner else { return out + "</tbody></table></div>\n" };
    if let Some(score) = &winner.score {
        let interval = if winner.ci95.iter().all(|x| x.is_finite()) {
            format!("{} to {}", label::number(winner.ci95[0]), label::number(winner.ci95[1]))
        } else {
            "—".to_owned()
        };
        let _ = writeln!(
            out,
            "<tr><th scope=\"row\">trial {}, the winner, once more</th><td class=\"n\">{}</td><td class=\"n \
             best\">{}</td><td class=\"n\">{interval}</td><td class=\"n\">{}</td></tr>",
            winner.trial,
            label::number(winner.searched),
            label::mean_sd(score.mean, score.sd),
            score.n
        );
    }
    out += "</tbody></table></div>\n";
    let seeds: Vec<String> = winner.seeds.iter().map(u64::to_string).collect();
    let _ = write!(
        out,
        "<p class=\"note\">{} on {}. The best of many trials is partly the luckiest: the score to believe is that of the \
         last line, on seeds used for nothing else",
        escape(&label::capitalised(&label::metric(&results.primary_metric))),
        escape(&crate::report::summary::data(results)),
    );
    if !seeds.is_empty() {
        let _ = write!(out, " ({})", seeds.join(", "));
    }
    out += ".";
    if let Some(error) = winner.row_error.filter(|error| error.is_finite()) {
        let _ = write!(
            out,
            " Its interval covers seeds alone; {} leave a standard error of {} besides.",
            label::count(winner.rows, "validation row", "validation rows"),
            label::number(error)
        );
    }
    out + "</p>\n"
}

/// Pruned trials that were trained to their end, in a list that opens on demand.
pub(in crate::report) fn audit(results: &Results) -> String {
    let audit = results.search.as_ref().and_then(|search| search.audit.as_ref());
    let Some(audit) = audit.filter(|audit| !audit.audited.is_empty()) else { return String::new() };
    let metric = label::metric(&results.primary_metric);
    let mut out = format!(
        "<details><summary>{} trained to {} end</summary><div class=\"table\"><table class=\"sortable\"><thead><tr><th \
         scope=\"col\" class=\"n\">trial</th><th scope=\"col\" class=\"n\">{} when pruned</th><th scope=\"col\" \
         class=\"n\">at its end</th></tr></thead><tbody>\n",
        label::count(audit.audited.len(), "pruned trial", "pruned trials"),
        if audit.audited.len() == 1 { "its" } else { "their" },
        escape(&metric)
    );
    for entry in &audit.audited {
        let value =
            results.trials.iter().find(|trial| trial.trial == entry.trial).map_or(f64::NAN, |trial| trial.value);
        let _ = write!(out, "<tr><td class=\"n\">{}</td>", entry.trial);
        for value in [value, entry.value] {
            let (key, text) = if value.is_finite() {
                (value.to_string(), label::number(value))
            } else {
                (String::new(), "—".to_owned())
            };
            let _ = write!(out, "<td class=\"n\" data-key=\"{key}\">{text}</td>");
        }
        out += "</tr>\n";
    }
    out + "</tbody></table></div></details>\n"
}
