//! Whether the best trial stands out by more than luck.

use goodfit_tune::History;
use goodfit_tune::findings::{Lead, NearBest, lead, near_best};

use crate::recipe::SearchRecipe;
use crate::results::{Finding, Results};
use crate::search::words::number;
use crate::statistics::quantile_975;

/// Fewest complete trials from which it is said that few of them were near the best.
const FEWEST_FOR_REGION: usize = 20;
/// So many trials near the best show that its region was searched.
const N_NEAR: usize = 3;

/// All that applies; nothing without a score over several seeds.
pub(super) fn best(results: &Results, search: &SearchRecipe, history: &History) -> Vec<Finding> {
    let score = results.search.iter().filter_map(|search| search.winner.as_ref()?.score).find(|score| score.n > 1);
    let Some(score) = score else { return Vec::new() };
    // A trial is the mean of its repeats, the score is of single trainings.
    let repeats = search.repeats;
    let sd = score.sd / (repeats as f64).sqrt();
    let noise = quantile_975(score.n - 1) * std::f64::consts::SQRT_2 * sd;
    let Some(lead) = lead(history, noise) else { return Vec::new() };
    let by_repeats = if repeats > 1 { format!(", by the root of {repeats} repeats") } else { String::new() };
    let noise = format!(
        "two trials of one setting differ by up to {} in 95 of 100 cases (sd {} over {} seeds{by_repeats})",
        number(lead.noise),
        number(score.sd),
        score.n
    );
    if lead.is_within_noise() {
        let few = near_best(history, lead.noise).and_then(|near| hardly_searched(&near, search, &noise));
        return std::iter::once(within_noise(&lead, repeats, &noise)).chain(few).collect();
    }
    near_best(history, lead.noise).and_then(|near| hardly_searched(&near, search, &noise)).into_iter().collect()
}

/// The lead of the best trial is one that equal settings would show.
fn within_noise(lead: &Lead, repeats: usize, noise: &str) -> Finding {
    Finding {
        statement: "the lead of the best trial over the second is within noise".to_owned(),
        evidence: format!(
            "{} between trials {} and {}; {noise}",
            number(lead.difference),
            lead.trials.0,
            lead.trials.1
        ),
        next: format!("--set search.repeats={0} ranks each trial by the mean of {0} trainings", 3 * repeats),
    }
}

/// Hardly any trial came near the best one.
fn hardly_searched(near: &NearBest, search: &SearchRecipe, noise: &str) -> Option<Finding> {
    if near.n_complete < FEWEST_FOR_REGION || near.n > N_NEAR {
        return None;
    }
    let more = format!("--trials {}", 2 * search.trials);
    Some(Finding {
        statement: format!("only {} of {} trials lie in the good region", near.n, near.n_complete),
        evidence: format!(
            "so many come within {} of the best, the best itself included; {noise}",
            number(near.tolerance)
        ),
        next: match search.sampler.as_str() {
            "random" | "sobol" | "grid" => format!("--sampler auto looks closer where trials are good; or {more}"),
            _ => more,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::recipe::{Experiment, Settings};

    #[test]
    fn few_near_the_best() {
        let space = "[search.space]\n\"training.learning_rate\" = { low = 1e-3, high = 1, log = true }\n";
        let settings = Settings::parse("my.toml", &format!("[data]\nvalidation = 0.2\n{space}")).expect("a recipe");
        let search = Experiment::resolve("my", settings).expect("a recipe").search.expect("a space");
        let found = |n, n_complete| {
            let near = NearBest { n, n_complete, tolerance: 0.02 };
            hardly_searched(&near, &search, "so much is noise").map(|finding| (finding.statement, finding.next))
        };
        let (statement, next) = found(2, 40).expect("it applies");
        assert_eq!(statement, "only 2 of 40 trials lie in the good region");
        assert_eq!(next, "--sampler auto looks closer where trials are good; or --trials 200");
        assert!(found(4, 40).is_none() && found(2, 19).is_none());
    }
}
