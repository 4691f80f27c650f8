//! What pairing means: the same draws for all arms, seeds of their own for tuning, rows that are the same.

use std::sync::atomic::Ordering;

use goodfit::comparison::{DataShelf, Observer, Options, Resplit, conduct};
use goodfit::recipe::{Experiment, Recipe};
use goodfit::results::{Results, Run, Verdict};
use goodfit::run::{Monitor, network_spec, training_spec};
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
    let monitor = Monitor::default();
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
            let network = Network::<f32>::new(&network_spec(&arm.recipe, 784, 10), 3).unwrap();
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
fn arms_train_on_the_same_batches_whatever_draws_their_networks_make() {
    let arms = experiment(
        "[compare]\nvary = { \"network.dropout\" = [0.0, 0.5], \"network.hidden\" = [[8], [30, 30]], \
         \"training.optimizer\" = [\"sgd\", \"adam\"] }",
    );
    let batches = |recipe: &Recipe, seed| {
        let (mut batches, _) = training_spec(recipe, 300, seed);
        (0..20).map(|_| batches.next_rows().to_vec()).collect::<Vec<_>>()
    };
    let arms = arms.arms().unwrap();
    let first = batches(&arms[0].recipe, 3);
    assert_eq!(arms.len(), 8);
    assert!(arms.iter().all(|arm| batches(&arm.recipe, 3) == first));
    assert_ne!(batches(&arms[0].recipe, 4), first, "another seed has batches of its own");
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
        assert_eq!(tuning.best, Some(1), "{tuning:?}");
    }
}

/// Ctrl-C after so many runs.
struct StopAfter<'a> {
    n_runs: usize,
    monitor: &'a Monitor,
}

impl Observer for StopAfter<'_> {
    fn begin(&mut self, _what: &str, _n_steps: u64) {}
    fn done(&mut self, _arm: &str, _seed: u64, _run: &Run) {
        self.n_runs = self.n_runs.saturating_sub(1);
        if self.n_runs == 0 {
            self.monitor.stop.store(true, Ordering::Relaxed);
        }
    }
    fn line(&mut self, _line: &str) {}
}

#[test]
fn a_tuning_that_was_stopped_keeps_what_was_finished() {
    let experiment = experiment(
        "[compare]\nseeds = 2\ntune_seeds = 40\nvary = { \"network.init\" = [\"xavier\", \"he\"] }\n\
         tune = { \"training.learning_rate\" = [1e-6, 0.1] }",
    );
    let monitor = Monitor::default();
    let options = Options { first_seed: 3, n_jobs: 1, command: String::new() };
    let results =
        conduct(&experiment, &options, &monitor, &mut StopAfter { n_runs: 6, monitor: &monitor }).unwrap().results;
    assert!(!results.complete && results.comparisons.is_empty() && results.seeds.is_empty());
    assert_eq!(results.arms.iter().map(|arm| arm.name.as_str()).collect::<Vec<_>>(), ["init xavier", "init he"]);
    let mut n_runs = 0;
    for arm in &results.arms {
        assert!(arm.runs.is_empty());
        let tuning = arm.tuning.as_ref().unwrap();
        assert_eq!((tuning.best, tuning.scores.len()), (None, 2), "no arm has chosen");
        assert_eq!(tuning.scores[1].settings["training.learning_rate"], 0.1);
        // Scores are those of a comparison that was not stopped, with fewer seeds.
        assert!(tuning.scores.iter().all(|tried| tried.score.n >= 1 && tried.score.mean.is_finite()), "{tuning:?}");
        n_runs += tuning.scores.iter().map(|tried| tried.score.n).sum::<usize>();
    }
    assert!((6..160).contains(&n_runs), "{n_runs} runs");
    let page = goodfit::report::render(&results);
    assert!(page.contains("Tuning was stopped: these are the runs that were finished, and no arm took a value."));
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

#[test]
fn runs_that_do_not_fit_into_memory_are_refused_before_they_are_made() {
    let experiment = experiment("[compare]\nseeds = 99\nvary = { \"network.hidden\" = [[1000000], [999999]] }");
    let monitor = Monitor::default();
    let options = Options { first_seed: 0, n_jobs: 99, command: String::new() };
    let error = conduct(&experiment, &options, &monitor, &mut Silent).unwrap_err();
    assert!(error.to_string().contains("GB of memory in 99 runs at a time, but there are "), "{error}");
    assert!(error.hint().is_some());
}

#[test]
fn diagnostics_hold_every_layer_after_every_epoch() {
    let results = run(&experiment("diagnostics = true\n[compare]\nseeds = 1"));
    let run = &results.arms[0].runs[0];
    assert_eq!(run.epochs.len(), 10);
    assert!(run.epochs.iter().all(|epoch| epoch.layers.len() == 1));
    assert_eq!(run.epochs[9].layers, run.layers);
    assert_eq!(run.layers[0].histogram.counts.len(), 30);
    for curve in ["layer1.mean", "layer1.sd", "layer1.dead", "affine1.update_ratio", "affine2.gradient_norm"] {
        assert_eq!(run.curves[curve].value.len(), 10, "{curve}");
    }
}

#[test]
fn what_records_nothing_is_refused() {
    let experiment = experiment("evaluate_every = 0\nrecord_loss = \"never\"\n[compare]\nseeds = 1");
    let monitor = Monitor::default();
    let options = Options { first_seed: 0, n_jobs: 1, command: String::new() };
    let error = conduct(&experiment, &options, &monitor, &mut Silent).unwrap_err();
    assert!(error.to_string().starts_with("nothing is recorded"), "{error}");
}
