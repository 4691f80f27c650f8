//! What arms tried before they were compared, as an HTML table.

use std::fmt::Write as _;

use super::label;
use crate::figure::escape;
use crate::results::Results;

/// One line a candidate; what its arm took is marked. Empty where nothing was tuned.
pub(super) fn table(results: &Results) -> String {
    let mut rows = String::new();
    let (mut stopped, mut metric, mut seeds) = (false, "", String::new());
    for arm in &results.arms {
        let Some(tuning) = &arm.tuning else { continue };
        (metric, seeds) = (tuning.metric.as_str(), label::seeds(&tuning.seeds));
        stopped |= tuning.best.is_none();
        for (place, tried) in tuning.scores.iter().enumerate() {
            let settings: Vec<String> =
                tried.settings.iter().map(|(path, value)| label::setting(path, Some(value))).collect();
            let key = if tried.score.mean.is_finite() { tried.score.mean.to_string() } else { String::new() };
            let taken = tuning.best == Some(place);
            let _ = writeln!(
                rows,
                "<tr><th scope=\"row\">{}</th><td>{}</td><td class=\"n{}\" data-key=\"{key}\">{}</td><td \
                 class=\"n\">{}</td><td>{}</td></tr>",
                escape(&arm.name),
                escape(&settings.join(", ")),
                if taken { " best" } else { "" },
                escape(&label::mean_sd(tried.score.mean, tried.score.sd)),
                tried.score.n,
                if taken { "taken" } else { "" },
            );
        }
    }
    if rows.is_empty() {
        return rows;
    }
    let end = if stopped {
        "Tuning was stopped: these are the runs that were finished, and no arm took a value."
    } else {
        "Each arm took its best mean; none of these seeds is among those of the comparison."
    };
    format!(
        "<div class=\"table\"><table class=\"sortable\"><thead><tr><th scope=\"col\">arm</th><th scope=\"col\">tried</th><th \
         scope=\"col\" class=\"n\">{}</th><th scope=\"col\" class=\"n\">runs</th><th \
         scope=\"col\"></th></tr></thead><tbody>\n{rows}</tbody></table></div>\n<p class=\"note\">Mean ± standard deviation \
         over {seeds}. {end} Data: {}.</p>\n",
        escape(&label::metric(metric)),
        escape(&super::summary::data(results))
    )
}
