//! What the chapter says in words, put to the test: each claim a comparison with a verdict.

mod judge;

use crate::comparison::{self, ComparisonError, Conducted, Observer, Options};
use crate::recipe::{CLAIMS, Experiment, RecipeError, Settings, shipped};
use crate::results::{FigureKind, Layout, Machine, Results, Timing};
use crate::run::Monitor;

/// The experiment's name.
pub const NAME: &str = "claims";

/// The comparisons behind the claims.
#[derive(Clone, Debug)]
pub struct Parts {
    /// By the names of their recipe files: `a-scale`, `a-fixed`, `a-tuned`, `b`, `c`, `d`.
    experiments: Vec<Experiment>,
}

/// The names and texts of the recipes behind the claims.
fn texts() -> Vec<(&'static str, &'static str)> {
    let mut texts: Vec<(&str, &str)> = CLAIMS.to_vec();
    // Claim (b) is read off the experiment itself.
    texts.extend(shipped("batch-norm").map(|text| ("b", text)));
    texts.sort_by_key(|(name, _)| *name);
    texts
}

/// All recipes behind the claims, one below the other.
pub fn recipes() -> String {
    let section = |(name, text): (&str, &str)| format!("# ---- claims/{name}.toml ----\n{text}");
    texts().into_iter().map(section).collect::<Vec<_>>().join("\n")
}

/// The comparisons behind the claims, each with 5 seeds unless `change` says otherwise.
///
/// # Errors
/// What `change` or the changed recipe is at fault for, turned by `fault`.
pub fn experiments<E>(
    change: impl Fn(Settings) -> Result<Settings, E>,
    fault: impl Fn(RecipeError) -> E,
) -> Result<Parts, E> {
    let experiment = |(name, text): (&str, &str)| {
        let mut settings = Settings::parse(&format!("claims/{name}.toml"), text).map_err(&fault)?;
        settings.set("--set", "compare.seeds=5").map_err(&fault)?;
        let mut settings = change(settings)?;
        if name == "a-scale" {
            // Measured before any training, whatever was changed.
            settings.set("--set", "training.steps=0").map_err(&fault)?;
        }
        Experiment::resolve(name, settings).map_err(&fault)
    };
    Ok(Parts { experiments: texts().into_iter().map(experiment).collect::<Result<_, E>>()? })
}

/// Makes the comparisons and judges the claims by them.
///
/// # Errors
/// As for [`comparison::conduct`].
pub fn conduct(
    parts: &Parts,
    options: &Options,
    monitor: &Monitor,
    observer: &mut dyn Observer,
) -> Result<Conducted, ComparisonError> {
    let layout = Layout {
        title: "What the chapter says, put to the test".to_owned(),
        question: "Do the chapter's statements hold in its own settings?".to_owned(),
        figure: FigureKind::Claims,
        ..Layout::default()
    };
    let mut results = Results { recipe: recipes(), complete: true, ..Results::new(NAME, &options.command, layout) };
    let mut timing = Timing { seconds: 0.0, jobs: options.n_jobs, machine: Machine::current(), arms: Vec::new() };
    for experiment in &parts.experiments {
        let part = comparison::conduct(experiment, options, monitor, observer)?;
        results.complete &= part.results.complete;
        timing.seconds += part.timing.seconds;
        timing.arms.extend(part.timing.arms);
        if results.parts.is_empty() {
            results.data = part.results.data.clone();
            results.seeds.clone_from(&part.results.seeds);
        }
        results.parts.push(part.results);
        if !results.complete {
            break;
        }
    }
    if results.complete {
        judge::judge(&mut results);
    }
    Ok(Conducted { results, timing })
}
