//! What pairing means: the same draws for all arms, seeds of their own for tuning, rows that are the same.

use std::sync::atomic::{AtomicBool, AtomicU64};

use goodfit::comparison::{DataShelf, Observer, Options, Resplit, conduct};
use goodfit::recipe::Experiment;
use goodfit::results::{Results, Run, Verdict};
use goodfit::run::{Monitor, network_spec};
use goodfit_nn::{Kind, Network};

const RECIPE: &str = r#"
[data]
source = "mnist"
train_rows = 60
validation = 0.25
[network]
hidden = [32]
[training]
batch_size = 10
epochs = 10
"#;

struct Silent;

impl Observer for Silent {
    fn begin(&mut self, _what: &str, _n_steps: u64) {}
    fn done(&mut self, _arm: &str, _seed: u64, _run: &Run) {}
    fn line(&mut self, _line: &str) {}
}

fn experiment(tail: &str) -> Experiment {
    Experiment::from_toml("test.toml", &format!("{RECIPE}{tail}")).unwrap()
}

fn run(experiment: &Experiment) -> Results {
    let monitor = Monitor { stop: AtomicBool::new(false), n_steps: AtomicU64::new(0) };
    let options = Options { first_seed: 3, n_jobs: 2, command: String::new() };
    conduct(experiment, &options, &monitor, &mut Silent).unwrap().results
}

#[test]
fn arms_share_initial_draws_whatever_their_scale_and_layers() {
    let arms = experiment(
        "[compare]\nvary = { \"network.init\" = [\"xavier\", \"he\"], \"network.batch_norm\" = [false, true] }",
    );
    let weights: Vec<Vec<Vec<f32>>> = arms
        .arms()
        .unwrap()
        .iter()
        .map(|arm| {
            let network = Network::<f32>::new(&network_spec(&arm.recipe.network, 784, 10), 3).unwrap();
            let weights = network.parameters().iter().filter(|parameter| parameter.kind == Kind::Weight);
            weights.map(|parameter| network.values(parameter).to_vec()).collect()
        })
        .collect();
    assert_eq!(weights[0], weights[1], "batch norm leaves the draws alone");
    for (xavier, he) in weights[0].iter().flatten().zip(weights[2].iter().flatten()) {
        assert!((he - xavier * 2.0_f32.sqrt()).abs() <= 1e-6 * he.abs(), "{xavier} {he}");
    }
}

#[test]
fn arms_that_are_the_same_end_the_same() {
    // A bound that is never reached changes nothing but the recipe: same batches, same split, same draws.
    let results = run(&experiment("[compare]\nseeds = 3\nvary = { \"network.max_norm\" = [1e6, 1e7] }"));
    assert_eq!(results.arms[0].runs, results.arms[1].runs);
    assert_eq!(results.comparisons[0].verdict, Verdict::CannotTell);
    assert!(results.comparisons[0].difference.abs() < f64::EPSILON);
}

#[test]
fn tuning_has_seeds_of_its_own() {
    let results = run(&experiment(
        "[compare]\nseeds = 2\ntune_seeds = 2\nvary = { \"network.init\" = [\"xavier\", \"he\"] }\n\
         tune = { \"training.learning_rate\" = [1e-6, 0.1] }",
    ));
    assert_eq!(results.seeds, [3, 4]);
    for arm in &results.arms {
        let tuning = arm.tuning.as_ref().unwrap();
        assert_eq!(tuning.seeds, [5, 6]);
        assert_eq!(tuning.scores.len(), 2);
        assert!(tuning.scores.iter().all(|score| score.score.n == 2));
        assert_eq!(tuning.best, 1, "{tuning:?}");
    }
}

#[test]
fn every_pair_on_request() {
    let pairs = |more: &str| {
        let vary = "vary = { \"network.init\" = [\"xavier\", \"he\", \"glorot\", \"glorot-uniform\"] }";
        run(&experiment(&format!("[compare]\nseeds = 1\n{vary}\n{more}"))).comparisons.len()
    };
    assert_eq!((pairs(""), pairs("all_pairs = true")), (3, 6));
}

#[test]
fn rows_are_split_once_or_by_seed() {
    let recipe = experiment("").recipe;
    let mut shelf = DataShelf::default();
    let mut classes = |seed, resplit| {
        let rows = shelf.get(&recipe.data, 0, seed, resplit).unwrap();
        rows.validation.as_ref().unwrap().classes.clone()
    };
    assert_eq!(classes(0, Resplit::Never), classes(7, Resplit::Never));
    assert_eq!(classes(7, Resplit::PerSeed), classes(7, Resplit::PerSeed));
    assert_ne!(classes(0, Resplit::PerSeed), classes(7, Resplit::PerSeed));
}

#[test]
fn arms_on_different_rows_are_not_told_apart() {
    for vary in ["\"data.train_rows\" = [60, 120]", "\"data.validation\" = [0.25, 0.5]", "\"data.split_seed\" = [1, 2]"]
    {
        let results = run(&experiment(&format!("[compare]\nseeds = 3\nvary = {{ {vary} }}")));
        let comparison = &results.comparisons[0];
        assert_eq!((comparison.n, comparison.verdict), (0, Verdict::CannotTell), "{vary}");
        let sentence = goodfit::statistics::sentence(comparison, &results.data);
        assert!(sentence.ends_with("no seed measures both on the same rows"), "{sentence}");
        assert_ne!(results.arms[0].data, results.arms[1].data);
    }
}

#[test]
fn the_same_test_rows_compare_arms_of_other_training_rows() {
    let text = RECIPE.replace("validation = 0.25", "evaluation = \"test\"");
    let more = "[compare]\nseeds = 3\nvary = { \"data.train_rows\" = [20, 60] }";
    let results = run(&Experiment::from_toml("test.toml", &format!("{text}{more}")).unwrap());
    assert_eq!(results.comparisons[0].n, 3);
    assert!(results.data.test_fingerprint.is_some());
}
