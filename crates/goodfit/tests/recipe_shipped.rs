//! The shipped recipes: their arms, their printed form, their settings.

use std::fmt::Write as _;

use goodfit::recipe::{CLAIMS, Experiment, SHIPPED};
use goodfit_nn::Init;

fn all() -> impl Iterator<Item = (&'static str, Experiment)> {
    SHIPPED.iter().chain(CLAIMS).map(|(name, text)| {
        let experiment = Experiment::from_toml(&format!("{name}.toml"), text);
        (*name, experiment.unwrap_or_else(|error| panic!("{error}\n{:?}", error.hint)))
    })
}

#[test]
fn arms_of_every_shipped_recipe() {
    let mut text = String::new();
    for (name, experiment) in all() {
        let arms = experiment.arms().unwrap();
        let names: Vec<_> = arms.iter().map(|arm| format!("  {}\n", arm.name)).collect();
        let candidates = arms[0].candidates.len();
        let metric = experiment.compare.metric.as_deref().unwrap_or("-");
        let seeds = experiment.compare.seeds;
        writeln!(text, "{name}: metric {metric}, seeds {seeds}, candidates {candidates}\n{}", names.concat()).unwrap();
    }
    insta::assert_snapshot!(text);
}

#[test]
fn printed_recipes() {
    for (name, experiment) in all() {
        let printed = experiment.print();
        insta::assert_snapshot!(format!("print-{name}"), printed);
        let again = Experiment::from_toml(&format!("{name}.toml"), &printed).unwrap();
        assert_eq!(experiment, again, "{printed}");
        assert_eq!(experiment.arms().unwrap(), again.arms().unwrap());
    }
}

#[test]
fn standard_deviations_of_batch_norm_are_even_in_their_logarithm() {
    let (_, experiment) = all().find(|(name, _)| *name == "batch-norm").unwrap();
    let arms = experiment.arms().unwrap();
    assert_eq!(arms.len(), 32);
    for (i, arm) in arms.iter().enumerate() {
        let std = 10_f64.powf(-4.0 * (i / 2) as f64 / 15.0);
        assert!(matches!(arm.recipe.network.init, Init::Std(s) if (s / std - 1.0).abs() < 1e-12), "{}", arm.name);
        assert_eq!(arm.recipe.network.batch_norm.is_some(), i % 2 == 1);
    }
}

#[test]
fn heads_tell_a_reader_what_it_is() {
    for (name, text) in SHIPPED.iter().chain(CLAIMS) {
        assert!(text.lines().take_while(|line| line.starts_with('#')).count() >= 4, "{name}");
        assert!(text.lines().all(|line| line.chars().count() <= 102), "{name}");
    }
}
