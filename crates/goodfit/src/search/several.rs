//! Several studies of one recipe, each with its own seed.

use crate::comparison::Conducted;
use crate::results::{Finding, Results, Timing};
use crate::statistics::summary;

/// What several studies found, as parts of one report; one study stays as it is.
///
/// # Panics
/// When there is none.
pub fn several(mut all: Vec<Conducted>, n_wanted: usize) -> Conducted {
    if n_wanted == 1 {
        return all.pop().expect("one study");
    }
    let first = &all[0].results;
    let mut results = Results::new(&first.experiment, &first.command, first.report.clone());
    results.data = first.data.clone();
    results.recipe.clone_from(&first.recipe);
    results.primary_metric.clone_from(&first.primary_metric);
    results.complete = all.len() == n_wanted && all.iter().all(|one| one.results.complete);
    results.seeds = all.iter().flat_map(|one| one.results.seeds.clone()).collect();
    let mut timing = Timing { seconds: 0.0, arms: Vec::new(), ..all[0].timing.clone() };
    let scores: Vec<f64> =
        all.iter().filter_map(|one| Some(one.results.search.as_ref()?.winner.as_ref()?.score?.mean)).collect();
    if scores.len() > 1 {
        let over = summary(&scores);
        results.findings.push(Finding {
            statement: format!("winners of {} studies score {:.3} in the mean, sd {:.3}", over.n, over.mean, over.sd),
            evidence: format!(
                "{} of each study's winner when retrained on further seeds; studies with the seeds {:?}",
                results.primary_metric, results.seeds
            ),
            next: String::new(),
        });
    }
    for mut one in all {
        one.results.report.title = format!("{}, seed {}", one.results.report.title, one.results.seeds[0]);
        timing.seconds += one.timing.seconds;
        timing.arms.append(&mut one.timing.arms);
        results.parts.push(one.results);
    }
    Conducted { results, timing }
}
