//! `training.refit`: the network that is kept has trained on all rows that are not sealed.
#![cfg(feature = "cli")]

mod command;

use std::sync::atomic::Ordering;

use command::{Place, sided_csv, sided_rows};
use goodfit::comparison::{Conducted, Fit, Observer, Options, train_one};
use goodfit::data::{Labelled, Prepared, load};
use goodfit::recipe::Experiment;
use goodfit::results::{Refit, Run};
use goodfit::run::{Monitor, train, train_until};
use goodfit::weights::Weights;
use goodfit_nn::{Matrix, Targets, Workspace};
use serde_json::Value as Json;

/// 60 rows, of which 12 are sealed, 10 validate, 5 choose the epoch and 33 train: 9 steps an epoch, and 12 for 48 rows.
const N: usize = 60;
const RECIPE: &str = "[data]\nsource = \"t.csv\"\ntarget = \"kind\"\n[network]\nhidden = [6]\n[training]\nepochs = 20\n\
                      batch_size = 4\noptimizer = \"adam\"\nlearning_rate = 0.05\nschedule = \"cosine\"\nearly_stopping = 3\n\
                      refit = true\nloss = \"cross-entropy\"\n";

/// A number, what the row is for, and what is to be learned.
fn rows() -> Vec<[String; 3]> {
    sided_rows(N, |i| (i * 37 % 101 > 50) == (i % 9 != 4))
}

fn place() -> Place {
    let place = Place::new();
    place.write("t.csv", sided_csv(&rows()));
    place.write("t.toml", RECIPE);
    place
}

/// Trains into a folder and returns what was printed and the results.
fn trained(place: &Place, out: &str, words: &[&str]) -> (String, Json) {
    let printed = place.succeed(&[&["train", "t.toml", "--out", out, "--quiet"], words].concat()).stdout;
    (printed, place.json(&format!("{out}/results.json")))
}

/// The experiment on the table of a place.
fn experiment(place: &Place) -> Experiment {
    let source = place.path("t.csv").display().to_string();
    Experiment::from_toml("t", &RECIPE.replace("t.csv", &source)).unwrap()
}

/// The epoch with the least loss over the stopping and the validation rows, by a training to each of them.
fn best_epoch(place: &Place, n_epochs: usize) -> usize {
    let mut recipe = experiment(place).recipe;
    let data = Prepared::new(load(&recipe.data, 0).unwrap(), &recipe.data, 0).unwrap();
    recipe.training.early_stopping = None;
    let held_back = [data.stopping.as_ref().unwrap(), data.validation.as_ref().unwrap()];
    assert_eq!(held_back.map(Labelled::n_rows), [5, 10]);
    let losses: Vec<f64> = (1..=n_epochs)
        .map(|epoch| {
            let network = train_until(&recipe, &data, 0, &Monitor::default(), 9 * epoch).unwrap().unwrap().network;
            let loss = |rows: &Labelled| {
                let mut outputs = Matrix::zeros(rows.n_rows(), 2);
                Workspace::new(&network).predict(outputs.view_mut(), &network, &rows.inputs);
                let targets = Targets::Classes(&rows.classes);
                rows.n_rows() as f64 * recipe.training.loss.value(outputs.data(), 2, targets, None)
            };
            held_back.map(loss).iter().sum()
        })
        .collect();
    1 + (0..n_epochs).min_by(|&a, &b| losses[a].total_cmp(&losses[b])).expect("an epoch")
}

#[test]
fn the_model_is_another_one_and_its_scores_are_the_same() {
    let place = place();
    let (printed, with) = trained(&place, "with", &[]);
    let (_, without) = trained(&place, "without", &["--set", "training.refit=false"]);
    for part in ["data", "arms", "assessment", "findings", "complete"] {
        assert_eq!(with[part], without[part], "{part}");
    }
    assert!(without.get("refit").is_none(), "{without}");
    assert!(place.read("with/weights.safetensors") != place.read("without/weights.safetensors"));
    let page = String::from_utf8(place.read("with/report.html")).unwrap();
    for text in [printed, page] {
        assert!(text.contains("on 48 rows, those that validated and chose the epoch among them"), "{text}");
    }

    // Twelve steps for each of the epochs that were best by the rows that chose and validated together.
    let run = &with["arms"][0]["runs"][0];
    let curve = run["curves"]["validation_loss"]["value"].as_array().unwrap();
    assert!(curve.len() < 20, "stopped early");
    let best = best_epoch(&place, curve.len());
    assert_eq!(with["refit"], serde_json::json!({ "rows": 48, "steps": 12 * best }));

    // What is kept beside it has seen the same rows, with the penalty that was chosen before.
    let linear = |folder: &str| place.json(&format!("{folder}/baselines.json"))["linear"].clone();
    assert_eq!((&linear("with")["rows"], &linear("without")["rows"]), (&48.into(), &33.into()));
    assert_eq!(linear("with")["penalty"], linear("without")["penalty"]);
    let recipe = String::from_utf8(place.read("with/model.toml")).unwrap();
    assert!(recipe.contains("refit = true"), "{recipe}");
    assert_eq!(place.succeed(&["predict", "with", "t.csv"]).stdout.lines().count(), 1 + N);
    let opened = place.succeed(&["evaluate", "with", "--open-test"]).stdout;
    assert!(opened.starts_with("kind on 12 test rows"), "{opened}");
}

/// Where nothing chooses an epoch nothing is said to have chosen one.
#[test]
fn without_early_stopping_it_is_trained_to_the_end() {
    let place = place();
    place.write("t.toml", RECIPE.replace("early_stopping = 3\n", ""));
    let (printed, results) = trained(&place, "out", &[]);
    assert_eq!(results["refit"], serde_json::json!({ "rows": 48, "steps": 240, "whole": true }));
    assert!(printed.contains("for 240 steps on 48 rows, those that validated among them; the scores"), "{printed}");
}

#[test]
fn it_is_the_network_of_so_many_steps_on_all_rows() {
    let place = place();
    let (_, results) = trained(&place, "with", &[]);
    let mut recipe = experiment(&place).recipe;
    let joined = Prepared::joined(load(&recipe.data, 0).unwrap(), &recipe.data, 0).unwrap();
    assert_eq!((joined.train.n_rows(), joined.validation.is_none(), joined.stopping.is_none()), (48, true, true));
    recipe.training.early_stopping = None;
    let steps = results["refit"]["steps"].as_u64().unwrap() as usize;
    let kept = Weights::load(&place.path("with/weights.safetensors")).unwrap().tensors;
    let monitor = Monitor::default();
    let by_hand = train_until(&recipe, &joined, 0, &monitor, steps).unwrap().unwrap();
    assert!(by_hand.n_steps == steps && Weights::of(&by_hand.network).tensors == kept);
    let to_the_end = train(&recipe, &joined, 0, &monitor).unwrap().unwrap();
    assert!(to_the_end.n_steps == 240 && Weights::of(&to_the_end.network).tensors != kept);
}

#[test]
fn it_depends_on_no_sealed_row_and_on_all_others() {
    let place = place();
    let weights = |rows: &[[String; 3]], words: &[&str]| {
        place.write("t.csv", sided_csv(rows));
        trained(&place, "model", words);
        [place.read("model/weights.safetensors"), place.read("model/baselines.json")]
    };
    let changed = |i: usize| {
        let mut rows = rows();
        "77.5".clone_into(&mut rows[i][0]);
        rows
    };
    let given = ["--set", "data.split_column=side"];
    let first = weights(&rows(), &given);
    assert_eq!(place.json("model/results.json")["refit"]["rows"], 48);
    let sealed: Vec<usize> = (0..10).filter(|&i| weights(&changed(i), &given) == first).collect();
    assert_eq!(sealed, [2, 7], "those of the word test");
}

#[test]
fn nothing_is_repeated_where_nothing_was_held_back_or_test_rows_were_opened() {
    let place = place();
    place.write("t.toml", RECIPE.replace("early_stopping = 3\n", ""));
    let all = ["--set", "data.validation=0"];
    let opened = ["--set", "data.validation=0.2", "--set", "data.evaluation=test"];
    for (out, words) in [("all", &all[..]), ("opened", &opened)] {
        let (printed, results) = trained(&place, out, words);
        assert!(results.get("refit").is_none() && !printed.contains("anew"), "{out}: {printed}");
        trained(&place, "without", &[words, &["--set", "training.refit=false"]].concat());
        let weights = |folder: &str| Weights::load(&place.path(&format!("{folder}/weights.safetensors"))).unwrap();
        assert!(weights(out).tensors == weights("without").tensors, "{out}");
        assert_eq!(place.path(&format!("{out}/openings.jsonl")).exists(), out == "opened", "opened on the record");
    }
}

#[test]
fn any_number_of_jobs_makes_the_same_bytes() {
    let place = place();
    let bytes = |jobs: &str| {
        let (printed, _) = trained(&place, jobs, &["--jobs", jobs]);
        let files = ["results.json", "report.html", "weights.safetensors", "schema.json", "baselines.json"];
        (printed, files.map(|file| place.read(&format!("{jobs}/{file}"))))
    };
    let one = bytes("1");
    for jobs in ["2", "5"] {
        assert!(bytes(jobs) == one, "{jobs}");
    }
}

/// Stops what begins last.
struct Stopping<'a>(&'a Monitor);

impl Observer for Stopping<'_> {
    fn begin(&mut self, what: &str, _n_steps: u64) {
        self.0.stop.store(what == "training on all rows", Ordering::Relaxed);
    }

    fn done(&mut self, _arm: &str, _seed: u64, _run: &Run) {}

    fn line(&mut self, _line: &str) {}
}

#[test]
fn a_stopped_one_leaves_the_first_network_and_is_not_complete() {
    let place = place();
    let options = Options { first_seed: 0, n_jobs: 1, command: String::new() };
    let monitor = Monitor::default();
    let (conducted, fit) = train_one(&experiment(&place), &options, &monitor, &mut Stopping(&monitor)).unwrap();
    let (Conducted { results, .. }, Some(Fit { networks, .. })) = (conducted, fit) else { panic!("no network") };
    assert_eq!((results.complete, results.refit, results.arms[0].runs.len()), (false, None::<Refit>, 1));
    trained(&place, "without", &["--set", "training.refit=false"]);
    let first = Weights::load(&place.path("without/weights.safetensors")).unwrap();
    assert!(Weights::of_all(&networks).tensors == first.tensors);
}
