//! A search in sentences. Every number names its data, seeds and count.

use std::fmt::Write as _;

use crate::report::label;
use crate::results::{Results, SearchSummary, Summary, Trial, Winner};

/// How it was searched, what came out, what it is worth, and what is to be known of it.
pub(in crate::report) fn sentences(results: &Results) -> Vec<String> {
    let Some(search) = &results.search else { return Vec::new() };
    let mut out = vec![how(search)];
    out.push(outcome(results, search));
    out.extend(fates(results));
    out.extend(audit(search));
    out.extend(gain(results));
    if !search.reproducible {
        let why = search.why.as_deref().unwrap_or("it was run in a way that depends on time");
        out.push(format!("The same command may give other trials: {}.", why.trim_end_matches('.')));
    }
    out
}

fn how(search: &SearchSummary) -> String {
    let space: Vec<&str> = search.space.iter().map(|field| field.label.as_str()).collect();
    let space = match &space[..] {
        [] => "no field".to_owned(),
        [one] => (*one).to_owned(),
        [rest @ .., last] if rest.len() < 6 => format!("{} and {last}", rest.join(", ")),
        all => label::count(all.len(), "field", "fields"),
    };
    let mut out = format!("It varied {space} by the sampler {}, seed {}", search.sampler, search.seed);
    if search.enqueued > 0 {
        let _ = write!(out, ", after {} that the recipe sets", label::count(search.enqueued, "trial", "trials"));
    }
    if search.generation > 0 {
        let _ = match search.generation {
            1 => write!(out, ", one trial after the other"),
            n => write!(out, ", {n} trials at a time from the same knowledge"),
        };
    }
    if search.trainings > 1 {
        let _ = write!(out, ", each ranked by the mean of {} trainings", search.trainings);
    }
    match search.pruner.as_str() {
        "" | "none" => out += "; no trial was given up early",
        pruner => {
            let _ = write!(out, "; the pruner {pruner} gave up trials early");
        }
    }
    out + "."
}

/// The best trial; its score is that of further seeds where there are some.
fn outcome(results: &Results, search: &SearchSummary) -> String {
    let metric = label::metric(&results.primary_metric);
    let complete = results.trials.iter().filter(|trial| is_complete(trial)).count();
    let counted = label::count(results.trials.len(), "trial", "trials");
    if let Some(winner) = &search.winner
        && let Some(score) = winner.score
    {
        let trial = results.trials.iter().find(|trial| trial.trial == winner.trial);
        let with = trial.map_or_else(String::new, |trial| format!(" with {}", settings(search, trial)));
        return won(winner, &score, &metric, &with);
    }
    match results.trials.iter().find(|trial| is_complete(trial)) {
        None => format!("None of {counted} was completed with a finite {metric}."),
        Some(best) => format!(
            "The best of {} is trial {} with {}: {metric} {} in the search ({}), not trained again.",
            label::count(complete, "complete trial", "complete trials"),
            best.trial,
            settings(search, best),
            label::number(best.value),
            trainings(search),
        ),
    }
}

fn won(winner: &Winner, score: &Summary, metric: &str, with: &str) -> String {
    let mut out = format!(
        "The winner is trial {}{with}: {metric} {} in the search, {} when trained again on {}",
        winner.trial,
        label::number(winner.searched),
        label::mean_sd(score.mean, score.sd),
        label::count(score.n, "further seed", "further seeds"),
    );
    if winner.ci95.iter().all(|x| x.is_finite()) {
        let [low, high] = winner.ci95.map(label::number);
        let _ = write!(out, " (mean ± standard deviation; 95 % interval of the mean over seeds {low} to {high})");
    }
    out.push('.');
    if let Some(error) = winner.row_error.filter(|error| error.is_finite()) {
        let _ = write!(
            out,
            " Apart from the seeds, that there are only {} leaves a standard error of {}.",
            label::count(winner.rows, "validation row", "validation rows"),
            label::number(error)
        );
    }
    out
}

/// The most important ones where that is known.
fn settings(search: &SearchSummary, trial: &Trial) -> String {
    const MOST: usize = 4;
    let share = |path: &str| search.importance.iter().find(|entry| entry.path == path).map_or(0.0, |entry| entry.share);
    let mut all: Vec<_> = trial.settings.iter().collect();
    all.sort_by(|a, b| share(b.0).total_cmp(&share(a.0)));
    let all: Vec<String> = all.into_iter().map(|(path, value)| label::setting(path, Some(value))).collect();
    match all.len() {
        0 => "nothing set".to_owned(),
        1..=MOST => all.join(", "),
        n => format!("{} and {} more", all[..MOST - 1].join(", "), label::count(n - MOST + 1, "setting", "settings")),
    }
}

fn trainings(search: &SearchSummary) -> String {
    match search.trainings {
        0 | 1 => "one training".to_owned(),
        n => format!("mean of {n} trainings"),
    }
}

fn fates(results: &Results) -> Option<String> {
    let count = |state: &str| results.trials.iter().filter(|trial| trial.state == state).count();
    let (failed, pruned) = (count("failed"), count("pruned"));
    let parts: Vec<String> = [(pruned, if pruned == 1 { "was pruned" } else { "were pruned" }), (failed, "failed")]
        .iter()
        .filter(|(n, _)| *n > 0)
        .map(|(n, what)| format!("{} {what}", label::whole(*n)))
        .collect();
    let trials = label::count(results.trials.len(), "trial", "trials");
    (!parts.is_empty()).then(|| format!("Of {trials}, {}.", parts.join(" and ")))
}

fn audit(search: &SearchSummary) -> Option<String> {
    let audit = search.audit.as_ref().filter(|audit| audit.pruned > 0)?;
    let n = audit.audited.len();
    if n == 0 {
        return Some(format!("None of {} was trained to its end, so pruning is unchecked.", pruned(audit.pruned)));
    }
    let mut out = format!(
        "Of {}, {} trained to {} end anyway: {} would have ended among the best tenth of the complete trials",
        pruned(audit.pruned),
        if n == 1 { "1 was".to_owned() } else { format!("{} were", label::whole(n)) },
        if n == 1 { "its" } else { "their" },
        label::whole(audit.in_top_tenth)
    );
    if audit.ci95.iter().all(|x| x.is_finite()) {
        let [low, high] = audit.ci95.map(|share| format!("{:.0} %", 100.0 * share));
        let _ = write!(out, " (95 % interval of the share, exact binomial: {low} to {high})");
    }
    Some(out + ".")
}

fn pruned(n: usize) -> String {
    label::count(n, "pruned trial", "pruned trials")
}

/// What more trials would bring.
pub(in crate::report) fn gain(results: &Results) -> Option<String> {
    let gain = results.search.as_ref()?.gain.as_ref().filter(|gain| gain.mean.is_finite())?;
    let mut out = format!(
        "{} would improve the best by {} in the mean",
        label::count(gain.n, "further trial", "further trials"),
        label::number(gain.mean)
    );
    if gain.ci95.iter().all(|x| x.is_finite()) {
        let [low, high] = gain.ci95.map(label::number);
        let _ = write!(out, " (95 % interval {low} to {high})");
    }
    let complete = results.trials.iter().filter(|trial| is_complete(trial)).count();
    let _ = write!(out, ", by resampling of {}.", label::count(complete, "complete trial", "complete trials"));
    Some(out)
}

fn is_complete(trial: &Trial) -> bool {
    crate::report::figures::is_finished(trial)
}
