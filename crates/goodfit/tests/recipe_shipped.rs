//! The shipped recipes: their arms, their printed form, their settings.

use std::fmt::Write as _;

use goodfit::recipe::{CLAIMS, Experiment, SHIPPED};

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
